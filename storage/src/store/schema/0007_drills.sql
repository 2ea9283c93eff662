-- Drills are done to the whole cell, so they belong to it and to no tenant. At most 200 runs, the earliest go first.
CREATE TABLE drill_runs (
  id BLOB NOT NULL PRIMARY KEY, revision INTEGER NOT NULL, asked TEXT NOT NULL, state TEXT NOT NULL, file TEXT NOT NULL, report TEXT
);
-- The run that was begun last: the next one may begin when it is over.
CREATE TABLE drill_turn (one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), run BLOB NOT NULL);
CREATE TABLE drill_agents (node BLOB NOT NULL PRIMARY KEY, agent TEXT NOT NULL) WITHOUT ROWID;
