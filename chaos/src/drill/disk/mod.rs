//! A disk that can be told to misbehave, below one node of a local cell: a FUSE file system that hands everything through to a
//! directory, in a process and a mount namespace of its own. Both are gone with the drill, and the mount with them.
//!
//! ```text
//! node, in the layer's mount namespace ── DATA/disks/n0 ──▶ kernel ──▶ layer ──▶ DATA/n0 ◀── the drill reads recordings there
//! ```
//!
//! Writes reach the directory at once, so whoever looks there sees what the node sees. For each change that was not synced, the
//! layer knows how to undo it: that is what power loss does. It is stricter than any one file system: a name is durable when *its*
//! directory was synced, while ext4 would make all older names durable with it.
//!
//! Limits: what is overwritten without a sync is kept up to [`changes::OLD_BYTES_MAX`], names up to [`changes::CHANGES_MAX`];
//! beyond that, the oldest counts as written back, as a kernel would. Permissions, owners and times are never lost. Extended
//! attributes and locks across mounts do not exist.

mod attributes;
mod changes;
mod dirty;
mod faults;
mod files;
mod layer;
mod order;
mod serve;

pub(crate) use order::{Answer, Order};
pub use serve::{DiskArgs, serve};
