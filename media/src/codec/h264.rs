use bytes::{BufMut, Bytes, BytesMut};

use super::CodecError;
use super::bits::{BitReader, aspect_ratio, cropped, rbsp, skip_signal_type};
use super::nal::{H264_PPS, H264_SPS, nal_type};
use crate::VideoCodec;

/// What a sequence parameter set (ITU-T H.264 clause 7.3.2.1.1) tells about a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct H264Sps {
    /// `profile_idc`.
    pub profile: u8,
    /// The constraint flags as they stand in the byte between profile and level.
    pub constraints: u8,
    /// `level_idc`: ten times the level.
    pub level: u8,
    /// `chroma_format_idc`.
    pub chroma_format: u8,
    /// Bits per luma sample, less 8.
    pub bit_depth_luma_minus8: u8,
    /// Bits per chroma sample, less 8.
    pub bit_depth_chroma_minus8: u8,
    /// Pixels across, after cropping.
    pub width: u16,
    /// Pixels down, after cropping.
    pub height: u16,
    /// Sample aspect ratio, where told.
    pub pixel_aspect: Option<(u16, u16)>,
    /// `num_units_in_tick` and `time_scale` (ticks per second; a frame takes two), where told.
    pub timing: Option<(u32, u32)>,
    /// How many pictures may be decoded before one that is shown earlier.
    pub reorder_depth: u8,
}

const SPS: &str = "H.264 SPS";
/// Pictures kept for reference, at most (clause A.3.1).
const DPB_FRAMES_MAX: u32 = 16;
/// Where the SPS does not bound reordering, B-frames with one level of pyramid are assumed; [`crate::DtsEstimator`] adapts.
const REORDER_UNSAID: u32 = 2;

fn has_chroma_fields(profile: u8) -> bool {
    matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135)
}

impl H264Sps {
    /// Reads an SPS NAL unit, header byte included.
    ///
    /// # Errors
    /// When it is no SPS, ends too early or holds impossible values. Damage after the picture's size (in the VUI) only loses
    /// what stands there.
    pub fn parse(nal: &[u8]) -> Result<Self, CodecError> {
        if nal_type(nal, VideoCodec::H264) != Some(H264_SPS) {
            return Err(CodecError::Invalid { structure: SPS, field: "nal_unit_type" });
        }
        let rbsp = rbsp(nal.get(1..).unwrap_or_default());
        let r = &mut BitReader::new(&rbsp, SPS);
        let (profile, constraints, level) = (r.byte()?, r.byte()?, r.byte()?);
        r.ue_max(31, "seq_parameter_set_id")?;
        let (mut chroma_format, mut depths, mut separate_planes) = (1, (0, 0), false);
        if has_chroma_fields(profile) {
            chroma_format = r.ue_max(3, "chroma_format_idc")? as u8;
            separate_planes = chroma_format == 3 && r.bit()?;
            depths = (r.ue_max(6, "bit_depth_luma_minus8")? as u8, r.ue_max(6, "bit_depth_chroma_minus8")? as u8);
            r.skip(1)?;
            if r.bit()? {
                for list in 0..if chroma_format == 3 { 12 } else { 8 } {
                    if r.bit()? {
                        skip_scaling_list(r, if list < 6 { 16 } else { 64 })?;
                    }
                }
            }
        }
        r.ue_max(12, "log2_max_frame_num_minus4")?;
        let poc_type = r.ue_max(2, "pic_order_cnt_type")?;
        if poc_type == 0 {
            r.ue_max(12, "log2_max_pic_order_cnt_lsb_minus4")?;
        } else if poc_type == 1 {
            r.skip(1)?;
            r.se()?;
            r.se()?;
            for _ in 0..r.ue_max(255, "num_ref_frames_in_pic_order_cnt_cycle")? {
                r.se()?;
            }
        }
        let references = r.ue_max(DPB_FRAMES_MAX, "max_num_ref_frames")?;
        r.skip(1)?;
        let (width_mbs, height_units) = (u64::from(r.ue()?) + 1, u64::from(r.ue()?) + 1);
        let frames_only = r.bit()?;
        if !frames_only {
            r.skip(1)?;
        }
        r.skip(1)?;
        let crop = if r.bit()? { [r.ue()?, r.ue()?, r.ue()?, r.ue()?] } else { [0; 4] };
        let fields = if frames_only { 1 } else { 2 };
        let (unit_x, unit_y) = match chroma_format {
            1 if !separate_planes => (2, 2),
            2 if !separate_planes => (2, 1),
            _ => (1, 1),
        };
        let width = cropped(width_mbs * 16, crop[0], crop[1], unit_x).ok_or_else(|| r.invalid("picture width"))?;
        let height = cropped(height_units * 16 * fields, crop[2], crop[3], unit_y * fields)
            .ok_or_else(|| r.invalid("picture height"))?;

        // Without VUI, or with a damaged one, the rest of the stream is still good.
        let vui = if r.bit().unwrap_or(false) { vui(r) } else { Vui::default() };
        let unsaid = if poc_type == 2 || profile == 66 || references < 2 { 0 } else { REORDER_UNSAID };
        let reorder_depth = vui.reorder.filter(|&depth| depth <= DPB_FRAMES_MAX).unwrap_or(unsaid) as u8;
        Ok(Self {
            profile,
            constraints,
            level,
            chroma_format,
            bit_depth_luma_minus8: depths.0,
            bit_depth_chroma_minus8: depths.1,
            width,
            height,
            pixel_aspect: vui.pixel_aspect,
            timing: vui.timing,
            reorder_depth,
        })
    }

