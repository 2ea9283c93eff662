use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::process::{Command, Stdio};
use std::sync::Arc;

use eyrie_types::{
    Camera, CameraId, CameraSpec, FileSource, RecordingSpec, RtspSource, SourceSpec, TenantId, WallTime,
};

use super::*;
use crate::keys::{MasterKey, Sealer};
use crate::store::{SealedSecret, StoredCamera, TenantKeyRow};

fn sealer(seed: u8) -> Sealer {
    Sealer::new(MasterKey::from_bytes(&[seed; 32]))
}

fn camera(number: usize, revision: u64) -> StoredCamera {
    let id = CameraId::from_uuid(uuid::Uuid::from_u128(number as u128));
    let spec = CameraSpec {
        name: format!("Lobby {number}"),
        enabled: true,
        labels: ["floor=2", "lobby"].into_iter().collect(),
        site: None,
        source: SourceSpec::Rtsp(RtspSource {
            url: format!("rtsp://192.168.1.{}:554/stream{number}", number % 250),
            username: Some("viewer".to_owned()),
            password: None,
            transport: eyrie_types::RtspTransport::Tcp,
            certificate_sha256: None,
        }),
        recording: RecordingSpec::default(),
        placement: Default::default(),
    };
    let tenant = TenantId::default_tenant();
    let (created_at, updated_at) = (WallTime::EPOCH, WallTime::from_unix_us(revision as i64));
    StoredCamera {
        camera: Camera { id, tenant, revision, created_at, updated_at, spec },
        password: Some(SealedSecret::new(vec![7; 45])),
    }
}

fn tenant_key(tenant: &str, version: u32, byte: u8) -> TenantKeyRow {
    TenantKeyRow {
        tenant: tenant.parse().unwrap(),
        version,
        public: vec![byte; 32],
        wrapped: SealedSecret::new(vec![byte; 69]),
        created_at: WallTime::from_unix_us(5),
    }
}

fn get(mirror: &Mirror, number: usize) -> Option<StoredCamera> {
    mirror.get(&TenantId::default_tenant(), camera(number, 1).camera.id)
}

#[tokio::test]
async fn what_was_kept_is_there_after_a_restart_and_the_newer_revision_wins() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(directory.path(), sealer(1)).unwrap();
    assert!(mirror.put(camera(1, 2)).await.unwrap());
    assert!(!mirror.put(camera(1, 2)).await.unwrap(), "the same again says nothing new");
    assert!(!mirror.put(camera(1, 1)).await.unwrap(), "an older revision changes nothing");
    assert!(mirror.put(camera(2, 1)).await.unwrap());
    assert!(mirror.put(camera(2, 3)).await.unwrap());
    assert!(mirror.put(camera(3, 1)).await.unwrap());
    assert!(mirror.remove(&TenantId::default_tenant(), camera(3, 1).camera.id).await.unwrap());
    assert!(!mirror.remove(&TenantId::default_tenant(), camera(3, 1).camera.id).await.unwrap());
    for (row, new) in [
        (tenant_key("default", 1, 1), true),
        (tenant_key("default", 1, 1), false),
        (tenant_key("default", 2, 2), true),
        (tenant_key("acme", 1, 3), true),
        (tenant_key("default", 1, 9), true),
    ] {
        assert_eq!(mirror.put_tenant_key(row).await.unwrap(), new);
    }
    let look = |mirror: &Mirror| {
        assert_eq!((get(mirror, 1), get(mirror, 2), get(mirror, 3)), (Some(camera(1, 2)), Some(camera(2, 3)), None));
        assert_eq!(mirror.iter().collect::<Vec<_>>(), [camera(1, 2), camera(2, 3)]);
        assert_eq!(mirror.revisions().iter().map(|(.., revision)| *revision).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(
            mirror.get(&"acme".parse().unwrap(), camera(1, 1).camera.id),
            None,
            "another tenant has no such camera"
        );
        let keys = mirror.tenant_keys(&TenantId::default_tenant());
        assert_eq!(keys, [tenant_key("default", 2, 2), tenant_key("default", 1, 9)]);
        assert_eq!(mirror.all_tenant_keys().len(), 3);
        assert_eq!(mirror.damaged(), 0);
    };
    look(&mirror);
    drop(mirror);
    look(&Mirror::open(directory.path(), sealer(1)).unwrap());
}

