use anyhow::Context as _;
use eyrie_types::Secret;
use tokio::signal::unix::{SignalKind, signal};

use super::ConfigArgs;
use super::output::line;
use crate::config::Config;
use crate::logging::LogControl;
use crate::running_node::RunningNode;

/// Runs a node until SIGTERM or Ctrl-C.
pub(crate) fn run(args: ConfigArgs) -> anyhow::Result<()> {
    let config = args.load()?;
    let log = LogControl::start(&config)?;
    crate::runtime::start()?.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        // It may wait for the metadata store, and whoever stops it then is not kept waiting.
        let mut node = tokio::select! {
            started = RunningNode::start(&config, admin_password()) => started?,
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
        };
        if let Some(password) = node.generated_password() {
            line(format_args!("made user admin with password {}  (shown only now)", password.expose()))?;
        }
        line(format_args!("listening on {}", node.url()))?;
        let ended = loop {
            tokio::select! {
                _ = terminate.recv() => break Ok(()),
                _ = interrupt.recv() => break Ok(()),
                _ = hang_up.recv() => reload(&args, &config, &log, &node),
                error = node.failed() => break Err(error),
            }
        };
        tracing::info!("stopping");
        node.shutdown().await;
        ended.context("serving")
    })
}

/// Reads the configuration again and takes over what is marked live; says what waits for a restart. A bad one changes nothing.
fn reload(args: &ConfigArgs, started_with: &Config, log: &LogControl, node: &RunningNode) {
    let take = |config: Config| {
        log.set_level(&config.log_level)?;
        node.take_settings(&config);
        anyhow::Ok(started_with.waiting_for_restart(&config))
    };
    match args.load().map_err(anyhow::Error::from).and_then(take) {
        Ok(waiting) if waiting.is_empty() => tracing::info!("configuration read again; keys marked live are in force"),
        Ok(waiting) => {
            let waiting = waiting.join(", ");
            tracing::warn!(%waiting, "configuration read again; these changed keys wait for the next start");
        }
        Err(error) => tracing::error!("configuration not taken: {error:#}"),
    }
}

/// The first admin's password, if the operator chose one.
pub(crate) fn admin_password() -> Option<Secret> {
    std::env::var("EYRIE_ADMIN_PASSWORD").ok().filter(|password| !password.is_empty()).map(Secret::new)
}
