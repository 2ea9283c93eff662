//! Faults, one kind a file. Each comes from outside: signals, the network, other processes, the cameras. Each ends by itself when the
//! drill is gone: processes by the kernel, everything of the network with its namespaces.

mod camera;
mod choose;
mod cpu_pressure;
mod kill;
mod partition;
mod pause;
mod restart_all;
mod rolling_restart;
mod silent_death;
mod stop;
mod store;

use std::sync::Arc;

use eyrie_types::WallTime;
use futures::future::BoxFuture;

use super::local::LocalCell;
use super::{DrillError, Fault, FaultKind};
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

/// Whether a local cell can do this to itself.
pub(crate) fn can(kind: FaultKind) -> bool {
    use FaultKind as K;
    match kind {
        K::Kill
        | K::Pause
        | K::Stop
        | K::SilentDeath
        | K::Partition
        | K::RollingRestart
        | K::RestartAll
        | K::CpuPressure => true,
        K::StoreStop | K::StorePause => true,
        K::PowerLoss | K::Latency | K::PacketLoss | K::MemoryPressure | K::ClockStep => false,
        K::DiskFull | K::DiskSlow | K::DiskErrors => false,
        K::StoreErrors | K::RedisStop | K::RedisPause | K::RedisErrors => false,
        _ => true,
    }
}

/// Begins a fault. It is chosen now whom it hits.
pub(crate) async fn begin(fault: &Fault, cell: &Arc<LocalCell>, dice: &mut Dice) -> Result<Struck, DrillError> {
    let nodes = match fault.node() {
        Some(choice) => choose::nodes(choice, cell, dice).await?,
        None => Vec::new(),
    };
    match fault {
        Fault::Kill(_) => kill::begin(cell, nodes),
        Fault::Pause(_) => pause::begin(cell, nodes),
        Fault::Stop(_) => stop::begin(cell, nodes).await,
        Fault::SilentDeath(_) => silent_death::begin(cell, nodes),
        Fault::Partition { way, from, flapping, .. } => partition::begin(cell, nodes, *way, *from, *flapping),
        Fault::RollingRestart(with) => rolling_restart::begin(cell, *with).await,
        Fault::RestartAll(with) => restart_all::begin(cell, *with).await,
        Fault::CpuPressure { share, .. } => cpu_pressure::begin(cell, nodes, *share),
        Fault::StoreStop => store::begin(cell, super::local::Relaying::Refuse),
        Fault::StorePause => store::begin(cell, super::local::Relaying::Hold),
        Fault::Camera { cameras, fault } => camera::begin(cell, cameras, *fault, dice),
        other => Err(DrillError::Refused(format!("a local cell cannot do this to itself yet: {other}"))),
    }
}
