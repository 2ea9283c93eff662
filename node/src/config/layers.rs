use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::str::FromStr;

use eyrie_types::nearest_word;

use super::error::{ConfigError, Origin};
use super::key::{KEYS, Key};

/// Environment variables that start with `EYRIE_` and are no configuration keys: two of the node's, four of the commands that ask a
/// node, one of the Makefile's.
const OTHER_VARIABLES: [&str; 7] =
    ["EYRIE_ADMIN_PASSWORD", "EYRIE_CONFIG", "EYRIE_URL", "EYRIE_USER", "EYRIE_PASSWORD", "EYRIE_TOKEN", "EYRIE_TOOLS"];

/// Raw values by key, each with where it came from. Later layers win: default, file, environment, flag.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layers {
    values: BTreeMap<&'static str, (Origin, Vec<String>)>,
}

impl Layers {
    /// Puts a TOML document on top.
    ///
    /// # Errors
    /// When it is not TOML, or holds a key nobody knows or a value of no usable type.
    pub(crate) fn file(&mut self, path: &Path, text: &str) -> Result<(), ConfigError> {
        let table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| ConfigError::NotToml { path: path.into(), reason: error.to_string() })?;
        self.table(path, "", &table)
    }

    fn table(&mut self, path: &Path, prefix: &str, table: &toml::Table) -> Result<(), ConfigError> {
        let origin = Origin::File(path.into());
        for (name, value) in table {
            let full = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            if let (None, toml::Value::Table(inner)) = (Key::find(&full), value) {
                if !KEYS.iter().any(|key| key.path.starts_with(&format!("{full}."))) {
                    return Err(unknown(origin, full));
                }
                self.table(path, &full, inner)?;
                continue;
            }
            let Some(key) = Key::find(&full) else { return Err(unknown(origin, full)) };
            let bad = |reason: &str| ConfigError::BadValue {
                origin: origin.clone(),
                key: full.clone(),
                reason: reason.into(),
            };
            let texts = match value {
                toml::Value::Array(items) if key.list => items.iter().map(scalar).collect::<Option<Vec<_>>>(),
                value => scalar(value).map(|text| vec![text]),
            };
            let texts = texts
                .ok_or_else(|| bad(if key.list { "must be a list of texts" } else { "must be a single value" }))?;
            self.values.insert(key.path, (origin.clone(), texts));
        }
        Ok(())
    }

    /// Puts the `EYRIE_…` variables on top.
    ///
    /// # Errors
    /// When a variable starts with `EYRIE_` and nobody knows it, or its value is no text.
    pub(crate) fn environment(
        &mut self,
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<(), ConfigError> {
        for (name, value) in variables.filter(|(name, _)| name.as_encoded_bytes().starts_with(b"EYRIE_")) {
            let name = name.to_string_lossy().into_owned();
            if OTHER_VARIABLES.contains(&name.as_str()) || is_service_link(&name) {
                continue;
            }
            let origin = Origin::Environment(name.clone());
            let Some(key) = KEYS.iter().find(|key| key.variable() == name) else { return Err(unknown(origin, name)) };
            let Ok(value) = value.into_string() else {
                return Err(ConfigError::BadValue { origin, key: key.path.into(), reason: "is not UTF-8".into() });
            };
            self.put(key, origin, &value);
        }
        Ok(())
    }

    /// Puts a flag's values on top.
    pub(crate) fn flag(&mut self, flag: &'static str, path: &'static str, values: &[String]) {
        if let (Some(key), false) = (Key::find(path), values.is_empty()) {
            self.put(key, Origin::Flag(flag), &values.join(","));
        }
    }

    fn put(&mut self, key: &'static Key, origin: Origin, value: &str) {
        self.values.insert(key.path, (origin, split(key, value)));
    }

    fn raw(&self, key: &Key) -> (Origin, Vec<String>) {
        self.values.get(key.path).cloned().unwrap_or_else(|| (Origin::Default, split(key, key.default)))
    }

    /// The value at `path`, or `None` when it is unset or empty.
    ///
    /// # Errors
    /// When `parse` refuses it; the reason is put into an error that names key and origin.
    pub(crate) fn get<T>(
        &self,
        path: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        Ok(self.all(path, parse)?.pop())
    }

    /// All values at `path`.
    ///
    /// # Errors
    /// As [`Layers::get`].
    pub(crate) fn all<T>(
        &self,
        path: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Vec<T>, ConfigError> {
        let Some(key) = Key::find(path) else { return Ok(Vec::new()) };
        let (origin, texts) = self.raw(key);
        let parse_one = |text: &String| {
            parse(text).map_err(|reason| ConfigError::BadValue { origin: origin.clone(), key: path.into(), reason })
        };
        texts.iter().filter(|text| !text.is_empty()).map(parse_one).collect()
    }

    /// An error about a key at `path` that is missing because the one at `because` is set.
    pub(crate) fn missing(&self, path: &'static str, because: &'static str) -> ConfigError {
        let origin = self.values.get(because).map_or(Origin::Default, |(origin, _)| origin.clone());
        ConfigError::BadValue { origin, key: path.into(), reason: format!("must be set when {because} is") }
    }

    /// The keys that `other` sets to something else.
    pub(crate) fn changed(&self, other: &Self) -> Vec<&'static Key> {
        KEYS.iter().filter(|key| self.raw(key).1 != other.raw(key).1).collect()
    }

    /// An error about the value at `path`, for rules that span several keys.
    pub(crate) fn bad(&self, path: &'static str, reason: impl Into<String>) -> ConfigError {
        let origin = self.values.get(path).map_or(Origin::Default, |(origin, _)| origin.clone());
        ConfigError::BadValue { origin, key: path.into(), reason: reason.into() }
    }
}

/// Reads a value by its `FromStr`, saying `what` was expected when it refuses.
pub(crate) fn parse_as<T: FromStr>(what: &'static str) -> impl Fn(&str) -> Result<T, String> {
    move |text| text.trim().parse().map_err(|_| format!("{text:?} is not {what}"))
}

/// Whether an orchestrator set the variable because a service called `eyrie` is there: `EYRIE_PORT`, `EYRIE_PORT_8080_TCP`,
/// `EYRIE_SERVICE_HOST` and the like, which Kubernetes puts into each container and nobody meant for us.
fn is_service_link(name: &str) -> bool {
    name == "EYRIE_PORT" || name.starts_with("EYRIE_PORT_") || name.starts_with("EYRIE_SERVICE_")
}

fn split(key: &Key, value: &str) -> Vec<String> {
    if key.list { value.split(',').map(|part| part.trim().to_owned()).collect() } else { vec![value.to_owned()] }
}

fn scalar(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn unknown(origin: Origin, key: String) -> ConfigError {
    let is_variable = key.starts_with("EYRIE_");
    let spelled = |known: &Key| if is_variable { known.variable() } else { known.path.to_owned() };
    let hint = nearest_word(&key, KEYS.iter().map(spelled))
        .map_or_else(|| "; `eyrie config keys` lists them all".to_owned(), |known| format!("; did you mean {known}?"));
    ConfigError::UnknownKey { origin, key, hint }
}
