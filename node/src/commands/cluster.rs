use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::api_client::{ApiArgs, ApiClient};
use super::cluster_table::{Cell, CellNode};
use super::output::line;

/// What the commands need, below their options.
const WHO_ASKS: &str = "\
Who asks: EYRIE_USER (admin when unset) and EYRIE_PASSWORD, or an access token in EYRIE_TOKEN.
Without --url the node of this machine's configuration is asked. Any node of a cell answers for the whole cell.";

#[derive(Debug, Args)]
pub(crate) struct ClusterArgs {
    #[command(subcommand)]
    command: ClusterCommand,
}

#[derive(Debug, Subcommand)]
enum ClusterCommand {
    /// Shows the cell: its nodes, what they hold, and whether any of them may fail
    #[command(after_help = WHO_ASKS)]
    Status {
        /// Print what the API answers
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        api: ApiArgs,
    },
    /// Moves all cameras off a node, each without losing a picture where it allows two sessions: before work on the machine
    #[command(after_help = WHO_ASKS)]
    Drain(NodeArgs),
    /// Ends the drain of a node: it takes cameras again
    #[command(after_help = WHO_ASKS)]
    Undrain(NodeArgs),
    /// Takes a dead node out of the cell for good
    #[command(after_help = WHO_ASKS)]
    Remove(NodeArgs),
}

#[derive(Debug, Args)]
struct NodeArgs {
    /// Name or id of the node
    node: String,
    /// Print what the API answers
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    api: ApiArgs,
}

/// Shows or changes the cell.
pub(crate) fn run(args: ClusterArgs) -> anyhow::Result<()> {
    let api = match &args.command {
        ClusterCommand::Status { api, .. } => api,
        ClusterCommand::Drain(args) | ClusterCommand::Undrain(args) | ClusterCommand::Remove(args) => &args.api,
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let client = ApiClient::sign_in(api).await?;
        let done = match &args.command {
            ClusterCommand::Status { json, .. } => status(&client, *json).await,
            ClusterCommand::Drain(args) => drain(&client, args, true).await,
            ClusterCommand::Undrain(args) => drain(&client, args, false).await,
            ClusterCommand::Remove(args) => remove(&client, args).await,
        };
        client.sign_out().await;
        done
    })
}

async fn status(client: &ApiClient, as_json: bool) -> anyhow::Result<()> {
    let answer = client.get("/api/v1/cluster").await?;
    if as_json {
        return json_line(&answer);
    }
    line(read(answer)?.to_string().trim_end())?;
    Ok(())
}

async fn drain(client: &ApiClient, args: &NodeArgs, draining: bool) -> anyhow::Result<()> {
    let node = find(client, &args.node).await?;
    let path = format!("/api/v1/cluster/nodes/{}/drain", node.id);
    let answer = client.ask(Method::POST, &path, Some(&json!({"draining": draining}))).await?;
    if args.json {
        return json_line(&answer);
    }
    let held = answer["placements"].as_u64().unwrap_or_default();
    line(match (draining, held) {
        (true, 0) => format!("{} is empty and takes nothing", node.name),
        (true, held) => format!("{} hands over {held} cameras; `eyrie cluster status` shows how far it is", node.name),
        (false, _) => format!("{} takes cameras again", node.name),
    })?;
    Ok(())
}

async fn remove(client: &ApiClient, args: &NodeArgs) -> anyhow::Result<()> {
    let node = find(client, &args.node).await?;
    let answer = client.ask(Method::DELETE, &format!("/api/v1/cluster/nodes/{}", node.id), None).await?;
    if args.json {
        return json_line(&answer);
    }
    line(format_args!("{} is no longer part of the cell", node.name))?;
    Ok(())
}

/// The node that people call `wanted`, or whose id it is.
async fn find(client: &ApiClient, wanted: &str) -> anyhow::Result<CellNode> {
    let cell = read(client.get("/api/v1/cluster").await?)?;
    let names: Vec<_> = cell.nodes.iter().map(|node| node.name.clone()).collect();
    let mut found: Vec<_> = cell.nodes.into_iter().filter(|node| node.id == wanted || node.name == wanted).collect();
    match (found.pop(), found.is_empty()) {
        (Some(node), true) => Ok(node),
        (Some(_), false) => {
            bail!("several nodes are called {wanted}: name one by its id (`eyrie cluster status --json`)")
        }
        (None, _) => Err(anyhow!("no node is called {wanted}; the cell has {}", names.join(", "))),
    }
}

fn read(answer: Value) -> anyhow::Result<Cell> {
    serde_json::from_value(answer).context("the node answers something else than a cell: is it of another release?")
}

fn json_line(answer: &Value) -> anyhow::Result<()> {
    line(serde_json::to_string_pretty(answer)?)?;
    Ok(())
}
