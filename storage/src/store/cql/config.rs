use std::fmt;
use std::str::FromStr;

use eyrie_types::Secret;

use super::CqlTls;

/// A store in a CQL cluster.
#[derive(Debug, Clone)]
pub struct CqlConfig {
    /// Some of its nodes, as `host:port` or `host` (port 9042); the others are found through them.
    pub contact_points: Vec<String>,
    /// The keyspace, made if it is missing. Letters, digits and `_`, beginning with a letter, at most 48.
    pub keyspace: String,
    /// The datacenter that this cell reads and writes in; that of the first contact point when `None`.
    pub datacenter: Option<String>,
    /// User name and password, where the cluster asks for them.
    pub credentials: Option<(String, Secret)>,
    /// TLS, where the cluster speaks it.
    pub tls: Option<CqlTls>,
    /// How often rows are kept, when the keyspace is made. A keyspace that is there keeps what it has.
    pub replication: Replication,
}

/// How many copies of every row are kept: in the local datacenter alone, or in each of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replication {
    /// So many in the local datacenter.
    Local(u32),
    /// So many in each of these datacenters.
    Datacenters(Vec<(String, u32)>),
}

/// Most copies: more than any cluster of ours keeps.
const COPIES_MAX: u32 = 9;

impl Default for Replication {
    /// Three: one node of the cluster may be down.
    fn default() -> Self {
        Self::Local(3)
    }
}

impl FromStr for Replication {
    type Err = String;

    /// `3`, or `dc1:3,dc2:2`.
    fn from_str(text: &str) -> Result<Self, String> {
        let copies = |number: &str| {
            number.trim().parse().ok().filter(|copies| (1..=COPIES_MAX).contains(copies)).ok_or_else(|| {
                format!("{text:?} is neither a number of copies from 1 to {COPIES_MAX} nor such as dc1:3,dc2:2")
            })
        };
        if !text.contains(':') {
            return copies(text).map(Self::Local);
        }
        let one = |part: &str| {
            let (name, number) = part.split_once(':').unwrap_or((part, ""));
            Ok((checked_name(name.trim())?, copies(number)?))
        };
        text.split(',').map(one).collect::<Result<_, String>>().map(Self::Datacenters)
    }
}

impl fmt::Display for Replication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(copies) => copies.fmt(f),
            Self::Datacenters(all) => {
                let all: Vec<_> = all.iter().map(|(name, copies)| format!("{name}:{copies}")).collect();
                f.write_str(&all.join(","))
            }
        }
    }
}

/// A datacenter's name as it may stand in a statement.
pub(in crate::store) fn checked_name(name: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let good = !name.is_empty() && name.len() <= 64 && name.chars().all(fits);
    if good { Ok(name.to_owned()) } else { Err(format!("{name:?} is not the name of a datacenter")) }
}

impl CqlConfig {
    /// Most characters of a keyspace's name: what Apache Cassandra takes.
    pub const KEYSPACE_CHARS_MAX: usize = 48;

    /// Whether `name` can be a keyspace's, without quotes.
    pub fn is_keyspace(name: &str) -> bool {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        name.len() <= Self::KEYSPACE_CHARS_MAX
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replication_reads_back_and_what_is_none_is_refused() {
        for text in ["3", "dc1:3,dc2:2"] {
            assert_eq!(text.parse::<Replication>().unwrap().to_string(), text);
        }
        for bad in ["", "0", "10", "dc1", "dc1:0", "dc1:3,", ":3", "a'b:3", "-1"] {
            assert!(bad.parse::<Replication>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_keyspace_is_a_plain_name() {
        assert!(CqlConfig::is_keyspace("eyrie_2"));
        for bad in ["", "2a", "a-b", "Eyrie", "a;b", "a\"", &"a".repeat(49)] {
            assert!(!CqlConfig::is_keyspace(bad), "{bad}");
        }
    }
}
