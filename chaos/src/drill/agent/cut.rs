use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use eyrie_types::{DrillFlapping, DrillWay};

/// A cut that nobody renews ends so soon, in the kernel, whoever has died. Longer than a machine under load takes to renew it.
pub(super) const EXPIRES: Duration = Duration::from_secs(5);
/// How often it is renewed.
pub(super) const RENEW_EVERY: Duration = Duration::from_secs(1);

/// Packets between this node and these others are lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    /// In which direction.
    pub(super) way: DrillWay,
    /// Where the others listen for their peers.
    pub(super) peers: Vec<SocketAddr>,
}

/// Whether a partition that began `since` ago loses packets now.
pub(super) fn is_cut(flapping: Option<DrillFlapping>, since: Duration) -> bool {
    let Some(DrillFlapping { cut_ms, whole_ms }) = flapping else { return true };
    let round = u128::from(cut_ms) + u128::from(whole_ms);
    since.as_millis().checked_rem(round).is_none_or(|at| at < u128::from(cut_ms))
}

/// A script for nft that makes `cuts`, whatever there was before, on a node that listens for its peers at `own_port`.
///
/// Only what belongs to the connections of peers is lost: from or to the address of one of them, and either to the port where it
/// listens or to ours. The HTTP API, SSH, the store and the cameras are never met by a rule.
///
/// A rule holds while `in_force` has an element, and elements expire: that is what ends a cut when nothing else does.
pub(super) fn rules(table: &str, own_port: u16, cuts: &[Cut]) -> String {
    let (mut heard, mut said) = (String::new(), String::new());
    for Cut { way, peers } in cuts {
        for peer in peers {
            let ip = peer.ip().to_canonical();
            let (family, port) = (if ip.is_ipv4() { "ip" } else { "ip6" }, peer.port());
            let lose = |chain: &mut String, end: &str, theirs: &str, ours: &str| {
                for port in [format!("{theirs} {port}"), format!("{ours} {own_port}")] {
                    // Writing to a string does not fail.
                    let _ = writeln!(chain, "    meta l4proto @in_force {family} {end} {ip} tcp {port} drop");
                }
            };
            if matches!(way, DrillWay::Both | DrillWay::In) {
                lose(&mut heard, "saddr", "sport", "dport");
            }
            if matches!(way, DrillWay::Both | DrillWay::Out) {
                lose(&mut said, "daddr", "dport", "sport");
            }
        }
    }
    format!(
        "{}table inet {table} {{\n  set in_force {{ type inet_proto; flags timeout; }}\n\
         \x20 chain heard {{\n    type filter hook input priority -350; policy accept;\n{heard}  }}\n\
         \x20 chain said {{\n    type filter hook output priority -350; policy accept;\n{said}  }}\n}}\n{}",
        whole(table),
        in_force(table),
    )
}

/// A script that keeps what [`rules`] made in force for another while.
pub(super) fn renewed(table: &str) -> String {
    format!("flush set inet {table} in_force\n{}", in_force(table))
}

/// A script that ends it, also where there is nothing to end.
pub(super) fn whole(table: &str) -> String {
    format!("add table inet {table}\ndelete table inet {table}\n")
}

fn in_force(table: &str) -> String {
    format!("add element inet {table} in_force {{ tcp timeout {}s }}\n", EXPIRES.as_secs())
}

/// An address of this machine itself, where no rule can tell one node from the other.
pub(super) fn is_ours(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    let any: SocketAddr = if ip.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    // The system chooses the address to send from, and sends nothing yet: it is the same one only here.
    let from = std::net::UdpSocket::bind(any).and_then(|socket| {
        socket.connect((ip, 9))?;
        socket.local_addr()
    });
    ip.is_loopback() || from.is_ok_and(|from| from.ip() == ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_name_addresses_and_ports_of_peers_and_nothing_else() {
        let peers = vec!["10.0.0.2:7443".parse().unwrap(), "[fd00::3]:7444".parse().unwrap()];
        let script = rules("t", 7_445, &[Cut { way: DrillWay::Both, peers }]);
        let drops: Vec<_> = script.lines().filter(|line| line.ends_with("drop")).map(str::trim).collect();
        assert_eq!(
            drops,
            [
                "meta l4proto @in_force ip saddr 10.0.0.2 tcp sport 7443 drop",
                "meta l4proto @in_force ip saddr 10.0.0.2 tcp dport 7445 drop",
                "meta l4proto @in_force ip6 saddr fd00::3 tcp sport 7444 drop",
                "meta l4proto @in_force ip6 saddr fd00::3 tcp dport 7445 drop",
                "meta l4proto @in_force ip daddr 10.0.0.2 tcp dport 7443 drop",
                "meta l4proto @in_force ip daddr 10.0.0.2 tcp sport 7445 drop",
                "meta l4proto @in_force ip6 daddr fd00::3 tcp dport 7444 drop",
                "meta l4proto @in_force ip6 daddr fd00::3 tcp sport 7445 drop",
            ]
        );
        let policies: Vec<_> = script.lines().filter(|line| line.contains("policy")).collect();
        assert!(policies.len() == 2 && policies.iter().all(|line| line.contains("policy accept")), "{script}");
    }

    #[test]
    fn one_way_loses_packets_of_that_way_alone() {
        for (way, lost, kept) in [(DrillWay::In, "saddr", "daddr"), (DrillWay::Out, "daddr", "saddr")] {
            let script = rules("t", 1, &[Cut { way, peers: vec!["10.0.0.2:2".parse().unwrap()] }]);
            assert!(script.contains(lost) && !script.contains(kept), "{script}");
        }
    }

    #[test]
    fn one_that_flaps_begins_with_the_cut() {
        let flapping = Some(DrillFlapping { cut_ms: 2_000, whole_ms: 3_000 });
        let cut: Vec<_> = (0..8).filter(|s| is_cut(flapping, Duration::from_secs(*s))).collect();
        assert_eq!(cut, [0, 1, 5, 6]);
        assert!(is_cut(None, Duration::from_secs(9)));
        assert!(is_cut(Some(DrillFlapping { cut_ms: 0, whole_ms: 0 }), Duration::ZERO), "no division by zero");
    }

    #[test]
    fn addresses_of_this_machine_are_known() {
        assert!(is_ours([127, 0, 0, 1].into()) && is_ours([127, 9, 9, 9].into()));
        // RFC 5737 section 3: nobody has it.
        assert!(!is_ours([192, 0, 2, 1].into()));
    }
}
