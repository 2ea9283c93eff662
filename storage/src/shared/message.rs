use eyrie_types::NodeId;
use uuid::Uuid;

/// Longest body of a message, in bytes: what nodes tell one another is short.
pub(super) const BODY_BYTES_MAX: usize = 8 * 1024;
/// The version of the frame below. Nodes of another release may say what we do not understand: that is skipped, and counted.
const VERSION: u8 = 1;

/// What one node tells the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) from: NodeId,
    pub(super) subject: String,
    pub(super) body: Vec<u8>,
}

impl Message {
    /// ```text
    /// version 1 | node 16 | length of subject 1 | subject | body
    /// ```
    /// `None` when subject or body is too long.
    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        let length = u8::try_from(self.subject.len()).ok()?;
        if self.body.len() > BODY_BYTES_MAX {
            return None;
        }
        let mut bytes = Vec::with_capacity(18 + self.subject.len() + self.body.len());
        bytes.push(VERSION);
        bytes.extend(self.from.as_uuid().as_bytes());
        bytes.push(length);
        bytes.extend(self.subject.as_bytes());
        bytes.extend(&self.body);
        Some(bytes)
    }

    /// Reads what [`Message::encode`] wrote; `None` for anything else.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (&VERSION, rest) = bytes.split_first()? else { return None };
        let (node, rest) = rest.split_first_chunk::<16>()?;
        let (length, rest) = rest.split_first()?;
        let (subject, body) = rest.split_at_checked(usize::from(*length))?;
        if body.len() > BODY_BYTES_MAX {
            return None;
        }
        let subject = std::str::from_utf8(subject).ok()?.to_owned();
        Some(Self { from: NodeId::from_uuid(Uuid::from_bytes(*node)), subject, body: body.to_vec() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_bytes_are_those_of_every_release() {
        let from = NodeId::from_uuid(Uuid::from_bytes([7; 16]));
        let message = Message { from, subject: "revocation".to_owned(), body: b"{}".to_vec() };
        let bytes = message.encode().unwrap();
        assert_eq!(hex::encode(&bytes), "01070707070707070707070707070707070a7265766f636174696f6e7b7d");
        assert_eq!(Message::decode(&bytes), Some(message));
    }

    #[test]
    fn what_is_too_long_is_not_sent() {
        let from = NodeId::from_uuid(Uuid::from_bytes([7; 16]));
        let message = |subject: usize, body: usize| Message { from, subject: "s".repeat(subject), body: vec![0; body] };
        assert!(message(255, BODY_BYTES_MAX).encode().is_some());
        assert!(message(256, 0).encode().is_none() && message(1, BODY_BYTES_MAX + 1).encode().is_none());
    }

    proptest! {
        #[test]
        fn hostile_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Some(message) = Message::decode(&bytes) {
                prop_assert_eq!(message.encode(), Some(bytes));
            }
        }
    }
}
