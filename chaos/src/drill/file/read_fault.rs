use std::ops::RangeInclusive;
use std::time::Duration;

use super::fields::{Field, Fields, all_of, meant};
use super::limits::{CLOCK_STEP_MAX, FAULT_MAX, LOCAL_CAMERAS_MAX};
use super::located::{Value, shortened};
use super::{duration_of, duration_text};
use crate::drill::{CameraChoice, CameraFault, CutOff, DiskCalls, EndWith, Fault, FaultKind, NodeChoice, Percent, Way};

/// Fields beside a fault, for whoever misspells one of them.
const BESIDE: &[&str] = &["at", "for", "every", "times", "one_of"];
const MS: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);
/// What the simulated cameras pad a description to at most.
const HUGE_SDP_BYTES_MAX: u64 = 64 << 20;
/// More than a drill writes.
const DISK_LEFT_BYTES_MAX: u64 = 1 << 40;

/// The fault `name` with its parameters in `field`.
pub(super) fn fault(name: &str, field: &Field<'_>) -> Option<Fault> {
    let Some(kind) = FaultKind::from_word(name) else { return unknown(name, field) };
    let mut parts = Parts { fields: field.fields()?, known: Vec::new() };
    let fault = read(kind, &mut parts);
    parts.fields.done(&parts.known);
    fault
}

fn unknown(name: &str, field: &Field<'_>) -> Option<Fault> {
    let words: Vec<_> = FaultKind::ALL.iter().map(|kind| kind.as_str()).collect();
    let all: Vec<_> = BESIDE.iter().chain(&words).copied().collect();
    let hint = match (name, meant(name, &all)) {
        ("kill_leader", _) => "; write `kill: {node: leader}`".to_owned(),
        ("link_down", _) => "; write `partition: {node: any, from: all}`".to_owned(),
        (_, hint) if !hint.is_empty() => hint,
        _ => format!("; there are {}", words.join(", ")),
    };
    field.wrong(format!("unknown fault `{}`{hint}", shortened(name)))
}

fn read(kind: FaultKind, parts: &mut Parts<'_>) -> Option<Fault> {
    match kind {
        FaultKind::Kill => parts.node().map(Fault::Kill),
        FaultKind::Pause => parts.node().map(Fault::Pause),
        FaultKind::Stop => parts.node().map(Fault::Stop),
        FaultKind::SilentDeath => parts.node().map(Fault::SilentDeath),
        FaultKind::PowerLoss => {
            let (node, torn) = (parts.node(), parts.optional("torn", false, Field::flag));
            Some(Fault::PowerLoss { node: node?, torn: torn? })
        }
        FaultKind::DiskFull => {
            let node = parts.node();
            let left = parts.optional("left", 0, |field| field.number(0..=DISK_LEFT_BYTES_MAX));
            Some(Fault::DiskFull { node: node?, left: left? })
        }
        FaultKind::Partition => partition(parts),
        FaultKind::Latency => {
            let (node, by) = (parts.node(), parts.time("by", "100ms", MS..=MINUTE));
            let jitter = parts.optional("jitter", Duration::ZERO, |field| field.duration(Duration::ZERO..=MINUTE));
            Some(Fault::Latency { node: node?, by: by?, jitter: jitter? })
        }
        FaultKind::PacketLoss => {
            let (node, share) = (parts.node(), parts.share());
            Some(Fault::PacketLoss { node: node?, share: share? })
        }
        FaultKind::CpuPressure => {
            let (node, share) = (parts.node(), parts.share());
            Some(Fault::CpuPressure { node: node?, share: share? })
        }
        FaultKind::MemoryPressure => {
            let (node, share) = (parts.node(), parts.share());
            Some(Fault::MemoryPressure { node: node?, share: share? })
        }
        FaultKind::RollingRestart => parts.end_with().map(Fault::RollingRestart),
        FaultKind::RestartAll => parts.end_with().map(Fault::RestartAll),
        FaultKind::DiskSlow => {
            let (node, by) = (parts.node(), parts.time("by", "500ms", MS..=MINUTE));
            Some(Fault::DiskSlow { node: node?, by: by? })
        }
        FaultKind::DiskErrors => {
            let (node, one_in) = (parts.node(), parts.number("one_in", "10", 1..=1_000_000));
            let of = parts.optional("of", DiskCalls::Writes, |field| field.word(&DiskCalls::ALL));
            Some(Fault::DiskErrors { node: node?, one_in: one_in?, of: of? })
        }
        FaultKind::ClockStep => {
            let (node, by_ms) = (parts.node(), parts.signed("by", "1h", CLOCK_STEP_MAX));
            Some(Fault::ClockStep { node: node?, by_ms: by_ms? })
        }
        FaultKind::StoreStop => Some(Fault::StoreStop),
        FaultKind::StorePause => Some(Fault::StorePause),
        FaultKind::StoreErrors => Some(Fault::StoreErrors),
        FaultKind::RedisStop => Some(Fault::RedisStop),
        FaultKind::RedisPause => Some(Fault::RedisPause),
        FaultKind::RedisErrors => Some(Fault::RedisErrors),
        _ => {
            let (cameras, fault) = (parts.cameras(), camera_fault(kind, parts));
            Some(Fault::Camera { cameras: cameras?, fault: fault? })
        }
    }
}

