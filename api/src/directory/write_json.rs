//! The JSON of answers, put together from what is ready of each camera and what cell and node say at this moment. Bytes instead of
//! `serde`, because a page holds the same words a hundred times; a test holds that both write the same.

use std::sync::{Arc, LazyLock};

use eyrie_actors::NodeHandle;
use eyrie_media::Stream;
use eyrie_types::{CameraId, CameraStatus};

use super::{Entry, Places, Whereabouts};
use crate::camera_changes::stream_answer;
use crate::model::CameraLinks;

/// Bytes set aside for each camera of an answer: the usual length, so that the answer is not copied while it grows.
const CAMERA_BYTES: usize = 1536;

/// The answer for one camera; with the address it publishes to, where the caller may see it.
pub(crate) fn camera_json(node: &NodeHandle, mut places: Whereabouts, entry: &Entry, publish: Option<&str>) -> Vec<u8> {
    let mut json = Vec::with_capacity(CAMERA_BYTES);
    let places = places.of(entry.id(), entry.enabled);
    node.look(std::iter::once(entry.id()), |status, stream| write_camera(&mut json, entry, &places, status, stream));
    if let Some(publish) = publish {
        add_publish(&mut json, publish);
    }
    json
}

/// Puts it where the links end, which are the last in a camera.
fn add_publish(json: &mut Vec<u8>, publish: &str) {
    if json.ends_with(b"}}") {
        json.truncate(json.len() - 2);
        json.extend_from_slice(b",\"publish\":");
        write(json, &publish);
        json.extend_from_slice(b"}}");
    }
}

/// The answer for a page: [`crate::model::CameraPage`].
pub(crate) fn page_json(
    node: &NodeHandle,
    mut places: Whereabouts,
    items: &[Arc<Entry>],
    next_cursor: Option<&str>,
    total: u64,
) -> Vec<u8> {
    let mut json = Vec::with_capacity(128 + items.len() * CAMERA_BYTES);
    json.extend_from_slice(b"{\"items\":[");
    let mut entries = items.iter();
    node.look(items.iter().map(|entry| entry.id()), |status, stream| {
        let Some(entry) = entries.next() else { return };
        write_camera(&mut json, entry, &places.of(entry.id(), entry.enabled), status, stream);
        json.push(b',');
    });
    if json.last() == Some(&b',') {
        json.pop();
    }
    json.extend_from_slice(b"],\"next_cursor\":");
    write(&mut json, &next_cursor);
    json.extend_from_slice(b",\"total\":");
    write(&mut json, &total);
    json.push(b'}');
    json
}

fn write_camera(
    json: &mut Vec<u8>,
    entry: &Entry,
    Places { node, twin }: &Places,
    status: Option<&CameraStatus>,
    stream: Option<&Stream>,
) {
    json.extend_from_slice(entry.head.as_bytes());
    json.extend_from_slice(b",\"node\":");
    write(json, node);
    json.extend_from_slice(b",\"twin\":");
    write(json, twin);
    json.extend_from_slice(b",\"status\":");
    match status {
        Some(status) => write(json, status),
        None => write(json, &entry.first_status()),
    }
    json.extend_from_slice(b",\"stream\":");
    match stream {
        Some(stream) => write(json, &stream_answer(stream)),
        None => json.extend_from_slice(b"null"),
    }
    json.extend_from_slice(b",\"links\":");
    LINKS.write(json, entry.id());
    json.push(b'}');
}

fn write(json: &mut Vec<u8>, value: &impl serde::Serialize) {
    // Our own shapes have nothing that JSON cannot hold, and memory takes what is written.
    let _ = serde_json::to_writer(json, value);
}

/// The links of a camera, which differ from those of another in the id alone.
static LINKS: LazyLock<Links> = LazyLock::new(Links::new);

struct Links {
    /// Those of the camera whose id is all zeros.
    json: String,
    /// Where its id stands.
    ids: Vec<usize>,
}

impl Links {
    fn new() -> Self {
        let nobody = CameraId::from_uuid(uuid::Uuid::nil());
        let json = serde_json::to_string(&CameraLinks::of(nobody)).unwrap_or_default();
        let ids = json.match_indices(&nobody.to_string()).map(|(at, _)| at).collect();
        Self { json, ids }
    }

    fn write(&self, json: &mut Vec<u8>, id: CameraId) {
        let mut text = uuid::Uuid::encode_buffer();
        let id = id.as_uuid().hyphenated().encode_lower(&mut text).as_bytes();
        let start = json.len();
        json.extend_from_slice(self.json.as_bytes());
        for at in &self.ids {
            json[start + at..start + at + id.len()].copy_from_slice(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use eyrie_storage::store::{SealedSecret, StoredCamera};
    use eyrie_types::{
        Camera, CameraSpec, CameraState, FileSource, NodeId, PlacementSpec, RtmpSource, RtspSource, Secret, SiteId,
        SourceSpec, TenantId, WallTime,
    };

    use super::*;
    use crate::camera_changes::answer_of;
    use crate::model::CameraNode;

    fn stored(source: SourceSpec, site: Option<SiteId>) -> StoredCamera {
        let spec = CameraSpec {
            name: "Gate \"7\", \\north, ,\"status\":{}".to_owned(),
            enabled: true,
            labels: ["floor 2", "é\u{1F600}"].into_iter().collect(),
            site,
            source,
            recording: Default::default(),
            placement: PlacementSpec { redundancy: 2, ..PlacementSpec::default() },
        };
        let at = WallTime::from_unix_us(1_767_225_600_000_001);
        let (id, tenant) = (CameraId::generate(), TenantId::default_tenant());
        let camera = Camera { id, tenant, revision: 7, created_at: at, updated_at: at, spec };
        StoredCamera { camera, password: Some(SealedSecret::new(vec![1])) }
    }

    #[test]
    fn a_camera_put_together_is_what_its_model_says_and_holds_no_password() {
        let rtsp = SourceSpec::Rtsp(RtspSource {
            url: "rtsp://10.0.0.1/a".to_owned(),
            username: Some("u\"ser".to_owned()),
            password: Some(Secret::new("hunter2")),
            transport: Default::default(),
            certificate_sha256: Some(eyrie_types::CertificatePin::new([7; 32])),
        });
        let file = SourceSpec::File(FileSource { path: "a.mp4".to_owned() });
        let rtmp = SourceSpec::Rtmp(RtmpSource { key: Some(Secret::new("hunter2")) });
        for stored in [stored(rtsp, Some(SiteId::generate())), stored(file, None), stored(rtmp, None)] {
            let entry = Entry::new(&stored);
            assert_eq!(entry.name(), stored.camera.spec.name);
            let name = "berlin \"2\"".to_owned();
            let places = Places { node: Some(CameraNode { id: NodeId::generate(), name }), twin: None };
            let status = CameraStatus::new(CameraState::Online, "pictures \"arrive\"", WallTime::EPOCH);
            for status in [Some(status), None] {
                let mut json = Vec::new();
                write_camera(&mut json, &entry, &places, status.as_ref(), None);
                let status = status.unwrap_or_else(|| entry.first_status());
                let expected = serde_json::to_string(&answer_of(stored.clone(), places.clone(), status, None)).unwrap();
                assert_eq!(str::from_utf8(&json).unwrap(), expected);
                assert!(!expected.contains("hunter2"));
                add_publish(&mut json, "rtmp://a/b\"c");
                let shown: serde_json::Value = serde_json::from_slice(&json).unwrap();
                assert_eq!(shown["links"]["publish"], "rtmp://a/b\"c");
            }
        }
    }
}
