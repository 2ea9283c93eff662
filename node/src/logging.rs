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
        let (filter, handle) = reload::Layer::new(EnvFilter::try_new(&config.log_level)?);
        let registry = tracing_subscriber::registry().with(filter);
        match config.log_format {
            LogFormat::Human => {
                registry.with(fmt::layer().with_writer(std::io::stderr).with_target(false)).try_init()?
            }
            LogFormat::Json => {
                registry.with(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr)).try_init()?
            }
        }
        Ok(Self(handle))
    }

    /// Logs by `level` from now on.
    ///
    /// # Errors
    /// When it is no filter.
    pub(crate) fn set_level(&self, level: &str) -> anyhow::Result<()> {
        self.0.reload(EnvFilter::try_new(level)?)?;
        Ok(())
    }
}
