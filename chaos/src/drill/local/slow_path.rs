use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eyrie_types::{Clock as _, Monotonic, SystemClock};
use tun_rs::{DeviceBuilder, SyncDevice};

use super::launcher::{Launcher, Place};
use super::network::{Network, Party};
use crate::drill::{DrillError, Percent};
use crate::sim::Dice;

/// The interface in the hub.
const DEVICE: &str = "slow0";
/// The routing table that leads into it.
const TABLE: u32 = 87;
/// Packets that wait at once; what comes when so many do is lost, as in any router. 100 ms of 1 Gbit/s.
const WAITING_MAX: usize = 10_000;
/// The longest packet of an interface.
const PACKET_BYTES_MAX: usize = 65_536;

/// What happens to the packets of a node, each way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Slowness {
    /// They arrive so much later.
    by: Duration,
    /// And up to so much later still.
    jitter: Duration,
    /// So many of them do not arrive.
    lost: Option<Percent>,
}

/// One thing that is done to the packets of a node; `None`: no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PacketFault {
    /// They arrive so much later, and up to so much later still.
    Late(Option<(Duration, Duration)>),
    /// So many of them do not arrive.
    Lost(Option<Percent>),
}

/// A way through the hub on which packets are late or lost: a TUN interface that they are routed into, and out of again.
///
/// ```text
/// node ─▶ h0 ─▶ rule "from/to node" ─▶ slow0 ─▶ this process waits, or forgets ─▶ slow0 ─▶ rule "iif slow0" ─▶ h1 ─▶ node
/// ```
///
/// Packets of one sender to one receiver stay in their order. It is gone with the hub.
#[derive(Debug)]
pub(super) struct SlowPath(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    clock: SystemClock,
}

#[derive(Debug)]
struct Waiting {
    slow: BTreeMap<Ipv4Addr, Slowness>,
    packets: BinaryHeap<Reverse<(Monotonic, u64, Vec<u8>)>>,
    /// By sender and receiver: when the newest of their packets is due.
    newest: BTreeMap<(Ipv4Addr, Ipv4Addr), Monotonic>,
    number: u64,
    dice: Dice,
}

impl SlowPath {
    /// Lays it through the hub. Nothing is led into it yet.
    pub(super) fn lay(launcher: &Launcher, hub: &Place, seed: u64) -> Result<Self, DrillError> {
        let place = hub.clone();
        let make = move || {
            place.enter()?;
            DeviceBuilder::new().name(DEVICE).build_sync()
        };
        // A thread of its own: the caller stays where it is.
        let made = std::thread::spawn(make).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let device = Arc::new(made.map_err(DrillError::io("making a TUN interface (/dev/net/tun)"))?);
        // With early demultiplexing, packets of a connection that ends here would not be routed but dropped.
        let script = format!(
            "ip link set {DEVICE} mtu 1500 up; echo 0 > /proc/sys/net/ipv4/conf/{DEVICE}/rp_filter
             echo 1 > /proc/sys/net/ipv4/conf/{DEVICE}/accept_local
             echo 0 > /proc/sys/net/ipv4/ip_early_demux
             ip rule add pref 20 iif {DEVICE} lookup local; ip rule add pref 21 iif {DEVICE} lookup main
             ip route add default dev {DEVICE} table {TABLE}"
        );
        launcher.run(hub, "sh", &["-ec", &script])?;
        let waiting = Waiting {
            slow: BTreeMap::new(),
            packets: BinaryHeap::new(),
            newest: BTreeMap::new(),
            number: 0,
            dice: Dice::new(seed),
        };
        let shared =
            Arc::new(Shared { waiting: Mutex::new(waiting), changed: Condvar::new(), clock: SystemClock::new() });
        let (reading, writing) = ((Arc::clone(&shared), Arc::clone(&device)), (Arc::clone(&shared), device));
        for (name, run) in [
            ("slow-in", Box::new(move || reading.0.take_in(&reading.1)) as Box<dyn FnOnce() + Send>),
            ("slow-out", Box::new(move || writing.0.let_out(&writing.1))),
        ] {
            let thread = std::thread::Builder::new().name(name.to_owned());
            thread.spawn(run).map_err(DrillError::io("starting a thread"))?;
        }
        Ok(Self(shared))
    }

    /// Does this to the packets of a node from now on, and leads them through here while something is done to them.
    pub(super) fn set(
        &self,
        launcher: &Launcher,
        network: &Network,
        node: usize,
        fault: PacketFault,
    ) -> Result<(), DrillError> {
        let IpAddr::V4(address) = network.address(Party::Node(node)) else { return Ok(()) };
        let (before, now) = {
            let mut waiting = self.0.lock();
            let slowness = waiting.slow.entry(address).or_default();
            let before = *slowness;
            match fault {
                PacketFault::Late(late) => (slowness.by, slowness.jitter) = late.unwrap_or_default(),
                PacketFault::Lost(lost) => slowness.lost = lost,
            }
            (before, *slowness)
        };
        let verb = match (before == Slowness::default(), now == Slowness::default()) {
            (true, false) => "add",
            (false, true) => "del",
            _ => return Ok(()),
        };
        let script = format!(
            "ip rule {verb} pref 30 from {address} lookup {TABLE}; ip rule {verb} pref 30 to {address} lookup {TABLE}"
        );
        launcher.run(network.hub(), "sh", &["-ec", &script]).map(drop)
    }
}

