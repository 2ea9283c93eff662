use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use eyrie_storage::facts::{NodePoint, SECONDS_KEPT, StreamPoint};
use eyrie_storage::shared::Viewers;
use eyrie_types::{CameraId, TenantId, WallTime};
use metrics::Gauge;

use super::meter::Measured;
use super::recent::Recent;
use super::verdict::{Evidence, Level, Verdict, verdict};

/// Seconds that stand for now in a verdict: one bad second is no news.
const NOW_S: i64 = 10;
/// What is usual for a camera is the median of its last ten minutes,
const USUAL_S: i64 = 600;
/// once there are so many seconds of them.
const USUAL_SECONDS_MIN: usize = 60;

/// What a camera sends now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamFacts {
    /// When it was looked at.
    pub at: WallTime,
    /// The last second; zeros when nothing came.
    pub point: StreamPoint,
    /// RTP packets lost since the node started.
    pub lost_total: u64,
    /// How well that serves.
    pub verdict: Verdict,
}

impl StreamFacts {
    /// Those of a camera that sends nothing.
    pub fn none(at: WallTime) -> Self {
        Self { at, point: StreamPoint::default(), lost_total: 0, verdict: verdict(&Evidence::default()) }
    }
}

/// What one look at a camera found.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) tenant: TenantId,
    pub(super) camera: CameraId,
    /// What its ingest published, unless that is old.
    pub(super) measured: Option<Measured>,
    /// Lost since this incarnation began.
    pub(super) lost: u64,
    /// On this node,
    pub(super) viewers: u64,
    /// and on the others.
    pub(super) viewers_elsewhere: u32,
}

/// The last hour of all cameras and of the node. The lock is held for a look-up or one camera's second, never across a wait,
/// and the media path never takes it.
#[derive(Debug, Default)]
pub(crate) struct FactsBoard {
    inner: Mutex<Inner>,
    /// Who watches on the other nodes, as they told last.
    elsewhere: ArcSwap<Viewers>,
}

#[derive(Debug, Default)]
struct Inner {
    cameras: HashMap<CameraId, Kept>,
    node: Recent<NodePoint>,
    /// The first minute (since 1970) that is not in the store yet; `None` before the first second.
    next_minute: Option<i64>,
}

/// Rows of a minute, ready for the store.
#[derive(Debug)]
pub(super) struct Minute {
    /// Minutes since 1970.
    pub(super) number: i64,
    pub(super) cameras: Vec<(TenantId, CameraId, StreamPoint)>,
    pub(super) node: Option<NodePoint>,
}

impl FactsBoard {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing that holds the lock can leave a camera half-changed in a way that matters to the next second.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in who watches on the other nodes.
    pub(super) fn set_elsewhere(&self, viewers: Viewers) {
        self.elsewhere.store(Arc::new(viewers));
    }

    /// How many watch a camera on the other nodes.
    pub(super) fn elsewhere(&self, camera: &(TenantId, CameraId)) -> u32 {
        self.elsewhere.load().get(camera).copied().unwrap_or(0)
    }

    /// Takes a look at a camera in; answers the bits a second it sends.
    pub(super) fn note(&self, now: WallTime, reading: &Reading) -> u64 {
        let mut inner = self.lock();
        let kept = inner.cameras.entry(reading.camera).or_insert_with(|| Kept::new(reading));
        kept.note(now.as_unix_secs(), reading)
    }

    /// Takes the node's second in.
    pub(super) fn note_node(&self, now: WallTime, point: NodePoint) {
        let mut inner = self.lock();
        inner.next_minute.get_or_insert(now.as_unix_secs().div_euclid(60));
        inner.node.push(now.as_unix_secs(), point);
    }

