-- What retention deletes and what it has deleted, and the days of cameras drawn up for long ranges.

-- Segments out of the index whose file and key may still be there: the second half of a deletion is finished from these.
CREATE TABLE deletions (
  tenant TEXT NOT NULL, camera BLOB NOT NULL, segment BLOB NOT NULL,
  start_us INTEGER NOT NULL, slot INTEGER NOT NULL, epoch INTEGER NOT NULL, key BLOB, bytes INTEGER NOT NULL,
  PRIMARY KEY (tenant, camera, segment)
) WITHOUT ROWID;
-- By the UTC day in which the segments began; the runs count from the start of that day.
CREATE TABLE deleted_footage (
  tenant TEXT NOT NULL, camera BLOB NOT NULL, day INTEGER NOT NULL,
  runs BLOB NOT NULL, segments INTEGER NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY (tenant, camera, day)
) WITHOUT ROWID;
-- A cache: whatever changes the rows of a day removes its rollup, and the next reader draws it up again.
CREATE TABLE day_rollups (
  tenant TEXT NOT NULL, camera BLOB NOT NULL, day INTEGER NOT NULL, rollup BLOB NOT NULL,
  PRIMARY KEY (tenant, camera, day)
) WITHOUT ROWID;
