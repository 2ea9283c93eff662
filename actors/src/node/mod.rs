//! The root of the tree, and the handle the rest of the product holds.

mod assignment;
mod config;
mod directory;
mod error;
mod fallen;
mod handle;
mod key_spool;
mod service;
mod settings;
mod supervisor;

pub use assignment::Assignment;
pub use config::NodeConfig;
pub(crate) use directory::{Directory, RunningCamera};
pub use error::NodeError;
pub use fallen::Fallen;
pub use handle::{Node, NodeHandle, NodeParts};
pub(crate) use service::ServiceArgs;
pub use settings::{DiskShare, NodeSettings, RepairSettings, RetentionSettings, WhenFull};
pub(crate) use supervisor::{NodeMessage, NodeSupervisor};