    /// Once a minute: what is usual is found anew, and cameras that are not `there` any more are forgotten. Answers how many
    /// cameras are at each level.
    pub(super) fn review(&self, now: WallTime, there: &BTreeSet<CameraId>) -> [(Level, u64); 3] {
        let mut levels = Level::ALL.map(|level| (level, 0));
        let cameras: Vec<CameraId> = self.lock().cameras.keys().copied().collect();
        // One camera at a time, so that nobody waits for the sorting of all.
        for camera in cameras {
            let mut inner = self.lock();
            if !there.contains(&camera) {
                if let Some(gone) = inner.cameras.remove(&camera) {
                    gone.gauges.tell(StreamPoint::default());
                }
                continue;
            }
            let Some(kept) = inner.cameras.get_mut(&camera) else { continue };
            kept.usual = usual(&kept.recent.between(now.as_unix_secs() - USUAL_S, i64::MAX));
            let level = kept.verdict(now.as_unix_secs()).level;
            levels.iter_mut().filter(|(of, _)| *of == level).for_each(|(_, count)| *count += 1);
        }
        levels
    }

    /// What a camera sends, as of `now`.
    pub(crate) fn facts(&self, camera: CameraId, now: WallTime) -> StreamFacts {
        let second = now.as_unix_secs();
        let inner = self.lock();
        let Some(kept) = inner.cameras.get(&camera) else {
            return StreamFacts::none(now);
        };
        // The second under way is not looked at yet, and the one before may have fallen between two looks.
        let last = kept.recent.between(second - 3, i64::MAX).last().copied();
        let at = last.map_or(now, |(second, _)| WallTime::from_unix_us(second * 1_000_000));
        let point = last.map(|(_, point)| point).unwrap_or_default();
        StreamFacts { at, point, lost_total: kept.lost_total, verdict: kept.verdict(second) }
    }

    /// The seconds of a camera in a range.
    pub(crate) fn recent(&self, camera: CameraId, from: WallTime, to: WallTime) -> Vec<(i64, StreamPoint)> {
        let inner = self.lock();
        inner
            .cameras
            .get(&camera)
            .map_or_else(Vec::new, |kept| kept.recent.between(from.as_unix_secs(), second_after(to)))
    }

    /// The seconds of the node in a range.
    pub(crate) fn recent_of_node(&self, from: WallTime, to: WallTime) -> Vec<(i64, NodePoint)> {
        self.lock().node.between(from.as_unix_secs(), second_after(to))
    }

    /// The oldest minute that is over and not in the store; what left the ring before it got there is lost to the store.
    pub(super) fn due(&self, now: WallTime) -> Option<Minute> {
        let (current, reach) = (now.as_unix_secs().div_euclid(60), SECONDS_KEPT.as_secs() as i64 / 60 - 1);
        let mut inner = self.lock();
        let next = inner.next_minute?;
        // A clock that was set back begins its minutes again.
        let number = if next > current + 1 { current } else { next.max(current - reach) };
        inner.next_minute = Some(number);
        if number >= current {
            return None;
        }
        let (from, to) = (number * 60, (number + 1) * 60);
        let of =
            |(camera, kept): (&CameraId, &Kept)| Some((kept.tenant.clone(), *camera, kept.recent.merged(from, to)?));
        let cameras = inner.cameras.iter().filter_map(of).collect();
        Some(Minute { number, cameras, node: inner.node.merged(from, to) })
    }

    /// A minute is in the store.
    pub(super) fn done(&self, number: i64) {
        let mut inner = self.lock();
        if inner.next_minute == Some(number) {
            inner.next_minute = Some(number + 1);
        }
    }
}

fn second_after(to: WallTime) -> i64 {
    (to + Duration::from_micros(999_999)).as_unix_secs()
}

/// What is kept of a camera.
#[derive(Debug)]
struct Kept {
    tenant: TenantId,
    recent: Recent<StreamPoint>,
    usual: Option<StreamPoint>,
    sound: Option<bool>,
    lost_seen: u64,
    lost_total: u64,
    gauges: Gauges,
}

impl Kept {
    fn new(reading: &Reading) -> Self {
        Self {
            tenant: reading.tenant.clone(),
            recent: Recent::default(),
            usual: None,
            sound: None,
            lost_seen: 0,
            lost_total: 0,
            gauges: Gauges::new(&reading.camera.to_string()),
        }
    }

