//! The greeting inside a TLS session, over any stream:
//!
//! ```text
//! dialer                                   listener
//!   Proof(HMAC(key, "dialer" ‖ exported))  →
//!                                          ←  Proof(HMAC(key, "listener" ‖ exported))  or  Refused
//!   Hello                                  →
//!                                          ←  Hello                                    or  Refused
//! ```
//!
//! The dialer proves first, so that nobody who merely connects gets anything to guess the secret from.

use std::io::ErrorKind;
use std::sync::Arc;

use eyrie_types::NodeId;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::book::Incarnation;
use super::frame::{FrameTooLarge, GREETING_BYTES_MAX, read_frame, write_frame};
use super::message::{PeerMessage, Refusal};
use super::peers::Shared;
use super::proof::Role;
use super::{PeerError, PeerHello, Purpose};

/// Bytes both ends of one TLS session, and nobody else, know.
pub(super) type Exported = [u8; 32];

/// Who answered, and which of its processes.
pub(super) type Greeted = (PeerHello, Arc<Incarnation>);

/// Greets as the side that dialed.
pub(super) async fn greet_as_dialer(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    exported: &Exported,
    shared: &Shared,
    purpose: Purpose,
    expected: Option<NodeId>,
) -> Result<Greeted, PeerError> {
    send(stream, &PeerMessage::Proof(shared.key.prove(Role::Dialer, exported))).await?;
    match receive(stream).await? {
        PeerMessage::Proof(proof) if shared.key.accepts(Role::Listener, exported, &proof) => {}
        PeerMessage::Proof(_) => return Err(PeerError::WrongSecret),
        PeerMessage::Refused(refusal) => return Err(refusal.into_error()),
        PeerMessage::Hello(_) => return Err(PeerError::Malformed("a greeting before the proof")),
    }
    send(stream, &PeerMessage::Hello(shared.hello(purpose).encode())).await?;
    let hello = match receive(stream).await? {
        PeerMessage::Hello(bytes) => PeerHello::decode(&bytes)?,
        PeerMessage::Refused(refusal) => return Err(refusal.into_error()),
        PeerMessage::Proof(_) => return Err(PeerError::Malformed("a second proof")),
    };
    check(shared, &hello)?;
    if hello.purpose != purpose {
        return Err(PeerError::Malformed("a greeting for another purpose"));
    }
    if let Some(expected) = expected.filter(|expected| *expected != hello.node) {
        return Err(PeerError::WrongNode { expected, found: hello.node });
    }
    let incarnation = shared.book.admit(&hello)?;
    Ok((hello, incarnation))
}

/// Greets as the side that was dialed. `admit` finds a place for the connection, or says why there is none. Whoever is turned
/// away is told the reason before the stream ends.
pub(super) async fn greet_as_listener<T>(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    exported: &Exported,
    shared: &Shared,
    admit: impl FnOnce(Purpose) -> Result<T, PeerError>,
) -> Result<(Greeted, T), PeerError> {
    let result = listen(stream, exported, shared, admit).await;
    if let Err(error) = &result
        && !matches!(error, PeerError::Io(_) | PeerError::Closed)
    {
        // It may be gone already; then there is nobody to tell.
        let _ = send(stream, &PeerMessage::Refused(Refusal::of(error))).await;
        let _ = stream.shutdown().await;
    }
    result
}

async fn listen<T>(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    exported: &Exported,
    shared: &Shared,
    admit: impl FnOnce(Purpose) -> Result<T, PeerError>,
) -> Result<(Greeted, T), PeerError> {
    match receive(stream).await? {
        PeerMessage::Proof(proof) if shared.key.accepts(Role::Dialer, exported, &proof) => {}
        PeerMessage::Proof(_) => return Err(PeerError::WrongSecret),
        PeerMessage::Hello(_) | PeerMessage::Refused(_) => return Err(PeerError::Malformed("no proof")),
    }
    send(stream, &PeerMessage::Proof(shared.key.prove(Role::Listener, exported))).await?;
    let PeerMessage::Hello(bytes) = receive(stream).await? else { return Err(PeerError::Malformed("no greeting")) };
    let hello = PeerHello::decode(&bytes)?;
    check(shared, &hello)?;
    let place = admit(hello.purpose)?;
    let incarnation = shared.book.admit(&hello)?;
    send(stream, &PeerMessage::Hello(shared.hello(hello.purpose).encode())).await?;
    Ok(((hello, incarnation), place))
}

/// What either side asks of the other's greeting.
fn check(shared: &Shared, hello: &PeerHello) -> Result<(), PeerError> {
    match (shared.cell(), hello.cell) {
        (Some(ours), Some(theirs)) if ours != theirs => Err(PeerError::WrongCell { ours, theirs }),
        _ => Ok(()),
    }
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), message: &PeerMessage) -> Result<(), PeerError> {
    Ok(write_frame(stream, &message.encode(), GREETING_BYTES_MAX).await?)
}

async fn receive(stream: &mut (impl AsyncRead + Unpin)) -> Result<PeerMessage, PeerError> {
    match read_frame(stream, GREETING_BYTES_MAX).await {
        Ok(Some(bytes)) => PeerMessage::decode(&bytes),
        Ok(None) => Err(PeerError::Closed),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(PeerError::Closed),
        Err(error) if FrameTooLarge::is(&error) => Err(PeerError::Malformed("a frame too large")),
        Err(error) => Err(error.into()),
    }
}
