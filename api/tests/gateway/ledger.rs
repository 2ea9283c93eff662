use std::time::Duration;

use eyrie_types::{
    CameraId, Clock as _, Epoch, NodeId, Placement, SegmentId, SegmentRow, SegmentState, Slot, TenantId, TimeRange,
};
use serde_json::Value;

use crate::harness::{Eyrie, fields, problem};

const HOUR: Duration = Duration::from_secs(3600);
/// Days of the footage in these tests.
const DAYS: u32 = 60;

/// A camera with an hour's segment at every hour of the last days but for two whole days in their middle.
async fn recorded(eyrie: &Eyrie) -> String {
    let made = eyrie.admin().await.camera("gate").await;
    let id = made["id"].as_str().unwrap().to_owned();
    let camera: CameraId = id.parse().unwrap();
    let node = eyrie.store.node_id(NodeId::generate()).await.unwrap();
    let now = eyrie.clock.now();
    let row = |hour: u32| {
        let start = now - HOUR * (hour + 1);
        let placement = Placement {
            tenant: TenantId::default_tenant(),
            camera,
            slot: Slot::OWNER,
            epoch: Epoch::new(0, 1).unwrap(),
        };
        SegmentRow {
            placement,
            segment: SegmentId::generate(),
            node,
            state: SegmentState::Closed,
            start,
            end: start + HOUR,
            runs: vec![TimeRange { start, end: start + HOUR }],
            fragments: 3600,
            bytes: 1000,
            key: None,
            merkle_root: None,
        }
    };
    let hole = (DAYS * 12)..(DAYS * 12 + 48);
    let rows: Vec<_> = (0..DAYS * 24).filter(|hour| !hole.contains(hour)).map(row).collect();
    for some in rows.chunks(1000) {
        eyrie.store.put_segments(some.to_vec()).await.unwrap();
    }
    id
}

fn items(answer: &Value) -> &Vec<Value> {
    answer["items"].as_array().unwrap()
}

#[tokio::test]
async fn a_timeline_of_any_length_fits_its_points_and_reads_the_same_from_kept_days() {
    let eyrie = Eyrie::start().await;
    let id = recorded(&eyrie).await;
    let viewer = eyrie.user("viewer").await;
    let from = eyrie.clock.now() - HOUR * 24 * (DAYS + 5);
    let path = |points: u32| format!("/api/v1/cameras/{id}/timeline?from={from}&points={points}");
    let drawn = viewer.json(&path(1000)).await;
    let recorded = items(&drawn).iter().filter(|item| item["kind"] == "recorded").count();
    assert!(recorded >= 2 && items(&drawn).len() <= 1000, "{drawn}");
    assert_eq!(viewer.json(&path(1000)).await, drawn, "kept days say what was derived");
    for points in [1, 2, 7, 50] {
        let coarse = viewer.json(&path(points)).await;
        assert!((1..=points as usize).contains(&items(&coarse).len()), "{points}: {coarse}");
    }
    let exact = viewer.json(&format!("/api/v1/cameras/{id}/timeline")).await;
    assert_eq!(items(&exact).len(), 1, "a day without a hole is one stretch: {exact}");
    let ledger = viewer.json(&format!("/api/v1/cameras/{id}/ledger")).await;
    assert!((30..=31).contains(&ledger["days"].as_array().unwrap().len()), "{ledger}");
    assert_eq!(ledger["total"]["missing_s"], 0.0, "nothing was asked for: it is switched off");
    assert_eq!(ledger["slo"]["objective"], 0.999);
}

#[tokio::test]
async fn points_that_cannot_be_are_refused_by_field_and_other_tenants_cameras_are_unknown() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let made = admin.camera("gate").await;
    let id = made["id"].as_str().unwrap();
    for points in ["0", "5001"] {
        let refused = admin.get(&format!("/api/v1/cameras/{id}/timeline?points={points}")).await;
        assert_eq!(fields(&problem(refused, "invalid_query").await), ["points"]);
    }
    let unknown = admin.get(&format!("/api/v1/cameras/{}/timeline", CameraId::generate())).await;
    problem(unknown, "not_found").await;
}