    /// `avc1.PPCCLL` (RFC 6381 section 3.3).
    pub fn rfc6381(&self) -> String {
        format!("avc1.{:02X}{:02X}{:02X}", self.profile, self.constraints, self.level)
    }
}

#[derive(Debug, Default)]
struct Vui {
    pixel_aspect: Option<(u16, u16)>,
    timing: Option<(u32, u32)>,
    reorder: Option<u32>,
}

/// VUI parameters (clause E.1.1), as far as they can be read.
fn vui(r: &mut BitReader<'_>) -> Vui {
    let mut vui = Vui::default();
    let mut read = || -> Result<(), CodecError> {
        vui.pixel_aspect = aspect_ratio(r)?;
        skip_signal_type(r)?;
        if r.bit()? {
            let (units, scale) = (r.u(32)?, r.u(32)?);
            r.skip(1)?;
            vui.timing = (units > 0 && scale > 0).then_some((units, scale));
        }
        let nal_hrd = r.bit()?;
        if nal_hrd {
            skip_hrd(r)?;
        }
        let vcl_hrd = r.bit()?;
        if vcl_hrd {
            skip_hrd(r)?;
        }
        if nal_hrd || vcl_hrd {
            r.skip(1)?;
        }
        r.skip(1)?;
        if r.bit()? {
            r.skip(1)?;
            for _ in 0..4 {
                r.ue()?;
            }
            vui.reorder = Some(r.ue()?);
        }
        Ok(())
    };
    // The fields read before the damage stand.
    let _ = read();
    vui
}

/// Hypothetical reference decoder parameters (clause E.1.2).
fn skip_hrd(r: &mut BitReader<'_>) -> Result<(), CodecError> {
    let count = r.ue_max(31, "cpb_cnt_minus1")? + 1;
    r.skip(8)?;
    for _ in 0..count {
        r.ue()?;
        r.ue()?;
        r.skip(1)?;
    }
    r.skip(20)
}

/// A scaling list (clause 7.3.2.1.1.1).
fn skip_scaling_list(r: &mut BitReader<'_>, size: u32) -> Result<(), CodecError> {
    let (mut last, mut next) = (8_i64, 8_i64);
    for _ in 0..size {
        if next != 0 {
            next = (last + r.se()?).rem_euclid(256);
        }
        last = if next == 0 { last } else { next };
    }
    Ok(())
}

