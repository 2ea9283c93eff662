use eyrie_storage::footage::{ElsewhereError, FootageError};
use eyrie_types::ProblemCode;

use crate::Problem;

/// When to come back where too many wait: a picture takes some tenths of a second.
const RETRY_S: u32 = 2;

/// Why there is no picture. Everybody who waits for the same picture gets the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PictureError {
    /// There is no ffmpeg on this machine.
    #[error("ffmpeg is not installed")]
    NotInstalled,
    /// As many wait for a decoder as may.
    #[error("too many pictures wait for a decoder")]
    Busy,
    /// ffmpeg made nothing of it, or not in time.
    #[error("the keyframe cannot be decoded")]
    Undecodable,
    /// The keyframe is lost or damaged, or its key is gone.
    #[error("the keyframe is lost or damaged")]
    Lost,
    /// The index does not answer, or the child could not be run.
    #[error("{0}")]
    Unavailable(String),
    /// The sheet would have more pixels than one may.
    #[error("a sheet of so many pixels is too large")]
    TooLarge,
}

impl From<FootageError> for PictureError {
    fn from(error: FootageError) -> Self {
        match error {
            FootageError::Store(error) => Self::Unavailable(error.to_string()),
            FootageError::UnknownSegment
            | FootageError::Elsewhere { source: ElsewhereError::Lost | ElsewhereError::Damaged, .. }
            | FootageError::Lost(_)
            | FootageError::KeyGone(_)
            | FootageError::Damaged(_) => Self::Lost,
            FootageError::Elsewhere { .. } | FootageError::Panicked => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<PictureError> for Problem {
    fn from(error: PictureError) -> Self {
        match error {
            PictureError::NotInstalled => Self::new(
                ProblemCode::Unavailable,
                "Pictures are decoded by ffmpeg, which this machine lacks; install the package ffmpeg.",
            ),
            PictureError::Busy => {
                Self::new(ProblemCode::TooManyRequests, "Too many pictures are being made now.").retry_after(RETRY_S)
            }
            PictureError::Undecodable => {
                Self::new(ProblemCode::NotFound, "The picture of this moment cannot be decoded.")
            }
            PictureError::Lost => Self::new(ProblemCode::NotFound, "The picture of this moment is lost or damaged."),
            PictureError::Unavailable(detail) => {
                tracing::warn!(%detail, "a picture could not be made");
                Self::new(ProblemCode::Unavailable, "Pictures cannot be made now.").retry_after(RETRY_S)
            }
            PictureError::TooLarge => {
                let max = super::SHEET_PIXELS_MAX;
                Self::field("width", format!("makes a sheet of more than {max} pixels; ask for less or smaller cells"))
            }
        }
    }
}
