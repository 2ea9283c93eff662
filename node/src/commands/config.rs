use clap::{Args, Subcommand};

use super::ConfigArgs;
use super::output::line;
use crate::config::reference;

#[derive(Debug, Args)]
pub(crate) struct ConfigCommandArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Reads the configuration as `eyrie node` would and says what is wrong with it
    Check(ConfigArgs),
    /// Prints every key with its environment variable, default and meaning, as Markdown
    Keys,
}

/// Checks or explains the configuration.
pub(crate) fn run(args: ConfigCommandArgs) -> anyhow::Result<()> {
    match args.command {
        ConfigCommand::Check(args) => {
            let config = args.load()?;
            line(format_args!("configuration is good: {} would serve {}", config.data_dir.display(), config.listen))?;
        }
        ConfigCommand::Keys => line(reference().trim_end())?,
    }
    Ok(())
}
