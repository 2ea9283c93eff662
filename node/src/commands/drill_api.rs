//! `eyrie drill run` on a cell that exists.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use eyrie_chaos::drill::api::{ApiClient, ApiFailure, CarryOptions, Credentials, carry};
use eyrie_chaos::drill::on_cell::adapt;
use eyrie_chaos::drill::report::Outcome;
use eyrie_chaos::drill::{Drill, Target, TokenSource};
use eyrie_types::{CellId, DrillRun, DrillRunnerId, Secret};
use serde::Deserialize;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

use super::drill::{random, tell, write};
use super::output::line;

/// Which cell that exists, where the file does not say so.
#[derive(Debug, Args)]
pub(super) struct CellArgs {
    /// Take a cell that exists, whose nodes are at these base URLs; agents have to run beside its nodes (`eyrie drill agent`)
    #[arg(long, value_name = "URL", value_delimiter = ',')]
    api: Vec<Url>,
    /// File with one line, `USER:PASSWORD` of a user with the role driller, or an access token
    #[arg(long, value_name = "FILE", requires = "api")]
    token_file: Option<PathBuf>,
    /// The id of the cell that is meant, where the file does not name it: any other is refused
    #[arg(long, value_name = "ID", requires = "api")]
    cell: Option<CellId>,
    /// PEM file with the authority that signed the nodes' certificates, where the system does not know it
    #[arg(long, value_name = "FILE", requires = "api")]
    ca: Option<PathBuf>,
}

/// A cell that exists, and who asks it.
pub(super) struct CellTarget {
    addresses: Vec<Url>,
    credentials: Credentials,
    ca: Option<PathBuf>,
    cell: CellId,
}

impl CellArgs {
    /// The cell that `drill` is to be run on; `None` for one that is made for it.
    pub(super) fn target(self, drill: &Drill) -> anyhow::Result<Option<CellTarget>> {
        let Self { api: addresses, token_file, cell, ca } = self;
        let by_file = match &drill.target {
            Target::Api(api) => Some(api.clone()),
            Target::Local(_) if addresses.is_empty() => return Ok(None),
            Target::Local(_) => None,
        };
        let credentials = match (&token_file, by_file.as_ref().map(|api| &api.token)) {
            (Some(path), _) | (None, Some(TokenSource::File(path))) => Credentials::read(path)?,
            (None, Some(TokenSource::Env(name))) => {
                let text = Secret::new(std::env::var(name).with_context(|| format!("the variable {name}"))?);
                Credentials::of(text.expose())
                    .with_context(|| format!("{name} holds neither USER:PASSWORD nor an access token"))?
            }
            (None, Some(TokenSource::Brought) | None) => bail!("say who asks the cell, with --token-file"),
        };
        let named = cell.or(by_file.as_ref().map(|api| api.cell));
        let cell = named.context("say which cell is meant, with --cell: `eyrie cluster status` shows its id")?;
        if by_file.as_ref().is_some_and(|api| api.cell != cell) {
            bail!("--cell is not the cell of the drill file");
        }
        let ca = ca.or(by_file.as_ref().and_then(|api| api.ca_file.clone()));
        let addresses =
            if addresses.is_empty() { by_file.map(|api| api.addresses).unwrap_or_default() } else { addresses };
        Ok(Some(CellTarget { addresses, credentials, ca, cell }))
    }
}

/// `POST /api/v1/drills/plan`.
#[derive(Debug, Deserialize)]
struct Planned {
    lines: Vec<String>,
    warnings: Vec<String>,
    left_out: Vec<String>,
    refusals: Vec<String>,
}

/// Carries out `drill`, whose file is `text`, on a cell that exists.
pub(super) fn run(
    target: CellTarget,
    drill: Drill,
    text: String,
    seed: Option<u64>,
    dry: bool,
    report: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    let ca =
        target.ca.map(|path| std::fs::read(&path).with_context(|| format!("--ca {}", path.display()))).transpose()?;
    let client = Arc::new(ApiClient::new(&target.addresses, target.credentials, ca.as_deref())?);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(async {
        if dry {
            return plan(&client, &text, target.cell).await;
        }
        let adapted = adapt(drill, target.cell)?;
        for left_out in &adapted.left_out {
            line(format_args!("mind: {left_out}"))?;
        }
        let seed = seed.map_or_else(random, Ok)?;
        let runner = DrillRunnerId::random();
        let name = format!("eyrie drill run, process {}", std::process::id());
        let body = json!({"file": text, "cell": target.cell, "seed": seed, "runner": {"id": runner, "name": name}});
        let run: DrillRun = match client.post("/api/v1/drills/runs", &body).await {
            Ok(run) => run,
            Err(failure) => return refused(failure),
        };
        line(format_args!("{}, seed {seed}, run {}: {}", run.asked.drill, run.id, run.asked.hypothesis))?;
        let found =
            carry(&adapted.drill, &client, CarryOptions { run, runner }, stopped(), &|text| drop(line(text))).await?;
        tell(&found)?;
        if let Some(directory) = report {
            write(&found, directory)?;
        }
        Ok(found.verdict.outcome)
    })?;
    Ok(ExitCode::from(outcome.exit_code()))
}

/// Says what it would do.
async fn plan(client: &ApiClient, text: &str, cell: CellId) -> anyhow::Result<Outcome> {
    let planned = client.post::<Planned>("/api/v1/drills/plan", &json!({"file": text, "cell": cell})).await;
    let planned = match planned {
        Ok(planned) => planned,
        Err(failure) => return refused(failure),
    };
    planned.lines.iter().try_for_each(line)?;
    planned.warnings.iter().chain(&planned.left_out).try_for_each(|text| line(format_args!("mind: {text}")))?;
    planned.refusals.iter().try_for_each(|text| line(format_args!("refused: {text}")))?;
    Ok(if planned.refusals.is_empty() { Outcome::Passed } else { Outcome::Refused })
}

/// What the cell says against it.
fn refused(failure: ApiFailure) -> anyhow::Result<Outcome> {
    match failure {
        ApiFailure::Refused { status: 409, detail, errors, .. } => {
            let unsupported = !errors.is_empty() && errors.iter().all(|(kind, _)| kind == "unsupported");
            if errors.is_empty() {
                line(format_args!("refused: {detail}"))?;
            }
            errors.iter().try_for_each(|(kind, reason)| line(format_args!("{kind}: {reason}")))?;
            Ok(if unsupported { Outcome::Unsupported } else { Outcome::Refused })
        }
        other => Err(other.into()),
    }
}

/// Waits until somebody ends this process.
async fn stopped() -> String {
    let told = async {
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate()).ok()?, signal(SignalKind::interrupt()).ok()?);
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Some(())
    };
    match told.await {
        Some(()) => "it was told to stop".to_owned(),
        // Signals cannot be listened to: they end the process, and agents end the faults.
        None => std::future::pending().await,
    }
}
