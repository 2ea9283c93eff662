use anyhow::bail;
use clap::{Args, Subcommand};
use eyrie_actors::{Finding, check_recordings};

use super::ConfigArgs;
use super::output::line;
use crate::running_node::{DataDir, Patience};

#[derive(Debug, Args)]
pub(crate) struct RecordingsArgs {
    #[command(subcommand)]
    command: RecordingsCommand,
}

#[derive(Debug, Subcommand)]
enum RecordingsCommand {
    /// Compares what lies on disk with the index, and mends the index where it can. The node must be stopped. Exits with 1
    /// when footage is damaged or missing
    Check {
        /// Also reads every stored byte and compares its hash
        #[arg(long)]
        deep: bool,
        #[command(flatten)]
        config: ConfigArgs,
    },
}

/// Looks after recordings on disk.
pub(crate) fn run(args: RecordingsArgs) -> anyhow::Result<()> {
    let RecordingsCommand::Check { deep, config } = args.command;
    let config = config.load()?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let data = DataDir::open(&config, Patience::None).await?;
        let report =
            check_recordings(&data.store, data.identity.node, std::slice::from_ref(&config.recordings_dir), deep)
                .await?;
        data.store.close().await?;
        let mut lost = 0;
        for finding in &report.findings {
            lost += usize::from(matches!(finding, Finding::Missing { .. } | Finding::Damaged { .. }));
            line(describe(finding))?;
        }
        line(format_args!("{} segments looked at, {} findings", report.segments, report.findings.len()))?;
        if lost > 0 {
            bail!("{lost} segments are damaged or missing; the gap ledger shows what that costs");
        }
        Ok(())
    })
}

fn describe(finding: &Finding) -> String {
    match finding {
        Finding::Mended { path, .. } => format!("mended    {}: the index told something else", path.display()),
        Finding::Adopted { path, .. } => format!("adopted   {}: the index did not know it", path.display()),
        Finding::Missing { path, .. } => format!("missing   {}: in the index, not on disk", path.display()),
        Finding::Damaged { path, reason } => format!("damaged   {}: {reason}", path.display()),
        Finding::Foreign { path, reason } => format!("foreign   {}: {reason}", path.display()),
    }
}