fn camera_fault(kind: FaultKind, parts: &mut Parts<'_>) -> Option<CameraFault> {
    Some(match kind {
        FaultKind::CameraStall => CameraFault::Stall,
        FaultKind::CameraSilence => CameraFault::Silence,
        FaultKind::CameraDrip => CameraFault::Drip,
        FaultKind::CameraClose => CameraFault::Close { reset: parts.optional("reset", false, Field::flag)? },
        FaultKind::CameraHangup => CameraFault::Hangup { reset: parts.optional("reset", false, Field::flag)? },
        FaultKind::CameraRefuse => CameraFault::Refuse { status: parts.number("status", "503", 400..=599)? },
        FaultKind::CameraWrongPassword => CameraFault::WrongPassword,
        FaultKind::CameraOneSession => {
            CameraFault::OneSession { status: parts.optional("status", 453, |field| field.number(400..=599))? }
        }
        FaultKind::CameraLingeringSession => {
            CameraFault::LingeringSession { for_ms: millis(parts.time("lingers", "30s", MS..=FAULT_MAX)?) }
        }
        FaultKind::CameraAlternateClip => CameraFault::AlternateClip,
        FaultKind::CameraTimestampJump => {
            CameraFault::TimestampJump { by_ms: parts.signed("by", "1h", CLOCK_STEP_MAX)? }
        }
        FaultKind::CameraTimestampWrap => {
            CameraFault::TimestampWrap { in_ms: millis(parts.time("in", "5s", Duration::ZERO..=FAULT_MAX)?) }
        }
        FaultKind::CameraHugeSdp => {
            CameraFault::HugeSdp { bytes: parts.number("bytes", "1048576", 1..=HUGE_SDP_BYTES_MAX)? }
        }
        FaultKind::CameraGarbage => CameraFault::Garbage,
        FaultKind::CameraLosePackets => {
            CameraFault::LosePackets { one_in: parts.number("one_in", "50", 1..=1_000_000)? }
        }
        FaultKind::CameraNoSenderReports => CameraFault::NoSenderReports,
        // `read` sends the kinds of cameras here alone.
        _ => return None,
    })
}

fn partition(parts: &mut Parts<'_>) -> Option<Fault> {
    let node = parts.node();
    let ways = [("both", Way::Both), ("in", Way::In), ("out", Way::Out)];
    let way = parts.optional("way", Way::Both, |field| field.word(&ways));
    let whom = [("peers", CutOff::Peers), ("store", CutOff::Store), ("cameras", CutOff::Cameras), ("all", CutOff::All)];
    let from = parts.optional("from", CutOff::Peers, |field| field.word(&whom));
    let flapping = parts.optional("flapping", None, |field| {
        let mut parts = Parts { fields: field.fields()?, known: Vec::new() };
        let (cut, whole) =
            (parts.time("cut", "2s", 100 * MS..=FAULT_MAX), parts.time("whole", "3s", 100 * MS..=FAULT_MAX));
        parts.fields.done(&parts.known);
        Some(Some((cut?, whole?)))
    });
    Some(Fault::Partition { node: node?, way: way?, from: from?, flapping: flapping? })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The parameters of a fault; those that were asked for are the ones it has.
struct Parts<'a> {
    fields: Fields<'a>,
    known: Vec<&'static str>,
}

