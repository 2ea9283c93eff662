/// What was measured where it was worst.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Worst {
    /// In the measure's unit.
    pub(crate) measured: u64,
    /// Where, in words; empty where that means nothing.
    pub(crate) text: String,
}
