use std::fmt::Write as _;

use bytes::{BufMut, Bytes, BytesMut};

use super::CodecError;
use super::bits::{BitReader, aspect_ratio, cropped, rbsp, skip_signal_type};
use super::h264::{put_sized_nal, sized_nal};
use super::nal::{H265_PPS, H265_SPS, H265_VPS, nal_type};
use crate::VideoCodec;

/// What a sequence parameter set (ITU-T H.265 clause 7.3.2.2) tells about a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct H265Sps {
    /// Profile, tier and level of the whole stream.
    pub profile: H265Profile,
    /// `sps_max_sub_layers_minus1` + 1.
    pub temporal_layers: u8,
    /// `sps_temporal_id_nesting_flag`.
    pub temporal_id_nesting: bool,
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
    /// `sps_max_num_reorder_pics` of the highest layer.
    pub reorder_depth: u8,
}

/// General profile, tier and level (clause 7.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct H265Profile {
    /// `general_profile_space`.
    pub space: u8,
    /// `general_tier_flag`.
    pub high_tier: bool,
    /// `general_profile_idc`.
    pub idc: u8,
    /// `general_profile_compatibility_flag`s, the first in the highest bit.
    pub compatibility: u32,
    /// The six bytes of constraint flags.
    pub constraints: [u8; 6],
    /// `general_level_idc`: thirty times the level.
    pub level: u8,
}

const SPS: &str = "H.265 SPS";
/// `NumNegativePics` and `NumPositivePics` are at most the size of the decoded picture buffer (clause 7.4.8).
const DPB_PICTURES_MAX: u32 = 16;

impl H265Sps {
    /// Reads an SPS NAL unit, its two header bytes included.
    ///
    /// # Errors
    /// When it is no SPS, ends too early or holds impossible values. Damage after the reordering bounds only loses what
    /// stands there.
    pub fn parse(nal: &[u8]) -> Result<Self, CodecError> {
        if nal_type(nal, VideoCodec::H265) != Some(H265_SPS) {
            return Err(CodecError::Invalid { structure: SPS, field: "nal_unit_type" });
        }
        let rbsp = rbsp(nal.get(2..).unwrap_or_default());
        let r = &mut BitReader::new(&rbsp, SPS);
        r.skip(4)?;
        let sub_layers = r.u(3)?;
        if sub_layers > 6 {
            return Err(r.invalid("sps_max_sub_layers_minus1"));
        }
        let temporal_id_nesting = r.bit()?;
        let profile = profile_tier_level(r, sub_layers)?;
        r.ue_max(15, "sps_seq_parameter_set_id")?;
        let chroma_format = r.ue_max(3, "chroma_format_idc")? as u8;
        if chroma_format == 3 {
            r.skip(1)?;
        }
        let (coded_width, coded_height) = (u64::from(r.ue()?), u64::from(r.ue()?));
        let crop = if r.bit()? { [r.ue()?, r.ue()?, r.ue()?, r.ue()?] } else { [0; 4] };
        let (unit_x, unit_y) = match chroma_format {
            1 => (2, 2),
            2 => (2, 1),
            _ => (1, 1),
        };
        let width = cropped(coded_width, crop[0], crop[1], unit_x).ok_or_else(|| r.invalid("picture width"))?;
        let height = cropped(coded_height, crop[2], crop[3], unit_y).ok_or_else(|| r.invalid("picture height"))?;
        let bit_depth_luma_minus8 = r.ue_max(8, "bit_depth_luma_minus8")? as u8;
        let bit_depth_chroma_minus8 = r.ue_max(8, "bit_depth_chroma_minus8")? as u8;
        let poc_bits = r.ue_max(12, "log2_max_pic_order_cnt_lsb_minus4")? + 4;
        let mut reorder_depth = 0;
        for _ in if r.bit()? { 0 } else { sub_layers }..=sub_layers {
            r.ue()?;
            reorder_depth = r.ue_max(DPB_PICTURES_MAX, "sps_max_num_reorder_pics")? as u8;
            r.ue()?;
        }
        // Without VUI, or with damage on the way to it, the rest of the stream is still good.
        let pixel_aspect = vui_aspect(r, poc_bits, chroma_format).unwrap_or(None);
        Ok(Self {
            profile,
            temporal_layers: sub_layers as u8 + 1,
            temporal_id_nesting,
            chroma_format,
            bit_depth_luma_minus8,
            bit_depth_chroma_minus8,
            width,
            height,
            pixel_aspect,
            reorder_depth,
        })
    }

