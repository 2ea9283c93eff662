//! The metadata store, in SQLite or in a CQL cluster. Each file holds one aggregate: its values, its methods on [`Store`], and its
//! statements for SQLite; the file of the same name in [`cql`] has those for ScyllaDB and Apache Cassandra. No statement joins two
//! aggregates, every key begins with the tenant, partitions are bounded, and rows that must not change cannot.
//!
//! Start reading at [`Store`]; `writer` holds SQLite's one piece of cleverness, group commit.

mod audit;
mod camera_bulk;
mod camera_list;
mod camera_watch;
mod cameras;
mod column;
mod connection;
mod copies;
mod cql;
mod cursor;
mod day_rollups;
mod deletions;
mod drills;
mod error;
mod facts;
mod fold;
mod fragment_codec;
mod fragments;
#[cfg(fuzzing)]
pub mod fuzzing;
mod incidents;
mod keys;
mod layouts;
mod ledger_rows;
mod logins;
mod marker_list;
mod markers;
mod migrations;
mod node;
mod outbox;
mod readers;
mod runs_codec;
mod sealed_secret;
mod second_copies;
mod segments;
mod sessions;
mod signing_keys;
mod sites;
mod spec_history;
mod sqlite;
#[allow(clippy::module_inception, reason = "the file is named after the type")]
mod store;
mod transfer;
mod users;
mod writer;

pub use audit::{AUDIT_PAGE_MAX, AuditPage};
pub use camera_bulk::{BULK_MAX, BulkChange, BulkOutcome};
pub use camera_list::{CAMERA_PAGE_MAX, CameraPage, CameraPlace, CameraQuery, LABELS_MAX};
pub use camera_watch::CameraWatch;
pub use cameras::{CameraUpdate, DeletedCamera, PasswordChange, StoredCamera};
pub use copies::SegmentCopy;
pub use cql::{CqlConfig, CqlTls, Replication};
pub use cursor::Cursor;
pub use day_rollups::ROLLUP_DAYS_MAX;
pub use deletions::{DELETION_BATCH_MAX, MarkedSegment, RECORDED_PAGE_MAX, RecordedDay};
pub use drills::{DRILL_REPORT_BYTES_MAX, DRILL_RUNS_KEPT, StoredDrillRun};
pub use error::StoreError;
pub use facts::FACTS_BATCH_MAX;
pub use fold::fold;
pub use fragments::FRAGMENT_CHUNK_MAX;
pub use keys::TenantKeyRow;
pub use layouts::LAYOUTS_PER_USER_MAX;
pub use logins::{FAILURES_KEPT, FREE_FAILURES, LoginGate, PAUSE_MAX, login_pause};
pub use marker_list::{MARKER_PAGE_MAX, MARKER_SCAN_MAX, MarkerPage, MarkerQuery, MarkerStep};
pub use markers::MARKERS_PER_CAMERA_MAX;
pub use node::NODE_ALIVE_EVERY;
pub use outbox::{OUTBOX_BATCH_MAX, OUTBOX_MAX, OUTBOX_PAGE_MAX, OutboxEntry};
pub use readers::{READ_QUEUE_MAX, READERS};
pub use sealed_secret::SealedSecret;
pub use second_copies::{SECOND_COPIES_MAX, SecondCopy};
pub use segments::{SEGMENT_BATCH_MAX, SEGMENT_PAGE_MAX, SEGMENT_SPAN_MAX};
pub use sessions::{Rotation, SESSIONS_PER_USER_MAX, Session, TokenHash};
pub use signing_keys::SigningKeyRow;
pub use sites::SITES_MAX;
pub use store::{Store, StoreConfig};
pub use transfer::{TableSum, TransferStep};
pub use users::{PasswordHash, USER_PAGE_MAX, User, UserChange, UserPage};
pub use writer::{WRITE_GROUP_MAX, WRITE_QUEUE_MAX};
