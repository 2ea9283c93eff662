use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use eyrie_storage::NodeIdentity;
use eyrie_storage::store::{Store, StoreConfig, TransferStep};
use eyrie_types::{Clock, NodeId, SystemClock};

use super::ConfigArgs;
use super::output::line;
use crate::config::Config;
use crate::running_node::lock;

/// Between two lines of progress about one table, at least so many rows.
const PROGRESS_ROWS: u64 = 20_000;

#[derive(Debug, Args)]
pub(crate) struct StorageArgs {
    #[command(subcommand)]
    command: StorageCommand,
}

#[derive(Debug, Subcommand)]
enum StorageCommand {
    /// Moves the metadata from the file in the data directory into the cluster that store.contact_points names, and compares
    /// both. The node must be stopped. Broken off, it goes on where it was when it is run again
    Migrate {
        /// Where to
        #[arg(long, value_enum)]
        to: Target,
        #[command(flatten)]
        config: ConfigArgs,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    /// ScyllaDB or Apache Cassandra
    Cql,
}

/// Looks after the metadata store.
pub(crate) fn run(args: StorageArgs) -> anyhow::Result<()> {
    let StorageCommand::Migrate { to: Target::Cql, config } = args.command;
    let config = config.load()?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(migrate(&config))
}

async fn migrate(config: &Config) -> anyhow::Result<()> {
    let Some(cql) = config.cql.clone() else {
        bail!("store.contact_points names no cluster to move the metadata to; set it in the configuration first");
    };
    let file = config.store_file();
    let moved = file.with_extension("sqlite.migrated");
    if !file.exists() {
        let done = if moved.exists() { "; it was moved before" } else { "" };
        bail!("there is no metadata in {}{done}", file.display());
    }
    let _lock = lock(&config.data_dir)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let from = Store::open(StoreConfig::Sqlite { path: file.clone() }, Arc::clone(&clock)).await;
    let from = from.with_context(|| format!("opening {}", file.display()))?;
    let to = Store::open(StoreConfig::Cql(cql.clone()), clock).await.context("opening the cluster's keyspace")?;
    let node = from.node_id(NodeId::generate()).await?;
    // The node keeps its id: its recordings and their index name it.
    let kept = NodeIdentity::open(&config.data_dir, || node)?.node;
    if kept != node {
        bail!(
            "{} belongs to node {kept}, and its metadata to {node}: restore both from one backup",
            config.data_dir.display()
        );
    }
    to.node_id(node).await?;
    let (mut last, mut tables, mut rows) = (("", 0), 0u32, 0u64);
    let mut told = Ok(());
    let progress = |step: TransferStep| match step {
        TransferStep::Copied { table, rows, of } if rows == of || last.0 != table || rows - last.1 >= PROGRESS_ROWS => {
            last = (table, rows);
            told = line(format_args!("copied    {table}: {rows} of {of}"));
        }
        TransferStep::Copied { .. } => {}
        TransferStep::Compared { table, sum } => {
            (tables, rows) = (tables + 1, rows + sum.rows);
            told = line(format_args!("compared  {table}: {} rows, sum {:032x}", sum.rows, sum.hashes));
        }
    };
    from.transfer(&to, node, progress).await?;
    // Whoever reads the progress may go away; the move goes on.
    drop(told);
    from.close().await?;
    to.close().await?;
    std::fs::rename(&file, &moved).with_context(|| format!("renaming {}", file.display()))?;
    line(format_args!(
        "{tables} tables with {rows} rows are the same in keyspace {} and are used from the next start on; {} is kept as a backup",
        cql.keyspace,
        moved.display()
    ))?;
    Ok(())
}
