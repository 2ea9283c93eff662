//! One session that asks for all it can get of recordings, and another that is to notice nothing of it.

use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use eyrie_camsim::{ClipSpec, StreamConfig};
use eyrie_tests::{Client, NodeOptions, eventually};
use eyrie_types::{Clock as _, SystemClock};
use futures::{StreamExt as _, TryStreamExt as _};
use reqwest::{Method, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::playback::{fetch, media, now, stamps};
use crate::support::Stage;

/// What a player that stalls lets the system keep for it, in bytes: less than its head and a little.
const STALLED_BUFFER_BYTES: u32 = 16 << 10;

/// What the other session may wait for an answer, or for all segments of the range together: longer than requests wait for a place
/// (5 s), so that a machine that is busy with other tests does not count as unfair.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// A player that wants `path`, reads the head of the answer and then no more.
async fn stalled(stage: &Stage, path: &str) -> anyhow::Result<(String, TcpStream)> {
    let address = stage.node.base().trim_start_matches("http://");
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(STALLED_BUFFER_BYTES)?;
    let mut stream = socket.connect(address.parse()?).await?;
    let token = stage.client.token();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok((String::from_utf8(head)?, stream))
}

/// Asks for `path` over and over until `stop`, 150 at a time; answers how many were refused as too many.
async fn flood(client: &Client, path: impl Fn(u32) -> String, stop: &AtomicBool) -> anyhow::Result<u32> {
    let asks = futures::stream::iter(0..).take_while(|_| ready(!stop.load(Ordering::Relaxed))).map(|number| {
        let request = client.request(Method::GET, &path(number)).send();
        async move {
            let answer = request.await?;
            let status = answer.status();
            let told = answer.headers().contains_key("retry-after");
            answer.bytes().await?;
            ensure!(status.is_success() || (status == StatusCode::TOO_MANY_REQUESTS && told), "{status}");
            Ok(u32::from(!status.is_success()))
        }
    });
    asks.buffer_unordered(150).try_fold(0, async |sum, refused| Ok(sum + refused)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_floods_playback_and_pictures_gets_its_share_and_another_all_its_answers() -> anyhow::Result<()>
{
    // Segments of 12 MB in twelve fragments, of which the buffers between us take some seven.
    let (width, height, gop, seconds) = (1280, 720, 300, 12);
    let busy = ClipSpec { width, height, gop, seconds, bitrate_kbps: 8_000, ..ClipSpec::default() };
    let door = StreamConfig { start_at_keyframe: false, ..StreamConfig::new("door", busy) };
    let stage = Stage::set(vec![door], NodeOptions::default()).await?;
    let (greedy, modest) = (&stage.client, &stage.node.client().await?);
    let from = now(greedy).await? - Duration::from_secs(5);
    let id = stage.add_online("door").await?;
    greedy.await_recorded(&id, 20.0).await?;
    let to = now(greedy).await? - Duration::from_secs(3);
    let playlist = media(greedy, &id, "media.m3u8", from, to).await?;
    let (_, begin, segment) = playlist.segments.first().context("a segment")?;
    let length = fetch(greedy, segment).await?.len();
    ensure!(length > 9_000_000, "{length} bytes fit into buffers");

    // Twice as many as may wait for a place.
    let players = futures::future::try_join_all((0..160).map(|_| stalled(&stage, segment))).await?;
    let (playing, refused): (Vec<_>, Vec<_>) =
        players.iter().map(|(head, _)| head).partition(|head| head.starts_with("HTTP/1.1 200 "));
    assert_eq!(playing.len(), 16, "a quarter of the places");
    for head in refused {
        ensure!(head.starts_with("HTTP/1.1 429 ") && head.contains("retry-after: "), "{head}");
    }
    assert_eq!(stage.metric("eyrie_places_taken{of=\"playback_segment\"}").await?, 16.0);

    let stop = AtomicBool::new(false);
    let below = format!("/api/v1/cameras/{id}");
    let playlists = |_| format!("{below}/playback/media.m3u8?from={from}&to={to}");
    let second = Duration::from_secs(1);
    let pictures = |number: u32| {
        let at = *begin + second * (1 + number % 10);
        format!("{below}/thumbnail.jpg?at={at}&width={}", 16 + number % 900 * 2)
    };
    let clock = SystemClock::new();
    let rounds = async {
        let (mut seen, mut slowest) = (Vec::new(), Duration::ZERO);
        for round in 0..3 {
            let started = clock.monotonic();
            let media = media(modest, &id, "media.m3u8", from, to).await?;
            let listed = clock.monotonic();
            seen.push(stamps(modest, &media).await?.len());
            let played = clock.monotonic();
            fetch(modest, &format!("{below}/thumbnail.jpg?at={}&width={}", *begin + second * 5, 300 + 2 * round))
                .await?;
            let shown = clock.monotonic();
            for took in [listed.since(started), played.since(listed), shown.since(played)] {
                slowest = slowest.max(took);
            }
        }
        anyhow::Ok((seen, slowest))
    };
    let watch = async {
        let watched = rounds.await;
        stop.store(true, Ordering::Relaxed);
        watched
    };
    let (watched, playlists, pictures) =
        tokio::join!(watch, flood(greedy, playlists, &stop), flood(greedy, pictures, &stop));
    let (seen, slowest) = watched?;
    assert!(seen[0] > 200 && seen.iter().all(|pictures| *pictures == seen[0]), "{seen:?}");
    ensure!(slowest < ANSWER_MAX, "the other session's slowest answer took {slowest:?}");
    assert!(playlists? > 0 && pictures? > 0, "there was a flood to be held back");
    for of in ["playback_segment", "playback_playlist", "picture"] {
        let refused = format!("eyrie_places_asked_total{{of=\"{of}\",outcome=\"refused_share\"}}");
        assert!(stage.metric(&refused).await? > 0.0, "{refused}");
        let refused = refused.replace("refused_share", "refused_all");
        assert_eq!(stage.metric(&refused).await?, 0.0, "{refused}");
    }
    drop(players);
    eventually("players that vanish give their places back", || async {
        let taken = stage.metric("eyrie_places_taken").await.map_err(|error| error.to_string())?;
        if taken == 0.0 { Ok(()) } else { Err(format!("{taken} are taken")) }
    })
    .await
}
