use std::ops::Range;

use super::movie::{Movie, Sample};
use super::packetize::{self, Packet};
use super::sdp::sprop;
use super::{AudioCodec, ClipSpec, VideoCodec};
use crate::au_number::SeiHeader;

/// One picture, ready to be sent.
#[derive(Debug)]
pub(crate) struct VideoUnit {
    /// Its RTP payloads in order; parameter sets come first in a keyframe.
    pub(crate) packets: Vec<Packet>,
    /// The position among `packets` of the first VCL NAL unit: the number goes before it.
    pub(crate) stamp_before: usize,
    /// PTS − DTS, in ticks of 90 kHz.
    pub(crate) offset_90k: u64,
    /// Decoding can start here.
    pub(crate) keyframe: bool,
}

/// One packet of sound.
#[derive(Debug)]
pub(crate) struct SoundUnit {
    /// Its RTP payload.
    pub(crate) packet: Packet,
}

/// The sound of a clip.
#[derive(Debug)]
pub(crate) struct AudioTrack {
    pub(crate) codec: AudioCodec,
    /// Samples, and RTP ticks, a second.
    pub(crate) rate: u32,
    /// Samples in each unit.
    pub(crate) samples_per_unit: u32,
    /// The units, to be repeated for ever.
    pub(crate) units: Vec<SoundUnit>,
    /// AudioSpecificConfig; empty for G.711.
    pub(crate) config: Vec<u8>,
    /// The coded sound.
    data: Vec<u8>,
}

/// A clip in memory.
#[derive(Debug)]
pub(crate) struct Clip {
    pub(crate) codec: VideoCodec,
    pub(crate) fps: u32,
    data: Vec<u8>,
    units: Vec<VideoUnit>,
    /// The largest PTS − DTS, in ticks of 90 kHz.
    pub(crate) reorder_90k: u64,
    pub(crate) audio: Option<AudioTrack>,
    /// The `a=fmtp` parameters of the pictures.
    pub(crate) video_fmtp: String,
}

impl Clip {
    /// Cuts a movie file, and raw G.711 where the description asks for it, into packets.
    pub(super) fn new(spec: &ClipSpec, file: Vec<u8>, g711: Vec<u8>) -> Result<Self, String> {
        let movie = Movie::parse(&file)?;
        if movie.video.len() != spec.frames() as usize {
            return Err(format!("{} pictures instead of {}", movie.video.len(), spec.frames()));
        }
        let mut data = file;
        let mut parameter_sets = Vec::new();
        for nal in &movie.parameter_sets.nals {
            let start = data.len();
            data.extend_from_slice(nal);
            packetize::nal(spec.codec, &data, start..data.len(), &mut parameter_sets);
        }
        let mut units = Vec::with_capacity(movie.video.len());
        for sample in &movie.video {
            units.push(video_unit(spec.codec, &data, sample, &parameter_sets)?);
        }
        for (i, unit) in units.iter().enumerate() {
            if unit.keyframe != i.is_multiple_of(spec.gop as usize) {
                return Err(format!("picture {i} breaks the rhythm of keyframes"));
            }
        }
        let audio = match spec.audio.map(|audio| audio.codec) {
            None => None,
            Some(AudioCodec::Aac) => {
                let (config, samples) = movie.aac.ok_or("no sound")?;
                let mut sound = Vec::new();
                let mut units = Vec::with_capacity(samples.len());
                for sample in samples {
                    let start = sound.len();
                    sound.extend_from_slice(&data[sample.bytes]);
                    units.push(SoundUnit { packet: packetize::aac_frame(start..sound.len()) });
                }
                let codec = AudioCodec::Aac;
                Some(AudioTrack { codec, rate: 16_000, samples_per_unit: 1_024, units, config, data: sound })
            }
            Some(codec) => Some(g711_track(codec, g711)?),
        };
        Ok(Self {
            codec: spec.codec,
            fps: spec.fps,
            reorder_90k: units.iter().map(|unit| unit.offset_90k).max().unwrap_or(0),
            video_fmtp: sprop(spec.codec, &movie.parameter_sets.nals),
            data,
            units,
            audio,
        })
    }

    /// Pictures before the clip repeats; at least one.
    pub(crate) fn len(&self) -> u64 {
        self.units.len() as u64
    }

    /// The picture shown as the stream's `number`th.
    pub(crate) fn unit(&self, number: u64) -> &VideoUnit {
        &self.units[(number % self.len()) as usize]
    }

    /// A stretch of the clip's bytes.
    pub(crate) fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.data[range]
    }

    /// The SEI header that suits the codec.
    pub(crate) fn sei_header(&self) -> SeiHeader {
        match self.codec {
            VideoCodec::H264 => SeiHeader::H264,
            VideoCodec::H265 => SeiHeader::H265,
        }
    }
}

impl AudioTrack {
    /// The stream's `number`th unit of sound.
    pub(crate) fn unit(&self, number: u64) -> &SoundUnit {
        &self.units[(number % self.units.len() as u64) as usize]
    }

    /// A stretch of the sound's bytes.
    pub(crate) fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.data[range]
    }
}

fn video_unit(codec: VideoCodec, data: &[u8], sample: &Sample, parameter_sets: &[Packet]) -> Result<VideoUnit, String> {
    let mut packets = if sample.sync { parameter_sets.to_vec() } else { Vec::new() };
    let mut stamp_before = None;
    let mut at = sample.bytes.start;
    while at < sample.bytes.end {
        let length = data.get(at..at + 4).and_then(|b| b.first_chunk::<4>()).ok_or("a NAL unit without a length")?;
        let end = (at + 4).checked_add(u32::from_be_bytes(*length) as usize).filter(|end| *end <= sample.bytes.end);
        let nal = at + 4..end.ok_or("a NAL unit reaches beyond its sample")?;
        at = nal.end;
        let Some(first) = data[nal.clone()].first() else { continue };
        if stamp_before.is_none() && packetize::is_vcl(codec, *first) {
            stamp_before = Some(packets.len());
        }
        packetize::nal(codec, data, nal, &mut packets);
    }
    Ok(VideoUnit {
        packets,
        stamp_before: stamp_before.ok_or("a sample without a picture")?,
        offset_90k: u64::try_from(sample.offset).map_err(|_| "a picture shown before it is decoded")?,
        keyframe: sample.sync,
    })
}

fn g711_track(codec: AudioCodec, sound: Vec<u8>) -> Result<AudioTrack, String> {
    const RATE: u32 = 8_000;
    /// 20 ms, the default packet of RFC 3551 clause 4.2.
    const SAMPLES: usize = 160;
    let units: Vec<SoundUnit> = (0..sound.len() / SAMPLES)
        .map(|i| SoundUnit { packet: packetize::g711(i * SAMPLES..(i + 1) * SAMPLES) })
        .collect();
    if units.is_empty() {
        return Err("no sound".to_owned());
    }
    Ok(AudioTrack { codec, rate: RATE, samples_per_unit: SAMPLES as u32, units, config: Vec::new(), data: sound })
}
