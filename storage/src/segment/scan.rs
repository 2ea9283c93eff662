use eyrie_types::FragmentEntry;

use super::boxes::{self, Kind};
use super::{FRAGMENTS_MAX, Footer, FormatError, FragmentHead, MerkleBuilder, SegmentError, SegmentReader};

/// How a scan ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanEnd {
    /// At a sound footer that tells of the very fragments found.
    Closed,
    /// At the end of the file, right behind a fragment.
    Unclosed,
    /// At something that is neither a whole fragment nor a footer: what a crash in the middle of a write leaves, or damage.
    Damaged {
        /// What is wrong there.
        reason: FormatError,
    },
}

/// What a walk over a segment file found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The sound fragments before the end, in order.
    pub fragments: Vec<FragmentEntry>,
    /// The first byte behind them.
    pub bytes: u64,
    /// RFC 6962 root over their leaves.
    pub merkle_root: [u8; 32],
    /// What stands there.
    pub end: ScanEnd,
}

pub(super) fn scan(reader: &SegmentReader, verify_from: u64) -> Result<Scan, SegmentError> {
    let file_bytes = reader.bytes()?;
    let mut merkle = MerkleBuilder::default();
    let mut scan = Scan {
        fragments: Vec::new(),
        bytes: reader.head().fragments_offset(),
        merkle_root: merkle.root(),
        end: ScanEnd::Unclosed,
    };
    if file_bytes < scan.bytes {
        scan.end = ScanEnd::Damaged { reason: FormatError::Truncated("init segment") };
        return Ok(scan);
    }
    while scan.bytes < file_bytes {
        let entry = match next_fragment(reader, &scan, file_bytes)? {
            Next::Fragment(entry) => entry,
            Next::Footer(footer) => {
                let same = footer.fragments == scan.fragments;
                let reason = FormatError::Entry(first_difference(&footer.fragments, &scan.fragments));
                scan.end = if same { ScanEnd::Closed } else { ScanEnd::Damaged { reason } };
                break;
            }
            Next::Damage(reason) => {
                scan.end = ScanEnd::Damaged { reason };
                break;
            }
        };
        if entry.offset >= verify_from
            && let Err(error) = reader.verify_stored(&entry)
        {
            match error {
                SegmentError::Format { source, .. } => scan.end = ScanEnd::Damaged { reason: source },
                other => return Err(other),
            }
            break;
        }
        scan.bytes += u64::from(entry.length);
        merkle.push(&entry.leaf);
        scan.fragments.push(entry);
    }
    scan.merkle_root = merkle.root();
    Ok(scan)
}

enum Next {
    Fragment(FragmentEntry),
    Footer(Footer),
    Damage(FormatError),
}

fn next_fragment(reader: &SegmentReader, scan: &Scan, file_bytes: u64) -> Result<Next, SegmentError> {
    let at = scan.bytes;
    let left = file_bytes - at;
    let Some(box_head) = reader.read(at, boxes::UUID_BOX_HEAD)? else {
        return Ok(Next::Damage(FormatError::Truncated("fragment header")));
    };
    if let Ok(size) = boxes::check_uuid_box_head(Kind::Footer, &box_head) {
        // The footer is the last thing in the file, and no longer than a footer can be.
        let whole = u64::from(size) == left && size as usize <= Footer::LENGTH_MAX;
        let bytes = if whole { reader.read(at, size as usize)? } else { None };
        let footer = bytes.ok_or(FormatError::Truncated("footer")).and_then(|bytes| reader.parse_footer(&bytes, at));
        return Ok(footer.map_or_else(Next::Damage, Next::Footer));
    }
    // A segment holds FRAGMENTS_MAX at most, so their count fits.
    let number = scan.fragments.len() as u32;
    let Some(bytes) = reader.read(at, FragmentHead::LENGTH)? else {
        return Ok(Next::Damage(FormatError::Truncated("fragment header")));
    };
    let head = FragmentHead::parse(&bytes)
        .and_then(|head| head.check_place(reader.head(), reader.binding(), number).map(|()| head));
    Ok(match head {
        Err(reason) => Next::Damage(reason),
        Ok(_) if number >= FRAGMENTS_MAX => Next::Damage(FormatError::SegmentFull(number)),
        Ok(head) if u64::from(head.entry(at).length) > left => Next::Damage(FormatError::Truncated("fragment")),
        Ok(head) => Next::Fragment(head.entry(at)),
    })
}

/// The first fragment at which two tables differ.
fn first_difference(a: &[FragmentEntry], b: &[FragmentEntry]) -> u32 {
    a.iter().zip(b).take_while(|(a, b)| a == b).count() as u32
}
