//! One incarnation of one camera: its ring and its children.

mod actor;
mod child;

pub(crate) use actor::{CameraActor, CameraArgs, CameraMessage};
