use eyrie_types::WallTime;

use super::init::InitTrack;
use super::layout::Piece;
use super::moof::Run;
use super::track::OutputTrack;
use super::{ExportError, ExportInit, ExportLayout, FragmentTables, moov};

/// Most samples of a file: 24 h of 30 pictures and 50 frames of sound a second are 6.9 million. A sample takes 4 bytes and, where
/// its duration differs from its neighbour's, up to 8 more; with reordered pictures as much again.
pub const SAMPLES_MAX: u64 = 8 << 20;

/// Most tracks of a file: one for each codec that came up, twice.
pub const TRACKS_MAX: usize = 8;

/// Most sample descriptions of a track: a camera that changes its parameters every minute of a day.
const DESCRIPTIONS_MAX: usize = 1440;

/// A step of the camera's clock shorter than this is followed as it is; a longer one is closed up. The shortest gap.
const STEP_NS_MAX: i128 = 500_000_000;

const NS: i128 = 1_000_000_000;

/// Makes an [`ExportLayout`] of fragments, given in the order of their times.
#[derive(Debug, Default)]
pub struct ExportBuilder {
    tracks: Vec<OutputTrack>,
    pieces: Vec<Piece>,
    mdat_bytes: u64,
    samples: u64,
    stretch: Option<Stretch>,
}

/// Fragments with one media clock and no hole between them.
#[derive(Debug)]
struct Stretch {
    init: ExportInit,
    /// What is added to media times to get times of the file.
    shift_ns: i128,
    /// By track of the init segment: when its next sample is due, in ticks.
    next: Vec<Option<u64>>,
}

impl Stretch {
    /// How far `run` begins from where its track ended; `None` for the first of its track.
    fn step_ns(&self, run: &Run) -> Option<i128> {
        let next = self.next.get(run.track).copied().flatten()?;
        let rate = self.init.tracks.get(run.track)?.timescale;
        Some(ns(run.decode_time, rate) - ns(next, rate))
    }

    /// Whether `tables` go on where it ended, by their first track that is known here: pictures, where there are any.
    fn goes_on_with(&self, tables: &FragmentTables) -> bool {
        let step = tables.runs.iter().find_map(|run| self.step_ns(run));
        step.is_none_or(|step| step.abs() <= STEP_NS_MAX)
    }
}

impl ExportBuilder {
    /// One without fragments.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the samples of a fragment: the caller's number `fragment`, its init segment and its tables. `joins` is false where
    /// it must not be joined to the one before: another incarnation's, or a discontinuity.
    ///
    /// # Errors
    /// When a limit is reached; the fragment is not in the file then.
    pub fn push(
        &mut self,
        fragment: u32,
        init: &ExportInit,
        tables: &FragmentTables,
        joins: bool,
    ) -> Result<(), ExportError> {
        let samples: u64 = tables.runs.iter().map(|run| run.samples.len() as u64).sum();
        if self.samples + samples > SAMPLES_MAX {
            return Err(ExportError::TooMany { what: "samples", limit: SAMPLES_MAX });
        }
        let stretch =
            self.stretch.take().filter(|stretch| joins && stretch.init == *init && stretch.goes_on_with(tables));
        let mut stretch = stretch.unwrap_or_else(|| self.begin(init, tables));
        for run in &tables.runs {
            let Some(track) = init.tracks.get(run.track) else { continue };
            let ordinal = init.tracks.iter().take(run.track).filter(|other| other.handler == track.handler).count();
            let output = self.output(track, ordinal, run, stretch.shift_ns)?;
            let Some(output) = self.tracks.get_mut(output) else { continue };
            let at = output_ticks(output, track, run, stretch.shift_ns);
            let offset = self.mdat_bytes + u64::from(run.offset - tables.body.start);
            output.push(track, run, offset, at);
            if let Some(next) = stretch.next.get_mut(run.track) {
                *next = Some(run.decode_time + run.duration());
            }
        }
        let bytes = tables.body.end - tables.body.start;
        self.pieces.push(Piece { at: self.mdat_bytes, skip: tables.body.start, bytes, fragment });
        self.mdat_bytes += u64::from(bytes);
        self.samples += samples;
        self.stretch = Some(stretch);
        Ok(())
    }

    /// Bytes of memory that the tables take by now.
    pub fn memory_bytes(&self) -> usize {
        let tracks: usize = self.tracks.iter().map(OutputTrack::memory_bytes).sum();
        tracks + self.pieces.capacity() * size_of::<Piece>()
    }

    /// The file, made at `created`: the wall time of its first picture.
    ///
    /// # Errors
    /// When it has no sample.
    pub fn finish(self, created: WallTime) -> Result<ExportLayout, ExportError> {
        if self.samples == 0 {
            return Err(ExportError::Empty);
        }
        let head = moov::head(self.tracks, self.mdat_bytes, created);
        Ok(ExportLayout::new(head, self.pieces, self.mdat_bytes))
    }

    /// A stretch that begins with `tables` where the longest track ends.
    fn begin(&self, init: &ExportInit, tables: &FragmentTables) -> Stretch {
        let end_ns = self.tracks.iter().map(|track| ns(track.end, track.timescale)).max().unwrap_or(0);
        let rate = |run: &Run| init.tracks.get(run.track).map_or(1, |track| track.timescale);
        let first_ns = tables.runs.iter().map(|run| ns(run.decode_time, rate(run))).min().unwrap_or(0);
        Stretch { init: init.clone(), shift_ns: end_ns - first_ns, next: vec![None; init.tracks.len()] }
    }

    /// The track of the file that `run` goes into, made where there is none.
    fn output(&mut self, track: &InitTrack, ordinal: usize, run: &Run, shift_ns: i128) -> Result<usize, ExportError> {
        let takes = |output: &OutputTrack| output.takes(track, ordinal, output_ticks(output, track, run, shift_ns));
        if let Some(known) = self.tracks.iter().position(takes) {
            let entries = self.tracks.get(known).map_or(0, |output| output.entries.len());
            if entries >= DESCRIPTIONS_MAX {
                return Err(ExportError::TooMany { what: "changes of parameters", limit: DESCRIPTIONS_MAX as u64 });
            }
            return Ok(known);
        }
        if self.tracks.len() >= TRACKS_MAX {
            return Err(ExportError::TooMany { what: "tracks", limit: TRACKS_MAX as u64 });
        }
        self.tracks.push(OutputTrack::new(track, ordinal, 0));
        Ok(self.tracks.len() - 1)
    }
}

/// When `run` begins, in ticks of the file's track.
fn output_ticks(output: &OutputTrack, track: &InitTrack, run: &Run, shift_ns: i128) -> u64 {
    let (to, from) = (i128::from(output.timescale), i128::from(track.timescale));
    let media = i128::from(run.decode_time) * to / from;
    // The shift is rounded by itself, so that runs that adjoin in media time adjoin in the file to the tick.
    let shift = (shift_ns * to + NS / 2).div_euclid(NS);
    u64::try_from(media + shift).unwrap_or(0)
}

/// `ticks` at `rate` per second, in nanoseconds.
fn ns(ticks: u64, rate: u32) -> i128 {
    i128::from(ticks) * NS / i128::from(rate.max(1))
}
