use std::time::Duration;

use super::fields::{Field, Fields, all_of, meant};
use super::limits::{DRILL_MAX, PROBE_EVERY};
use super::located::shortened;
use crate::drill::{ApiProbe, GapProbe, LiveProbe, Percent, PlaybackProbe, Probe};

const PROBES: &[&str] = &["recorded_gap", "live", "playback", "api", "false_reassignments", "index_matches_disk"];
const GAP: &[&str] = &["longest", "twinned", "untouched", "p95", "p99", "unexplained", "doubled"];
/// A count that nobody bounds higher.
const COUNT_MAX: u64 = 1_000_000;

pub(super) fn probes(field: &Field<'_>) -> Option<Vec<Probe>> {
    let named = field.fields()?.rest();
    if named.is_empty() {
        return field
            .wrong(format!("is empty; a drill without a probe proves nothing. There are {}", PROBES.join(", ")));
    }
    all_of(named.iter().map(|(name, field)| probe(name, field)))
}

fn probe(name: &str, field: &Field<'_>) -> Option<Probe> {
    match name {
        "recorded_gap" => recorded_gap(field).map(Probe::RecordedGap),
        "live" => live(field).map(Probe::Live),
        "playback" => playback(field).map(Probe::Playback),
        "api" => api(field).map(Probe::Api),
        "false_reassignments" => at_most(field).map(Probe::FalseReassignments),
        "index_matches_disk" => at_most(field).map(Probe::IndexMatchesDisk),
        _ => {
            let hint = match meant(name, PROBES) {
                hint if hint.is_empty() => format!("; there are {}", PROBES.join(", ")),
                hint => hint,
            };
            field.wrong(format!("unknown probe `{}`{hint}", shortened(name)))
        }
    }
}

fn recorded_gap(field: &Field<'_>) -> Option<GapProbe> {
    let mut fields = field.fields()?;
    let mut bad = false;
    let mut time = |name: &str| {
        let read = fields.optional(name).map(|field| field.duration(Duration::ZERO..=DRILL_MAX));
        bad |= read == Some(None);
        read.flatten()
    };
    let mut gap = GapProbe {
        longest: time("longest"),
        twinned: time("twinned"),
        untouched: time("untouched"),
        p95: time("p95"),
        p99: time("p99"),
        ..GapProbe::default()
    };
    let mut count = |name: &str| {
        let read = fields.optional(name).map(|field| field.number(0..=COUNT_MAX));
        bad |= read == Some(None);
        read.flatten()
    };
    gap.unexplained = count("unexplained");
    gap.doubled = count("doubled");
    fields.done(GAP);
    if bad {
        return None;
    }
    if gap == GapProbe::default() {
        return field.wrong(format!("bounds nothing; give at least one of {}, such as `longest: 8s`", GAP.join(", ")));
    }
    Some(gap)
}

fn every(fields: &mut Fields<'_>, usual: Duration) -> Option<Duration> {
    match fields.optional("every") {
        Some(field) => field.duration(PROBE_EVERY.0..=PROBE_EVERY.1),
        None => Some(usual),
    }
}

/// A duration that may be left out: nothing there, something wrong, or what it is.
fn optional_time(fields: &mut Fields<'_>, name: &str) -> Result<Option<Duration>, ()> {
    let Some(field) = fields.optional(name) else { return Ok(None) };
    field.duration(Duration::ZERO..=DRILL_MAX).map(Some).ok_or(())
}

fn live(field: &Field<'_>) -> Option<LiveProbe> {
    let mut fields = field.fields()?;
    let every = every(&mut fields, Duration::from_millis(500));
    let age = optional_time(&mut fields, "age");
    let outage = fields.required("outage", "10s").and_then(|field| field.duration(Duration::ZERO..=DRILL_MAX));
    fields.done(&["every", "age", "outage"]);
    Some(LiveProbe { every: every?, age: age.ok()?.unwrap_or(Duration::from_secs(4)), outage: outage? })
}

fn playback(field: &Field<'_>) -> Option<PlaybackProbe> {
    let mut fields = field.fields()?;
    let every = every(&mut fields, Duration::from_secs(2));
    let range = optional_time(&mut fields, "range");
    let success = success(&mut fields);
    let p99 = optional_time(&mut fields, "p99");
    fields.done(&["every", "range", "success", "p99"]);
    let range = range.ok()?.unwrap_or(Duration::from_secs(10));
    Some(PlaybackProbe { every: every?, range, success: success?, p99: p99.ok()? })
}

fn api(field: &Field<'_>) -> Option<ApiProbe> {
    let mut fields = field.fields()?;
    let every = every(&mut fields, Duration::from_millis(200));
    let success = success(&mut fields);
    let p99 = optional_time(&mut fields, "p99");
    let except = optional_time(&mut fields, "except");
    fields.done(&["every", "success", "p99", "except"]);
    Some(ApiProbe { every: every?, success: success?, p99: p99.ok()?, except: except.ok()?.unwrap_or_default() })
}

fn success(fields: &mut Fields<'_>) -> Option<Percent> {
    fields.required("success", "99.9%").and_then(|field| field.parsed())
}

/// `{at_most: 3}`; none at all where it is left out.
fn at_most(field: &Field<'_>) -> Option<u64> {
    let mut fields = field.fields()?;
    let most = match fields.optional("at_most") {
        Some(field) => field.number(0..=COUNT_MAX),
        None => Some(0),
    };
    fields.done(&["at_most"]);
    most
}
