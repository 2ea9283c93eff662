//! Storage: segment files, keys, and the metadata store. It holds sealed bytes and an index; it never parses media.

pub mod disk;
pub mod facts;
pub mod footage;
mod identity;
pub mod keys;
mod leb128;
pub mod ledger;
pub mod mirror;
pub mod segment;
pub mod shared;
pub mod store;

pub use identity::{IdentityError, NodeIdentity};
pub use store::{Store, StoreConfig, StoreError};
