//! The configuration: one table of keys, read from a TOML file, the environment and flags, and turned once into typed values.

mod cluster;
mod error;
mod key;
mod layers;
mod redis;
mod reference;
mod typed;

pub(crate) use cluster::ClusterPeers;
pub(crate) use error::ConfigError;
pub(crate) use reference::reference;
pub(crate) use typed::{Config, LogFormat};
