use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// How often the files are looked at: whoever replaces a certificate watches for about this long.
const POLL_EVERY: Duration = Duration::from_secs(10);

/// Where certificate and key lie, both PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate, followed by those that lead to a root.
    pub certificate: PathBuf,
    /// Its private key (PKCS #8, PKCS #1 or SEC 1).
    pub key: PathBuf,
}

/// Why a certificate cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file could not be read, or is no PEM.
    #[error("{path} cannot be used: {reason}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Certificate and key do not belong together, or are of a kind TLS does not take.
    #[error("certificate and key cannot be used together: {0}")]
    Pair(#[from] rustls::Error),
}

/// When both files last changed; `None` for one that cannot be looked at.
type Stamp = [Option<SystemTime>; 2];

/// The certificate of a node: the one in its files, for whatever of the node speaks TLS. Connections that stand keep theirs.
#[derive(Debug)]
pub struct Certificate {
    files: TlsFiles,
    /// When the files were first read.
    first: Stamp,
    config: ArcSwap<Configs>,
}

/// The TLS settings made of a certificate.
#[derive(Debug)]
struct Configs {
    https: Arc<ServerConfig>,
    /// No protocol is agreed on within TLS.
    bare: Arc<ServerConfig>,
}

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// When they cannot be served.
    pub async fn load(files: TlsFiles) -> Result<Arc<Self>, TlsError> {
        // The stamp is taken first: a change while reading is seen again.
        let first = stamp(&files).await;
        let config = ArcSwap::from_pointee(read(&files).await?);
        Ok(Arc::new(Self { files, first, config }))
    }

    /// What the next connection gets that speaks something else than HTTP.
    pub fn bare(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config.load().bare)
    }

    /// What the next connection of HTTP gets.
    pub(super) fn https(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config.load().https)
    }

    /// Takes over new files as they come; bad ones are told of, and the old ones stay in force.
    pub(super) async fn watch(self: Arc<Self>) {
        let mut seen = self.first;
        loop {
            tokio::time::sleep(POLL_EVERY).await;
            seen = self.reload_if_changed(seen).await;
        }
    }

    async fn reload_if_changed(&self, seen: Stamp) -> Stamp {
        let now = stamp(&self.files).await;
        if now == seen {
            return seen;
        }
        match read(&self.files).await {
            Ok(config) => {
                self.config.store(Arc::new(config));
                metrics::counter!("eyrie_tls_reloads_total", "outcome" => "taken").increment(1);
                tracing::info!(certificate = %self.files.certificate.display(), "the certificate was replaced");
            }
            Err(error) => {
                metrics::counter!("eyrie_tls_reloads_total", "outcome" => "refused").increment(1);
                tracing::error!(%error, "the new certificate cannot be used; the old one stays in force");
            }
        }
        now
    }
}

async fn stamp(files: &TlsFiles) -> Stamp {
    let modified = async |path: &Path| tokio::fs::metadata(path).await.and_then(|meta| meta.modified()).ok();
    [modified(&files.certificate).await, modified(&files.key).await]
}

async fn read(files: &TlsFiles) -> Result<Configs, TlsError> {
    let bad = |path: &Path, reason: String| TlsError::File { path: path.to_owned(), reason };
    let text = async |path: &Path| tokio::fs::read(path).await.map_err(|error| bad(path, error.to_string()));
    let (certificate, key) = (text(&files.certificate).await?, text(&files.key).await?);
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&certificate)
        .collect::<Result<_, _>>()
        .map_err(|error| bad(&files.certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(bad(&files.certificate, "it holds no certificate".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|error| bad(&files.key, error.to_string()))?;
    let mut bare = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    let mut https = bare.clone();
    https.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // librtmp, also that of OBS, takes a ticket before the first data for an error (github.com/Mbed-TLS/mbedtls/issues/9415).
    bare.send_tls13_tickets = 0;
    Ok(Configs { https: Arc::new(https), bare: Arc::new(bare) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_pair(files: &TlsFiles) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        std::fs::write(&files.certificate, made.cert.pem()).unwrap();
        std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    }

    #[tokio::test]
    async fn new_files_are_taken_over_and_bad_ones_leave_the_old_in_force() {
        let dir = tempfile::tempdir().unwrap();
        let files = TlsFiles { certificate: dir.path().join("cert.pem"), key: dir.path().join("key.pem") };
        assert!(matches!(Certificate::load(files.clone()).await, Err(TlsError::File { .. })));
        write_pair(&files);
        let certificate = Certificate::load(files.clone()).await.unwrap();
        let (stamp, first) = (certificate.first, certificate.https());

        assert_eq!(certificate.reload_if_changed(stamp).await, stamp);
        assert!(Arc::ptr_eq(&first, &certificate.https()), "unchanged files are not read again");

        std::fs::write(&files.key, "nonsense").unwrap();
        certificate.reload_if_changed([None, None]).await;
        assert!(Arc::ptr_eq(&first, &certificate.https()), "a bad key changes nothing");

        write_pair(&files);
        certificate.reload_if_changed([None, None]).await;
        assert!(!Arc::ptr_eq(&first, &certificate.https()));
    }
}
