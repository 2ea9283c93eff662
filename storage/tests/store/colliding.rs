//! Changes that meet.

use eyrie_storage::StoreError;
use eyrie_types::By;

use crate::backend::empty;
use crate::values::{camera, home};

#[tokio::test]
async fn a_write_that_fails_leaves_its_neighbours_alone() {
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
