use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Parser as _};
use eyrie_chaos::drill::agent::{AgentOptions, Means, Service, run_agent};
use eyrie_chaos::drill::api::Credentials;
use url::Url;

use super::output::line;
use super::{Cli, Command};

#[derive(Debug, Args)]
#[command(after_help = AGENT_HELP)]
pub(super) struct AgentArgs {
    /// Base URLs of nodes of the cell: several, for the one beside it may be the one that is dead
    #[arg(long, value_name = "URL", required = true, value_delimiter = ',')]
    api: Vec<Url>,
    /// File with one line, `USER:PASSWORD` of a user with the role driller
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
    /// PEM file with the authority that signed the nodes' certificates, where the system does not know it
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The node's data directory; needed only where the node's command is not `eyrie node …`
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Stand beside a node that something else starts, such as systemd: the file where the number of its process is written
    #[arg(long, value_name = "FILE", requires_all = ["start_command", "stop_command", "data_dir"], conflicts_with = "node")]
    pid_file: Option<PathBuf>,
    /// What has that node started, a line for the shell, such as `systemctl start eyrie`
    #[arg(long, value_name = "LINE", requires = "pid_file")]
    start_command: Option<String>,
    /// What has it stopped, and not started again by itself, such as `systemctl stop eyrie`
    #[arg(long, value_name = "LINE", requires = "pid_file")]
    stop_command: Option<String>,
    /// How the node is started, where the agent does
    #[arg(last = true, required_unless_present = "pid_file", value_name = "COMMAND")]
    node: Vec<OsString>,
}

const AGENT_HELP: &str = "\
For example:
  eyrie drill agent --api https://berlin-1:8080,https://berlin-2:8080 --token-file /etc/eyrie/drill.token \\
    -- eyrie node --config /etc/eyrie/node.toml
  eyrie drill agent --api https://berlin-1:8080,https://berlin-2:8080 --token-file /etc/eyrie/drill.token \\
    --pid-file /run/eyrie/node.pid --data-dir /var/lib/eyrie \\
    --start-command 'systemctl start eyrie' --stop-command 'systemctl stop eyrie'
An agent that starts its node ends when the node does, with the same code, and passes SIGTERM and Ctrl-C on to it; one that stands
beside a node comes and goes without it. Faults end when their drill does,
when no node answers any more, and when the agent itself is killed.";

/// Runs a node under an agent.
pub(super) fn run(args: AgentArgs) -> anyhow::Result<ExitCode> {
    let AgentArgs { api, token_file, ca, data_dir, pid_file, start_command, stop_command, node } = args;
    let (data_dir, peer_port) = match (data_dir, config_of(&node)) {
        (Some(data_dir), config) => (data_dir, config.ok().flatten().and_then(|config| config.peer_port)),
        (None, Ok(Some(config))) => (config.data_dir, config.peer_port),
        (None, Err(error)) => return Err(error),
        (None, Ok(None)) => {
            bail!("say where the node keeps its data, with --data-dir: its command is not `eyrie node …`")
        }
    };
    let means = match (pid_file, start_command, stop_command) {
        (Some(pid_file), Some(start), Some(stop)) => Means::Beside(Service { pid_file, start, stop }),
        _ => Means::Parent(node),
    };
    let ca = ca.map(|path| std::fs::read(&path).with_context(|| format!("--ca {}", path.display()))).transpose()?;
    let options = AgentOptions {
        addresses: api,
        credentials: Credentials::read(&token_file)?,
        ca,
        data_dir,
        peer_port,
        means,
        eyrie: std::env::current_exe().context("the path of this binary")?,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    // What cannot be printed is lost, and no reason to do anything else.
    let code = run_agent(options, |text| drop(line(format_args!("agent: {text}"))))?;
    Ok(ExitCode::from(code))
}

/// What an agent has to know of its node's configuration.
struct NodeFacts {
    data_dir: PathBuf,
    peer_port: Option<u16>,
}

/// How the node that `command` starts is configured; `None` where it is not `eyrie node …`.
fn config_of(command: &[OsString]) -> anyhow::Result<Option<NodeFacts>> {
    let Ok(Cli { command: Command::Node(config) }) = Cli::try_parse_from(command) else { return Ok(None) };
    let config = config.load()?;
    let peer_port = config.cluster.peers.map(|peers| peers.listen.port());
    Ok(Some(NodeFacts { data_dir: config.data_dir, peer_port }))
}
