//! RTP headers and RTCP sender reports (RFC 3550 clauses 5.1 and 6.4.1).

/// Seconds from 1900, where NTP time begins, to 1970.
const NTP_TO_UNIX_S: u64 = 2_208_988_800;

/// Appends an RTP header.
pub(crate) fn write_header(
    out: &mut Vec<u8>,
    marker: bool,
    payload_type: u8,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
) {
    out.extend_from_slice(&[0x80, u8::from(marker) << 7 | payload_type]);
    out.extend_from_slice(&sequence.to_be_bytes());
    out.extend_from_slice(&timestamp.to_be_bytes());
    out.extend_from_slice(&ssrc.to_be_bytes());
}

/// What a sender report tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SenderReport {
    pub(crate) ssrc: u32,
    /// Wall time, in microseconds since 1970 …
    pub(crate) unix_us: u64,
    /// … and the RTP time of that moment.
    pub(crate) timestamp: u32,
    pub(crate) packets: u32,
    pub(crate) octets: u32,
}

impl SenderReport {
    /// Appends the report and the source description RFC 3550 clause 6.1 demands after it.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        const CNAME: &[u8; 6] = b"camsim";
        let (seconds, us) = (self.unix_us / 1_000_000 + NTP_TO_UNIX_S, self.unix_us % 1_000_000);
        // SR without report blocks: 7 words, of which the length field counts all but one.
        out.extend_from_slice(&[0x80, 200, 0, 6]);
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        out.extend_from_slice(&(seconds as u32).to_be_bytes());
        out.extend_from_slice(&(((us << 32) / 1_000_000) as u32).to_be_bytes());
        for word in [self.timestamp, self.packets, self.octets] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        // SDES with one chunk: SSRC, CNAME item (type 1), and zeros up to a word (at least one, which ends the chunk).
        out.extend_from_slice(&[0x81, 202, 0, 4]);
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        out.extend_from_slice(&[1, CNAME.len() as u8]);
        out.extend_from_slice(CNAME);
        out.extend_from_slice(&[0; 4]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_fills_whole_words_and_its_lengths_agree() {
        let mut bytes = Vec::new();
        SenderReport { ssrc: 1, unix_us: 1_500_000, timestamp: 2, packets: 3, octets: 4 }.write(&mut bytes);
        assert_eq!(bytes.len(), 28 + 20);
        assert_eq!(&bytes[8..16], &[0x83, 0xaa, 0x7e, 0x81, 0x80, 0, 0, 0], "1970-01-01T00:00:01.5Z in NTP time");
        assert_eq!(bytes[28 + 3], 4);
    }
}
