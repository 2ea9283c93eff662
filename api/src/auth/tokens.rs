use std::time::Duration;

use eyrie_types::{SessionId, TenantId, UserId, WallTime};
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};

use super::signing_keys::{KeyError, SigningKeys};

/// How long an access token is good: with everything down, a revoked one is dead after this.
pub(crate) const ACCESS_TTL: Duration = Duration::from_secs(600);
/// Clocks of the nodes of a cell may differ by this much: a token may come from the future by no more.
const CLOCK_LEEWAY: Duration = Duration::from_secs(30);
/// Longest access token taken, in bytes; ours have about 500.
const TOKEN_BYTES_MAX: usize = 2048;
/// Who issues and who takes the tokens (RFC 7519 sections 4.1.1 and 4.1.3).
const ISSUER: &str = "eyrie";
/// The media type of access tokens (RFC 9068 section 2.1): nothing else that is signed with these keys passes as one.
const TOKEN_TYPE: &str = "at+jwt";

/// What an access token says (RFC 7519).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccessClaims {
    iss: String,
    aud: String,
    /// The user.
    pub(crate) sub: UserId,
    /// The session: when it ends, so does the token.
    pub(crate) sid: SessionId,
    /// Whose user.
    pub(crate) tenant: TenantId,
    iat: u64,
    exp: u64,
}

/// A token whose signature is good: what it says, and by which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VerifiedToken {
    pub(crate) claims: AccessClaims,
    kid: String,
}

impl VerifiedToken {
    /// Whether it still is good at `now`.
    ///
    /// # Errors
    /// As [`AccessClaims::verify`].
    pub(crate) fn check(&self, keys: &SigningKeys, now: WallTime) -> Result<(), TokenError> {
        keys.verifying(&self.kid, now).ok_or(TokenError::UnknownKey)?;
        self.claims.check_times(now)
    }
}

/// Why an access token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// Not one of ours: malformed, another algorithm, wrong signature, wrong issuer.
    #[error("the access token is not valid")]
    Invalid,
    /// It says that it was signed with a key that this node does not know (yet).
    #[error("the access token is signed with an unknown key")]
    UnknownKey,
    /// It was good once.
    #[error("the access token has expired")]
    Expired,
}

impl AccessClaims {
    /// The claims of a token issued at `now`.
    pub(crate) fn new(user: UserId, session: SessionId, tenant: TenantId, now: WallTime) -> Self {
        let iat = seconds(now);
        let (iss, aud) = (ISSUER.to_owned(), ISSUER.to_owned());
        Self { iss, aud, sub: user, sid: session, tenant, iat, exp: iat + ACCESS_TTL.as_secs() }
    }

    /// Signs the token with the current key (EdDSA, RFC 8037).
    ///
    /// # Errors
    /// When there is no key to sign with.
    pub(crate) fn sign(&self, keys: &SigningKeys, now: WallTime) -> Result<String, KeyError> {
        let key = keys.current(now)?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TOKEN_TYPE.to_owned());
        header.kid = Some(key.kid.clone());
        jsonwebtoken::encode(&header, self, &key.signing).map_err(|_| KeyError::Unusable)
    }

    /// Reads and checks a token.
    ///
    /// # Errors
    /// [`TokenError::Expired`] only for a token that is ours in every other respect.
    pub(crate) fn verify(token: &str, keys: &SigningKeys, now: WallTime) -> Result<VerifiedToken, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Invalid);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        // The algorithm is ours to choose, never the token's (RFC 8725 section 3.1).
        if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TOKEN_TYPE) {
            return Err(TokenError::Invalid);
        }
        let kid = header.kid.ok_or(TokenError::Invalid)?;
        let key = keys.verifying(&kid, now).ok_or(TokenError::UnknownKey)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[ISSUER]);
        // Times are checked below, against our clock.
        validation.validate_exp = false;
        let claims =
            jsonwebtoken::decode::<Self>(token, &key.verifying, &validation).map_err(|_| TokenError::Invalid)?.claims;
        claims.check_times(now)?;
        Ok(VerifiedToken { claims, kid })
    }

    fn check_times(&self, now: WallTime) -> Result<(), TokenError> {
        let now = seconds(now);
        if self.iat > now + CLOCK_LEEWAY.as_secs() || self.exp > self.iat + ACCESS_TTL.as_secs() {
            return Err(TokenError::Invalid);
        }
        if self.exp <= now { Err(TokenError::Expired) } else { Ok(()) }
    }
}

fn seconds(time: WallTime) -> u64 {
    u64::try_from(time.as_unix_secs()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn now() -> WallTime {
        WallTime::from_unix_us(1_767_225_600_000_000)
    }

    fn claims() -> AccessClaims {
        AccessClaims::new(UserId::generate(), SessionId::generate(), TenantId::default_tenant(), now())
    }

    #[test]
    fn a_token_is_good_until_it_expires() {
        let keys = SigningKeys::for_tests(now());
        let claims = claims();
        let token = claims.sign(&keys, now()).unwrap();
        assert_eq!(AccessClaims::verify(&token, &keys, now()).map(|verified| verified.claims), Ok(claims));
        assert_eq!(AccessClaims::verify(&token, &keys, now() + ACCESS_TTL), Err(TokenError::Expired));
        assert_eq!(AccessClaims::verify(&token, &keys, now() - CLOCK_LEEWAY * 2), Err(TokenError::Invalid));
    }

    #[test]
    fn other_algorithms_other_keys_and_tampering_are_refused() {
        let keys = SigningKeys::for_tests(now());
        let token = claims().sign(&keys, now()).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let [_, payload, signature] = parts[..] else { panic!("three parts") };
        let kid = keys.current(now()).unwrap().kid.clone();
        let header = |json: String| URL_SAFE_NO_PAD.encode(json);
        let none = header(format!(r#"{{"alg":"none","typ":"at+jwt","kid":"{kid}"}}"#));
        let hmac = header(format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{kid}"}}"#));
        let other = header(r#"{"alg":"EdDSA","typ":"at+jwt","kid":"other"}"#.to_owned());
        let plain = header(format!(r#"{{"alg":"EdDSA","typ":"JWT","kid":"{kid}"}}"#));
        for bad in [
            format!("{none}.{payload}."),
            format!("{none}.{payload}.{signature}"),
            format!("{hmac}.{payload}.{signature}"),
            format!("{plain}.{payload}.{signature}"),
            String::new(),
            "a.b.c".to_owned(),
            "x".repeat(TOKEN_BYTES_MAX + 1),
        ] {
            assert_eq!(AccessClaims::verify(&bad, &keys, now()), Err(TokenError::Invalid), "{bad}");
        }
        let bad = format!("{other}.{payload}.{signature}");
        assert_eq!(AccessClaims::verify(&bad, &keys, now()), Err(TokenError::UnknownKey));
        let strangers = SigningKeys::for_tests(now());
        assert_eq!(AccessClaims::verify(&token, &strangers, now()), Err(TokenError::UnknownKey));
    }
}
