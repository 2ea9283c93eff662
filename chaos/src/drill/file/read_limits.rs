use std::collections::BTreeSet;
use std::time::Duration;

use super::fields::{Field, all_of};
use super::limits::{DRILL_MAX, LOCAL_NODES_MAX};
use super::located::Value;
use crate::drill::{BlastRadius, CameraLimit, CamerasSilent, FailingApi, Guardrails, Percent, Shared};

/// Nodes a cell can have.
const CELL_NODES_MAX: u64 = 256;
const _: () = assert!(LOCAL_NODES_MAX <= CELL_NODES_MAX, "a local cell is a cell");

pub(super) fn blast_radius(field: &Field<'_>) -> Option<BlastRadius> {
    let mut fields = field.fields()?;
    let nodes = fields.required("nodes", "1").and_then(|field| field.number(0..=CELL_NODES_MAX));
    let cameras = fields.required("cameras", "50%").and_then(|field| camera_limit(&field));
    let shared = match fields.optional("shared") {
        Some(field) => shared(&field),
        None => Some(BTreeSet::new()),
    };
    fields.done(&["nodes", "cameras", "shared"]);
    Some(BlastRadius { nodes: nodes?, cameras: cameras?, shared: shared? })
}

fn shared(field: &Field<'_>) -> Option<BTreeSet<Shared>> {
    let items = field.items(2)?;
    let words = [Shared::Store, Shared::Redis].map(|shared| (shared.as_str(), shared));
    all_of(items.iter().map(|item| item.word(&words)))
}

/// `all`, a number, or a share.
fn camera_limit(field: &Field<'_>) -> Option<CameraLimit> {
    match &field.node.value {
        Value::Whole(_) => field.number(0..=u64::from(u32::MAX)).map(CameraLimit::Count),
        Value::Text(text) if text == "all" => Some(CameraLimit::Share(Percent::WHOLE)),
        _ => field.parsed().map(CameraLimit::Share),
    }
}

pub(super) fn guardrails(field: &Field<'_>) -> Option<Guardrails> {
    let mut fields = field.fields()?;
    let nodes_down = fields.optional("nodes_down").map(|field| field.number(0..=CELL_NODES_MAX));
    let cameras_silent = fields.optional("cameras_not_recording").map(|field| cameras_silent(&field));
    let failing_api = fields.optional("api_success").map(|field| failing_api(&field));
    let longest = fields.required("longest", "10m");
    let longest = longest.and_then(|field| field.duration(Duration::from_secs(10)..=DRILL_MAX));
    fields.done(&["nodes_down", "cameras_not_recording", "api_success", "longest"]);
    Some(Guardrails {
        nodes_down: given(nodes_down)?,
        cameras_silent: given(cameras_silent)?,
        failing_api: given(failing_api)?,
        longest: longest?,
    })
}

/// What may be left out, and must be right where it is not.
#[expect(clippy::option_option, reason = "left out, wrong, and given are three things")]
fn given<T>(field: Option<Option<T>>) -> Option<Option<T>> {
    match field {
        Some(None) => None,
        Some(value) => Some(value),
        None => Some(None),
    }
}

fn cameras_silent(field: &Field<'_>) -> Option<CamerasSilent> {
    let mut fields = field.fields()?;
    let more_than = fields.required("more_than", "50%").and_then(|field| camera_limit(&field));
    let lasting = fields.required("for", "30s");
    let lasting = lasting.and_then(|field| field.duration(Duration::from_secs(1)..=DRILL_MAX));
    fields.done(&["more_than", "for"]);
    Some(CamerasSilent { more_than: more_than?, lasting: lasting? })
}

fn failing_api(field: &Field<'_>) -> Option<FailingApi> {
    let mut fields = field.fields()?;
    let below = fields.required("below", "50%").and_then(|field| field.parsed());
    let window = fields.required("for", "30s");
    let window = window.and_then(|field| field.duration(Duration::from_secs(1)..=Duration::from_secs(600)));
    fields.done(&["below", "for"]);
    Some(FailingApi { below: below?, window: window? })
}
