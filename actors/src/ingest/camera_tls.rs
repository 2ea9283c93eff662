use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest::{SHA256, digest};
use eyrie_types::CertificatePin;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    WebPkiSupportedAlgorithms, aws_lc_rs as provider, verify_tls12_signature, verify_tls13_signature,
};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::Url;

use super::Fault;
use super::fault::first_line;

/// Who the node's system trusts, read when the first camera needs it. `None`: nobody.
static SYSTEM: OnceCell<Option<Arc<WebPkiServerVerifier>>> = OnceCell::const_new();

/// Connects to `address`, which `url` resolved to, and speaks TLS with the camera: 1.2 or 1.3, and nothing else before its
/// certificate is known to be `pin`'s or to be issued for the host of `url` by an authority that the system trusts.
///
/// # Errors
/// When it cannot be reached, speaks no TLS, or shows another certificate; then with its fingerprint, for a person to compare.
pub(super) async fn connect(
    address: SocketAddr,
    url: &Url,
    pin: Option<CertificatePin>,
) -> Result<TlsStream<TcpStream>, Fault> {
    let name = server_name(url).ok_or_else(|| Fault::Tls("its address names no host".to_owned()))?;
    let certificate = Arc::new(CameraCertificate {
        pin,
        system: SYSTEM.get_or_init(system).await.clone(),
        algorithms: provider::default_provider().signature_verification_algorithms,
        shown: OnceLock::new(),
    });
    let config = ClientConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Fault::Tls(first_line(&error.to_string())))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&certificate) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let unreachable = |error: std::io::Error| Fault::Unreachable(first_line(&error.to_string()));
    let plain = TcpStream::connect(address).await.map_err(unreachable)?;
    plain.set_nodelay(true).map_err(unreachable)?;
    TlsConnector::from(Arc::new(config)).connect(name, plain).await.map_err(|error| {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match (inner, certificate.shown.get()) {
            (Some(rustls::Error::InvalidCertificate(why)), Some(shown)) => {
                Fault::Certificate { why: words(why), shown: *shown }
            }
            _ => Fault::Tls(first_line(&error.to_string())),
        }
    })
}

/// What is wrong with a certificate, for people.
fn words(why: &CertificateError) -> &'static str {
    match why {
        CertificateError::ApplicationVerificationFailure => "another one is asked for",
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "it is not valid yet",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => "it is for another name",
        CertificateError::BadEncoding => "it cannot be read",
        _ => "nobody that this node trusts has issued it",
    }
}

/// Whether what `url` names is spoken to in TLS.
pub(super) fn is_tls(url: &Url) -> bool {
    url.scheme() == "rtsps"
}

/// The host of `url` as certificates name it: addresses without brackets.
fn server_name(url: &Url) -> Option<ServerName<'static>> {
    let host = url.host_str()?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(bare.to_owned()).ok()
}

async fn system() -> Option<Arc<WebPkiServerVerifier>> {
    let loaded = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await.ok()?;
    for error in &loaded.errors {
        tracing::warn!(%error, "some of the system's certificate authorities cannot be read");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(loaded.certs);
    let provider = Arc::new(provider::default_provider());
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().ok()
}

/// Judges the certificate of one connection, and remembers which one it was.
#[derive(Debug)]
struct CameraCertificate {
    pin: Option<CertificatePin>,
    system: Option<Arc<WebPkiServerVerifier>>,
    algorithms: WebPkiSupportedAlgorithms,
    shown: OnceLock<CertificatePin>,
}

impl ServerCertVerifier for CameraCertificate {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let sha256 = digest(&SHA256, end_entity).as_ref().try_into();
        let shown = CertificatePin::new(sha256.map_err(|_| rustls::Error::General("SHA-256 has 32 bytes".to_owned()))?);
        let shown = *self.shown.get_or_init(|| shown);
        match (self.pin, &self.system) {
            (Some(pin), _) if pin == shown => Ok(ServerCertVerified::assertion()),
            (Some(_), _) => Err(CertificateError::ApplicationVerificationFailure.into()),
            (None, Some(system)) => {
                system.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            (None, None) => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
