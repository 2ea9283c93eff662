use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature,
};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::version::TLS13;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, ServerConfig, SignatureScheme};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};

use super::{PeerConfigError, PeerTls};

/// Says what is spoken inside, so that a browser or another TLS service that came here by mistake is told so at once.
const ALPN: &[u8] = b"eyrie-peer";

/// Both ends' TLS settings: TLS 1.3 only, no resumption (each session proves the secret anew).
pub(super) struct TlsEnds {
    pub(super) dialer: Arc<ClientConfig>,
    pub(super) listener: Arc<ServerConfig>,
}

impl TlsEnds {
    /// Makes or reads the certificates.
    pub(super) fn new(tls: &PeerTls) -> Result<Self, PeerConfigError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let (chain, key, roots) = match tls {
            PeerTls::SelfSigned => {
                let made = rcgen::generate_simple_self_signed(vec!["eyrie-peer".to_owned()])?;
                let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
                (vec![made.cert.der().clone()], PrivateKeyDer::from(key), None)
            }
            PeerTls::Files { certificate, key, authorities } => {
                let key_pem = zeroize::Zeroizing::new(read(key)?);
                let key = PrivateKeyDer::from_pem_slice(&key_pem).map_err(|error| pem(key, error))?;
                (read_certificates(certificate)?, key, Some(read_roots(authorities)?))
            }
        };
        let server = ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(&[&TLS13])?;
        let server = match &roots {
            None => server.with_no_client_auth(),
            Some(roots) => {
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone()).build();
                server.with_client_cert_verifier(verifier.map_err(|error| rustls::Error::General(error.to_string()))?)
            }
        };
        let mut listener = server.with_single_cert(chain.clone(), key.clone_key())?;
        listener.alpn_protocols = vec![ALPN.to_vec()];
        listener.send_tls13_tickets = 0;

        let client = ClientConfig::builder_with_provider(provider.clone()).with_protocol_versions(&[&TLS13])?;
        let verifier = Arc::new(PeerCertificate { roots: roots.clone(), algorithms: algorithms(&provider) });
        let client = client.dangerous().with_custom_certificate_verifier(verifier);
        let mut dialer = match roots {
            None => client.with_no_client_auth(),
            Some(_) => client.with_client_auth_cert(chain, key)?,
        };
        dialer.alpn_protocols = vec![ALPN.to_vec()];
        dialer.resumption = rustls::client::Resumption::disabled();
        dialer.enable_sni = false;
        Ok(Self { dialer: Arc::new(dialer), listener: Arc::new(listener) })
    }
}

fn algorithms(provider: &CryptoProvider) -> WebPkiSupportedAlgorithms {
    provider.signature_verification_algorithms
}

fn read(path: &Path) -> Result<Vec<u8>, PeerConfigError> {
    std::fs::read(path).map_err(|source| PeerConfigError::File { path: path.to_owned(), source })
}

fn pem(path: &Path, error: impl std::fmt::Display) -> PeerConfigError {
    PeerConfigError::Pem { path: path.to_owned(), reason: error.to_string() }
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, PeerConfigError> {
    let bytes = read(path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let chain = chain.map_err(|error| pem(path, error))?;
    if chain.is_empty() {
        return Err(pem(path, "it holds no certificate"));
    }
    Ok(chain)
}

fn read_roots(path: &Path) -> Result<Arc<RootCertStore>, PeerConfigError> {
    let mut roots = RootCertStore::empty();
    for certificate in read_certificates(path)? {
        roots.add(certificate).map_err(|error| pem(path, error))?;
    }
    Ok(Arc::new(roots))
}

/// Checks a listener's certificate: against the operator's authorities where there are any, and else only that its holder
/// has its key. Which node it is, and whether it belongs to the cell, is proved inside the session.
#[derive(Debug)]
struct PeerCertificate {
    roots: Option<Arc<RootCertStore>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for PeerCertificate {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(roots) = &self.roots {
            let parsed = ParsedCertificate::try_from(end_entity)?;
            let algorithms = self.algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&parsed, roots, intermediates, now, algorithms)?;
        }
        Ok(ServerCertVerified::assertion())
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
