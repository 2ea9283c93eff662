use std::fs::File;
use std::io::Read as _;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use eyrie_chaos::drill::file::{FILE_BYTES_MAX, read_drill};
use eyrie_chaos::drill::report::{Outcome, Verdict};
use eyrie_chaos::drill::{
    CATALOGUE, DiskArgs, DrillReport, RunOptions, dry_run, hold_memory, run as run_drill, serve_disk,
};

use super::drill_agent::{self, AgentArgs};
use super::drill_api::{self, CellArgs};
use super::drill_turn::Turn;
use super::output::line;

#[derive(Debug, Args)]
pub(crate) struct DrillArgs {
    #[command(subcommand)]
    command: DrillCommand,
}

#[derive(Debug, Subcommand)]
enum DrillCommand {
    /// Carries out a drill: makes its cell on this machine, or takes one that exists, does the faults, measures, and says whether
    /// the hypothesis held. Ctrl-C ends it and everything it has started
    #[command(after_help = EXIT_CODES)]
    Run {
        /// The drill
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Directory for the report: NAME.json, NAME.xml (JUnit) and NAME.html; made when it is not there
        #[arg(long, value_name = "DIR")]
        report: Option<PathBuf>,
        /// A ScyllaDB or Apache Cassandra for the metadata of the drill's nodes: a keyspace is made there for each drill
        #[arg(long, value_name = "HOST:PORT")]
        store: Option<String>,
        /// Which faults, nodes and moments are chosen; by chance when left out, and said
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
        /// Where the nodes' data goes, and stays; a directory that is removed afterwards when left out
        #[arg(long, value_name = "DIR")]
        data_dir: Option<PathBuf>,
        /// Make no network namespaces: nodes get loopback addresses with proxies between them, as where namespaces are refused
        #[arg(long)]
        loopback: bool,
        /// Say what would be done, and do nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        cell: CellArgs,
    },
    /// Runs a node, and does to it what drills of its cell say: one beside each node, in place of `eyrie node`
    Agent(AgentArgs),
    /// Undoes what an agent did when it is gone; agents start it themselves
    #[command(hide = true)]
    Undo {
        /// What has the node started, where something else does than an agent
        #[arg(long, value_name = "LINE")]
        start_command: Option<String>,
        /// How the node is started
        #[arg(last = true)]
        node: Vec<std::ffi::OsString>,
    },
    /// The disk of a node in a drill, which can be told to misbehave; a drill starts it
    #[command(hide = true)]
    Disk(DiskArgs),
    /// Takes memory, and holds it until standard input ends; a drill starts it
    #[command(hide = true)]
    Memory {
        /// How much
        #[arg(long, value_name = "N")]
        bytes: u64,
    },
    /// Lists the drills that come with this release; with a NAME, prints that one's file
    List {
        /// Which
        #[arg(value_name = "NAME")]
        name: Option<String>,
    },
}

const EXIT_CODES: &str = "\
Ends with 0 when the drill passed, 1 when it failed, 3 when it was broken off, 4 when it was refused, and 5 when this target cannot do it.";

/// Carries out drills.
pub(crate) fn run(args: DrillArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        DrillCommand::Disk(args) => {
            serve_disk(args).context("a drill's disk")?;
            Ok(ExitCode::SUCCESS)
        }
        DrillCommand::Memory { bytes } => {
            hold_memory(bytes).context("holding memory")?;
            Ok(ExitCode::SUCCESS)
        }
        DrillCommand::List { name } => list(name.as_deref()),
        DrillCommand::Agent(args) => drill_agent::run(args),
        DrillCommand::Undo { start_command, node } => {
            eyrie_chaos::drill::agent::undo(&node, start_command.as_deref())?;
            Ok(ExitCode::SUCCESS)
        }
        DrillCommand::Run { file, report, store, seed, data_dir, loopback, dry_run: dry, cell } => {
            let text = read(&file).with_context(|| format!("reading {}", file.display()))?;
            let drill = read_drill(&text).map_err(|mistakes| anyhow::anyhow!("{}:\n{mistakes}", file.display()))?;
            if let Some(cell) = cell.target(&drill)? {
                return drill_api::run(cell, drill, text, seed, dry, report.as_deref());
            }
            if dry {
                return Ok(ExitCode::from(
                    match dry_run(&drill) {
                        Ok(plan) => {
                            line(plan.to_string().trim_end())?;
                            Outcome::Passed
                        }
                        Err(refusals) => {
                            refusals.iter().try_for_each(line)?;
                            Verdict::refused(&refusals).outcome
                        }
                    }
                    .exit_code(),
                ));
            }
            let turn = Turn::take(&drill.name)?;
            let scratch = Scratch::new(data_dir)?;
            let options = RunOptions {
                eyrie: std::env::current_exe().context("the path of this binary")?,
                version: env!("CARGO_PKG_VERSION").to_owned(),
                store: store.as_deref().map(resolve).transpose()?,
                directory: scratch.path.clone(),
                seed: seed.map_or_else(random, Ok)?,
                loopback,
                running: turn.other(),
            };
            line(format_args!("{}, seed {}: {}", drill.name, options.seed, drill.hypothesis))?;
            // A line that cannot be printed is in the report.
            let found = run_drill(&drill, &options, &|text| drop(line(text)))?;
            tell(&found)?;
            if let Some(directory) = report {
                write(&found, &directory)?;
            }
            Ok(ExitCode::from(found.verdict.outcome.exit_code()))
        }
    }
}

