use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use eyrie_types::nearest_word;

use super::limits::TEXT_CHARS_MAX;
use super::located::{Located, Value, shortened};
use super::mistake::Mistakes;
use super::{duration_of, duration_text};

/// One value with its path: what is wrong with it is booked under that.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) node: &'a Located,
    /// The line of its key.
    pub(super) line: u64,
    mistakes: &'a Mistakes,
    path: Path<'a>,
}

/// A path from the root, without an allocation for each field that is right.
#[derive(Clone, Copy)]
enum Path<'a> {
    Root,
    Key(&'a Field<'a>, &'a str),
    Item(&'a Field<'a>, usize),
}

impl<'a> Field<'a> {
    pub(super) fn root(node: &'a Located, mistakes: &'a Mistakes) -> Self {
        Self { node, line: node.line, mistakes, path: Path::Root }
    }

    /// The path, from the root.
    pub(super) fn path(&self) -> String {
        match self.path {
            Path::Root => String::new(),
            Path::Key(parent, name) => match parent.path() {
                path if path.is_empty() => name.to_owned(),
                path => format!("{path}.{name}"),
            },
            Path::Item(parent, index) => format!("{}[{index}]", parent.path()),
        }
    }

    /// Books a mistake here.
    pub(super) fn wrong<T>(&self, text: impl Into<String>) -> Option<T> {
        self.mistakes.add(self.line, self.path(), text);
        None
    }

    fn wanted<T>(&self, wanted: impl Display) -> Option<T> {
        self.wrong(format!("{} is not {wanted}", self.node.sort()))
    }

    /// The fields of a mapping; nothing at all is one without fields.
    pub(super) fn fields(&'a self) -> Option<Fields<'a>> {
        match &self.node.value {
            Value::Map(entries) => Some(Fields { of: self, entries, taken: vec![false; entries.len()] }),
            Value::Nothing => Some(Fields { of: self, entries: &[], taken: Vec::new() }),
            _ => self.wanted("a mapping of fields, such as {node: any}"),
        }
    }

    /// The items of a list, at most `most`.
    pub(super) fn items(&'a self, most: usize) -> Option<Vec<Field<'a>>> {
        let Value::List(items) = &self.node.value else { return self.wanted("a list: lines that begin with '-'") };
        if items.len() > most {
            return self.wrong(format!("{} entries are too many; the limit is {most}", items.len()));
        }
        let field = |(i, node): (usize, &'a Located)| Field {
            node,
            line: node.line,
            mistakes: self.mistakes,
            path: Path::Item(self, i),
        };
        Some(items.iter().enumerate().map(field).collect())
    }

    /// A text of one line.
    pub(super) fn text(&self) -> Option<&'a str> {
        let text = self.long_text(TEXT_CHARS_MAX)?;
        if text.chars().any(char::is_control) {
            self.wrong("must be one line without control characters")
        } else {
            Some(text)
        }
    }

    /// A text of at most `most` characters.
    pub(super) fn long_text(&self, most: usize) -> Option<&'a str> {
        match &self.node.value {
            Value::Text(text) if text.trim().is_empty() => self.wrong("is empty"),
            Value::Text(text) if text.chars().count() > most => {
                self.wrong(format!("{} characters are too many; the limit is {most}", text.chars().count()))
            }
            Value::Text(text) => Some(text),
            Value::Whole(_) | Value::Broken(_) | Value::Flag(_) => self.wanted("text; put it into quotes"),
            _ => self.wanted("text"),
        }
    }

    pub(super) fn flag(&self) -> Option<bool> {
        if let Value::Flag(flag) = self.node.value { Some(flag) } else { self.wanted("true or false") }
    }

    /// A whole number within `range`.
    pub(super) fn number<N>(&self, range: RangeInclusive<u64>) -> Option<N>
    where
        N: TryFrom<u64>,
    {
        let found = match self.node.value {
            Value::Whole(number) => u64::try_from(number).ok().filter(|number| range.contains(number)),
            _ => None,
        };
        match found.and_then(|number| N::try_from(number).ok()) {
            Some(number) => Some(number),
            None => self.wanted(format!("a whole number from {} to {}", range.start(), range.end())),
        }
    }

