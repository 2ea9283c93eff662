use eyrie_storage::footage::{FootageError, FootagePiece, SegmentRef};
use eyrie_types::{CameraId, TenantId, TimeRange};

use crate::rig::{Rig, missing, one_camera, rtsp, stamps_of};

async fn pieces(rig: &Rig, camera: CameraId, range: TimeRange) -> Vec<FootagePiece> {
    let tail = rig.node.open_tail(camera);
    rig.node.footage().pieces(&TenantId::default_tenant(), camera, range, &tail).await.unwrap().pieces
}

async fn numbers(rig: &Rig, pieces: &[FootagePiece]) -> Vec<u64> {
    let mut numbers = Vec::new();
    for piece in pieces {
        for entry in &piece.entries {
            numbers.extend(stamps_of(&rig.node.footage().fragment(&piece.row, entry).await.unwrap()));
        }
    }
    numbers
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_durable_can_be_read_while_the_segment_still_grows() {
    let (sim, rig) = (one_camera().await, Rig::start().await);
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    rig.recorded(camera, 3).await;
    let whole = TimeRange::new(rig.started, rig.clock.now()).unwrap();
    let growing = pieces(&rig, camera, whole).await;
    assert_eq!(growing.len(), 1);
    let first = numbers(&rig, &growing).await;
    assert!(first.len() >= 50 && missing(&first).is_empty(), "{} units, missing {:?}", first.len(), missing(&first));
    let init = rig.node.footage().init(&growing[0].row).await.unwrap();
    assert_eq!(init.get(4..8), Some(b"ftyp".as_slice()));

    let second = growing[0].entries[1];
    let narrow = TimeRange::new(second.start.offset_us(1_000), second.start.offset_us(2_000)).unwrap();
    let one = pieces(&rig, camera, narrow).await;
    assert_eq!(one[0].entries, [second], "found through the index, no neighbour with it");

    rig.node.shutdown().await;
    let closed = pieces(&rig, camera, whole).await;
    assert!(numbers(&rig, &closed).await.starts_with(&first), "closed, it reads the same");
    let name = SegmentRef::from(&closed[0].row);
    let named = rig.node.footage().segment(&TenantId::default_tenant(), camera, name, &[]).await.unwrap();
    assert!(named.entries.starts_with(&closed[0].entries));
    let other = rig.node.footage().segment(&TenantId::default_tenant(), CameraId::generate(), name, &[]).await;
    assert!(matches!(other, Err(FootageError::UnknownSegment)), "another camera's name opens nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_costs_its_fragment_and_a_lost_file_its_segment_and_both_are_told() {
    let (sim, rig) = (one_camera().await, Rig::start().await);
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    rig.recorded(camera, 3).await;
    rig.node.shutdown().await;
    let whole = TimeRange::new(rig.started, rig.clock.now()).unwrap();
    let piece = pieces(&rig, camera, whole).await.remove(0);
    let path = rig.path(&piece.row);
    let mut bytes = std::fs::read(&path).unwrap();
    let damaged = piece.entries[1];
    bytes[damaged.offset as usize + damaged.length as usize - 40] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let footage = rig.node.footage();
    assert!(matches!(footage.fragment(&piece.row, &damaged).await, Err(FootageError::Damaged(_))));
    assert!(footage.fragment(&piece.row, &piece.entries[0]).await.is_ok(), "its neighbours are as good as before");
    assert!(footage.fragment(&piece.row, &piece.entries[2]).await.is_ok());
    std::fs::remove_file(&path).unwrap();
    footage.forget(piece.row.segment);
    let gone = footage.fragment(&piece.row, &piece.entries[0]).await;
    assert!(matches!(gone, Err(FootageError::Lost(segment)) if segment == piece.row.segment));
    rig.store.shred_key(&piece.row.placement.tenant, piece.row.key.unwrap()).await.unwrap();
    assert!(matches!(footage.init(&piece.row).await, Err(FootageError::KeyGone(_))));
}
