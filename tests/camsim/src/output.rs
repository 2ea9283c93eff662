use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::net::TcpStream;
use tokio::sync::Notify;

/// Media that waits for a slow client, at most: beyond it, access units are dropped up to the next keyframe, as cameras do.
/// Room for a few seconds of 2 Mbit/s, or one very large keyframe.
pub(crate) const PENDING_BYTES_MAX: usize = 1024 * 1024;

/// The sending half of a connection, shared by the task that answers requests and the pacer that sends media.
#[derive(Debug)]
pub(crate) struct Output {
    socket: TcpStream,
    pending: Mutex<Pending>,
    close: Notify,
}

#[derive(Debug, Default)]
struct Pending {
    bytes: Vec<u8>,
    sent: usize,
    failed: bool,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    /// Sent or waiting.
    Accepted,
    /// Too much was waiting; nothing was taken.
    Full,
    /// The connection is gone.
    Failed,
}

impl Output {
    pub(crate) fn new(socket: TcpStream) -> Self {
        Self { socket, pending: Mutex::default(), close: Notify::new() }
    }

    /// The socket, to be read.
    pub(crate) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends media with one system call, in as far as the socket takes it; the rest waits.
    pub(crate) fn write_media(&self, bytes: &[u8]) -> Written {
        let mut pending = self.lock();
        if pending.flush(&self.socket, usize::MAX).is_err() {
            return Written::Failed;
        }
        if pending.len() > 0 {
            if pending.len() + bytes.len() > PENDING_BYTES_MAX {
                return Written::Full;
            }
            pending.bytes.extend_from_slice(bytes);
            return Written::Accepted;
        }
        match pending.write_through(&self.socket, bytes) {
            Ok(()) => Written::Accepted,
            Err(_) => Written::Failed,
        }
    }

    /// Puts `bytes` behind what waits, without sending.
    pub(crate) fn enqueue(&self, bytes: &[u8]) {
        self.lock().bytes.extend_from_slice(bytes);
    }

    /// No write has failed yet.
    pub(crate) fn is_open(&self) -> bool {
        !self.lock().failed
    }

    /// How many bytes wait.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().len()
    }

    /// Sends up to `limit` of the bytes that wait; answers how many still do.
    pub(crate) fn flush(&self, limit: usize) -> io::Result<usize> {
        let mut pending = self.lock();
        pending.flush(&self.socket, limit)?;
        Ok(pending.len())
    }

    /// Asks the connection's task to end.
    pub(crate) fn close(&self, reset: bool) {
        if reset {
            // If it fails, the peer sees FIN instead of RST.
            let _ = self.socket.set_zero_linger();
        }
        self.close.notify_one();
    }

    /// Waits for [`Output::close`].
    pub(crate) async fn closed(&self) {
        self.close.notified().await;
    }
}

impl Pending {
    fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }

    fn flush(&mut self, socket: &TcpStream, limit: usize) -> io::Result<()> {
        let mut left = limit.min(self.len());
        while left > 0 {
            let Some(n) = self.try_write(socket, None, left)? else { return Ok(()) };
            self.sent += n;
            left -= n;
        }
        if self.len() == 0 {
            self.sent = 0;
            // A burst must not pin its memory for ever.
            self.bytes.clear();
            self.bytes.shrink_to(0);
        }
        Ok(())
    }

    fn write_through(&mut self, socket: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.try_write(socket, Some(bytes), bytes.len())? {
                Some(n) => bytes = &bytes[n..],
                None => {
                    self.bytes.extend_from_slice(bytes);
                    break;
                }
            }
        }
        Ok(())
    }

    /// One write of `bytes` or, without, of what waits. `None` when the socket is full.
    fn try_write(&mut self, socket: &TcpStream, bytes: Option<&[u8]>, limit: usize) -> io::Result<Option<usize>> {
        if self.failed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let bytes = bytes.unwrap_or(&self.bytes[self.sent..]);
        match socket.try_write(&bytes[..limit]) {
            Ok(0) => {
                self.failed = true;
                Err(io::ErrorKind::WriteZero.into())
            }
            Ok(n) => Ok(Some(n)),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(e) => {
                self.failed = true;
                Err(e)
            }
        }
    }
}
