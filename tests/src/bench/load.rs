use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use eyrie_types::{Clock as _, SystemClock};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Largest answer taken: a full page of cameras stays below 1 MiB.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// GETs over HTTP/1.1 on connections that stay open, each with one request under way. It speaks to the socket itself, because
/// it shares the machine with what it measures.
#[derive(Debug, Clone)]
pub(super) struct Load {
    /// `HOST:PORT`.
    pub(super) address: String,
    /// The access token.
    pub(super) token: String,
    /// What is asked for, in turn.
    pub(super) paths: Arc<[String]>,
    /// Connections.
    pub(super) connections: usize,
    /// For how long.
    pub(super) window: Duration,
}

/// What one load found.
#[derive(Debug, Clone)]
pub(super) struct LoadResult {
    /// How long each answer took, in milliseconds.
    pub(super) answers_ms: Vec<f64>,
    /// From the first request to the last answer, in seconds.
    pub(super) seconds: f64,
}

impl Load {
    /// Runs it.
    ///
    /// # Errors
    /// At the first answer that is not 200.
    pub(super) async fn run(&self) -> anyhow::Result<LoadResult> {
        let clock = Arc::new(SystemClock::new());
        let start = clock.monotonic();
        let mut connections = JoinSet::new();
        for number in 0..self.connections {
            let (load, clock) = (self.clone(), Arc::clone(&clock));
            connections.spawn(async move { load.connection(number, &clock).await });
        }
        let mut answers_ms = Vec::new();
        while let Some(connection) = connections.join_next().await {
            answers_ms.extend(connection??);
        }
        Ok(LoadResult { answers_ms, seconds: clock.monotonic().since(start).as_secs_f64() })
    }

    async fn connection(&self, number: usize, clock: &SystemClock) -> anyhow::Result<Vec<f64>> {
        let mut stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        // Each begins at its own place, so that not all ask for the same at the same time.
        let first = number * self.paths.len() / self.connections;
        let (mut answers_ms, mut buffer) = (Vec::new(), Vec::new());
        let begun = clock.monotonic();
        for path in self.paths.iter().cycle().skip(first) {
            let start = clock.monotonic();
            if start.since(begun) >= self.window {
                break;
            }
            let request = format!(
                "GET {path} HTTP/1.1\r\nhost: {}\r\naccept: application/json\r\nauthorization: Bearer {}\r\n\r\n",
                self.address, self.token
            );
            stream.write_all(request.as_bytes()).await?;
            read_answer(&mut stream, &mut buffer).await.with_context(|| format!("GET {path}"))?;
            answers_ms.push(clock.monotonic().since(start).as_secs_f64() * 1000.0);
        }
        Ok(answers_ms)
    }
}

/// Reads one answer with a `content-length` to its end. Nothing follows it: no further request is under way.
pub(super) async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<()> {
    buffer.clear();
    let mut end = None;
    while end.is_none_or(|end| buffer.len() < end) {
        ensure!(stream.read_buf(buffer).await? > 0, "the connection was closed within an answer");
        ensure!(buffer.len() <= ANSWER_BYTES_MAX, "an answer of more than {ANSWER_BYTES_MAX} bytes");
        if end.is_none() {
            end = answer_end(buffer)?;
        }
    }
    Ok(())
}

/// Where the answer that begins here ends, once its head is complete.
pub(super) fn answer_end(answer: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&answer[..head])?;
    ensure!(text.starts_with("HTTP/1.1 200 "), "{text}");
    let length = text.lines().filter_map(|line| line.split_once(':'));
    let length = length.filter(|(name, _)| name.eq_ignore_ascii_case("content-length")).map(|(_, value)| value).next();
    let length: usize = length.context("an answer without content-length")?.trim().parse()?;
    Ok(Some(head + 4 + length))
}

#[cfg(test)]
mod tests {
    use super::answer_end;

    #[test]
    fn an_answer_ends_where_its_head_says() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(answer_end(answer).unwrap(), Some(answer.len()));
        assert_eq!(answer_end(&answer[..30]).unwrap(), None);
        assert!(answer_end(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").is_err());
    }
}
