//! Faults, one kind a file. Each comes from outside: signals, the network, other processes, the cameras. Each ends by itself when
//! the drill is gone: processes by the kernel, everything of the network with its namespaces.

mod camera;
mod clock;
mod cpu_pressure;
mod disk;
mod kill;
mod memory_pressure;
mod partition;
mod pause;
mod power_loss;
mod redis;
mod restart_all;
mod rolling_restart;
mod silent_death;
mod slow_path;
mod stop;
mod store;

use std::sync::Arc;

use eyrie_types::WallTime;
use futures::future::BoxFuture;

use self::redis::RedisFault;
use super::disk::Order;
use super::local::{LocalCell, PacketFault, Relaying};
use super::plan::{Hits, admit, choose_cameras, choose_nodes};
use super::{Abilities, CellFacts, Drill, DrillError, Fault, FaultKind, Measure};
use crate::sim::Dice;

/// A fault in force, and how it ends.
pub(crate) trait InForce: Send {
    /// Ends it and restores what it changed: nodes are up again afterwards, though perhaps not all they run.
    fn end(self: Box<Self>) -> BoxFuture<'static, Result<(), DrillError>>;
}

/// A fault that was done.
pub(crate) struct Struck {
    /// When.
    pub(crate) at: WallTime,
    /// To which nodes.
    pub(crate) nodes: Vec<usize>,
    /// To which cameras themselves, by number.
    pub(crate) cameras: Vec<usize>,
    /// A node it was done to may be held to be dead, and rightly so.
    pub(crate) may_take: bool,
    /// What ends it; `None` for one that is over already.
    pub(crate) in_force: Option<Box<dyn InForce>>,
}

impl Struck {
    fn nodes(at: WallTime, nodes: Vec<usize>, in_force: impl InForce + 'static) -> Self {
        Self { at, nodes, cameras: Vec::new(), may_take: true, in_force: Some(Box::new(in_force)) }
    }
}

/// What a local cell can do to itself, and what can be measured of it.
pub(crate) const ABILITIES: Abilities = {
    use FaultKind as K;
    const FAULTS: &[K] = &[
        K::Kill,
        K::Pause,
        K::Stop,
        K::SilentDeath,
        K::PowerLoss,
        K::Partition,
        K::Latency,
        K::PacketLoss,
        K::RollingRestart,
        K::RestartAll,
        K::CpuPressure,
        K::MemoryPressure,
        K::DiskFull,
        K::DiskSlow,
        K::DiskErrors,
        K::ClockStep,
        K::StoreStop,
        K::StorePause,
        K::StoreErrors,
        K::RedisStop,
        K::RedisPause,
        K::RedisErrors,
        K::CameraStall,
        K::CameraSilence,
        K::CameraDrip,
        K::CameraClose,
        K::CameraHangup,
        K::CameraRefuse,
        K::CameraWrongPassword,
        K::CameraOneSession,
        K::CameraLingeringSession,
        K::CameraAlternateClip,
        K::CameraTimestampJump,
        K::CameraTimestampWrap,
        K::CameraHugeSdp,
        K::CameraGarbage,
        K::CameraLosePackets,
        K::CameraNoSenderReports,
    ];
    const MEASURES: &[Measure] = &[
        Measure::GapLongest,
        Measure::GapLongestTwinned,
        Measure::GapLongestUntouched,
        Measure::GapP95,
        Measure::GapP99,
        Measure::UnitsUnexplained,
        Measure::UnitsDoubled,
        Measure::LiveOutage,
        Measure::PlaybackSuccess,
        Measure::PlaybackP99,
        Measure::ApiSuccess,
        Measure::ApiP99,
        Measure::FalseReassignments,
        Measure::IndexDifferences,
    ];
    Abilities { faults: FAULTS, measures: MEASURES }
};

/// Whom a fault is to hit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chosen {
    /// Nodes, by number.
    pub(crate) nodes: Vec<usize>,
    /// Cameras, by number.
    pub(crate) cameras: Vec<usize>,
}

