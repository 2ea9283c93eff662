-- What a node keeps of another's segment after a loss: the fragments `numbers`, as their recorder wrote them.
CREATE TABLE second_copies (
  tenant TEXT NOT NULL, camera BLOB NOT NULL, day INTEGER NOT NULL, segment BLOB NOT NULL, node BLOB NOT NULL,
  start_us INTEGER NOT NULL, slot INTEGER NOT NULL, epoch INTEGER NOT NULL, disk TEXT NOT NULL, numbers BLOB NOT NULL,
  runs BLOB NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY (tenant, camera, day, segment, node)
) WITHOUT ROWID;
