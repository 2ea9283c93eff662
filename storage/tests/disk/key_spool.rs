//! Key rows while the store is away: a real database locked from outside, a killed process, a full disk.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use eyrie_storage::keys::{KeyRow, KeyRows, KeySpool, STORE_WITHIN};
use eyrie_storage::store::{Store, StoreConfig};
use eyrie_types::{KeyId, ManualClock, SegmentId, TenantId};
use rusqlite::Connection;

use crate::support::{CHILD_ROOT, Tmpfs, child_arguments};

const KILLS: usize = 12;

fn home() -> TenantId {
    TenantId::default_tenant()
}

fn row() -> KeyRow {
    KeyRow {
        key: KeyId::random(),
        tenant: home(),
        segment: SegmentId::generate(),
        tenant_key_version: 1,
        kem_output: [1; 32],
        sealed_key: [2; 48],
    }
}

fn spool(directory: &Path) -> KeySpool {
    KeySpool::open(&directory.join("key-spool")).unwrap()
}

async fn store(directory: &Path) -> Arc<Store> {
    let config = StoreConfig::Sqlite { path: directory.join("eyrie.db") };
    Arc::new(Store::open(config, Arc::new(ManualClock::default())).await.unwrap())
}

/// Store and spool of one directory.
async fn open(directory: &Path) -> (Arc<Store>, KeyRows) {
    let store = store(directory).await;
    (Arc::clone(&store), KeyRows::new(store, spool(directory)))
}

/// Keeps everybody else from writing to the store of `directory`.
fn locked(directory: &Path) -> Connection {
    let outside = Connection::open(directory.join("eyrie.db")).unwrap();
    outside.execute_batch("BEGIN EXCLUSIVE").unwrap();
    outside
}

#[tokio::test]
async fn a_store_that_is_away_holds_up_a_key_for_a_moment_the_next_ones_not_at_all_and_gets_them_later() {
    let directory = tempfile::tempdir().unwrap();
    let (store, rows) = open(directory.path()).await;
    let well = row();
    rows.put(&well).await.unwrap();
    assert_eq!(rows.spooled(), 0, "a store that is well takes the row itself");

    let outside = locked(directory.path());
    let first = row();
    rows.put(&first).await.unwrap();
    let others: Vec<_> = (0..300).map(|_| row()).collect();
    let all = async {
        for other in &others {
            rows.put(other).await.unwrap();
        }
    };
    // One after another: were each to wait for the store first, this would take minutes.
    tokio::time::timeout(STORE_WITHIN * 60, all).await.expect("no row but the first waits for the store");
    for kept in others.iter().chain([&first, &well]) {
        assert_eq!(rows.get(&home(), kept.key).await.unwrap().as_ref(), Some(kept), "all can be looked up meanwhile");
    }
    assert_eq!(rows.get(&"acme".parse().unwrap(), first.key).await.unwrap(), None, "by their tenant alone");
    assert_eq!(rows.spooled(), 301);
    assert!(rows.drain().await.is_err(), "the store is still away");

    outside.execute_batch("ROLLBACK").unwrap();
    while rows.is_waiting() {
        rows.drain().await.unwrap();
    }
    assert_eq!(rows.spooled(), 0);
    for kept in others.iter().chain([&first]) {
        assert!(store.key(&home(), kept.key).await.unwrap().is_some());
    }
    let next = row();
    rows.put(&next).await.unwrap();
    assert_eq!(
        (rows.spooled(), rows.get(&home(), next.key).await.unwrap()),
        (0, Some(next)),
        "the store has it itself"
    );
}

#[tokio::test]
async fn what_waits_is_found_by_the_next_start_and_what_was_handed_over_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let (kept, gone) = (row(), row());
    let before = spool(directory.path());
    before.put(kept.clone()).await.unwrap();
    before.put(gone.clone()).await.unwrap();
    before.remove(vec![gone.key]).await.unwrap();
    drop(before);
    let (store, rows) = open(directory.path()).await;
    assert_eq!(rows.spooled(), 1);
    assert_eq!(rows.drain().await.unwrap(), 1);
    assert_eq!(rows.get(&home(), kept.key).await.unwrap(), Some(kept));
    assert_eq!(store.key(&home(), gone.key).await.unwrap(), None);
}

