use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream as BlockingStream;
use std::ops::Range;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use eyrie_types::{Clock as _, SystemClock};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Summary;
use super::load::{answer_end, read_answer};

/// Viewers that connect at the same time: fewer than the listener's backlog holds.
const CONNECTING_MAX: usize = 100;
/// Held before what comes is counted.
const SETTLE: Duration = Duration::from_secs(3);
/// Pause between two looks whether all hold one.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Viewers of one camera who hold one blocking reload each, in a process of their own.
#[derive(Debug, Clone)]
pub(super) struct Held {
    /// `HOST:PORT` of the node that is asked.
    pub(super) edge: String,
    /// `HOST:PORT` of the camera's own node, which one more viewer asks: whoever has the first answer knows when a part is there.
    pub(super) owner: String,
    /// Good at both.
    pub(super) token: String,
    /// Of the media playlist.
    pub(super) path: String,
    /// How many hold a reload.
    pub(super) viewers: usize,
    /// For how long.
    pub(super) window: Duration,
}

/// The process of [`Held`], ended when dropped.
pub(super) struct Holding {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Held {
    /// Starts the process, and waits until all hold one.
    ///
    /// # Errors
    /// When it does not come up.
    pub(super) fn start(&self) -> anyhow::Result<Holding> {
        let words =
            [&self.edge, &self.owner, &self.path, &self.viewers.to_string(), &self.window.as_secs().to_string()];
        let mut child = Command::new("sh")
            .args(["-ec", "ulimit -n $(ulimit -Hn)\nexec \"$0\" hold-reloads \"$@\""])
            .arg(std::env::current_exe()?)
            .args(words)
            .env("EYRIE_TOKEN", &self.token)
            .stdout(Stdio::piped())
            .spawn()
            .context("starting the viewers")?;
        let said = BufReader::new(child.stdout.take().context("stdout is piped")?);
        let mut holding = Holding { child, said };
        ensure!(holding.line()? == "held", "the viewers do not all hold a reload");
        Ok(holding)
    }

    /// Asks as a browser does: by HTTP/1.1, with compression, for what has changed since the playlist before.
    fn request(&self, at: &str, next: Option<Part>, encoding: &str) -> String {
        let reload = |Part(msn, part)| format!("?_HLS_msn={msn}&_HLS_part={part}&_HLS_skip=YES");
        format!(
            "GET {}{} HTTP/1.1\r\nhost: {at}\r\naccept: */*\r\naccept-encoding: {encoding}\r\nuser-agent: Mozilla/5.0 \
             (X11; Linux x86_64)\r\nauthorization: Bearer {}\r\n\r\n",
            self.path,
            next.map(reload).unwrap_or_default(),
            self.token
        )
    }

    /// Holds a reload, and another one once it is answered: which parts were asked for, and when each answer was there.
    async fn at_the_edge(&self, shared: &Shared) -> anyhow::Result<Vec<(Part, Arrival)>> {
        let (mut buffer, mut arrived) = (Vec::with_capacity(8192), Vec::new());
        let mut stream = {
            let _place = shared.connecting.acquire().await?;
            let mut stream = TcpStream::connect(&self.edge).await.context("connecting to the edge")?;
            stream.set_nodelay(true)?;
            stream.write_all(self.request(&self.edge, None, "gzip").as_bytes()).await?;
            read_answer(&mut stream, &mut buffer).await?;
            stream
        };
        let mut asked = Part::default();
        shared.holding.fetch_add(1, Ordering::Relaxed);
        while !shared.stop.load(Ordering::Relaxed) {
            // What is next it would read in the playlist; to unpack ten thousand of them would measure the viewers.
            let next = shared.next();
            if next <= asked {
                tokio::time::sleep(Duration::from_millis(1)).await;
                continue;
            }
            asked = next;
            let asked_us = shared.clock.monotonic().as_us();
            stream.write_all(self.request(&self.edge, Some(next), "gzip, deflate, br").as_bytes()).await?;
            read_answer(&mut stream, &mut buffer).await?;
            arrived.push((next, Arrival { asked_us, answered_us: shared.clock.monotonic().as_us() }));
        }
        Ok(arrived)
    }

