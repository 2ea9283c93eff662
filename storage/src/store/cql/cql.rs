use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use eyrie_types::{Clock, NodeId, TenantId};
use futures::{StreamExt as _, TryStreamExt as _};
use scylla::client::pager::NextRowError;
use scylla::client::session::Session;
use scylla::errors::{ExecutionError, PagerExecutionError};
use scylla::policies::timestamp_generator::{MonotonicTimestampGenerator, TimestampGenerator as _};
use scylla::response::query_result::QueryResult;
use scylla::statement::Consistency;
use scylla::statement::batch::{Batch, BatchType};
use scylla::value::{CqlValue, Row};
use tokio::sync::{OnceCell, watch};

use super::append::Appender;
use super::cells::{Cell, Cells};
use super::config::CqlConfig;
use super::directories::Known;
use super::markers::MarkerCounts;
use super::statements::Statements;
use super::{connect, migrations};
use crate::store::StoreError;
use crate::store::camera_watch::CameraWatches;

/// Statements of one call that run at the same time: enough to keep a few coordinators busy, few enough to leave room for others.
pub(in crate::store) const AT_ONCE: usize = 32;
/// How often a change is begun anew because another one came in between. Each round some change succeeds, so this is only
/// reached where very many write the same thing.
pub(in crate::store) const TRIES_MAX: usize = 32;
/// Pause before a change is begun anew, times the number of the try: those who collide part.
const TRY_PAUSE: Duration = Duration::from_millis(5);
/// How many mutexes keep changes of one process from colliding with one another: more than run at the same time.
const TURNS: usize = 64;

/// The store in a CQL cluster. Cheap to clone.
#[derive(Clone)]
pub(in crate::store) struct Cql(pub(in crate::store) Arc<Shared>);

/// What the clones share.
pub(in crate::store) struct Shared {
    pub(in crate::store) config: CqlConfig,
    pub(in crate::store) clock: Arc<dyn Clock>,
    /// Set once the cluster was reached and its schema is this release's.
    connected: watch::Sender<Option<Arc<Connected>>>,
    pub(in crate::store) timestamps: Arc<MonotonicTimestampGenerator>,
    pub(in crate::store) appender: Appender,
    pub(in crate::store) known: Known,
    pub(in crate::store) marker_counts: MarkerCounts,
    pub(in crate::store) watches: CameraWatches,
    pub(in crate::store) following: AtomicBool,
    pub(in crate::store) node: OnceCell<NodeId>,
    turns: Vec<tokio::sync::Mutex<()>>,
    closed: AtomicBool,
}

/// A session, with the statements prepared on it.
struct Connected {
    session: Session,
    statements: Statements,
}

impl Cql {
    /// Connects, and makes or migrates the keyspace. A cluster that cannot be reached is no error: the store answers that it is
    /// unavailable until it is, for a node must be able to start without it.
    ///
    /// # Errors
    /// When the cluster answers, and refuses or has no keyspace that this release can use.
    pub(in crate::store) async fn open(config: CqlConfig, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let shared = Shared {
            config,
            clock,
            connected: watch::Sender::new(None),
            timestamps: Arc::new(MonotonicTimestampGenerator::new()),
            appender: Appender::default(),
            known: Known::default(),
            marker_counts: MarkerCounts::default(),
            watches: CameraWatches::default(),
            following: AtomicBool::new(false),
            node: OnceCell::new(),
            turns: (0..TURNS).map(|_| tokio::sync::Mutex::default()).collect(),
            closed: AtomicBool::new(false),
        };
        let cql = Self(Arc::new(shared));
        match cql.connect().await {
            Ok(()) => {}
            Err(error @ (StoreError::NotConnected(_) | StoreError::Cql(_))) => {
                tracing::warn!(%error, "going on without the metadata store; it is tried again until it can be reached");
                tokio::spawn(connect::keep_trying(Arc::downgrade(&cql.0)));
            }
            Err(error) => return Err(error),
        }
        Ok(cql)
    }

    /// One try to reach the cluster.
    pub(in crate::store) async fn connect(&self) -> Result<(), StoreError> {
        let session = connect::session(&self.0.config, Arc::clone(&self.0.timestamps)).await?;
        let migrated = migrations::migrate(&session, &self.0.config, self.0.clock.now()).await;
        migrated.map_err(|error| connect::refusal(error, &self.0.config.keyspace))?;
        let connected = Connected { session, statements: Statements::default() };
        self.0.connected.send_replace(Some(Arc::new(connected)));
        Ok(())
    }

