use std::fmt;

use eyrie_storage::footage::{SegmentName, SegmentRef, StoredPlace};
use eyrie_types::{CameraId, Epoch, Placement, Slot, TenantId};

/// What all questions for footage begin with.
pub(crate) const PREFIX: &str = "footage";

/// What one node asks of another's footage: the path of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    Reach,
    Tails { tenant: TenantId, camera: CameraId },
    Head(SegmentName),
    Fragment(SegmentName, StoredPlace),
}

impl Question {
    /// Reads a path back; `None` for anything that [`fmt::Display`] would not write.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let read = Self::read(path)?;
        // One question has one spelling.
        (read.to_string() == path).then_some(read)
    }

    fn read(path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix('/')?.split('/');
        if parts.next()? != PREFIX {
            return None;
        }
        let question = match parts.next()? {
            "reach" => Self::Reach,
            "tails" => Self::Tails { tenant: parts.next()?.parse().ok()?, camera: parts.next()?.parse().ok()? },
            "head" => Self::Head(segment(&mut parts)?),
            "fragment" => {
                let name = segment(&mut parts)?;
                let (number, offset) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
                Self::Fragment(name, StoredPlace { number, offset, length: parts.next()?.parse().ok()? })
            }
            _ => return None,
        };
        parts.next().is_none().then_some(question)
    }
}

fn segment<'a>(parts: &mut impl Iterator<Item = &'a str>) -> Option<SegmentName> {
    let (tenant, camera) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let (slot, epoch) = (Slot(parts.next()?.parse().ok()?), Epoch::from_u64(parts.next()?.parse().ok()?)?);
    let SegmentRef { start, segment } = parts.next()?.parse().ok()?;
    Some(SegmentName { placement: Placement { tenant, camera, slot, epoch }, segment, start })
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reach => write!(f, "/{PREFIX}/reach"),
            Self::Tails { tenant, camera } => write!(f, "/{PREFIX}/tails/{}/{camera}", tenant.as_str()),
            Self::Head(name) => write!(f, "/{PREFIX}/head/{}", Named(name)),
            Self::Fragment(name, StoredPlace { number, offset, length }) => {
                write!(f, "/{PREFIX}/fragment/{}/{number}/{offset}/{length}", Named(name))
            }
        }
    }
}

struct Named<'a>(&'a SegmentName);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SegmentName { placement, segment, start } = self.0;
        let Placement { tenant, camera, slot, epoch } = placement;
        let file = SegmentRef { start: *start, segment: *segment };
        write!(f, "{}/{camera}/{}/{}/{file}", tenant.as_str(), slot.0, epoch.as_u64())
    }
}

#[cfg(test)]
mod tests {
    use eyrie_types::{SegmentId, WallTime};
    use proptest::prelude::*;

    use super::*;

    fn name() -> SegmentName {
        let id = |text: &str| text.parse::<uuid::Uuid>().unwrap();
        SegmentName {
            placement: Placement {
                tenant: "acme".parse().unwrap(),
                camera: CameraId::from_uuid(id("0199c2de-0000-7000-8000-000000000001")),
                slot: Slot(1),
                epoch: Epoch::new(1, 7).unwrap(),
            },
            segment: SegmentId::from_uuid(id("0199c2de-0000-7000-8000-000000000002")),
            start: WallTime::from_unix_us(1_767_225_600_123_456),
        }
    }

    #[test]
    fn questions_keep_their_words_from_release_to_release_and_read_back() {
        let place = StoredPlace { number: 3, offset: 4_096, length: 500 };
        let (tenant, camera) = (name().placement.tenant, name().placement.camera);
        let written = [
            Question::Reach,
            Question::Tails { tenant, camera },
            Question::Head(name()),
            Question::Fragment(name(), place),
        ]
        .map(|question| (question.to_string(), question));
        let paths: Vec<_> = written.iter().map(|(path, _)| path.as_str()).collect();
        let named = format!("{}/{}", name().placement.tenant.as_str(), name().placement.camera);
        let file = format!("{named}/1/4294967303/1767225600123456.{}", name().segment);
        assert_eq!(
            paths,
            [
                "/footage/reach".to_owned(),
                format!("/footage/tails/{named}"),
                format!("/footage/head/{file}"),
                format!("/footage/fragment/{file}/3/4096/500"),
            ]
        );
        for (path, question) in written {
            assert_eq!(Question::parse(&path), Some(question));
            for other in [format!("{path}/"), format!("/{path}"), path.to_uppercase(), path.replace("acme", "..")] {
                assert!(Question::parse(&other).is_none() || !path.contains("acme"), "{other}");
            }
        }
        assert_eq!(Question::parse("/footage/head/acme/../../etc/passwd"), None);
    }

    proptest! {
        #[test]
        fn any_path_is_a_question_or_none(path in "(/footage)?(/[a-z0-9./-]{0,40}){0,10}") {
            if let Some(question) = Question::parse(&path) {
                prop_assert_eq!(question.to_string(), path);
            }
        }
    }
}
