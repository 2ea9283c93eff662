use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy, sink};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, watch};

use super::Relaying;

/// A header of CQL v3 and v4: version, flags, stream (2), opcode, length of the body (4), all big-endian (native_protocol_v4.spec,
/// 2).
const HEADER_BYTES: usize = 9;
/// QUERY, PREPARE, EXECUTE and BATCH: what a store that is in trouble answers with an error. Connections are still opened.
const REQUESTS: [u8; 4] = [0x07, 0x09, 0x0a, 0x0d];
/// The first version whose frames are wrapped in others.
const WRAPPED_VERSION: u8 = 5;

/// Carries a connection of a driver to its store frame by frame, until either ends. While `relaying` says [`Relaying::Errors`],
/// requests do not reach the store: they are answered here, in turn as one that is overloaded and as one that has too few
/// replicas.
pub(super) async fn carry_frames(
    driver: TcpStream,
    store: TcpStream,
    relaying: watch::Receiver<Relaying>,
) -> io::Result<()> {
    let ((mut from_driver, to_driver), (mut from_store, mut to_store)) = (driver.into_split(), store.into_split());
    // Answers of the store and of ours share it, a frame at a time.
    let to_driver = Mutex::new(to_driver);
    let requests = async {
        let mut unavailable = false;
        loop {
            let header = header(&mut from_driver).await?;
            let [version, _, stream_high, stream_low, opcode, ..] = header;
            if *relaying.borrow() == Relaying::Errors && REQUESTS.contains(&opcode) {
                body(&mut from_driver, &header, &mut sink()).await?;
                unavailable = !unavailable;
                let error = error(version, [stream_high, stream_low], unavailable);
                to_driver.lock().await.write_all(&error).await?;
            } else {
                to_store.write_all(&header).await?;
                body(&mut from_driver, &header, &mut to_store).await?;
            }
        }
    };
    let answers = async {
        loop {
            let header = header(&mut from_store).await?;
            let mut to_driver = to_driver.lock().await;
            to_driver.write_all(&header).await?;
            body(&mut from_store, &header, &mut *to_driver).await?;
        }
    };
    tokio::select! {
        ended = requests => ended,
        ended = answers => ended,
    }
}

async fn header(from: &mut (impl AsyncRead + Unpin)) -> io::Result<[u8; HEADER_BYTES]> {
    let mut header = [0; HEADER_BYTES];
    from.read_exact(&mut header).await?;
    // The uppermost bit says that it is an answer.
    if header[0] & 0x7f >= WRAPPED_VERSION {
        return Err(io::Error::other("a version of CQL whose frames this relay does not know"));
    }
    Ok(header)
}

async fn body(
    from: &mut (impl AsyncRead + Unpin),
    header: &[u8; HEADER_BYTES],
    to: &mut (impl AsyncWrite + Unpin),
) -> io::Result<()> {
    let [.., a, b, c, d] = *header;
    let length = u64::from(u32::from_be_bytes([a, b, c, d]));
    if copy(&mut from.take(length), to).await? < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// An ERROR frame (native_protocol_v4.spec, 4.2.1 and 9).
fn error(version: u8, stream: [u8; 2], unavailable: bool) -> Vec<u8> {
    let text = b"a drill answers for the store";
    let mut body = Vec::new();
    body.extend(if unavailable { 0x1000_u32 } else { 0x1001 }.to_be_bytes());
    body.extend((text.len() as u16).to_be_bytes());
    body.extend(text);
    if unavailable {
        // Consistency QUORUM, two required, none alive.
        body.extend([0, 4, 0, 0, 0, 2, 0, 0, 0, 0]);
    }
    let mut frame = vec![version | 0x80, 0, stream[0], stream[1], 0];
    frame.extend((body.len() as u32).to_be_bytes());
    frame.extend(body);
    frame
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dialed = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (dialed, listener.accept().await.unwrap().0)
    }

    fn frame(opcode: u8, stream: u8, body: &[u8]) -> Vec<u8> {
        [&[4, 0, 0, stream, opcode, 0, 0, 0, body.len() as u8], body].concat()
    }

    #[tokio::test]
    async fn requests_are_answered_with_errors_and_nothing_else_is_touched() {
        let ((mut driver, near), (far, mut store)) = (pair().await, pair().await);
        let relaying = watch::Sender::new(Relaying::Carry);
        let carrying = tokio::spawn(carry_frames(near, far, relaying.subscribe()));
        let (options, query) = (frame(0x05, 1, b""), frame(0x07, 2, b"select"));
        let mut seen = vec![0; options.len() + query.len()];
        driver.write_all(&[options.clone(), query.clone()].concat()).await.unwrap();
        store.read_exact(&mut seen).await.unwrap();
        assert_eq!(seen, [options.clone(), query.clone()].concat());

        relaying.send_replace(Relaying::Errors);
        driver.write_all(&[query.clone(), options.clone(), query.clone()].concat()).await.unwrap();
        store.read_exact(&mut seen[..options.len()]).await.unwrap();
        assert_eq!(seen[..options.len()], options, "connections are still opened, and the request between is skipped");
        for code in [0x1000_u32, 0x1001] {
            let mut head = [0; HEADER_BYTES];
            driver.read_exact(&mut head).await.unwrap();
            assert_eq!(head[..5], [0x84, 0, 0, 2, 0]);
            let mut body = vec![0; head[8] as usize];
            driver.read_exact(&mut body).await.unwrap();
            assert_eq!(body[..4], code.to_be_bytes());
        }
        relaying.send_replace(Relaying::Carry);
        driver.write_all(&query).await.unwrap();
        store.read_exact(&mut seen[..query.len()]).await.unwrap();
        assert_eq!(seen[..query.len()], query);
        drop(store);
        assert!(carrying.await.unwrap().is_err(), "it ends with the store");
    }
}
