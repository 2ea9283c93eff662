//! What must be known of codecs to carry them without decoding: parameter sets, decoder configurations, NAL units, and the
//! RFC 6381 names players ask for.
//!
//! All parsers are plain functions over `&[u8]`. The bytes are hostile: none panics, loops without a bound or allocates more
//! than a small multiple of its input.

mod aac;
mod bits;
mod error;
mod h264;
mod h265;
mod nal;
mod still;
mod track;

pub use aac::AudioSpecificConfig;
pub use error::CodecError;
pub use h264::{AvcDecoderConfig, H264Sps};
pub use h265::{H265Sps, HevcDecoderConfig};
pub use nal::{annex_b_nals, annex_b_to_length_prefixed, length_prefixed_nals, parameter_sets, vcl_hash};
pub use still::append_keyframe;
pub use track::changed_parameters;

#[cfg(test)]
mod tests;
