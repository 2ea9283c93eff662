use std::time::Duration;

use super::check::check;
use super::fields::{Field, Fields};
use super::limits::{DEAD_MAN, DRILL_MAX, FAULT_MAX, HYPOTHESIS_CHARS_MAX, NAME_CHARS_MAX, REPEAT_MAX};
use super::located::Located;
use super::mistake::{DrillFileError, Mistakes};
use super::read_faults::faults;
use super::read_limits::{blast_radius, guardrails};
use super::read_probes::probes;
use super::read_target::target;
use crate::drill::{Drill, Settle};

const FIELDS: &[&str] = &[
    "drill",
    "hypothesis",
    "target",
    "settle",
    "probes",
    "faults",
    "recover",
    "repeat",
    "blast_radius",
    "guardrails",
    "dead_man",
];

/// Reads a drill file. Pure: neither the token nor the cell is looked at.
///
/// # Errors
/// With every mistake found, by line.
pub fn read_drill(text: &str) -> Result<Drill, DrillFileError> {
    let mistakes = Mistakes::default();
    let root = Located::parse(text, &mistakes);
    let drill = root.as_ref().and_then(|root| drill(&Field::root(root, &mistakes)));
    // The whole is looked at only when its parts are right: what was not understood would be missed there once more.
    if let (true, Some(root), Some(drill)) = (mistakes.none(), &root, &drill) {
        check(drill, root, &mistakes);
    }
    mistakes.or(drill)
}

fn drill(root: &Field<'_>) -> Option<Drill> {
    let mut fields = root.fields()?;
    let name = fields.required("drill", "kill-a-node").and_then(|field| name(&field));
    let hypothesis = fields.required("hypothesis", "when a node dies, the others record its cameras within 8 s");
    let hypothesis = hypothesis.and_then(|field| Some(joined(field.long_text(HYPOTHESIS_CHARS_MAX)?)));
    let target = fields.required("target", "{local: {nodes: 3, cameras: 6}}").and_then(|field| target(&field));
    let settle = settle(&mut fields);
    let probes = fields.required("probes", "{recorded_gap: {longest: 8s}}").and_then(|field| probes(&field));
    let faults = fields.required("faults", "[{at: 5s, for: 15s, kill: {node: any}}]").and_then(|field| faults(&field));
    let recover = match fields.optional("recover") {
        Some(field) => field.duration(Duration::from_secs(1)..=FAULT_MAX),
        None => Some(Duration::from_secs(60)),
    };
    let repeat = match fields.optional("repeat") {
        Some(field) => field.number(1..=REPEAT_MAX),
        None => Some(1),
    };
    let blast_radius =
        fields.required("blast_radius", "{nodes: 1, cameras: 50%}").and_then(|field| blast_radius(&field));
    let guardrails =
        fields.required("guardrails", "{nodes_down: 1, longest: 10m}").and_then(|field| guardrails(&field));
    let dead_man = match fields.optional("dead_man") {
        Some(field) => field.duration(DEAD_MAN.0..=DEAD_MAN.1),
        None => Some(Duration::from_secs(30)),
    };
    fields.done(FIELDS);
    Some(Drill {
        name: name?,
        hypothesis: hypothesis?,
        target: target?,
        settle: settle?,
        probes: probes?,
        faults: faults?,
        recover: recover?,
        repeat: repeat?,
        blast_radius: blast_radius?,
        guardrails: guardrails?,
        dead_man: dead_man?,
    })
}

fn name(field: &Field<'_>) -> Option<String> {
    let name = field.text()?;
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
    if starts && name.len() <= NAME_CHARS_MAX && name.chars().all(good) {
        return Some(name.to_owned());
    }
    field.wrong(format!(
        "a name is 1 to {NAME_CHARS_MAX} of a-z, 0-9 and '-', and begins with a letter: it becomes file names"
    ))
}

/// One paragraph: the line breaks of the file mean nothing.
fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn settle(fields: &mut Fields<'_>) -> Option<Settle> {
    let usual = Settle { held: Duration::from_secs(5), within: Duration::from_secs(120) };
    let Some(field) = fields.optional("settle") else { return Some(usual) };
    let mut fields = field.fields()?;
    let mut time = |name: &str, usual| match fields.optional(name) {
        Some(field) => field.duration(Duration::from_secs(1)..=DRILL_MAX),
        None => Some(usual),
    };
    let (held, within) = (time("held", usual.held), time("within", usual.within));
    fields.done(&["held", "within"]);
    Some(Settle { held: held?, within: within? })
}
