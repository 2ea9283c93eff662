use bytes::Bytes;
use mp4_atom::{
    Audio, BufMut, Dinf, Dref, Encode, FourCC, Ftyp, Hdlr, Mdhd, Mvhd, Pasp, Smhd, Stco, Stsc, Stsz, Stts, Tkhd, Trex,
    Url, Visual, Vmhd,
};

use super::{Fmp4Error, Purpose};
use crate::{AudioCodec, AudioTrack, Stream, Track, TrackKind, VideoCodec, VideoTrack};

/// The longest AudioSpecificConfig written. Real ones have 2 to 5 bytes; below 100, every descriptor around it keeps a
/// length of one byte (ISO/IEC 14496-1 clause 8.3.3).
const AUDIO_CONFIG_BYTES_MAX: usize = 64;

/// Ticks per second of `mvhd` and `tkhd`; it scales nothing here, since fragmented durations are zero.
const MOVIE_TIMESCALE: u32 = 1000;

/// The init segment of `stream`: `ftyp` and a `moov` without samples (ISO/IEC 14496-12 clauses 4.3 and 8.2). Track ids are
/// positions in the stream plus one, whatever tracks are left out. The decoder configuration goes in byte for byte.
///
/// # Errors
/// When no track is left for `purpose`, or a configuration does not fit its box.
pub fn init_segment(stream: &Stream, purpose: Purpose) -> Result<Bytes, Fmp4Error> {
    let tracks: Vec<(u32, &Track)> = (1..).zip(&stream.tracks).filter(|(_, track)| purpose.carries(track)).collect();
    if tracks.is_empty() {
        return Err(Fmp4Error::NoTrack);
    }
    if let Some(bytes) = tracks.iter().find_map(|(_, track)| oversized_config(track)) {
        return Err(Fmp4Error::AudioConfig { bytes });
    }
    let mut buf = Vec::with_capacity(1024);
    Ftyp {
        major_brand: FourCC::new(b"iso6"),
        minor_version: 0,
        compatible_brands: vec![FourCC::new(b"iso6"), FourCC::new(b"mp41")],
    }
    .encode(&mut buf)?;
    buf.encode_atom(b"moov", |buf| {
        let next_track_id = u32::try_from(stream.tracks.len()).unwrap_or(u32::MAX - 1) + 1;
        Mvhd { timescale: MOVIE_TIMESCALE, rate: 1.into(), volume: 1.into(), next_track_id, ..Default::default() }
            .encode(buf)?;
        for (id, track) in &tracks {
            trak(buf, *id, track)?;
        }
        buf.encode_atom(b"mvex", |buf| {
            tracks.iter().try_for_each(|(id, _)| {
                Trex { track_id: *id, default_sample_description_index: 1, ..Default::default() }.encode(buf)
            })
        })
    })?;
    Ok(buf.into())
}

fn oversized_config(track: &Track) -> Option<usize> {
    match &track.kind {
        TrackKind::Audio(audio) if audio.decoder_config.len() > AUDIO_CONFIG_BYTES_MAX => {
            Some(audio.decoder_config.len())
        }
        _ => None,
    }
}

fn trak(buf: &mut Vec<u8>, track_id: u32, track: &Track) -> mp4_atom::Result<()> {
    buf.encode_atom(b"trak", |buf| {
        let mut tkhd = Tkhd { track_id, enabled: true, in_movie: true, ..Default::default() };
        match &track.kind {
            TrackKind::Video(video) => {
                tkhd.width = video.width.into();
                tkhd.height = video.height.into();
            }
            TrackKind::Audio(_) => tkhd.volume = 1.into(),
        }
        tkhd.encode(buf)?;
        buf.encode_atom(b"mdia", |buf| {
            Mdhd { timescale: track.clock_rate, language: "und".to_owned(), ..Default::default() }.encode(buf)?;
            let (handler, name) = match &track.kind {
                TrackKind::Video(_) => (b"vide", "Video"),
                TrackKind::Audio(_) => (b"soun", "Sound"),
            };
            Hdlr { handler: handler.into(), name: name.to_owned() }.encode(buf)?;
            buf.encode_atom(b"minf", |buf| {
                match &track.kind {
                    TrackKind::Video(_) => Vmhd::default().encode(buf)?,
                    TrackKind::Audio(_) => Smhd::default().encode(buf)?,
                }
                Dinf { dref: Dref { entries: vec![Url::default().into()] } }.encode(buf)?;
                buf.encode_atom(b"stbl", |buf| {
                    stsd(buf, track_id, track)?;
                    // The tables of a fragmented file are there and empty (ISO/IEC 14496-12 clause 8.8.1).
                    Stts::default().encode(buf)?;
                    Stsc::default().encode(buf)?;
                    Stsz::default().encode(buf)?;
                    Stco::default().encode(buf)
                })
            })
        })
    })
}

