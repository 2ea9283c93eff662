use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use eyrie_types::Secret;
use md5::{Digest, Md5};
use serde::Deserialize;

use super::Request;

const REALM: &str = "camsim";

/// How a stream wants to be asked.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Auth {
    /// Anyone may.
    #[default]
    None,
    /// RFC 7617.
    Basic {
        /// The user's name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// RFC 2617 with MD5 and no `qop`, as most cameras do.
    Digest {
        /// The user's name.
        user: String,
        /// The password.
        password: Secret,
    },
}

impl Auth {
    /// Basic credentials.
    pub fn basic(user: &str, password: &str) -> Self {
        Self::Basic { user: user.to_owned(), password: Secret::new(password) }
    }

    /// Digest credentials.
    pub fn digest(user: &str, password: &str) -> Self {
        Self::Digest { user: user.to_owned(), password: Secret::new(password) }
    }

    /// The `WWW-Authenticate` header of a 401; a stream open to all challenges with Digest when a fault asks for it.
    pub(crate) fn challenge(&self, nonce: &str) -> String {
        match self {
            Self::Basic { .. } => format!("Basic realm=\"{REALM}\""),
            Self::None | Self::Digest { .. } => format!("Digest realm=\"{REALM}\", nonce=\"{nonce}\""),
        }
    }

    /// Whether `request` brings the right credentials. The digest is checked against the URI the client says it signed
    /// (cameras do not compare it with the request line either).
    pub(crate) fn admits(&self, request: &Request, nonce: &str) -> bool {
        let given = request.header("Authorization").unwrap_or_default();
        match self {
            Self::None => true,
            Self::Basic { user, password } => {
                let wanted = BASE64_STANDARD.encode(format!("{user}:{}", password.expose()));
                given.strip_prefix("Basic ").is_some_and(|have| have.trim() == wanted)
            }
            Self::Digest { user, password } => given.strip_prefix("Digest ").is_some_and(|fields| {
                let field = |name| digest_field(fields, name);
                let (Some(uri), Some(response)) = (field("uri"), field("response")) else { return false };
                let ha1 = md5_hex(&format!("{user}:{REALM}:{}", password.expose()));
                let ha2 = md5_hex(&format!("{}:{uri}", request.method));
                field("username") == Some(user.as_str())
                    && field("nonce") == Some(nonce)
                    && response == md5_hex(&format!("{ha1}:{nonce}:{ha2}"))
            }),
        }
    }
}

/// One field of a Digest header; the values we look at contain no commas within quotes but for URIs, which camsim's never do.
fn digest_field<'a>(fields: &'a str, name: &str) -> Option<&'a str> {
    fields.split(',').find_map(|field| {
        let (have, value) = field.trim().split_once('=')?;
        (have.trim() == name).then(|| value.trim().trim_matches('"'))
    })
}

fn md5_hex(text: &str) -> String {
    hex::encode(Md5::digest(text))
}