    fn note(&mut self, second: i64, reading: &Reading) -> u64 {
        // Another incarnation counts from 0.
        let lost = reading.lost.checked_sub(self.lost_seen).unwrap_or(reading.lost);
        // The metric is each node's own, for whoever reads metrics adds them up.
        let small = |value: u64| u16::try_from(value).unwrap_or(u16::MAX);
        let here = small(reading.viewers);
        let Some(measured) = reading.measured else {
            self.sound = None;
            self.gauges.tell(StreamPoint { viewers: here, ..StreamPoint::default() });
            return 0;
        };
        self.lost_seen = reading.lost;
        self.lost_total += lost;
        self.sound = measured.sound;
        let large = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        let point = StreamPoint {
            bitrate_bps: large(measured.bitrate_bps),
            lost: large(lost),
            fps_centi: small(measured.fps_centi),
            gop_centi_s: small(measured.gop_us / 10_000),
            jitter_deci_ms: small(measured.jitter_us / 100),
            viewers: small(reading.viewers.saturating_add(reading.viewers_elsewhere.into())),
        };
        self.gauges.tell(StreamPoint { viewers: here, ..point });
        self.recent.push(second, point);
        measured.bitrate_bps
    }

    fn verdict(&self, second: i64) -> Verdict {
        let minute = self.recent.between(second - 60, i64::MAX);
        let now: Vec<_> = minute.iter().filter(|(at, _)| *at >= second - NOW_S).map(|(_, point)| *point).collect();
        let merged = |points: &[StreamPoint]| eyrie_storage::facts::Point::merge(points);
        let all: Vec<_> = minute.iter().map(|(_, point)| *point).collect();
        // Seconds that were good a moment ago are no pictures now.
        let stale = minute.last().is_none_or(|(at, _)| *at < second - 4);
        let gop_centi_s = now.last().map_or(0, |point| point.gop_centi_s);
        verdict(&Evidence {
            // A mean of GOPs is no GOP.
            now: merged(&now).filter(|_| !stale).map(|now| StreamPoint { gop_centi_s, ..now }),
            minute: merged(&all).unwrap_or_default(),
            minute_seconds: u32::try_from(all.len()).unwrap_or(u32::MAX),
            usual: self.usual,
            sound: self.sound,
        })
    }
}

/// Medians, field by field; `None` for too few seconds.
fn usual(seconds: &[(i64, StreamPoint)]) -> Option<StreamPoint> {
    if seconds.len() < USUAL_SECONDS_MIN {
        return None;
    }
    let mut bitrates: Vec<u32> = seconds.iter().map(|(_, point)| point.bitrate_bps).collect();
    let mut rates: Vec<u16> = seconds.iter().map(|(_, point)| point.fps_centi).collect();
    let middle = seconds.len() / 2;
    let (bitrate_bps, fps_centi) = (*bitrates.select_nth_unstable(middle).1, *rates.select_nth_unstable(middle).1);
    Some(StreamPoint { bitrate_bps, fps_centi, ..StreamPoint::default() })
}

/// The camera's metrics; the handles are looked up once.
struct Gauges {
    bitrate: Gauge,
    fps: Gauge,
    gop: Gauge,
    jitter: Gauge,
    viewers: Gauge,
}

impl Gauges {
    fn new(camera: &str) -> Self {
        let label = || camera.to_owned();
        Self {
            bitrate: metrics::gauge!("eyrie_camera_bitrate_bps", "camera" => label()),
            fps: metrics::gauge!("eyrie_camera_fps", "camera" => label()),
            gop: metrics::gauge!("eyrie_camera_gop_seconds", "camera" => label()),
            jitter: metrics::gauge!("eyrie_camera_jitter_seconds", "camera" => label()),
            viewers: metrics::gauge!("eyrie_camera_viewers", "camera" => label()),
        }
    }

