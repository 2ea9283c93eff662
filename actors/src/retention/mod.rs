//! How long recordings are kept: the service that deletes what the rules allow, oldest first, before a disk gets full.
//!
//! rows, rules and room → [`plan`] (pure) → marked in the store, out of the index → file deleted → key shredded, mark removed.
//! A crash anywhere in between leaves marks, from which the next start goes on.

mod age_clock;
mod finish;
mod inventory;
mod outlook;
mod plan;
#[cfg(test)]
mod plan_tests;
mod room;
mod round;

pub(crate) use finish::finish_on;
pub(crate) use finish::retire;
pub use outlook::RetentionOutlook;
pub(crate) use round::run;
