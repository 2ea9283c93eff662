//! A peer of another release, made by hand from what docs/adr/0014 says of the greeting.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use aws_lc_rs::{hmac, pbkdf2};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// What TLS says is spoken inside.
pub(crate) const ALPN: &[u8] = b"eyrie-peer";
/// What a session exports for the proof.
pub(crate) const EXPORTER_LABEL: &[u8] = b"EXPORTER-eyrie-peer-proof-1";
/// Frames of a greeting are this long at most.
const FRAME_BYTES_MAX: u32 = 4096;

#[derive(Debug)]
struct Anyone;

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// What the nodes of a cell prove to one another, stretched.
#[derive(Debug, Clone)]
pub(crate) struct Proof(hmac::Key);

impl Proof {
    /// Of the cell's `secret`.
    pub(crate) fn of(secret: &str) -> anyhow::Result<Self> {
        let mut key = [0; 32];
        let rounds = std::num::NonZeroU32::new(100_000).context("not zero")?;
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, b"eyrie cell secret 1", secret.as_bytes(), &mut key);
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    /// Message 0, within the session that exported `exported`, of the end that `role` names.
    pub(crate) fn message(&self, role: &str, exported: &[u8; 32]) -> Vec<u8> {
        let said = [format!("eyrie peer proof 1 {role}").as_bytes(), exported].concat();
        [&[0], hmac::sign(&self.0, &said).as_ref()].concat()
    }
}

/// Connects with the node at `address` and proves the secret to it; it has proved it, too.
pub(crate) async fn connect(address: &str, proof: &Proof) -> anyhow::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13])?;
    let mut config = config.dangerous().with_custom_certificate_verifier(Arc::new(Anyone)).with_no_client_auth();
    config.alpn_protocols = vec![ALPN.to_vec()];
    let tcp = TcpStream::connect(address).await?;
    tcp.set_nodelay(true)?;
    let name = ServerName::from(tcp.peer_addr()?.ip());
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await?;
    let exported = stream.get_ref().1.export_keying_material([0_u8; 32], EXPORTER_LABEL, None)?;
    send(&mut stream, &proof.message("dialer", &exported)).await?;
    let answer = receive(&mut stream).await?;
    if answer.first() != Some(&0) {
        bail!("the secret did not do: {}", String::from_utf8_lossy(&answer));
    }
    Ok(stream)
}

/// Greets the node at `address`, knowing the cell's `secret`, as one that speaks protocols `oldest` to `newest` and nothing else.
/// What it answers to that, as text where it is text.
pub(crate) async fn greet(address: &str, secret: &str, oldest: u8, newest: u8) -> anyhow::Result<String> {
    let mut stream = connect(address, &Proof::of(secret)?).await?;
    // Message 1: a greeting, of which nobody can read more than the range.
    let hello = [oldest, newest, 0xff, 0xff, 0xff];
    send(&mut stream, &[&[1, hello.len() as u8], &hello[..]].concat()).await?;
    Ok(String::from_utf8_lossy(&receive(&mut stream).await?).into_owned())
}

pub(crate) async fn send(stream: &mut (impl tokio::io::AsyncWrite + Unpin), message: &[u8]) -> anyhow::Result<()> {
    stream.write_all(&(message.len() as u32).to_be_bytes()).await?;
    stream.write_all(message).await?;
    Ok(stream.flush().await?)
}

pub(crate) async fn receive(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> anyhow::Result<Vec<u8>> {
    let length = stream.read_u32().await?;
    anyhow::ensure!(length <= FRAME_BYTES_MAX, "a frame of {length} bytes");
    let mut message = vec![0; length as usize];
    stream.read_exact(&mut message).await?;
    Ok(message)
}
