use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use anyhow::Context as _;
use eyrie_cassandra::Cassandra;
use eyrie_chaos::drill::{Guest, Launcher, Place, Relaying, relay};
use tokio::sync::watch::Sender;
use tokio::task::JoinSet;

/// A network for each of three nodes, as if each had a machine of its own, with a door to the network of the test. All of it is
/// gone with the processes in it.
pub(crate) struct Networks {
    pub(crate) launcher: Launcher,
    nodes: Vec<Place>,
    prefix: [u8; 3],
    /// They are the namespaces.
    guests: Vec<Guest>,
    /// Carry what nodes say to the store, which lives on the loopback interface of the test.
    relays: JoinSet<std::io::Result<()>>,
    /// Relays go on for as long as this is there.
    carry: Sender<Relaying>,
}

impl Networks {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let launcher = Launcher::start()?;
        let process = std::process::id();
        // Tests of other processes have networks of their own.
        let prefix = [10, 128 + (process / 256 % 64) as u8, (process % 256) as u8];
        let [a, b, c] = prefix;
        let at = |last: u8| Ipv4Addr::new(a, b, c, last);
        let (hub, guest) = launcher.namespace(&Place::default())?;
        let (hub_id, us, gate, all) = (guest.id(), at(1), at(254), at(0));
        let door = format!("ey{process}");
        let outside = format!(
            "ip link add {door} type veth peer name door netns {hub_id}; ip addr add {us}/32 dev {door}; ip link set {door} up
             ip route add {gate} dev {door}; ip route add {all}/24 via {gate} src {us}"
        );
        launcher.run(&Place::default(), "sh", &["-ec", &outside])?;
        let inside = format!(
            "echo 1 > /proc/sys/net/ipv4/ip_forward; ip addr add {gate}/32 dev lo; ip link set door up
             ip route add {us} dev door"
        );
        launcher.run(&hub, "sh", &["-ec", &inside])?;
        let mut networks = Self {
            nodes: Vec::new(),
            prefix,
            guests: vec![guest],
            relays: JoinSet::new(),
            carry: Sender::new(Relaying::Carry),
            launcher,
        };
        for node in 0..3_u8 {
            networks.add(&hub, node)?;
        }
        Ok(networks)
    }

    fn add(&mut self, hub: &Place, node: u8) -> anyhow::Result<()> {
        let (place, guest) = self.launcher.namespace(hub)?;
        let (own, gate) = (self.node(node.into()), self.at(254));
        let outside = format!(
            "ip link add h{node} type veth peer name eth0 netns {}; ip link set h{node} up; ip route add {own}/32 dev h{node}",
            guest.id()
        );
        self.launcher.run(hub, "sh", &["-ec", &outside])?;
        let inside = format!(
            "ip addr add {own}/32 dev eth0; ip link set eth0 up; ip route add {gate} dev eth0; ip route add default via {gate}"
        );
        self.launcher.run(&place, "sh", &["-ec", &inside])?;
        // Drivers go to the address that the store itself names.
        let store: SocketAddr = Cassandra::shared().contact_point().parse().context("the store's address")?;
        let bind = || {
            place.enter()?;
            let listener = TcpListener::bind(store)?;
            listener.set_nonblocking(true)?;
            std::io::Result::Ok(listener)
        };
        // A thread of its own: this one stays where it is.
        let bound = std::thread::scope(|scope| scope.spawn(bind).join());
        let listener = bound.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        self.relays.spawn(relay(listener, store, self.carry.subscribe(), false));
        self.nodes.push(place);
        self.guests.push(guest);
        Ok(())
    }

    fn at(&self, last: u8) -> IpAddr {
        let [a, b, c] = self.prefix;
        Ipv4Addr::new(a, b, c, last).into()
    }

    /// The test's own address, and so that of its cameras.
    pub(crate) fn test(&self) -> IpAddr {
        self.at(1)
    }

    /// The address of a node.
    pub(crate) fn node(&self, i: usize) -> IpAddr {
        self.at(11 + i as u8)
    }

    /// Where a node lives.
    pub(crate) fn place(&self, i: usize) -> Place {
        self.nodes.get(i).cloned().unwrap_or_default()
    }

    /// What filters packets in a node's network.
    pub(crate) fn rules(&self, i: usize) -> anyhow::Result<String> {
        Ok(self.launcher.run(&self.place(i), "nft", &["list", "ruleset"])?)
    }
}
