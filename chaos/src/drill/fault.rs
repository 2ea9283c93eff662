use std::fmt;
use std::time::Duration;

use super::file::duration_text;
use super::{CameraChoice, CameraFault, DiskCalls, FaultKind, NodeChoice, Percent, Shared};

/// One thing that goes wrong, without its time. Each ends by itself when its time is over, or when the drill is no longer heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL; started again at the end.
    Kill(NodeChoice),
    /// SIGSTOP; SIGCONT at the end.
    Pause(NodeChoice),
    /// SIGTERM, the clean way out; started again at the end.
    Stop(NodeChoice),
    /// Gone without a word: its network is cut, then it is killed, so that no peer sees a connection close. Started again at the
    /// end.
    SilentDeath(NodeChoice),
    /// Is killed, and loses what it wrote and had not synced, as power loss does. Started again at the end.
    PowerLoss {
        /// Who.
        node: NodeChoice,
        /// Part of what was not synced stays, by the drill's seed: the ends of files in the middle of a write, some of the newest
        /// names. Otherwise nothing of it does.
        torn: bool,
    },
    /// Its packets do not arrive.
    Partition {
        /// Whose.
        node: NodeChoice,
        /// In which direction.
        way: Way,
        /// Between it and whom.
        from: CutOff,
        /// Cut for the first time, whole for the second, and so on; `None` is cut throughout.
        flapping: Option<(Duration, Duration)>,
    },
    /// Its packets arrive late.
    Latency {
        /// Whose.
        node: NodeChoice,
        /// How late, at least.
        by: Duration,
        /// And up to so much later still.
        jitter: Duration,
    },
    /// Its packets are lost at times.
    PacketLoss {
        /// Whose.
        node: NodeChoice,
        /// How many of them.
        share: Percent,
    },
    /// One node after the other is ended and started again, each when the one before it is back.
    RollingRestart(EndWith),
    /// All nodes are ended at one moment, and started again at the end.
    RestartAll(EndWith),
    /// Others want its cores.
    CpuPressure {
        /// Where.
        node: NodeChoice,
        /// How much of all its cores they ask for.
        share: Percent,
    },
    /// Others take its memory.
    MemoryPressure {
        /// Where.
        node: NodeChoice,
        /// How much of what is free they take.
        share: Percent,
    },
    /// Its disk has no room.
    DiskFull {
        /// Whose.
        node: NodeChoice,
        /// Bytes that are left when it begins.
        left: u64,
    },
    /// Each sync of its disk takes longer.
    DiskSlow {
        /// Whose.
        node: NodeChoice,
        /// By how much.
        by: Duration,
    },
    /// Its disk answers EIO.
    DiskErrors {
        /// Whose.
        node: NodeChoice,
        /// To one in so many calls, by the drill's seed.
        one_in: u32,
        /// To which calls.
        of: DiskCalls,
    },
    /// Its wall clock is wrong.
    ClockStep {
        /// Whose.
        node: NodeChoice,
        /// Forwards or backwards, in milliseconds.
        by_ms: i64,
    },
    /// The metadata store is stopped.
    StoreStop,
    /// The metadata store holds its connections and does not answer.
    StorePause,
    /// The metadata store answers with errors.
    StoreErrors,
    /// Redis is stopped.
    RedisStop,
    /// Redis holds its connections and does not answer.
    RedisPause,
    /// Redis answers with errors.
    RedisErrors,
    /// Cameras do something wrong.
    Camera {
        /// Which.
        cameras: CameraChoice,
        /// What.
        fault: CameraFault,
    },
}

/// In which direction a partition loses packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Both.
    Both,
    /// It hears nobody, and is heard.
    In,
    /// It is heard by nobody, and hears.
    Out,
}

/// Whom a node is cut off from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutOff {
    /// The other nodes.
    Peers,
    /// The metadata store.
    Store,
    /// The cameras.
    Cameras,
    /// Everybody: its link is down.
    All,
}

/// How a process is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndWith {
    /// SIGTERM.
    Stop,
    /// SIGKILL.
    Kill,
}

impl Fault {
    /// Its kind: the word in a file.
    pub const fn kind(&self) -> FaultKind {
        match self {
            Self::Kill(_) => FaultKind::Kill,
            Self::Pause(_) => FaultKind::Pause,
            Self::Stop(_) => FaultKind::Stop,
            Self::SilentDeath(_) => FaultKind::SilentDeath,
            Self::PowerLoss { .. } => FaultKind::PowerLoss,
            Self::Partition { .. } => FaultKind::Partition,
            Self::Latency { .. } => FaultKind::Latency,
            Self::PacketLoss { .. } => FaultKind::PacketLoss,
            Self::RollingRestart(_) => FaultKind::RollingRestart,
            Self::RestartAll(_) => FaultKind::RestartAll,
            Self::CpuPressure { .. } => FaultKind::CpuPressure,
            Self::MemoryPressure { .. } => FaultKind::MemoryPressure,
            Self::DiskFull { .. } => FaultKind::DiskFull,
            Self::DiskSlow { .. } => FaultKind::DiskSlow,
            Self::DiskErrors { .. } => FaultKind::DiskErrors,
            Self::ClockStep { .. } => FaultKind::ClockStep,
            Self::StoreStop => FaultKind::StoreStop,
            Self::StorePause => FaultKind::StorePause,
            Self::StoreErrors => FaultKind::StoreErrors,
            Self::RedisStop => FaultKind::RedisStop,
            Self::RedisPause => FaultKind::RedisPause,
            Self::RedisErrors => FaultKind::RedisErrors,
            Self::Camera { fault, .. } => FaultKind::of_camera(fault),
        }
    }

