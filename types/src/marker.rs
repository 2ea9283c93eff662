use std::time::Duration;

use serde::Serialize;

use crate::camera::check_text;
use crate::{CameraId, FieldError, MarkerId, UserId, WallTime};

/// Longest title of a marker, in characters: one line.
pub const MARKER_TITLE_CHARS_MAX: usize = 120;
/// Longest note of a marker, in characters.
pub const MARKER_NOTE_CHARS_MAX: usize = 4000;
/// Longest category of a marker, in characters.
const CATEGORY_CHARS_MAX: usize = 32;
/// Longest stretch one marker names: whoever looks for the markers that reach into a range has to look back as far.
pub const MARKER_LENGTH_MAX: Duration = Duration::from_secs(31 * 86_400);

/// What somebody noted of a camera's footage: a moment, or a stretch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Marker {
    /// Its id.
    pub id: MarkerId,
    /// Of which camera.
    pub camera: CameraId,
    /// What it says.
    #[serde(flatten)]
    pub text: MarkerText,
    /// The name of who made it, as it was then.
    pub author: String,
    /// Who made it.
    pub author_id: UserId,
    /// When it was made.
    pub created_at: WallTime,
    /// When it last changed.
    pub updated_at: WallTime,
}

/// What a marker says, and of when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct MarkerText {
    /// The moment, or the first one of the stretch.
    pub start: WallTime,
    /// The first moment after the stretch; `null` for a moment.
    #[schema(required)]
    pub end: Option<WallTime>,
    /// A word to group markers by: `[a-z0-9-]{1,32}`.
    #[schema(example = "delivery")]
    pub category: String,
    /// One line.
    pub title: String,
    /// More, of any number of lines.
    #[schema(required)]
    pub note: Option<String>,
}

impl MarkerText {
    /// Checks every field.
    ///
    /// # Errors
    /// One entry for each field that cannot be taken.
    pub fn validate(&self) -> Result<(), Vec<FieldError>> {
        let mut errors = Vec::new();
        if let Some(end) = self.end {
            if end <= self.start {
                errors.push(FieldError::new("end", "must be after start; leave it out for a moment"));
            } else if end.since(self.start) > MARKER_LENGTH_MAX {
                let days = MARKER_LENGTH_MAX.as_secs() / 86_400;
                errors.push(FieldError::new("end", format!("must be at most {days} days after start")));
            }
        }
        errors.extend(check_category("category", &self.category).err());
        errors.extend(check_text("title", &self.title, MARKER_TITLE_CHARS_MAX).err());
        if let Some(note) = &self.note {
            // Line feeds are what a note may have besides.
            errors.extend(check_text("note", &note.replace('\n', " "), MARKER_NOTE_CHARS_MAX).err());
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

/// Checks a marker's category.
///
/// # Errors
/// When it cannot be taken.
pub fn check_category(field: &str, category: &str) -> Result<(), FieldError> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if (1..=CATEGORY_CHARS_MAX).contains(&category.len()) && category.chars().all(good) {
        Ok(())
    } else {
        let reason = format!("must be 1 to {CATEGORY_CHARS_MAX} of the characters a to z, 0 to 9 and -");
        Err(FieldError::new(field, reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> MarkerText {
        let (category, title) = ("delivery".to_owned(), "Van".to_owned());
        MarkerText { start: WallTime::EPOCH, end: None, category, title, note: None }
    }

    fn refused(text: &MarkerText) -> Vec<String> {
        text.validate().unwrap_err().into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn hostile_titles_notes_and_categories_are_refused_by_field() {
        for bad in ["a\0b", "a\u{202E}b", "\u{1b}[31m", "\u{2066}x", "a\rb"] {
            assert_eq!(refused(&MarkerText { title: bad.to_owned(), ..text() }), ["title"], "{bad:?}");
            assert_eq!(refused(&MarkerText { note: Some(bad.to_owned()), ..text() }), ["note"], "{bad:?}");
        }
        for bad in ["", " ", "two\nlines", &"x".repeat(MARKER_TITLE_CHARS_MAX + 1)] {
            assert_eq!(refused(&MarkerText { title: bad.to_owned(), ..text() }), ["title"], "{bad:?}");
        }
        assert_eq!(refused(&MarkerText { note: Some("x".repeat(10_000)), ..text() }), ["note"]);
        for bad in ["", "A", "a b", "ä", "<b>", &"x".repeat(33)] {
            assert_eq!(refused(&MarkerText { category: bad.to_owned(), ..text() }), ["category"], "{bad:?}");
        }
    }

    #[test]
    fn odd_text_several_lines_and_the_longest_of_each_are_taken() {
        let note = Some("<script>alert(1)</script>\nGröße 雪 🎥 100 % _".to_owned());
        assert_eq!(MarkerText { title: "雪".repeat(MARKER_TITLE_CHARS_MAX), note, ..text() }.validate(), Ok(()));
        assert_eq!(MarkerText { note: Some("雪".repeat(MARKER_NOTE_CHARS_MAX)), ..text() }.validate(), Ok(()));
    }

    #[test]
    fn a_stretch_ends_after_it_begins_and_within_the_limit() {
        let ending = |end: WallTime| MarkerText { end: Some(end), ..text() };
        assert_eq!(refused(&ending(WallTime::EPOCH)), ["end"]);
        assert_eq!(ending(WallTime::EPOCH + MARKER_LENGTH_MAX).validate(), Ok(()));
        assert_eq!(refused(&ending((WallTime::EPOCH + MARKER_LENGTH_MAX).offset_us(1))), ["end"]);
    }
}
