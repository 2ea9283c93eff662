//! What any metadata store must do. Each file holds the behaviour of one aggregate and reaches the store through [`backend`]
//! alone, so a second backend runs the same suite by opening itself there.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

mod backend;
mod cameras;
mod facts;
mod footage;
mod log;
mod markers;
mod node;
mod opening;
mod people;
mod values;
