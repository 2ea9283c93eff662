use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

use crate::{CameraId, CertificatePin, PlacementSpec, RetentionSpec, Secret, SiteId, TenantId, WallTime};

/// Longest spec of a camera, as JSON without its password: every node of a cell keeps those of all cameras, at most 4 KiB each with
/// the sealed password and what says whose it is.
const SPEC_BYTES_MAX: usize = 3_200;
/// Longest camera, site or user name, in characters.
pub(crate) const NAME_CHARS_MAX: usize = 128;
/// Most labels on one camera.
const LABELS_MAX: usize = 64;
/// Longest label, in characters.
const LABEL_CHARS_MAX: usize = 64;
/// Longest camera address, in bytes: a spec must stay under 4 KiB, for every node of a cell mirrors all of them.
const URL_BYTES_MAX: usize = 2048;
/// Longest camera user name or password, in bytes.
const CREDENTIAL_BYTES_MAX: usize = 256;
/// Longest file source path, in bytes.
const PATH_BYTES_MAX: usize = 512;

/// What is wrong with which field of an input. `field` is a dotted path as in the JSON, `reason` a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct FieldError {
    /// Which field.
    pub field: String,
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl FieldError {
    /// An error of `field`.
    pub fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }
}

/// A camera as the directory holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Camera {
    /// Its id.
    pub id: CameraId,
    /// Whose.
    pub tenant: TenantId,
    /// Rises by one with each change of the spec; the ETag.
    pub revision: u64,
    /// When it was made.
    pub created_at: WallTime,
    /// When its spec last changed.
    pub updated_at: WallTime,
    /// What it should do.
    pub spec: CameraSpec,
}

/// What a camera should do. Secrets inside never serialize; the store seals them apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CameraSpec {
    /// What people call it.
    pub name: String,
    /// Off: no connection is made and no footage is expected.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Free words to find and group it by.
    #[serde(default)]
    pub labels: Labels,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
    /// Where its pictures come from.
    pub source: SourceSpec,
    /// Whether it is recorded.
    #[serde(default)]
    pub recording: RecordingSpec,
    /// Where in a cell of several nodes it may run.
    #[serde(default, skip_serializing_if = "PlacementSpec::is_default")]
    pub placement: PlacementSpec,
}

/// Leaves a field out of everything that is written; unlike `skip_serializing`, it stays in the contract.
fn write_only<T>(_: &T) -> bool {
    true
}

fn yes() -> bool {
    true
}

