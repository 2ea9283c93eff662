//! What is taken from a publisher, at most.

/// The longest message of pictures: four times the largest keyframe of a 4K camera at usual qualities, a quarter of what the
/// protocol could say, and of what a ring holds.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The longest message of anything else, and of anything at all before the publisher was let in: a command has some hundred
/// bytes, a frame of sound a few thousand at most.
pub const SETUP_BYTES_MAX: usize = 64 * 1024;
/// Bytes that a publisher may send before it is let in, handshake included.
pub(super) const BEFORE_PUBLISH_BYTES_MAX: u64 = 256 * 1024;
/// Messages that are incomplete at a time, in bytes as their headers promise: one of pictures, and some of sound and commands.
pub(super) const PENDING_BYTES_MAX: usize = MESSAGE_BYTES_MAX + 4 * SETUP_BYTES_MAX;
/// Chunk streams of a connection; publishers use four or five.
pub(super) const CHUNK_STREAMS_MAX: usize = 16;
/// What a message is given room for before any of it came; the rest is reserved once so much did.
pub(super) const FIRST_RESERVE: usize = 64 * 1024;
/// Commands before the publisher was let in; usual ones send five.
pub(super) const COMMANDS_MAX: u32 = 32;
/// Bytes that wait for a publisher to read them: it may ask much and read little.
pub(super) const OUTPUT_BYTES_MAX: usize = 64 * 1024;
/// How deep AMF0 objects may lie in one another; `connect` needs two.
pub(super) const AMF_DEPTH_MAX: u32 = 8;
/// Values of one command, all depths together; `connect` has about fifteen.
pub(super) const AMF_VALUES_MAX: u32 = 256;
/// The name of a stream or an application, in bytes.
pub(super) const NAME_BYTES_MAX: usize = 512;
/// What is acknowledged at least: a publisher that wants to hear of every byte does not.
pub(super) const ACK_WINDOW_MIN: u32 = 64 * 1024;
/// ModEx blocks in front of a packet (Enhanced RTMP v2); one is defined.
pub(super) const MOD_EX_MAX: usize = 4;
