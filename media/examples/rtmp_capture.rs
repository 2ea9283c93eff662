//! Writes down what one RTMP publisher sends, for the tests: `rtmp_capture 127.0.0.1:1935 FILE`. Everybody is let in.

use std::error::Error;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use eyrie_media::rtmp::{HANDSHAKE_RANDOM_BYTES, RtmpEvent, RtmpServer};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (address, file) = (arguments.next().ok_or("an address")?, arguments.next().ok_or("a file")?);
    let (mut stream, _) = TcpListener::bind(address)?.accept()?;
    let mut server = RtmpServer::new([7; HANDSHAKE_RANDOM_BYTES]);
    let (mut said, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        let count = stream.read(&mut buffer)?;
        let mut piece = buffer.get(..count).unwrap_or_default();
        said.extend_from_slice(piece);
        let mut over = count == 0;
        while let Some(event) = server.next(&mut piece)? {
            match event {
                RtmpEvent::Publish { .. } => server.accept(),
                RtmpEvent::End => {
                    over = true;
                    break;
                }
                RtmpEvent::Video { .. } | RtmpEvent::Audio { .. } => {}
            }
        }
        stream.write_all(&server.take_output())?;
        if over {
            return Ok(fs::write(file, said)?);
        }
    }
}
