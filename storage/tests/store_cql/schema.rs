//! Opening a keyspace: made, half made, made by two at once, made by a later release.

use std::sync::Arc;

use eyrie_storage::store::{CqlConfig, Replication};
use eyrie_storage::{Store, StoreConfig, StoreError};
use eyrie_types::{By, ManualClock};

use crate::backend::{config, keyspace, open, open_beside, session, spoil};
use crate::values::{at, camera, home};

async fn open_with(config: CqlConfig) -> Result<Store, StoreError> {
    Store::open(StoreConfig::Cql(config), Arc::new(ManualClock::at(at(0)))).await
}

#[tokio::test]
async fn nodes_that_start_at_once_make_one_schema() {
    let one = tempfile::tempdir().unwrap();
    spoil(one.path());
    let others: Vec<_> = (0..3).map(|_| open_beside(one.path())).collect();
    let (first, rest) = tokio::join!(open(one.path()), futures::future::join_all(others));
    let gate = camera("gate");
    first.unwrap().create_camera(gate.clone(), None, By::system()).await.unwrap();
    for store in rest {
        assert!(store.unwrap().camera(&home(), gate.id).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_migration_that_was_broken_off_is_finished_by_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    spoil(directory.path());
    drop(open(directory.path()).await.unwrap());
    // As if the first start had died in the middle: some tables, and the note that it had begun.
    let (session, keyspace) = (session().await, keyspace(directory.path()));
    for statement in [
        format!("UPDATE {keyspace}.schema_version SET applied_us = null WHERE one = 1 AND version = 1"),
        format!("DROP TABLE {keyspace}.segments"),
        format!("DROP TABLE {keyspace}.users"),
    ] {
        session.query_unpaged(statement, &[]).await.unwrap();
    }
    let store = open(directory.path()).await.unwrap();
    assert_eq!(store.users(&home(), None, 10).await.unwrap().total, 0);
    let gate = camera("gate");
    store.create_camera(gate, None, By::system()).await.unwrap();
}

#[tokio::test]
async fn a_lease_of_a_node_that_died_while_it_migrated_runs_out_or_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    spoil(directory.path());
    drop(open(directory.path()).await.unwrap());
    let (session, keyspace) = (session().await, keyspace(directory.path()));
    let begun = format!("UPDATE {keyspace}.schema_version SET applied_us = null WHERE one = 1 AND version = 1");
    let dead = format!("INSERT INTO {keyspace}.schema_lease (one, holder) VALUES (1, 0xdead) USING TTL 2");
    for statement in [begun, dead] {
        session.query_unpaged(statement, &[]).await.unwrap();
    }
    assert!(open(directory.path()).await.is_ok());
}

#[tokio::test]
async fn a_keyspace_contracted_by_a_later_release_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    spoil(directory.path());
    drop(open(directory.path()).await.unwrap());
    let (session, keyspace) = (session().await, keyspace(directory.path()));
    let later = |version: u32, oldest: u32| {
        format!(
            "INSERT INTO {keyspace}.schema_version (one, version, oldest_reader, begun_us, applied_us)
             VALUES (1, {version}, {oldest}, 0, 0)"
        )
    };
    session.query_unpaged(later(900, 1), &[]).await.unwrap();
    assert!(open(directory.path()).await.is_ok(), "one only expanded is used");
    session.query_unpaged(later(901, 900), &[]).await.unwrap();
    let refused = open(directory.path()).await.unwrap_err();
    assert!(matches!(refused, StoreError::NewerSchema { found: 901, .. }), "{refused}");
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_with_its_reason() {
    let directory = tempfile::tempdir().unwrap();
    spoil(directory.path());
    let good = config(directory.path());
    for (config, reason) in [
        (CqlConfig { replication: Replication::Local(3), ..good.clone() }, "too few for a majority"),
        (CqlConfig { datacenter: Some("moon".to_owned()), ..good.clone() }, "no datacenter \"moon\""),
        (CqlConfig { keyspace: "no; good".to_owned(), ..good.clone() }, "lower-case"),
    ] {
        let refused = open_with(config).await.unwrap_err();
        assert!(matches!(&refused, StoreError::Keyspace { .. }), "{refused}");
        assert!(refused.to_string().contains(reason), "{refused}");
    }
    let nowhere = CqlConfig { contact_points: vec!["127.0.0.1:1".to_owned()], ..good };
    let store = open_with(nowhere).await.unwrap();
    let refused = store.camera(&home(), camera("x").id).await.unwrap_err();
    assert!(refused.is_unavailable() && refused.to_string().contains("127.0.0.1:1"), "{refused}");
}
