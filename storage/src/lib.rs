//! Storage: segment files, keys, and the metadata store. It holds sealed bytes and an index; it never parses media.

pub mod disk;
pub mod facts;
pub mod footage;
pub mod keys;
mod leb128;
pub mod ledger;
pub mod segment;
pub mod shared;
pub mod store;

pub use store::{Store, StoreConfig, StoreError};
