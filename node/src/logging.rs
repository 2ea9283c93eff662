use std::io::IsTerminal as _;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

use crate::config::{Config, LogFormat};

/// Changes what is logged while the node runs.
pub(crate) struct LogControl(reload::Handle<EnvFilter, Registry>);

impl LogControl {
    /// Starts logging to standard error.
    ///
    /// # Errors
    /// When the level is no filter, or logging was started before.
    pub(crate) fn start(config: &Config) -> anyhow::Result<Self> {
        let (filter, handle) = reload::Layer::new(filter(&config.log_level)?);
        let registry = tracing_subscriber::registry().with(filter);
        let lines = fmt::layer().with_writer(std::io::stderr);
        match config.log_format {
            LogFormat::Human => {
                registry.with(lines.with_target(false).with_ansi(std::io::stderr().is_terminal())).try_init()?;
            }
            LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init()?,
        }
        Ok(Self(handle))
    }

    /// Logs by `level` from now on.
    ///
    /// # Errors
    /// When it is no filter.
    pub(crate) fn set_level(&self, level: &str) -> anyhow::Result<()> {
        self.0.reload(filter(level)?)?;
        Ok(())
    }
}

/// What `level` says, but that retina speaks of errors only unless it is asked for more by name: it warns of every oddity of
/// every camera, and our own lines say what matters of them. openraft is silent: it tells of an absent member as an error many
/// times a second, and our lines tell who leads and what has failed.
fn filter(level: &str) -> anyhow::Result<EnvFilter> {
    Ok(EnvFilter::try_new(format!("retina=error,openraft=off,{level}"))?)
}
