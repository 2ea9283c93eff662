use std::fmt::Write;

use eyrie_types::Epoch;

/// Media sequence numbers of a live placement start at its ordinal times two to this power.
pub const ORDINAL_SHIFT: u32 = 24;

/// Discontinuity sequence numbers of a live placement start at its ordinal times two to this power. They must stay small:
/// hls.js keeps an array with a place for each number from 0 on and walks through it at every playlist, which at 2²⁴ takes a
/// fifth of a second of the page's only thread (docs/adr/0005). A placement with more streams than that runs into the numbers of
/// the next one.
pub const DISCONTINUITY_SHIFT: u32 = 7;

const MEDIA_SEQUENCE: &str = "#EXT-X-MEDIA-SEQUENCE:";
const DISCONTINUITY_SEQUENCE: &str = "#EXT-X-DISCONTINUITY-SEQUENCE:";

/// The ordinal of the live placement that `epoch` is of: even, and greater than that of every earlier one of its camera, for the
/// counts of a cell's epochs rise. The odd one after it is for a twin of an earlier epoch that takes over ([`lift`]).
pub fn ordinal_of(epoch: Epoch) -> u64 {
    2 * u64::from(epoch.counter())
}

/// A media playlist of the placement with the ordinal `from`, numbered as of the ordinal `to`, which is not less: a player that
/// comes from another placement must never see numbers fall (RFC 8216 section 6.2.2). Names stay what they are.
pub fn lift(playlist: &str, from: u64, to: u64) -> String {
    let ordinals = to.saturating_sub(from);
    let mut lifted = String::with_capacity(playlist.len() + 16);
    for line in playlist.lines() {
        let raised = raised(line, MEDIA_SEQUENCE, ordinals << ORDINAL_SHIFT)
            .or_else(|| raised(line, DISCONTINUITY_SEQUENCE, ordinals << DISCONTINUITY_SHIFT));
        let _ = match raised {
            Some((tag, number)) => writeln!(lifted, "{tag}{number}"),
            None => writeln!(lifted, "{line}"),
        };
    }
    lifted
}

fn raised<'a>(line: &str, tag: &'a str, by: u64) -> Option<(&'a str, u64)> {
    Some((tag, line.strip_prefix(tag)?.parse::<u64>().ok()?.saturating_add(by)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_are_even_and_rise_with_the_counts_of_a_cell() {
        let ordinal = |counter| ordinal_of(Epoch::new(3, counter).unwrap());
        assert_eq!((ordinal(1), ordinal(2)), (2, 4));
        assert!(ordinal(1 << 27) << ORDINAL_SHIFT < 1 << 53, "players count in double precision");
    }

    #[test]
    fn a_lifted_playlist_counts_on_from_another_placement_and_names_what_it_named() {
        let text = "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:67108870\n#EXT-X-DISCONTINUITY-SEQUENCE:513\n1-2/s67108870.m4s\n";
        let lifted = lift(text, 4, 9);
        let (sequence, discontinuity) = ((9 << ORDINAL_SHIFT) + 6, (9 << DISCONTINUITY_SHIFT) + 1);
        assert_eq!(
            lifted,
            format!(
                "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:{sequence}\n#EXT-X-DISCONTINUITY-SEQUENCE:{discontinuity}\n\
                 1-2/s67108870.m4s\n"
            )
        );
        assert_eq!(lift(text, 4, 4), text);
    }
}