#[tokio::test]
async fn names_addresses_and_ids_cannot_be_read_from_the_disk() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(&directory.path().join("mirror"), sealer(1)).unwrap();
    let tenant: TenantId = "acme-corporation".parse().unwrap();
    let mut stored = camera(1, 1);
    stored.camera.tenant = tenant;
    let id = stored.camera.id.to_string();
    mirror.put(stored).await.unwrap();
    let path = directory.path().join("mirror").join("mirror");
    let bytes = std::fs::read(&path).unwrap();
    for text in ["Lobby", "192.168", "acme-corporation", "viewer", &id] {
        assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
    }
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn a_flipped_bit_costs_one_camera_and_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(directory.path(), sealer(1)).unwrap();
    let mut ends = vec![0];
    for number in 0..5 {
        mirror.put(camera(number, 1)).await.unwrap();
        ends.push(std::fs::metadata(directory.path().join("mirror")).unwrap().len());
    }
    drop(mirror);
    let before = std::fs::read(directory.path().join("mirror")).unwrap();
    for (hit, start) in ends.into_iter().take(5).enumerate() {
        for at in [start, start + 5, start + 9, start + 70] {
            std::fs::write(directory.path().join("mirror"), &before).unwrap();
            let file = File::options().write(true).open(directory.path().join("mirror")).unwrap();
            file.write_all_at(&[before[at as usize] ^ 0x10], at).unwrap();
            let mirror = Mirror::open(directory.path(), sealer(1)).unwrap();
            assert_eq!(mirror.damaged(), 1);
            for number in 0..5 {
                assert_eq!(get(&mirror, number).is_some(), number != hit, "byte {at}, camera {number}");
            }
            // It heals: what is put again stays, and the next start finds no damage.
            assert!(mirror.put(camera(hit, 1)).await.unwrap());
            drop(mirror);
            let mirror = Mirror::open(directory.path(), sealer(1)).unwrap();
            assert_eq!((mirror.damaged(), mirror.cameras()), (0, 5));
        }
    }
}

#[tokio::test]
async fn a_write_or_a_rewriting_cut_short_loses_nothing_that_was_announced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("mirror");
    let mirror = Mirror::open(directory.path(), sealer(1)).unwrap();
    for number in 0..3 {
        mirror.put(camera(number, 1)).await.unwrap();
    }
    let announced = std::fs::metadata(&path).unwrap().len() as usize;
    mirror.put(camera(0, 2)).await.unwrap();
    drop(mirror);
    let whole = std::fs::read(&path).unwrap();
    for cut in (announced..whole.len()).step_by(5) {
        // Cut short, and filled up with zeros, as file systems do whose length was durable before the data.
        for padded in [false, true] {
            let mut bytes = whole[..cut].to_vec();
            bytes.resize(if padded { whole.len() } else { cut }, 0);
            std::fs::write(&path, &bytes).unwrap();
            let mirror = Mirror::open(directory.path(), sealer(1)).unwrap();
            let revisions: Vec<_> = mirror.revisions().iter().map(|(.., revision)| *revision).collect();
            // The last bytes of a record may be zeros anyway: then nothing is missing.
            assert!(revisions == [1, 1, 1] || (padded && revisions == [2, 1, 1]), "{cut}: {revisions:?}");
            mirror.put(camera(0, 2)).await.unwrap();
            drop(mirror);
            assert_eq!(get(&Mirror::open(directory.path(), sealer(1)).unwrap(), 0), Some(camera(0, 2)));
        }
    }
    for half in [0, 100, whole.len()] {
        std::fs::write(&path, &whole).unwrap();
        std::fs::write(directory.path().join("mirror.next"), &whole[..half]).unwrap();
        let mirror = Mirror::open(directory.path(), sealer(1)).unwrap();
        assert_eq!((mirror.damaged(), get(&mirror, 0)), (0, Some(camera(0, 2))));
        assert!(!directory.path().join("mirror.next").exists());
    }
}

