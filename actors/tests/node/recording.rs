use eyrie_actors::{Finding, check_recordings, repair_index};
use eyrie_camsim::{Fault, StreamConfig};
use eyrie_storage::disk::{Disk, DiskConfig};
use eyrie_storage::segment::SegmentReader;
use eyrie_types::{CameraState, GapCause, SegmentState};

use crate::rig::{Rig, clip, missing, one_camera, rtsp, sim, until};

#[tokio::test(flavor = "multi_thread")]
async fn every_access_unit_is_recorded_sealed_and_the_segment_closed_at_shutdown() {
    let (sim, rig) = (one_camera().await, Rig::start().await);
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    rig.recorded(camera, 4).await;
    rig.node.shutdown().await;
    let rows = rig.indexed(camera).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    let row = &rows[0];
    assert_eq!(row.state, SegmentState::Closed);
    assert_eq!(row.runs.len(), 1, "one stretch without a hole: {:?}", row.runs);
    let numbers = rig.numbers(row).await;
    assert!(numbers.len() >= 75 && missing(&numbers).is_empty(), "{:?} of {}", missing(&numbers), numbers.len());
    let key = rig.key(row).await;
    assert!(key.is_some(), "sealed by default");
    let reader = SegmentReader::open(rig.path(row), key.as_ref()).unwrap();
    let scan = reader.verify().unwrap();
    assert_eq!((Some(scan.merkle_root), scan.fragments.len()), (row.merkle_root, row.fragments as usize));
    let tenant = &row.placement.tenant;
    assert_eq!(rig.store.fragments(tenant, camera, row.segment).await.unwrap(), scan.fragments);
    let copies = rig.store.copies_of_segment(tenant, camera, row.start, row.segment).await.unwrap();
    assert_eq!(copies.iter().map(|copy| copy.bytes).collect::<Vec<_>>(), [row.bytes]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_sealing_ffprobe_counts_every_frame() {
    let (sim, rig) = (one_camera().await, Rig::start_with(|node, _| node.sealing = false).await);
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    rig.recorded(camera, 3).await;
    rig.node.shutdown().await;
    let row = rig.indexed(camera).await.remove(0);
    let numbers = rig.numbers(&row).await;
    let arguments = ["-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames,width", "-of", "csv=p=0"];
    let probe = tokio::process::Command::new("ffprobe").args(arguments).arg(rig.path(&row)).output().await.unwrap();
    assert!(probe.status.success(), "{}", String::from_utf8_lossy(&probe.stderr));
    assert_eq!(String::from_utf8_lossy(&probe.stdout).trim(), format!("160,{}", numbers.len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_costs_nothing_while_the_ring_lasts_and_live_goes_on() {
    let (sim, rig) = (one_camera().await, Rig::start().await);
    // A file where the tenant's directory has to be: no segment can be made.
    let obstacle = rig.recordings.join("default");
    std::fs::write(&obstacle, b"").unwrap();
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    let troubled = |status: &eyrie_types::CameraStatus| {
        status.state == CameraState::Online && status.reason.contains("not being recorded")
    };
    rig.status(camera, "online and not recorded", troubled).await;
    std::fs::remove_file(&obstacle).unwrap();
    rig.recorded(camera, 4).await;
    rig.status(camera, "recorded again", |status| !status.reason.contains("not being recorded")).await;
    rig.node.shutdown().await;
    let numbers = rig.all_numbers(camera).await;
    assert!(missing(&numbers).is_empty(), "{:?}", missing(&numbers));
    let incidents = rig.incidents(camera).await;
    let disk =
        incidents.iter().find(|incident| incident.cause == GapCause::DiskError).expect("an incident of the disk");
    assert!(disk.end.is_some(), "closed when it was over");
    // It begins with the first footage that could not be written, so no footage is lost and none is unexplained.
    let row = &rig.indexed(camera).await[0];
    assert_eq!(row.start, disk.start);
}

#[tokio::test(flavor = "multi_thread")]
async fn parameter_sets_that_change_begin_a_new_segment_and_lose_nothing() {
    let mut stream = StreamConfig::new("cam", clip());
    stream.alternate = Some(eyrie_camsim::ClipSpec { width: 320, height: 240, ..clip() });
    let (sim, rig) = (sim(vec![stream]).await, Rig::start().await);
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    rig.recorded(camera, 2).await;
    sim.set_fault("cam", Fault::AlternateClip).unwrap();
    until("a second segment with footage", async || {
        let rows = rig.rows(camera).await;
        (rows.len() == 2 && rows[1].fragments >= 2).then_some(())
    })
    .await;
    assert!(rig.node.stream_facts(camera).is_some_and(|stream| stream.video().is_some_and(|(.., v)| v.width == 320)));
    rig.node.shutdown().await;
    let numbers = rig.all_numbers(camera).await;
    assert!(missing(&numbers).is_empty(), "{:?}", missing(&numbers));
}

#[tokio::test(flavor = "multi_thread")]
async fn rtp_times_that_wrap_are_no_event() {
    let sim = one_camera().await;
    sim.set_fault("cam", Fault::TimestampWrap { in_ms: 1_500 }).unwrap();
    let rig = Rig::start().await;
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    rig.recorded(camera, 5).await;
    rig.node.shutdown().await;
    let rows = rig.indexed(camera).await;
    assert_eq!((rows.len(), rows[0].runs.len()), (1, 1));
    let numbers = rig.numbers(&rows[0]).await;
    assert!(missing(&numbers).is_empty());
    let covered = rows[0].end.since(rows[0].start).as_secs_f64();
    let sent = numbers.len() as f64 / 25.0;
    assert!((covered - sent).abs() < 0.5, "{covered} s of footage for {sent} s of pictures");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jump_of_the_cameras_clock_is_a_discontinuity_and_not_a_duration() {
    let (sim, rig) = (one_camera().await, Rig::start().await);
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    rig.recorded(camera, 2).await;
    sim.set_fault("cam", Fault::TimestampJump { by_ms: 3_600_000 }).unwrap();
    until("a second segment with footage", async || {
        let rows = rig.rows(camera).await;
        (rows.len() == 2 && rows[1].fragments >= 2).then_some(())
    })
    .await;
    rig.node.shutdown().await;
    let now = rig.clock.now();
    for row in rig.indexed(camera).await {
        assert!(row.end <= now + std::time::Duration::from_secs(2), "{} is in the future", row.end);
        assert!(row.end.since(row.start) < std::time::Duration::from_secs(120));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_left_open_is_found_by_scanning() {
    let (sim, rig) = (one_camera().await, Rig::start().await);
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    rig.recorded(camera, 3).await;
    // A copy of the open file, as a crash would leave it, under the disk of another node's process.
    let row = until("an indexed open row", async || rig.indexed(camera).await.pop()).await;
    let crashed = rig.dir.path().join("crashed");
    let left = crashed.join(rig.path(&row).strip_prefix(&rig.recordings).unwrap());
    std::fs::create_dir_all(left.parent().unwrap()).unwrap();
    std::fs::copy(rig.path(&row), &left).unwrap();
    rig.node.shutdown().await;
    let mut open = row.clone();
    (open.state, open.fragments, open.merkle_root) = (SegmentState::Open, 0, None);
    open.runs.clear();
    (open.end, open.bytes) = (open.start, 0);
    rig.store.remove_segment(row.clone()).await.unwrap();
    rig.store.put_segments(vec![open]).await.unwrap();
    let disk = Disk::open(DiskConfig::new(&crashed), rig.clock.clone()).unwrap();
    let report = repair_index(&rig.store, rig.config.node, &[disk], |_| true).await.unwrap();
    assert!(report.findings.iter().any(|finding| matches!(finding, Finding::Mended { .. })), "{report:?}");
    let mended = rig.indexed(camera).await.remove(0);
    assert_eq!(mended.state, SegmentState::Unclosed);
    assert!(mended.fragments >= row.fragments && mended.runs.len() == 1, "{mended:?}");
    let table = rig.store.fragments(&row.placement.tenant, camera, row.segment).await.unwrap();
    assert_eq!(table.len(), mended.fragments as usize);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_adopts_files_without_rows_and_reports_rows_without_files() {
    let (sim, rig) = (one_camera().await, Rig::start().await);
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    rig.recorded(camera, 2).await;
    rig.node.shutdown().await;
    let row = rig.indexed(camera).await.remove(0);
    let roots = std::slice::from_ref(&rig.recordings);
    let check = async || check_recordings(&rig.store, rig.config.node, roots, true).await.unwrap();
    assert_eq!(check().await.findings, []);
    rig.store.remove_segment(row.clone()).await.unwrap();
    assert!(matches!(check().await.findings[..], [Finding::Adopted { .. }]));
    assert_eq!(rig.indexed(camera).await, std::slice::from_ref(&row), "the row is as it was");
    std::fs::remove_file(rig.path(&row)).unwrap();
    assert!(matches!(check().await.findings[..], [Finding::Missing { .. }]));
}

/// A small file system of its own, gone with the test.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Self {
        let at = tempfile::tempdir().unwrap();
        let options = ["-t", "tmpfs", "-o", "size=4m", "tmpfs"];
        let status = std::process::Command::new("mount").args(options).arg(at.path()).status().unwrap();
        assert!(status.success(), "mounting a tmpfs takes root: run the tests as root");
        Self(at)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the node may still hold the directory open.
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_recording_resumes_by_itself_once_there_is_room() {
    let small = SmallDisk::mount();
    let root = small.0.path().join("recordings");
    let (sim, rig) = (one_camera().await, Rig::start_with(|_, disk| disk.root = root).await);
    let camera = rig.add(rtsp(&sim.url("cam"))).await;
    rig.recorded(camera, 2).await;
    let filler = small.0.path().join("filler");
    let mut fill = std::fs::File::create(&filler).unwrap();
    while std::io::Write::write_all(&mut fill, &[0; 4096]).is_ok() {}
    let full = |status: &eyrie_types::CameraStatus| {
        status.state == CameraState::Online && status.reason.contains("the disk is full")
    };
    rig.status(camera, "online with a full disk", full).await;
    let live = rig.node.live(&eyrie_types::TenantId::default_tenant(), camera).unwrap();
    live.get(eyrie_media::hls::LiveRequest::Multivariant).await.unwrap();
    drop(fill);
    std::fs::remove_file(&filler).unwrap();
    rig.status(camera, "recorded again", |status| !status.reason.contains("not being recorded")).await;
    rig.node.shutdown().await;
    let numbers = rig.all_numbers(camera).await;
    let once: std::collections::BTreeSet<_> = numbers.iter().copied().collect();
    let once: Vec<_> = once.into_iter().collect();
    assert!(missing(&once).is_empty(), "the ring bridged it: {:?}", missing(&once));
    let incidents = rig.incidents(camera).await;
    assert!(incidents.iter().any(|i| i.cause == GapCause::DiskFull && i.end.is_some()), "{incidents:?}");
}
