use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{ByteSize, FieldError};

/// The shortest age a rule may name: a segment is up to an hour long, and goes as a whole.
const AGE_S_MIN: u64 = 3600;
/// The longest: a century. Beyond it somebody mixed up units.
const AGE_S_MAX: u64 = 100 * 366 * 86_400;
/// The fewest bytes a rule may leave a camera: some minutes of one, less is a slip of the unit.
const BYTES_MIN: u64 = 16 << 20;

/// How long a camera's recordings are kept. What is left out is decided by the node's rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionSpec {
    /// Seconds after which footage is deleted: an hour to a century.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 3600)]
    pub max_age_s: Option<u64>,
    /// Most bytes the camera's recordings may take; beyond it the oldest go. At least 16 MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 16777216)]
    pub max_bytes: Option<u64>,
}

impl RetentionSpec {
    /// Whether the node's rules alone decide.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The age, as a duration.
    pub fn max_age(&self) -> Option<Duration> {
        self.max_age_s.map(Duration::from_secs)
    }

    pub(crate) fn validate(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.max_age_s.is_some_and(|age| !(AGE_S_MIN..=AGE_S_MAX).contains(&age)) {
            let reason = format!("must be from {AGE_S_MIN} (an hour) to {AGE_S_MAX} (a century)");
            errors.push(FieldError::new("recording.retention.max_age_s", reason));
        }
        // The store's numbers are signed.
        if self.max_bytes.is_some_and(|bytes| bytes < BYTES_MIN || i64::try_from(bytes).is_err()) {
            let reason = format!("must be at least {BYTES_MIN} ({})", ByteSize::bytes(BYTES_MIN));
            errors.push(FieldError::new("recording.retention.max_bytes", reason));
        }
        errors
    }
}
