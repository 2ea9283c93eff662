use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use eyrie_types::{KeyId, TenantId};

use super::MasterKeyId;

/// Why a key cannot be had. No message holds key material.
#[derive(Debug, Clone, thiserror::Error)]
pub enum KeyError {
    /// The master key's file cannot be read or made.
    #[error("cannot {action} the master key {path}")]
    File {
        /// What was being done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: Arc<io::Error>,
    },
    /// Others than the owner may read or write the master key's file.
    #[error("{path} must belong to its owner alone (mode 0600); its mode is {mode:04o}")]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The text is not a master key.
    #[error("a master key is 32 bytes, written as 64 hexadecimal digits")]
    NotAMasterKey,
    /// Wrapped or sealed under another master key.
    #[error("sealed under master key {found}, and this is master key {ours}")]
    OtherMasterKey {
        /// The one it was sealed under.
        found: MasterKeyId,
        /// The one at hand.
        ours: MasterKeyId,
    },
    /// No key pair of that version is known for the tenant.
    #[error("no key pair {version} is known for {tenant:?}")]
    UnknownTenantKey {
        /// Whose.
        tenant: TenantId,
        /// Which.
        version: u32,
    },
    /// The bytes were changed, moved to another owner, or sealed with another key.
    #[error("{0} cannot be unsealed: it was changed, or belongs to something else")]
    Refused(&'static str),
    /// A segment key's row cannot be opened.
    #[error("{0:?} cannot be unsealed: its row was changed, or belongs to another segment or tenant")]
    RowRefused(KeyId),
    /// A value is too long to be sealed here.
    #[error("a secret may have at most {max} bytes, and this has {bytes}")]
    TooLong {
        /// Its size.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    NoRandomness,
}
