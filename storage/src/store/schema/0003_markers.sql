-- What people note of footage, and how they lay out what they watch.

CREATE TABLE markers (
  tenant TEXT NOT NULL, id BLOB NOT NULL, camera BLOB NOT NULL,
  start_us INTEGER NOT NULL, end_us INTEGER, category TEXT NOT NULL, title TEXT NOT NULL, note TEXT,
  -- Title and note in lower case, a line feed between them: what searches look through.
  text_folded TEXT NOT NULL,
  author_id BLOB NOT NULL, author TEXT NOT NULL, created_us INTEGER NOT NULL, updated_us INTEGER NOT NULL,
  PRIMARY KEY (tenant, id)
);
CREATE INDEX markers_by_start ON markers (tenant, start_us, id);
-- With the end, so that a timeline of 100,000 markers is drawn from the index alone.
CREATE INDEX markers_by_camera ON markers (tenant, camera, start_us, id, end_us);

CREATE TABLE layouts (
  tenant TEXT NOT NULL, user BLOB NOT NULL, id BLOB NOT NULL,
  grid TEXT NOT NULL, created_us INTEGER NOT NULL, updated_us INTEGER NOT NULL,
  PRIMARY KEY (tenant, user, id)
) WITHOUT ROWID;
