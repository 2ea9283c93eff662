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

/// Greets the node at `address`, knowing the cell's `secret`, as one that speaks protocols `oldest` to `newest` and nothing else.
/// What it answers to that, as text where it is text.
pub(crate) async fn greet(address: &str, secret: &str, oldest: u8, newest: u8) -> anyhow::Result<String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13])?;
    let mut config = config.dangerous().with_custom_certificate_verifier(Arc::new(Anyone)).with_no_client_auth();
    config.alpn_protocols = vec![b"eyrie-peer".to_vec()];
    let tcp = TcpStream::connect(address).await?;
    let name = ServerName::from(tcp.peer_addr()?.ip());
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await?;

    let exported = stream.get_ref().1.export_keying_material([0_u8; 32], b"EXPORTER-eyrie-peer-proof-1", None)?;
    let mut key = [0; 32];
    let rounds = std::num::NonZeroU32::new(100_000).context("not zero")?;
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, b"eyrie cell secret 1", secret.as_bytes(), &mut key);
    let said = [&b"eyrie peer proof 1 dialer"[..], &exported].concat();
    let proof = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &said);
    // Message 0: a proof.
    send(&mut stream, &[&[0], proof.as_ref()].concat()).await?;
    let answer = receive(&mut stream).await?;
    if answer.first() != Some(&0) {
        bail!("the secret did not do: {}", String::from_utf8_lossy(&answer));
    }
    // Message 1: a greeting, of which nobody can read more than the range.
    let hello = [oldest, newest, 0xff, 0xff, 0xff];
    send(&mut stream, &[&[1, hello.len() as u8], &hello[..]].concat()).await?;
    Ok(String::from_utf8_lossy(&receive(&mut stream).await?).into_owned())
}

async fn send(stream: &mut (impl tokio::io::AsyncWrite + Unpin), message: &[u8]) -> anyhow::Result<()> {
    stream.write_all(&(message.len() as u32).to_be_bytes()).await?;
    Ok(stream.write_all(message).await?)
}

async fn receive(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> anyhow::Result<Vec<u8>> {
    let length = stream.read_u32().await?;
    anyhow::ensure!(length <= FRAME_BYTES_MAX, "a frame of {length} bytes");
    let mut message = vec![0; length as usize];
    stream.read_exact(&mut message).await?;
    Ok(message)
}
