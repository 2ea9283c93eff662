-- Every key begins with the tenant. One table an aggregate, no joins across them: the same keys serve as ScyllaDB
-- partitions and clustering. Times are microseconds since 1970 UTC, ids 16 bytes.

CREATE TABLE cameras (
  tenant TEXT NOT NULL, id BLOB NOT NULL,
  revision INTEGER NOT NULL, created_us INTEGER NOT NULL, updated_us INTEGER NOT NULL,
  name_folded TEXT NOT NULL, labels_folded TEXT NOT NULL, site BLOB,
  spec TEXT NOT NULL, password BLOB,
  PRIMARY KEY (tenant, id)
) WITHOUT ROWID;
CREATE INDEX cameras_by_name ON cameras (tenant, name_folded, id);
CREATE INDEX cameras_by_site ON cameras (tenant, site, name_folded, id);
CREATE TABLE camera_labels (
  tenant TEXT NOT NULL, label TEXT NOT NULL, camera BLOB NOT NULL,
  PRIMARY KEY (tenant, label, camera)
) WITHOUT ROWID;
CREATE TABLE deleted_cameras (
  tenant TEXT NOT NULL, id BLOB NOT NULL, name TEXT NOT NULL, deleted_us INTEGER NOT NULL,
  PRIMARY KEY (tenant, id)
) WITHOUT ROWID;
CREATE TABLE spec_history (
  tenant TEXT NOT NULL, camera BLOB NOT NULL, at_us INTEGER NOT NULL, revision INTEGER NOT NULL,
  enabled INTEGER NOT NULL, mode TEXT NOT NULL,
  PRIMARY KEY (tenant, camera, at_us, revision)
) WITHOUT ROWID;

CREATE TABLE sites (
  tenant TEXT NOT NULL, id BLOB NOT NULL,
  name TEXT NOT NULL, name_folded TEXT NOT NULL, zone TEXT NOT NULL, created_us INTEGER NOT NULL,
  PRIMARY KEY (tenant, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX sites_by_name ON sites (tenant, name_folded);

CREATE TABLE users (
  tenant TEXT NOT NULL, id BLOB NOT NULL,
  username TEXT NOT NULL, username_folded TEXT NOT NULL, role TEXT NOT NULL, password_hash TEXT NOT NULL,
  created_us INTEGER NOT NULL, updated_us INTEGER NOT NULL,
  PRIMARY KEY (tenant, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX users_by_name ON users (tenant, username_folded);
CREATE TABLE login_attempts (
  tenant TEXT NOT NULL, subject BLOB NOT NULL,
  failures INTEGER NOT NULL, last_us INTEGER NOT NULL, locked_until_us INTEGER NOT NULL,
  PRIMARY KEY (tenant, subject)
) WITHOUT ROWID;
CREATE INDEX login_attempts_by_age ON login_attempts (last_us);
CREATE TABLE sessions (
  tenant TEXT NOT NULL, id BLOB NOT NULL,
  user BLOB NOT NULL, created_us INTEGER NOT NULL, rotated_us INTEGER NOT NULL, expires_us INTEGER NOT NULL,
  PRIMARY KEY (tenant, id)
) WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (tenant, user, rotated_us);
CREATE INDEX sessions_by_expiry ON sessions (expires_us);
CREATE TABLE refresh_tokens (
  tenant TEXT NOT NULL, hash BLOB NOT NULL,
  session BLOB NOT NULL, number INTEGER NOT NULL, spent INTEGER NOT NULL,
  PRIMARY KEY (tenant, hash)
) WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (tenant, session, number);
CREATE TABLE signing_keys (
  kid TEXT NOT NULL PRIMARY KEY,
  signs_from_us INTEGER NOT NULL, signs_until_us INTEGER NOT NULL, verifies_until_us INTEGER NOT NULL,
  sealed BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE node_identity (one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), node BLOB NOT NULL);
CREATE TABLE epochs (generation INTEGER NOT NULL PRIMARY KEY, counter INTEGER NOT NULL);
CREATE TABLE node_runs (
  node BLOB NOT NULL, start_us INTEGER NOT NULL, last_alive_us INTEGER NOT NULL,
  PRIMARY KEY (node, start_us)
) WITHOUT ROWID;

CREATE TABLE segments (
  tenant TEXT NOT NULL, camera BLOB NOT NULL, day INTEGER NOT NULL,
  start_us INTEGER NOT NULL, slot INTEGER NOT NULL, epoch INTEGER NOT NULL, segment BLOB NOT NULL,
  node BLOB NOT NULL, state TEXT NOT NULL, end_us INTEGER NOT NULL, runs BLOB NOT NULL,
  fragments INTEGER NOT NULL, bytes INTEGER NOT NULL, key BLOB, merkle_root BLOB,
  PRIMARY KEY (tenant, camera, day, start_us, slot, epoch, segment)
) WITHOUT ROWID;
CREATE INDEX segments_open ON segments (node) WHERE state = 'open';
CREATE TABLE copies (
  tenant TEXT NOT NULL, camera BLOB NOT NULL, day INTEGER NOT NULL, segment BLOB NOT NULL, start_us INTEGER NOT NULL,
  node BLOB NOT NULL, disk TEXT NOT NULL, path TEXT NOT NULL, bytes INTEGER NOT NULL, written_us INTEGER NOT NULL,
  PRIMARY KEY (tenant, camera, day, segment, node, disk)
) WITHOUT ROWID;
CREATE TABLE fragments (
  tenant TEXT NOT NULL, camera BLOB NOT NULL, segment BLOB NOT NULL, first INTEGER NOT NULL,
  entries BLOB NOT NULL,
  PRIMARY KEY (tenant, camera, segment, first)
) WITHOUT ROWID;
CREATE TABLE key_rows (
  tenant TEXT NOT NULL, id BLOB NOT NULL, sealed BLOB NOT NULL,
  PRIMARY KEY (tenant, id)
) WITHOUT ROWID;
CREATE TABLE tenant_keys (
  tenant TEXT NOT NULL, version INTEGER NOT NULL,
  public BLOB NOT NULL, wrapped BLOB NOT NULL, created_us INTEGER NOT NULL,
  PRIMARY KEY (tenant, version)
) WITHOUT ROWID;

CREATE TABLE incidents (
  tenant TEXT NOT NULL, camera BLOB NOT NULL,
  slot INTEGER NOT NULL, epoch INTEGER NOT NULL, cause TEXT NOT NULL, start_us INTEGER NOT NULL,
  end_us INTEGER NOT NULL, -- 9223372036854775807 while open, so that one index range finds what overlaps
  PRIMARY KEY (tenant, camera, start_us, slot, epoch, cause)
) WITHOUT ROWID;
CREATE INDEX incidents_by_end ON incidents (tenant, camera, end_us);
CREATE INDEX incidents_open ON incidents (epoch) WHERE end_us = 9223372036854775807;

CREATE TABLE audit (
  tenant TEXT NOT NULL, time_us INTEGER NOT NULL, id BLOB NOT NULL, record TEXT NOT NULL,
  PRIMARY KEY (tenant, time_us, id)
) WITHOUT ROWID;
CREATE TABLE outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, id BLOB NOT NULL, event TEXT NOT NULL);
