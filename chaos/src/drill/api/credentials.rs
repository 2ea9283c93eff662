use std::path::Path;

use eyrie_types::Secret;

use crate::drill::DrillError;

/// Largest token file: an access token is shorter than 1 KiB.
const BYTES_MAX: u64 = 4 << 10;

/// Who asks a cell.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A user that signs in, and again when its session is over.
    User {
        /// Its name.
        name: String,
        /// Its password.
        password: Secret,
    },
    /// An access token as it is; it lives for ten minutes.
    Token(Secret),
}

impl Credentials {
    /// Reads a token file: one line, `USER:PASSWORD` of a user that may drill, or an access token.
    ///
    /// # Errors
    /// When it cannot be read, or holds neither.
    pub fn read(path: &Path) -> Result<Self, DrillError> {
        use std::io::Read as _;
        let mut text = String::new();
        let read = std::fs::File::open(path).and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text));
        read.map_err(DrillError::io(format!("reading {}", path.display())))?;
        Self::of(&text).ok_or_else(|| {
            DrillError::Refused(format!(
                "{} holds neither `USER:PASSWORD` of a user that may drill nor an access token, on one line",
                path.display()
            ))
        })
    }

    /// What a token file's text holds.
    pub fn of(text: &str) -> Option<Self> {
        let line = text.trim();
        if line.is_empty() || line.contains('\n') {
            return None;
        }
        match line.split_once(':') {
            Some((name, password)) if !name.is_empty() && !password.is_empty() => {
                Some(Self::User { name: name.to_owned(), password: Secret::new(password) })
            }
            // A token has no colon, and three parts (RFC 7515 section 7.1).
            None if line.split('.').count() == 3 => Some(Self::Token(Secret::new(line))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_file_holds_a_user_or_a_token_and_nothing_else() {
        let user = Credentials::of("drills:a:b c\n");
        assert!(
            matches!(user, Some(Credentials::User { name, password }) if name == "drills" && password.expose() == "a:b c")
        );
        assert!(matches!(Credentials::of(" a.b.c "), Some(Credentials::Token(token)) if token.expose() == "a.b.c"));
        for text in ["", "\n", "word", "a.b", ":x", "x:", "one:two\nthree:four"] {
            assert!(Credentials::of(text).is_none(), "{text:?}");
        }
    }
}
