use eyrie_storage::store::{CameraPlace, StoredCamera, fold};
use eyrie_types::{CameraId, CameraState, CameraStatus, SiteId, WallTime};
use serde::Deserialize;

use super::Places;
use crate::camera_changes::{answer_of, before_the_node_knows};
use crate::model::CameraAnswer;

/// A camera of the directory, ready to be found and shown.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Where it stands in the list.
    pub(super) place: CameraPlace,
    pub(crate) revision: u64,
    pub(super) site: Option<SiteId>,
    pub(super) labels: Box<[Box<str>]>,
    /// Its labels as searches see them.
    pub(super) labels_folded: Box<str>,
    /// The JSON of its answer up to what cell and node know: everything before `,"node"`.
    pub(super) head: Box<str>,
    pub(super) enabled: bool,
    /// It publishes: its address is to be shown to some.
    pub(crate) pushed: bool,
    updated_at: WallTime,
}

impl Entry {
    /// Takes what is needed of a camera; its password is not.
    pub(crate) fn new(stored: &StoredCamera) -> Self {
        let camera = &stored.camera;
        let labels: Vec<&str> = camera.spec.labels.iter().collect();
        let status = CameraStatus::new(CameraState::Disabled, String::new(), WallTime::EPOCH);
        let answer = answer_of(stored.clone(), Places::default(), status, None);
        Self {
            place: CameraPlace { name_folded: fold(&camera.spec.name), id: camera.id },
            revision: camera.revision,
            site: camera.spec.site,
            // A line break cannot stand in a label, so no search matches across two.
            labels_folded: fold(&labels.join("\n")).into(),
            labels: labels.into_iter().map(Box::from).collect(),
            head: head(&answer).into(),
            enabled: camera.spec.enabled,
            pushed: camera.spec.source.is_pushed(),
            updated_at: camera.updated_at,
        }
    }

    pub(crate) fn id(&self) -> CameraId {
        self.place.id
    }

    /// What people call it. Read from its JSON, for few ask: a copy beside it would cost memory for each camera.
    pub(crate) fn name(&self) -> String {
        #[derive(Deserialize)]
        struct Named {
            name: String,
        }
        let whole = format!("{}}}", self.head);
        serde_json::from_str(&whole).map_or_else(|_| String::new(), |Named { name }| name)
    }

    /// What it is about to do, before the node has heard of it.
    pub(crate) fn first_status(&self) -> CameraStatus {
        before_the_node_knows(self.enabled, self.updated_at)
    }
}

/// The JSON of `answer` without what comes from cell and node, which stands last in it.
fn head(answer: &CameraAnswer) -> String {
    let (status, links) = (json(&answer.status), json(&answer.links));
    let tail = format!(",\"node\":null,\"twin\":null,\"status\":{status},\"stream\":null,\"links\":{links}}}");
    let mut whole = json(answer);
    debug_assert!(whole.ends_with(&tail), "node, twin, status, stream and links stand last, in this order");
    whole.truncate(whole.len().saturating_sub(tail.len()));
    whole
}

fn json(value: &impl serde::Serialize) -> String {
    // Our own shapes have nothing that JSON cannot hold.
    serde_json::to_string(value).unwrap_or_default()
}