/// Chooses now whom a fault hits, and holds it against the blast radius. `in_force` is what is being hit already.
pub(crate) fn choose(
    drill: &Drill,
    fault: &Fault,
    cell: &CellFacts,
    in_force: &Hits,
    dice: &mut Dice,
) -> Result<(Chosen, Hits), String> {
    let all = || cell.nodes.iter().map(|node| node.name.clone()).collect();
    let nodes: Vec<String> = match (fault, fault.node()) {
        (_, Some(choice)) => choose_nodes(choice, cell, dice)?,
        (Fault::RestartAll(_), None) => all(),
        (_, None) => Vec::new(),
    };
    let cameras = match fault {
        Fault::Camera { cameras, .. } => choose_cameras(cameras, cell, dice)?,
        _ => Vec::new(),
    };
    // A rolling restart is done to one node after the other: one of them at a time counts.
    let counted = if matches!(fault, Fault::RollingRestart(_)) {
        cell.nodes.first().map(|node| node.name.clone()).into_iter().collect()
    } else {
        nodes.iter().cloned().collect()
    };
    let hits = Hits {
        nodes: counted,
        cameras: cameras.iter().cloned().collect(),
        shared: fault.shared().into_iter().collect(),
    };
    admit(&drill.blast_radius, &in_force.with(&hits), cell)
        .map_err(|hit| format!("{fault} would touch {hit}, and the blast radius is {}", drill.blast_radius))?;
    let number = |prefix: char| {
        move |name: &String| {
            name.trim_start_matches(|c: char| c.is_ascii_alphabetic()).parse().ok().filter(|_| name.starts_with(prefix))
        }
    };
    let chosen = Chosen {
        nodes: nodes.iter().filter_map(number('n')).collect(),
        cameras: cameras.iter().filter_map(number('c')).collect(),
    };
    Ok((chosen, hits))
}

/// Begins a fault.
pub(crate) async fn begin(
    fault: &Fault,
    chosen: Chosen,
    cell: &Arc<LocalCell>,
    dice: &mut Dice,
) -> Result<Struck, DrillError> {
    let Chosen { nodes, cameras } = chosen;
    match fault {
        Fault::Kill(_) => kill::begin(cell, nodes),
        Fault::Pause(_) => pause::begin(cell, nodes),
        Fault::Stop(_) => stop::begin(cell, nodes).await,
        Fault::SilentDeath(_) => silent_death::begin(cell, nodes),
        Fault::PowerLoss { torn, .. } => power_loss::begin(cell, nodes, torn.then(|| dice.roll())),
        Fault::Partition { way, from, flapping, .. } => partition::begin(cell, nodes, *way, *from, *flapping),
        Fault::RollingRestart(with) => rolling_restart::begin(cell, *with).await,
        Fault::RestartAll(with) => restart_all::begin(cell, *with).await,
        Fault::CpuPressure { share, .. } => cpu_pressure::begin(cell, nodes, *share),
        Fault::DiskFull { left, .. } => disk::begin(cell, nodes, Order::Room(Some(*left)), Order::Room(None)),
        Fault::DiskSlow { by, .. } => {
            let ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
            disk::begin(cell, nodes, Order::SlowMs(ms), Order::SlowMs(0))
        }
        Fault::DiskErrors { one_in, of, .. } => {
            disk::begin(cell, nodes, Order::Errors(Some((*of, *one_in))), Order::Errors(None))
        }
        Fault::StoreStop => store::begin(cell, Relaying::Refuse),
        Fault::StorePause => store::begin(cell, Relaying::Hold),
        Fault::StoreErrors => store::begin(cell, Relaying::Errors),
        Fault::RedisStop => redis::begin(cell, RedisFault::Stop),
        Fault::RedisPause => redis::begin(cell, RedisFault::Pause),
        Fault::RedisErrors => redis::begin(cell, RedisFault::Errors),
        Fault::Latency { by, jitter, .. } => slow_path::begin(cell, nodes, PacketFault::Late(Some((*by, *jitter)))),
        Fault::PacketLoss { share, .. } => slow_path::begin(cell, nodes, PacketFault::Lost(Some(*share))),
        Fault::MemoryPressure { share, .. } => memory_pressure::begin(cell, nodes, *share),
        Fault::ClockStep { by_ms, .. } => clock::begin(cell, nodes, *by_ms),
        Fault::Camera { fault, .. } => camera::begin(cell, cameras, *fault),
    }
}
