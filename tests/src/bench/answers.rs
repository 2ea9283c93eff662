use anyhow::ensure;
use eyrie_types::{Clock as _, SystemClock};
use reqwest::Method;

use super::Summary;
use crate::Client;

/// GETs a path to the last byte; answers how long that took, in milliseconds, and the body.
///
/// # Errors
/// When the answer is no success.
pub(super) async fn timed(client: &Client, path: &str) -> anyhow::Result<(f64, Vec<u8>)> {
    let clock = SystemClock::new();
    let asked = clock.monotonic();
    let answer = client.request(Method::GET, path).send().await?;
    let status = answer.status();
    let body = answer.bytes().await?;
    let took = clock.monotonic().since(asked).as_secs_f64() * 1000.0;
    ensure!(status.is_success(), "GET {path}: {status} {}", String::from_utf8_lossy(&body));
    Ok((took, body.to_vec()))
}

/// The same of a text.
///
/// # Errors
/// As [`timed`].
pub(super) async fn text(client: &Client, path: &str) -> anyhow::Result<String> {
    Ok(String::from_utf8(timed(client, path).await?.1)?)
}

/// The head of a table whose rows are [`quantiles`]; `first` names what stands before them.
pub(super) fn quantiles_head(first: &str) -> String {
    format!("| {first} | p50 | p95 | p99 | most |\n| --- | --- | --- | --- | --- |\n")
}

/// A row of such a table: each quantile of each round, with the spread of the rounds.
pub(super) fn quantiles(what: &str, rounds: &[Vec<f64>], digits: usize) -> String {
    let rounds: Vec<Summary> = rounds.iter().map(|values| Summary::of(values.iter().copied())).collect();
    let column = |share: f64| {
        let found = Summary::of(rounds.iter().map(|round| round.quantile(share)));
        if rounds.len() == 1 { format!("{:.digits$}", found.median()) } else { format!("{found:.digits$}") }
    };
    format!("| {what} | {} | {} | {} | {} |\n", column(0.5), column(0.95), column(0.99), column(1.0))
}

#[cfg(test)]
mod tests {
    use super::quantiles;

    #[test]
    fn quantiles_are_of_each_round_and_the_spread_is_that_of_the_rounds() {
        let rounds = [vec![1.0, 2.0, 3.0], vec![3.0, 4.0, 50.0], vec![2.0, 2.0, 2.0]];
        assert_eq!(quantiles("a", &rounds, 0), "| a | 2 (2 to 4) | 3 (2 to 50) | 3 (2 to 50) | 3 (2 to 50) |\n");
        assert_eq!(quantiles("a", &rounds[..1], 1), "| a | 2.0 | 3.0 | 3.0 | 3.0 |\n");
    }
}
