use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use super::launcher::{Launcher, Place};
use crate::drill::DrillError;

/// Where the nodes of a local cell live, and what can be cut between them.
///
/// ```text
///                    hub namespace: 10.87.0.1 drill, 10.87.0.2 cameras
///                   ┌── h0 ──┐  ┌── h1 ──┐  ┌── h2 ──┐         a rule "from A to B blackhole" here loses packets in one direction,
/// node namespaces:   10.87.0.11  10.87.0.12  10.87.0.13        without a word to either side; a link set down loses them all
/// ```
///
/// The metadata store has its own address in each node's namespace, where a relay listens: drivers go to the address that the
/// store itself names.
///
/// All of it vanishes with the processes in it. Where namespaces are refused, each node gets a loopback address of its own, and
/// what can be done to a connection is done by proxies between them ([`super::wires::Wires`]).
#[derive(Debug)]
pub(crate) struct Network {
    hub: Place,
    nodes: Vec<Place>,
    isolated: bool,
    /// The first three bytes of all addresses.
    prefix: [u8; 3],
}

/// Somebody with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Party {
    /// The drill itself.
    Drill,
    /// The cameras.
    Cameras,
    /// A node, by its number; there are at most [`NODES_MAX`].
    Node(usize),
}

/// The last byte of node 0's address.
const FIRST_NODE: u8 = 11;
/// More nodes than a machine drills.
pub(crate) const NODES_MAX: usize = 64;
/// On loopback: added to the last byte of an address, it is that of the proxy that leads there.
const PROXIES: u8 = 128;

impl Network {
    /// Namespaces, or loopback addresses and why it could not be namespaces.
    pub(crate) fn best(launcher: &Launcher, nodes: usize) -> (Self, Option<DrillError>) {
        match Self::isolated(launcher, nodes) {
            Ok(network) => (network, None),
            Err(error) => (Self::loopback(nodes), Some(error)),
        }
    }

    /// Each node in a namespace of its own.
    fn isolated(launcher: &Launcher, nodes: usize) -> Result<Self, DrillError> {
        let (hub, _guest) = launcher.namespace(&Place::default())?;
        let mut network = Self { hub, nodes: Vec::new(), isolated: true, prefix: [10, 87, 0] };
        let [drill, cameras] = [Party::Drill, Party::Cameras].map(|party| network.address(party));
        // The rules of a cut come before the table of local addresses, or packets to the cameras would never meet them.
        let script = format!(
            "echo 1 > /proc/sys/net/ipv4/ip_forward; ip rule add pref 100 lookup local; ip rule del pref 0
             for address in {drill} {cameras}; do ip addr add $address/32 dev lo; done"
        );
        launcher.run(&network.hub, "sh", &["-ec", &script])?;
        for node in 0..nodes {
            let address = network.address(Party::Node(node));
            let (place, guest) = launcher.namespace(&network.hub)?;
            let script = format!(
                "ip link add h{node} type veth peer name eth0 netns {guest}
                 ip link set h{node} up; ip route add {address}/32 dev h{node}",
                guest = guest.id()
            );
            launcher.run(&network.hub, "sh", &["-ec", &script])?;
            let script = format!(
                "ip addr add {address}/32 dev eth0; ip link set eth0 up
                 ip route add {drill} dev eth0; ip route add default via {drill}"
            );
            launcher.run(&place, "sh", &["-ec", &script])?;
            network.nodes.push(place);
        }
        Ok(network)
    }

    /// Each node on a loopback address of its own, which no other drill of this machine uses now.
    pub(crate) fn loopback(nodes: usize) -> Self {
        let process = std::process::id();
        let prefix = [127, 16 + (process / 256 % 200) as u8, (process % 256) as u8];
        Self { hub: Place::default(), nodes: vec![Place::default(); nodes], isolated: false, prefix }
    }

    /// Packets can be lost.
    pub(crate) fn is_isolated(&self) -> bool {
        self.isolated
    }

    /// Where the drill and its cameras live.
    pub(crate) fn hub(&self) -> &Place {
        &self.hub
    }

    /// Where a node lives.
    pub(crate) fn node(&self, node: usize) -> Place {
        self.nodes.get(node).cloned().unwrap_or_default()
    }

    /// Where somebody is found.
    pub(crate) fn address(&self, party: Party) -> IpAddr {
        let [a, b, c] = self.prefix;
        let last = match party {
            Party::Drill => 1,
            Party::Cameras => 2,
            Party::Node(node) => FIRST_NODE + node.min(NODES_MAX) as u8,
        };
        Ipv4Addr::new(a, b, c, last).into()
    }

    /// Where others find somebody: at a proxy, on loopback.
    pub(crate) fn told(&self, party: Party) -> IpAddr {
        match self.address(party) {
            IpAddr::V4(address) if !self.isolated => {
                let [a, b, c, last] = address.octets();
                Ipv4Addr::new(a, b, c, PROXIES + last).into()
            }
            address => address,
        }
    }

    /// Loses all packets from one to another, from now on.
    pub(crate) fn cut(&self, launcher: &Launcher, from: Party, to: Party) -> Result<(), DrillError> {
        self.rule(launcher, "add", from, to)
    }

    /// Loses them no more.
    pub(crate) fn mend(&self, launcher: &Launcher, from: Party, to: Party) -> Result<(), DrillError> {
        self.rule(launcher, "del", from, to)
    }

    fn rule(&self, launcher: &Launcher, verb: &str, from: Party, to: Party) -> Result<(), DrillError> {
        self.needs_isolation()?;
        let (from, to) = (self.address(from).to_string(), self.address(to).to_string());
        launcher.run(&self.hub, "ip", &["rule", verb, "from", &from, "to", &to, "pref", "10", "blackhole"]).map(drop)
    }

    /// Takes a node's link down, or up again: all its packets are lost, both ways.
    pub(crate) fn link(&self, launcher: &Launcher, node: usize, up: bool) -> Result<(), DrillError> {
        self.needs_isolation()?;
        let device = format!("h{node}");
        launcher.run(&self.hub, "ip", &["link", "set", &device, if up { "up" } else { "down" }])?;
        if up {
            // The route went with the link.
            let address = format!("{}/32", self.address(Party::Node(node)));
            launcher.run(&self.hub, "ip", &["route", "replace", &address, "dev", &device])?;
        }
        Ok(())
    }

    /// A listener at the store's own address in a node's namespace.
    pub(crate) fn listen(
        &self,
        launcher: &Launcher,
        node: usize,
        address: SocketAddr,
    ) -> Result<TcpListener, DrillError> {
        self.needs_isolation()?;
        let place = self.node(node);
        if !address.ip().is_loopback() {
            launcher.run(&place, "ip", &["addr", "add", &address.ip().to_string(), "dev", "lo"])?;
        }
        let bind = || {
            place.enter()?;
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        };
        // A thread of its own: the caller stays where it is.
        let bound = std::thread::scope(|scope| scope.spawn(bind).join());
        let bound = bound.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        bound.map_err(DrillError::io(format!("listening on {address} for the store")))
    }

    fn needs_isolation(&self) -> Result<(), DrillError> {
        if self.isolated {
            return Ok(());
        }
        let why = "faults of the network need network namespaces, which this machine does not let this user make";
        Err(DrillError::Refused(why.to_owned()))
    }
}
