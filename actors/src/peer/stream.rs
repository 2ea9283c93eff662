use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::PeerHello;
use super::book::Incarnation;

/// An encrypted connection with a peer that has proved the cell's secret and said who it is. Ends with
/// [`io::ErrorKind::ConnectionAborted`] when a later start of the same node has greeted since.
pub struct PeerStream {
    stream: TlsStream<TcpStream>,
    peer: PeerHello,
    remote: SocketAddr,
    incarnation: Arc<Incarnation>,
    superseded: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl PeerStream {
    pub(super) fn new(
        stream: TlsStream<TcpStream>,
        remote: SocketAddr,
        (peer, incarnation): (PeerHello, Arc<Incarnation>),
    ) -> Self {
        let superseded = Box::pin(incarnation.superseded.clone().cancelled_owned());
        Self { stream, peer, remote, incarnation, superseded }
    }

    /// What the other side said of itself.
    pub fn peer(&self) -> &PeerHello {
        &self.peer
    }

    /// Where it is.
    pub fn remote(&self) -> SocketAddr {
        self.remote
    }
}

fn superseded() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the node on the other side has started again")
}

impl AsyncRead for PeerStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.superseded.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(superseded()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for PeerStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.incarnation.superseded.is_cancelled() {
            return Poll::Ready(Err(superseded()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl fmt::Debug for PeerStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerStream").field("peer", &self.peer).field("remote", &self.remote).finish_non_exhaustive()
    }
}