    fn tell(&self, point: StreamPoint) {
        self.bitrate.set(point.bitrate_bps);
        self.fps.set(f64::from(point.fps_centi) / 100.0);
        self.gop.set(f64::from(point.gop_centi_s) / 100.0);
        self.jitter.set(f64::from(point.jitter_deci_ms) / 10_000.0);
        self.viewers.set(point.viewers);
    }
}

impl std::fmt::Debug for Gauges {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gauges").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use eyrie_types::Monotonic;

    use super::*;

    fn at(second: i64) -> WallTime {
        WallTime::from_unix_us(second * 1_000_000)
    }

    fn reading(camera: CameraId, lost: u64, fps_centi: u64) -> Reading {
        let measured = Measured {
            at: Monotonic::default(),
            bitrate_bps: 1_000_000,
            fps_centi,
            gop_us: 8_000_000,
            jitter_us: 1_500,
            sound: None,
        };
        Reading {
            tenant: TenantId::default_tenant(),
            camera,
            measured: Some(measured),
            lost,
            viewers: 2,
            viewers_elsewhere: 3,
        }
    }

    #[test]
    fn seconds_become_facts_minutes_and_a_verdict_and_losses_of_all_incarnations_add_up() {
        let (board, camera, start) = (FactsBoard::default(), CameraId::generate(), 6_000);
        for second in 0..130 {
            // After a minute another incarnation runs, whose count begins anew.
            let lost = if second < 60 { second } else { second - 60 };
            board.note(at(start + second), &reading(camera, lost as u64, 2500));
            board.note_node(at(start + second), NodePoint { cpu_milli: 500, ..NodePoint::default() });
        }
        let facts = board.facts(camera, at(start + 130));
        assert_eq!((facts.at, facts.point.fps_centi, facts.lost_total), (at(start + 129), 2500, 59 + 69));
        assert_eq!((facts.point.gop_centi_s, facts.point.jitter_deci_ms, facts.point.viewers), (800, 15, 5));
        assert!(facts.verdict.reasons[0].text.starts_with("GOP of 8 s"), "{:?}", facts.verdict);

        let mut minutes = Vec::new();
        while let Some(minute) = board.due(at(start + 130)) {
            assert_eq!(minute.cameras.len(), 1);
            assert_eq!(minute.node.unwrap().cpu_milli, 500);
            minutes.push((minute.number, minute.cameras[0].2.lost));
            board.done(minute.number);
        }
        assert_eq!(minutes, [(100, 59), (101, 59)], "whole minutes alone");

        let gone = board.facts(camera, at(start + 140)).verdict;
        assert_eq!(gone.reasons[0].code.as_str(), "no_pictures");
    }

    #[test]
    fn a_camera_that_slows_down_is_judged_by_its_own_median_and_one_that_is_gone_is_forgotten() {
        let (board, camera) = (FactsBoard::default(), CameraId::generate());
        (0..300).for_each(|second| {
            board.note(at(second), &reading(camera, 0, 2500));
        });
        board.review(at(300), &BTreeSet::from([camera]));
        (300..312).for_each(|second| {
            board.note(at(second), &reading(camera, 0, 1000));
        });
        let codes: Vec<_> = board.facts(camera, at(312)).verdict.reasons.iter().map(|r| r.code.as_str()).collect();
        assert_eq!(codes, ["long_gop", "low_fps"]);
        let levels = board.review(at(312), &BTreeSet::from([camera]));
        assert_eq!(levels.map(|(_, count)| count), [0, 0, 1]);
        board.review(at(312), &BTreeSet::new());
        assert!(board.recent(camera, at(0), at(400)).is_empty());
    }

    #[test]
    fn a_store_that_is_away_for_longer_than_the_ring_costs_what_left_it() {
        let board = FactsBoard::default();
        board.note_node(at(0), NodePoint::default());
        let minute = board.due(at(7_200)).unwrap();
        assert_eq!(minute.number, 120 - 59);
    }
}
