//! Runs one benchmark and prints its result as Markdown: `eyrie-bench cost ROUNDS | crash KILLS | capacity CAMERAS SECONDS |
//! api CAMERAS ROUNDS SECONDS | markers COUNT`.

use std::time::Duration;

use anyhow::{Context as _, bail};
use eyrie_tests::bench::{
    ApiOptions, CostOptions, api, bare_retina, capacity, cost, crash, markers, serve_bare_axum, serve_cameras,
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let table = match words.as_slice() {
        ["cost", rounds] => {
            let rounds = rounds.parse().context("ROUNDS is a number")?;
            cost(&CostOptions { cameras: vec![50, 200], kbps: 2000, rounds, window: Duration::from_secs(20) }).await?
        }
        ["crash", kills] => crash(kills.parse().context("KILLS is a number")?).await?,
        ["capacity", cameras, seconds] => {
            let seconds = Duration::from_secs(seconds.parse().context("SECONDS is a number")?);
            capacity(cameras.parse().context("CAMERAS is a number")?, seconds).await?
        }
        ["api", cameras, rounds, seconds] => {
            let cameras = cameras.parse().context("CAMERAS is a number")?;
            let rounds = rounds.parse().context("ROUNDS is a number")?;
            let window = Duration::from_secs(seconds.parse().context("SECONDS is a number")?);
            api(&ApiOptions { cameras, rounds, window }).await?
        }
        ["markers", count] => markers(count.parse().context("COUNT is a number")?).await?,
        // Those below are started by the benchmarks themselves.
        ["serve-cameras", streams, kbps] => return serve_cameras(streams.parse()?, kbps.parse()?).await,
        ["bare-retina", urls @ ..] => return bare_retina(urls.iter().map(|url| (*url).to_owned()).collect()).await,
        ["serve-bare-axum", one, list] => return serve_bare_axum(one, list).await,
        _ => bail!(
            "usage: eyrie-bench cost ROUNDS | crash KILLS | capacity CAMERAS SECONDS | api CAMERAS ROUNDS SECONDS | \
             markers COUNT"
        ),
    };
    print(&table);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result")]
fn print(table: &str) {
    println!("{table}");
}