#[tokio::test]
async fn a_file_of_old_revisions_is_rewritten_and_stays_small() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(directory.path(), sealer(1)).unwrap();
    for revision in 1..=200 {
        assert_eq!(mirror.put_all((0..100).map(|number| camera(number, revision))).await.unwrap(), 100);
    }
    let bytes = std::fs::metadata(directory.path().join("mirror")).unwrap().len();
    assert!(bytes < 5 << 20, "{bytes} bytes");
    drop(mirror);
    let mirror = Mirror::open(directory.path(), sealer(1)).unwrap();
    assert_eq!(mirror.cameras(), 100);
    assert!(mirror.iter().all(|stored| stored.camera.revision == 200));
}

#[tokio::test]
async fn another_master_key_sets_the_file_aside_and_starts_empty() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(directory.path(), sealer(1)).unwrap();
    mirror.put(camera(1, 1)).await.unwrap();
    drop(mirror);
    let other = Mirror::open(directory.path(), sealer(2)).unwrap();
    assert_eq!((other.cameras(), other.damaged()), (0, 0));
    other.put(camera(2, 1)).await.unwrap();
    drop(other);
    std::fs::rename(directory.path().join("mirror.other-key"), directory.path().join("mirror")).unwrap();
    assert_eq!(get(&Mirror::open(directory.path(), sealer(1)).unwrap(), 1), Some(camera(1, 1)));
}

#[tokio::test]
async fn a_spec_that_is_too_long_is_refused_alone() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(directory.path(), sealer(1)).unwrap();
    let mut long = camera(1, 1);
    long.camera.spec.labels = (0..64).map(|number| format!("{number:064}")).collect();
    assert!(matches!(mirror.put(long.clone()).await, Err(MirrorError::TooLong { max: CAMERA_BYTES_MAX, .. })));
    assert_eq!(mirror.put_all([camera(2, 1), long, camera(3, 1)]).await.unwrap(), 2);
    let mut longest = camera(4, 1);
    longest.camera.spec.source = SourceSpec::File(FileSource { path: String::new() });
    let room = CAMERA_BYTES_MAX - camera_to_bytes(&longest).unwrap().len();
    longest.camera.spec.source = SourceSpec::File(FileSource { path: "a".repeat(room) });
    assert!(mirror.put(longest.clone()).await.unwrap());
    drop(mirror);
    assert_eq!(get(&Mirror::open(directory.path(), sealer(1)).unwrap(), 4), Some(longest));
}

#[test]
fn the_longest_spec_that_is_taken_fits_with_the_longest_password() {
    let mut longest = camera(5, u64::MAX >> 11);
    longest.camera.tenant = "t".repeat(63).parse().unwrap();
    longest.camera.created_at = WallTime::MAX;
    longest.camera.updated_at = WallTime::MAX;
    // As the sealer makes it of 256 bytes.
    longest.password = Some(SealedSecret::new(vec![7; 45 + 256]));
    let labels = |count: usize, last: usize| {
        let all = (0..count).map(|number| format!("{number:064}"));
        all.chain([format!("z{}", "z".repeat(last))]).collect()
    };
    let (mut count, mut last) = (0, 0);
    let mut fits = |count, last| {
        longest.camera.spec.labels = labels(count, last);
        longest.camera.spec.validate().is_ok()
    };
    while fits(count + 1, last) {
        count += 1;
    }
    while fits(count, last + 1) {
        last += 1;
    }
    assert!(fits(count, last) && count > 30, "{count} labels");
    assert_eq!(longest.camera.spec.validate(), Ok(()));
    let bytes = camera_to_bytes(&longest).unwrap();
    assert!(bytes.len() > 3_500, "it is near the limit: {}", bytes.len());
}

