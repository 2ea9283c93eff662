//! Keys: a local [`MasterKey`] wraps each tenant's private key; the tenant's public key seals each [`SegmentKey`] (HPKE), so that
//! writing needs no private key; a segment key seals one segment. [`Sealer`] protects small secrets such as camera passwords.
//!
//! Rotating the master key re-wraps tenants' private keys and re-seals secrets; no footage is touched. Destroying a [`KeyRow`]
//! destroys the footage it opens.
//!
//! [`KeyRows`] keeps the rows: in the store, and in the [`KeySpool`] while the store does not take them.

mod error;
mod key_ring;
mod key_rows;
mod master_key;
mod random;
mod sealer;
mod segment_key;
mod spool;
mod stored;
mod tenant_key;

pub use error::KeyError;
pub use key_ring::KeyRing;
pub use key_rows::{DRAIN_BATCH, KeyRowError, KeyRows, STORE_WITHIN};
pub use master_key::{MasterKey, MasterKeyId};
pub use sealer::{SealContext, Sealer};
pub use segment_key::{KeyRow, SegmentKey};
pub use spool::{KeySpool, SPOOL_ROWS_MAX, SPOOL_WITHIN, SpoolError};
pub use tenant_key::TenantKeyRow;
