//! Pictures out of footage: keyframes, decoded by short-lived ffmpeg children into JPEG. Start reading at [`Pictures`], which makes
//! each picture once however many of a session ask for it; `find` says which keyframe answers a moment, `sheet` puts many on one.

mod error;
mod ffmpeg;
mod find;
mod latest;
#[allow(clippy::module_inception, reason = "the file is named after the type")]
mod pictures;
mod sheet;
mod still;
mod telemetry;
mod thumbnail;

pub(crate) use error::PictureError;
pub(crate) use find::{Found, LOOK_BACK, cells, newest, newest_before};
pub(crate) use latest::latest;
pub(crate) use pictures::{Picture, PictureKey, Pictures};
pub(crate) use sheet::{SHEET_PIXELS_MAX, Sheet, sheet};
pub(crate) use thumbnail::recorded;
