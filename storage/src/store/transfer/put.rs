//! How a row of each table is written to the cluster: as the store's own methods write it, with what leads to it.

use eyrie_types::{CameraId, CameraSpec, Incident, NodeId, TenantId, WallTime};
use scylla::value::CqlValue;

use super::table::Kind;
use crate::facts::Step;
use crate::store::StoreError;
use crate::store::cql::Cql;
use crate::store::cql::cells::{Cell, Cells, ToCell as _, cells};
use crate::store::facts::Owner;

impl Cql {
    /// Writes a row of `kind`, whose columns are those of its table. `node` is the one whose store is moved.
    pub(super) async fn put_moved(&self, kind: Kind, row: Vec<Cell>, node: NodeId) -> Result<(), StoreError> {
        let mut read = Cells::new("row to be moved", row.clone());
        match kind {
            Kind::Cameras => self.put_moved_camera(row).await,
            Kind::DeletedCameras => {
                self.know_tenant(&read.get(0)?).await?;
                self.run("INSERT INTO deleted_cameras (tenant, id, name, deleted_us) VALUES (?, ?, ?, ?)", row).await
            }
            Kind::SpecHistory => {
                let mut row = row;
                row[4] = read.get::<i64>(4)?.ne(&0).to_cell();
                let text = "INSERT INTO spec_history (tenant, camera, at_us, revision, enabled, mode)
                            VALUES (?, ?, ?, ?, ?, ?)";
                self.run(text, row).await
            }
            Kind::Sites => self.put_site_rows(&crate::store::cql::sites::read(read)?).await,
            Kind::Users => self.put_user_rows(&crate::store::cql::users::read(read)?).await,
            Kind::RefreshTokens => self.put_token(row).await,
            Kind::Sessions => {
                let (session, _) = crate::store::cql::sessions::read(read)?;
                self.list_session(&session).await?;
                let text = "INSERT INTO sessions (tenant, id, user, created_us, rotated_us, expires_us, valid_token)
                            VALUES (?, ?, ?, ?, ?, ?, ?)";
                self.run(text, row).await
            }
            Kind::SigningKeys => {
                let text =
                    "INSERT INTO signing_keys (kid, signs_from_us, signs_until_us, verifies_until_us, sealed, one)
                            VALUES (?, ?, ?, ?, ?, 1)";
                self.run(text, row).await
            }
            Kind::Epochs => self.run("INSERT INTO epochs (generation, counter, one) VALUES (?, ?, 1)", row).await,
            Kind::NodeRuns => self.node_alive(read.get(0)?, read.get(1)?, read.get(2)?).await,
            Kind::TenantKeys => {
                let text =
                    "INSERT INTO tenant_keys (tenant, version, public, wrapped, created_us) VALUES (?, ?, ?, ?, ?)";
                self.run(text, row).await
            }
            Kind::KeyRows => self.put_key(&read.get(0)?, read.get(1)?, read.get(2)?).await,
            Kind::Fragments => {
                let text = "INSERT INTO fragments (tenant, camera, segment, first, chunk) VALUES (?, ?, ?, ?, ?)";
                self.run(text, row).await
            }
            Kind::Copies => {
                let text =
                    "INSERT INTO copies (tenant, camera, day, segment, node, disk, start_us, path, bytes, written_us)
                            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
                self.run(text, row).await
            }
            Kind::Segments => self.put_segments(vec![crate::store::cql::segments::read(read)?]).await,
            Kind::Deletions => {
                let mut row = row;
                row.extend(cells![node, crate::store::cql::incidents::bucket(read.get(1)?)]);
                let text =
                    "INSERT INTO deletions (tenant, camera, segment, start_us, slot, epoch, key, bytes, node, bucket)
                            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
                self.run(text, row).await
            }
            Kind::DeletedFootage => {
                // A day of it is one row here: that of no segment.
                let mut row = row;
                let year = crate::store::cql::deletions::year_of(read.get(2)?);
                row.extend(cells![year, [0u8; 16]]);
                let text = "INSERT INTO deleted_footage (tenant, camera, day, bytes, runs, year, segment)
                            VALUES (?, ?, ?, ?, ?, ?, ?)";
                self.run(text, row).await
            }
            Kind::Incidents => {
                let incident = Incident {
                    start: read.get(2)?,
                    slot: read.get(3)?,
                    epoch: read.get(4)?,
                    cause: read.get(5)?,
                    end: read.get(6)?,
                };
                self.put_incident(&read.get(0)?, read.get(1)?, incident).await
            }
            Kind::Markers => self.put_moved_marker(row).await,
            Kind::Layouts => {
                let text =
                    "INSERT INTO layouts (tenant, user, id, grid, created_us, updated_us) VALUES (?, ?, ?, ?, ?, ?)";
                self.run(text, row).await
            }
            Kind::CameraFacts => {
                let owner = Owner::Camera(read.get::<TenantId>(0)?, read.get::<CameraId>(1)?);
                self.list_facts(&owner, step_of(read.get(2)?)?, read.get(3)?).await?;
                let text = "INSERT INTO camera_facts (tenant, camera, step_s, chunk, points) VALUES (?, ?, ?, ?, ?)";
                self.run(text, row).await
            }
            Kind::NodeFacts => {
                let owner = Owner::Node(read.get(0)?);
                self.list_facts(&owner, step_of(read.get(1)?)?, read.get(2)?).await?;
                self.run("INSERT INTO node_facts (node, step_s, chunk, points) VALUES (?, ?, ?, ?)", row).await
            }
            Kind::Audit => {
                let hour = self.list_audit(&read.get(0)?, read.get::<WallTime>(1)?).await?;
                let mut row = row;
                row.extend(cells![hour]);
                let text = "INSERT INTO audit (tenant, time_us, id, record, hour) VALUES (?, ?, ?, ?, ?)";
                self.run(text, row).await
            }
            Kind::Outbox => self.put_moved_event(read.get(0)?, read.get(1)?).await,
        }
    }

