use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use eyrie_types::Monotonic;

use super::budget::RingAccount;
use super::gop_ring::RingConfig;
use super::live_segmenter::LiveSegmenter;
use super::stats::RingStats;
use super::unit::{RingUnit, charged, cost_bytes, decode_time_us};
use crate::AccessUnit;

/// A recorder waits at most for this much media before it is woken: the length of a fragment without a keyframe in it.
pub const FRAGMENT_MEDIA: Duration = Duration::from_secs(1);

/// What a push did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushOutcome {
    /// The unit is in the ring.
    Stored {
        /// Its number.
        seq: u64,
        /// Units pushed out to make room before the recorder had read them: lost to the recording.
        evicted_unread: u32,
    },
    /// The unit is not in the ring.
    Dropped(DropReason),
}

/// Why a unit was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// Nothing can be decoded before the first keyframe of a stream, or after units were lost to a limit.
    AwaitingKeyframe,
    /// Neither the camera's nor the node's limit has room, with all else of this ring pushed out already.
    MemoryLimit,
    /// Its stream has a sequence that is not above those of the streams before: the writer numbers its streams wrongly.
    StaleStream,
    /// The ring is closed.
    Closed,
}

/// What a reader got.
#[derive(Debug, Clone)]
pub enum Read {
    /// The next unit.
    Unit(Arc<RingUnit>),
    /// The ring let go of this many units before the reader came; it goes on at a keyframe.
    Skipped {
        /// How many.
        units: u64,
    },
    /// Nothing to read now.
    Empty,
    /// Nothing to read ever again.
    Closed,
}

/// How a reader treats the ring, and the ring the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReaderKind {
    /// The recorder: the ring keeps what it has not read, as far as the limits allow. A ring has one; a second takes over.
    Pinned,
    /// Anyone else: too slow, it goes on at a later keyframe.
    Skipping,
}

/// When a waiting reader is woken, besides at the close of the ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WakeOn {
    /// As soon as there is anything to read.
    AnyUnit,
    /// When a fragment can end: a GOP began, the stream changed, or [`FRAGMENT_MEDIA`] of media is unread. About one wake-up
    /// a second instead of one a frame.
    FragmentEnd,
}

/// Where decoding can start.
#[derive(Debug, Clone, Copy)]
struct GopMark {
    seq: u64,
    live_segment: u64,
    starts_live_segment: bool,
    /// When its first unit arrived; kept here because the unit itself has long left the processor's cache.
    arrival: Monotonic,
}

#[derive(Debug)]
struct Slot {
    kind: ReaderKind,
    /// The next unit it reads.
    cursor: u64,
    /// It lost its place and goes on at the next GOP.
    seeking: bool,
    waiting: Option<(WakeOn, Waker)>,
}

/// All of a ring that its lock protects. No method blocks, waits or calls a waker.
#[derive(Debug)]
pub(super) struct RingState {
    config: RingConfig,
    account: Arc<RingAccount>,
    units: VecDeque<Arc<RingUnit>>,
    /// The number of the first unit held; of the next one pushed when none is.
    first_seq: u64,
    gops: VecDeque<GopMark>,
    segmenter: LiveSegmenter,
    stored_bytes: u64,
    stream_sequence: Option<u64>,
    awaiting_keyframe: bool,
    /// The stream of an earlier writer is over: units of the same sequence are stale.
    writer_changed: bool,
    pub(super) writer_taken: bool,
    closed: bool,
    slots: Vec<Option<Slot>>,
    waiting: usize,
    /// The slot of the pinned reader. Its place stays pinned after it is gone, for its successor.
    pin_slot: Option<usize>,
    pin: Option<u64>,
    stats: RingStats,
}

impl RingState {
    pub(super) fn new(config: RingConfig, account: Arc<RingAccount>) -> Self {
        Self {
            config,
            account,
            units: VecDeque::new(),
            first_seq: 0,
            gops: VecDeque::new(),
            segmenter: LiveSegmenter::default(),
            stored_bytes: 0,
            stream_sequence: None,
            awaiting_keyframe: true,
            writer_changed: false,
            writer_taken: true,
            closed: false,
            slots: Vec::new(),
            waiting: 0,
            pin_slot: None,
            pin: None,
            stats: RingStats::default(),
        }
    }

