use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Largest frame before the other side has proved the secret: a greeting has about 150 bytes.
pub(crate) const GREETING_BYTES_MAX: usize = 1024;

/// A frame larger than the reader or the writer allows.
#[derive(Debug, thiserror::Error)]
#[error("a frame of {length} bytes; {bytes_max} is the most")]
pub(crate) struct FrameTooLarge {
    length: usize,
    bytes_max: usize,
}

impl FrameTooLarge {
    /// Whether this, and nothing of the stream's own, is why reading or writing failed.
    pub(crate) fn is(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|inner| inner.is::<Self>())
    }

    fn check(length: usize, bytes_max: usize) -> io::Result<()> {
        if length <= bytes_max {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, Self { length, bytes_max }))
        }
    }
}

/// Reads one frame: its length as four bytes, big-endian, then as many bytes. `None` when the stream ends between frames.
///
/// # Errors
/// [`FrameTooLarge`] for a frame of more than `bytes_max`, before anything is allocated for it; else what the stream says.
pub(crate) async fn read_frame(stream: &mut (impl AsyncRead + Unpin), bytes_max: usize) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    if stream.read(&mut length[..1]).await? == 0 {
        return Ok(None);
    }
    stream.read_exact(&mut length[1..]).await?;
    let length = u32::from_be_bytes(length) as usize;
    FrameTooLarge::check(length, bytes_max)?;
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await?;
    Ok(Some(bytes))
}

/// Writes one frame and flushes.
///
/// # Errors
/// [`FrameTooLarge`] when `bytes` is longer than `bytes_max`, which the other side would refuse; else what the stream says.
pub(crate) async fn write_frame(
    stream: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
    bytes_max: usize,
) -> io::Result<()> {
    FrameTooLarge::check(bytes.len(), bytes_max)?;
    let length = u32::try_from(bytes.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    // One write, so that a small frame is one TLS record and one packet.
    let mut frame = Vec::with_capacity(bytes.len() + 4);
    frame.extend(length.to_be_bytes());
    frame.extend(bytes);
    stream.write_all(&frame).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_frame_that_claims_too_much_is_refused_before_it_is_read() {
        let mut wire: &[u8] = &[0xff, 0xff, 0xff, 0xff, 1, 2, 3];
        let error = read_frame(&mut wire, GREETING_BYTES_MAX).await.unwrap_err();
        assert!(FrameTooLarge::is(&error), "{error}");
        let error = write_frame(&mut Vec::new(), &[0; 9], 8).await.unwrap_err();
        assert!(FrameTooLarge::is(&error), "{error}");
    }

    #[tokio::test]
    async fn an_end_between_frames_is_no_error_and_one_within_is() {
        let mut wire = Vec::new();
        write_frame(&mut wire, b"abc", 8).await.unwrap();
        let mut whole: &[u8] = &wire;
        assert_eq!(read_frame(&mut whole, 8).await.unwrap().as_deref(), Some(&b"abc"[..]));
        assert_eq!(read_frame(&mut whole, 8).await.unwrap(), None);
        for cut in 1..wire.len() {
            assert!(read_frame(&mut &wire[..cut], 8).await.is_err(), "cut at {cut}");
        }
    }
}
