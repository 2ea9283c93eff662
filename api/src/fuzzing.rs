//! Doors for the fuzz targets of tests/fuzz to what is private; compiled for them alone (`--cfg fuzzing`).

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eyrie_actors::NetworkPolicy;
use eyrie_types::WallTime;
use serde_json::Value;

use crate::auth::{AccessClaims, Capability, SigningKeys};
use crate::camera_input::{check_spec, patch_spec, read_spec, take_password};
use crate::extract::parse;

/// 2026-01-01T00:00:00Z.
const NOW: WallTime = WallTime::from_unix_us(1_767_225_600_000_000);
static KEYS: LazyLock<SigningKeys> = LazyLock::new(|| SigningKeys::for_tests(NOW));

/// The body of a new camera, and a merge patch of it.
pub fn camera_input(body: &[u8], patch: &[u8]) {
    let network = NetworkPolicy::default();
    let Ok(mut spec) = parse::<Value>(body).and_then(read_spec) else { return };
    if check_spec(&spec, &network).is_err() {
        return;
    }
    let has_password = take_password(&mut spec).is_some();
    if let Ok((patched, _)) = parse::<Value>(patch).and_then(|patch| patch_spec(&spec, has_password, patch)) {
        let _ = check_spec(&patched, &network);
    }
    let kept = patch_spec(&spec, has_password, Value::Object(serde_json::Map::new()));
    assert!(kept.is_ok_and(|(kept, _)| kept == spec), "a patch that says nothing changes nothing");
}

/// A path element that claims to be a capability: as it comes, and with a good signature, which nobody outside could make.
pub fn capability(text: &str, signed: &[u8]) {
    assert!(Capability::open(text, &KEYS, NOW).is_err(), "nobody guesses a signature");
    let Ok(key) = KEYS.current(NOW) else { return };
    // The kid that the parser finds must be ours, or the signature is never looked at.
    let mut bytes = signed.to_vec();
    if let Some((fixed, names)) = bytes.split_at_checked(44) {
        let tenant = names;
        bytes = [&fixed[..42], &[key.kid.len() as u8, tenant.len() as u8], key.kid.as_bytes(), tenant].concat();
    }
    bytes.extend(hmac::sign(&key.capability, &bytes.clone()).as_ref());
    if let Ok(capability) = Capability::open(&URL_SAFE_NO_PAD.encode(bytes), &KEYS, NOW) {
        assert!(capability.expires_at > NOW && capability.seal(&KEYS, NOW).is_ok());
    }
}

/// An access token.
pub fn access_token(text: &str) {
    assert!(AccessClaims::verify(text, &KEYS, NOW).is_err(), "nobody guesses a signature");
}
