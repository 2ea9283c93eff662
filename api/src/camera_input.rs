//! What people send about cameras, read into a spec: pure, so that every refusal can be tested without a server.

use std::net::IpAddr;

use eyrie_actors::NetworkPolicy;
use eyrie_types::{CameraSpec, CertificatePin, FieldError, FileSource, RtmpSource, RtspSource, Secret, SourceSpec};
use serde_json::{Map, Value};

use crate::Problem;
use crate::extract::from_value;
use crate::merge_patch::merge_patch;

/// What a patch does with the stored password.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PasswordInput {
    /// It stays.
    Keep,
    /// There is a new one.
    Set(Secret),
    /// There is none any more.
    Clear,
}

/// Reads a spec. The source is read on its own first: inside a tagged enum serde could only name `source` as a whole.
///
/// # Errors
/// The field that cannot be taken.
pub(crate) fn read_spec(body: Value) -> Result<CameraSpec, Problem> {
    if let Some(source) = body.as_object().and_then(|body| body.get("source")) {
        let mut fields = source.as_object().ok_or_else(|| Problem::field("source", "must be an object"))?.clone();
        match fields.remove("type").as_ref().map(|kind| kind.as_str()) {
            Some(Some("rtsp")) => drop(from_value::<RtspSource>("source", Value::Object(fields))?),
            Some(Some("file")) => drop(from_value::<FileSource>("source", Value::Object(fields))?),
            Some(Some("rtmp")) => drop(from_value::<RtmpSource>("source", Value::Object(fields))?),
            Some(_) => return Err(Problem::field("source.type", "must be rtsp, file or rtmp")),
            None => return Err(Problem::field("source.type", "is required")),
        }
    }
    from_value("", body)
}

/// Checks a spec's fields, and its address where it is written as one. Names are resolved, and addresses checked again, at
/// each connection attempt.
///
/// # Errors
/// All fields that cannot be taken.
pub(crate) fn check_spec(spec: &CameraSpec, network: &NetworkPolicy) -> Result<(), Problem> {
    let mut errors = spec.validate().err().unwrap_or_default();
    if let SourceSpec::Rtsp(rtsp) = &spec.source
        && let Ok(url) = rtsp.parsed_url()
        && let Some(address) = url.host_str().and_then(literal)
        && let Err(why) = network.check(address)
    {
        let reason = format!("leads to {address}, which is {why}; allow_network in the node's configuration opens it");
        errors.push(FieldError::new("source.url", reason));
    }
    if errors.is_empty() { Ok(()) } else { Err(Problem::fields(errors)) }
}

/// The address that a host is written as. URLs of unknown schemes keep hosts as they are written, so brackets are still
/// there, and `localhost` is as good as an address.
fn literal(host: &str) -> Option<IpAddr> {
    if host.eq_ignore_ascii_case("localhost") {
        return Some(IpAddr::from([127, 0, 0, 1]));
    }
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    // Inside a web address, 127.1 and 0x7f000001 are 127.0.0.1; resolvers think so, too.
    let web = url::Host::parse(host).ok().and_then(|host| match host {
        url::Host::Ipv4(address) => Some(IpAddr::V4(address)),
        url::Host::Ipv6(address) => Some(IpAddr::V6(address)),
        url::Host::Domain(_) => None,
    });
    bare.parse().ok().or(web)
}

/// Applies a merge patch to a spec whose password is not in it.
///
/// # Errors
/// The field that cannot be taken.
pub(crate) fn patch_spec(
    current: &CameraSpec,
    has_password: bool,
    patch: Value,
) -> Result<(CameraSpec, PasswordInput), Problem> {
    let Value::Object(fields) = &patch else {
        return Err(Problem::field("body", "must be an object"));
    };
    let mut merged = serde_json::to_value(current).map_err(|_| Problem::field("body", "cannot be applied"))?;
    let new_source = fields.get("source").and_then(Value::as_object);
    let old_kind = merged["source"]["type"].clone();
    let new_kind = new_source.and_then(|source| source.get("type"));
    let other_kind = new_kind.is_some_and(|kind| *kind != old_kind);
    if other_kind {
        // The fields of the other kind mean nothing to this one.
        merged["source"] = Value::Object(Map::new());
    }
    let password = match new_source.and_then(|source| source.get("password")) {
        None if other_kind => PasswordInput::Clear,
        None => PasswordInput::Keep,
        Some(Value::Null) => PasswordInput::Clear,
        Some(Value::String(text)) if text.is_empty() => PasswordInput::Clear,
        Some(Value::String(text)) => PasswordInput::Set(Secret::new(text.clone())),
        Some(_) => return Err(Problem::field("source.password", "must be a string")),
    };
    merge_patch(&mut merged, patch);
    let spec = read_spec(merged)?;
    // Whoever may edit a camera may not read its password; sending it to a host of their choice would be reading it.
    if has_password && password == PasswordInput::Keep {
        let again =
            |why| Err(Problem::field("source.password", format!("must be given again, or removed with null: {why}")));
        if host(current) != host(&spec) {
            return again("the address names another host now");
        }
        if let Some(before) = trust(current)
            && trust(&spec) != Some(before)
        {
            return again("another certificate is trusted now, or none is asked for");
        }
    }
    Ok((spec, password))
}

fn host(spec: &CameraSpec) -> Option<String> {
    match &spec.source {
        SourceSpec::Rtsp(rtsp) => rtsp.parsed_url().ok()?.host_str().map(str::to_ascii_lowercase),
        SourceSpec::File(_) | SourceSpec::Rtmp(_) => None,
    }
}