    /// A duration within `range`.
    pub(super) fn duration(&self, range: RangeInclusive<Duration>) -> Option<Duration> {
        let (least, most) = (duration_text(*range.start()), duration_text(*range.end()));
        match &self.node.value {
            Value::Text(text) => match duration_of(text) {
                Some(duration) if range.contains(&duration) => Some(duration),
                Some(_) => self.wrong(format!("{text} is out of bounds: from {least} to {most}")),
                None => self.wanted(format!("a duration from {least} to {most}, such as 500ms, 10s or 2m")),
            },
            Value::Whole(n) => self.wrong(format!("{n} of what? Write the unit, such as {n}s or {n}ms")),
            _ => self.wanted(format!("a duration from {least} to {most}, such as 500ms, 10s or 2m")),
        }
    }

    /// A text that `T` reads; `T`'s error says what it wants.
    pub(super) fn parsed<T>(&self) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let read = match &self.node.value {
            Value::Text(text) => text.parse(),
            // A share without its sign is a number to YAML; `T` says what it misses.
            Value::Whole(number) => number.to_string().parse(),
            Value::Broken(number) => number.to_string().parse(),
            _ => "".parse(),
        };
        read.map_or_else(|wanted| self.wanted(wanted), Some)
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let Value::Text(text) = &self.node.value else { return self.wanted(format!("one of {}", known.join(", "))) };
        match words.iter().find(|(word, _)| word == text) {
            Some((_, value)) => Some(*value),
            None => self.wanted(format!("one of {}{}", known.join(", "), meant(text, &known))),
        }
    }
}

/// All of them; each is read, so that every mistake is told, before the first wrong one makes it `None`.
pub(super) fn all_of<T, C: FromIterator<T>>(read: impl Iterator<Item = Option<T>>) -> Option<C> {
    let read: Vec<_> = read.collect();
    read.into_iter().collect()
}

/// `; did you mean …?`, or nothing.
pub(super) fn meant(given: &str, known: &[&str]) -> String {
    nearest_word(given, known.iter().copied()).map_or_else(String::new, |word| format!("; did you mean {word}?"))
}

/// The fields of one mapping. What nobody took by [`Fields::done`] is unknown.
pub(super) struct Fields<'a> {
    of: &'a Field<'a>,
    entries: &'a [(super::located::Key, Located)],
    taken: Vec<bool>,
}

impl<'a> Fields<'a> {
    /// A field that may be left out.
    pub(super) fn optional(&mut self, name: &str) -> Option<Field<'a>> {
        let i = self.entries.iter().position(|(key, _)| key.name == name)?;
        self.taken[i] = true;
        Some(self.field(i))
    }

    /// A field that may not.
    pub(super) fn required(&mut self, name: &str, example: &str) -> Option<Field<'a>> {
        let found = self.optional(name);
        if found.is_none() {
            let of = self.of;
            of.wrong::<()>(format!("`{name}` is missing; write, for instance, `{name}: {example}`"));
        }
        found
    }

    /// The fields that nobody has taken yet, by their names.
    pub(super) fn rest(&mut self) -> Vec<(&'a str, Field<'a>)> {
        let left: Vec<_> = (0..self.entries.len()).filter(|i| !self.taken[*i]).collect();
        self.taken.fill(true);
        left.into_iter().map(|i| (self.entries[i].0.name.as_str(), self.field(i))).collect()
    }

    /// Books what nobody took; `known` are the fields there are.
    pub(super) fn done(mut self, known: &[&str]) {
        for (name, field) in self.rest() {
            let hint = match meant(name, known) {
                hint if hint.is_empty() && known.is_empty() => "; it takes none".to_owned(),
                hint if hint.is_empty() => format!("; there are {}", known.join(", ")),
                hint => hint,
            };
            field.wrong::<()>(format!("unknown field `{}`{hint}", shortened(name)));
        }
    }

    fn field(&self, i: usize) -> Field<'a> {
        let (key, node) = &self.entries[i];
        Field { node, line: key.line, mistakes: self.of.mistakes, path: Path::Key(self.of, &key.name) }
    }
}