    fn next_seq(&self) -> u64 {
        self.first_seq + self.units.len() as u64
    }

    fn get(&self, seq: u64) -> Option<&Arc<RingUnit>> {
        seq.checked_sub(self.first_seq).and_then(|i| self.units.get(usize::try_from(i).ok()?))
    }

    // ---- writing ----

    /// Stores `unit`. What goes to make room lands in `evicted`, so that the caller frees it outside the lock.
    pub(super) fn push(&mut self, mut unit: AccessUnit, evicted: &mut Vec<Arc<RingUnit>>) -> PushOutcome {
        if self.closed {
            return PushOutcome::Dropped(DropReason::Closed);
        }
        let sequence = unit.stream.sequence;
        let same_stream = self.stream_sequence == Some(sequence);
        let stale = match self.stream_sequence {
            Some(last) => sequence < last || (same_stream && self.writer_changed),
            None => false,
        };
        if stale {
            return PushOutcome::Dropped(DropReason::StaleStream);
        }
        let has_video = unit.stream.video().is_some();
        let entry = if has_video { unit.is_video() && unit.keyframe } else { true };
        if (self.awaiting_keyframe || !same_stream) && !entry {
            self.awaiting_keyframe = true;
            self.stats.dropped_awaiting_keyframe_total += 1;
            return PushOutcome::Dropped(DropReason::AwaitingKeyframe);
        }
        let cost = cost_bytes(&unit);
        let unread_before = self.stats.evicted_unread_units_total;
        let Some(charge) = self.make_room(cost, evicted) else {
            return self.refuse_for_memory();
        };
        unit.data = charged(unit.data, charge);

        self.awaiting_keyframe = false;
        self.writer_changed = false;
        self.stream_sequence = Some(sequence);
        let place = self.segmenter.place(&unit);
        let seq = self.next_seq();
        if has_video && entry || !has_video && place.starts {
            self.gops.push_back(GopMark {
                seq,
                live_segment: place.number,
                starts_live_segment: place.starts,
                arrival: unit.arrival,
            });
        }
        self.stored_bytes += cost;
        self.stats.stored_units_total += 1;
        self.units.push_back(Arc::new(RingUnit {
            unit,
            seq,
            live_segment: place.number,
            starts_live_segment: place.starts,
        }));
        self.trim_warm(evicted);
        let evicted_unread = self.stats.evicted_unread_units_total - unread_before;
        PushOutcome::Stored { seq, evicted_unread: u32::try_from(evicted_unread).unwrap_or(u32::MAX) }
    }

    /// Makes room for `cost` bytes and charges them. First goes what the recorder has read; what it has not read goes when the
    /// ring alone holds all it may, or the node has nothing left. Bytes that readers hold count, but never take more than half
    /// of the camera's limit from the ring: a slow viewer must not cost the recording.
    fn make_room(&mut self, cost: u64, evicted: &mut Vec<Arc<RingUnit>>) -> Option<super::budget::Charge> {
        let bytes_max = self.config.bytes_max.as_u64();
        loop {
            let held = self.account.charged_bytes().saturating_sub(self.stored_bytes);
            let wanted = self.stored_bytes + cost;
            let over = wanted + held > bytes_max;
            let forced = wanted > bytes_max.saturating_sub(held).max(bytes_max / 2);
            if !(forced || over && self.front_gop_is_read()) {
                break;
            }
            if !self.evict_front(evicted) {
                return None;
            }
            // Their charges must be gone before asking again. What readers hold stays charged.
            evicted.clear();
        }
        loop {
            if let Some(charge) = self.account.charge(cost) {
                return Some(charge);
            }
            if !self.evict_front(evicted) {
                return None;
            }
            evicted.clear();
        }
    }

    /// Nothing of this ring is left to push out. The unit takes a number all the same, so that every reader notices.
    fn refuse_for_memory(&mut self) -> PushOutcome {
        debug_assert!(self.units.is_empty(), "all else goes before a new unit is refused");
        self.first_seq += 1;
        self.awaiting_keyframe = true;
        self.stats.dropped_memory_limit_total += 1;
        PushOutcome::Dropped(DropReason::MemoryLimit)
    }

