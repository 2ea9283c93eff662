use serde::{Deserialize, Serialize};

use super::{Check, Round};
use crate::drill::Refusal;

/// What a drill says of its hypothesis, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// In one word.
    pub outcome: Outcome,
    /// Why; empty when it passed.
    pub reasons: Vec<String>,
}

/// A verdict in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All that was asked held in all rounds.
    Passed,
    /// Something did not: the hypothesis is wrong, or the cell is.
    Failed,
    /// A guardrail or a person broke it off. It says nothing of the hypothesis, and is no success.
    Aborted,
    /// Nothing was done: see the reasons.
    Refused,
    /// Nothing was done, for one reason alone: the target cannot do such a fault, or measure such a bound. CI skips it.
    Unsupported,
}

impl Outcome {
    /// The word in a report.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Aborted => "aborted",
            Self::Refused => "refused",
            Self::Unsupported => "unsupported",
        }
    }

    /// What the process that ran the drill exits with. 1 is also any other error of it, and 2 a wrong command line.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::Aborted => 3,
            Self::Refused => 4,
            Self::Unsupported => 5,
        }
    }
}

impl Verdict {
    /// A drill of which nothing was done.
    pub fn refused(refusals: &[Refusal]) -> Self {
        let unsupported = refusals.iter().all(Refusal::is_unsupported);
        let outcome = if unsupported { Outcome::Unsupported } else { Outcome::Refused };
        Self { outcome, reasons: refusals.iter().map(ToString::to_string).collect() }
    }

    /// The verdict over what was found: `aborted` is why it was broken off, where it was; `rounds_wanted` how many there should be.
    pub fn of(checks: &[Check], rounds: &[Round], rounds_wanted: u32, aborted: Option<&str>) -> Self {
        let mut reasons: Vec<String> = aborted.iter().map(|why| format!("broken off: {why}")).collect();
        for round in rounds {
            let number = round.number;
            for fault in round.faults.iter().filter(|fault| fault.ended_ms.is_none()) {
                reasons.push(format!("round {number}: {} could not be ended", fault.what));
            }
            if round.recovered_ms.is_none() && aborted.is_none() {
                reasons.push(format!("round {number}: the steady state did not come back in time"));
            }
        }
        let done = u32::try_from(rounds.len()).unwrap_or(u32::MAX);
        if aborted.is_none() && done < rounds_wanted {
            reasons.push(format!("{done} of {rounds_wanted} rounds were run"));
        }
        if checks.is_empty() && aborted.is_none() {
            reasons.push("nothing was measured".to_owned());
        }
        reasons.extend(checks.iter().filter(|check| !check.held).map(reason));
        let outcome = match (aborted, reasons.is_empty()) {
            (Some(_), _) => Outcome::Aborted,
            (None, true) => Outcome::Passed,
            (None, false) => Outcome::Failed,
        };
        Self { outcome, reasons }
    }
}

fn reason(check: &Check) -> String {
    let worst = if check.worst.is_empty() { String::new() } else { format!(" ({})", check.worst) };
    format!("{}, measured {}{worst}", check.bound(), check.measured_text())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::{Bound, FaultKind, Limit, Measure};

    fn check(most: u64, measured: Option<u64>) -> Check {
        Check::of(Bound { measure: Measure::GapLongest, limit: Limit::AtMost(most) }, measured, "cam1 in round 1")
    }

    fn round(recovered_ms: Option<u64>) -> Round {
        let (faults, marks, gaps) = (vec![], vec![], vec![]);
        Round { number: 1, began_ms: 0, ended_ms: 9, recovered_ms, faults, marks, gaps }
    }

    #[test]
    fn passes_only_when_all_was_measured_and_held_in_all_rounds() {
        let good = [round(Some(1))];
        assert_eq!(Verdict::of(&[check(5, Some(5))], &good, 1, None).outcome, Outcome::Passed);
        for (checks, rounds, wanted, why) in [
            (vec![check(5, Some(6))], vec![round(Some(1))], 1, "at most 5ms, measured 6ms (cam1 in round 1)"),
            (vec![check(5, None)], vec![round(Some(1))], 1, "not measured"),
            (vec![], vec![round(Some(1))], 1, "nothing was measured"),
            (vec![check(5, Some(5))], vec![round(None)], 1, "did not come back"),
            (vec![check(5, Some(5))], vec![round(Some(1))], 2, "1 of 2 rounds"),
        ] {
            let verdict = Verdict::of(&checks, &rounds, wanted, None);
            assert_eq!(verdict.outcome, Outcome::Failed);
            assert!(verdict.reasons.len() == 1 && verdict.reasons[0].contains(why), "{verdict:?}");
        }
    }

    #[test]
    fn a_target_that_cannot_is_told_from_a_cell_that_must_not() {
        let cannot = Refusal::Unsupported { wanted: vec![FaultKind::DiskFull], supported: vec![FaultKind::Kill] };
        let must_not = Refusal::AlreadyRunning { drill: "other".into() };
        assert_eq!(Verdict::refused(std::slice::from_ref(&cannot)).outcome, Outcome::Unsupported);
        assert_eq!(Verdict::refused(&[cannot, must_not]).outcome, Outcome::Refused);
    }

    #[test]
    fn what_was_broken_off_has_neither_passed_nor_failed() {
        let verdict = Verdict::of(&[check(5, Some(1))], &[round(None)], 3, Some("2 nodes down"));
        assert_eq!(verdict.outcome, Outcome::Aborted);
        assert_eq!(verdict.reasons, ["broken off: 2 nodes down"]);
    }
}
