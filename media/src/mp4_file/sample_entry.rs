use super::Mp4Error;
use super::boxes::{Fields, child, children};
use crate::{AudioCodec, AudioTrack, TrackKind, VideoCodec, VideoTrack};

/// Where `lengthSizeMinusOne` lies in an `avcC` (ISO/IEC 14496-15 clause 5.3.3.1) ...
const AVCC_LENGTH_SIZE_AT: usize = 4;
/// ... and in an `hvcC` (clause 8.3.3.1).
const HVCC_LENGTH_SIZE_AT: usize = 21;

/// Tags of descriptors (ISO/IEC 14496-1 clause 7.2.2.1).
const ES_DESCRIPTOR: u8 = 0x03;
const DECODER_CONFIG: u8 = 0x04;
const DECODER_SPECIFIC_INFO: u8 = 0x05;

/// The track that the first sample entry of an `stsd` describes (ISO/IEC 14496-12 clause 8.5.2).
pub(crate) fn parse(stsd: &[u8]) -> Result<TrackKind, Mp4Error> {
    let mut fields = Fields::new(stsd, "stsd");
    fields.version()?;
    fields.u32()?; // entry_count
    let (kind, entry) = children(fields.rest()).next().ok_or(Mp4Error::Truncated("stsd"))?;
    match &kind {
        b"avc1" | b"avc3" => video(entry, VideoCodec::H264, b"avcC", AVCC_LENGTH_SIZE_AT),
        b"hvc1" | b"hev1" => video(entry, VideoCodec::H265, b"hvcC", HVCC_LENGTH_SIZE_AT),
        b"mp4a" => {
            let (_, boxes) = audio_fields(entry)?;
            let esds = child(boxes, b"esds").ok_or(Mp4Error::Missing("esds"))?;
            Ok(TrackKind::Audio(AudioTrack::from_audio_specific_config(audio_specific_config(esds)?)?))
        }
        b"alaw" => g711(entry, AudioCodec::G711A),
        b"ulaw" => g711(entry, AudioCodec::G711U),
        _ => Err(Mp4Error::Unsupported("the codec of a track")),
    }
}

fn video(entry: &[u8], codec: VideoCodec, config: &[u8; 4], length_size_at: usize) -> Result<TrackKind, Mp4Error> {
    // SampleEntry and VisualSampleEntry have 78 bytes before their boxes (clause 12.1.3.2).
    let boxes = entry.get(78..).ok_or(Mp4Error::Truncated("visual sample entry"))?;
    let config = child(boxes, config).ok_or(Mp4Error::Missing("avcC or hvcC"))?;
    let length_size = config.get(length_size_at).ok_or(Mp4Error::Truncated("avcC or hvcC"))?;
    if length_size & 3 != 3 {
        return Err(Mp4Error::Unsupported("a NAL unit length of other than four bytes"));
    }
    Ok(TrackKind::Video(VideoTrack::from_decoder_config(codec, config)?))
}

fn g711(entry: &[u8], codec: AudioCodec) -> Result<TrackKind, Mp4Error> {
    let ((channels, sample_rate), _) = audio_fields(entry)?;
    if channels == 0 || sample_rate == 0 {
        return Err(Mp4Error::Invalid { structure: "audio sample entry", field: "channel count or rate" });
    }
    Ok(TrackKind::Audio(AudioTrack::g711(codec, sample_rate, channels)))
}

/// Channels and rate of an AudioSampleEntry (clause 12.2.3.2), and the boxes after it; QuickTime's longer versions too.
fn audio_fields(entry: &[u8]) -> Result<((u16, u32), &[u8]), Mp4Error> {
    let mut fields = Fields::new(entry, "audio sample entry");
    fields.skip(8)?; // SampleEntry
    let version = fields.u16()?;
    fields.skip(6)?;
    let channels = fields.u16()?;
    fields.skip(6)?; // sample size, pre-defined, reserved
    let sample_rate = fields.u32()? >> 16;
    match version {
        0 => {}
        1 => fields.skip(16)?,
        2 => fields.skip(36)?,
        _ => return Err(Mp4Error::Invalid { structure: "audio sample entry", field: "version" }),
    }
    Ok(((channels, sample_rate), fields.rest()))
}

/// The AudioSpecificConfig within an `esds` (ISO/IEC 14496-14 clause 6.7.2, ISO/IEC 14496-1 clause 7.2.6).
fn audio_specific_config(esds: &[u8]) -> Result<&[u8], Mp4Error> {
    let mut fields = Fields::new(esds, "esds");
    fields.version()?;
    let body = descriptor(fields.rest(), ES_DESCRIPTOR).ok_or(Mp4Error::Truncated("esds"))?;
    let mut fields = Fields::new(body, "esds");
    fields.u16()?; // ES_ID
    let flags = fields.u8()?;
    if flags & 0x80 != 0 {
        fields.skip(2)?; // dependsOn_ES_ID
    }
    if flags & 0x40 != 0 {
        let url_bytes = fields.u8()?;
        fields.skip(usize::from(url_bytes))?;
    }
    if flags & 0x20 != 0 {
        fields.skip(2)?; // OCR_ES_Id
    }
    let config = descriptor(fields.rest(), DECODER_CONFIG).ok_or(Mp4Error::Truncated("esds"))?;
    let after_rates = config.get(13..).ok_or(Mp4Error::Truncated("esds"))?;
    descriptor(after_rates, DECODER_SPECIFIC_INFO).ok_or(Mp4Error::Missing("DecoderSpecificInfo"))
}

/// The body of the first descriptor with `tag`: a tag, a length in groups of seven bits, a body (ISO/IEC 14496-1 clause 8.3.3).
fn descriptor(mut data: &[u8], tag: u8) -> Option<&[u8]> {
    loop {
        let (found, mut rest) = data.split_first()?;
        let mut length = 0usize;
        for _ in 0..4 {
            let (byte, after) = rest.split_first()?;
            rest = after;
            length = length << 7 | usize::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                break;
            }
        }
        let (body, after) = rest.split_at_checked(length)?;
        if *found == tag {
            return Some(body);
        }
        data = after;
    }
}
