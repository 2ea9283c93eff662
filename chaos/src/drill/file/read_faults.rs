use std::time::Duration;

use super::fields::{Field, Fields, all_of};
use super::limits::{DRILL_MAX, FAULT_MAX, FAULTS_MAX, ROUND_FAULTS_MAX};
use super::read_fault::fault;
use crate::drill::{Again, Fault, FaultKind, TimedFault};

/// Faults to choose one of.
const CHOICE_MAX: usize = 32;
/// Shorter, and a fault is over before it is done.
const LASTS_MIN: Duration = Duration::from_millis(100);

pub(super) fn faults(field: &Field<'_>) -> Option<Vec<TimedFault>> {
    let items = field.items(FAULTS_MAX)?;
    if items.is_empty() {
        return field.wrong("is empty; a drill without a fault is a wait. Write, for instance, `- {at: 5s, for: 15s, kill: {node: any}}`");
    }
    let mut faults: Vec<_> = all_of(items.iter().map(timed_fault))?;
    faults.sort_by_key(|fault| fault.at);
    Some(faults)
}

fn timed_fault(field: &Field<'_>) -> Option<TimedFault> {
    let mut fields = field.fields()?;
    let at = fields.required("at", "5s").and_then(|field| field.duration(Duration::ZERO..=DRILL_MAX));
    let lasts = fields.optional("for");
    let again = again(&mut fields, field);
    let one_of = one_of(&mut fields, field);
    let one_of = one_of?;
    let lasts = duration(field, lasts, &one_of);
    let timed = TimedFault { at: at?, lasts: lasts?, again: again?, one_of, line: field.line };
    match timed.again {
        Some(again) if again.every <= timed.lasts => {
            field.wrong("comes again before it is over; make `every` longer than `for`")
        }
        _ => Some(timed),
    }
}

fn duration(of: &Field<'_>, lasts: Option<Field<'_>>, one_of: &[Fault]) -> Option<Duration> {
    let once = one_of.iter().filter(|fault| fault.is_once()).count();
    match lasts {
        Some(field) if once == one_of.len() => {
            field.wrong("is of no use: this fault happens at one moment; leave it out")
        }
        Some(field) => field.duration(LASTS_MIN..=FAULT_MAX),
        None if once == one_of.len() => Some(Duration::ZERO),
        None => of.wrong("`for` is missing: every fault ends by itself; write, for instance, `for: 15s`"),
    }
}

#[expect(clippy::option_option, reason = "left out, wrong, and given are three things")]
fn again(fields: &mut Fields<'_>, of: &Field<'_>) -> Option<Option<Again>> {
    match (fields.optional("every"), fields.optional("times")) {
        (None, None) => Some(None),
        (Some(every), Some(times)) => {
            let every = every.duration(Duration::from_secs(1)..=FAULT_MAX);
            let times = times.number(2..=ROUND_FAULTS_MAX);
            Some(Some(Again { every: every?, times: times? }))
        }
        _ => of.wrong("`every` and `times` go together, such as `every: 1m` and `times: 60`"),
    }
}

fn one_of(fields: &mut Fields<'_>, of: &Field<'_>) -> Option<Vec<Fault>> {
    let rest = fields.rest();
    match rest.as_slice() {
        [("one_of", choice)] => {
            let items = choice.items(CHOICE_MAX)?;
            if items.is_empty() {
                return choice.wrong("is empty; name the faults to choose from");
            }
            all_of(items.iter().map(|item| match item.fields()?.rest().as_slice() {
                [(name, field)] => fault(name, field),
                _ => item.wrong("name one fault, such as `- kill: {node: any}`"),
            }))
        }
        [(name, field)] => fault(name, field).map(|fault| vec![fault]),
        [] => of.wrong("names no fault; write one, such as `kill: {node: any}`, or several under `one_of`"),
        // A misspelled field stands beside the fault: telling which of them is none helps more than their number.
        several => {
            let known = several.iter().all(|(name, _)| FaultKind::from_word(name).is_some());
            let _: Option<Vec<_>> = all_of(several.iter().map(|(name, field)| fault(name, field)));
            if known {
                return of.wrong("names several faults; make an entry of each, or list them under `one_of`");
            }
            None
        }
    }
}
