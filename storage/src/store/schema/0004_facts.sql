-- What cameras sent and how the node did, as history. A row holds the points of one hour (step 60 s; chunk: hours since 1970) or of one
-- UTC day (step 3600 s; chunk: days since 1970), packed: a row per point would be sixty times as many.
CREATE TABLE camera_facts (
  tenant TEXT NOT NULL, camera BLOB NOT NULL, step_s INTEGER NOT NULL, chunk INTEGER NOT NULL, points BLOB NOT NULL,
  PRIMARY KEY (tenant, camera, step_s, chunk)
) WITHOUT ROWID;
-- What has become too old is found without a walk through all cameras.
CREATE INDEX camera_facts_by_age ON camera_facts (step_s, chunk);
CREATE TABLE node_facts (
  node BLOB NOT NULL, step_s INTEGER NOT NULL, chunk INTEGER NOT NULL, points BLOB NOT NULL,
  PRIMARY KEY (node, step_s, chunk)
) WITHOUT ROWID;
