//! Work on what all nodes share, which one of them at a time does for all: the cell leases each job to a node, under an epoch of
//! its own, and to another once that node is gone, drains or starts anew.
//!
//! Which work is a job: sweeps of the shared store. What is a node's own is not: its index rows, its account, its retention (it
//! deletes its own files), its events on their way to the outbox. What only a leader can do is the leader's
//! ([`super::directory_sync`]).
//!
//! A job is done in rounds of small steps, each of which may be done twice without harm and asks the lease first. So a worker that
//! is cut off stops within a step, and the cell waits for longer than a lease before it lets the next one begin.

use std::sync::Arc;
use std::time::Duration;

use eyrie_cluster::{CellCommand, JobName, Settings};
use eyrie_storage::store::{Store, StoreError};
use eyrie_types::{Epoch, WallTime};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::CommandError;
use super::control::Shared;
use crate::backoff::{Backoff, jitter};
use crate::node::ServiceArgs;

/// Rows removed in one step, so that recording's own rows never wait long for theirs.
const STEP_ROWS: u32 = 500;
/// How long audit records are kept: a year, and the month it takes to ask about its first day.
const AUDIT_KEPT: Duration = Duration::from_secs(400 * 86_400);
/// How often a worker whose lease has run out looks whether it has it again: the lease lasts 700 ms from each confirmed heartbeat.
const LEASE_LOOK: Duration = Duration::from_millis(200);
/// How long the cell may take to agree on which jobs there are.
const AGREE_WITHIN: Duration = Duration::from_secs(5);

/// A step of a round: how many rows it removed.
type Step = fn(Arc<Store>, WallTime) -> BoxFuture<'static, Result<usize, StoreError>>;

/// A job of this release.
struct Job {
    name: &'static str,
    /// From one round to the next.
    every: Duration,
    /// Repeated until one is not full.
    step: Step,
}

/// All of them. Several, so that the nodes of a cell share in them.
static JOBS: [Job; 3] = [
    Job {
        name: "sweep-sessions",
        every: Duration::from_secs(600),
        step: |store, now| {
            async move {
                // At most as many as there are, which is few.
                store.purge_signing_keys(now).await?;
                store.purge_sessions(now, STEP_ROWS).await
            }
            .boxed()
        },
    },
    Job {
        name: "sweep-audit",
        every: Duration::from_secs(600),
        step: |store, now| async move { store.purge_audit(now - AUDIT_KEPT, STEP_ROWS).await }.boxed(),
    },
    Job {
        name: "sweep-facts",
        every: Duration::from_secs(3_600),
        step: |store, now| async move { store.purge_facts(now, STEP_ROWS).await }.boxed(),
    },
];

/// One service a job, which waits for the cell to give it to this node.
pub(super) fn services(shared: &Arc<Shared>) -> Vec<ServiceArgs> {
    let service = |job: &'static Job| {
        let shared = Arc::clone(shared);
        ServiceArgs { name: job.name, body: Arc::new(move || run(Arc::clone(&shared), job).boxed()) }
    };
    JOBS.iter().map(service).collect()
}

/// Lets the cell know the jobs of this release; for whoever leads.
///
/// # Errors
/// When the cell cannot agree on it now.
pub(super) async fn agree(shared: &Shared) -> Result<(), CommandError> {
    let known = shared.core().state().1.settings().clone();
    let jobs = JOBS.iter().map(|job| JobName(job.name.to_owned())).collect();
    if known.jobs == jobs {
        return Ok(());
    }
    let settings = Box::new(Settings { revision: known.revision + 1, jobs, ..known });
    // Refused where another was quicker; then this is looked at again.
    shared.propose_here_or_forward(CellCommand::SetSettings { settings }, None, AGREE_WITHIN).await.map(drop)
}

/// The permission to do a job.
struct JobLease<'a> {
    shared: &'a Shared,
    job: JobName,
    epoch: Epoch,
}

impl JobLease<'_> {
    /// The cell has given the job to nobody else since.
    fn is_granted(&self) -> bool {
        self.shared.jobs.borrow().get(&self.job) == Some(&self.epoch)
    }

    /// Whether a step may begin.
    fn holds(&self) -> bool {
        self.is_granted() && self.shared.may_act()
    }
}

/// While it is there, the cell is told that this node is at the job.
struct Working<'a> {
    shared: &'a Shared,
    job: &'a JobName,
    label: &'static str,
}

impl<'a> Working<'a> {
    fn begin(shared: &'a Shared, job: &'a JobName, label: &'static str) -> Self {
        shared.working().insert(job.clone());
        metrics::gauge!("eyrie_job_held", "job" => label).set(1.0);
        Self { shared, job, label }
    }
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.shared.working().remove(self.job);
        metrics::gauge!("eyrie_job_held", "job" => self.label).set(0.0);
    }
}

/// Does `job` whenever it is this node's, for as long as it is polled.
async fn run(shared: Arc<Shared>, job: &'static Job) {
    let name = JobName(job.name.to_owned());
    let mut grants = shared.jobs.subscribe();
    loop {
        let granted = grants.wait_for(|jobs| jobs.contains_key(&name)).await.map(|jobs| jobs.get(&name).copied());
        // The sender lives in `shared`.
        let Ok(Some(epoch)) = granted else { continue };
        let _working = Working::begin(&shared, &name, job.name);
        tracing::info!(job = job.name, %epoch, "this node does a job of the cell");
        let lease = JobLease { shared: &shared, job: name.clone(), epoch };
        work(&lease, job).await;
        tracing::info!(job = job.name, %epoch, "this node no longer does a job of the cell");
    }
}

/// Round after round, until the job is no longer this node's.
async fn work(lease: &JobLease<'_>, job: &Job) {
    let mut grants = lease.shared.jobs.subscribe();
    let mut backoff = Backoff::storage();
    while lease.is_granted() {
        let pause = if lease.holds() {
            match round(lease, job).await {
                Ok(()) => {
                    backoff.reset();
                    job.every
                }
                Err(error) => {
                    metrics::counter!("eyrie_job_failures_total", "job" => job.name).increment(1);
                    let pause = backoff.pause(jitter());
                    tracing::warn!(job = job.name, %error, ?pause, "a job of the cell is tried again");
                    pause
                }
            }
        } else {
            LEASE_LOOK
        };
        let over = grants.wait_for(|jobs| jobs.get(&lease.job) != Some(&lease.epoch));
        let _ = tokio::time::timeout(pause, over).await;
    }
}

async fn round(lease: &JobLease<'_>, job: &Job) -> Result<(), StoreError> {
    let mut removed = 0;
    // Each full step has removed some, so this ends.
    while lease.holds() {
        let some = (job.step)(Arc::clone(&lease.shared.store), lease.shared.clock.now()).await?;
        removed += some;
        if some < STEP_ROWS as usize {
            break;
        }
    }
    metrics::counter!("eyrie_job_rounds_total", "job" => job.name).increment(1);
    metrics::counter!("eyrie_job_removed_total", "job" => job.name).increment(removed as u64);
    tracing::debug!(job = job.name, epoch = %lease.epoch, removed, "a round of a job is done");
    Ok(())
}
