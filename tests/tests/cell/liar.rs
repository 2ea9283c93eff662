//! A man in the middle who knows the cell's secret: what other nodes ask one node for over the media link comes to him, and he
//! answers with that node's own answers, or with what he makes of them. All else passes through as it is.
//!
//! TLS lets nobody do that who does not know the secret: each end proves it within its own session. Greetings are handed on as they
//! are, so that either side takes the other for the process that it is (docs/adr/0014).

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use axum::body::Bytes;
use futures::stream::{self, StreamExt as _};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http2::SendRequest;
use hyper::header::CONTENT_LENGTH;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use rustls_pki_types::PrivatePkcs8KeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::foreign_peer::{ALPN, EXPORTER_LABEL, Proof, connect, receive, send};

/// The last byte of a greeting for media.
const FOR_MEDIA: u8 = 2;

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lie {
    /// Every bit is another.
    Garbage,
    /// Half of it, as if that were all.
    Half,
    /// One bit in the middle is another, so that no hash is right.
    OneBit,
    /// It never ends.
    Endless,
    /// It stands still in the middle.
    Stalled,
}

/// Lies, and what part of its path makes a question one for each.
type Told = Arc<Mutex<Vec<(Lie, String)>>>;

/// Stands before one node; others are told his address for that node's. Gone when dropped.
pub(crate) struct Liar {
    address: String,
    told: Told,
    serves: JoinHandle<()>,
}

impl Liar {
    /// Before the node whose listener is to be at `address`, of the cell with this secret. Honest, until told otherwise.
    pub(crate) async fn before(address: String, secret: &str) -> anyhow::Result<Self> {
        let made = rcgen::generate_simple_self_signed(vec!["eyrie-peer".to_owned()])?;
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13])?;
        let mut config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key.into())?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.send_tls13_tickets = 0;
        let between = Between {
            address,
            proof: Proof::of(secret)?,
            acceptor: TlsAcceptor::from(Arc::new(config)),
            told: Arc::default(),
        };
        let socket = TcpListener::bind("127.0.0.1:0").await?;
        let (address, told) = (socket.local_addr()?.to_string(), Arc::clone(&between.told));
        let serves = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = socket.accept().await {
                while connections.try_join_next().is_some() {}
                // A node that is not there, or goes, ends its connections; both ends try again.
                let between = between.clone();
                connections.spawn(async move { drop(between.carry(stream).await) });
            }
        });
        Ok(Self { address, told, serves })
    }

    /// Where he is, for the other nodes.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Lies so about all questions whose path has `part`, from now on.
    pub(crate) fn lie(&self, lie: Lie, part: &str) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|(_, about)| about != part);
        told.push((lie, part.to_owned()));
    }

    /// Tells the truth again about those.
    pub(crate) fn be_honest(&self, part: &str) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).retain(|(_, about)| about != part);
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.serves.abort();
    }
}

#[derive(Clone)]
struct Between {
    address: String,
    proof: Proof,
    acceptor: TlsAcceptor,
    told: Told,
}

impl Between {
    async fn carry(self, stream: TcpStream) -> anyhow::Result<()> {
        stream.set_nodelay(true)?;
        let mut near = self.acceptor.accept(stream).await?;
        let exported = near.get_ref().1.export_keying_material([0_u8; 32], EXPORTER_LABEL, None)?;
        ensure!(receive(&mut near).await?.first() == Some(&0), "no proof");
        send(&mut near, &self.proof.message("listener", &exported)).await?;
        let hello = receive(&mut near).await?;
        let mut far = connect(&self.address, &self.proof).await?;
        send(&mut far, &hello).await?;
        let answer = receive(&mut far).await?;
        send(&mut near, &answer).await?;
        let media = answer.first() == Some(&1) && hello.last() == Some(&FOR_MEDIA);
        if !media {
            tokio::io::copy_bidirectional(&mut near, &mut far).await?;
            return Ok(());
        }
        let (ask, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(far)).await?;
        let service = service_fn(move |request| answer_as_told(request, ask.clone(), Arc::clone(&self.told)));
        let serve = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(near), service);
        tokio::select! {
            ended = connection => ended?,
            ended = serve => ended?,
        }
        Ok(())
    }
}

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// The node's own answer, and what becomes of it.
async fn answer_as_told(
    request: Request<Incoming>,
    mut ask: SendRequest<Full<Bytes>>,
    told: Told,
) -> Result<Response<Body>, Infallible> {
    let (head, _) = request.into_parts();
    let lie = {
        let told = told.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().find(|(_, part)| head.uri.path().contains(part)).map(|(lie, _)| *lie)
    };
    let answered = async {
        let (head, body) = ask.send_request(Request::from_parts(head, Full::default())).await?.into_parts();
        // Whole, before any of it goes on: none is longer than a fragment.
        anyhow::Ok((head, body.collect().await?.to_bytes()))
    };
    Ok(match answered.await.context("the node does not answer") {
        Ok((mut head, body)) => {
            if lie.is_some() {
                // HTTP/2 itself would find him out.
                head.headers.remove(CONTENT_LENGTH);
            }
            Response::from_parts(head, spoilt(body, lie))
        }
        // Reset, as when the node itself is gone.
        Err(error) => Response::new(StreamBody::new(stream::iter([Err(io::Error::other(error))])).boxed_unsync()),
    })
}

fn spoilt(body: Bytes, lie: Option<Lie>) -> Body {
    let whole = |bytes: Bytes| Full::new(bytes).map_err(|never| match never {}).boxed_unsync();
    let half = body.slice(..body.len() / 2);
    let frame = |bytes: Bytes| Ok::<_, io::Error>(Frame::data(bytes));
    match lie {
        None => whole(body),
        Some(Lie::Garbage) => whole(body.iter().map(|byte| byte ^ 0x55).collect()),
        Some(Lie::Half) => whole(half),
        Some(Lie::OneBit) => {
            let mut bytes = body.to_vec();
            let middle = bytes.len() / 2;
            if let Some(byte) = bytes.get_mut(middle) {
                *byte ^= 1;
            }
            whole(bytes.into())
        }
        Some(Lie::Endless) => {
            let more = stream::repeat_with(move || frame(Bytes::from_static(&[0; 64 << 10])));
            StreamBody::new(stream::iter([frame(body)]).chain(more)).boxed_unsync()
        }
        Some(Lie::Stalled) => StreamBody::new(stream::iter([frame(half)]).chain(stream::pending())).boxed_unsync(),
    }
}
