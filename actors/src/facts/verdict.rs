use eyrie_storage::facts::StreamPoint;

/// A GOP that is longer makes failover, seeking and the first live picture slow.
const GOP_LONG_CENTI_S: u16 = 400;
/// One so long that it hurts.
const GOP_VERY_LONG_CENTI_S: u16 = 1000;
/// What failover takes beside the wait for a keyframe, in seconds.
const FAILOVER_BASE_S: f64 = 1.0;
/// Lost packets in a million, of which pictures show it now and then: 0.1 %.
const LOSS_FAIR_PPM: u64 = 1_000;
/// And all the time: 1 %.
const LOSS_POOR_PPM: u64 = 10_000;
/// Jitter that a player's buffer feels, and one that exceeds it: 100 and 400 ms.
const JITTER_FAIR_DECI_MS: u16 = 1_000;
const JITTER_POOR_DECI_MS: u16 = 4_000;
/// Per cent of its usual frame rate below which pictures are missing, and below which most are.
const FPS_FAIR_PERCENT: u64 = 80;
const FPS_POOR_PERCENT: u64 = 50;
/// Per cent of its usual bitrate below which a camera sends next to nothing: covered, or gone grey.
const BITRATE_PERCENT: u64 = 20;
/// Bytes of media in a full RTP packet, for the share of what is lost: the library counts what is lost, not what comes.
const PACKET_BYTES: u64 = 1_400;

/// How well a camera's stream serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing to say.
    Good,
    /// It works, and something could be better.
    Fair,
    /// Somebody should look.
    Poor,
}

impl Level {
    /// All, best first.
    pub const ALL: [Self; 3] = [Self::Good, Self::Fair, Self::Poor];

    /// Its word in answers and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Fair => "fair",
            Self::Poor => "poor",
        }
    }
}

/// What is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReasonCode {
    /// Nothing comes.
    NoPictures,
    /// Keyframes are far apart.
    LongGop,
    /// Packets are lost.
    PacketLoss,
    /// Fewer pictures than usual.
    LowFps,
    /// Pictures come unevenly.
    HighJitter,
    /// Far fewer bits than usual.
    BitrateCollapsed,
    /// Sound was announced and none comes.
    NoSound,
}

impl ReasonCode {
    /// Its word in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoPictures => "no_pictures",
            Self::LongGop => "long_gop",
            Self::PacketLoss => "packet_loss",
            Self::LowFps => "low_fps",
            Self::HighJitter => "high_jitter",
            Self::BitrateCollapsed => "bitrate_collapsed",
            Self::NoSound => "no_sound",
        }
    }
}

/// One thing that is not good, and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// For programs.
    pub code: ReasonCode,
    /// For people: a sentence with the numbers.
    pub text: String,
}

/// The judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The worst of its reasons.
    pub level: Level,
    /// None for a good stream.
    pub reasons: Vec<Reason>,
}

/// What is judged.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Evidence {
    /// The last ten seconds; `None` when nothing came.
    pub(super) now: Option<StreamPoint>,
    /// The last minute as one point.
    pub(super) minute: StreamPoint,
    /// How many seconds of it were measured.
    pub(super) minute_seconds: u32,
    /// What is usual for it, once that is known: medians of the last minutes.
    pub(super) usual: Option<StreamPoint>,
    /// Whether sound comes; `None` for a stream without.
    pub(super) sound: Option<bool>,
}

/// Judges a stream.
pub(super) fn verdict(evidence: &Evidence) -> Verdict {
    let Some(now) = evidence.now else {
        let text = "it sends no pictures now".to_owned();
        return Verdict { level: Level::Poor, reasons: vec![Reason { code: ReasonCode::NoPictures, text }] };
    };
    let found =
        [gop(now), loss(evidence), fps(now, evidence), jitter(evidence), bitrate(now, evidence), sound(evidence)];
    let found: Vec<_> = found.into_iter().flatten().collect();
    let level = found.iter().map(|(level, ..)| *level).max().unwrap_or(Level::Good);
    Verdict { level, reasons: found.into_iter().map(|(_, code, text)| Reason { code, text }).collect() }
}

type Found = Option<(Level, ReasonCode, String)>;

fn gop(now: StreamPoint) -> Found {
    let level = match now.gop_centi_s {
        gop if gop > GOP_VERY_LONG_CENTI_S => Level::Poor,
        gop if gop > GOP_LONG_CENTI_S => Level::Fair,
        _ => return None,
    };
    let gop_s = f64::from(now.gop_centi_s) / 100.0;
    let text = format!("GOP of {gop_s:.0} s: a failover will cost about {:.0} s", gop_s + FAILOVER_BASE_S);
    Some((level, ReasonCode::LongGop, text))
}

/// Lost packets in a million of those that were sent, about: each picture fills its packets but the last.
fn lost_ppm(minute: StreamPoint, seconds: u32) -> u64 {
    let bytes = u64::from(minute.bitrate_bps) * u64::from(seconds) / 8;
    let pictures = u64::from(minute.fps_centi) * u64::from(seconds) / 100;
    let lost = u64::from(minute.lost);
    lost * 1_000_000 / (bytes / PACKET_BYTES + pictures + lost).max(1)
}

fn loss(evidence: &Evidence) -> Found {
    let ppm = lost_ppm(evidence.minute, evidence.minute_seconds);
    let level = match ppm {
        ppm if ppm > LOSS_POOR_PPM => Level::Poor,
        ppm if ppm > LOSS_FAIR_PPM => Level::Fair,
        _ => return None,
    };
    let percent = ppm as f64 / 10_000.0;
    Some((level, ReasonCode::PacketLoss, format!("about {percent:.1} % of its packets were lost in the last minute")))
}

