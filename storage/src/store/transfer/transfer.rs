use eyrie_types::NodeId;
use tokio::sync::mpsc;

use super::put::cell_of;
use super::sum::TableSum;
use super::table::{Kind, TABLES, Table};
use crate::store::cql::Cql;
use crate::store::cql::cells::{Cell, ToCell as _, cells};
use crate::store::cql::cql::{Walk, all_of};
use crate::store::sqlite::Sqlite;
use crate::store::store::Backend;
use crate::store::{Store, StoreError};

/// Rows between two notes of how far a table has come: some are written again after a break.
const CHUNK_ROWS: usize = 512;
/// Chunks read ahead.
const CHUNKS_AHEAD: usize = 4;
/// The note that names the store which is moved.
const SOURCE: &str = "source";

/// What a move is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferStep {
    /// So many of the rows of a table have been written.
    Copied {
        /// Which table.
        table: &'static str,
        /// How many.
        rows: u64,
        /// Of how many.
        of: u64,
    },
    /// A table is the same on both sides.
    Compared {
        /// Which table.
        table: &'static str,
        /// Its rows.
        sum: TableSum,
    },
}

impl Store {
    /// Copies everything of this store, which is in SQLite, into `to`, which is in a CQL cluster, and compares both. One that was
    /// broken off goes on where it was. `node` is the node whose store it is. Nothing else may write to either meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Transfer`] when `to` holds something else, or differs afterwards; when either side fails, in which case it can
    /// be tried again.
    pub async fn transfer(
        &self,
        to: &Self,
        node: NodeId,
        mut progress: impl FnMut(TransferStep) + Send,
    ) -> Result<(), StoreError> {
        let (Backend::Sqlite(from), Backend::Cql(to)) = (&self.backend, &to.backend) else {
            return Err(StoreError::Transfer(
                "a store is moved from SQLite to a CQL cluster, and no other way".to_owned(),
            ));
        };
        to.claim_transfer(node).await?;
        for table in TABLES {
            copy(from, to, *table, node, &mut progress).await?;
        }
        finish_outbox(from, to).await?;
        for table in TABLES {
            let (ours, theirs) = (sum_sqlite(from, *table).await?, to.sum_of(*table).await?);
            if ours != theirs {
                let name = table.name;
                return Err(StoreError::Transfer(format!(
                    "{name}: {} rows in SQLite and {} in the cluster, or not the same ones ({:032x}, {:032x}); does a node write \
                     to either? Drop the keyspace and begin anew",
                    ours.rows, theirs.rows, ours.hashes, theirs.hashes
                )));
            }
            progress(TransferStep::Compared { table: table.name, sum: ours });
        }
        Ok(())
    }
}

async fn copy(
    from: &Sqlite,
    to: &Cql,
    table: Table,
    node: NodeId,
    progress: &mut (impl FnMut(TransferStep) + Send),
) -> Result<(), StoreError> {
    let of = count(from, table).await?;
    let mut done = to.transferred(table.name).await?;
    let (chunks, mut rows) = mpsc::channel::<Vec<Vec<Cell>>>(CHUNKS_AHEAD);
    let skip = done;
    let reading = from.read(move |connection| {
        let sql = format!("SELECT * FROM ({}) LIMIT -1 OFFSET {skip}", table.sqlite);
        let mut statement = connection.prepare(&sql)?;
        let columns = statement.column_count();
        let mut found = statement.query([])?;
        let mut chunk = Vec::with_capacity(CHUNK_ROWS);
        while let Some(row) = found.next()? {
            chunk.push(canonical(
                table.kind,
                (0..columns).map(|column| cell_of(row.get_ref(column)?)).collect::<Result<_, _>>()?,
            )?);
            if chunk.len() == CHUNK_ROWS && chunks.blocking_send(std::mem::take(&mut chunk)).is_err() {
                // Writing failed; its error is the one that matters.
                return Ok(());
            }
        }
        if !chunk.is_empty() {
            let _ = chunks.blocking_send(chunk);
        }
        Ok(())
    });
    let writing = async {
        while let Some(chunk) = rows.recv().await {
            let count = chunk.len() as u64;
            let puts = chunk.into_iter().map(|row| to.put_moved(table.kind, row, node)).collect();
            let noted = match all_of(puts).await {
                Ok(_) => to.note_transferred(table.name, done + count).await,
                Err(error) => Err(error),
            };
            if noted.is_err() {
                // Whoever reads must not wait for room that never comes.
                rows.close();
                return noted;
            }
            done += count;
            progress(TransferStep::Copied { table: table.name, rows: done, of });
        }
        Ok(())
    };
    let (read, written) = tokio::join!(reading, writing);
    written.and(read)
}

