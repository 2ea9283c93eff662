//! What any metadata store must do, here in Apache Cassandra: the same files as for SQLite, and what only a cluster does.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod backend;

#[path = "../store/cameras.rs"]
mod cameras;
#[path = "../store/colliding.rs"]
mod colliding;
#[path = "../store/drills.rs"]
mod drills;
#[path = "../store/facts.rs"]
mod facts;
#[path = "../store/footage.rs"]
mod footage;
#[path = "../store/log.rs"]
mod log;
#[path = "../store/markers.rs"]
mod markers;
#[path = "../store/node.rs"]
mod node;
#[path = "../store/people.rs"]
mod people;
#[path = "../store/values.rs"]
mod values;

mod cluster;
mod following;
mod moving;
mod outage;
mod schema;
mod tls;
