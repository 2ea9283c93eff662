//! Shared state in Redis, through `fred`. One connection carries commands and, in RESP3, what other nodes say. The keeper makes
//! it, proves it good once a second with a write and a message to itself, and makes the next one when it is not; while there is
//! none, commands fail at once. fred's own reconnecting is off: there is one place that decides.

mod address;
mod backend;
mod config;
mod connection;
mod keeper;
mod key_names;
mod line;
mod scripts;
mod trouble;

pub use address::RedisAddress;
pub(super) use backend::Redis;
pub use config::RedisConfig;