    /// `hvc1.…` (ISO/IEC 14496-15 annex E.3): profile, compatibility flags in reversed order, tier and level, and the
    /// constraint bytes up to the last that is not zero.
    pub fn rfc6381(&self) -> String {
        let p = &self.profile;
        let mut name = String::from("hvc1.");
        if let Some(space) = usize::from(p.space).checked_sub(1).and_then(|i| ['A', 'B', 'C'].get(i)) {
            name.push(*space);
        }
        let tier = if p.high_tier { 'H' } else { 'L' };
        // Writing into a String does not fail.
        let _ = write!(name, "{}.{:X}.{tier}{}", p.idc, p.compatibility.reverse_bits(), p.level);
        let used = p.constraints.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        for byte in p.constraints.iter().take(used) {
            let _ = write!(name, ".{byte:X}");
        }
        name
    }
}

fn profile_tier_level(r: &mut BitReader<'_>, sub_layers: u32) -> Result<H265Profile, CodecError> {
    let (space, high_tier, idc, compatibility) = (r.u(2)? as u8, r.bit()?, r.u(5)? as u8, r.u(32)?);
    let mut constraints = [0; 6];
    for byte in &mut constraints {
        *byte = r.byte()?;
    }
    let level = r.byte()?;
    let mut present = [(false, false); 8];
    for layer in present.iter_mut().take(sub_layers as usize) {
        *layer = (r.bit()?, r.bit()?);
    }
    if sub_layers > 0 {
        r.skip(2 * (8 - sub_layers as usize))?;
    }
    for (profile, level) in present {
        r.skip(if profile { 88 } else { 0 } + if level { 8 } else { 0 })?;
    }
    Ok(H265Profile { space, high_tier, idc, compatibility, constraints, level })
}

/// Reads on from the reordering bounds to the sample aspect ratio in the VUI parameters (clauses 7.3.2.2.1 and E.2.1).
fn vui_aspect(r: &mut BitReader<'_>, poc_bits: u32, chroma_format: u8) -> Result<Option<(u16, u16)>, CodecError> {
    for _ in 0..6 {
        r.ue()?;
    }
    if r.bit()? && r.bit()? {
        skip_scaling_lists(r, chroma_format)?;
    }
    r.skip(2)?;
    if r.bit()? {
        r.skip(8)?;
        r.ue()?;
        r.ue()?;
        r.skip(1)?;
    }
    let mut previous = 0;
    for index in 0..r.ue_max(64, "num_short_term_ref_pic_sets")? {
        previous = skip_short_term_set(r, index, previous)?;
    }
    if r.bit()? {
        let count = r.ue_max(32, "num_long_term_ref_pics_sps")?;
        r.skip(count as usize * (poc_bits as usize + 1))?;
    }
    r.skip(2)?;
    if !r.bit()? {
        return Ok(None);
    }
    let aspect = aspect_ratio(r)?;
    skip_signal_type(r)?;
    Ok(aspect)
}

/// `scaling_list_data` (clause 7.3.4).
fn skip_scaling_lists(r: &mut BitReader<'_>, chroma_format: u8) -> Result<(), CodecError> {
    for size in 0..4_u32 {
        let step = if size == 3 && chroma_format != 3 { 3 } else { 1 };
        for _ in (0..6).step_by(step) {
            if !r.bit()? {
                r.ue()?;
                continue;
            }
            if size > 1 {
                r.se()?;
            }
            for _ in 0..64.min(1 << (4 + (size << 1))) {
                r.se()?;
            }
        }
    }
    Ok(())
}

/// `st_ref_pic_set` (clause 7.3.7); answers its number of pictures.
fn skip_short_term_set(r: &mut BitReader<'_>, index: u32, previous: u32) -> Result<u32, CodecError> {
    if index > 0 && r.bit()? {
        r.skip(1)?;
        r.ue()?;
        let mut count = 0;
        for _ in 0..=previous {
            let used = r.bit()?;
            let kept = used || r.bit()?;
            count += u32::from(kept);
        }
        return Ok(count.min(2 * DPB_PICTURES_MAX));
    }
    let negative = r.ue_max(DPB_PICTURES_MAX, "num_negative_pics")?;
    let positive = r.ue_max(DPB_PICTURES_MAX, "num_positive_pics")?;
    for _ in 0..negative + positive {
        r.ue()?;
        r.skip(1)?;
    }
    Ok(negative + positive)
}

