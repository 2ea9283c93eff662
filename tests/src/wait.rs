use std::future::Future;
use std::time::Duration;

/// How long a condition may take before a test gives up on it: far beyond what it takes on a loaded machine, so that only what
/// never comes true fails.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// How often a condition is asked for.
const POLL: Duration = Duration::from_millis(100);

/// Asks until `condition` gives a value. It says in `Err` what it saw instead, for the failure's message.
///
/// # Errors
/// After [`DEADLINE`], with `what` and the last thing seen.
pub async fn eventually<T, F: Future<Output = Result<T, String>>>(
    what: &str,
    condition: impl FnMut() -> F,
) -> anyhow::Result<T> {
    eventually_within(DEADLINE, what, condition).await
}

/// As [`eventually`], for what takes its time by design.
///
/// # Errors
/// After `deadline`.
pub async fn eventually_within<T, F: Future<Output = Result<T, String>>>(
    deadline: Duration,
    what: &str,
    mut condition: impl FnMut() -> F,
) -> anyhow::Result<T> {
    let mut seen = String::from("nothing");
    let asking = async {
        loop {
            match condition().await {
                Ok(value) => return value,
                Err(instead) => seen = instead,
            }
            tokio::time::sleep(POLL).await;
        }
    };
    match tokio::time::timeout(deadline, asking).await {
        Ok(value) => Ok(value),
        Err(_) => anyhow::bail!("{what}: not within {deadline:?}; last seen: {seen}"),
    }
}
