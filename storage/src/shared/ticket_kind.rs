use std::time::Duration;

/// A kind of single-use tickets.
#[derive(Debug, Clone, Copy)]
pub struct TicketKind {
    /// What they are for, such as `ws`: a part of key names, so a word.
    pub kind: &'static str,
    /// How long one waits to be used.
    pub good_for: Duration,
    /// Most that wait; no more are issued until one is used or runs out.
    pub waiting_max: u32,
}