impl<'a> Parts<'a> {
    fn required(&mut self, name: &'static str, example: &str) -> Option<Field<'a>> {
        self.known.push(name);
        self.fields.required(name, example)
    }

    fn optional<T>(&mut self, name: &'static str, usual: T, read: impl FnOnce(&Field<'a>) -> Option<T>) -> Option<T> {
        self.known.push(name);
        match self.fields.optional(name) {
            Some(field) => read(&field),
            None => Some(usual),
        }
    }

    fn time(&mut self, name: &'static str, example: &str, range: RangeInclusive<Duration>) -> Option<Duration> {
        self.required(name, example)?.duration(range)
    }

    fn number<N: TryFrom<u64>>(&mut self, name: &'static str, example: &str, range: RangeInclusive<u64>) -> Option<N> {
        self.required(name, example)?.number(range)
    }

    fn share(&mut self) -> Option<Percent> {
        let field = self.required("share", "50%")?;
        match field.parsed()? {
            none if none == Percent::hundredths(0) => field.wrong("0% is no fault"),
            share => Some(share),
        }
    }

    /// A duration with a sign, of at most `most`, in milliseconds.
    fn signed(&mut self, name: &'static str, example: &str, most: Duration) -> Option<i64> {
        let field = self.required(name, example)?;
        let read = |text: &str| {
            let (back, length) = match text.strip_prefix('-') {
                Some(length) => (true, length),
                None => (false, text.strip_prefix('+').unwrap_or(text)),
            };
            let length = duration_of(length).filter(|length| (MS..=most).contains(length))?;
            let ms = i64::try_from(length.as_millis()).ok()?;
            Some(if back { -ms } else { ms })
        };
        match &field.node.value {
            Value::Text(text) if let Some(ms) = read(text) => Some(ms),
            _ => {
                field.wrong(format!("is not a step from 1ms to {most}, such as 1h or -1h", most = duration_text(most)))
            }
        }
    }

    fn end_with(&mut self) -> Option<EndWith> {
        let field = self.required("with", "stop")?;
        field.word(&[("stop", EndWith::Stop), ("kill", EndWith::Kill)])
    }

    fn node(&mut self) -> Option<NodeChoice> {
        let field = self.required("node", "any")?;
        if let Value::Map(_) = field.node.value {
            let mut fields = field.fields()?;
            let camera = fields.required("owner_of", "cam0").and_then(|field| field.text().map(str::to_owned));
            fields.done(&["owner_of"]);
            return camera.map(NodeChoice::OwnerOf);
        }
        Some(match field.text()? {
            "any" => NodeChoice::Any,
            "leader" => NodeChoice::Leader,
            "follower" => NodeChoice::Follower,
            "all" => NodeChoice::All,
            name => NodeChoice::Named(name.to_owned()),
        })
    }

    /// `all`, a number, a share, or a list of names.
    fn cameras(&mut self) -> Option<CameraChoice> {
        let field = self.required("cameras", "all")?;
        match &field.node.value {
            Value::Whole(_) => field.number(1..=u64::from(u32::MAX)).map(CameraChoice::Count),
            Value::List(_) => {
                let items = field.items(usize::try_from(LOCAL_CAMERAS_MAX).unwrap_or(usize::MAX))?;
                let names: Vec<_> = all_of(items.iter().map(|item| item.text().map(str::to_owned)))?;
                if names.is_empty() { field.wrong("is empty") } else { Some(CameraChoice::Named(names)) }
            }
            Value::Text(text) if text == "all" => Some(CameraChoice::All),
            Value::Text(text) if text.ends_with('%') => field.parsed().map(CameraChoice::Share),
            _ => field.wrong(format!(
                "{} is not `all`, a number such as 3, a share such as 50%, or a list of names",
                field.node.sort()
            )),
        }
    }
}