    /// The seq up to which the front would go: the start of the second GOP, or one unit where there is only one.
    fn front_end(&self) -> u64 {
        let after = self.gops.iter().find(|mark| mark.seq > self.first_seq).map(|mark| mark.seq);
        after.unwrap_or(self.first_seq + 1)
    }

    fn front_gop_is_read(&self) -> bool {
        !self.units.is_empty() && self.pin.is_none_or(|pin| pin >= self.front_end())
    }

    /// Lets go of the oldest GOP, or of one unit of the only GOP.
    fn evict_front(&mut self, evicted: &mut Vec<Arc<RingUnit>>) -> bool {
        let end = self.front_end();
        let mut any = false;
        while self.first_seq < end
            && let Some(unit) = self.units.pop_front()
        {
            any = true;
            self.stored_bytes = self.stored_bytes.saturating_sub(cost_bytes(&unit.unit));
            if self.pin.is_some_and(|pin| pin <= unit.seq) {
                self.stats.evicted_unread_units_total += 1;
            } else {
                self.stats.evicted_units_total += 1;
            }
            self.first_seq = unit.seq + 1;
            evicted.push(unit);
        }
        while self.gops.front().is_some_and(|mark| mark.seq < self.first_seq) {
            self.gops.pop_front();
        }
        any
    }

    /// Lets go of whole GOPs that are read and older than the warm window. Arrival decides, as it is the one clock that all
    /// streams of a ring share.
    fn trim_warm(&mut self, evicted: &mut Vec<Arc<RingUnit>>) {
        let Some(newest) = self.units.back().map(|unit| unit.unit.arrival) else { return };
        while self.front_gop_is_read() {
            let Some(next) = self.gops.iter().find(|mark| mark.seq > self.first_seq) else { return };
            if newest.since(next.arrival) < self.config.warm {
                return;
            }
            self.evict_front(evicted);
        }
    }

    pub(super) fn next_stream_sequence(&self) -> u64 {
        self.stream_sequence.map_or(0, |sequence| sequence + 1)
    }

