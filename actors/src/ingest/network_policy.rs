use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use ipnet::IpNet;
use url::{Host, Url};

/// How long a name may take to resolve.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(3);
/// The port of RTSP (RFC 2326 section 3.2).
const RTSP_PORT: u16 = 554;
/// The port of RTSP over TLS (RFC 7826 section 22.14.3).
const RTSPS_PORT: u16 = 322;
/// Where clouds tell a machine its secrets. Only an allowed network of exactly one of these addresses opens it.
const METADATA: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];
/// Addresses for documentation (RFC 5737): no machine has one.
const NOBODYS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// Why an address is closed to camera connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClosedAddress {
    /// 127.0.0.0/8 or ::1.
    #[error("loopback")]
    Loopback,
    /// 169.254.0.0/16 or fe80::/10.
    #[error("link-local")]
    LinkLocal,
    /// Where clouds answer with a machine's secrets.
    #[error("a cloud metadata service")]
    Metadata,
    /// 0.0.0.0/8 or ::.
    #[error("unspecified")]
    Unspecified,
    /// 224.0.0.0/4, ff00::/8, broadcast, and 240.0.0.0/4, which nobody has.
    #[error("not the address of one machine")]
    NotUnicast,
    /// An address of this node.
    #[error("this node's own")]
    Own,
    /// Outside the networks where cameras may live.
    #[error("outside the networks configured for cameras")]
    OutsideCameraNetworks,
}

/// Why no connection to an address is attempted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Not a scheme cameras are reached by.
    #[error("the scheme {0:?} is not allowed; use rtsp or rtsps")]
    Scheme(String),
    /// The address names no host.
    #[error("the address names no host")]
    NoHost,
    /// The name has no address.
    #[error("the name {0:?} could not be resolved")]
    Unresolved(String),
    /// The address is closed.
    #[error("{address} is {why}; allow its network in the configuration if cameras live there")]
    Closed {
        /// The address.
        address: IpAddr,
        /// Why.
        why: ClosedAddress,
    },
}

/// Which addresses a camera's URL may lead to. Camera URLs are hostile: whoever may add a camera could otherwise make the node
/// speak to its own services, its neighbours' or its cloud's.
#[derive(Debug, Clone)]
pub struct NetworkPolicy {
    allow: Vec<IpNet>,
    cameras: Vec<IpNet>,
}

impl Default for NetworkPolicy {
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new())
    }
}

impl NetworkPolicy {
    /// `allow` opens networks that are closed by default. `cameras`, unless empty, narrows the rest to these networks; by
    /// default cameras may live anywhere, private ranges first of all.
    pub fn new(allow: Vec<IpNet>, cameras: Vec<IpNet>) -> Self {
        Self { allow, cameras }
    }

    /// Decides about one address.
    ///
    /// # Errors
    /// When it is closed.
    pub fn check(&self, address: IpAddr) -> Result<(), ClosedAddress> {
        self.check_with(address, is_own)
    }

    fn check_with(&self, address: IpAddr, is_own: impl Fn(IpAddr) -> bool) -> Result<(), ClosedAddress> {
        let address = unwrapped(address);
        if METADATA.contains(&address) {
            let named = self.allow.iter().any(|net| net.prefix_len() == net.max_prefix_len() && net.contains(&address));
            return if named { Ok(()) } else { Err(ClosedAddress::Metadata) };
        }
        if self.allow.iter().any(|net| net.contains(&address)) {
            return Ok(());
        }
        if let Some(why) = special(address) {
            return Err(why);
        }
        if is_own(address) {
            return Err(ClosedAddress::Own);
        }
        if !self.cameras.is_empty() && !self.cameras.iter().any(|net| net.contains(&address)) {
            return Err(ClosedAddress::OutsideCameraNetworks);
        }
        Ok(())
    }

    /// Resolves the host of `url` and picks an open address. Connect to exactly this one: resolving again could answer
    /// another.
    ///
    /// # Errors
    /// When the scheme is neither `rtsp` nor `rtsps`, the name does not resolve within 3 s, or all its addresses are closed.
    pub async fn resolve_and_pin(&self, url: &Url) -> Result<SocketAddr, NetworkError> {
        let usual = match url.scheme() {
            "rtsp" => RTSP_PORT,
            "rtsps" => RTSPS_PORT,
            other => return Err(NetworkError::Scheme(other.to_owned())),
        };
        let port = url.port().unwrap_or(usual);
        let found = match url.host().ok_or(NetworkError::NoHost)? {
            Host::Ipv4(address) => vec![SocketAddr::from((address, port))],
            Host::Ipv6(address) => vec![SocketAddr::from((address, port))],
            // Non-special schemes keep hosts as opaque text, so that `rtsp://127.0.0.1` comes as a "domain" too.
            Host::Domain(name) => lookup(name, port).await?,
        };
        let mut refusal = NetworkError::NoHost;
        for address in found {
            match self.check(address.ip()) {
                Ok(()) => return Ok(address),
                Err(why) => refusal = NetworkError::Closed { address: address.ip(), why },
            }
        }
        Err(refusal)
    }
}

async fn lookup(name: &str, port: u16) -> Result<Vec<SocketAddr>, NetworkError> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::from((address, port))]);
    }
    let unresolved = || NetworkError::Unresolved(name.to_owned());
    let found = tokio::time::timeout(RESOLVE_TIMEOUT, tokio::net::lookup_host((name, port)))
        .await
        .map_err(|_| unresolved())?
        .map_err(|_| unresolved())?;
    let found: Vec<_> = found.collect();
    if found.is_empty() { Err(unresolved()) } else { Ok(found) }
}

