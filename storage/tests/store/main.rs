//! What any metadata store must do, here in SQLite. The files in the first list hold the behaviour of one aggregate each and reach
//! the store through [`backend`] alone; `store_cql` runs the same ones against a CQL server. The others are about the file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod backend;

mod cameras;
mod colliding;
mod drills;
mod facts;
mod footage;
mod log;
mod markers;
mod node;
mod people;
mod values;

mod full_outbox;
mod many_markers;
mod opening;
mod watching;
