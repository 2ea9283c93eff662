use std::collections::BTreeMap;

use eyrie_types::{CameraId, NodeId, TenantId, TimeRange, WallTime};

use super::cells::{Cell, cells};
use super::cql::{Cql, all_of};
use super::directories::Of;
use crate::facts::{Chunk, NodePoint, Point, Step, StreamPoint};
use crate::store::StoreError;
use crate::store::facts::{Owner, add_hour, add_minute, chunk_of, chunks_within, points_within};

const FACTS: &str = "chunk of facts";

impl Cql {
    pub(in crate::store) async fn keep_camera_minute(
        &self,
        minute: WallTime,
        points: Vec<(TenantId, CameraId, StreamPoint)>,
    ) -> Result<(), StoreError> {
        let kept = points.into_iter().map(|(tenant, camera, point)| async move {
            self.keep(&Owner::Camera(tenant, camera), minute, point).await
        });
        all_of(kept.collect()).await.map(drop)
    }

    pub(in crate::store) async fn keep_node_minute(
        &self,
        node: NodeId,
        minute: WallTime,
        point: NodePoint,
    ) -> Result<(), StoreError> {
        self.keep(&Owner::Node(node), minute, point).await
    }

    async fn keep<P: Point>(&self, owner: &Owner, at: WallTime, point: P) -> Result<(), StoreError> {
        let chunk = chunk_of(at, Step::Minute);
        let mut hour = self.chunk::<P>(owner, Step::Minute, chunk).await?;
        let whole = add_minute(&mut hour, at, point);
        self.put_chunk(owner, Step::Minute, chunk, &hour).await?;
        let Some(whole) = whole else { return Ok(()) };
        let chunk = chunk_of(at, Step::Hour);
        let mut day = self.chunk::<P>(owner, Step::Hour, chunk).await?;
        add_hour(&mut day, at, whole);
        self.put_chunk(owner, Step::Hour, chunk, &day).await
    }

    async fn chunk<P: Point>(&self, owner: &Owner, step: Step, chunk: i64) -> Result<Chunk<P>, StoreError> {
        let text = match owner {
            Owner::Camera(..) => {
                "SELECT points FROM camera_facts WHERE tenant = ? AND camera = ? AND step_s = ? AND chunk = ?"
            }
            Owner::Node(_) => "SELECT points FROM node_facts WHERE node = ? AND step_s = ? AND chunk = ?",
        };
        let mut values = partition(owner, step);
        values.extend(cells![chunk]);
        let bytes = self.one(FACTS, text, values).await?.map(|mut row| row.get::<Vec<u8>>(0)).transpose()?;
        Ok(bytes.and_then(|bytes| Chunk::decode(&bytes)).unwrap_or_default())
    }

    async fn put_chunk<P: Point>(
        &self,
        owner: &Owner,
        step: Step,
        chunk: i64,
        points: &Chunk<P>,
    ) -> Result<(), StoreError> {
        self.list_facts(owner, step, chunk).await?;
        let text = match owner {
            Owner::Camera(..) => {
                "INSERT INTO camera_facts (tenant, camera, step_s, chunk, points) VALUES (?, ?, ?, ?, ?)"
            }
            Owner::Node(_) => "INSERT INTO node_facts (node, step_s, chunk, points) VALUES (?, ?, ?, ?)",
        };
        let mut values = partition(owner, step);
        values.extend(cells![chunk, points.encode()]);
        self.run(text, values).await
    }

    /// Lists a chunk for the purge that comes when its time is over.
    pub(in crate::store) async fn list_facts(&self, owner: &Owner, step: Step, chunk: i64) -> Result<(), StoreError> {
        self.list(Of::FactChunks(step.seconds()), chunk, &[]).await?;
        self.list(Of::FactOwners(step.seconds(), chunk), 0, &name_of(owner)).await
    }

    pub(in crate::store) async fn facts<P: Point>(
        &self,
        owner: Owner,
        step: Step,
        range: TimeRange,
    ) -> Result<BTreeMap<WallTime, P>, StoreError> {
        let text = match owner {
            Owner::Camera(..) => {
                "SELECT chunk, points FROM camera_facts WHERE tenant = ? AND camera = ? AND step_s = ? AND chunk >= ?
                 AND chunk <= ?"
            }
            Owner::Node(_) => {
                "SELECT chunk, points FROM node_facts WHERE node = ? AND step_s = ? AND chunk >= ? AND chunk <= ?"
            }
        };
        let (first, last) = chunks_within(step, range);
        let mut values = partition(&owner, step);
        values.extend(cells![first, last]);
        let chunks = self.all(FACTS, text, values, |mut row| Ok((row.get::<i64>(0)?, row.get::<Vec<u8>>(1)?))).await?;
        let points = chunks.iter().flat_map(|(chunk, bytes)| points_within(step, range, *chunk, bytes));
        Ok(points.collect())
    }

    pub(in crate::store) async fn purge_facts(&self, now: WallTime, limit: u32) -> Result<usize, StoreError> {
        let mut removed = 0;
        for step in [Step::Minute, Step::Hour] {
            let (of, mut left) = (Of::FactChunks(step.seconds()), limit as usize);
            for chunk in self.numbers(of, i64::MIN, chunk_of(now - step.kept(), step) - 1).await? {
                let owners = Of::FactOwners(step.seconds(), chunk);
                let names = self.some_names(owners, None, left).await?;
                let removals = names.iter().map(|name| async move {
                    if let Some(owner) = owner_of(name) {
                        let text = match owner {
                            Owner::Camera(..) => {
                                "DELETE FROM camera_facts WHERE tenant = ? AND camera = ? AND step_s = ? AND chunk = ?"
                            }
                            Owner::Node(_) => "DELETE FROM node_facts WHERE node = ? AND step_s = ? AND chunk = ?",
                        };
                        let mut values = partition(&owner, step);
                        values.extend(cells![chunk]);
                        self.run(text, values).await?;
                    }
                    self.unlist_now(owners, 0, name).await
                });
                all_of(removals.collect()).await?;
                removed += names.len();
                left -= names.len();
                if left == 0 {
                    break;
                }
                self.unlist_now(of, chunk, &[]).await?;
            }
        }
        Ok(removed)
    }
}

fn partition(owner: &Owner, step: Step) -> Vec<Cell> {
    match owner {
        Owner::Camera(tenant, camera) => cells![tenant, camera, step.seconds()],
        Owner::Node(node) => cells![node, step.seconds()],
    }
}

/// An owner as the name of an entry: its id, and for a camera its tenant.
fn name_of(owner: &Owner) -> Vec<u8> {
    match owner {
        Owner::Camera(tenant, camera) => [camera.as_uuid().as_bytes(), tenant.as_str().as_bytes()].concat(),
        Owner::Node(node) => node.as_uuid().as_bytes().to_vec(),
    }
}

fn owner_of(name: &[u8]) -> Option<Owner> {
    let (id, tenant) = name.split_first_chunk::<16>()?;
    let id = uuid::Uuid::from_bytes(*id);
    if tenant.is_empty() {
        return Some(Owner::Node(NodeId::from_uuid(id)));
    }
    let tenant = std::str::from_utf8(tenant).ok()?.parse().ok()?;
    Some(Owner::Camera(tenant, CameraId::from_uuid(id)))
}
