use bytes::Bytes;
use eyrie_types::WallTime;

use super::moof::{Run, RunSample};
use super::track::OutputTrack;
use super::{ExportError, ExportInit, moov};
use crate::mp4_file::Mp4Error;

/// A keyframe with what decodes it.
#[derive(Debug, Clone)]
pub struct Still {
    /// The init segment of its stream.
    pub init: ExportInit,
    /// Its bytes, as the fragment holds them.
    pub data: Bytes,
}

/// A plain MP4 of these keyframes alone, one a second: what a decoder of pictures is fed. All must be of one codec.
///
/// # Errors
/// When there is none, one has no pictures, or the codecs differ.
pub fn stills_mp4(stills: &[Still]) -> Result<Vec<Bytes>, ExportError> {
    let mut output: Option<OutputTrack> = None;
    let mut offset = 0u64;
    for still in stills {
        let position = still.init.tracks.iter().position(|track| track.is_video());
        let found = position.and_then(|at| Some((at, still.init.tracks.get(at)?)));
        let (position, track) = found.ok_or(Mp4Error::Unsupported("a stream without pictures"))?;
        let size = u32::try_from(still.data.len()).map_err(|_| Mp4Error::Unsupported("a picture of 4 GiB"))?;
        let sample = RunSample { size, duration: track.timescale, composition: 0, sync: true };
        let output = output.get_or_insert_with(|| OutputTrack::new(track, 0, 0));
        let at = output.end;
        if !output.takes(track, 0, at) {
            return Err(Mp4Error::Unsupported("a change of codec between pictures").into());
        }
        output.push(track, &Run { track: position, decode_time: 0, offset: 0, samples: vec![sample] }, offset, at);
        offset += u64::from(size);
    }
    let output = output.ok_or(ExportError::Empty)?;
    let mut file = moov::head(vec![output], offset, WallTime::EPOCH);
    file.extend(stills.iter().map(|still| still.data.clone()));
    Ok(file)
}
