//! Drill files: YAML in, a [`Drill`](super::Drill) or every mistake with its line and what to do about it out.
//!
//! `located` reads YAML into values that know their lines, `fields` takes them apart, a `read_` file each makes one part of a
//! drill, and `check` looks at the whole.

mod check;
mod duration;
mod fields;
mod limits;
mod located;
mod mistake;
mod overlap;
mod plural;
mod read_drill;
mod read_fault;
mod read_faults;
mod read_limits;
mod read_probes;
mod read_target;

pub use duration::{duration_of, duration_text};
pub use limits::{FILE_BYTES_MAX, MISTAKES_MAX, NAME_CHARS_MAX, ROUND_FAULTS_MAX};
pub use mistake::{DrillFileError, Mistake};
pub(super) use overlap::nodes_down_at_once;
pub(super) use plural::plural;
pub use read_drill::read_drill;