/// The sample description (clause 8.5.2) with one entry. Written here rather than by mp4-atom's entries because those
/// parse and rewrite the decoder configuration, and know no G.711.
fn stsd(buf: &mut Vec<u8>, track_id: u32, track: &Track) -> mp4_atom::Result<()> {
    buf.encode_atom(b"stsd", |buf| {
        0u32.encode(buf)?; // version and flags
        1u32.encode(buf)?; // entry_count
        match &track.kind {
            TrackKind::Video(video) => video_entry(buf, video),
            TrackKind::Audio(audio) => audio_entry(buf, track_id, audio),
        }
    })
}

fn video_entry(buf: &mut Vec<u8>, video: &VideoTrack) -> mp4_atom::Result<()> {
    let (entry, config) = match video.codec {
        VideoCodec::H264 => (b"avc1", b"avcC"),
        VideoCodec::H265 => (b"hvc1", b"hvcC"),
    };
    buf.encode_atom(entry, |buf| {
        Visual { data_reference_index: 1, width: video.width, height: video.height, ..Default::default() }
            .encode(buf)?;
        buf.encode_atom(config, |buf| {
            buf.append_slice(&video.decoder_config);
            Ok(())
        })?;
        video.pixel_aspect.map(|(h, v)| Pasp { h_spacing: h.into(), v_spacing: v.into() }).encode(buf)
    })
}

fn audio_entry(buf: &mut Vec<u8>, track_id: u32, audio: &AudioTrack) -> mp4_atom::Result<()> {
    let entry = match audio.codec {
        AudioCodec::Aac => b"mp4a",
        AudioCodec::G711A => b"alaw",
        AudioCodec::G711U => b"ulaw",
    };
    buf.encode_atom(entry, |buf| {
        Audio {
            data_reference_index: 1,
            channel_count: audio.channels,
            sample_size: 16,
            // 16.16 fixed point holds no more than 65535; then zero, and the decoder configuration tells.
            sample_rate: u16::try_from(audio.sample_rate).unwrap_or(0).into(),
        }
        .encode(buf)?;
        if audio.codec == AudioCodec::Aac { esds(buf, track_id, &audio.decoder_config) } else { Ok(()) }
    })
}

/// The ES descriptor of an AAC track (ISO/IEC 14496-1 clause 7.2.6.5, ISO/IEC 14496-14 clause 6.7.2).
fn esds(buf: &mut Vec<u8>, track_id: u32, config: &[u8]) -> mp4_atom::Result<()> {
    // Cannot cut: `init_segment` refused longer configurations.
    let config = &config[..config.len().min(AUDIO_CONFIG_BYTES_MAX)];
    let config_bytes = config.len() as u8;
    buf.encode_atom(b"esds", |buf| {
        0u32.encode(buf)?; // version and flags
        buf.append_slice(&[0x03, 3 + 2 + 13 + 2 + config_bytes + 3]); // ES_Descriptor
        (track_id as u16).encode(buf)?; // ES_ID: the lower half of the track id
        0u8.encode(buf)?; // no dependence, URL or OCR stream
        buf.append_slice(&[0x04, 13 + 2 + config_bytes]); // DecoderConfigDescriptor
        buf.append_slice(&[0x40, 0x15]); // MPEG-4 audio; AudioStream, reserved bit
        [0u8; 11].encode(buf)?; // bufferSizeDB, maxBitrate, avgBitrate: not known beforehand
        buf.append_slice(&[0x05, config_bytes]); // DecoderSpecificInfo
        buf.append_slice(config);
        buf.append_slice(&[0x06, 1, 2]); // SLConfigDescriptor, predefined for MP4
        Ok(())
    })
}
