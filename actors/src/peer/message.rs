use std::fmt;

use eyrie_types::{CellId, NodeId};
use serde::{Deserialize, Serialize};

use super::PeerError;

/// Oldest protocol between nodes that this release speaks.
pub const PROTOCOL_MIN: u16 = 1;
/// Newest protocol between nodes that this release speaks. Raised by one with each change of a message; one release back is
/// always understood.
pub const PROTOCOL_MAX: u16 = 2;
/// The first protocol with [`Purpose::Media`]: to an earlier one, such a greeting is no greeting.
pub const PROTOCOL_OF_MEDIA: u16 = 2;

/// Longest text of a refusal, in bytes.
const REFUSAL_TEXT_BYTES_MAX: usize = 300;

/// What a connection between nodes is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Purpose {
    /// Raft's requests and answers.
    Raft,
    /// A session of actors.
    Actors,
    /// Media, as HTTP/2; since protocol 2.
    Media,
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Raft => "raft",
            Self::Actors => "actors",
            Self::Media => "media",
        })
    }
}

/// The greeting of either side, after both have proved the secret.
///
/// The first two fields stay what they are in every version: they are read even when no version is common. Later versions
/// append fields; what follows the known ones is ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerHello {
    /// Oldest protocol spoken.
    pub protocol_min: u16,
    /// Newest protocol spoken.
    pub protocol_max: u16,
    /// The cell, when known.
    pub cell: Option<CellId>,
    /// The node.
    pub node: NodeId,
    /// The number of its start.
    pub start: u64,
    /// A random number of this process: tells two processes apart that have one id and one start number.
    pub instance: u64,
    /// Its name for people.
    pub name: String,
    /// What the connection is for.
    pub purpose: Purpose,
}

/// Why a peer is turned away. On the wire it is a number, so that a later version's reasons do not confuse an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RefusalReason {
    /// TCP or TLS failed.
    Transport,
    /// The handshake took too long.
    TooSlow,
    /// The connection ended within the handshake.
    Closed,
    /// Bytes that are no message.
    Malformed,
    /// The proof of the secret is wrong.
    WrongSecret,
    /// A node of another cell.
    WrongCell,
    /// No common protocol version.
    Protocol,
    /// Another node than expected.
    WrongNode,
    /// A connection of a node with itself.
    Myself,
    /// Two processes with one node id.
    TwoNodesOneId,
    /// A process replaced by a later start of its node.
    OldStart,
    /// No room, or nobody who would take the connection.
    Busy,
    /// A reason this version does not know.
    Other,
}

impl RefusalReason {
    const ALL: [(Self, u16, &'static str); 13] = [
        (Self::Transport, 1, "transport"),
        (Self::TooSlow, 2, "too_slow"),
        (Self::Closed, 3, "closed"),
        (Self::Malformed, 4, "malformed"),
        (Self::WrongSecret, 5, "wrong_secret"),
        (Self::WrongCell, 6, "wrong_cell"),
        (Self::Protocol, 7, "protocol"),
        (Self::WrongNode, 8, "wrong_node"),
        (Self::Myself, 9, "myself"),
        (Self::TwoNodesOneId, 10, "two_nodes_one_id"),
        (Self::OldStart, 11, "old_start"),
        (Self::Busy, 12, "busy"),
        (Self::Other, u16::MAX, "other"),
    ];

    /// Its name in metrics and logs.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(reason, ..)| *reason == self).map_or("other", |(.., name)| name)
    }

    fn code(self) -> u16 {
        Self::ALL.iter().find(|(reason, ..)| *reason == self).map_or(u16::MAX, |(_, code, _)| *code)
    }

    fn from_code(code: u16) -> Self {
        Self::ALL.iter().find(|(_, known, _)| *known == code).map_or(Self::Other, |(reason, ..)| *reason)
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A "no" with a reason for programs and one for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refusal {
    code: u16,
    protocol_min: u16,
    protocol_max: u16,
    text: String,
}

impl Refusal {
    /// What to tell the other side of `error`.
    pub(super) fn of(error: &PeerError) -> Self {
        let mut text = error.to_string();
        text.truncate(text.floor_char_boundary(REFUSAL_TEXT_BYTES_MAX));
        Self { code: error.reason().code(), protocol_min: PROTOCOL_MIN, protocol_max: PROTOCOL_MAX, text }
    }

    /// What it means to the side that was refused.
    pub(super) fn into_error(self) -> PeerError {
        match RefusalReason::from_code(self.code) {
            RefusalReason::Protocol => PeerError::Protocol { min: self.protocol_min, max: self.protocol_max },
            RefusalReason::WrongSecret => PeerError::WrongSecret,
            reason => {
                let clean = self.text.chars().filter(|c| !c.is_control());
                PeerError::Refused { reason, text: clean.take(REFUSAL_TEXT_BYTES_MAX).collect() }
            }
        }
    }
}

/// The messages of the handshake, each in a frame of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum PeerMessage {
    /// HMAC-SHA-256 of the role and the session's exported key, by the cell's key.
    Proof([u8; 32]),
    /// A greeting, encoded apart so that its first fields can be read alone.
    Hello(Vec<u8>),
    /// The end.
    Refused(Refusal),
}

impl PeerMessage {
    pub(super) fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("plain values always encode")
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, PeerError> {
        let (message, _) = postcard::take_from_bytes(bytes).map_err(|_| PeerError::Malformed("unknown message"))?;
        Ok(message)
    }
}

impl PeerHello {
    pub(super) fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("plain values always encode")
    }

