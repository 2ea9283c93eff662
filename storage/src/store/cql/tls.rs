use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

/// TLS to the nodes of a CQL cluster. Each must show a certificate for the address that it is reached at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CqlTls {
    /// PEM file with the authorities that sign the cluster's certificates.
    pub authorities: PathBuf,
    /// PEM files with the certificate chain and the private key to show, where the cluster asks for one.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl CqlTls {
    /// Reads the files.
    ///
    /// # Errors
    /// The file and what is wrong with it.
    pub(super) fn client_config(&self) -> Result<Arc<ClientConfig>, String> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&self.authorities)? {
            roots.add(certificate).map_err(|error| wrong(&self.authorities, error))?;
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        let verifier = verifier.build().map_err(|error| wrong(&self.authorities, error))?;
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| error.to_string())?.with_webpki_verifier(verifier);
        let config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => {
                let pem = Zeroizing::new(read(key)?);
                let private = PrivateKeyDer::from_pem_slice(&pem).map_err(|error| wrong(key, error))?;
                builder.with_client_auth_cert(certificates(chain)?, private).map_err(|error| wrong(chain, error))?
            }
        };
        Ok(Arc::new(config))
    }
}

fn wrong(path: &Path, error: impl std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| wrong(path, error))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(path)?).collect();
    let chain = chain.map_err(|error| wrong(path, error))?;
    if chain.is_empty() { Err(wrong(path, "it holds no certificate")) } else { Ok(chain) }
}
