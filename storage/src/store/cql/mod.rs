//! The store in a CQL cluster: ScyllaDB, or Apache Cassandra. The same methods as on SQLite, each aggregate in the file of the same
//! name. What differs, and why:
//!
//! - **Partitions are bounded**, and every query names its partition; there is no `ALLOW FILTERING` and no secondary index. What
//!   SQLite finds with an index is a row of its own here, written beside the row it leads to; who follows it looks at the row
//!   itself, so that one too many is only a detour. Which partitions there are stands in [`directories`].
//! - **No transaction spans partitions.** Where one change is several rows (a camera and its event), the conditional write of the
//!   first carries an *intent*: what is still to be written. It is carried out at once, and after a crash by whoever next meets
//!   it. Everything else is written so that doing it twice, or in another order, comes to the same.
//! - **Order without locks**: where the latest must win whatever the network does, the write's timestamp is the thing that rises
//!   (fragments of a growing segment, revision, end), not the time.
//! - **Lightweight transactions** only where the interface promises uniqueness or compare-and-set. A table is written by them or
//!   without them, never both: their timestamps come from different clocks.
//!
//! Start reading at [`cql`]; `schema/cql/` holds the tables.

mod append;
mod audit;
mod camera_bulk;
mod camera_follow;
mod camera_list;
mod camera_settle;
pub(crate) mod cameras;
pub(crate) mod cells;
mod config;
mod connect;
mod copies;
#[allow(clippy::module_inception, reason = "the file is named after the type")]
pub(crate) mod cql;
mod day_rollups;
pub(crate) mod deletions;
mod directories;
mod drills;
mod facts;
mod fragments;
pub(crate) mod incidents;
mod keys;
mod layouts;
mod ledger_rows;
mod logins;
mod marker_list;
pub(crate) mod markers;
mod migrations;
mod node;
mod outbox;
mod second_copies;
mod segment_walk;
pub(crate) mod segments;
pub(crate) mod sessions;
mod signing_keys;
pub(crate) mod sites;
mod spec_history;
mod statements;
mod tls;
pub(crate) mod users;

pub use config::{CqlConfig, Replication};
pub(super) use cql::Cql;
pub use tls::CqlTls;
