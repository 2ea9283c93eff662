use std::time::Duration;

use anyhow::{Context as _, ensure};
use eyrie_camsim::au_number::{AuStamp, scan};
use eyrie_types::{Clock as _, SystemClock};

use super::answers::{text, timed};
use crate::Client;

/// A part as a player got it.
#[derive(Debug, Clone)]
pub(super) struct ReceivedPart {
    /// Its access units, in their order.
    pub(super) units: Vec<AuStamp>,
    /// When its last byte was there, in microseconds since 1970.
    pub(super) at_us: i64,
}

/// What a player of low-latency HLS saw.
#[derive(Debug, Clone)]
pub(super) struct Watched {
    /// `PART-HOLD-BACK`, in milliseconds.
    pub(super) hold_back_ms: f64,
    /// All parts, in their order.
    pub(super) parts: Vec<ReceivedPart>,
}

/// Plays a camera for `window` as rfc8216bis asks of a low-latency client: each reload blocks until the next part is there (section
/// 6.2.5.2), and each new part is fetched. Preload hints are not used: hls.js does not either.
///
/// # Errors
/// When an answer is no success, or makes no sense.
pub(super) async fn watch(client: &Client, camera: &str, window: Duration) -> anyhow::Result<Watched> {
    let clock = SystemClock::new();
    let below = format!("/api/v1/cameras/{camera}/live");
    let index = text(client, &format!("{below}/index.m3u8")).await?;
    let media = index.lines().find(|line| !line.starts_with('#')).context("no variant")?;
    let media = format!("{below}/{media}");
    let (folder, _) = media.rsplit_once('/').context("a path without a folder")?;
    let mut playlist = Listed::read(&text(client, &media).await?)?;
    let hold_back_ms = playlist.hold_back_s * 1000.0;
    let (mut parts, begun) = (Vec::new(), clock.monotonic());
    while clock.monotonic().since(begun) < window {
        let (msn, part) = playlist.next;
        playlist = Listed::read(&text(client, &format!("{media}?_HLS_msn={msn}&_HLS_part={part}")).await?)?;
        ensure!(playlist.next > (msn, part), "{camera}: the answer to {msn}.{part} ends at {:?}", playlist.next);
        for (_, uri) in playlist.parts.iter().filter(|(place, _)| *place >= (msn, part)) {
            let (_, bytes) = timed(client, &format!("{folder}/{uri}")).await?;
            parts.push(ReceivedPart { units: scan(&bytes).collect(), at_us: clock.now().as_unix_us() });
        }
    }
    Ok(Watched { hold_back_ms, parts })
}

/// A media playlist, as far as a player looks at it here.
struct Listed {
    hold_back_s: f64,
    /// Media sequence number and number of each part that is listed, and its address.
    parts: Vec<((u64, u64), String)>,
    /// The part that is to come.
    next: (u64, u64),
}

impl Listed {
    fn read(playlist: &str) -> anyhow::Result<Self> {
        let (mut hold_back_s, mut parts, mut next) = (None, Vec::new(), (0, 0));
        for line in playlist.lines() {
            if let Some(sequence) = line.strip_prefix("#EXT-X-MEDIA-SEQUENCE:") {
                next = (sequence.parse()?, 0);
            } else if let Some((_, rest)) = line.split_once(":CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=") {
                hold_back_s = rest.split(',').next().map(str::parse).transpose()?;
            } else if let Some(part) = line.strip_prefix("#EXT-X-PART:") {
                let (_, uri) = part.split_once("URI=\"").context("a part without an address")?;
                parts.push((next, uri.split('"').next().unwrap_or_default().to_owned()));
                next.1 += 1;
            } else if !line.starts_with('#') {
                next = (next.0 + 1, 0);
            }
        }
        Ok(Self { hold_back_s: hold_back_s.context("no PART-HOLD-BACK")?, parts, next })
    }
}

#[cfg(test)]
mod tests {
    use super::Listed;

    #[test]
    fn parts_are_numbered_within_their_segments() {
        let playlist = "#EXTM3U\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.600,HOLD-BACK=12.000\n\
                        #EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:1.0,\n0-1/s7.m4s\n#EXT-X-PART:DURATION=0.2,URI=\"0-1/p8.0.m4s\",INDEPENDENT=YES\n\
                        #EXTINF:1.0,\n0-1/s8.m4s\n#EXT-X-PART:DURATION=0.2,URI=\"0-1/p9.0.m4s\"\n";
        let listed = Listed::read(playlist).unwrap();
        assert_eq!(listed.parts, [((8, 0), "0-1/p8.0.m4s".to_owned()), ((9, 0), "0-1/p9.0.m4s".to_owned())]);
        assert_eq!((listed.hold_back_s, listed.next), (0.6, (9, 1)));
    }
}
