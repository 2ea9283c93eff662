use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use ractor_cluster::{BoxRead, BoxWrite, ClusterBidiStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// A connection that ends, both ways and whatever it waits for, once it is cut: so that a session with a peer that stands still
/// lets go of what it holds.
pub(super) struct CutStream<S> {
    stream: S,
    number: u64,
    cut: CancellationToken,
}

impl<S> CutStream<S> {
    /// `stream`, for the session `number`, until `cut`.
    pub(super) fn new(stream: S, number: u64, cut: CancellationToken) -> Self {
        Self { stream, number, cut }
    }
}

impl<S: AsyncRead + AsyncWrite + Send + 'static> ClusterBidiStream for CutStream<S> {
    fn split(self: Box<Self>) -> (BoxRead, BoxWrite) {
        let (read, write) = tokio::io::split(self.stream);
        let cut = || Box::pin(self.cut.clone().cancelled_owned());
        (Box::new(CutHalf { half: read, cut: cut() }), Box::new(CutHalf { half: write, cut: cut() }))
    }

    /// The number of the session, by which its host finds what belongs to it.
    fn peer_label(&self) -> Option<String> {
        Some(self.number.to_string())
    }
}

struct CutHalf<H> {
    half: H,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl<H> CutHalf<H> {
    fn poll_cut(&mut self, cx: &mut Context<'_>) -> Result<(), io::Error> {
        match self.cut.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the session was closed")),
            Poll::Pending => Ok(()),
        }
    }
}

impl<H: AsyncRead + Unpin> AsyncRead for CutHalf<H> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_cut(cx)?;
        Pin::new(&mut self.half).poll_read(cx, buf)
    }
}

impl<H: AsyncWrite + Unpin> AsyncWrite for CutHalf<H> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_cut(cx)?;
        Pin::new(&mut self.half).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_cut(cx)?;
        Pin::new(&mut self.half).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_cut(cx)?;
        Pin::new(&mut self.half).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn a_cut_ends_a_read_and_a_write_that_wait_and_closes_the_other_side() {
        let (near, mut far) = tokio::io::duplex(64);
        let cut = CancellationToken::new();
        let (mut read, mut write) = Box::new(CutStream::new(near, 1, cut.clone())).split();
        far.write_all(b"x").await.unwrap();
        assert_eq!(read.read_u8().await.unwrap(), b'x');
        let reading = tokio::spawn(async move { read.read_u8().await });
        let writing = tokio::spawn(async move { write.write_all(&[0; 1000]).await });
        tokio::task::yield_now().await;
        cut.cancel();
        assert_eq!(reading.await.unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
        assert_eq!(writing.await.unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
        let mut rest = Vec::new();
        far.read_to_end(&mut rest).await.unwrap();
        assert!(rest.len() <= 64);
    }
}
