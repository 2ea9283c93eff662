/// What was measured over one step of time.
pub trait Point: Copy + Send + 'static {
    /// Bytes of one when packed.
    const BYTES: usize;

    /// One point for the time of all of `points`; `None` for none.
    fn merge(points: &[Self]) -> Option<Self>;

    /// Appends exactly [`Self::BYTES`], little-endian.
    fn pack(&self, to: &mut Vec<u8>);

    /// Reads what [`Self::pack`] wrote; `None` for any other length.
    fn unpack(bytes: &[u8]) -> Option<Self>;
}

/// Takes `N` bytes off the front.
pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*head)
}

/// The mean of what `of` reads of each point, rounded; 0 for none.
pub(super) fn mean<P>(points: &[P], of: impl Fn(&P) -> u64) -> u64 {
    let count = points.len().max(1) as u128;
    let sum: u128 = points.iter().map(|point| u128::from(of(point))).sum();
    ((sum + count / 2) / count) as u64
}
