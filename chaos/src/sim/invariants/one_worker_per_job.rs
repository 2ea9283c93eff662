//! A job is done by one node at a time.

use eyrie_cluster::JobName;

use super::Violation;

pub(in super::super) fn check(job: &JobName, workers: &[usize]) -> Result<(), Violation> {
    if workers.len() < 2 {
        return Ok(());
    }
    Err(Violation::new("one_worker_per_job", format!("{job} is done by machines {workers:?} at once")))
}