    /// The same at the owner, in a thread that does nothing else: when it has an answer, the part is published.
    fn at_the_owner(&self, shared: &Shared) -> anyhow::Result<BTreeMap<Part, u64>> {
        let mut stream = BlockingStream::connect(&self.owner)?;
        stream.set_nodelay(true)?;
        let (mut published, mut asked) = (BTreeMap::new(), None);
        while !shared.stop.load(Ordering::Relaxed) {
            stream.write_all(self.request(&self.owner, asked, "identity").as_bytes())?;
            let (mut buffer, mut chunk) = (Vec::new(), [0; 16 << 10]);
            while answer_end(&buffer)?.is_none_or(|end| buffer.len() < end) {
                let read = stream.read(&mut chunk)?;
                ensure!(read > 0, "the owner closed the connection");
                buffer.extend_from_slice(chunk.get(..read).unwrap_or_default());
            }
            published.extend(asked.map(|part| (part, shared.clock.monotonic().as_us())));
            let next = Part::hinted(&buffer)?;
            shared.newest.store(next.packed(), Ordering::Relaxed);
            asked = Some(next);
        }
        Ok(published)
    }
}

/// What the process of [`Held`] does, by its arguments: says `held` when all hold, `over` when the window is over, and what it
/// found.
///
/// # Errors
/// When a viewer is refused.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
pub async fn hold_reloads(arguments: &[&str]) -> anyhow::Result<()> {
    let [edge, owner, path, viewers, window] = arguments else { bail!("hold-reloads is told five things") };
    let held = Arc::new(Held {
        edge: (*edge).to_owned(),
        owner: (*owner).to_owned(),
        token: std::env::var("EYRIE_TOKEN")?,
        path: (*path).to_owned(),
        viewers: viewers.parse()?,
        window: Duration::from_secs(window.parse()?),
    });
    let shared = Arc::new(Shared::default());
    let published = {
        let (held, shared) = (Arc::clone(&held), Arc::clone(&shared));
        std::thread::spawn(move || held.at_the_owner(&shared))
    };
    let mut viewers = JoinSet::new();
    for _ in 0..held.viewers {
        let (held, shared) = (Arc::clone(&held), Arc::clone(&shared));
        viewers.spawn(async move { held.at_the_edge(&shared).await });
    }
    while shared.holding.load(Ordering::Relaxed) < held.viewers {
        // None ends before it is told to, but by an error.
        if let Some(ended) = viewers.try_join_next() {
            ended??;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    tokio::time::sleep(SETTLE).await;
    println!("held");
    let began = shared.clock.monotonic().as_us();
    tokio::time::sleep(held.window).await;
    println!("over");
    let ended = shared.clock.monotonic().as_us();
    shared.stop.store(true, Ordering::Relaxed);
    let mut arrivals: BTreeMap<Part, Vec<Arrival>> = BTreeMap::new();
    while let Some(viewer) = viewers.join_next().await {
        for (part, arrival) in viewer?? {
            arrivals.entry(part).or_default().push(arrival);
        }
    }
    let published = published.join().map_err(|_| anyhow::anyhow!("the viewer at the owner panicked"))??;
    println!("{}", found(held.viewers, &arrivals, &published, began..ended));
    Ok(())
}

impl Holding {
    /// Waits for the next thing the process says.
    ///
    /// # Errors
    /// When it ends instead.
    pub(super) fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        ensure!(self.said.read_line(&mut line)? > 0, "the viewers' process ended: {:?}", self.child.wait());
        Ok(line.trim().to_owned())
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        // Gone already is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the viewers share.
struct Shared {
    clock: SystemClock,
    stop: AtomicBool,
    /// How many have had a first answer.
    holding: AtomicUsize,
    connecting: Semaphore,
    /// The part that is to come, as the owner says.
    newest: AtomicU64,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            clock: SystemClock::new(),
            stop: AtomicBool::new(false),
            holding: AtomicUsize::new(0),
            connecting: Semaphore::new(CONNECTING_MAX),
            newest: AtomicU64::new(0),
        }
    }
}

impl Shared {
    fn next(&self) -> Part {
        let packed = self.newest.load(Ordering::Relaxed);
        Part(packed >> Part::BITS, packed & ((1 << Part::BITS) - 1))
    }
}

/// When a viewer asked for a part, and had the answer.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    asked_us: u64,
    answered_us: u64,
}

/// The media sequence number and the number of a part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Part(u64, u64);

impl Part {
    const BITS: u32 = 10;

