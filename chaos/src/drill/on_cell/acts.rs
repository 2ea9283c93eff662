use eyrie_types::DrillAct;

use crate::drill::{EndWith, Fault};

/// What an agent does for `fault` on a node that it hits; `None` for what no agent can do.
pub fn acts_of(fault: &Fault) -> Option<DrillAct> {
    Some(match fault {
        Fault::Kill(_) | Fault::RollingRestart(EndWith::Kill) | Fault::RestartAll(EndWith::Kill) => DrillAct::Kill,
        Fault::Stop(_) | Fault::RollingRestart(EndWith::Stop) | Fault::RestartAll(EndWith::Stop) => DrillAct::Stop,
        Fault::Pause(_) => DrillAct::Pause,
        Fault::CpuPressure { share, .. } => DrillAct::CpuPressure { share: share.as_hundredths() },
        _ => return None,
    })
}
