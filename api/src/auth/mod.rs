//! Who somebody is: passwords, tokens, sessions, capabilities, tickets. Whether they may do what they ask is decided at the
//! one authorization point, `authorize`.

mod attempts;
mod bootstrap;
mod capability;
mod password;
mod revocations;
mod session_cache;
mod sign_in;
mod signing_keys;
mod tickets;
mod token_cache;
mod tokens;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eyrie_types::Secret;

pub(crate) use attempts::Attempts;
pub use bootstrap::{BootstrapError, ensure_admin, reset_password};
pub(crate) use capability::{CAPABILITY_TTL, Capability, CapabilityError};
pub use password::PasswordError;
pub(crate) use password::{Passwords, check_new};
pub(crate) use revocations::{Revocation, SUBJECT as REVOCATION, follow as follow_revocations};
pub(crate) use session_cache::{Ended, SessionCache};
pub(crate) use sign_in::{locked as sign_in_pause, log_in, log_out, refresh};
pub use signing_keys::KeyError;
pub(crate) use signing_keys::SigningKeys;
pub(crate) use tickets::{TICKET_TTL, TicketError, Tickets};
pub(crate) use token_cache::TokenCache;
pub(crate) use tokens::{ACCESS_TTL, AccessClaims, TokenError};

/// Bytes of randomness in tokens and tickets: 256 bits cannot be guessed.
const TOKEN_BYTES: usize = 32;

/// A fresh unguessable text for refresh tokens and tickets: 43 characters, safe in headers and subprotocols.
///
/// # Errors
/// When the system has no randomness.
pub(crate) fn random_token() -> Result<Secret, getrandom::Error> {
    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}
