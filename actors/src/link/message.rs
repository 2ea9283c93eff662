//! What peers say to one another: postcard, in an envelope that names the sender. Variants are only ever added at the end, and what
//! a release does not know it answers with [`LinkAnswer::Unsupported`], so that releases N and N−1 understand each other. Golden
//! bytes are at the end of this file.

use eyrie_types::{CameraId, NodeId, TenantId};
use serde::{Deserialize, Serialize};

use super::LinkError;

/// Longest message, either way: what stands behind it in the one queue to a peer must not wait long.
pub const LINK_MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Longest frame taken from a peer: a message in its envelope, and what ractor_cluster says of its own.
pub(super) const FRAME_BYTES_MAX: u64 = 2 << 20;

/// A question to a peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkRequest {
    /// Are you there? Answered by the link itself.
    Ping,
    /// What the node says of itself.
    NodeInfo,
    /// A command for the state of the cell, to be proposed by the leader.
    Propose(#[serde(with = "super::raw_bytes")] Vec<u8>),
    /// The spec of a camera, at this revision or a newer one.
    FetchCamera {
        /// Whose.
        tenant: TenantId,
        /// Which.
        camera: CameraId,
        /// The oldest revision that will do.
        revision: u64,
    },
    /// The wrapped key pairs of a tenant.
    FetchTenantKeys {
        /// Whose.
        tenant: TenantId,
    },
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkAnswer {
    /// To [`LinkRequest::Ping`].
    Pong,
    /// The request is of a newer release.
    Unsupported,
    /// As many calls of this peer are being answered as may.
    Busy,
    /// It cannot be done; the reason, for people.
    Refused(String),
    /// To [`LinkRequest::NodeInfo`].
    NodeInfo(#[serde(with = "super::raw_bytes")] Vec<u8>),
    /// To [`LinkRequest::Propose`]: what the state machine answered.
    Proposed(#[serde(with = "super::raw_bytes")] Vec<u8>),
    /// To [`LinkRequest::FetchCamera`]: see `eyrie_storage::mirror::camera_from_bytes`; `None` when the node has none so new.
    Camera(Option<Vec<u8>>),
    /// To [`LinkRequest::FetchTenantKeys`]: see `eyrie_storage::mirror::tenant_key_from_bytes`.
    TenantKeys(Vec<Vec<u8>>),
}

/// Something said without waiting for an answer; it may be lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkCast {
    /// A heartbeat of the control plane.
    Heartbeat(#[serde(with = "super::raw_bytes")] Vec<u8>),
    /// What happened on the sender's node, and what its cameras do.
    News(#[serde(with = "super::raw_bytes")] Vec<u8>),
}

/// Something said, and by whom.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Envelope<T> {
    pub(super) from: NodeId,
    pub(super) message: T,
}

/// The bytes of `message`.
///
/// # Errors
/// [`LinkError::TooLong`].
pub(super) fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, LinkError> {
    // Our messages have no maps and no sequences of unknown length, at which alone postcard fails: into a growing vector.
    let bytes = postcard::to_stdvec(message).unwrap_or_default();
    if bytes.is_empty() || bytes.len() > LINK_MESSAGE_BYTES_MAX {
        return Err(LinkError::TooLong { bytes: bytes.len(), max: LINK_MESSAGE_BYTES_MAX });
    }
    Ok(bytes)
}

/// The message that `bytes` hold; what follows it is of a newer release, and ignored.
pub(super) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    if bytes.len() > LINK_MESSAGE_BYTES_MAX {
        return None;
    }
    postcard::take_from_bytes(bytes).ok().map(|(message, _)| message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden<T: Serialize + for<'a> Deserialize<'a> + PartialEq + std::fmt::Debug>(message: T, bytes: &str) {
        let encoded = encode(&message).unwrap();
        assert_eq!(encoded.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), bytes, "{message:?}");
        let appended = [&encoded[..], &[1, 2, 3]].concat();
        assert_eq!(decode::<T>(&encoded).as_ref(), Some(&message));
        assert_eq!(decode::<T>(&appended).as_ref(), Some(&message));
        for cut in 0..encoded.len() {
            assert_eq!(decode::<T>(&encoded[..cut]), None, "{cut} bytes of {message:?}");
        }
    }

    #[test]
    fn messages_have_the_bytes_that_other_releases_know() {
        let camera = CameraId::from_uuid("0192f0c1-2345-7abc-8def-0123456789ab".parse().unwrap());
        let tenant: TenantId = "acme".parse().unwrap();
        golden(LinkRequest::Ping, "00");
        golden(LinkRequest::NodeInfo, "01");
        golden(LinkRequest::Propose(vec![7, 8]), "02020708");
        golden(
            LinkRequest::FetchCamera { tenant: tenant.clone(), camera, revision: 300 },
            "030461636d65100192f0c123457abc8def0123456789abac02",
        );
        golden(LinkRequest::FetchTenantKeys { tenant }, "040461636d65");
        golden(LinkAnswer::Pong, "00");
        golden(LinkAnswer::Unsupported, "01");
        golden(LinkAnswer::Busy, "02");
        golden(LinkAnswer::Refused("no".to_owned()), "03026e6f");
        golden(LinkAnswer::NodeInfo(vec![1]), "040101");
        golden(LinkAnswer::Proposed(vec![1]), "050101");
        golden(LinkAnswer::Camera(None), "0600");
        golden(LinkAnswer::Camera(Some(vec![9])), "06010109");
        golden(LinkAnswer::TenantKeys(vec![vec![1, 2], vec![]]), "070202010200");
        golden(LinkCast::Heartbeat(vec![5, 6]), "00020506");
        golden(LinkCast::News(vec![5, 6]), "01020506");
        let from = NodeId::from_uuid("0192f0c1-2345-7abc-8def-0123456789ab".parse().unwrap());
        golden(Envelope { from, message: LinkRequest::NodeInfo }, "100192f0c123457abc8def0123456789ab01");
    }

    #[test]
    fn what_is_too_long_is_neither_sent_nor_read() {
        let longest = LinkCast::Heartbeat(vec![0; LINK_MESSAGE_BYTES_MAX - 4]);
        assert_eq!(encode(&longest).unwrap().len(), LINK_MESSAGE_BYTES_MAX);
        let longer = LinkCast::Heartbeat(vec![0; LINK_MESSAGE_BYTES_MAX - 3]);
        assert!(matches!(encode(&longer), Err(LinkError::TooLong { .. })));
        assert_eq!(decode::<LinkCast>(&postcard::to_stdvec(&longer).unwrap()), None);
    }
}
