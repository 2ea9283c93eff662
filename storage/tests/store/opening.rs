use std::os::unix::fs::PermissionsExt;

use eyrie_storage::StoreError;

use eyrie_types::By;

use crate::backend::{empty, open};
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
async fn a_write_that_fails_leaves_its_neighbours_in_the_same_transaction_alone() {
    let store = empty().await;
    let cameras: Vec<_> = (0..200).map(|n| camera(&format!("camera {n}"))).collect();
    // Each is made twice at once: one of the two must fail, whatever transaction they meet in.
    let twice = cameras.iter().chain(&cameras).map(|camera| store.create_camera(camera.clone(), None, By::system()));
    let results = futures_join(twice.collect()).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 200);
    assert!(results.iter().filter_map(|r| r.as_ref().err()).all(|error| matches!(error, StoreError::AlreadyExists(_))));
    assert_eq!(store.cameras(&home(), Default::default()).await.unwrap().total, 200);
}

/// Runs all at once and returns their results in order.
async fn futures_join<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, done) in futures.iter_mut().zip(&mut done).filter(|(_, done)| done.is_none()) {
            if let std::task::Poll::Ready(output) = future.as_mut().poll(context) {
                *done = Some(output);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}
