use eyrie_storage::store::StoreError;
use eyrie_types::ProblemCode;

use crate::Problem;

/// What clients hear of the store's errors. Causes that are ours go to the log, not into the answer.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::NotFound(what) => Self::not_found(what),
            StoreError::RevisionMismatch { .. } => Self::new(ProblemCode::RevisionMismatch, sentence(&error)),
            StoreError::AlreadyExists(_) => Self::new(ProblemCode::AlreadyExists, sentence(&error)),
            StoreError::SiteInUse { .. } => Self::new(ProblemCode::InUse, sentence(&error)),
            StoreError::LastAdmin => Self::new(ProblemCode::LastAdmin, sentence(&error)),
            StoreError::UnknownSite => Self::field("site", "there is no such site"),
            StoreError::BadCursor => Self::query("cursor", "is not one that a page of this list gave"),
            StoreError::TooMany { .. } => Self::new(ProblemCode::LimitReached, sentence(&error)),
            StoreError::Invalid(text) => {
                let (field, reason) = text.split_once(": ").unwrap_or(("body", text));
                Self::field(field, reason)
            }
            error if error.is_unavailable() => {
                tracing::error!(%error, "the metadata store does not answer");
                Self::new(ProblemCode::Unavailable, "The node cannot read or write its metadata now.").retry_after(5)
            }
            error => {
                tracing::error!(%error, "the metadata store met a fault");
                Self::new(ProblemCode::Internal, "The node met a fault of its own.")
            }
        }
    }
}

/// An error as a sentence.
pub(crate) fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), chars.as_str()))
}
