//! Moving a store from SQLite into a CQL cluster: `eyrie storage migrate`.
//!
//! Table by table, rows are read in the order of their key, turned into the cells that both sides can name, and written as many
//! times as it takes: writing one twice changes nothing. How far each table has come is kept in the cluster, so a move that was
//! broken off goes on where it was. Afterwards all rows are read back from both sides and compared, by number and by a sum of
//! their hashes that no order changes.
//!
//! Not moved: failed sign-ins, which are forgotten within a day, days drawn up, which are drawn up again, and runs of drills: they
//! speak of a cell of one.

mod put;
mod sum;
mod table;
#[allow(clippy::module_inception, reason = "the file is named after the type")]
mod transfer;

pub use sum::TableSum;
pub use transfer::TransferStep;
