use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyrie_storage::disk::{Disk, DiskConfig, Durability, SegmentWriter};
use eyrie_storage::keys::{KeyRing, MasterKey, SegmentKey};
use eyrie_storage::segment::{NewFragment, NewSegment};
use eyrie_types::{ByteSize, CameraId, Epoch, Placement, SegmentId, Slot, SystemClock, TenantId, WallTime};

/// Set in a child that a test made of its own executable: the directory to record into.
pub(crate) const CHILD_ROOT: &str = "EYRIE_TEST_CHILD_ROOT";

pub(crate) fn config(root: &Path) -> DiskConfig {
    let sync_interval = Duration::from_millis(10);
    DiskConfig { sync_interval, reserve: ByteSize::bytes(0), ..DiskConfig::new(root) }
}

pub(crate) fn open(root: &Path) -> Disk {
    Disk::open(config(root), Arc::new(SystemClock::new())).unwrap()
}

pub(crate) fn start() -> WallTime {
    "2026-01-31T12:34:56Z".parse().unwrap()
}

pub(crate) fn segment(key: Option<SegmentKey>) -> NewSegment {
    NewSegment {
        placement: Placement {
            tenant: TenantId::default_tenant(),
            camera: CameraId::generate(),
            slot: Slot::OWNER,
            epoch: Epoch::from_u64(1).unwrap(),
        },
        segment: SegmentId::generate(),
        start: start(),
        key,
        init: Bytes::from_static(b"\0\0\0\x10ftypiso6\0\0\0\0\0\0\0\x0cmoovinit"),
    }
}

/// Fragment `n` of `bytes` bytes, its content made from `n`.
pub(crate) fn fragment(n: u32, bytes: usize) -> NewFragment {
    let seed = n.to_be_bytes();
    let data: Bytes = (0..bytes).map(|i| seed[i % 4] ^ (i / 4) as u8).collect();
    NewFragment {
        chunks: vec![data.slice(..bytes / 4), data.slice(bytes / 4..)],
        start: start().offset_us(i64::from(n) * 1_000_000),
        duration_us: 1_000_000,
        starts_gop: true,
        discontinuity: false,
        keyframe_hash: [0; 16],
    }
}

/// A fresh key, drawn and opened as the product does.
pub(crate) fn segment_key() -> SegmentKey {
    let ring = KeyRing::new(MasterKey::from_bytes(&[1; 32]), &[]).unwrap();
    let tenant = TenantId::default_tenant();
    ring.add(&ring.new_tenant_key(&tenant).unwrap()).unwrap();
    ring.new_segment_key(&tenant, SegmentId::generate()).unwrap().0
}

/// Waits until `fragments` are durable or the segment failed.
pub(crate) async fn durable(writer: &SegmentWriter, fragments: u32) -> Durability {
    let mut durable = writer.durable();
    durable.wait_for(|now| now.fragments >= fragments || now.failed.is_some()).await.unwrap().clone()
}

/// A tmpfs of `size`, unmounted when dropped.
pub(crate) struct Tmpfs {
    directory: tempfile::TempDir,
}

impl Tmpfs {
    pub(crate) fn mount(size: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = format!("size={size},mode=700");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(directory.path()).status();
        assert!(mount.unwrap().success(), "mounting a tmpfs takes root: run the tests as root");
        Self { directory }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().to_owned()
    }

    pub(crate) fn remount(&self, option: &str) {
        let options = format!("remount,{option}");
        let status = Command::new("mount").args(["-o", &options]).arg(self.path()).status().unwrap();
        assert!(status.success(), "remount {option}");
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // Lazily: a disk's threads may still hold the directory for a moment.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// This very executable, running the test `name` alone as a child that records into `root`.
pub(crate) fn child_arguments(name: &str) -> [String; 4] {
    [name.to_owned(), "--exact".to_owned(), "--nocapture".to_owned(), "--test-threads=1".to_owned()]
}
