use bytes::Bytes;

use super::init::InitTrack;
use super::moof::Run;
use super::table::RunTable;

/// Where samples of a track lie together in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk {
    /// From the start of the body of `mdat`.
    pub(super) offset: u64,
    pub(super) samples: u32,
    /// Its sample description, from 1.
    pub(super) description: u32,
}

/// A track of the file in the making.
#[derive(Debug)]
pub(super) struct OutputTrack {
    pub(super) handler: [u8; 4],
    pub(super) codec: [u8; 4],
    /// Ticks per second, those of the first stream it was made for.
    pub(super) timescale: u32,
    pub(super) size: [u32; 2],
    /// Which of the tracks with this handler of its stream it is.
    pub(super) ordinal: usize,
    /// Sample entries, each once.
    pub(super) entries: Vec<Bytes>,
    /// When its first sample is decoded, in ticks of the file.
    pub(super) start: u64,
    /// When its last sample ends.
    pub(super) end: u64,
    pub(super) samples: u32,
    pub(super) durations: RunTable,
    pub(super) compositions: RunTable,
    pub(super) sizes: Vec<u8>,
    /// Numbers of sync samples, of a video track.
    pub(super) sync: Vec<u8>,
    pub(super) chunks: Vec<Chunk>,
}

impl OutputTrack {
    pub(super) fn new(init: &InitTrack, ordinal: usize, start: u64) -> Self {
        Self {
            handler: init.handler,
            codec: init.codec,
            timescale: init.timescale,
            size: init.size,
            ordinal,
            entries: Vec::new(),
            start,
            end: start,
            samples: 0,
            durations: RunTable::default(),
            compositions: RunTable::default(),
            sizes: Vec::new(),
            sync: Vec::new(),
            chunks: Vec::new(),
        }
    }

    pub(super) fn is_video(&self) -> bool {
        &self.handler == b"vide"
    }

    /// Whether samples of `init` go on here at `at`: the last sample can be held until then.
    pub(super) fn takes(&self, init: &InitTrack, ordinal: usize, at: u64) -> bool {
        let held = u64::from(self.durations.last().unwrap_or(0)) + at.saturating_sub(self.end);
        self.handler == init.handler
            && self.codec == init.codec
            && self.ordinal == ordinal
            && held <= u64::from(u32::MAX)
    }

    /// Puts the samples of `run`, stored from `offset` of the file's `mdat` on, at `at` ticks of the file. Where the track
    /// ended before, its last sample is held; where it ended later, that one is cut short, as far as it has a duration.
    pub(super) fn push(&mut self, init: &InitTrack, run: &Run, offset: u64, at: u64) {
        match self.durations.last() {
            Some(last) if at != self.end => {
                let begin = self.end.saturating_sub(u64::from(last));
                let lasts = u32::try_from(at.saturating_sub(begin)).unwrap_or(u32::MAX).max(1);
                self.durations.set_last(lasts);
                self.end = begin + u64::from(lasts);
            }
            Some(_) => {}
            None => (self.start, self.end) = (at, at),
        }
        let description = match self.entries.iter().position(|known| *known == init.entry) {
            Some(known) => known as u32 + 1,
            None => {
                self.entries.push(init.entry.clone());
                self.entries.len() as u32
            }
        };
        // Times of another rate are converted from the run's start on, so that rounding does not add up.
        let (to, from) = (u64::from(self.timescale), u64::from(init.timescale));
        let scaled = |ticks: u64| {
            if to == from { ticks } else { (u128::from(ticks) * u128::from(to) / u128::from(from)) as u64 }
        };
        let mut ticks = 0u64;
        for sample in &run.samples {
            let until = ticks + u64::from(sample.duration);
            let duration = u32::try_from(scaled(until) - scaled(ticks)).unwrap_or(u32::MAX);
            ticks = until;
            let composition = i128::from(sample.composition) * i128::from(to) / i128::from(from);
            self.durations.push(duration);
            self.end += u64::from(duration);
            self.compositions.push((composition as i32).cast_unsigned());
            self.sizes.extend_from_slice(&sample.size.to_be_bytes());
            self.samples += 1;
            if sample.sync && self.is_video() {
                self.sync.extend_from_slice(&self.samples.to_be_bytes());
            }
        }
        self.chunks.push(Chunk { offset, samples: run.samples.len() as u32, description });
    }

    /// Bytes its tables take in memory.
    pub(super) fn memory_bytes(&self) -> usize {
        self.durations.memory_bytes()
            + self.compositions.memory_bytes()
            + self.sizes.capacity()
            + self.sync.capacity()
            + self.chunks.capacity() * size_of::<Chunk>()
    }
}