    pub(super) fn release_writer(&mut self) {
        self.writer_taken = false;
        self.writer_changed = true;
        self.awaiting_keyframe = true;
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    // ---- reading ----

    pub(super) fn add_reader(&mut self, kind: ReaderKind, cursor: u64, seeking: bool) -> usize {
        let slot = Slot { kind, cursor, seeking, waiting: None };
        let free = self.slots.iter().position(Option::is_none);
        let id = free.unwrap_or(self.slots.len());
        match free.and_then(|i| self.slots.get_mut(i)) {
            Some(place) => *place = Some(slot),
            None => self.slots.push(Some(slot)),
        }
        if kind == ReaderKind::Pinned {
            if let Some(Some(old)) = self.pin_slot.and_then(|old| self.slots.get_mut(old)) {
                old.kind = ReaderKind::Skipping;
            }
            self.pin_slot = Some(id);
            self.pin = Some(cursor);
        }
        id
    }

    pub(super) fn remove_reader(&mut self, id: usize) {
        self.stop_waiting(id);
        if let Some(slot) = self.slots.get_mut(id) {
            *slot = None;
        }
        if self.pin_slot == Some(id) {
            self.pin_slot = None;
        }
    }

    /// Forgets the place a gone recorder left pinned.
    pub(super) fn unpin(&mut self) {
        if self.pin_slot.is_none() {
            self.pin = None;
        }
    }

    /// The newest GOP, where a new reader starts; without one, the next that comes.
    pub(super) fn newest_entry(&self) -> (u64, bool) {
        self.gops.back().map_or((self.next_seq(), true), |mark| (mark.seq, false))
    }

    /// The GOP that starts the oldest of the last `live_segments` live segments, as far as they are held.
    pub(super) fn warm_entry(&self, live_segments: u64) -> (u64, bool) {
        let newest = self.units.back().map_or(0, |unit| unit.live_segment);
        let wanted = |mark: &&GopMark| mark.starts_live_segment && mark.live_segment + live_segments > newest;
        self.gops.iter().find(wanted).map_or_else(|| self.newest_entry(), |mark| (mark.seq, false))
    }

    /// Right after `seq`, or as near as the ring reaches.
    pub(super) fn entry_after(&self, seq: u64) -> (u64, bool) {
        (seq.saturating_add(1).min(self.next_seq()), false)
    }

    pub(super) fn try_next(&mut self, id: usize) -> Read {
        let next_seq = self.next_seq();
        let Some(Some(slot)) = self.slots.get_mut(id) else { return Read::Closed };
        if slot.cursor < self.first_seq {
            slot.seeking = true;
        }
        if slot.seeking {
            let entry = self.gops.iter().find(|mark| mark.seq >= slot.cursor).map(|mark| mark.seq);
            let to = entry.unwrap_or(next_seq);
            let units = to.saturating_sub(slot.cursor);
            slot.cursor = to;
            slot.seeking = entry.is_none();
            let pinned = slot.kind == ReaderKind::Pinned;
            if pinned {
                self.pin = Some(to);
            }
            if units > 0 {
                let total = if pinned {
                    &mut self.stats.pinned_skipped_units_total
                } else {
                    &mut self.stats.skipped_units_total
                };
                *total += units;
                return Read::Skipped { units };
            }
        }
        if !slot.seeking
            && let Some(unit) = slot.cursor.checked_sub(self.first_seq).and_then(|i| self.units.get(i as usize))
        {
            slot.cursor += 1;
            if slot.kind == ReaderKind::Pinned {
                self.pin = Some(slot.cursor);
            }
            return Read::Unit(Arc::clone(unit));
        }
        if self.closed { Read::Closed } else { Read::Empty }
    }

    pub(super) fn position(&self, id: usize) -> u64 {
        self.slots.get(id).and_then(Option::as_ref).map_or(0, |slot| slot.cursor)
    }

    // ---- waiting ----

    fn is_due(&self, slot: &Slot, wake_on: WakeOn) -> bool {
        if self.closed || slot.cursor < self.first_seq {
            return true;
        }
        let newest_gop = self.gops.back().map(|mark| mark.seq);
        if slot.seeking {
            return newest_gop.is_some_and(|seq| seq >= slot.cursor);
        }
        let Some(oldest) = self.get(slot.cursor) else { return false };
        match wake_on {
            WakeOn::AnyUnit => true,
            WakeOn::FragmentEnd => {
                let Some(newest) = self.units.back() else { return false };
                let unread_us = decode_time_us(&newest.unit).saturating_sub(decode_time_us(&oldest.unit));
                newest_gop.is_some_and(|seq| seq >= slot.cursor)
                    || newest.unit.stream.sequence != oldest.unit.stream.sequence
                    || unread_us >= FRAGMENT_MEDIA.as_micros() as i64
            }
        }
    }

    /// Registers a waker, unless the reader need not wait.
    pub(super) fn poll_ready(&mut self, id: usize, wake_on: WakeOn, waker: &Waker) -> bool {
        self.stop_waiting(id);
        let Some(Some(slot)) = self.slots.get(id) else { return true };
        if self.is_due(slot, wake_on) {
            return true;
        }
        if let Some(Some(slot)) = self.slots.get_mut(id) {
            slot.waiting = Some((wake_on, waker.clone()));
            self.waiting += 1;
        }
        false
    }

    pub(super) fn stop_waiting(&mut self, id: usize) {
        if let Some(Some(slot)) = self.slots.get_mut(id)
            && slot.waiting.take().is_some()
        {
            self.waiting -= 1;
        }
    }

    /// Moves the wakers of readers that are due into `due`, as many as fit; true when there may be more.
    pub(super) fn take_due(&mut self, due: &mut [Option<Waker>]) -> bool {
        if self.waiting == 0 {
            return false;
        }
        let mut places = due.iter_mut();
        for id in 0..self.slots.len() {
            let Some(Some(slot)) = self.slots.get(id) else { continue };
            let Some((wake_on, _)) = &slot.waiting else { continue };
            if !self.is_due(slot, *wake_on) {
                continue;
            }
            let Some(place) = places.next() else { return true };
            if let Some(Some(slot)) = self.slots.get_mut(id) {
                *place = slot.waiting.take().map(|(_, waker)| waker);
                self.waiting -= 1;
            }
        }
        false
    }

    pub(super) fn stats(&self) -> RingStats {
        RingStats {
            bytes: self.stored_bytes,
            units: self.units.len() as u64,
            pinned_bytes: self.account.charged_bytes().saturating_sub(self.stored_bytes),
            readers: self.slots.iter().flatten().count() as u64,
            ..self.stats
        }
    }
}
