/// Continues 32-bit RTP timestamps (RFC 3550 section 5.1) past their wrap: a step of less than half the range, either way, is
/// taken for what it says.
#[derive(Debug, Clone, Copy, Default)]
pub struct RtpUnwrapper {
    last: Option<i64>,
}

impl RtpUnwrapper {
    /// The timestamp on a line that does not wrap. The first is itself.
    pub fn unwrap(&mut self, timestamp: u32) -> i64 {
        let unwrapped = match self.last {
            None => i64::from(timestamp),
            Some(last) => last.saturating_add(i64::from(timestamp.wrapping_sub(last as u32) as i32)),
        };
        self.last = Some(unwrapped);
        unwrapped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_runs_on_through_the_wrap_and_back_for_b_frames() {
        let mut rtp = RtpUnwrapper::default();
        let times = [u32::MAX - 10, 9, u32::MAX - 5, 20].map(|t| rtp.unwrap(t));
        let start = i64::from(u32::MAX) - 10;
        assert_eq!(times, [start, start + 20, start + 5, start + 31]);
    }
}
