use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, MergeKeyPolicy, Spanned};

use super::limits::{DEPTH_MAX, FILE_BYTES_MAX, NODES_MAX};
use super::mistake::Mistakes;

/// A value of a YAML file, with the line it stands in.
#[derive(Debug)]
pub(super) struct Located {
    /// Counted from 1.
    pub(super) line: u64,
    pub(super) value: Value,
}

/// What a YAML file can say.
#[derive(Debug)]
pub(super) enum Value {
    /// Nothing, `null` or `~`.
    Nothing,
    Flag(bool),
    /// A number, as written where it is whole.
    Whole(i128),
    Broken(f64),
    Text(String),
    List(Vec<Located>),
    /// By the order of the file; no key twice.
    Map(Vec<(Key, Located)>),
}

/// A key of a mapping.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) line: u64,
    pub(super) name: String,
}

impl Located {
    /// Reads a file; what is no YAML is booked. Anchors are not accepted: a drill is read by people in a hurry, from top to bottom.
    pub(super) fn parse(text: &str, mistakes: &Mistakes) -> Option<Self> {
        if text.len() > FILE_BYTES_MAX {
            let limit = FILE_BYTES_MAX >> 10;
            mistakes.add(0, "", format!("{} bytes are too much for a drill; the limit is {limit} KiB", text.len()));
            return None;
        }
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                max_depth: DEPTH_MAX,
                flow_nesting_limit: DEPTH_MAX,
                max_nodes: NODES_MAX,
                max_events: 4 * NODES_MAX,
                max_anchors: 0,
                max_aliases: 0,
                max_documents: 1,
                max_total_scalar_bytes: FILE_BYTES_MAX,
            },
            duplicate_keys: DuplicateKeyPolicy::Error,
            merge_keys: MergeKeyPolicy::Error,
            strict_booleans: true,
            with_snippet: false,
        };
        match serde_saphyr::from_str_with_options::<Self>(text, options) {
            Ok(root) => Some(root),
            Err(error) => {
                let line = error.location().map_or(0, |location| location.line());
                mistakes.add(
                    line,
                    "",
                    match &error {
                        serde_saphyr::Error::DuplicateMappingKey { key: Some(key), .. } => {
                            format!("`{}` stands here for the second time; leave one of them out", shortened(key))
                        }
                        _ => {
                            let said = error.to_string();
                            // What trips people most: a colon in a sentence.
                            let colon = said.contains("mapping values are not allowed");
                            let hint =
                                if colon { "; a text with \": \" in it stands in quotes, or below a '>'" } else { "" };
                            format!("this is not YAML that a drill can be read from: {said}{hint}")
                        }
                    },
                );
                None
            }
        }
    }

    /// The value's sort, for people.
    pub(super) fn sort(&self) -> String {
        match &self.value {
            Value::Nothing => "nothing".to_owned(),
            Value::Flag(flag) => format!("`{flag}`"),
            Value::Whole(number) => format!("the number {number}"),
            Value::Broken(number) => format!("the number {number}"),
            Value::Text(text) => format!("{:?}", shortened(text)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }

    /// The line of a field, or of the nearest one around it that is there.
    pub(super) fn line_of(&self, path: &[&str]) -> u64 {
        let Some((first, rest)) = path.split_first() else { return self.line };
        let Value::Map(fields) = &self.value else { return self.line };
        match fields.iter().find(|(key, _)| key.name == *first) {
            Some((key, _)) if rest.is_empty() => key.line,
            Some((_, value)) => value.line_of(rest),
            None => self.line,
        }
    }
}

/// The beginning of a hostile text: enough to find it again.
pub(super) fn shortened(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

impl<'de> Deserialize<'de> for Located {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Self { line: found.referenced.line(), value: found.value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number, a list or a mapping")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Whole(i128::from(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Whole(i128::from(number)))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Value, E> {
        Ok(Value::Whole(number))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Value, E> {
        Ok(Value::Whole(i128::try_from(number).unwrap_or(i128::MAX)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Broken(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = entries.next_key::<Spanned<String>>()? {
            let key = Key { line: key.referenced.line(), name: key.value };
            map.push((key, entries.next_value()?));
        }
        Ok(Value::Map(map))
    }
}