    /// Lets go of the cluster; later calls answer [`StoreError::Closed`].
    pub(in crate::store) fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        self.0.connected.send_replace(None);
    }

    pub(in crate::store) fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
    }

    fn connected(&self) -> Result<Arc<Connected>, StoreError> {
        if self.is_closed() {
            return Err(StoreError::Closed);
        }
        let connected = self.0.connected.borrow().clone();
        connected.ok_or_else(|| StoreError::NotConnected(self.0.config.contact_points.join(", ")))
    }

    /// Runs `work` to its end, also when whoever waits for it goes away: a change of several rows is not left half done for that.
    pub(in crate::store) async fn whole<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        tokio::spawn(work).await.unwrap_or(Err(StoreError::Panicked))
    }

    /// Waits for the turn of whatever `key` names, within this process. Only a courtesy to the cluster, which would sort it out:
    /// those who wait here do not collide there.
    pub(in crate::store) async fn turn(&self, key: &[u8]) -> tokio::sync::MutexGuard<'_, ()> {
        let place = crc32c::crc32c(key) as usize % TURNS;
        self.0.turns[place].lock().await
    }

    /// A timestamp for a statement that names its own: microseconds, later than any before from this process.
    pub(in crate::store) fn timestamp(&self) -> i64 {
        self.0.timestamps.next_timestamp()
    }

    /// Runs a statement that is the same however often it runs.
    ///
    /// # Errors
    /// When the cluster does not take it.
    pub(in crate::store) async fn run(&self, text: &'static str, values: Vec<Cell>) -> Result<(), StoreError> {
        let connected = self.connected()?;
        let statement = connected.statements.get(&connected.session, text).await?;
        connected.session.execute_unpaged(&statement, values).await.map_err(failed)?;
        Ok(())
    }

    /// Runs `text` with each of `values`, several at the same time. After an error some have run and some not.
    ///
    /// # Errors
    /// The first.
    pub(in crate::store) async fn run_each(
        &self,
        text: &'static str,
        values: Vec<Vec<Cell>>,
    ) -> Result<(), StoreError> {
        all_of(values.into_iter().map(|values| self.run(text, values)).collect()).await.map(drop)
    }

    /// Runs a conditional statement; whether its condition held.
    ///
    /// # Errors
    /// When the cluster does not answer; whether it was applied is not known then.
    pub(in crate::store) async fn run_if(&self, text: &'static str, values: Vec<Cell>) -> Result<bool, StoreError> {
        let connected = self.connected()?;
        let statement = connected.statements.get(&connected.session, text).await?;
        let answer = connected.session.execute_unpaged(&statement, values).await.map_err(failed)?;
        applied(answer)
    }

    /// Runs statements of **one partition**, of which one carries a condition: all of them if it holds, none otherwise.
    ///
    /// # Errors
    /// As [`Self::run_if`].
    pub(in crate::store) async fn run_all_if(
        &self,
        statements: Vec<(&'static str, Vec<Cell>)>,
    ) -> Result<bool, StoreError> {
        let connected = self.connected()?;
        let (mut batch, mut all) = (Batch::new(BatchType::Logged), Vec::with_capacity(statements.len()));
        for (text, values) in statements {
            batch.append_statement(connected.statements.get(&connected.session, text).await?);
            all.push(values);
        }
        applied(connected.session.batch(&batch, all).await.map_err(failed)?)
    }

    /// The rows of an answer that the statement itself keeps short.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub(in crate::store) async fn few(
        &self,
        what: &'static str,
        text: &'static str,
        values: Vec<Cell>,
    ) -> Result<Vec<Cells>, StoreError> {
        let connected = self.connected()?;
        let statement = connected.statements.get(&connected.session, text).await?;
        let answer = connected.session.execute_unpaged(&statement, values).await.map_err(failed)?;
        rows_of(what, answer)
    }

    /// The one row that the statement asks for, if it is there.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub(in crate::store) async fn one(
        &self,
        what: &'static str,
        text: &'static str,
        values: Vec<Cell>,
    ) -> Result<Option<Cells>, StoreError> {
        Ok(self.few(what, text, values).await?.into_iter().next())
    }

    /// As [`Self::one`], of a table of lightweight transactions: one whose answer was lost is brought to its end first.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub(in crate::store) async fn one_settled(
        &self,
        what: &'static str,
        text: &'static str,
        values: Vec<Cell>,
    ) -> Result<Option<Cells>, StoreError> {
        let connected = self.connected()?;
        let mut statement = connected.statements.get(&connected.session, text).await?;
        statement.set_consistency(Consistency::LocalSerial);
        let answer = connected.session.execute_unpaged(&statement, values).await.map_err(failed)?;
        Ok(rows_of(what, answer)?.into_iter().next())
    }

    /// Goes along the rows of an answer of any length, fetched a page at a time, until `each` says that it has enough.
    ///
    /// # Errors
    /// When the cluster does not answer, and what `each` finds wrong.
    pub(in crate::store) async fn walk(
        &self,
        what: &'static str,
        text: &'static str,
        values: Vec<Cell>,
        mut each: impl FnMut(Cells) -> Result<Walk, StoreError>,
    ) -> Result<(), StoreError> {
        let connected = self.connected()?;
        let statement = connected.statements.get(&connected.session, text).await?;
        let pages = connected.session.execute_iter(statement, values).await.map_err(pager_failed)?;
        let mut rows = pages.rows_stream::<Row>().map_err(|error| StoreError::damaged(what, error))?;
        while let Some(row) = rows.next().await {
            let row = row.map_err(|error| match error {
                NextRowError::NextPageError(error) => pager_failed(error.into()),
                other => StoreError::damaged(what, other),
            })?;
            if each(Cells::new(what, row.columns))? == Walk::Enough {
                break;
            }
        }
        Ok(())
    }

    /// All rows of an answer of any length.
    ///
    /// # Errors
    /// As [`Self::walk`].
    pub(in crate::store) async fn all<T>(
        &self,
        what: &'static str,
        text: &'static str,
        values: Vec<Cell>,
        read: impl Fn(Cells) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut found = Vec::new();
        self.walk(what, text, values, |row| {
            found.push(read(row)?);
            Ok(Walk::On)
        })
        .await?;
        Ok(found)
    }

    /// A number that a statement counts.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub(in crate::store) async fn count(&self, text: &'static str, values: Vec<Cell>) -> Result<u64, StoreError> {
        let row = self.one("count", text, values).await?;
        row.map_or(Ok(0), |mut row| row.get(0))
    }

    /// Waits a little before try number `number` of a change, and says whether there shall be one.
    pub(in crate::store) async fn again(&self, number: usize) -> Result<(), StoreError> {
        if number >= TRIES_MAX {
            return Err(StoreError::Contended);
        }
        if number > 0 {
            metrics::counter!("eyrie_store_changes_begun_anew_total").increment(1);
            tokio::time::sleep(TRY_PAUSE * number as u32).await;
        }
        Ok(())
    }

    /// All tenants that ever had anything, sorted.
    ///
    /// # Errors
    /// When the cluster does not answer.
    pub(in crate::store) async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let names = self.names(super::directories::Of::Tenants, None).await?;
        names.into_iter().map(tenant_of).collect()
    }
}

