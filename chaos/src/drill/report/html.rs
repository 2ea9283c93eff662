use std::cmp::Reverse;
use std::fmt::{self, Write};

use super::escape::Escaped;
use super::svg::write_timeline;
use super::{CameraGap, Check, Distribution, DrillReport, Outcome, Round};
use crate::drill::Unit;

/// Rounds whose timelines are drawn: those with the longest gaps. A page of a hundred is not looked at.
const ROUNDS_MAX: usize = 12;
/// Rows of the table of gaps, the longest first.
const GAPS_MAX: usize = 300;
const STYLE: &str = include_str!("page.css");
/// Nothing is loaded and nothing runs, whatever a name contains.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

impl DrillReport {
    /// As one HTML page, for people: nothing is loaded from elsewhere, no script runs, and it can be mailed and printed.
    ///
    /// It shows the longest gaps and the rounds they were in; the JSON has all.
    pub fn to_html(&self) -> String {
        let mut page = String::new();
        // Writing into a String does not fail.
        let _ = self.write_html(&mut page);
        page
    }

    fn write_html(&self, page: &mut String) -> fmt::Result {
        let (name, outcome) = (Escaped(&self.drill.name), self.verdict.outcome.as_str());
        writeln!(page, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
        writeln!(page, "<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">")?;
        writeln!(page, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
        writeln!(page, "<title>{name}: {outcome}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>")?;
        writeln!(page, "<h1>{name}</h1>\n<p>{}</p>", Escaped(&self.drill.hypothesis))?;
        writeln!(
            page,
            "<p class=\"dim\">{} · {} · took {} · eyrie {} · seed {}</p>",
            Escaped(&self.drill.target),
            self.started,
            Unit::Ms.text(self.took_ms),
            Escaped(&self.eyrie),
            self.seed
        )?;
        self.write_verdict(page)?;
        write_checks(page, &self.checks)?;
        write_distributions(page, &self.distributions)?;
        self.write_rounds(page)?;
        self.write_gaps(page)?;
        writeln!(page, "<h2>Plan</h2>\n<pre>{}</pre>", Escaped(&self.drill.plan.join("\n")))?;
        writeln!(page, "</body>\n</html>")
    }

    fn write_verdict(&self, page: &mut String) -> fmt::Result {
        let outcome = self.verdict.outcome;
        let says = match outcome {
            Outcome::Passed => "Passed: the hypothesis held",
            Outcome::Failed => "Failed: the hypothesis did not hold",
            Outcome::Aborted => "Aborted: this says nothing of the hypothesis",
            Outcome::Refused => "Refused: nothing was done",
            Outcome::Unsupported => "Not supported by this target: nothing was done",
        };
        writeln!(page, "<div class=\"verdict {}\"><strong>{says}</strong>", outcome.as_str())?;
        if !self.verdict.reasons.is_empty() {
            writeln!(page, "<ul>")?;
            self.verdict.reasons.iter().try_for_each(|reason| writeln!(page, "<li>{}</li>", Escaped(reason)))?;
            writeln!(page, "</ul>")?;
        }
        writeln!(page, "</div>")
    }

    fn write_rounds(&self, page: &mut String) -> fmt::Result {
        if self.rounds.is_empty() {
            return Ok(());
        }
        writeln!(page, "<h2>Timeline</h2>\n<p class=\"key dim\">Gaps of cameras:")?;
        for phase in ["unwritten", "detection", "decision", "connect", "keyframe", "rest"] {
            writeln!(page, "<span style=\"--c: var(--{phase})\"></span>{phase}")?;
        }
        writeln!(page, "<span style=\"--c: var(--fault)\"></span>fault</p>")?;
        let longest = |round: &&Round| round.gaps.iter().map(|gap| gap.lasted_ms).max();
        let mut shown: Vec<_> = self.rounds.iter().collect();
        shown.sort_by_key(|round| Reverse(longest(round)));
        shown.truncate(ROUNDS_MAX);
        shown.sort_by_key(|round| round.number);
        if shown.len() < self.rounds.len() {
            let (shown, all) = (shown.len(), self.rounds.len());
            writeln!(
                page,
                "<p class=\"dim\">The {shown} of {all} rounds with the longest gaps; the JSON has all.</p>"
            )?;
        }
        for round in shown {
            let back = round.recovered_ms.map_or_else(
                || "the steady state did not come back".to_owned(),
                |ms| format!("steady again {} after the last fault", Unit::Ms.text(ms)),
            );
            writeln!(page, "<h3>Round {}</h3>\n<p class=\"dim\">{back}</p>", round.number)?;
            write_timeline(page, round)?;
            write_faults(page, round)?;
        }
        Ok(())
    }

    fn write_gaps(&self, page: &mut String) -> fmt::Result {
        let of_round = |round: &'_ Round| -> Vec<(u32, CameraGap)> {
            round.gaps.iter().map(|gap| (round.number, gap.clone())).collect()
        };
        let mut gaps: Vec<_> = self.rounds.iter().flat_map(of_round).collect();
        if gaps.is_empty() {
            return Ok(());
        }
        gaps.sort_by(|(a_round, a), (b_round, b)| {
            (Reverse(a.lasted_ms), a_round, &a.camera).cmp(&(Reverse(b.lasted_ms), b_round, &b.camera))
        });
        let all = gaps.len();
        gaps.truncate(GAPS_MAX);
        writeln!(page, "<h2>Gap of each camera</h2>")?;
        if gaps.len() < all {
            writeln!(page, "<p class=\"dim\">The {} longest of {all}; the JSON has all.</p>", gaps.len())?;
        }
        writeln!(
            page,
            "<div class=\"scroll\"><table>\n<tr><th>camera</th><th class=\"n\">round</th><th class=\"n\">gap</th>"
        )?;
        writeln!(
            page,
            "<th class=\"n\">missing AUs</th><th class=\"n\">unwritten</th><th class=\"n\">detection</th><th class=\"n\">decision</th>"
        )?;
        writeln!(
            page,
            "<th class=\"n\">connect</th><th class=\"n\">keyframe</th><th>touched</th><th>twin</th><th>cause by the ledger</th></tr>"
        )?;
        for (round, gap) in &gaps {
            write!(page, "<tr><td>{}</td><td class=\"n\">{round}</td>", Escaped(&gap.camera))?;
            write!(page, "<td class=\"n\">{}</td><td class=\"n\">{}</td>", Unit::Ms.text(gap.lasted_ms), gap.missing)?;
            for (_, phase) in gap.phases.named() {
                write!(page, "<td class=\"n\">{}</td>", phase.map_or_else(|| "–".to_owned(), |ms| Unit::Ms.text(ms)))?;
            }
            let yes = |flag: bool| if flag { "yes" } else { "no" };
            let cause = gap.cause.as_deref().unwrap_or(if gap.missing > 0 { "none" } else { "–" });
            writeln!(
                page,
                "<td>{}</td><td>{}</td><td>{}</td></tr>",
                yes(gap.touched),
                yes(gap.twinned),
                Escaped(cause)
            )?;
        }
        writeln!(page, "</table></div>")
    }
}

fn write_checks(page: &mut String, checks: &[Check]) -> fmt::Result {
    if checks.is_empty() {
        return Ok(());
    }
    writeln!(page, "<h2>Bounds</h2>\n<div class=\"scroll\"><table>")?;
    writeln!(page, "<tr><th>must hold</th><th class=\"n\">measured</th><th></th><th>worst</th></tr>")?;
    for check in checks {
        let (class, word) = if check.held { ("held", "held") } else { ("broken", "broken") };
        let (bound, measured) = (check.bound().to_string(), check.measured_text());
        write!(page, "<tr><td>{}</td><td class=\"n\">{}</td>", Escaped(&bound), Escaped(&measured))?;
        writeln!(page, "<td class=\"{class}\">{word}</td><td>{}</td></tr>", Escaped(&check.worst))?;
    }
    writeln!(page, "</table></div>")
}

fn write_distributions(page: &mut String, distributions: &[Distribution]) -> fmt::Result {
    if distributions.is_empty() {
        return Ok(());
    }
    writeln!(page, "<h2>How times are spread</h2>\n<div class=\"scroll\"><table>")?;
    write!(page, "<tr><th>of what</th><th class=\"n\">values</th><th class=\"n\">p50</th><th class=\"n\">p95</th>")?;
    writeln!(page, "<th class=\"n\">p99</th><th class=\"n\">max</th></tr>")?;
    for spread in distributions {
        write!(page, "<tr><td>{}</td><td class=\"n\">{}</td>", Escaped(&spread.name), spread.count)?;
        for ms in [spread.p50_ms, spread.p95_ms, spread.p99_ms, spread.max_ms] {
            write!(page, "<td class=\"n\">{}</td>", Unit::Ms.text(ms))?;
        }
        writeln!(page, "</tr>")?;
    }
    writeln!(page, "</table></div>")
}

fn write_faults(page: &mut String, round: &Round) -> fmt::Result {
    if round.faults.is_empty() {
        return Ok(());
    }
    let since = |at_ms: u64| Unit::Ms.text(at_ms.saturating_sub(round.began_ms));
    writeln!(
        page,
        "<div class=\"scroll\"><table>\n<tr><th class=\"n\">began</th><th class=\"n\">ended</th><th>fault</th><th>hit</th></tr>"
    )?;
    for fault in &round.faults {
        let ended = fault.ended_ms.map_or_else(|| "<span class=\"broken\">not ended</span>".to_owned(), since);
        let cut = if fault.cut_short { " (cut short)" } else { "" };
        let hit = fault.hit.join(", ");
        write!(page, "<tr><td class=\"n\">{}</td><td class=\"n\">{ended}{cut}</td>", since(fault.began_ms))?;
        writeln!(page, "<td>{}</td><td>{}</td></tr>", Escaped(&fault.what), Escaped(&hit))?;
    }
    writeln!(page, "</table></div>")?;
    if round.marks.is_empty() {
        return Ok(());
    }
    writeln!(page, "<details><summary class=\"dim\">What happened</summary><table>")?;
    for mark in round.marks.iter().take(MARKS_MAX) {
        let (at, kind) = (since(mark.at_ms), mark.kind.as_str());
        writeln!(page, "<tr><td class=\"n\">{at}</td><td>{kind}</td><td>{}</td></tr>", Escaped(&mark.text))?;
    }
    writeln!(page, "</table></details>")
}

/// Lines of what happened in a round.
const MARKS_MAX: usize = 400;
