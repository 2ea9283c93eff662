use std::sync::Arc;
use std::{fmt, io};

use rustls::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::refused::Refused;
use super::socket::{Socket, Stream};

/// The first byte of whoever speaks TLS: a record of the handshake (RFC 8446, 5.1). RTMP begins with its version, 3.
const TLS_HANDSHAKE: u8 = 0x16;
/// What tells a client of TLS that there will be none: a fatal alert, `handshake_failure` (RFC 8446, 6).
const NO_TLS_ALERT: [u8; 7] = [0x15, 3, 1, 0, 2, 2, 40];

/// Most of a record of TLS, its head included (RFC 8446, 5.1).
const RECORD_BYTES_MAX: usize = 5 + (1 << 14);

/// Asked for each connection, so that a new certificate is used from the next one on.
type Config = Arc<dyn Fn() -> Arc<ServerConfig> + Send + Sync>;

/// How publishers may speak.
#[derive(Clone, Default)]
pub struct RtmpTls {
    config: Option<Config>,
    required: bool,
}

impl RtmpTls {
    /// With TLS by what `config` answers for each connection; also in the clear unless `required`.
    pub fn new(config: impl Fn() -> Arc<ServerConfig> + Send + Sync + 'static, required: bool) -> Self {
        Self { config: Some(Arc::new(config)), required }
    }

    /// Whether `socket` begins with TLS, by its first byte, which stays in it.
    ///
    /// # Errors
    /// When it has gone, or may not speak as it does.
    pub(super) async fn spoken(&self, socket: &mut TcpStream) -> Result<bool, Refused> {
        let mut first = [0];
        let count = socket.peek(&mut first).await.map_err(|_| Refused::Gone)?;
        match (count, first == [TLS_HANDSHAKE], &self.config) {
            (0, ..) => Err(Refused::Gone),
            (_, true, Some(_)) => Ok(true),
            (_, true, None) => {
                // It may not listen.
                let _ = no_tls(socket).await;
                Err(Refused::NoCertificate)
            }
            // Before its key was sent in the clear.
            (_, false, _) if self.required => Err(Refused::NotTls),
            (_, false, _) => Ok(false),
        }
    }

    /// Agrees on TLS.
    ///
    /// # Errors
    /// When that fails.
    pub(super) async fn agree(&self, socket: TcpStream) -> Result<Stream, Refused> {
        let config = self.config.as_ref().ok_or(Refused::NoCertificate)?();
        let stream = TlsAcceptor::from(config).accept(Socket::new(socket)).await;
        stream.map(|stream| Stream::Tls(Box::new(stream))).map_err(|error| Refused::Tls(error.to_string()))
    }
}

/// Says that there is no TLS. Its first record is taken, for a socket that is closed with something unread takes back what was
/// said.
async fn no_tls(socket: &mut TcpStream) -> io::Result<()> {
    socket.write_all(&NO_TLS_ALERT).await?;
    socket.shutdown().await?;
    socket.read(&mut vec![0; RECORD_BYTES_MAX]).await.map(drop)
}

impl fmt::Debug for RtmpTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RtmpTls")
            .field("certificate", &self.config.is_some())
            .field("required", &self.required)
            .finish()
    }
}