fn fps(now: StreamPoint, evidence: &Evidence) -> Found {
    let usual = evidence.usual?.fps_centi;
    let percent = u64::from(now.fps_centi) * 100 / u64::from(usual.max(1));
    let level = match percent {
        percent if percent < FPS_POOR_PERCENT => Level::Poor,
        percent if percent < FPS_FAIR_PERCENT => Level::Fair,
        _ => return None,
    };
    let (now, usual) = (f64::from(now.fps_centi) / 100.0, f64::from(usual) / 100.0);
    Some((level, ReasonCode::LowFps, format!("{now:.1} pictures a second instead of its usual {usual:.1}")))
}

fn jitter(evidence: &Evidence) -> Found {
    let jitter = evidence.minute.jitter_deci_ms;
    let level = match jitter {
        jitter if jitter > JITTER_POOR_DECI_MS => Level::Poor,
        jitter if jitter > JITTER_FAIR_DECI_MS => Level::Fair,
        _ => return None,
    };
    let text = format!("pictures come unevenly, by {} ms: the network or the camera is busy", jitter / 10);
    Some((level, ReasonCode::HighJitter, text))
}

fn bitrate(now: StreamPoint, evidence: &Evidence) -> Found {
    let usual = evidence.usual?.bitrate_bps;
    let collapsed = u64::from(now.bitrate_bps) * 100 < u64::from(usual) * BITRATE_PERCENT;
    let text = || format!("{} kbit/s instead of its usual {}: is it covered?", now.bitrate_bps / 1000, usual / 1000);
    collapsed.then(|| (Level::Fair, ReasonCode::BitrateCollapsed, text()))
}

fn sound(evidence: &Evidence) -> Found {
    let missing = evidence.sound == Some(false);
    missing.then(|| (Level::Fair, ReasonCode::NoSound, "it announces sound and sends none".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A camera of 25 pictures a second and 2 Mbit/s that has nothing wrong.
    fn fine() -> Evidence {
        let point = StreamPoint { bitrate_bps: 2_000_000, fps_centi: 2500, gop_centi_s: 200, ..StreamPoint::default() };
        Evidence { now: Some(point), minute: point, minute_seconds: 60, usual: Some(point), sound: Some(true) }
    }

    fn judged(change: impl FnOnce(&mut Evidence)) -> (Level, Vec<(&'static str, String)>) {
        let mut evidence = fine();
        change(&mut evidence);
        let Verdict { level, reasons } = verdict(&evidence);
        (level, reasons.into_iter().map(|reason| (reason.code.as_str(), reason.text)).collect())
    }

    #[track_caller]
    fn one(change: impl FnOnce(&mut Evidence), level: Level, code: &'static str, text: &str) {
        assert_eq!(judged(change), (level, vec![(code, text.to_owned())]));
    }

    fn set(evidence: &mut Evidence, change: impl Fn(&mut StreamPoint)) {
        change(evidence.now.as_mut().unwrap());
        change(&mut evidence.minute);
    }

    #[test]
    fn a_good_stream_has_no_reasons() {
        assert_eq!(judged(|_| {}), (Level::Good, vec![]));
        assert_eq!(judged(|e| e.usual = None), (Level::Good, vec![]), "what is usual is not known at first");
        assert_eq!(judged(|e| e.sound = None), (Level::Good, vec![]));
        assert_eq!(judged(|e| set(e, |point| point.gop_centi_s = 400)), (Level::Good, vec![]));
    }

    #[test]
    fn a_long_gop_says_what_a_failover_costs() {
        let text = "GOP of 8 s: a failover will cost about 9 s";
        one(|e| set(e, |point| point.gop_centi_s = 800), Level::Fair, "long_gop", text);
        let text = "GOP of 20 s: a failover will cost about 21 s";
        one(|e| set(e, |point| point.gop_centi_s = 2000), Level::Poor, "long_gop", text);
    }

    #[test]
    fn losses_count_by_their_share() {
        // 2 Mbit/s for a minute are about 10,714 full packets and 1,500 that are not.
        assert_eq!(judged(|e| e.minute.lost = 12).0, Level::Good);
        one(
            |e| e.minute.lost = 25,
            Level::Fair,
            "packet_loss",
            "about 0.2 % of its packets were lost in the last minute",
        );
        one(
            |e| e.minute.lost = 250,
            Level::Poor,
            "packet_loss",
            "about 2.0 % of its packets were lost in the last minute",
        );
    }

    #[test]
    fn a_camera_is_measured_by_what_is_usual_for_it() {
        let text = "15.0 pictures a second instead of its usual 25.0";
        one(|e| set(e, |point| point.fps_centi = 1500), Level::Fair, "low_fps", text);
        let text = "5.0 pictures a second instead of its usual 25.0";
        one(|e| set(e, |point| point.fps_centi = 500), Level::Poor, "low_fps", text);
        let text = "300 kbit/s instead of its usual 2000: is it covered?";
        one(|e| set(e, |point| point.bitrate_bps = 300_000), Level::Fair, "bitrate_collapsed", text);
    }

    #[test]
    fn jitter_and_missing_sound_are_told() {
        let text = "pictures come unevenly, by 150 ms: the network or the camera is busy";
        one(|e| set(e, |point| point.jitter_deci_ms = 1500), Level::Fair, "high_jitter", text);
        one(|e| e.sound = Some(false), Level::Fair, "no_sound", "it announces sound and sends none");
    }

    #[test]
    fn nothing_at_all_is_poor_and_the_worst_reason_makes_the_level() {
        one(|e| e.now = None, Level::Poor, "no_pictures", "it sends no pictures now");
        let (level, reasons) = judged(|e| {
            e.sound = Some(false);
            e.minute.lost = 250;
        });
        assert_eq!((level, reasons.len()), (Level::Poor, 2));
    }
}