/// Runs several at the same time, at most [`AT_ONCE`]; their results in order.
///
/// # Errors
/// The first; what has begun by then may have been done.
pub(in crate::store) fn all_of<T, F>(work: Vec<F>) -> impl Future<Output = Result<Vec<T>, StoreError>>
where
    F: Future<Output = Result<T, StoreError>>,
{
    // A list, for what a closure of borrows makes one after another is no future that may change threads.
    futures::stream::iter(work).buffered(AT_ONCE).try_collect()
}

/// A tenant by its name in a directory.
fn tenant_of(name: Vec<u8>) -> Result<TenantId, StoreError> {
    let name = String::from_utf8(name).ok().and_then(|name| name.parse().ok());
    name.ok_or_else(|| StoreError::damaged("tenant", "it is no name"))
}

/// Whether a walk goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Walk {
    /// It does.
    On,
    /// No row more is wanted.
    Enough,
}

fn rows_of(what: &'static str, answer: QueryResult) -> Result<Vec<Cells>, StoreError> {
    let answer = answer.into_rows_result().map_err(|error| StoreError::damaged(what, error))?;
    let rows = answer.rows::<Row>().map_err(|error| StoreError::damaged(what, error))?;
    rows.map(|row| match row {
        Ok(row) => Ok(Cells::new(what, row.columns)),
        Err(error) => Err(StoreError::damaged(what, error)),
    })
    .collect()
}

/// Whether a conditional statement was applied: its answer says so first. Where it was, ScyllaDB sends the old row along and
/// Apache Cassandra nothing; where it was not, what they send differs too, so nobody relies on more.
fn applied(answer: QueryResult) -> Result<bool, StoreError> {
    const WHAT: &str = "answer to a condition";
    let rows = answer.into_rows_result().map_err(|error| StoreError::damaged(WHAT, error))?;
    let row = rows.first_row::<Row>().map_err(|error| StoreError::damaged(WHAT, error))?;
    match row.columns.into_iter().next().flatten() {
        Some(CqlValue::Boolean(applied)) => Ok(applied),
        other => Err(StoreError::damaged(WHAT, format!("{other:?}"))),
    }
}

pub(in crate::store) fn failed(error: ExecutionError) -> StoreError {
    StoreError::Cql(Arc::new(error))
}

fn pager_failed(error: PagerExecutionError) -> StoreError {
    StoreError::CqlPage(Arc::new(error))
}

impl std::fmt::Debug for Cql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let connected = self.0.connected.borrow().is_some();
        f.debug_struct("Cql").field("keyspace", &self.0.config.keyspace).field("connected", &connected).finish()
    }
}
