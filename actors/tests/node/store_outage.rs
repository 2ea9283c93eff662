use std::time::Duration;

use eyrie_storage::footage::FootagePiece;
use eyrie_types::{GapCause, SegmentState, TenantId, TimeRange};
use rusqlite::Connection;

use crate::rig::{Rig, missing, one_camera, rtsp, stamps_of, until};

#[tokio::test(flavor = "multi_thread")]
async fn segments_are_cut_and_can_be_played_while_the_store_takes_nothing_and_their_keys_get_there_later() {
    let sim = one_camera().await;
    let rig = Rig::start_with(|config, _| config.segment_length = Duration::from_secs(2)).await;
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    rig.recorded(camera, 2).await;
    let outside = Connection::open(rig.dir.path().join("eyrie.db")).unwrap();
    outside.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let locked_at = rig.clock.now();

    // Keys of segments that were closed within the outage, and of the one that is open.
    until("three segments of the outage", async || (rig.key_rows.spooled() >= 3).then_some(())).await;
    let (home, footage) = (TenantId::default_tenant(), rig.node.footage());
    let of_outage = |piece: &&FootagePiece| piece.row.start > locked_at;
    // The third key may be there before anything of its segment is durable.
    let pieces = until("two segments of the outage, one of them closed", async || {
        let range = TimeRange::new(rig.started, rig.clock.now()).ok()?;
        let pieces = footage.pieces(&home, camera, range, &rig.node.open_tail(camera)).await.ok()?.pieces;
        let closed = |piece: &FootagePiece| piece.row.state == SegmentState::Closed;
        let outage: Vec<_> = pieces.iter().filter(of_outage).collect();
        (outage.len() >= 2 && outage.iter().any(|piece| closed(piece))).then_some(pieces)
    })
    .await;
    let outage: Vec<_> = pieces.iter().filter(of_outage).collect();
    let mut played = Vec::new();
    for piece in &pieces {
        for entry in &piece.entries {
            played.extend(stamps_of(&footage.fragment(&piece.row, entry).await.unwrap()));
        }
    }
    assert!(missing(&played).is_empty(), "played during the outage: {:?}", missing(&played));
    let keys: Vec<_> = outage.iter().filter_map(|piece| piece.row.key).collect();
    for key in &keys {
        assert_eq!(rig.store.key(&home, *key).await.unwrap(), None, "the store knows nothing of it yet");
    }

    outside.execute_batch("ROLLBACK").unwrap();
    until("the spool is empty", async || (rig.key_rows.spooled() == 0).then_some(())).await;
    for key in &keys {
        assert!(rig.store.key(&home, *key).await.unwrap().is_some(), "{key} is in the store");
    }
    let fragments = rig.rows(camera).await.iter().map(|row| row.fragments).sum::<u32>();
    rig.recorded(camera, fragments + 3).await;
    rig.node.shutdown().await;
    let numbers = rig.all_numbers(camera).await;
    assert!(missing(&numbers).is_empty(), "recorded: {:?}", missing(&numbers));
    let incidents = rig.incidents(camera).await;
    let lost = incidents.iter().filter(|incident| !matches!(incident.cause, GapCause::Starting)).collect::<Vec<_>>();
    assert!(lost.is_empty(), "the outage is no trouble of the camera: {lost:?}");
}
