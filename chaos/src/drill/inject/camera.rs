use std::sync::Arc;

use eyrie_camsim::Fault as SimFault;
use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::{InForce, Struck};
use crate::drill::local::{LocalCell, camera_name};
use crate::drill::{CameraFault, DrillError};

struct Misbehaving {
    cell: Arc<LocalCell>,
    cameras: Vec<usize>,
}

/// Cameras do something wrong.
pub(super) fn begin(cell: &Arc<LocalCell>, cameras: Vec<usize>, fault: CameraFault) -> Result<Struck, DrillError> {
    // Both sides have the same words for them.
    let fault: Option<SimFault> = serde_json::to_value(fault).and_then(serde_json::from_value).ok();
    let fault = fault.ok_or_else(|| DrillError::Refused("the simulated cameras do not know this fault".to_owned()))?;
    let at = cell.now();
    for camera in &cameras {
        cell.cameras().set_fault(&camera_name(*camera), fault.clone())?;
    }
    let in_force = Misbehaving { cell: Arc::clone(cell), cameras: cameras.clone() };
    Ok(Struck { cameras, may_take: false, ..Struck::nodes(at, Vec::new(), in_force) })
}

impl InForce for Misbehaving {
    fn end(self: Box<Self>) -> BoxFuture<'static, Result<(), DrillError>> {
        async move {
            let mut cameras = self.cameras.iter();
            cameras
                .try_for_each(|camera| self.cell.cameras().clear_fault(&camera_name(*camera)))
                .map_err(DrillError::from)
        }
        .boxed()
    }
}
