use bytes::Bytes;

/// The types of messages that are known here (RTMP 1.0 sections 5.4 and 7.1).
pub(super) mod kind {
    pub(in super::super) const SET_CHUNK_SIZE: u8 = 1;
    pub(in super::super) const ABORT: u8 = 2;
    pub(in super::super) const ACKNOWLEDGEMENT: u8 = 3;
    pub(in super::super) const USER_CONTROL: u8 = 4;
    pub(in super::super) const WINDOW_ACK_SIZE: u8 = 5;
    pub(in super::super) const SET_PEER_BANDWIDTH: u8 = 6;
    pub(in super::super) const AUDIO: u8 = 8;
    pub(in super::super) const VIDEO: u8 = 9;
    pub(in super::super) const AMF3_COMMAND: u8 = 17;
    pub(in super::super) const AMF0_COMMAND: u8 = 20;
    pub(in super::super) const AGGREGATE: u8 = 22;
}

/// A message, put together from its chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// Its type, see [`kind`].
    pub(super) kind: u8,
    /// In milliseconds, wrapping after 49 days.
    pub(super) timestamp: u32,
    /// The message stream: 0 for the connection, 1 for what is published.
    pub(super) stream: u32,
    pub(super) payload: Bytes,
}
