//! Second copies of what only one node holds any more: after a node died, a file was damaged, or a node missed what its twin has.
//!
//! ```text
//! index: rows, damage, copies ─▶ plan (pure): what this node lacks, and from whom ─▶ fragments over the media link
//!   ─▶ verified against the index ─▶ `.copies` of a disk, durable ─▶ row of the copy in the index
//! own disks ─▶ looked through, damage booked ─▶ the next round finds what is lacking
//! ```
//!
//! docs/adr/0021. Each node sees to what it lacks itself, so that nobody commands and nothing has to be agreed on. Start reading
//! at [`plan`].

mod copies;
mod in_vain;
mod keeper;
mod look;
mod pace;
mod plan;
#[cfg(test)]
mod plan_tests;
mod round;
mod telemetry;

pub(crate) use look::run as look_through;
pub(crate) use round::{Cell, run};
