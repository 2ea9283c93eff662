//! Recorded files that are gone, cut short or changed by a bit: playback, exports and pictures go up to the damage and on behind
//! it, say what is missing, and never show garbage.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use eyrie_camsim::StreamConfig;
use eyrie_tests::{Client, Node, NodeOptions, eventually};
use eyrie_types::WallTime;
use reqwest::{Method, StatusCode};

use crate::support::{Stage, causes, clip, rtsp, segment_files};
use crate::{export, pictures, playback};

/// What befalls the first of the two files of a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Damage {
    Gone,
    CutShort,
    FlippedBit,
}

const ALL: [Damage; 3] = [Damage::Gone, Damage::CutShort, Damage::FlippedBit];

impl Damage {
    fn befall(self, file: &Path) -> anyhow::Result<()> {
        let length = std::fs::metadata(file)?.len();
        match self {
            Self::Gone => std::fs::remove_file(file)?,
            Self::CutShort => std::fs::File::options().write(true).open(file)?.set_len(length / 2)?,
            Self::FlippedBit => {
                let mut bytes = std::fs::read(file)?;
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
                std::fs::write(file, &bytes)?;
            }
        }
        Ok(())
    }

    /// Whether `kept` of the `recorded` pictures of the file may be seen: a keyframe comes every 25 pictures.
    fn leaves(self, kept: usize, recorded: usize) -> bool {
        match self {
            Self::Gone => kept == 0,
            Self::CutShort => kept >= 25 && kept <= recorded / 2 + 25,
            Self::FlippedBit => kept < recorded && kept + 50 >= recorded,
        }
    }
}

/// A camera with two files, of which the first is damaged.
struct Victim {
    id: String,
    damage: Damage,
    from: WallTime,
    to: WallTime,
    /// The numbers of the pictures that were recorded into each file.
    files: [Vec<u64>; 2],
}

/// Cameras that recorded into two files each, and what became of the first.
async fn victims() -> anyhow::Result<(Stage, Vec<Victim>)> {
    let streams = ALL.map(|damage| StreamConfig::new(format!("{damage:?}"), clip())).to_vec();
    let options = NodeOptions::default();
    let Stage { cameras, node, client, dir } = Stage::set(streams, options.clone()).await?;
    let from = playback::now(&client).await? - Duration::from_secs(5);
    let mut ids = Vec::new();
    for damage in ALL {
        let name = format!("{damage:?}");
        ids.push(client.add_camera_between_cuts(&name, rtsp(&cameras.url(&name))).await?);
    }
    for id in &ids {
        client.await_recorded(id, 7.0).await?;
    }
    node.stop()?;
    let first_files = segment_files(&dir.path().join("recordings"));
    ensure!(first_files.len() == ALL.len(), "{first_files:?}");

    let node = Node::start(dir.path(), &options)?;
    let client = node.client().await?;
    for id in &ids {
        client.await_recorded(id, 11.0).await?;
    }
    let to = playback::now(&client).await?;
    node.stop()?;
    let node = Node::start(dir.path(), &options)?;
    let client = node.client().await?;
    let mut victims = Vec::new();
    for (id, damage) in ids.into_iter().zip(ALL) {
        let files = recorded(&client, &id, from, to).await?;
        victims.push(Victim { id, damage, from, to, files });
    }
    // Not while a file is open: one that is deleted could still be read.
    node.stop()?;
    for victim in &victims {
        victim.damage.befall(&file_of(&first_files, &victim.id)?)?;
    }
    let node = Node::start(dir.path(), &options)?;
    let client = node.client().await?;
    Ok((Stage { cameras, node, client, dir }, victims))
}

/// The pictures of each of a camera's two files, by number.
async fn recorded(client: &Client, id: &str, from: WallTime, to: WallTime) -> anyhow::Result<[Vec<u64>; 2]> {
    let numbers = export::numbers(&export::get(client, &span(id, from, to)).await?.bytes().await?);
    let hole = numbers.windows(2).position(|pair| pair[1] != pair[0] + 1).context("a hole between two files")?;
    let (first, second) = numbers.split_at(hole + 1);
    ensure!(second.windows(2).all(|pair| pair[1] == pair[0] + 1), "{second:?}");
    Ok([first.to_vec(), second.to_vec()])
}

fn span(id: &str, from: WallTime, to: WallTime) -> String {
    export::address(id, &from.to_string(), &to.to_string())
}

fn file_of(files: &[PathBuf], id: &str) -> anyhow::Result<PathBuf> {
    files
        .iter()
        .find(|file| file.display().to_string().contains(id))
        .cloned()
        .with_context(|| format!("a file of {id}"))
}