/// The body of an `hvcC` box (ISO/IEC 14496-15 clause 8.3.3.1): the parameter sets of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HevcDecoderConfig {
    /// VPS NAL units.
    pub vps: Vec<Bytes>,
    /// SPS NAL units.
    pub sps: Vec<Bytes>,
    /// PPS NAL units.
    pub pps: Vec<Bytes>,
}

const HVCC: &str = "hvcC";

impl HevcDecoderConfig {
    /// Reads the body of an `hvcC` box; arrays of other NAL units are passed over.
    ///
    /// # Errors
    /// When it ends too early, or has another version than 1.
    pub fn parse(data: &[u8]) -> Result<Self, CodecError> {
        let cut = || CodecError::Truncated(HVCC);
        let (head, mut rest) = data.split_first_chunk::<23>().ok_or_else(cut)?;
        if head[0] != 1 {
            return Err(CodecError::Invalid { structure: HVCC, field: "configurationVersion" });
        }
        let mut nals = Vec::new();
        for _ in 0..head[22] {
            let (array, mut after) = rest.split_first_chunk::<3>().ok_or_else(cut)?;
            for _ in 0..u16::from_be_bytes([array[1], array[2]]) {
                let (nal, tail) = sized_nal(after).ok_or_else(cut)?;
                nals.push(nal);
                after = tail;
            }
            rest = after;
        }
        Ok(Self::from_nals(nals))
    }

    /// Takes the VPS, SPS and PPS out of `nals`; others are passed over.
    pub fn from_nals<'a>(nals: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut config = Self::default();
        for nal in nals {
            match nal_type(nal, VideoCodec::H265) {
                Some(H265_VPS) => config.vps.push(Bytes::copy_from_slice(nal)),
                Some(H265_SPS) => config.sps.push(Bytes::copy_from_slice(nal)),
                Some(H265_PPS) => config.pps.push(Bytes::copy_from_slice(nal)),
                _ => {}
            }
        }
        config
    }

    /// Writes the body of an `hvcC` box, for NAL units with lengths of four bytes and all parameter sets in the box.
    ///
    /// # Errors
    /// Without a VPS, an SPS and a PPS, or with more or larger ones than the box can hold.
    pub fn build(&self) -> Result<Bytes, CodecError> {
        let missing = |missing| CodecError::MissingParameterSet { codec: VideoCodec::H265, missing };
        let sps = H265Sps::parse(self.sps.first().ok_or_else(|| missing("SPS"))?)?;
        let p = &sps.profile;
        let mut out = BytesMut::with_capacity(128);
        out.put_slice(&[1, p.space << 6 | u8::from(p.high_tier) << 5 | p.idc]);
        out.put_u32(p.compatibility);
        out.put_slice(&p.constraints);
        out.put_u8(p.level);
        // No spatial segmentation is promised, nor a kind of parallelism, nor a frame rate.
        out.put_slice(&[0xf0, 0, 0xfc, 0xfc | sps.chroma_format]);
        out.put_slice(&[0xf8 | sps.bit_depth_luma_minus8, 0xf8 | sps.bit_depth_chroma_minus8, 0, 0]);
        out.put_u8(sps.temporal_layers << 3 | u8::from(sps.temporal_id_nesting) << 2 | 3);
        out.put_u8(3);
        let arrays = [(H265_VPS, &self.vps, "VPS"), (H265_SPS, &self.sps, "SPS"), (H265_PPS, &self.pps, "PPS")];
        for (kind, list, name) in arrays {
            if list.is_empty() {
                return Err(missing(name));
            }
            let count = u16::try_from(list.len());
            out.put_u8(0x80 | kind);
            out.put_u16(count.map_err(|_| CodecError::Invalid { structure: HVCC, field: "numNalus" })?);
            for nal in list {
                put_sized_nal(&mut out, nal, HVCC)?;
            }
        }
        Ok(out.freeze())
    }
}
