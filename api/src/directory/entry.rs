use eyrie_storage::store::{CameraPlace, StoredCamera, fold};
use eyrie_types::{CameraId, CameraState, CameraStatus, SiteId, WallTime};

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
    /// The JSON of its answer up to what the node knows: everything before `,"status"`.
    pub(super) head: Box<str>,
    enabled: bool,
    updated_at: WallTime,
}

impl Entry {
    /// Takes what is needed of a camera; its password is not.
    pub(crate) fn new(stored: &StoredCamera) -> Self {
        let camera = &stored.camera;
        let labels: Vec<&str> = camera.spec.labels.iter().collect();
        let status = CameraStatus::new(CameraState::Disabled, String::new(), WallTime::EPOCH);
        let answer = answer_of(stored.clone(), status, None);
        Self {
            place: CameraPlace { name_folded: fold(&camera.spec.name), id: camera.id },
            revision: camera.revision,
            site: camera.spec.site,
            // A line break cannot stand in a label, so no search matches across two.
            labels_folded: fold(&labels.join("\n")).into(),
            labels: labels.into_iter().map(Box::from).collect(),
            head: head(&answer).into(),
            enabled: camera.spec.enabled,
            updated_at: camera.updated_at,
        }
    }

    pub(crate) fn id(&self) -> CameraId {
        self.place.id
    }

    /// What it is about to do, before the node has heard of it.
    pub(crate) fn first_status(&self) -> CameraStatus {
        before_the_node_knows(self.enabled, self.updated_at)
    }
}

/// The JSON of `answer` without what comes from the node, which stands last in it.
fn head(answer: &CameraAnswer) -> String {
    let tail = format!(",\"status\":{},\"stream\":null,\"links\":{}}}", json(&answer.status), json(&answer.links));
    let mut whole = json(answer);
    debug_assert!(whole.ends_with(&tail), "status, stream and links stand last, in this order");
    whole.truncate(whole.len().saturating_sub(tail.len()));
    whole
}

fn json(value: &impl serde::Serialize) -> String {
    // Our own shapes have nothing that JSON cannot hold.
    serde_json::to_string(value).unwrap_or_default()
}