    /// The nodes it is done to; `None` where it is done to no node, or to all in turn.
    pub const fn node(&self) -> Option<&NodeChoice> {
        match self {
            Self::Kill(node)
            | Self::Pause(node)
            | Self::Stop(node)
            | Self::SilentDeath(node)
            | Self::PowerLoss { node, .. }
            | Self::DiskFull { node, .. }
            | Self::Partition { node, .. }
            | Self::Latency { node, .. }
            | Self::PacketLoss { node, .. }
            | Self::CpuPressure { node, .. }
            | Self::MemoryPressure { node, .. }
            | Self::DiskSlow { node, .. }
            | Self::DiskErrors { node, .. }
            | Self::ClockStep { node, .. } => Some(node),
            _ => None,
        }
    }

    /// What all nodes share and it is done to.
    pub const fn shared(&self) -> Option<Shared> {
        match self {
            Self::StoreStop | Self::StorePause | Self::StoreErrors => Some(Shared::Store),
            Self::RedisStop | Self::RedisPause | Self::RedisErrors => Some(Shared::Redis),
            _ => None,
        }
    }

    /// A disk does it: one that can be told to.
    pub const fn is_of_a_disk(&self) -> bool {
        matches!(self, Self::PowerLoss { .. } | Self::DiskFull { .. } | Self::DiskSlow { .. } | Self::DiskErrors { .. })
    }

    /// It happens at one moment and has no duration.
    pub const fn is_once(&self) -> bool {
        matches!(self, Self::Camera { fault, .. } if fault.is_once())
    }

    /// Whether the cell should hold its nodes to be down while it lasts.
    pub const fn takes_down(&self) -> bool {
        matches!(
            self,
            Self::Kill(_)
                | Self::Pause(_)
                | Self::Stop(_)
                | Self::SilentDeath(_)
                | Self::PowerLoss { .. }
                | Self::RollingRestart(_)
                | Self::RestartAll(_)
                | Self::Partition { from: CutOff::Peers | CutOff::All, .. }
        )
    }

    /// How many nodes of a cell of `nodes` it is done to at one moment.
    pub fn nodes_hit(&self, nodes: u32) -> u32 {
        match (self, self.node()) {
            (Self::RestartAll(_), _) => nodes,
            (Self::RollingRestart(_), _) => 1,
            (_, Some(choice)) => choice.count(nodes),
            (_, None) => 0,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind();
        match self {
            Self::Partition { node, way, from, flapping } => {
                let way = match way {
                    Way::Both => "both ways",
                    Way::In => "hears nobody",
                    Way::Out => "is heard by nobody",
                };
                let from = match from {
                    CutOff::Peers => "the other nodes",
                    CutOff::Store => "the store",
                    CutOff::Cameras => "the cameras",
                    CutOff::All => "everybody",
                };
                write!(f, "{kind} {node} from {from}, {way}")?;
                flapping.map_or(Ok(()), |(cut, whole)| {
                    write!(f, ", cut for {} and whole for {}", duration_text(cut), duration_text(whole))
                })
            }
            Self::Latency { node, by, jitter } => {
                write!(f, "{kind} of {node}: {} and up to {} more", duration_text(*by), duration_text(*jitter))
            }
            Self::PacketLoss { node, share } => write!(f, "{kind} of {node}: {share}"),
            Self::CpuPressure { node, share } | Self::MemoryPressure { node, share } => {
                write!(f, "{kind} on {node}: {share}")
            }
            Self::DiskSlow { node, by } => write!(f, "{kind} on {node}: {} a sync", duration_text(*by)),
            Self::DiskErrors { node, one_in: 1, of } => write!(f, "{kind} on {node}: every {}", of.singular()),
            Self::DiskErrors { node, one_in, of } => write!(f, "{kind} on {node}: one {} in {one_in}", of.singular()),
            Self::DiskFull { node, left: 0 } => write!(f, "{kind} on {node}"),
            Self::DiskFull { node, left } => write!(f, "{kind} on {node}: {left} bytes left"),
            Self::PowerLoss { node, torn } => {
                write!(
                    f,
                    "{kind} {node}: {} not synced is lost",
                    if *torn { "some of what was" } else { "all that was" }
                )
            }
            Self::ClockStep { node, by_ms } => {
                let way = if *by_ms < 0 { "back" } else { "forward" };
                write!(f, "{kind} of {node}: {} {way}", duration_text(Duration::from_millis(by_ms.unsigned_abs())))
            }
            Self::RollingRestart(with) | Self::RestartAll(with) => {
                write!(f, "{kind} with {}", if *with == EndWith::Kill { "SIGKILL" } else { "SIGTERM" })
            }
            Self::Camera { cameras, .. } => write!(f, "{kind} of {cameras}"),
            _ => match self.node() {
                Some(node) => write!(f, "{kind} {node}"),
                None => write!(f, "{kind}"),
            },
        }
    }
}