/// Whose certificate a camera's address and pin ask for; `None` without TLS.
fn trust(spec: &CameraSpec) -> Option<Option<CertificatePin>> {
    match &spec.source {
        SourceSpec::Rtsp(rtsp) if rtsp.parsed_url().is_ok_and(|url| url.scheme() == "rtsps") => {
            Some(rtsp.certificate_sha256)
        }
        _ => None,
    }
}

/// Takes the password out of a spec.
pub(crate) fn take_password(spec: &mut CameraSpec) -> Option<Secret> {
    spec.source.take_secret().filter(|password| !password.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn camera() -> CameraSpec {
        let source = json!({"type": "rtsp", "url": "rtsp://10.0.0.1/a", "username": "u"});
        read_spec(json!({"name": "Lobby", "labels": ["a"], "source": source})).unwrap()
    }

    fn field(problem: &Problem) -> &str {
        problem.errors.first().map_or("", |error| error.field.as_str())
    }

    #[test]
    fn fields_inside_the_source_are_named() {
        for (source, expected) in [
            (json!({"type": "rtsp", "url": 5}), "source.url"),
            (json!({"type": "rtsp"}), "source.url"),
            (json!({"type": "rtsp", "url": "rtsp://a/", "transport": "smoke"}), "source.transport"),
            (json!({"type": "rtsp", "url": "rtsp://a/", "color": 1}), "source.color"),
            (json!({"type": "carrier pigeon"}), "source.type"),
            (json!({}), "source.type"),
            (json!({"type": 5}), "source.type"),
            (json!([]), "source"),
        ] {
            let problem = read_spec(json!({"name": "a", "source": source.clone()})).unwrap_err();
            assert_eq!(field(&problem), expected, "{source}");
        }
    }

    #[test]
    fn closed_addresses_are_refused_however_they_are_written() {
        for host in ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "[::ffff:127.0.0.1]", "127.1", "0x7f000001"]
        {
            let source = json!({"type": "rtsp", "url": format!("rtsp://{host}:8554/a")});
            let spec = read_spec(json!({"name": "a", "source": source})).unwrap();
            let problem = check_spec(&spec, &NetworkPolicy::default()).unwrap_err();
            assert_eq!(field(&problem), "source.url", "{host}");
        }
        assert!(check_spec(&camera(), &NetworkPolicy::default()).is_ok());
    }

    #[test]
    fn a_patch_changes_what_it_names_and_null_removes() {
        let (spec, password) =
            patch_spec(&camera(), true, json!({"name": "Door", "source": {"username": null}})).unwrap();
        let SourceSpec::Rtsp(rtsp) = &spec.source else { panic!("still rtsp") };
        assert_eq!((spec.name.as_str(), &rtsp.username, rtsp.url.as_str()), ("Door", &None, "rtsp://10.0.0.1/a"));
        assert_eq!(password, PasswordInput::Keep);
        let problem = patch_spec(&camera(), false, json!({"name": null})).unwrap_err();
        assert_eq!(field(&problem), "name");
        assert!(patch_spec(&camera(), false, json!([])).is_err());
    }

    #[test]
    fn a_password_stays_goes_or_changes_but_follows_no_address_to_another_host() {
        let patched = |patch| patch_spec(&camera(), true, json!({"source": patch})).map(|(_, password)| password);
        assert_eq!(patched(json!({"transport": "udp"})).unwrap(), PasswordInput::Keep);
        assert_eq!(patched(json!({"url": "rtsp://10.0.0.1:8554/b"})).unwrap(), PasswordInput::Keep);
        assert_eq!(patched(json!({"password": null})).unwrap(), PasswordInput::Clear);
        assert_eq!(patched(json!({"password": "new"})).unwrap(), PasswordInput::Set(Secret::new("new")));
        assert_eq!(field(&patched(json!({"password": 5})).unwrap_err()), "source.password");
        assert_eq!(field(&patched(json!({"url": "rtsp://10.0.0.2/a"})).unwrap_err()), "source.password");
        assert_eq!(patched(json!({"url": "rtsps://10.0.0.1/a"})).unwrap(), PasswordInput::Keep, "safer than before");
        assert_eq!(patched(json!({"type": "file", "path": "a.mp4"})).unwrap(), PasswordInput::Clear);
        assert_eq!(patched(json!({"type": "rtmp"})).unwrap(), PasswordInput::Clear);
        assert_eq!(field(&patched(json!({"type": "rtmp", "key": "mine"})).unwrap_err()), "source.key");
    }

    #[test]
    fn a_password_that_a_certificate_guards_is_given_again_when_another_or_none_does() {
        let pin = "0a".repeat(32);
        let source = json!({"type": "rtsp", "url": "rtsps://10.0.0.1/a", "certificate_sha256": pin});
        let tls = read_spec(json!({"name": "a", "source": source})).unwrap();
        let patched = |patch| patch_spec(&tls, true, json!({"source": patch})).map(|(_, password)| password);
        assert_eq!(patched(json!({"url": "rtsps://10.0.0.1/b"})).unwrap(), PasswordInput::Keep);
        for patch in [
            json!({"url": "rtsp://10.0.0.1/a", "certificate_sha256": null}),
            json!({"certificate_sha256": null}),
            json!({"certificate_sha256": "0b".repeat(32)}),
        ] {
            assert_eq!(field(&patched(patch.clone()).unwrap_err()), "source.password", "{patch}");
        }
        let again = json!({"certificate_sha256": "0b".repeat(32), "password": "new"});
        assert_eq!(patched(again).unwrap(), PasswordInput::Set(Secret::new("new")));
    }
}