/// A file up to a bounded length: what is longer is no drill, and its reader says so.
fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(FILE_BYTES_MAX as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// The catalogue.
fn list(name: Option<&str>) -> anyhow::Result<ExitCode> {
    if let Some(name) = name {
        let found = CATALOGUE.iter().find(|(known, _)| *known == name);
        let (_, text) = found.with_context(|| format!("no drill is called {name:?}; `eyrie drill list` shows them"))?;
        line(text.trim_end())?;
        return Ok(ExitCode::SUCCESS);
    }
    let width = CATALOGUE.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, text) in CATALOGUE {
        let drill = read_drill(text).with_context(|| (*name).to_owned())?;
        let able = if dry_run(&drill).is_ok() { "" } else { " (not on a local cell yet)" };
        line(format_args!("{name:width$}  {}{able}", drill.hypothesis.trim()))?;
    }
    line("\nOne of them, to change it: eyrie drill list NAME > NAME.yaml")?;
    Ok(ExitCode::SUCCESS)
}

/// What was found, in some lines.
pub(super) fn tell(found: &DrillReport) -> anyhow::Result<()> {
    for spread in &found.distributions {
        line(format_args!(
            "{}: {} values, p50 {} ms, p95 {} ms, p99 {} ms, longest {} ms",
            spread.name, spread.count, spread.p50_ms, spread.p95_ms, spread.p99_ms, spread.max_ms
        ))?;
    }
    for check in &found.checks {
        let held = if check.held { "held" } else { "not held" };
        line(format_args!("{held}: {}; measured {} {}", check.bound(), check.measured_text(), check.worst))?;
    }
    line(format_args!("{}", found.verdict.outcome.as_str()))?;
    found.verdict.reasons.iter().try_for_each(|reason| line(format_args!("  {reason}")))?;
    Ok(())
}

pub(super) fn write(found: &DrillReport, directory: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(directory).with_context(|| format!("making {}", directory.display()))?;
    for (ending, text) in [("json", found.to_json()?), ("xml", found.to_junit()), ("html", found.to_html())] {
        let path = directory.join(format!("{}.{ending}", found.drill.name));
        std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
        line(format_args!("report: {}", path.display()))?;
    }
    Ok(())
}

fn resolve(store: &str) -> anyhow::Result<SocketAddr> {
    let mut found = store.to_socket_addrs().with_context(|| format!("--store {store}: not HOST:PORT"))?;
    found.next().with_context(|| format!("--store {store}: the name leads nowhere"))
}

pub(super) fn random() -> anyhow::Result<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no random numbers: {error}"))?;
    // Short enough to be typed.
    Ok(u64::from_le_bytes(bytes) % 1_000_000)
}

/// Where the data of a drill lies.
struct Scratch {
    path: PathBuf,
    keep: bool,
}

impl Scratch {
    fn new(wanted: Option<PathBuf>) -> anyhow::Result<Self> {
        let keep = wanted.is_some();
        let path = match wanted {
            Some(path) => path,
            None => std::env::temp_dir().join(format!("eyrie-drill-{}-{}", std::process::id(), random()?)),
        };
        std::fs::create_dir_all(&path).with_context(|| format!("making {}", path.display()))?;
        if std::fs::read_dir(&path)?.next().is_some() {
            bail!("{} is not empty: a drill begins with nothing", path.display());
        }
        Ok(Self { path: path.canonicalize()?, keep })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.keep {
            // What cannot be removed is in the way of nobody.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
