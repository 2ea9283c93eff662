//! What `eyrie` can be told to do: one command a file.

mod admin;
mod api_client;
mod cluster;
mod cluster_table;
mod config;
mod demo;
mod drill;
mod drill_agent;
mod drill_api;
mod drill_turn;
mod node;
mod openapi;
mod output;
mod recordings;
mod storage;

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::config::{Config, ConfigError};

/// A self-hosted video platform for many cameras: live, recorded, accounted for.
#[derive(Debug, Parser)]
#[command(name = "eyrie", version, propagate_version = true, arg_required_else_help = true, after_help = FIRST_STEPS)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What to do first, below the list of commands.
const FIRST_STEPS: &str = "\
First steps:
  eyrie demo                                    four simulated cameras, to look at
  eyrie node --http 0.0.0.0:8080                a node that other machines can reach
  eyrie config keys                             every key of the configuration, with its environment variable";

/// What else tells a node what to do, below its options.
const NODE_HELP: &str = "\
The first start makes the user `admin` with the password in EYRIE_ADMIN_PASSWORD, or makes one and prints it once.
Every key of the configuration has an environment variable: `eyrie config keys` lists them.
Signals: SIGTERM and Ctrl-C close the recordings and end the node; SIGHUP reads the configuration again.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows Eyrie at work: four simulated cameras and a node, in a directory of their own
    Demo(demo::DemoArgs),
    /// Runs a node until SIGTERM or Ctrl-C
    #[command(after_help = NODE_HELP)]
    Node(ConfigArgs),
    /// Checks or explains the configuration
    Config(config::ConfigCommandArgs),
    /// Shows and changes the cell, by asking one of its nodes
    Cluster(cluster::ClusterArgs),
    /// Does faults on purpose, and says what they cost
    Drill(drill::DrillArgs),
    /// Looks after recordings on disk
    Recordings(recordings::RecordingsArgs),
    /// Looks after the metadata store
    Storage(storage::StorageArgs),
    /// Helps an administrator who is locked out
    Admin(admin::AdminArgs),
    /// Prints the OpenAPI document of the HTTP interface
    Openapi,
}

/// Where the configuration comes from. Flags win over the environment, the environment over the file.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ConfigArgs {
    /// The TOML file; without it the defaults hold
    #[arg(long, value_name = "FILE", env = "EYRIE_CONFIG")]
    config: Option<PathBuf>,
    /// Directory of identity, keys, metadata and recordings [key: data_dir]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Address and port of dashboard and API [key: http]
    #[arg(long, value_name = "ADDR:PORT")]
    http: Option<String>,
    /// Address and port where cameras publish with RTMP [key: rtmp]
    #[arg(long, value_name = "ADDR:PORT")]
    rtmp: Option<String>,
    /// Network cameras may be in although it is closed by default, such as 127.0.0.0/8; may be given several times
    /// [key: allow_network]
    #[arg(long, value_name = "CIDR", num_args = 1.., value_delimiter = ',')]
    allow_network: Vec<String>,
}

impl ConfigArgs {
    /// The configuration these flags, the environment and the file make together.
    ///
    /// # Errors
    /// When any part cannot be taken.
    pub(crate) fn load(&self) -> Result<Config, ConfigError> {
        Config::load(self.config.as_deref(), |layers| {
            let data_dir: Vec<_> = self.data_dir.iter().map(|path| path.display().to_string()).collect();
            layers.flag("--data-dir", "data_dir", &data_dir);
            layers.flag("--http", "http", self.http.as_slice());
            layers.flag("--rtmp", "rtmp", self.rtmp.as_slice());
            layers.flag("--allow-network", "allow_network", &self.allow_network);
        })
    }
}

/// Carries out what the command line says.
///
/// # Errors
/// With what went wrong and, where something can be done, what.
pub(crate) fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        // It alone has more to say than that it went wrong.
        Command::Drill(args) => return drill::run(args),
        Command::Demo(args) => demo::run(args),
        Command::Node(args) => node::run(args),
        Command::Config(args) => config::run(args),
        Command::Cluster(args) => cluster::run(args),
        Command::Recordings(args) => recordings::run(args),
        Command::Storage(args) => storage::run(args),
        Command::Admin(args) => admin::run(args),
        Command::Openapi => openapi::run(),
    }
    .map(|()| ExitCode::SUCCESS)
}
