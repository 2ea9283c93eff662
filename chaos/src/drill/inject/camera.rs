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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::FaultKind;

    /// Files of drills are read where no cameras can be simulated, so there are two lists: this is what keeps them one.
    #[test]
    fn the_simulated_cameras_know_each_fault_by_its_word_and_parameters() {
        let all = [
            CameraFault::Stall,
            CameraFault::Silence,
            CameraFault::Drip,
            CameraFault::Close { reset: true },
            CameraFault::Hangup { reset: false },
            CameraFault::Refuse { status: 503 },
            CameraFault::WrongPassword,
            CameraFault::OneSession { status: 453 },
            CameraFault::LingeringSession { for_ms: 5 },
            CameraFault::AlternateClip,
            CameraFault::TimestampJump { by_ms: -5 },
            CameraFault::TimestampWrap { in_ms: 5 },
            CameraFault::HugeSdp { bytes: 5 },
            CameraFault::Garbage,
            CameraFault::LosePackets { one_in: 5 },
            CameraFault::NoSenderReports,
        ];
        let words = FaultKind::ALL.iter().filter(|kind| kind.as_str().starts_with("camera_"));
        assert_eq!(all.iter().map(FaultKind::of_camera).collect::<Vec<_>>(), words.copied().collect::<Vec<_>>());
        for fault in all {
            let told = serde_json::to_value(fault).unwrap();
            let heard: SimFault = serde_json::from_value(told.clone()).unwrap();
            assert_eq!(serde_json::to_value(heard).unwrap(), told, "nothing of it is lost");
            let word = FaultKind::of_camera(&fault).as_str().strip_prefix("camera_").unwrap();
            assert_eq!(told["type"], word);
        }
    }
}
