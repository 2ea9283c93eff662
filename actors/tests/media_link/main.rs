//! Media between two processes over real sockets: what is asked and answered, and peers that stand still, stop reading or speak
//! something else.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests measure how long things take, and children answer"
)]

mod answers;
mod child;
mod faults;
