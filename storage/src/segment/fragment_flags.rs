/// Decoding can start in it.
const STARTS_GOP: u8 = 1;
/// It is never to be joined to the one before.
const DISCONTINUITY: u8 = 2;

/// What is told of a fragment in two bits, the same in its header, in the footer's table and in the index; the other bits are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FragmentFlags {
    pub(crate) starts_gop: bool,
    pub(crate) discontinuity: bool,
}

impl FragmentFlags {
    pub(crate) fn bits(self) -> u8 {
        let bit = |set: bool, bit: u8| if set { bit } else { 0 };
        bit(self.starts_gop, STARTS_GOP) | bit(self.discontinuity, DISCONTINUITY)
    }

    /// `None` where other bits are set.
    pub(crate) fn read(bits: u32) -> Option<Self> {
        let bits = u8::try_from(bits).ok().filter(|bits| bits & !(STARTS_GOP | DISCONTINUITY) == 0)?;
        Some(Self { starts_gop: bits & STARTS_GOP != 0, discontinuity: bits & DISCONTINUITY != 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_bits_are_read_back_and_others_refused() {
        for bits in 0..4 {
            assert_eq!(FragmentFlags::read(bits).map(FragmentFlags::bits), Some(bits as u8));
        }
        assert_eq!(FragmentFlags::read(1).map(|flags| (flags.starts_gop, flags.discontinuity)), Some((true, false)));
        assert!([4, 128, 256, 1 << 31].into_iter().all(|bits| FragmentFlags::read(bits).is_none()));
    }
}
