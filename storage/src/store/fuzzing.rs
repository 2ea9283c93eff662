//! Doors for the fuzz targets of tests/fuzz to what is private; compiled for them alone (`--cfg fuzzing`).

use super::cursor::Cursor;
use super::{audit, camera_list};

/// Reads `text` as the cursor of each paged list would; what it takes must survive being written again.
pub fn cursor(text: &str) {
    let cursor = Cursor::new(text);
    if let Ok(place) = cursor.read::<camera_list::CameraPlace>() {
        assert!(Cursor::write(&place).is_ok_and(|again| again.read::<camera_list::CameraPlace>().is_ok()));
    }
    if let Ok(place) = cursor.read::<audit::Place>() {
        assert!(Cursor::write(&place).is_ok_and(|again| again.read::<audit::Place>().is_ok()));
    }
}