    fn packed(self) -> u64 {
        self.0 << Self::BITS | self.1
    }

    /// The one that a playlist says is to come.
    fn hinted(answer: &[u8]) -> anyhow::Result<Self> {
        let text = String::from_utf8_lossy(answer);
        let (_, hint) =
            text.rsplit_once("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"").context("a playlist without a hint")?;
        let name = hint.split('"').next().and_then(|uri| uri.rsplit_once("/p")).context("a hint that names no part")?.1;
        let mut numbers = name.split('.').map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(msn)), Some(Ok(part))) => Ok(Self(msn, part)),
            _ => bail!("{name} is no part"),
        }
    }
}

/// What was found within the window: of all who held a reload when its part was published, how long after that each had the answer,
/// and the last of them. Who was late for a part asks for the next one, and waits for that.
fn found(
    viewers: usize,
    arrivals: &BTreeMap<Part, Vec<Arrival>>,
    published: &BTreeMap<Part, u64>,
    window: Range<u64>,
) -> Value {
    let (mut each, mut last, mut answers, mut held) = (Vec::new(), Vec::new(), 0, 0);
    for (part, arrived) in arrivals {
        answers += arrived.iter().filter(|arrival| window.contains(&arrival.answered_us)).count();
        let Some(at) = published.get(part).filter(|at| window.contains(*at)) else { continue };
        // The owner's own viewer may be woken later than another one.
        let at = arrived.iter().map(|arrival| arrival.answered_us).min().map_or(*at, |first| first.min(*at));
        let waited: Vec<_> = arrived
            .iter()
            .filter(|arrival| arrival.asked_us < at)
            .map(|arrival| (arrival.answered_us - at) as f64 / 1000.0)
            .collect();
        if waited.is_empty() {
            continue;
        }
        last.push(waited.iter().copied().fold(0.0, f64::max));
        held += waited.len();
        each.extend(waited);
    }
    let parts = last.len();
    let (each, last) = (Summary::of(each), Summary::of(last));
    let of = |summary: &Summary| json!([0.5, 0.99].map(|share| summary.quantile(share)));
    let share = held as f64 * 100.0 / (parts.max(1) * viewers) as f64;
    json!({"answers": answers, "parts": parts, "held_percent": share, "each_ms": of(&each), "last_ms": of(&last)})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_to_come_is_the_one_a_playlist_hints_at() {
        let playlist = b"HTTP/1.1 200 OK\r\n\r\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"0-51/p1711276033.2.m4s\"\n";
        assert_eq!(Part::hinted(playlist).unwrap(), Part(1_711_276_033, 2));
        assert!(Part::hinted(b"#EXTM3U\n").is_err());
    }

    #[test]
    fn the_last_of_all_who_held_a_reload_counts_and_who_came_later_does_not() {
        let arrival = |asked_us, answered_us| Arrival { asked_us, answered_us };
        let arrivals = BTreeMap::from([
            (Part(1, 0), vec![arrival(0, 2_500), arrival(0, 4_000), arrival(3_000, 9_000)]),
            (Part(1, 1), vec![arrival(9_500, 9_900)]),
        ]);
        let published = BTreeMap::from([(Part(1, 0), 2_000), (Part(1, 1), 9_000)]);
        let found = found(3, &arrivals, &published, 0..100_000);
        assert_eq!((&found["last_ms"][1], &found["parts"], &found["answers"]), (&json!(2.0), &json!(1), &json!(4)));
        assert!(found["held_percent"].as_f64().is_some_and(|share| (66.0..67.0).contains(&share)), "{found}");
    }
}
