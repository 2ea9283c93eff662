use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use eyrie_storage::Store;
use eyrie_tests::{Client, eventually};
use eyrie_types::{Actor, AuditId, AuditOutcome, AuditRecord, Clock as _, RequestId, SystemClock, TenantId, TimeRange};
use serde_json::json;

use crate::rig::Cell;

/// The jobs of this release.
const JOBS: [&str; 3] = ["sweep-audit", "sweep-facts", "sweep-sessions"];

/// Who has which job, with its epoch.
type Held = BTreeMap<String, (usize, u64)>;

async fn held(client: &Client) -> anyhow::Result<Held> {
    let view = client.get("/api/v1/cluster").await?;
    let name_of = |id: &serde_json::Value| {
        let node = view["nodes"].as_array()?.iter().find(|node| node["id"] == *id)?;
        node["name"].as_str()?.strip_prefix('n')?.parse::<usize>().ok()
    };
    let jobs = view["jobs"].as_array().context("no jobs")?.iter();
    let held = jobs.map(|job| {
        let (name, epoch) = (job["name"].as_str()?.to_owned(), job["epoch"].as_u64()?);
        Some((name, (name_of(&job["node"])?, epoch)))
    });
    held.collect::<Option<_>>().with_context(|| view.to_string())
}

/// Which nodes are at which job, by their own word. `None` where asking took so long that a job may have changed hands meanwhile.
async fn at_work(cell: &Cell) -> anyhow::Result<Option<BTreeMap<&'static str, Vec<usize>>>> {
    let (begun, mut workers) = (Instant::now(), BTreeMap::new());
    for job in JOBS {
        let at: &mut Vec<usize> = workers.entry(job).or_default();
        for i in cell.nodes.keys() {
            if cell.metric(*i, &format!("eyrie_job_held{{job=\"{job}\"}}")).await? == Some(1.0) {
                at.push(*i);
            }
        }
    }
    Ok(Some(workers).filter(|_| begun.elapsed() < Duration::from_secs(1)))
}

/// Waits until every job is done by the node that has it, and by no other at any time; then answers who has which. `client` asks.
async fn settled(cell: &Cell, client: &Client, wanted: impl Fn(&Held) -> bool) -> anyhow::Result<Held> {
    eventually("every job has one node that does it", || async {
        let held = held(client).await.map_err(|error| error.to_string())?;
        let Some(workers) = at_work(cell).await.map_err(|error| error.to_string())? else {
            return Err("asking took too long".to_owned());
        };
        for (job, at) in &workers {
            assert!(at.len() < 2, "{job} is done by several nodes: {workers:?}");
        }
        let done = held.len() == JOBS.len() && held.iter().all(|(job, (node, _))| workers[job.as_str()] == [*node]);
        if done && wanted(&held) { Ok(held) } else { Err(format!("{held:?}, {workers:?}")) }
    })
    .await
}

/// An audit record from so long ago that nobody keeps it.
async fn put_old_record(store: &Store) -> anyhow::Result<TimeRange> {
    let now = SystemClock::new().now();
    let time = now - Duration::from_secs(500 * 86_400);
    let record = AuditRecord {
        id: AuditId::generate(),
        tenant: TenantId::default_tenant(),
        time,
        actor: Actor::System,
        action: "camera.create".to_owned(),
        object: "cameras/x".to_owned(),
        remote: "127.0.0.1".to_owned(),
        request: RequestId::generate(),
        outcome: AuditOutcome::Allowed,
    };
    store.append_audit(record).await?;
    Ok(TimeRange { start: time - Duration::from_secs(1), end: time + Duration::from_secs(1) })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_job_of_a_cell_is_done_by_one_node_and_moves_when_that_dies_or_drains() -> anyhow::Result<()> {
    let mut cell = Cell::start(3, 1, "").await?;
    cell.await_members(0, 3, 3).await?;
    let first = settled(&cell, &cell.client(0).await?, |_| true).await?;
    println!("jobs at first: {first:?}");
    for job in JOBS {
        let rounds = format!("eyrie_job_rounds_total{{job=\"{job}\"}}");
        eventually("the job was done", || async {
            let done = cell.metric(first[job].0, &rounds).await.map_err(|error| error.to_string())?;
            if done >= Some(1.0) { Ok(()) } else { Err(format!("{job}: {done:?}")) }
        })
        .await?;
    }

    // Whoever gets the job of the one that dies does what there is to do.
    let store = Store::open(cell.store(), Arc::new(SystemClock::new())).await?;
    let old = put_old_record(&store).await?;
    let (victim, epoch) = first["sweep-audit"];
    let asked = (0..3).find(|i| *i != victim).unwrap_or(0);
    let client = cell.client(asked).await?;
    cell.nodes.remove(&victim).context("it runs")?.kill()?;
    let second = settled(&cell, &client, |held| held.values().all(|(node, _)| *node != victim)).await?;
    println!("after the death of n{victim}: {second:?}");
    assert!(second["sweep-audit"].1 > epoch, "another incarnation of the job: {first:?}, {second:?}");
    for (job, was) in first.iter().filter(|(_, (node, _))| *node != victim) {
        assert_eq!(&second[job], was, "{job} stays where it was");
    }
    eventually("the old audit record is gone", || async {
        let tenant = TenantId::default_tenant();
        let left = store.audit(&tenant, old, None, 10).await.map_err(|error| error.to_string())?;
        if left.items.is_empty() { Ok(()) } else { Err(format!("{} are left", left.items.len())) }
    })
    .await?;

    // A live node that drains gives its jobs back, once it has stopped.
    let (leaving, epoch) = second["sweep-sessions"];
    let view = client.get("/api/v1/cluster").await?;
    let nodes = view["nodes"].as_array().context("no nodes")?;
    let id = nodes.iter().find(|node| node["name"] == format!("n{leaving}")).context("no such node")?["id"].clone();
    let path = format!("/api/v1/cluster/nodes/{}/drain", id.as_str().unwrap_or_default());
    client.post(&path, &json!({"draining": true})).await?;
    let third = settled(&cell, &client, |held| held.values().all(|(node, _)| *node != leaving)).await?;
    println!("after the drain of n{leaving}: {third:?}");
    assert!(third["sweep-sessions"].1 > epoch, "{second:?}, {third:?}");
    Ok(())
}
