use std::time::Duration;

use eyrie_actors::{DiskShare, NodeSettings, RetentionSettings, check_recordings};
use eyrie_camsim::{Fault, StreamConfig};
use eyrie_storage::ledger::Ledger;
use eyrie_types::{
    AuditId, AuditOutcome, AuditRecord, By, ByteSize, CameraId, Event, EventKind, RequestId, SegmentRow, TenantId,
    TimeRange,
};

use crate::rig::{Rig, clip, rtsp, sim, until};

/// A camera that has recorded `segments` segments: its picture changes size back and forth.
async fn recorded(segments: usize) -> (eyrie_camsim::CamSim, Rig, CameraId) {
    let mut stream = StreamConfig::new("cam", clip());
    stream.alternate = Some(eyrie_camsim::ClipSpec { width: 320, height: 240, ..clip() });
    let (sim, rig) = (sim(vec![stream]).await, Rig::start().await);
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    for count in 1..=segments {
        until("a segment with footage", async || {
            let rows = rig.rows(camera).await;
            (rows.len() == count && rows.last()?.fragments >= 1).then_some(())
        })
        .await;
        if count < segments {
            if count % 2 == 1 {
                sim.set_fault("cam", Fault::AlternateClip).unwrap();
            } else {
                sim.clear_fault("cam").unwrap();
            }
        }
    }
    (sim, rig, camera)
}

fn at_most(bytes: u64) -> NodeSettings {
    let max_bytes = Some(DiskShare::Bytes(ByteSize::bytes(bytes)));
    NodeSettings { retention: RetentionSettings { max_bytes, ..Default::default() }, ..Default::default() }
}

async fn ledger(rig: &Rig, camera: CameraId) -> Ledger {
    let range = TimeRange::new(rig.started - Duration::from_secs(60), rig.clock.now()).unwrap();
    let tenant = TenantId::default_tenant();
    let mut rows = rig.store.ledger_rows(&tenant, camera, rig.config.node, range).await.unwrap();
    rows.segments = rig.rows(camera).await;
    Ledger::of(&rows, range, rig.clock.now())
}

async fn is_gone(rig: &Rig, row: &SegmentRow) -> bool {
    let tenant = &row.placement.tenant;
    !rig.path(row).exists()
        && rig.store.key(tenant, row.key.unwrap()).await.unwrap().is_none()
        && rig.store.fragments(tenant, row.placement.camera, row.segment).await.unwrap().is_empty()
        && rig.store.copies_of_segment(tenant, row.placement.camera, row.start, row.segment).await.unwrap().is_empty()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_segments_go_file_key_and_rows_the_growing_one_stays_and_it_is_told() {
    let (_sim, rig, camera) = recorded(4).await;
    let mut events = rig.node.events();
    let rows = until("three closed segments in the index", async || {
        let rows = rig.indexed(camera).await;
        (rows.len() == 4 && rows[..3].iter().all(|row| row.state == eyrie_types::SegmentState::Closed)).then_some(rows)
    })
    .await;
    rig.node.set_settings(at_most(1));
    until("the closed segments are gone", async || {
        for row in &rows[..3] {
            if !is_gone(&rig, row).await {
                return None;
            }
        }
        Some(())
    })
    .await;
    assert!(rig.path(&rows[3]).exists(), "it still grows");
    assert_eq!(rig.rows(camera).await.iter().map(|row| row.segment).collect::<Vec<_>>(), [rows[3].segment]);
    let told = until("an event", async || {
        let event = events.try_recv().ok()?;
        match event.kind {
            EventKind::RecordingDeleted { segments, from, .. } => Some((segments, from)),
            _ => None,
        }
    })
    .await;
    assert_eq!(told, (3, rows[0].start));
    let range = TimeRange::new(rig.started, rig.clock.now() + Duration::from_secs(60)).unwrap();
    let audit = rig.store.audit(&TenantId::default_tenant(), range, None, 10).await.unwrap().items;
    let audited: Vec<_> = audit.iter().filter(|record| record.action == "recording.delete").collect();
    assert_eq!(audited.len(), 1, "one record a run and camera: {audit:?}");
    let deleted = ledger(&rig, camera).await.deleted;
    assert!(!deleted.is_empty() && deleted[0].start == rows[0].start, "{deleted:?}");

    // Without a rule that asks for it, nothing more goes.
    rig.node.set_settings(NodeSettings::default());
    rig.node.shutdown().await;
    let kept = rig.indexed(camera).await;
    assert_eq!(kept.len(), 1);
    let roots = std::slice::from_ref(&rig.recordings);
    let report = check_recordings(&rig.store, rig.config.node, roots, true).await.unwrap();
    assert_eq!(report.findings, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_the_phases_of_a_deletion_is_finished_and_nothing_comes_back() {
    let (_sim, rig, camera) = recorded(2).await;
    rig.node.shutdown().await;
    let rows = rig.indexed(camera).await;
    let now = rig.clock.now();
    let tenant = TenantId::default_tenant();
    let row = rows[0].clone();
    let audit = AuditRecord {
        id: AuditId::generate(),
        tenant: tenant.clone(),
        time: now,
        actor: eyrie_types::Actor::System,
        action: "recording.delete".to_owned(),
        object: String::new(),
        remote: String::new(),
        request: RequestId::generate(),
        outcome: AuditOutcome::Allowed,
    };
    let event = Event::new(tenant, now, By::system(), EventKind::CameraCreated { camera });
    let marked = rig.store.mark_deleted(vec![row.clone()], audit, event).await.unwrap();
    assert_eq!(marked.len(), 1);
    // Here the crash: the index does not offer it, its file and key are there.
    assert!(rig.path(&row).exists());
    assert_eq!(rig.indexed(camera).await, rows[1..]);
    let roots = std::slice::from_ref(&rig.recordings);
    let report = check_recordings(&rig.store, rig.config.node, roots, true).await.unwrap();
    assert_eq!(report.findings, [], "it is not taken for footage without a row");
    assert!(is_gone(&rig, &row).await);
    assert_eq!(rig.store.marked_segments().await.unwrap(), []);
    assert_eq!(rig.indexed(camera).await, rows[1..]);
}