#[test]
fn bytes_that_are_no_camera_are_refused() {
    let bytes = camera_to_bytes(&camera(1, 9)).unwrap();
    assert_eq!(camera_from_bytes(&bytes).unwrap(), camera(1, 9));
    for cut in 0..bytes.len() {
        assert!(camera_from_bytes(&bytes[..cut]).is_err());
    }
    let newer = String::from_utf8(bytes).unwrap().replace("\"v\":1", "\"v\":2");
    assert!(camera_from_bytes(newer.as_bytes()).is_err());
    assert!(camera_from_bytes(&vec![b' '; CAMERA_BYTES_MAX + 1]).is_err());
    let bytes = tenant_key_to_bytes(&tenant_key("acme", 3, 1)).unwrap();
    assert_eq!(tenant_key_from_bytes(&bytes).unwrap(), tenant_key("acme", 3, 1));
    assert!((0..bytes.len()).all(|cut| tenant_key_from_bytes(&bytes[..cut]).is_err()));
}

/// Says where a child of [`a_killed_process_loses_nothing_that_it_announced`] keeps its mirror.
const CHILD: &str = "EYRIE_TEST_MIRROR_CHILD";

#[tokio::test]
async fn a_killed_process_loses_nothing_that_it_announced() {
    if let Ok(directory) = std::env::var(CHILD) {
        let mirror = Arc::new(Mirror::open(directory.as_ref(), sealer(1)).unwrap());
        for revision in 1.. {
            for number in 0..20 {
                mirror.put(camera(number, revision)).await.unwrap();
                // The test's own output is captured; this one is not.
                std::io::Write::write_all(&mut std::io::stderr(), format!("kept {number} {revision}\n").as_bytes())
                    .unwrap();
            }
        }
    }
    let directory = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "mirror::tests::a_killed_process_loses_nothing_that_it_announced", "--nocapture"])
            .env(CHILD, directory.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut announced = std::collections::BTreeMap::new();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let note = |announced: &mut std::collections::BTreeMap<usize, u64>, line: &str| {
            if let ["kept", number, revision] = line.split(' ').collect::<Vec<_>>()[..] {
                announced.insert(number.parse().unwrap(), revision.parse().unwrap());
            }
        };
        while announced.len() < 20 || announced.values().sum::<u64>() < 100 * (round + 1) {
            note(&mut announced, &lines.next().expect("the child goes on"));
        }
        child.kill().unwrap();
        lines.for_each(|line| note(&mut announced, &line));
        child.wait().unwrap();
        let mirror = Mirror::open(directory.path(), sealer(1)).unwrap();
        for (number, revision) in announced {
            assert!(get(&mirror, number).unwrap().camera.revision >= revision, "camera {number}");
        }
    }
}

#[tokio::test]
async fn ten_thousand_cameras_are_kept_and_read_in_little_time() {
    let directory = tempfile::tempdir().unwrap();
    let mirror = Arc::new(Mirror::open(directory.path(), sealer(1)).unwrap());
    #[allow(clippy::disallowed_methods, reason = "this is a measurement")]
    let now = std::time::Instant::now;
    let start = now();
    assert_eq!(mirror.put_all((0..10_000).map(|number| camera(number, 1))).await.unwrap(), 10_000);
    let together = start.elapsed();
    // One by one, as changes come in: those that wait share a sync.
    let start = now();
    let puts = (0..1_000).map(|number| {
        let mirror = Arc::clone(&mirror);
        tokio::spawn(async move { mirror.put(camera(number, 2)).await })
    });
    for put in puts.collect::<Vec<_>>() {
        assert!(put.await.unwrap().unwrap());
    }
    let alone = start.elapsed();
    let bytes = std::fs::metadata(directory.path().join("mirror")).unwrap().len();
    drop(mirror);
    let start = now();
    let mirror = Mirror::open(directory.path(), sealer(1)).unwrap();
    let opened = start.elapsed();
    let start = now();
    assert_eq!(mirror.iter().count(), 10_000);
    let read = start.elapsed();
    let told = format!(
        "10,000 put together {together:?}, 1,000 at once {alone:?}, {bytes} bytes, opened {opened:?}, read {read:?}\n"
    );
    std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()).unwrap();
    // Orders of magnitude, for a debug build on a busy machine: one sync per camera would take longer.
    assert!(together < std::time::Duration::from_secs(20), "{told}");
}