/// A row as both sides have it.
fn canonical(kind: Kind, mut row: Vec<Cell>) -> Result<Vec<Cell>, StoreError> {
    if kind == Kind::DeletedFootage {
        // The runs of a day count from its start; here that stands in front.
        let mut read = crate::store::cql::cells::Cells::new("deleted footage", row.clone());
        let (day, runs): (u32, Vec<u8>) = (read.get(2)?, read.get(4)?);
        row[4] = [&(i64::from(day) * 86_400_000_000).to_be_bytes()[..], &runs].concat().to_cell();
    }
    Ok(row)
}

/// What is given out as the next place, and which is the first that is kept.
async fn finish_outbox(from: &Sqlite, to: &Cql) -> Result<(), StoreError> {
    let (first, next) = from
        .read(|connection| {
            let last = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'outbox'";
            let last: i64 = connection.query_row(last, [], |row| row.get(0))?;
            let first: Option<i64> = connection.query_row("SELECT min(seq) FROM outbox", [], |row| row.get(0))?;
            let next = u64::try_from(last).unwrap_or(0) + 1;
            Ok((first.and_then(|first| u64::try_from(first).ok()).unwrap_or(next), next))
        })
        .await?;
    to.end_moved_outbox(first, next).await
}

async fn count(from: &Sqlite, table: Table) -> Result<u64, StoreError> {
    from.read(move |connection| {
        let sql = format!("SELECT count(*) FROM ({})", table.sqlite);
        let rows: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
        Ok(u64::try_from(rows).unwrap_or(0))
    })
    .await
}

async fn sum_sqlite(from: &Sqlite, table: Table) -> Result<TableSum, StoreError> {
    from.read(move |connection| {
        let mut statement = connection.prepare(table.sqlite)?;
        let columns = statement.column_count();
        let (mut rows, mut sum) = (statement.query([])?, TableSum::default());
        while let Some(row) = rows.next()? {
            let cells = (0..columns).map(|column| cell_of(row.get_ref(column)?)).collect::<Result<_, StoreError>>()?;
            sum.add(&canonical(table.kind, cells)?);
        }
        Ok(sum)
    })
    .await
}

impl Cql {
    /// Makes sure that this keyspace is empty, or that of a move of the same store.
    async fn claim_transfer(&self, node: NodeId) -> Result<(), StoreError> {
        let text = "SELECT done FROM transfers WHERE one = 1 AND name = ?";
        let id = (node.as_uuid().as_u128() >> 65) as u64;
        match self.one("note of a move", text, cells![SOURCE]).await? {
            Some(note) if note.peek::<u64>(0)? == id => Ok(()),
            Some(_) => Err(StoreError::Transfer(
                "the keyspace holds what another node's store was moved to; one store is moved, others join its cell"
                    .to_owned(),
            )),
            None if self.tenants().await?.is_empty() => self.note_transferred(SOURCE, id).await,
            None => Err(StoreError::Transfer(
                "the keyspace is in use already; name another one in store.keyspace, or drop it".to_owned(),
            )),
        }
    }

    async fn transferred(&self, table: &'static str) -> Result<u64, StoreError> {
        let text = "SELECT done FROM transfers WHERE one = 1 AND name = ?";
        self.one("note of a move", text, cells![table]).await?.map_or(Ok(0), |mut row| row.get(0))
    }

    async fn note_transferred(&self, table: &'static str, done: u64) -> Result<(), StoreError> {
        self.run("INSERT INTO transfers (one, name, done) VALUES (1, ?, ?)", cells![table, done]).await
    }

    /// Sums up a table: the one place where all of one is read, partition after partition.
    async fn sum_of(&self, table: Table) -> Result<TableSum, StoreError> {
        let mut sum = TableSum::default();
        for text in table.cql {
            self.walk(table.name, text, Vec::new(), |row| {
                let mut cells = row.into_cells();
                if cells[table.not_null].is_some() {
                    if table.kind == Kind::Incidents {
                        // An open one has no end.
                        cells.resize(7, None);
                    }
                    sum.add(&cells);
                }
                Ok(Walk::On)
            })
            .await?;
        }
        Ok(sum)
    }
}