    /// Reads a greeting of any version: the range first, and the rest only when a version is common.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, PeerError> {
        let malformed = |_| PeerError::Malformed("greeting");
        let ((min, max), _): ((u16, u16), _) = postcard::take_from_bytes(bytes).map_err(malformed)?;
        if min > max || min > PROTOCOL_MAX || max < PROTOCOL_MIN {
            return Err(PeerError::Protocol { min, max });
        }
        let (mut hello, _): (Self, _) = postcard::take_from_bytes(bytes).map_err(malformed)?;
        hello.name = clean_name(&hello.name);
        Ok(hello)
    }

    /// The newest version that this release and the sender speak.
    pub fn protocol(&self) -> u16 {
        self.protocol_max.min(PROTOCOL_MAX)
    }
}

/// A name fit for logs: no control characters, at most [`super::NAME_CHARS_MAX`] characters.
pub(super) fn clean_name(name: &str) -> String {
    name.trim().chars().filter(|c| !c.is_control()).take(super::NAME_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello() -> PeerHello {
        PeerHello {
            protocol_min: 1,
            protocol_max: 300,
            cell: Some("01920000-0000-7000-8000-0000000000ce".parse().unwrap()),
            node: "01920000-0000-7000-8000-00000000000a".parse().unwrap(),
            start: 5,
            instance: 0x0102_0304,
            name: "berlin-1".to_owned(),
            purpose: Purpose::Actors,
        }
    }

    /// The bytes of protocols 1 and 2, which differ in the last purpose. A change here is a change of the protocol: raise
    /// [`PROTOCOL_MAX`], and keep reading these.
    #[test]
    fn golden_bytes_of_each_message() {
        let hello_bytes = [
            "01 ac02",                                // protocol 1 to 300
            "01 10 019200000000700080000000000000ce", // the cell
            "10 0192000000007000800000000000000a",    // the node
            "05 84868808",                            // start, instance
            "08 6265726c696e2d31",                    // the name
            "01",                                     // actors
        ];
        let hello_bytes = hello_bytes.concat().replace(' ', "");
        let media = PeerHello { purpose: Purpose::Media, ..hello() };
        let cases = [
            (PeerMessage::Proof([7; 32]).encode(), format!("00{}", "07".repeat(32))),
            (hello().encode(), hello_bytes.clone()),
            (media.encode(), format!("{}02", &hello_bytes[..hello_bytes.len() - 2])),
            (PeerMessage::Hello(vec![1, 2, 3]).encode(), "0103010203".to_owned()),
            (PeerMessage::Refused(Refusal::of(&PeerError::Myself)).encode(), golden_refusal()),
        ];
        for (bytes, golden) in cases {
            assert_eq!(hex(&bytes), golden);
        }
        assert_eq!(PeerHello::decode(&hello().encode()).unwrap(), hello());
    }

    fn golden_refusal() -> String {
        format!("0209010225{}", hex(b"the address leads to this node itself"))
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn a_later_version_may_append_and_its_range_is_read_alone() {
        let mut bytes = hello().encode();
        bytes.extend([9; 40]);
        assert_eq!(PeerHello::decode(&bytes).unwrap(), hello());
        let future = [7, 9, 0xff, 0xff];
        let error = PeerHello::decode(&future).unwrap_err();
        assert!(matches!(error, PeerError::Protocol { min: 7, max: 9 }), "{error}");
        let told = Refusal::of(&error).into_error();
        assert!(matches!(told, PeerError::Protocol { min: PROTOCOL_MIN, max: PROTOCOL_MAX }), "{told}");
    }

    #[test]
    fn the_release_before_is_understood() {
        let before = PeerHello { protocol_max: 1, ..hello() };
        assert_eq!(PeerHello::decode(&before.encode()).unwrap().protocol(), 1);
        // "The address leads to this node itself", of protocol 1.
        let refusal = [2, 9, 1, 1, 2, b'n', b'o'];
        let PeerMessage::Refused(refusal) = PeerMessage::decode(&refusal).unwrap() else { panic!("not a refusal") };
        assert_eq!(refusal.into_error().reason(), RefusalReason::Myself);
    }

    #[test]
    fn reasons_keep_their_numbers_and_unknown_ones_are_kept_apart() {
        for (reason, code, name) in RefusalReason::ALL {
            assert_eq!((RefusalReason::from_code(code), reason.code(), reason.as_str()), (reason, code, name));
        }
        assert_eq!(RefusalReason::from_code(999), RefusalReason::Other);
    }

    #[test]
    fn names_and_texts_of_others_cannot_forge_log_lines() {
        assert_eq!(clean_name(" a\nb\u{1b}[31m "), "ab[31m");
        let refusal = Refusal { code: 999, protocol_min: 1, protocol_max: 1, text: "no\nroot logged in".to_owned() };
        assert_eq!(refusal.into_error().to_string(), "refused (other): noroot logged in");
    }
}