/// The body of an `avcC` box (ISO/IEC 14496-15 clause 5.3.3.1): the parameter sets of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AvcDecoderConfig {
    /// SPS NAL units.
    pub sps: Vec<Bytes>,
    /// PPS NAL units.
    pub pps: Vec<Bytes>,
}

const AVCC: &str = "avcC";

impl AvcDecoderConfig {
    /// Reads the body of an `avcC` box.
    ///
    /// # Errors
    /// When it ends too early, or has another version than 1.
    pub fn parse(data: &[u8]) -> Result<Self, CodecError> {
        let cut = || CodecError::Truncated(AVCC);
        let (head, mut rest) = data.split_first_chunk::<5>().ok_or_else(cut)?;
        if head[0] != 1 {
            return Err(CodecError::Invalid { structure: AVCC, field: "configurationVersion" });
        }
        let mut config = Self::default();
        for (list, mask) in [(&mut config.sps, 0x1f), (&mut config.pps, 0xff)] {
            let (count, mut after) = rest.split_first().ok_or_else(cut)?;
            for _ in 0..count & mask {
                let (nal, tail) = sized_nal(after).ok_or_else(cut)?;
                list.push(Bytes::copy_from_slice(nal));
                after = tail;
            }
            rest = after;
        }
        Ok(config)
    }

    /// Takes the SPS and PPS out of `nals`; others are passed over.
    pub fn from_nals<'a>(nals: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut config = Self::default();
        for nal in nals {
            match nal_type(nal, VideoCodec::H264) {
                Some(H264_SPS) => config.sps.push(Bytes::copy_from_slice(nal)),
                Some(H264_PPS) => config.pps.push(Bytes::copy_from_slice(nal)),
                _ => {}
            }
        }
        config
    }

    /// Writes the body of an `avcC` box, for NAL units with lengths of four bytes.
    ///
    /// # Errors
    /// Without an SPS and a PPS, or with more or larger ones than the box can hold.
    pub fn build(&self) -> Result<Bytes, CodecError> {
        let missing = |missing| CodecError::MissingParameterSet { codec: VideoCodec::H264, missing };
        let sps = H264Sps::parse(self.sps.first().ok_or_else(|| missing("SPS"))?)?;
        if self.pps.is_empty() {
            return Err(missing("PPS"));
        }
        let mut out = BytesMut::with_capacity(64);
        out.put_slice(&[1, sps.profile, sps.constraints, sps.level, 0xff]);
        for (list, max, mark) in [(&self.sps, 31, 0xe0), (&self.pps, 255, 0)] {
            let count = u8::try_from(list.len()).ok().filter(|&count| count <= max);
            out.put_u8(count.ok_or(CodecError::Invalid { structure: AVCC, field: "count of parameter sets" })? | mark);
            for nal in list {
                put_sized_nal(&mut out, nal, AVCC)?;
            }
        }
        if !matches!(sps.profile, 66 | 77 | 88) {
            let depths = [0xf8 | sps.bit_depth_luma_minus8, 0xf8 | sps.bit_depth_chroma_minus8, 0];
            out.put_u8(0xfc | sps.chroma_format);
            out.put_slice(&depths);
        }
        Ok(out.freeze())
    }
}

/// A NAL unit after its length in two bytes, and what follows.
pub(super) fn sized_nal(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = data.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

pub(super) fn put_sized_nal(out: &mut BytesMut, nal: &[u8], structure: &'static str) -> Result<(), CodecError> {
    let length = u16::try_from(nal.len()).map_err(|_| CodecError::Invalid { structure, field: "nalUnitLength" })?;
    out.put_u16(length);
    out.put_slice(nal);
    Ok(())
}
