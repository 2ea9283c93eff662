//! Doors for the fuzz targets of tests/fuzz to what is private; compiled for them alone (`--cfg fuzzing`).

use crate::footage_link::fuzzing;

/// The path of a question for footage.
pub fn footage_question(path: &str) {
    fuzzing::question(path);
}

/// What a node says of the tails of a camera.
pub fn footage_tails(bytes: &[u8]) {
    fuzzing::tails(bytes);
}