impl Shared {
    /// The packets. A panic elsewhere has left them as they were.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in packets until the interface is gone.
    fn take_in(&self, device: &SyncDevice) {
        let mut bytes = vec![0; PACKET_BYTES_MAX];
        loop {
            let read = match device.recv(&mut bytes) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return,
            };
            let Some(packet) = bytes.get(..read) else { continue };
            if self.lock().take_in(packet, self.clock.monotonic()) {
                self.changed.notify_one();
            }
        }
    }

    /// Lets packets out when they are due.
    fn let_out(&self, device: &SyncDevice) {
        loop {
            let mut waiting = self.lock();
            let packet = loop {
                let now = self.clock.monotonic();
                let due = waiting.packets.peek().map(|Reverse((due, ..))| *due);
                waiting = match due {
                    Some(due) if due <= now => break waiting.packets.pop(),
                    Some(due) => {
                        let waited = self.changed.wait_timeout(waiting, due.since(now));
                        waited.unwrap_or_else(PoisonError::into_inner).0
                    }
                    None => self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner),
                };
            };
            drop(waiting);
            // What the interface does not take is lost.
            let _ = packet.map(|Reverse((.., packet))| device.send(&packet));
        }
    }
}

impl Waiting {
    /// Decides when a packet goes on, or that it does not. Answers whether it waits.
    fn take_in(&mut self, packet: &[u8], now: Monotonic) -> bool {
        // RFC 791, 3.1. What is not IPv4 is the kernel's own, and leads nowhere.
        let address = |at: usize| packet.get(at..at + 4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
        let (Some(4), Some(from), Some(to)) = (packet.first().map(|first| first >> 4), address(12), address(16)) else {
            return false;
        };
        let ends = (Ipv4Addr::from(from), Ipv4Addr::from(to));
        let mut due = now;
        for slowness in [ends.0, ends.1].iter().filter_map(|end| self.slow.get(end)) {
            if slowness.lost.is_some_and(|share| self.dice.within(0..10_000) < u64::from(share.as_hundredths())) {
                return false;
            }
            let jitter = u64::try_from(slowness.jitter.as_micros()).unwrap_or(u64::MAX).saturating_add(1);
            due = due + slowness.by + Duration::from_micros(self.dice.within(0..jitter));
        }
        if self.packets.len() >= WAITING_MAX {
            return false;
        }
        due = due.max(self.newest.get(&ends).copied().unwrap_or(due));
        self.newest.insert(ends, due);
        self.number += 1;
        self.packets.push(Reverse((due, self.number, packet.to_owned())));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: [u8; 4] = [10, 87, 0, 11];
    const OTHER: [u8; 4] = [10, 87, 0, 12];

    fn packet(from: [u8; 4], to: [u8; 4], mark: u8) -> Vec<u8> {
        [&[0x45; 12][..], &from, &to, &[mark]].concat()
    }

    fn waiting(slowness: Slowness) -> Waiting {
        Waiting {
            slow: [(Ipv4Addr::from(NODE), slowness)].into(),
            packets: BinaryHeap::new(),
            newest: BTreeMap::new(),
            number: 0,
            dice: Dice::new(1),
        }
    }

    fn at(ms: u64) -> Monotonic {
        Monotonic::from_start(Duration::from_millis(ms))
    }

    #[test]
    fn packets_are_late_both_ways_and_stay_in_their_order() {
        let (by, jitter) = (Duration::from_millis(100), Duration::from_millis(50));
        let mut waiting = waiting(Slowness { by, jitter, lost: None });
        for n in 0..100 {
            assert!(waiting.take_in(&packet(NODE, OTHER, n), at(u64::from(n))));
            assert!(waiting.take_in(&packet(OTHER, NODE, n), at(u64::from(n))));
        }
        let (mut last, mut spread) = (0, std::collections::BTreeSet::new());
        while let Some(Reverse((due, _, packet))) = waiting.packets.pop() {
            let sent = at(u64::from(packet[20]));
            assert!(due.since(sent) >= by, "{due:?}");
            spread.insert(due.since(sent).as_millis());
            if packet[12..16] == NODE {
                assert!(packet[20] >= last);
                last = packet[20];
            }
        }
        assert!(last == 99 && spread.len() > 10, "{spread:?}");
    }

    #[test]
    fn a_share_of_the_packets_is_lost_and_no_more_wait_than_may() {
        let lost = Some(Percent::hundredths(2_500));
        let mut some = waiting(Slowness { lost, ..Slowness::default() });
        let arrived = (0..4_000).filter(|_| some.take_in(&packet(NODE, OTHER, 0), at(0))).count();
        assert!((2_850..3_150).contains(&arrived), "{arrived}");
        let mut all = waiting(Slowness { by: Duration::from_secs(1), ..Slowness::default() });
        let arrived = (0..2 * WAITING_MAX).filter(|_| all.take_in(&packet(NODE, OTHER, 0), at(0))).count();
        assert_eq!(arrived, WAITING_MAX);
        assert!(!all.take_in(&[0x60; 40], at(0)), "IPv6 leads nowhere");
        assert!(!all.take_in(&[0x45; 10], at(0)));
    }
}
