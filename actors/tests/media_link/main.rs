//! Media between two processes over real sockets: what is asked and answered, and peers that stand still, stop reading or speak
//! something else.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod answers;
mod child;
mod faults;