    async fn put_moved_camera(&self, mut row: Vec<Cell>) -> Result<(), StoreError> {
        let read = Cells::new("camera", row.clone());
        let (tenant, id, spec): (TenantId, CameraId, String) = (read.peek(0)?, read.peek(1)?, read.peek(7)?);
        let spec: CameraSpec = serde_json::from_str(&spec).map_err(|error| StoreError::damaged("camera", error))?;
        let labels: Vec<&str> = spec.labels.iter().collect();
        self.know_tenant(&tenant).await?;
        row.extend(cells![labels.join("\n"), crate::store::cql::cameras::bucket(id)]);
        let text = "INSERT INTO cameras (tenant, id, revision, created_us, updated_us, name_folded, site, spec, password, labels,
                      bucket) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        self.run(text, row).await
    }

    async fn put_moved_marker(&self, row: Vec<Cell>) -> Result<(), StoreError> {
        let mut read = Cells::new("marker", row.clone());
        let marker = crate::store::cql::markers::read_marker(&mut read)?;
        let tenant = read.get(11)?;
        // Written by its first revision, as a new one's are.
        self.put_marker_copies(&tenant, &marker, 1).await?;
        let text =
            "INSERT INTO markers (id, camera, start_us, end_us, category, title, note, author, author_id, created_us,
                      updated_us, tenant, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)";
        self.run(text, row).await
    }
}

fn step_of(seconds: u32) -> Result<Step, StoreError> {
    let step = [Step::Minute, Step::Hour].into_iter().find(|step| step.seconds() == seconds);
    step.ok_or_else(|| StoreError::damaged("chunk of facts", format!("it has steps of {seconds} s")))
}

/// A value of SQLite's as a cell.
pub(super) fn cell_of(value: rusqlite::types::ValueRef<'_>) -> Result<Cell, StoreError> {
    use rusqlite::types::ValueRef;
    Ok(match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(CqlValue::BigInt(number)),
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).map_err(|error| StoreError::damaged("text", error))?;
            Some(CqlValue::Text(text.to_owned()))
        }
        ValueRef::Blob(bytes) => Some(CqlValue::Blob(bytes.to_vec())),
        ValueRef::Real(number) => return Err(StoreError::damaged("row", format!("it holds {number}"))),
    })
}
