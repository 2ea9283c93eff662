//! The addresses that cameras publish to, and the keys in them.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::http::uri::Authority;
use eyrie_actors::control::CAMERA_PASSWORD;
use eyrie_actors::{PUBLISH_APP, publish_name};
use eyrie_storage::keys::SealContext;
use eyrie_storage::store::StoredCamera;
use eyrie_types::{ProblemCode, Secret, SourceSpec};

use crate::{GatewayState, Problem};

/// Random bytes of a key: it is guessed by nobody, at any rate.
const KEY_BYTES: usize = 20;

/// Where cameras publish with RTMP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishAddress {
    /// HOST:PORT as publishers reach it; `None`: the host that the API was asked by, and [`Self::port`].
    pub host: Option<String>,
    /// The port of the listener.
    pub port: u16,
    /// It speaks TLS, and that is what publishers are told to speak.
    pub tls: bool,
}

/// The host that a client reached this server by, without a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AskedHost(String);

impl<S: Send + Sync> FromRequestParts<S> for AskedHost {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        // HTTP/2 has it in the address, HTTP/1.1 in a header. Whoever lies about it is told lies.
        let told = || parts.headers.get(header::HOST)?.to_str().ok()?.parse::<Authority>().ok();
        let authority = parts.uri.authority().cloned().or_else(told);
        Ok(Self(authority.map_or_else(|| "localhost".to_owned(), |authority| authority.host().to_owned())))
    }
}

/// A new key.
///
/// # Errors
/// When the system has no random bytes.
pub(crate) fn new_key() -> Result<Secret, Problem> {
    let mut bytes = [0; KEY_BYTES];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Problem::new(ProblemCode::Internal, "No key could be made."))?;
    Ok(Secret::new(hex::encode(bytes)))
}

/// The whole address of a camera that publishes, its key in it: for those who may manage the camera, and for no log. `None` for
/// other cameras, and where this node takes no publishers.
pub(crate) fn link(state: &GatewayState, AskedHost(asked): &AskedHost, stored: &StoredCamera) -> Option<String> {
    let camera = &stored.camera;
    let (SourceSpec::Rtmp(_), Some(address)) = (&camera.spec.source, state.publish()) else { return None };
    let object = camera.id.to_string();
    let context = SealContext { tenant: &camera.tenant, purpose: CAMERA_PASSWORD, object: &object };
    let key = match state.sealer().open(context, stored.password.as_ref()?.as_bytes()) {
        Ok(key) => key,
        Err(error) => {
            tracing::error!(%error, camera = %camera.id, "the key of a camera's address cannot be opened");
            return None;
        }
    };
    let name = publish_name(camera.id, &String::from_utf8_lossy(&key));
    let host = address.host.clone().unwrap_or_else(|| format!("{asked}:{}", address.port));
    let scheme = if address.tls { "rtmps" } else { "rtmp" };
    Some(format!("{scheme}://{host}/{PUBLISH_APP}/{name}"))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[tokio::test]
    async fn the_host_is_that_of_the_request_without_its_port() {
        for (uri, host, expected) in [
            ("/api", Some("cam.example.org:8080"), "cam.example.org"),
            ("/api", Some("[2001:db8::1]:8080"), "[2001:db8::1]"),
            ("https://two.example.org/api", None, "two.example.org"),
            ("/api", Some("a b"), "localhost"),
            ("/api", None, "localhost"),
        ] {
            let mut request = Request::builder().uri(uri);
            if let Some(host) = host {
                request = request.header(header::HOST, host);
            }
            let (mut parts, ()) = request.body(()).unwrap().into_parts();
            let Ok(found) = AskedHost::from_request_parts(&mut parts, &()).await;
            assert_eq!(found, AskedHost(expected.to_owned()));
        }
    }

    #[test]
    fn keys_differ_and_fit_into_an_address() {
        let (one, other) = (new_key().unwrap(), new_key().unwrap());
        assert_ne!(one, other);
        assert!(one.expose().len() == 2 * KEY_BYTES && one.expose().bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