/// The IPv4 address inside an IPv6 one that leads to it: mapped and compatible (RFC 4291 section 2.5.5), NAT64 (RFC 6052),
/// 6to4 (RFC 3056); else the address itself.
fn unwrapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let s = v6.segments();
    let v4 = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        [0x2002, high, low, ..] => v4(high, low),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => v4(high, low),
        _ => address,
    }
}

fn special(address: IpAddr) -> Option<ClosedAddress> {
    let link_local = match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    let reserved = match address {
        IpAddr::V4(v4) => v4.octets()[0] >= 240,
        IpAddr::V6(_) => false,
    };
    let zero_network = matches!(address, IpAddr::V4(v4) if v4.octets()[0] == 0);
    if address.is_loopback() {
        Some(ClosedAddress::Loopback)
    } else if link_local {
        Some(ClosedAddress::LinkLocal)
    } else if address.is_unspecified() || zero_network {
        Some(ClosedAddress::Unspecified)
    } else if address.is_multicast() || reserved {
        Some(ClosedAddress::NotUnicast)
    } else {
        None
    }
}

/// Whether this node has `address` now: only then can a socket be bound to it. Where the kernel lets sockets bind to foreign
/// addresses (`ip_nonlocal_bind`), the question cannot be answered so, and the answer is no.
fn is_own(address: IpAddr) -> bool {
    let binds = |address: IpAddr| UdpSocket::bind((address, 0)).is_ok();
    binds(address) && !binds(NOBODYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(list: &[&str]) -> Vec<IpNet> {
        list.iter().map(|net| net.parse().unwrap()).collect()
    }

    #[test]
    fn by_default_only_addresses_where_cameras_live_are_open() {
        use ClosedAddress::*;
        let table = [
            ("192.168.1.20", Ok(())),
            ("10.0.0.1", Ok(())),
            ("172.16.9.9", Ok(())),
            ("fd12:3456::1", Ok(())),
            ("203.0.113.5", Ok(())),
            ("2001:db8::1", Ok(())),
            ("127.0.0.1", Err(Loopback)),
            ("127.9.9.9", Err(Loopback)),
            ("::1", Err(Loopback)),
            ("::ffff:127.0.0.1", Err(Loopback)),
            ("::7f00:1", Err(Loopback)),
            ("64:ff9b::7f00:1", Err(Loopback)),
            ("2002:7f00:1::", Err(Loopback)),
            ("169.254.0.7", Err(LinkLocal)),
            ("fe80::1", Err(LinkLocal)),
            ("::ffff:169.254.1.1", Err(LinkLocal)),
            ("169.254.169.254", Err(Metadata)),
            ("::ffff:169.254.169.254", Err(Metadata)),
            ("100.100.100.200", Err(Metadata)),
            ("fd00:ec2::254", Err(Metadata)),
            ("0.0.0.0", Err(Unspecified)),
            ("0.1.2.3", Err(Unspecified)),
            ("::", Err(Unspecified)),
            ("224.0.0.1", Err(NotUnicast)),
            ("255.255.255.255", Err(NotUnicast)),
            ("ff02::1", Err(NotUnicast)),
            ("198.51.100.9", Err(Own)),
            ("::ffff:198.51.100.9", Err(Own)),
        ];
        let own: IpAddr = "198.51.100.9".parse().unwrap();
        for (address, expected) in table {
            let decided = NetworkPolicy::default().check_with(address.parse().unwrap(), |a| a == own);
            assert_eq!(decided, expected, "{address}");
        }
    }

    #[test]
    fn allowed_networks_open_what_is_closed_but_metadata_needs_its_own_address() {
        let policy = NetworkPolicy::new(nets(&["127.0.0.0/8", "169.254.0.0/16"]), Vec::new());
        let check = |address: &str| policy.check_with(address.parse().unwrap(), |_| true);
        assert_eq!(check("127.0.0.1"), Ok(()));
        assert_eq!(check("169.254.3.3"), Ok(()));
        assert_eq!(check("169.254.169.254"), Err(ClosedAddress::Metadata));
        let policy = NetworkPolicy::new(nets(&["169.254.169.254/32"]), Vec::new());
        assert_eq!(policy.check_with(METADATA[0], |_| false), Ok(()));
    }

    #[test]
    fn camera_networks_narrow_the_rest() {
        let policy = NetworkPolicy::new(Vec::new(), nets(&["10.20.0.0/16"]));
        let check = |address: &str| policy.check_with(address.parse().unwrap(), |_| false);
        assert_eq!(check("10.20.3.4"), Ok(()));
        assert_eq!(check("10.21.3.4"), Err(ClosedAddress::OutsideCameraNetworks));
    }

    #[tokio::test]
    async fn addresses_written_as_names_are_checked_like_addresses() {
        let policy = NetworkPolicy::default();
        for url in ["rtsp://127.0.0.1/", "rtsp://[::1]:8554/a", "rtsp://localhost/", "rtsp://[::ffff:127.0.0.1]/"] {
            let refused = policy.resolve_and_pin(&url.parse().unwrap()).await;
            assert!(matches!(refused, Err(NetworkError::Closed { .. })), "{url}: {refused:?}");
        }
        let scheme = policy.resolve_and_pin(&"http://10.0.0.1/".parse().unwrap()).await;
        assert_eq!(scheme, Err(NetworkError::Scheme("http".to_owned())));
    }

    #[test]
    fn the_nodes_own_addresses_are_known_without_a_list() {
        assert!(is_own(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        assert!(!is_own(NOBODYS));
    }
}
