use std::path::PathBuf;

use eyrie_storage::shared::{RedisAddress, RedisConfig};

use super::error::ConfigError;
use super::layers::{Layers, parse_as};

/// Most characters of a user name or a prefix: they are sent with each connection and each key.
const CHARS_MAX: usize = 64;

/// Which Redis the nodes share; `None` when none is configured.
///
/// # Errors
/// When a value cannot be taken, or is set without an address.
pub(super) fn from_layers(layers: &Layers) -> Result<Option<RedisConfig>, ConfigError> {
    let address = layers.get("redis.url", |text| text.parse::<RedisAddress>())?;
    let username = layers.get("redis.username", username)?;
    let password_file = layers.get("redis.password_file", parse_as::<PathBuf>("a path"))?;
    let prefix = layers.get("redis.prefix", prefix)?.ok_or_else(|| layers.bad("redis.prefix", "must not be empty"))?;
    let Some(address) = address else {
        return match (&username, &password_file) {
            (None, None) => Ok(None),
            (Some(_), _) => Err(layers.missing("redis.url", "redis.username")),
            (None, Some(_)) => Err(layers.missing("redis.url", "redis.password_file")),
        };
    };
    if username.is_some() && password_file.is_none() {
        return Err(layers.missing("redis.password_file", "redis.username"));
    }
    if let Some(file) = &password_file {
        let reason = |error| layers.bad("redis.password_file", format!("{}: {error}", file.display()));
        std::fs::metadata(file).map_err(reason)?;
    }
    Ok(Some(RedisConfig { address, username, password_file, prefix }))
}

fn username(text: &str) -> Result<String, String> {
    let fits = text.len() <= CHARS_MAX && text.chars().all(|c| c.is_ascii_graphic());
    if fits { Ok(text.to_owned()) } else { Err(format!("{text:?} is not the name of a Redis user")) }
}

fn prefix(text: &str) -> Result<String, String> {
    let fits = text.len() <= CHARS_MAX && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if fits { Ok(text.to_owned()) } else { Err(format!("{text:?} is not up to 64 of a-z, A-Z, 0-9, '-', '_' and '.'")) }
}