impl CameraSpec {
    /// Checks every field; all that is wrong comes back at once.
    ///
    /// # Errors
    /// One entry for each field that cannot be taken.
    pub fn validate(&self) -> Result<(), Vec<FieldError>> {
        let mut errors = Vec::new();
        errors.extend(check_text("name", &self.name, NAME_CHARS_MAX).err());
        errors.extend(self.labels.validate("labels"));
        errors.extend(self.source.validate());
        errors.extend(self.recording.retention.validate());
        errors.extend(self.placement.validate());
        if errors.is_empty() {
            errors.extend(self.check_size().err());
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Each field may be long, but not all at once. What takes most room is named.
    fn check_size(&self) -> Result<(), FieldError> {
        let all = json_bytes(self);
        if all <= SPEC_BYTES_MAX {
            return Ok(());
        }
        let parts = [
            ("labels", json_bytes(&self.labels)),
            ("placement.node_labels", json_bytes(&self.placement.node_labels)),
            ("source", json_bytes(&self.source)),
        ];
        let field = parts.iter().max_by_key(|(_, bytes)| bytes).map_or("name", |(field, _)| *field);
        let reason =
            format!("must be shorter: the settings of a camera may take {SPEC_BYTES_MAX} bytes in all, and take {all}");
        Err(FieldError::new(field, reason))
    }
}

/// How long `value` is as JSON.
fn json_bytes(value: &impl Serialize) -> usize {
    // Only maps whose keys are no texts fail, and no spec has any.
    serde_json::to_vec(value).map_or(usize::MAX, |bytes| bytes.len())
}

/// Checks a name people give to things and to themselves: at most 128 characters, of which none hides or reorders the others.
/// `field` names it in the error.
///
/// # Errors
/// When it cannot be taken.
pub fn check_name(field: &str, name: &str) -> Result<(), FieldError> {
    check_text(field, name, NAME_CHARS_MAX)
}

/// Takes a text people type: not empty, not too long, no control characters and none of the marks that reorder text, with
/// which one name can be made to look like another.
pub(crate) fn check_text(field: &str, text: &str, chars_max: usize) -> Result<(), FieldError> {
    if text.trim().is_empty() {
        return Err(FieldError::new(field, "must not be empty"));
    }
    if text.chars().count() > chars_max {
        return Err(FieldError::new(field, format!("must be at most {chars_max} characters long")));
    }
    let reorders = |c: char| matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    if text.chars().any(|c| c.is_control() || reorders(c)) {
        return Err(FieldError::new(field, "must not contain control characters or marks that change text direction"));
    }
    Ok(())
}

/// Free words on a camera, sorted, each once. Read from a list; a map `{"floor": "2"}` reads as `floor=2`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = Vec<String>)]
pub struct Labels(BTreeSet<String>);

impl Labels {
    /// The labels, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether it carries `label`.
    pub fn contains(&self, label: &str) -> bool {
        self.0.contains(label)
    }

    pub(crate) fn validate(&self, field: &str) -> Vec<FieldError> {
        if self.0.len() > LABELS_MAX {
            return vec![FieldError::new(field, format!("must be at most {LABELS_MAX}"))];
        }
        self.iter().filter_map(|label| check_text(field, label, LABEL_CHARS_MAX).err()).collect()
    }
}

impl<S: Into<String>> FromIterator<S> for Labels {
    fn from_iter<I: IntoIterator<Item = S>>(labels: I) -> Self {
        Self(labels.into_iter().map(Into::into).collect())
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListOrMap;
        impl<'de> serde::de::Visitor<'de> for ListOrMap {
            type Value = Labels;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of words, or a map of words to words")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Labels, A::Error> {
                let mut labels = BTreeSet::new();
                while let Some(label) = list.next_element::<String>()? {
                    labels.insert(label);
                }
                Ok(Labels(labels))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
                let mut labels = BTreeSet::new();
                while let Some((key, value)) = map.next_entry::<String, String>()? {
                    labels.insert(if value.is_empty() { key } else { format!("{key}={value}") });
                }
                Ok(Labels(labels))
            }
        }
        deserializer.deserialize_any(ListOrMap)
    }
}

/// Where pictures come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SourceSpec {
    /// Pulled from an RTSP server.
    Rtsp(RtspSource),
    /// An MP4 file, looped in real time.
    File(FileSource),
    /// Pushed by the camera, or an encoder, with RTMP.
    Rtmp(RtmpSource),
}

/// An RTSP camera.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RtspSource {
    /// `rtsp://host[:port]/path`, or `rtsps://` where the camera speaks TLS (RFC 7826 section 19.2); without user name and
    /// password.
    #[schema(value_type = String, example = "rtsp://192.168.1.20:554/stream1")]
    pub url: String,
    /// The user name, if the camera wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The password: write-only. Left out in an update, the stored one stays.
    #[serde(default, skip_serializing_if = "write_only")]
    #[schema(write_only)]
    pub password: Option<Secret>,
    /// How RTP travels.
    #[serde(default)]
    pub transport: RtspTransport,
    /// With `rtsps`: the camera's certificate, for it is its own; without, an authority that the node's system trusts must have
    /// issued it, for the address' host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub certificate_sha256: Option<CertificatePin>,
}

/// How RTP travels from an RTSP camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RtspTransport {
    /// Interleaved in the RTSP connection (RFC 2326 section 10.12): loses nothing, passes firewalls.
    #[default]
    Tcp,
    /// Datagrams of its own.
    Udp,
}

