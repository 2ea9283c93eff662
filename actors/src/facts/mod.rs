//! Stream facts: what cameras send and how the node does, now and over time.
//!
//! The ingest measures with plain fields of its own and publishes once a second; the *facts sampler* looks at what was
//! published once a second and keeps the last hour in memory; the *facts writer* takes whole minutes from there into the
//! store. The media path never waits for either. What a crash loses is the minute under way.

mod board;
mod elsewhere;
mod history;
mod meter;
mod node_load;
mod recent;
mod sampler;
mod verdict;
mod writer;

pub(crate) use board::FactsBoard;
pub use board::StreamFacts;
pub(crate) use history::{combine, from_step};
pub(crate) use meter::{Measured, StreamMeter};
pub use verdict::{Level, Reason, ReasonCode, Verdict};
pub(crate) use {elsewhere::run as exchange_viewers, sampler::run as sample, writer::run as write};
