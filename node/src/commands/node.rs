use anyhow::Context as _;
use eyrie_types::Secret;
use tokio::signal::unix::{SignalKind, signal};

use super::ConfigArgs;
use super::output::line;
use crate::logging::LogControl;
use crate::running_node::RunningNode;

/// Runs a node until SIGTERM or Ctrl-C.
pub(crate) fn run(args: ConfigArgs) -> anyhow::Result<()> {
    let config = args.load()?;
    let log = LogControl::start(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let mut node = RunningNode::start(&config, admin_password()).await?;
        if let Some(password) = node.generated_password() {
            line(format_args!("made user admin with password {}  (shown only now)", password.expose()))?;
        }
        line(format_args!("listening on {}", node.url()))?;
        let ended = loop {
            tokio::select! {
                _ = terminate.recv() => break Ok(()),
                _ = interrupt.recv() => break Ok(()),
                _ = hang_up.recv() => reload(&args, &log),
                error = node.failed() => break Err(error),
            }
        };
        tracing::info!("stopping");
        node.shutdown().await;
        ended.context("serving")
    })
}

/// Reads the configuration again and takes over what is marked live. A bad one changes nothing.
fn reload(args: &ConfigArgs, log: &LogControl) {
    let reloaded = args.load().map_err(anyhow::Error::from).and_then(|config| log.set_level(&config.log_level));
    match reloaded {
        Ok(()) => tracing::info!("configuration read again; keys marked live are in force"),
        Err(error) => tracing::error!("configuration not taken: {error:#}"),
    }
}

/// The first admin's password, if the operator chose one.
pub(crate) fn admin_password() -> Option<Secret> {
    std::env::var("EYRIE_ADMIN_PASSWORD").ok().filter(|password| !password.is_empty()).map(Secret::new)
}
