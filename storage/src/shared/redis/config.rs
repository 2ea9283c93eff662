use std::io;
use std::path::PathBuf;

use eyrie_types::Secret;

use super::address::RedisAddress;

/// Longest password file read, in bytes.
const PASSWORD_BYTES_MAX: u64 = 4096;

/// Which Redis, and as whom.
#[derive(Debug, Clone)]
pub struct RedisConfig {
    /// Where it is.
    pub address: RedisAddress,
    /// As whom; `default` when unset.
    pub username: Option<String>,
    /// Where the password is. Read anew for each connection, so that a changed one is taken over without a restart.
    pub password_file: Option<PathBuf>,
    /// What the names of all keys and channels begin with: the cell's name.
    pub prefix: String,
}

impl RedisConfig {
    /// The password of the next connection.
    ///
    /// # Errors
    /// When its file cannot be read, or is far too long for one.
    pub(super) fn password(&self) -> io::Result<Option<Secret>> {
        let Some(path) = &self.password_file else { return Ok(None) };
        if std::fs::metadata(path)?.len() > PASSWORD_BYTES_MAX {
            return Err(io::Error::other("it is longer than 4096 bytes"));
        }
        let text = std::fs::read_to_string(path)?;
        Ok(Some(Secret::new(text.trim_end_matches(['\r', '\n']))))
    }
}