/// A looped MP4 file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FileSource {
    /// The file, relative to the node's directory of file sources.
    #[schema(example = "lobby.mp4")]
    pub path: String,
}

/// A camera that publishes with RTMP to the address it was given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RtmpSource {
    /// The secret of its address. The server makes it and keeps it apart, sealed; nobody sets it.
    #[serde(skip)]
    pub key: Option<Secret>,
}

impl SourceSpec {
    /// Whether the camera comes to the server, instead of the server to the camera.
    pub const fn is_pushed(&self) -> bool {
        matches!(self, Self::Rtmp(_))
    }

    /// Takes the secret out: a camera's password, or the key of its address.
    pub fn take_secret(&mut self) -> Option<Secret> {
        match self {
            Self::Rtsp(rtsp) => rtsp.password.take(),
            Self::Rtmp(rtmp) => rtmp.key.take(),
            Self::File(_) => None,
        }
    }

    /// Puts a secret in, where there is a place for one.
    pub fn put_secret(&mut self, secret: Secret) {
        match self {
            Self::Rtsp(rtsp) => rtsp.password = Some(secret),
            Self::Rtmp(rtmp) => rtmp.key = Some(secret),
            Self::File(_) => {}
        }
    }

    fn validate(&self) -> Vec<FieldError> {
        match self {
            Self::Rtsp(rtsp) => rtsp.validate(),
            Self::File(file) => file.validate().err().into_iter().collect(),
            Self::Rtmp(_) => Vec::new(),
        }
    }
}

impl RtspSource {
    /// The address, parsed. Whether its host may be reached is decided at each connection attempt, not here.
    ///
    /// # Errors
    /// When it is not an `rtsp://` or `rtsps://` address with a host and without credentials.
    pub fn parsed_url(&self) -> Result<Url, FieldError> {
        let wrong = |reason: &str| FieldError::new("source.url", reason);
        if self.url.len() > URL_BYTES_MAX {
            return Err(wrong("must be at most 2048 bytes long"));
        }
        let url = Url::parse(&self.url).map_err(|error| wrong(&format!("is not an address: {error}")))?;
        if !matches!(url.scheme(), "rtsp" | "rtsps") {
            return Err(wrong("must start with rtsp:// or rtsps://"));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(wrong("must name a host, as in rtsp://192.168.1.20:554/stream1"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong(
                "must not carry a user name or password; put them into source.username and source.password",
            ));
        }
        Ok(url)
    }

    fn validate(&self) -> Vec<FieldError> {
        let url = self.parsed_url();
        let tls = url.as_ref().is_ok_and(|url| url.scheme() == "rtsps");
        let mut errors: Vec<_> = url.err().into_iter().collect();
        if tls && self.transport == RtspTransport::Udp {
            errors.push(FieldError::new(
                "source.transport",
                "must be tcp with rtsps, whose datagrams would not be encrypted",
            ));
        }
        if !tls && self.certificate_sha256.is_some() {
            errors.push(FieldError::new("source.certificate_sha256", "is of use with an rtsps:// address only"));
        }
        let credentials = [
            ("source.username", self.username.as_deref()),
            ("source.password", self.password.as_ref().map(Secret::expose)),
        ];
        for (field, text) in credentials {
            let Some(text) = text else { continue };
            if text.len() > CREDENTIAL_BYTES_MAX {
                errors.push(FieldError::new(field, format!("must be at most {CREDENTIAL_BYTES_MAX} bytes long")));
            }
            // RTSP headers end at a line break: a control character would let a password write headers.
            if text.chars().any(char::is_control) {
                errors.push(FieldError::new(field, "must not contain control characters"));
            }
        }
        errors
    }
}

impl FileSource {
    fn validate(&self) -> Result<(), FieldError> {
        let wrong = |reason: &str| Err(FieldError::new("source.path", reason));
        if self.path.is_empty() || self.path.len() > PATH_BYTES_MAX || self.path.chars().any(char::is_control) {
            return wrong("must be 1 to 512 bytes long, without control characters");
        }
        let plain = |part: std::path::Component<'_>| matches!(part, std::path::Component::Normal(_));
        if !std::path::Path::new(&self.path).components().all(plain) {
            return wrong("must be relative to the directory of file sources, without '..'");
        }
        Ok(())
    }
}

/// Whether and when a camera is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordingSpec {
    /// The mode.
    #[serde(default)]
    pub mode: RecordingMode,
    /// How long it is kept, where the node's own rules are not to decide.
    #[serde(default, skip_serializing_if = "RetentionSpec::is_empty")]
    pub retention: RetentionSpec,
}

