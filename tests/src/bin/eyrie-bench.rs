//! Runs one benchmark and prints its result as Markdown; [`USAGE`] lists them.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use eyrie_tests::bench::{
    ApiOptions, CostOptions, EdgeOptions, ExtractOptions, IndexLayout, LatencyOptions, PlaybackOptions, PublishOptions,
    SpreadOptions, api, bare_retina, capacity, cost, crash, edge, extract, hold_reloads, latency, make_footage_index,
    markers, page, playback, publish, serve_bare_axum, serve_cameras, spread, timeline,
};

const USAGE: &str = "usage: eyrie-bench cost ROUNDS CAMERAS… | crash KILLS | capacity CAMERAS SECONDS |
  api CAMERAS ROUNDS SECONDS | markers COUNT | playback CAMERAS ROUNDS STARTS | latency CAMERAS ROUNDS SECONDS |
  extract CAMERAS BEFORE_SECONDS ROUNDS SECONDS | page ROUNDS SECONDS | timeline DIRECTORY… |
  edge CAMERAS ROUNDS SECONDS VIEWERS… | spread CAMERAS ROUNDS PLAYS | publish PUBLISHERS ROUNDS SECONDS |
  make-index DIRECTORY SEGMENTS hourly|dense (for timeline)";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let table = match words.as_slice() {
        ["cost", rounds, cameras @ ..] if !cameras.is_empty() => {
            let cameras = cameras.iter().map(|word| number(word)).collect::<anyhow::Result<_>>()?;
            cost(&CostOptions { cameras, kbps: 2000, rounds: number(rounds)?, window: Duration::from_secs(20) }).await?
        }
        ["publish", publishers, rounds, window] => {
            let (publishers, rounds, window) = (number(publishers)?, number(rounds)?, seconds(window)?);
            publish(&PublishOptions { publishers, kbps: 2000, rounds, window }).await?
        }
        ["crash", kills] => crash(number(kills)?).await?,
        ["capacity", cameras, length] => capacity(number(cameras)?, seconds(length)?).await?,
        ["api", cameras, rounds, window] => {
            let options = ApiOptions { cameras: number(cameras)?, rounds: number(rounds)?, window: seconds(window)? };
            api(&options).await?
        }
        ["playback", cameras, rounds, starts] => {
            let options =
                PlaybackOptions { cameras: number(cameras)?, rounds: number(rounds)?, starts: number(starts)? };
            playback(&options).await?
        }
        ["latency", cameras, rounds, window] => {
            let options =
                LatencyOptions { cameras: number(cameras)?, rounds: number(rounds)?, window: seconds(window)? };
            latency(&options).await?
        }
        ["extract", cameras, before, rounds, window] => {
            let options = ExtractOptions {
                cameras: number(cameras)?,
                before: seconds(before)?,
                rounds: number(rounds)?,
                window: seconds(window)?,
            };
            extract(&options).await?
        }
        ["edge", cameras, rounds, window, viewers @ ..] if !viewers.is_empty() => {
            let viewers = viewers.iter().map(|word| number(word)).collect::<anyhow::Result<_>>()?;
            let (cameras, rounds) = (number(cameras)?, number(rounds)?);
            edge(&EdgeOptions { viewers, cameras, rounds, window: seconds(window)? }).await?
        }
        ["spread", cameras, rounds, plays] => {
            spread(&SpreadOptions { cameras: number(cameras)?, rounds: number(rounds)?, plays: number(plays)? }).await?
        }
        ["page", rounds, window] => page(number(rounds)?, seconds(window)?).await?,
        ["timeline", dirs @ ..] if !dirs.is_empty() => {
            timeline(&dirs.iter().map(Path::new).collect::<Vec<_>>()).await?
        }
        ["make-index", dir, rows, layout] => {
            let layout = match *layout {
                "hourly" => IndexLayout::Hourly,
                "dense" => IndexLayout::Dense,
                other => bail!("{other} is neither hourly nor dense"),
            };
            return make_footage_index(Path::new(dir), number(rows)? as u64, layout).await;
        }
        ["markers", count] => markers(number(count)?).await?,
        // Those below are started by the benchmarks themselves.
        ["serve-cameras", streams, clip] => return serve_cameras(streams.parse()?, clip).await,
        ["bare-retina", urls @ ..] => return bare_retina(urls.iter().map(|url| (*url).to_owned()).collect()).await,
        ["hold-reloads", words @ ..] => return hold_reloads(words).await,
        ["serve-bare-axum", one, list] => return serve_bare_axum(one, list).await,
        _ => bail!("{USAGE}"),
    };
    print(&table);
    Ok(())
}

fn number(word: &str) -> anyhow::Result<usize> {
    word.parse().with_context(|| format!("{word} is no number"))
}

fn seconds(word: &str) -> anyhow::Result<Duration> {
    Ok(Duration::from_secs(number(word)? as u64))
}

#[expect(clippy::print_stdout, reason = "the result")]
fn print(table: &str) {
    println!("{table}");
}
