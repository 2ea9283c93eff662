use std::sync::Arc;

use eyrie_camsim::Fault as SimFault;
use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::{InForce, Struck};
use crate::drill::local::LocalCell;
use crate::drill::{CameraChoice, CameraFault, DrillError};
use crate::sim::Dice;

struct Misbehaving {
    cell: Arc<LocalCell>,
    cameras: Vec<usize>,
}

/// Cameras do something wrong.
pub(super) fn begin(
    cell: &Arc<LocalCell>,
    choice: &CameraChoice,
    fault: CameraFault,
    dice: &mut Dice,
) -> Result<Struck, DrillError> {
    let all = cell.ids().len();
    let cameras: Vec<usize> = match choice {
        CameraChoice::Named(names) => {
            let number = |name: &String| name.strip_prefix("cam").and_then(|number| number.parse().ok());
            names.iter().filter_map(number).filter(|number| *number < all).collect()
        }
        choice => {
            let wanted = (choice.count(u32::try_from(all).unwrap_or(u32::MAX)) as usize).min(all);
            let mut left: Vec<_> = (0..all).collect();
            (0..wanted).map(|_| left.swap_remove(dice.within(0..left.len() as u64) as usize)).collect()
        }
    };
    // Both sides have the same words for them.
    let fault: Option<SimFault> = serde_json::to_value(fault).and_then(serde_json::from_value).ok();
    let fault = fault.ok_or_else(|| DrillError::Refused("the simulated cameras do not know this fault".to_owned()))?;
    let at = cell.now();
    for camera in &cameras {
        cell.cameras().set_fault(&format!("cam{camera}"), fault.clone())?;
    }
    let in_force = Misbehaving { cell: Arc::clone(cell), cameras: cameras.clone() };
    Ok(Struck { cameras, may_take: false, ..Struck::nodes(at, Vec::new(), in_force) })
}

impl InForce for Misbehaving {
    fn end(self: Box<Self>) -> BoxFuture<'static, Result<(), DrillError>> {
        async move {
            let mut cameras = self.cameras.iter();
            cameras
                .try_for_each(|camera| self.cell.cameras().clear_fault(&format!("cam{camera}")))
                .map_err(DrillError::from)
        }
        .boxed()
    }
}
