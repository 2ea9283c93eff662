use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use eyrie_media::rtmp::{Refusal, RtmpEvent, RtmpServer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::refused::Refused;
use super::socket::Stream;

/// What is read at a time: a keyframe of a usual camera, so that a picture is one wake-up.
const READ_BYTES: usize = 64 * 1024;
/// How long a publisher may take to read what it is told.
const WRITE_WITHIN: Duration = Duration::from_secs(5);

/// A connection of somebody who publishes, or wants to.
#[derive(Debug)]
pub(crate) struct Publisher {
    connection: Connection,
    /// One publishes to a camera at a time.
    _place: OwnedSemaphorePermit,
}

/// A connection before anything was decided of it.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    server: RtmpServer,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were read, and of which these were taken.
    filled: usize,
    taken: usize,
    remote: SocketAddr,
    /// There is a limit of them.
    _counted: OwnedSemaphorePermit,
}

impl Connection {
    pub(super) fn new(
        stream: Stream,
        remote: SocketAddr,
        random: [u8; eyrie_media::rtmp::HANDSHAKE_RANDOM_BYTES],
        counted: OwnedSemaphorePermit,
    ) -> Self {
        let (server, buffer) = (RtmpServer::new(random), vec![0; READ_BYTES]);
        Self { stream, server, buffer, filled: 0, taken: 0, remote, _counted: counted }
    }

    /// Waits for the next event; `None`: it closed the connection. What is dropped half-way goes on with the next call.
    pub(super) async fn next(&mut self) -> Result<Option<RtmpEvent>, Refused> {
        loop {
            let mut input = self.buffer.get(self.taken..self.filled).unwrap_or_default();
            let found = self.server.next(&mut input);
            self.taken = self.filled - input.len();
            // What is said before an error says why.
            if self.flush().await.is_err() {
                return Ok(None);
            }
            if let Some(event) = found? {
                return Ok(Some(event));
            }
            (self.taken, self.filled) = (0, 0);
            match self.stream.read(&mut self.buffer).await {
                Ok(0) | Err(_) => return Ok(None),
                Ok(count) => self.filled = count,
            }
        }
    }

    /// Says why it is turned away, and closes the connection.
    pub(super) async fn refuse(mut self, refusal: Refusal, why: &str) {
        self.server.refuse(refusal, why);
        // It may have gone, or not listen.
        if self.flush().await.is_ok() {
            let _ = timeout(WRITE_WITHIN, self.stream.shutdown()).await;
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        let out = self.server.take_output();
        if out.is_empty() {
            return Ok(());
        }
        let written = async {
            self.stream.write_all(&out).await?;
            // TLS may hold the end of it back.
            self.stream.flush().await
        };
        timeout(WRITE_WITHIN, written).await.map_err(|_| io::ErrorKind::TimedOut)?
    }

    /// Whether what it says is encrypted.
    pub(super) const fn is_tls(&self) -> bool {
        self.stream.is_tls()
    }
}

impl Publisher {
    pub(super) fn new(connection: Connection, place: OwnedSemaphorePermit) -> Self {
        Self { connection, _place: place }
    }

    /// Where it connects from.
    pub(crate) fn remote(&self) -> SocketAddr {
        self.connection.remote
    }

    /// Lets it in, on the runtime that its camera's media has.
    pub(crate) fn accept(self) -> io::Result<Self> {
        let Self { mut connection, _place } = self;
        connection.stream.move_here()?;
        connection.server.accept();
        Ok(Self { connection, _place })
    }

    /// Waits for what it sends next; `None` once it closed the connection.
    ///
    /// # Errors
    /// What of it cannot be taken, for the publisher's operator.
    pub(crate) async fn next(&mut self) -> Result<Option<RtmpEvent>, String> {
        self.connection.next().await.map_err(|refused| refused.to_string())
    }

    /// Ends what it publishes, and says why.
    pub(crate) async fn end(self, refusal: Refusal, why: &str) {
        self.connection.refuse(refusal, why).await;
    }
}
