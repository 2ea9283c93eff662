use std::cell::RefCell;
use std::fmt;

use super::limits::MISTAKES_MAX;

/// One thing wrong with a drill file, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The line it stands in, counted from 1; 0 where it stands nowhere.
    pub line: u64,
    /// The field, from the file's root: `faults[1].kill.node`. Empty for the file as a whole.
    pub field: String,
    /// What is wrong and what to write instead.
    pub text: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.text)
    }
}

/// Why a drill file is refused: every mistake that was found, by its line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct DrillFileError {
    /// What was found; never empty, and at most [`MISTAKES_MAX`].
    pub mistakes: Vec<Mistake>,
    /// How many more there are.
    pub more: usize,
}

impl fmt::Display for DrillFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, mistake) in self.mistakes.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{mistake}")?;
        }
        if self.more > 0 { write!(f, "\nand {} more", self.more) } else { Ok(()) }
    }
}

/// What is shown of a path, and of what is wrong there: a hostile file must not fill a terminal, nor write on it as it likes.
const FIELD_CHARS_MAX: usize = 120;
const TEXT_CHARS_MAX: usize = 1_000;

fn shown(text: String, most: usize) -> String {
    if text.chars().count() <= most && !text.chars().any(char::is_control) {
        return text;
    }
    let mut shown: String = text.chars().take(most).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// Collects mistakes while a file is read, so that one look shows them all.
#[derive(Debug, Default)]
pub(super) struct Mistakes {
    found: RefCell<Vec<Mistake>>,
    more: RefCell<usize>,
}

impl Mistakes {
    /// Books one.
    pub(super) fn add(&self, line: u64, field: impl Into<String>, text: impl Into<String>) {
        let mut found = self.found.borrow_mut();
        if found.len() < MISTAKES_MAX {
            found.push(Mistake {
                line,
                field: shown(field.into(), FIELD_CHARS_MAX),
                text: shown(text.into(), TEXT_CHARS_MAX),
            });
        } else {
            *self.more.borrow_mut() += 1;
        }
    }

    pub(super) fn none(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// `value`, unless something was found.
    pub(super) fn or<T>(self, value: Option<T>) -> Result<T, DrillFileError> {
        let mut mistakes = self.found.into_inner();
        match value {
            Some(value) if mistakes.is_empty() => Ok(value),
            _ => {
                mistakes.sort_by_key(|mistake| mistake.line);
                Err(DrillFileError { mistakes, more: self.more.into_inner() })
            }
        }
    }
}