/// When a camera is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingMode {
    /// Every second.
    #[default]
    Continuous,
    /// Never; live only.
    Off,
}

/// A place with one time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// Whose.
    pub tenant: TenantId,
    /// What people call it.
    pub name: String,
    /// Its IANA time zone, such as `Europe/Berlin`. Storage is UTC; only what people see is shifted.
    pub zone: String,
    /// When it was made.
    pub created_at: WallTime,
}

impl Site {
    /// Checks a site's name and zone.
    ///
    /// # Errors
    /// One entry for each field that cannot be taken.
    pub fn validate(name: &str, zone: &str) -> Result<(), Vec<FieldError>> {
        let mut errors: Vec<_> = check_text("name", name, NAME_CHARS_MAX).err().into_iter().collect();
        if jiff::tz::TimeZone::get(zone).is_err() {
            errors.push(FieldError::new("zone", "must be an IANA time zone such as Europe/Berlin"));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(json: serde_json::Value) -> Result<CameraSpec, String> {
        let spec: CameraSpec = serde_json::from_value(json).map_err(|e| e.to_string())?;
        spec.validate().map_err(|errors| errors.iter().map(|e| e.field.clone()).collect::<Vec<_>>().join(","))?;
        Ok(spec)
    }

    fn with_name(name: &str) -> serde_json::Value {
        serde_json::json!({"name": name, "source": {"type": "rtsp", "url": "rtsp://10.0.0.1/a"}})
    }

    #[test]
    fn hostile_names_are_refused_by_field_and_markup_is_only_text() {
        for bad in ["", " ", "a\0b", "a\u{202E}b", "a\nb", &"x".repeat(129)] {
            assert_eq!(spec(with_name(bad)), Err("name".to_owned()), "{bad:?}");
        }
        // Harmless as data; the dashboard escapes it and no path is made of it.
        assert!(spec(with_name("<script>alert(1)</script>")).is_ok());
        assert!(spec(with_name("../../etc/passwd")).is_ok());
    }

    #[test]
    fn only_plain_rtsp_addresses_without_credentials_pass() {
        for bad in ["http://10.0.0.1/", "rtsp://", "rtsp://user:pw@10.0.0.1/", "file:///etc/passwd", "nonsense"] {
            let json = serde_json::json!({"name": "a", "source": {"type": "rtsp", "url": bad}});
            assert_eq!(spec(json), Err("source.url".to_owned()), "{bad:?}");
        }
    }

    #[test]
    fn tls_goes_with_interleaved_packets_and_a_pin_with_tls() {
        let source = |more: serde_json::Value| {
            let mut source = serde_json::json!({"type": "rtsp", "url": "rtsps://10.0.0.1/a"});
            source.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            spec(serde_json::json!({"name": "a", "source": source})).map(drop)
        };
        let pin = "0a".repeat(32);
        assert_eq!(source(serde_json::json!({})), Ok(()));
        assert_eq!(source(serde_json::json!({"certificate_sha256": pin})), Ok(()));
        let refused = |field: &str| Err(field.to_owned());
        assert_eq!(source(serde_json::json!({"transport": "udp"})), refused("source.transport"));
        let plain = serde_json::json!({"url": "rtsp://10.0.0.1/a", "certificate_sha256": pin});
        assert_eq!(source(plain), refused("source.certificate_sha256"));
    }

    #[test]
    fn file_sources_stay_in_their_directory() {
        for bad in ["../a.mp4", "/etc/passwd", "a/../../b", "", "a\0"] {
            let json = serde_json::json!({"name": "a", "source": {"type": "file", "path": bad}});
            assert_eq!(spec(json), Err("source.path".to_owned()), "{bad:?}");
        }
    }

    #[test]
    fn a_password_goes_in_and_never_comes_out() {
        let json = serde_json::json!({"name": "a", "source":
            {"type": "rtsp", "url": "rtsp://10.0.0.1/a", "username": "u", "password": "hunter2"}});
        let spec = spec(json).unwrap();
        assert!(!serde_json::to_string(&spec).unwrap().contains("hunter2"));
        assert!(!format!("{spec:?}").contains("hunter2"));
    }

    #[test]
    fn nobody_chooses_the_key_of_a_published_camera_and_it_never_comes_out() {
        let mut made = spec(serde_json::json!({"name": "a", "source": {"type": "rtmp"}})).unwrap();
        made.source.put_secret(Secret::new("hunter2"));
        assert_eq!(serde_json::to_value(&made.source).unwrap(), serde_json::json!({"type": "rtmp"}));
        assert!(spec(serde_json::json!({"name": "a", "source": {"type": "rtmp", "key": "hunter2"}})).is_err());
        assert_eq!(made.source.take_secret(), Some(Secret::new("hunter2")));
    }

    #[test]
    fn retention_rules_out_of_all_reason_are_refused_by_field() {
        for (rule, field) in [
            (serde_json::json!({"max_age_s": 60}), "max_age_s"),
            (serde_json::json!({"max_age_s": u64::MAX}), "max_age_s"),
            (serde_json::json!({"max_bytes": 1000}), "max_bytes"),
            (serde_json::json!({"max_bytes": u64::MAX}), "max_bytes"),
        ] {
            let mut json = with_name("a");
            json["recording"] = serde_json::json!({"retention": rule});
            assert_eq!(spec(json), Err(format!("recording.retention.{field}")), "{rule}");
        }
        let mut json = with_name("a");
        json["recording"] = serde_json::json!({"retention": {"max_age_s": 604_800}});
        let kept = spec(json).unwrap();
        assert_eq!(kept.recording.retention.max_age(), Some(std::time::Duration::from_secs(7 * 86_400)));
        assert!(!serde_json::to_string(&spec(with_name("a")).unwrap()).unwrap().contains("retention"));
    }

    #[test]
    fn a_spec_may_be_long_in_one_field_but_not_in_all() {
        let labels = |count: usize| (0..count).map(|n| format!("{n:02}{}", "雪".repeat(62))).collect::<Vec<_>>();
        let mut json = with_name(&"雪".repeat(128));
        json["labels"] = labels(12).into();
        let fits = spec(json.clone()).unwrap();
        assert!(json_bytes(&fits) <= SPEC_BYTES_MAX);
        json["labels"] = labels(16).into();
        assert_eq!(spec(json.clone()), Err("labels".to_owned()));
        json["labels"] = labels(6).into();
        json["source"]["url"] = format!("rtsp://10.0.0.1/{}", "a".repeat(2000)).into();
        assert_eq!(spec(json.clone()), Err("source".to_owned()));
        json["labels"] = Vec::<String>::new().into();
        assert!(spec(json).is_ok(), "the longest address alone is no trouble");
    }

    #[test]
    fn labels_read_from_lists_and_maps() {
        let mut json = with_name("a");
        json["labels"] = serde_json::json!({"floor": "2", "lobby": ""});
        assert_eq!(spec(json).unwrap().labels, ["floor=2", "lobby"].into_iter().collect());
    }
}