/// Checks that `shown` is all of the second file and as much of the first as the damage leaves.
fn check_shown(victim: &Victim, what: &str, shown: &[u64]) -> anyhow::Result<()> {
    let [first, second] = &victim.files;
    let (of_first, of_second): (Vec<u64>, Vec<u64>) = shown.iter().partition(|number| first.contains(number));
    let left = victim.damage.leaves(of_first.len(), first.len());
    ensure!(left, "{:?}, {what}: {} of {} pictures", victim.damage, of_first.len(), first.len());
    ensure!(of_second == *second, "{:?}, {what}: the other file is whole", victim.damage);
    ensure!(shown.is_sorted(), "{:?}, {what}: {shown:?}", victim.damage);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn playback_goes_up_to_the_damage_and_on_behind_it() -> anyhow::Result<()> {
    let (stage, victims) = victims().await?;
    let client = &stage.client;
    for victim in &victims {
        let Victim { id, from, to, damage, .. } = victim;
        // What nobody has read yet is offered, and its answer never ends well; then the playlist comes without it.
        let offered = playback::media(client, id, "media.m3u8", *from, *to).await?;
        let mut broken = 0;
        for (_, _, path) in &offered.segments {
            broken += usize::from(playback::fetch(client, path).await.is_err());
        }
        ensure!(broken == usize::from(*damage == Damage::FlippedBit), "{damage:?}: {broken} segments broke off");
        let media = playback::media(client, id, "media.m3u8", *from, *to).await?;
        let stamps = playback::stamps(client, &media).await?;
        check_shown(victim, "playback", &stamps.iter().map(|stamp| stamp.number).collect::<Vec<_>>())?;
        let breaks = media.text.matches("#EXT-X-DISCONTINUITY\n").count();
        let expected = [0, 1, 2][ALL.iter().position(|known| known == damage).unwrap_or(0)];
        ensure!(breaks == expected, "{damage:?}: {breaks} discontinuities\n{}", media.text);
        for name in ["iframes.m3u8", "index.m3u8"] {
            let listed = playback::media(client, id, name, *from, *to).await?;
            for (_, _, path) in listed.segments.iter().filter(|_| name == "iframes.m3u8") {
                playback::fetch(client, path).await?;
            }
        }
        // A file that is gone may be on a disk that comes back: it is not given up.
        if *damage != Damage::Gone {
            await_damaged(client, id).await?;
        }
    }
    Ok(())
}

async fn await_damaged(client: &Client, id: &str) -> anyhow::Result<()> {
    eventually("the damage is booked", || async {
        let ledger = client.get(&format!("/api/v1/cameras/{id}/gaps")).await.map_err(|error| error.to_string())?;
        if causes(&ledger).contains("damaged") { Ok(()) } else { Err(ledger.to_string()) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn where_all_of_a_range_is_lost_nothing_is_offered() -> anyhow::Result<()> {
    let (stage, victims) = victims().await?;
    let victim = victims.iter().find(|victim| victim.damage == Damage::Gone).context("a file that is gone")?;
    let (first, _) = pictures::span(&stage.client, &victim.id).await?;
    let below = format!("/api/v1/cameras/{}", victim.id);
    for file in ["playback/index.m3u8", "playback/media.m3u8", "playback/iframes.m3u8", "export.mp4", "sprite.jpg"] {
        let path = format!("{below}/{file}?from={first}&to={}", first + Duration::from_secs(3));
        let answer = stage.client.request(Method::GET, &path).send().await?;
        ensure!(answer.status() == StatusCode::NOT_FOUND, "{file}: {}", answer.status());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_holds_all_but_the_damage_and_tells_of_it() -> anyhow::Result<()> {
    let (stage, victims) = victims().await?;
    for victim in &victims {
        let damage = victim.damage;
        let answer = export::get(&stage.client, &span(&victim.id, victim.from, victim.to)).await?;
        let gaps = export::field(&answer, "eyrie-gaps").to_owned();
        ensure!(gaps.contains("cause=damaged") && gaps.contains("cause=node_down"), "{damage:?}: {gaps}");
        let file = answer.bytes().await?;
        let numbers = export::numbers(&file);
        check_shown(victim, "export", &numbers)?;
        let path = stage.dir.path().join("export.mp4");
        std::fs::write(&path, &file)?;
        let (_, decoded, _) = export::probe(&path).await?;
        ensure!(decoded == numbers.len(), "{damage:?}: {decoded} of {} pictures decode", numbers.len());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn thumbnails_pass_over_the_damage_or_say_that_nothing_is_left() -> anyhow::Result<()> {
    let (stage, victims) = victims().await?;
    let client = &stage.client;
    for victim in &victims {
        let (id, damage) = (&victim.id, victim.damage);
        let (first, last) = pictures::span(client, id).await?;
        let thumbnail = format!("/api/v1/cameras/{id}/thumbnail.jpg");
        let (mut exact, mut earlier, mut lost) = (0, 0, 0);
        let moments = victim.files[0].len() as u32 / 25;
        for second in 0..moments {
            let at = first + Duration::from_secs(second.into()) + Duration::from_millis(500);
            let path = format!("{thumbnail}?at={at}&width=64");
            let answer = client.request(Method::GET, &path).send().await?;
            if answer.status() == StatusCode::OK {
                let taken = pictures::jpeg(client, &path).await?.at.context("the time of the picture")?;
                ensure!(taken <= at, "{damage:?}: {taken} is after {at}");
                let near = at.since(taken) <= Duration::from_millis(1_100);
                (exact, earlier) = (exact + u32::from(near), earlier + u32::from(!near));
            } else {
                ensure!(answer.status() == StatusCode::NOT_FOUND, "{damage:?}: {}", answer.status());
                let told: serde_json::Value = answer.json().await?;
                ensure!(told["detail"].as_str().is_some_and(|detail| detail.contains("lost or damaged")), "{told}");
                lost += 1;
            }
        }
        let expected = match damage {
            Damage::Gone => lost == moments,
            Damage::CutShort => exact >= 1 && earlier >= 1 && lost == 0,
            Damage::FlippedBit => exact + 1 == moments && earlier == 1,
        };
        ensure!(
            expected,
            "{damage:?}: of {moments} moments {exact} show theirs, {earlier} an earlier one, {lost} none"
        );
        let newest = pictures::jpeg(client, &format!("{thumbnail}?at={last}&width=64")).await?;
        ensure!(
            newest.at.is_some_and(|at| last.since(at) <= Duration::from_millis(1_500)),
            "{damage:?}: {:?}",
            newest.at
        );
        // Cells of what is lost are dark, the others are not.
        let to = last - Duration::from_millis(500);
        let sheet = format!("/api/v1/cameras/{id}/sprite.jpg?from={first}&to={to}&columns=5&rows=2&width=64");
        pictures::jpeg(client, &sheet).await?;
    }
    Ok(())
}
