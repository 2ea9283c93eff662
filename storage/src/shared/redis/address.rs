use std::fmt;
use std::str::FromStr;

use url::Url;

/// The port of Redis.
const PORT: u16 = 6379;
/// Most databases of a Redis are 16; it takes no more than this many.
const DATABASES_MAX: u8 = u8::MAX;

/// Where a Redis is: `redis://host`, `rediss://host:6380/2`. It holds no credentials: an address is shown in logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisAddress {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: bool,
    pub(super) database: Option<u8>,
}

impl FromStr for RedisAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "must be an address such as redis://redis.example.org:6379 or rediss://10.0.0.5".to_owned();
        let url = Url::parse(text.trim()).map_err(|_| wrong())?;
        let tls = match url.scheme() {
            "redis" => false,
            "rediss" => true,
            _ => return Err(wrong()),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must hold no user and no password: use redis.username and redis.password_file".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong());
        }
        let host = url.host_str().filter(|host| !host.is_empty() && !host.contains('%')).ok_or_else(wrong)?;
        let database = match url.path().trim_matches('/') {
            "" => None,
            number => match number.parse() {
                Ok(number) if number < DATABASES_MAX => Some(number),
                _ => return Err(format!("{number:?} is not the number of a database")),
            },
        };
        // An IPv6 address stands in brackets in a URL and nowhere else.
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port: url.port().unwrap_or(PORT), tls, database })
    }
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "rediss" } else { "redis" };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        write!(f, "{scheme}://{host}:{}", self.port)?;
        self.database.map_or(Ok(()), |database| write!(f, "/{database}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown() {
        for (text, shown) in [
            ("redis://localhost", "redis://localhost:6379"),
            ("rediss://redis.example.org:6380/2", "rediss://redis.example.org:6380/2"),
            ("redis://[::1]:7000/", "redis://[::1]:7000"),
        ] {
            assert_eq!(text.parse::<RedisAddress>().map(|address| address.to_string()).as_deref(), Ok(shown));
        }
    }

    #[test]
    fn what_is_no_address_or_holds_a_password_is_refused_and_not_repeated() {
        let bad =
            ["", "redis://", "localhost:6379", "http://a", "redis://a/x", "redis://a/300", "redis://a?db=1", "\u{1}?"];
        for text in bad {
            assert!(text.parse::<RedisAddress>().is_err(), "{text}");
        }
        for text in ["redis://:hunter2@a", "redis://me:hunter2@a", "redis://hunter2@a"] {
            let error = text.parse::<RedisAddress>().unwrap_err();
            assert!(error.contains("password_file") && !error.contains("hunter2"), "{error}");
        }
    }
}
