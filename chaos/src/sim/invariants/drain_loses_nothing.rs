//! A drain, and any planned move, loses no recorded moment of a camera that allows one session more than it has; looked at when
//! nothing else goes wrong.

use eyrie_cluster::CameraKey;

use super::Violation;

pub(in super::super) fn check(camera: &CameraKey, gap_us: u64) -> Result<(), Violation> {
    let what = format!("camera {camera} was not recorded for {gap_us} us while a node drained");
    if gap_us == 0 { Ok(()) } else { Err(Violation::new("drain_loses_nothing", what)) }
}