#[tokio::test]
async fn a_shredded_key_comes_back_neither_by_a_restart_nor_by_a_hand_over_that_was_under_way() {
    let directory = tempfile::tempdir().unwrap();
    let (_, rows) = open(directory.path()).await;
    let outside = locked(directory.path());
    let (waits, under_way, stays) = (row(), row(), row());
    for kept in [&waits, &under_way, &stays] {
        rows.put(kept).await.unwrap();
    }
    let bytes = std::fs::read(directory.path().join("key-spool")).unwrap();
    let id = waits.key.as_uuid().as_bytes().to_vec();
    assert!(bytes.windows(16).any(|part| part == id));
    // The store is locked: each of the three gets in line and none ahead.
    let (rows, home) = (Arc::new(rows), home());
    let shredding = |key| {
        let (rows, home) = (Arc::clone(&rows), home.clone());
        tokio::spawn(async move {
            // Until it is destroyed in both places, as the caller must.
            while rows.shred(&home, key).await.is_err() {}
        })
    };
    let first = shredding(waits.key);
    while rows.spooled() > 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let bytes = std::fs::read(directory.path().join("key-spool")).unwrap();
    assert!(!bytes.windows(16).any(|part| part == id), "its bytes are overwritten");
    let draining = {
        let rows = Arc::clone(&rows);
        tokio::spawn(async move { while rows.is_waiting() && rows.drain().await.is_err() {} })
    };
    let second = shredding(under_way.key);
    while rows.spooled() > 1 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    outside.execute_batch("ROLLBACK").unwrap();
    for task in [first, draining, second] {
        task.await.unwrap();
    }
    for shredded in [waits.key, under_way.key] {
        assert_eq!(rows.get(&home, shredded).await.unwrap(), None);
    }
    assert_eq!(rows.get(&home, stays.key).await.unwrap().as_ref(), Some(&stays));
    drop(rows);
    let (_, rows) = open(directory.path()).await;
    rows.drain().await.unwrap();
    for shredded in [waits.key, under_way.key] {
        assert_eq!(rows.get(&home, shredded).await.unwrap(), None, "not after a restart either");
    }
    assert_eq!(rows.get(&home, stays.key).await.unwrap(), Some(stays));
}

#[tokio::test]
async fn a_data_disk_that_is_full_still_takes_keys() {
    let disk = Tmpfs::mount("8m");
    let spool = spool(&disk.path());
    let mut filler = std::fs::File::create(disk.path().join("filler")).unwrap();
    while filler.write(&[1; 4096]).is_ok_and(|written| written > 0) {}
    let rows: Vec<_> = (0..4096).map(|_| row()).collect();
    for row in &rows {
        spool.put(row.clone()).await.unwrap();
    }
    spool.put(row()).await.expect_err("what was reserved is used up");
    spool.remove(vec![rows[7].key]).await.unwrap();
    spool.put(row()).await.expect("a slot that was freed is used again");
    assert_eq!(spool.rows(), 4096);
}

#[tokio::test]
async fn a_slot_that_a_crash_left_half_written_costs_no_other_row() {
    let directory = tempfile::tempdir().unwrap();
    let before = spool(directory.path());
    let rows = [row(), row(), row()];
    for row in &rows {
        before.put(row.clone()).await.unwrap();
    }
    drop(before);
    let path = directory.path().join("key-spool");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[512 + 100..1024].fill(0);
    bytes.truncate(bytes.len() - 100);
    std::fs::write(&path, bytes).unwrap();
    let after = spool(directory.path());
    assert_eq!(after.rows(), 2);
    assert_eq!(after.get(&home(), rows[0].key).as_ref(), Some(&rows[0]));
    assert_eq!(after.get(&home(), rows[2].key).as_ref(), Some(&rows[2]));
}

#[test]
fn what_was_announced_durable_is_in_the_spool_after_sigkill() {
    for kill in 0..KILLS {
        let directory = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(child_arguments("key_spool::child_that_spools_until_killed"))
            .env(CHILD_ROOT, directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let announced: Vec<KeyId> = lines
            .map_while(Result::ok)
            .filter_map(|line| line.rsplit_once("kept ").and_then(|(_, id)| id.parse().ok()))
            .take(1 + kill * 7)
            .collect();
        child.kill().unwrap();
        child.wait().unwrap();
        let spool = spool(directory.path());
        for key in &announced {
            assert!(spool.get(&home(), *key).is_some(), "{key} of {} at kill {kill}", announced.len());
        }
        assert!(announced.len() > kill * 7);
    }
}

#[tokio::test]
async fn child_that_spools_until_killed() {
    let Some(root) = std::env::var_os(CHILD_ROOT) else { return };
    let spool = spool(&PathBuf::from(root));
    // Far more than a parent waits for, and an end in case that it died.
    for _ in 0..20_000 {
        let row = row();
        let key = row.key;
        spool.put(row).await.unwrap();
        let mut out = std::io::stdout().lock();
        if writeln!(out, "kept {key}").is_err() || out.flush().is_err() {
            return;
        }
    }
}
