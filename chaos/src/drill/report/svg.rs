use std::fmt::{self, Write};

use super::escape::Escaped;
use super::{CameraGap, Mark, MarkKind, ReportedFault, Round};
use crate::drill::Unit;

/// Width of a picture, in its own units; a browser scales it.
const WIDTH: u64 = 1_000;
/// Where time begins: names stand before it.
const LEFT: u64 = 190;
const RIGHT: u64 = 10;
const ROW: u64 = 18;
/// Rows of cameras drawn: the ones with the longest gaps. A screen holds no more.
const CAMERAS_MAX: usize = 60;
/// Marks drawn of a round: beyond, they cover each other.
const MARKS_MAX: usize = 400;
/// Characters of a name that fit before the rows.
const NAME_CHARS: usize = 28;

/// The timeline of a round: its faults, what happened, and each camera's gaps.
pub(super) fn write_timeline(page: &mut impl Write, round: &Round) -> fmt::Result {
    let scale = Scale::of(round);
    let cameras = cameras(round);
    let shown = cameras.len().min(CAMERAS_MAX);
    let rows = round.faults.len() + usize::from(!round.marks.is_empty()) + shown;
    let height = (rows as u64 + 2) * ROW;
    let number = round.number;
    writeln!(
        page,
        "<div class=\"scroll\"><svg viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" role=\"img\" aria-label=\"Timeline of round {number}\">"
    )?;
    write_axis(page, &scale, height)?;
    let mut top = ROW / 2;
    for fault in &round.faults {
        write_name(page, &fault.kind, top)?;
        write_fault(page, &scale, fault, round.ended_ms, top)?;
        top += ROW;
    }
    if !round.marks.is_empty() {
        write_name(page, "what happened", top)?;
        for mark in round.marks.iter().take(MARKS_MAX) {
            write_mark(page, &scale, mark, top)?;
        }
        top += ROW;
    }
    for (camera, gaps) in cameras.into_iter().take(CAMERAS_MAX) {
        write_name(page, camera, top)?;
        for gap in gaps {
            write_gap(page, &scale, gap, top)?;
        }
        top += ROW;
    }
    writeln!(page, "</svg></div>")
}

/// The cameras with gaps, the longest first, each with all of its gaps.
fn cameras(round: &Round) -> Vec<(&str, Vec<&CameraGap>)> {
    let mut by_name = std::collections::BTreeMap::<&str, Vec<&CameraGap>>::new();
    for gap in round.gaps.iter().filter(|gap| gap.lasted_ms > 0) {
        by_name.entry(&gap.camera).or_default().push(gap);
    }
    let mut all: Vec<_> = by_name.into_iter().collect();
    let longest = |gaps: &[&CameraGap]| gaps.iter().map(|gap| gap.lasted_ms).max();
    all.sort_by_key(|(_, gaps)| std::cmp::Reverse(longest(gaps)));
    all
}

/// Where a moment is drawn.
struct Scale {
    from_ms: u64,
    long_ms: u64,
}

impl Scale {
    /// From the beginning of a round to its end.
    const fn of(round: &Round) -> Self {
        let long_ms = round.ended_ms.saturating_sub(round.began_ms);
        Self { from_ms: round.began_ms, long_ms: if long_ms == 0 { 1 } else { long_ms } }
    }

    fn x(&self, at_ms: u64) -> u64 {
        let since = at_ms.saturating_sub(self.from_ms).min(self.long_ms);
        LEFT + u64::try_from(u128::from(since) * u128::from(WIDTH - LEFT - RIGHT) / u128::from(self.long_ms))
            .unwrap_or(0)
    }
}

fn write_axis(page: &mut impl Write, scale: &Scale, height: u64) -> fmt::Result {
    const STEPS: [u64; 11] = [100, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000];
    let fits = |step: &&u64| scale.long_ms / **step <= 12;
    let step = STEPS.iter().find(fits).copied().unwrap_or(scale.long_ms.div_ceil(12));
    for n in 0..=scale.long_ms / step {
        let (x, bottom) = (scale.x(scale.from_ms + n * step), height - ROW);
        let label = Unit::Ms.text(n * step);
        writeln!(page, "<line x1=\"{x}\" y1=\"0\" x2=\"{x}\" y2=\"{bottom}\"/>")?;
        writeln!(page, "<text class=\"axis\" x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{label}</text>", height - 5)?;
    }
    Ok(())
}

fn write_name(page: &mut impl Write, name: &str, top: u64) -> fmt::Result {
    let mut shown: String = name.chars().take(NAME_CHARS).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    writeln!(page, "<text x=\"6\" y=\"{}\">{}</text>", top + ROW - 5, Escaped(&shown))
}

fn write_bar(page: &mut impl Write, class: &str, from: u64, to: u64, top: u64, title: &str) -> fmt::Result {
    let width = to.saturating_sub(from).max(2);
    writeln!(
        page,
        "<rect class=\"{class}\" x=\"{from}\" y=\"{}\" width=\"{width}\" height=\"{}\"><title>{}</title></rect>",
        top + 3,
        ROW - 5,
        Escaped(title)
    )
}

fn write_fault(page: &mut impl Write, scale: &Scale, fault: &ReportedFault, ended_ms: u64, top: u64) -> fmt::Result {
    let to = fault.ended_ms.unwrap_or(ended_ms);
    let lasted = Unit::Ms.text(to.saturating_sub(fault.began_ms));
    let title = format!("{}: {} for {lasted}", fault.what, fault.hit.join(", "));
    write_bar(page, "fault", scale.x(fault.began_ms), scale.x(to), top, &title)
}

fn write_mark(page: &mut impl Write, scale: &Scale, mark: &Mark, top: u64) -> fmt::Result {
    let class = match mark.kind {
        MarkKind::Fault => "fault",
        MarkKind::Cell => "cell",
        MarkKind::Probe => "probe",
        MarkKind::Guard => "guard",
        MarkKind::Steady => "steady",
    };
    let x = scale.x(mark.at_ms);
    write_bar(page, class, x, x + 3, top, &format!("{}: {}", mark.kind.as_str(), mark.text))
}

/// A bar for each phase that is known, and one for the rest.
fn write_gap(page: &mut impl Write, scale: &Scale, gap: &CameraGap, top: u64) -> fmt::Result {
    let end = gap.began_ms.saturating_add(gap.lasted_ms);
    let cause = gap.cause.as_deref().unwrap_or("not in the ledger");
    let mut from = gap.began_ms;
    for (phase, lasted) in gap.phases.named() {
        let Some(lasted) = lasted.filter(|lasted| *lasted > 0) else { continue };
        let to = from.saturating_add(lasted).min(end);
        let title = format!("{}: {phase} {} ({cause})", gap.camera, Unit::Ms.text(lasted));
        write_bar(page, phase, scale.x(from), scale.x(to), top, &title)?;
        from = to;
    }
    if from < end {
        let title = format!("{}: {} ({cause})", gap.camera, Unit::Ms.text(end - from));
        write_bar(page, "rest", scale.x(from), scale.x(end), top, &title)?;
    }
    Ok(())
}
