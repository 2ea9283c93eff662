//! A cluster that goes away and comes back.

#![allow(clippy::disallowed_methods, reason = "tests wait for real processes")]

use std::sync::Arc;
use std::time::Duration;

use eyrie_cassandra::Cassandra;
use eyrie_storage::store::{CqlConfig, SealedSecret};
use eyrie_storage::{Store, StoreConfig};
use eyrie_types::{By, CameraId, KeyId, ManualClock, NodeId};

use crate::values::{at, camera, home, range, segment};

/// How soon a store is in use again once its cluster answers: the driver tries every ten seconds at the latest.
const BACK_WITHIN: Duration = Duration::from_secs(45);

async fn eventually<T, E: std::fmt::Display>(what: &str, mut done: impl AsyncFnMut() -> Result<T, E>) -> T {
    let mut seen = String::new();
    let waiting = async {
        loop {
            match done().await {
                Ok(value) => return value,
                Err(error) => seen = error.to_string(),
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let waited = tokio::time::timeout(BACK_WITHIN, waiting).await;
    waited.unwrap_or_else(|_| panic!("{what}: not within {BACK_WITHIN:?}; last seen: {seen}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_says_that_it_is_unavailable_while_its_cluster_is_down_and_works_again_afterwards() {
    let cassandra = Arc::new(Cassandra::start());
    let config = CqlConfig {
        contact_points: vec![cassandra.contact_point()],
        keyspace: "outage".to_owned(),
        datacenter: None,
        credentials: None,
        tls: None,
        replication: "1".parse().unwrap(),
    };
    let open = || Store::open(StoreConfig::Cql(config.clone()), Arc::new(ManualClock::at(at(0))));
    let store = open().await.unwrap();
    let node = store.node_id(NodeId::generate()).await.unwrap();
    let (gate, row) = (camera("gate"), segment(CameraId::generate(), node, 0, 10_000));
    store.create_camera(gate.clone(), None, By::system()).await.unwrap();
    store.put_segments(vec![row.clone()]).await.unwrap();

    let stopped = cassandra.clone();
    tokio::task::spawn_blocking(move || stopped.stop()).await.unwrap();
    let read = store.camera(&home(), gate.id).await.unwrap_err();
    assert!(read.is_unavailable(), "{read}");
    let written = store.put_segments(vec![row.clone()]).await.unwrap_err();
    assert!(written.is_unavailable(), "{written}");
    let key = (KeyId::random(), SealedSecret::new(vec![1]));
    assert!(store.put_key(&home(), key.0, key.1.clone()).await.unwrap_err().is_unavailable());
    assert!(store.create_camera(camera("late"), None, By::system()).await.unwrap_err().is_unavailable());
    // A node that starts meanwhile gets its store, and nothing from it yet.
    let started = open().await.unwrap();
    assert_eq!(started.node_id(node).await.unwrap(), node);
    assert!(started.tenant_keys(&home()).await.unwrap_err().is_unavailable());

    let again = cassandra.clone();
    tokio::task::spawn_blocking(move || again.start_again()).await.unwrap();
    let found = eventually("the store that was open", async || store.camera(&home(), gate.id).await).await;
    assert_eq!(found.unwrap().camera, gate);
    eventually("a write that failed, once more", async || store.put_key(&home(), key.0, key.1.clone()).await).await;
    eventually("another", async || store.put_segments(vec![row.clone()]).await).await;
    assert_eq!(store.segments(&home(), row.placement.camera, range(0, 20_000)).await.unwrap(), [row]);
    let found =
        eventually("the store that was opened meanwhile", async || started.camera(&home(), gate.id).await).await;
    assert!(found.is_some());
    store.close().await.unwrap();
    let closed = store.camera(&home(), gate.id).await.unwrap_err();
    assert!(closed.is_unavailable() && closed.to_string().contains("closed"), "{closed}");
}
