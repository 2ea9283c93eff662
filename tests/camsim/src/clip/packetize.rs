//! Cuts coded units into RTP payloads: RFC 6184 (H.264) clauses 5.6 and 5.8, RFC 7798 (H.265) clauses 4.4.1 and 4.4.3, RFC 3640
//! clause 3.3.6 (AAC-hbr), RFC 3551 (G.711).

use std::ops::Range;

use super::VideoCodec;

/// The largest RTP payload: with RTP, UDP and IPv6 headers it fits an Ethernet frame, and it leaves room for a tunnel.
pub(super) const PAYLOAD_BYTES_MAX: usize = 1_400;

/// One RTP payload: a few bytes of its own, then a stretch of the clip's shared bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    prefix: [u8; 4],
    prefix_len: u8,
    /// Where the rest lies in the clip's bytes.
    pub(crate) body: Range<usize>,
}

impl Packet {
    fn new(prefix: &[u8], body: Range<usize>) -> Self {
        let mut bytes = [0; 4];
        bytes[..prefix.len()].copy_from_slice(prefix);
        Self { prefix: bytes, prefix_len: prefix.len() as u8, body }
    }

    /// The bytes before the body.
    pub(crate) fn prefix(&self) -> &[u8] {
        &self.prefix[..usize::from(self.prefix_len)]
    }

    /// Length of the payload.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        usize::from(self.prefix_len) + self.body.len()
    }
}

/// Whether a NAL unit with this first byte holds a part of a picture (VCL).
pub(super) fn is_vcl(codec: VideoCodec, first: u8) -> bool {
    match codec {
        VideoCodec::H264 => (1..=5).contains(&(first & 0x1f)),
        VideoCodec::H265 => (first >> 1) & 0x3f < 32,
    }
}

/// Cuts the NAL unit at `nal` of `data`, in one packet or in fragmentation units. A NAL unit shorter than its
/// header yields nothing.
pub(super) fn nal(codec: VideoCodec, data: &[u8], nal: Range<usize>, out: &mut Vec<Packet>) {
    let header_len = match codec {
        VideoCodec::H264 => 1,
        VideoCodec::H265 => 2,
    };
    if nal.len() <= header_len {
        return;
    }
    if nal.len() <= PAYLOAD_BYTES_MAX {
        out.push(Packet::new(&[], nal));
        return;
    }
    let header = &data[nal.start..nal.start + header_len];
    let mut at = nal.start + header_len;
    while at < nal.end {
        let end = nal.end.min(at + PAYLOAD_BYTES_MAX - header_len - 1);
        let start_bit = if at == nal.start + header_len { 0x80 } else { 0 };
        let end_bit = if end == nal.end { 0x40 } else { 0 };
        out.push(match header {
            // FU-A: indicator (type 28), then the FU header.
            [first] => Packet::new(&[first & 0xe0 | 28, start_bit | end_bit | first & 0x1f], at..end),
            // FU: the payload header with type 49, then the FU header.
            [first, second, ..] => {
                Packet::new(&[first & 0x81 | 49 << 1, *second, start_bit | end_bit | (first >> 1) & 0x3f], at..end)
            }
            [] => return,
        });
        at = end;
    }
}

/// One AAC frame: AU-headers-length (16 bits), one AU-header of 13 bits size and 3 bits index. Frames are at most 8,191 bytes by
/// the field's width; ours are far shorter.
pub(super) fn aac_frame(body: Range<usize>) -> Packet {
    let size = (body.len().min(0x1fff) as u16) << 3;
    let [high, low] = size.to_be_bytes();
    Packet::new(&[0, 16, high, low], body)
}

/// One packet of G.711.
pub(super) fn g711(body: Range<usize>) -> Packet {
    Packet::new(&[], body)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Undoes fragmentation as a receiver does.
    fn rejoin(codec: VideoCodec, data: &[u8], packets: &[Packet]) -> Vec<u8> {
        let mut out = Vec::new();
        for (i, packet) in packets.iter().enumerate() {
            assert!(packet.len() <= PAYLOAD_BYTES_MAX);
            let prefix = packet.prefix();
            let fu = prefix[prefix.len() - 1];
            assert_eq!(fu & 0x80 != 0, i == 0, "start bit");
            assert_eq!(fu & 0x40 != 0, i == packets.len() - 1, "end bit");
            if i == 0 {
                match codec {
                    VideoCodec::H264 => out.push(prefix[0] & 0xe0 | fu & 0x1f),
                    VideoCodec::H265 => out.extend([prefix[0] & 0x81 | (fu & 0x3f) << 1, prefix[1]]),
                }
            }
            out.extend_from_slice(&data[packet.body.clone()]);
        }
        out
    }

    #[test]
    fn a_long_nal_unit_survives_fragmentation() {
        for (codec, header) in [(VideoCodec::H264, &[0x65][..]), (VideoCodec::H265, &[19 << 1, 1])] {
            for len in [PAYLOAD_BYTES_MAX + 1, 2 * (PAYLOAD_BYTES_MAX - 2) + 1, 5_000] {
                let mut data = header.to_vec();
                data.extend((header.len()..len).map(|i| i as u8));
                let mut packets = Vec::new();
                nal(codec, &data, 0..len, &mut packets);
                assert_eq!(rejoin(codec, &data, &packets), data, "{codec:?} {len}");
            }
        }
    }

    #[test]
    fn a_short_nal_unit_goes_alone_and_an_empty_one_not_at_all() {
        let mut packets = Vec::new();
        nal(VideoCodec::H264, &[0x67, 1, 2], 0..3, &mut packets);
        nal(VideoCodec::H264, &[], 0..0, &mut packets);
        assert_eq!(packets, [Packet::new(&[], 0..3)]);
    }
}
