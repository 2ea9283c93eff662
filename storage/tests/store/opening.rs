use std::os::unix::fs::PermissionsExt;

use eyrie_storage::StoreError;

use eyrie_types::{By, Epoch, Secret, SourceSpec};

use crate::backend::open;
use crate::values::{camera, home};

#[tokio::test]
async fn what_was_written_is_there_after_closing_and_the_file_alone_is_the_store() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).await.unwrap();
    let kept = camera("lobby");
    store.create_camera(kept.clone(), None, By::system()).await.unwrap();
    store.close().await.unwrap();
    assert!(matches!(store.create_camera(camera("late"), None, By::system()).await, Err(StoreError::Closed)));
    drop(store);

    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::copy(directory.path().join("eyrie.db"), elsewhere.path().join("eyrie.db")).unwrap();
    let store = open(elsewhere.path()).await.unwrap();
    assert_eq!(store.camera(&home(), kept.id).await.unwrap().map(|found| found.camera), Some(kept));
}

#[tokio::test]
async fn what_was_answered_is_there_when_the_store_was_only_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let kept = camera("lobby");
    open(directory.path()).await.unwrap().create_camera(kept.clone(), None, By::system()).await.unwrap();
    let store = open(directory.path()).await.unwrap();
    assert!(store.camera(&home(), kept.id).await.unwrap().is_some());
}

#[tokio::test]
async fn only_its_owner_may_read_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let _store = open(directory.path()).await.unwrap();
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", file.path());
    }
}

#[tokio::test]
async fn what_is_no_database_or_no_place_is_refused_with_its_reason() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("eyrie.db"), "not a database, but longer than a header ".repeat(100)).unwrap();
    assert!(open(directory.path()).await.is_err());
    let missing = open(&directory.path().join("missing")).await.unwrap_err();
    assert!(missing.to_string().contains("missing/eyrie.db"), "{missing}");
}

#[tokio::test]
async fn the_plain_text_of_a_password_is_nowhere_in_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).await.unwrap();
    let mut gate = camera("gate");
    let SourceSpec::Rtsp(rtsp) = &mut gate.spec.source else { unreachable!() };
    rtsp.password = Some(Secret::new("hunter2-in-plain-text"));
    store.create_camera(gate, None, By::system()).await.unwrap();
    store.close().await.unwrap();
    let file = std::fs::read(directory.path().join("eyrie.db")).unwrap();
    assert!(!file.windows(7).any(|bytes| bytes == b"hunter2"));
}

#[tokio::test]
async fn the_last_epoch_of_a_store_without_a_cell_is_known() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).await.unwrap();
    assert_eq!(store.last_epoch().await.unwrap(), None);
    store.close().await.unwrap();
    let connection = rusqlite::Connection::open(directory.path().join("eyrie.db")).unwrap();
    connection.execute("INSERT INTO epochs (generation, counter) VALUES (0, 9), (2, 3)", []).unwrap();
    drop(connection);
    let store = open(directory.path()).await.unwrap();
    assert_eq!(store.last_epoch().await.unwrap(), Some(Epoch::new(2, 3).unwrap()));
}
