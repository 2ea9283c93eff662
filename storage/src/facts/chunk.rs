use std::collections::BTreeMap;

use super::Point;

/// The layout of what follows; a chunk that begins with another byte is a later release's.
const LAYOUT: u8 = 1;

/// The points of one hour (of minutes) or day (of hours), by their place in it. Packed: a byte for the layout, then for each
/// point a byte for its place and [`Point::BYTES`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk<P> {
    /// By place, from 0.
    pub points: BTreeMap<u8, P>,
}

impl<P> Default for Chunk<P> {
    fn default() -> Self {
        Self { points: BTreeMap::new() }
    }
}

impl<P: Point> Chunk<P> {
    /// As bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(1 + self.points.len() * (1 + P::BYTES));
        bytes.push(LAYOUT);
        for (place, point) in &self.points {
            bytes.push(*place);
            point.pack(&mut bytes);
        }
        bytes
    }

    /// What [`Self::encode`] made; `None` for anything else.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (layout, rest) = bytes.split_first()?;
        let entries = rest.chunks_exact(1 + P::BYTES);
        if *layout != LAYOUT || !entries.remainder().is_empty() {
            return None;
        }
        let entries = entries.map(|entry| {
            let (place, point) = entry.split_first()?;
            Some((*place, P::unpack(point)?))
        });
        Some(Self { points: entries.collect::<Option<_>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{NodePoint, StreamPoint};
    use super::*;

    #[test]
    fn points_come_back_at_their_places_and_other_bytes_are_refused() {
        let point =
            StreamPoint { bitrate_bps: 1, lost: 2, fps_centi: 3, gop_centi_s: 4, jitter_deci_ms: 5, viewers: 6 };
        let chunk = Chunk { points: [(0, point), (59, StreamPoint { lost: 9, ..point })].into() };
        let bytes = chunk.encode();
        assert_eq!(bytes.len(), 1 + 2 * 17);
        assert_eq!(Chunk::decode(&bytes), Some(chunk));
        assert_eq!(Chunk::<StreamPoint>::decode(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Chunk::<StreamPoint>::decode(&[2]), None);
        assert_eq!(Chunk::<StreamPoint>::decode(&[]), None);
        let node = NodePoint { cpu_milli: 1, cameras_online: 2, viewers: 3, memory_bytes: 4, ..NodePoint::default() };
        let chunk = Chunk { points: [(23, node)].into() };
        assert_eq!(Chunk::decode(&chunk.encode()), Some(chunk));
    }
}
