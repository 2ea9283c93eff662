//! What a node keeps of its cell beside the metadata store, so that it can run any camera while the store is down: specs of all
//! cameras, with their sealed passwords, the tenants' wrapped key pairs, and which epochs of its placements this node has spent.
//!
//! One append-only file of sealed entries (see [`record`]), written by a thread of its own and made durable before anybody is told;
//! what it says lies in memory too, sealed as in the file, so that reading needs no disk. Rewritten whole when more than half of it
//! is out of date, and when it was found damaged: one bad entry costs itself alone.

mod camera_bytes;
mod contents;
mod entry;
mod error;
mod log;
#[allow(clippy::module_inception, reason = "the file is named after the type")]
mod mirror;
mod record;
mod tenant_key_bytes;
#[cfg(test)]
mod tests;
mod writer;

pub use camera_bytes::{CAMERA_BYTES_MAX, camera_from_bytes, camera_to_bytes};
pub use entry::SpentEpoch;
pub use error::MirrorError;
pub use mirror::{MIRROR_CAMERAS_MAX, MIRROR_SPENT_MAX, MIRROR_TENANT_KEYS_MAX, MIRROR_WITHIN, Mirror};
pub use tenant_key_bytes::{tenant_key_from_bytes, tenant_key_to_bytes};
