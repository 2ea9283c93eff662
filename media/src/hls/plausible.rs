use super::LiveRequest;
use crate::mp4_file::top_level_box;

/// Boxes of one answer: a segment has one `moof` and one `mdat` a part, and a part lasts 100 ms at least.
const BOXES_MAX: usize = 4096;

/// Whether `bytes` can be the answer to `request`: a playlist that ends with a line, an init segment, or whole fragments. For
/// whoever has them from somewhere else; what the pictures show, nobody can tell.
pub fn is_plausible(request: &LiveRequest, bytes: &[u8]) -> bool {
    match request {
        LiveRequest::Multivariant | LiveRequest::Media(_) => {
            bytes.starts_with(b"#EXTM3U\n") && bytes.ends_with(b"\n") && std::str::from_utf8(bytes).is_ok()
        }
        LiveRequest::Init { .. } => kinds(bytes).is_some_and(|kinds| kinds == [*b"ftyp", *b"moov"]),
        LiveRequest::Segment { .. } | LiveRequest::Part { .. } => kinds(bytes).is_some_and(|kinds| {
            let whole = kinds.chunks(2).all(|pair| pair == [*b"moof", *b"mdat"]);
            !kinds.is_empty() && whole
        }),
    }
}

/// The types of the boxes that `bytes` consists of, to the last byte.
fn kinds(bytes: &[u8]) -> Option<Vec<[u8; 4]>> {
    let (mut kinds, mut offset, length) = (Vec::new(), 0, bytes.len() as u64);
    while offset < length {
        let found = top_level_box(bytes.get(usize::try_from(offset).ok()?..)?, offset, length).ok()?;
        if kinds.len() == BOXES_MAX {
            return None;
        }
        kinds.push(found.kind);
        offset = found.body.end;
    }
    Some(kinds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hls::Reload;

    fn boxed(kind: &[u8; 4], body: usize) -> Vec<u8> {
        let size = u32::try_from(8 + body).unwrap().to_be_bytes();
        [&size[..], kind, &vec![7; body]].concat()
    }

    #[test]
    fn what_is_whole_is_taken_and_what_is_cut_or_something_else_is_not() {
        let part = [boxed(b"moof", 30), boxed(b"mdat", 500)].concat();
        let wants = [LiveRequest::Segment { msn: 1 }, LiveRequest::Part { msn: 1, part: 0 }];
        for wanted in &wants {
            assert!(is_plausible(wanted, &part) && is_plausible(wanted, &part.repeat(3)));
            for cut in 0..part.len() {
                assert!(!is_plausible(wanted, &part[..cut]), "cut at {cut}");
            }
            for wrong in [&part[38..], &part[..38], b"<html>", &boxed(b"moov", 9), &[part.clone(), vec![0; 3]].concat()]
            {
                assert!(!is_plausible(wanted, wrong));
            }
        }
        let init = [boxed(b"ftyp", 16), boxed(b"moov", 100)].concat();
        let wanted = LiveRequest::Init { stream_sequence: 1 };
        assert!(is_plausible(&wanted, &init) && !is_plausible(&wanted, &part) && !is_plausible(&wanted, &init[..100]));
        for wanted in [LiveRequest::Multivariant, LiveRequest::Media(Reload::default())] {
            assert!(is_plausible(&wanted, b"#EXTM3U\n#EXT-X-VERSION:9\n"));
            for wrong in [&b""[..], b"#EXTM3U", b"#EXTM3U\n#EXT-X", b"\xff#EXTM3U\n", b"#EXTM3U\n\xff\n", &part] {
                assert!(!is_plausible(&wanted, wrong));
            }
        }
    }

    #[test]
    fn no_more_boxes_than_any_answer_has() {
        let wanted = LiveRequest::Segment { msn: 1 };
        let pair = [boxed(b"moof", 0), boxed(b"mdat", 0)].concat();
        assert!(is_plausible(&wanted, &pair.repeat(BOXES_MAX / 2)));
        assert!(!is_plausible(&wanted, &pair.repeat(BOXES_MAX / 2 + 1)));
    }
}
