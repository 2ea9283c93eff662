use serde::{Deserialize, Serialize};

use crate::{FieldError, Labels};

/// Most sessions a spec may name: no camera allows as many.
const SESSIONS_MAX: u16 = 64;

/// Where in a cell of several nodes a camera may run, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlacementSpec {
    /// 1, or 2 for a twin: another node records the same, and losing either costs nothing.
    #[schema(minimum = 1, maximum = 2)]
    pub redundancy: u8,
    /// Connections the camera allows at a time. With 1, moving it to another node costs the pictures of one reconnect, and it gets
    /// no twin.
    #[schema(minimum = 1, maximum = 64)]
    pub max_sessions: u16,
    /// Labels that its node must carry.
    pub node_labels: Labels,
}

impl Default for PlacementSpec {
    /// One recording, two sessions: nearly every camera allows as many.
    fn default() -> Self {
        Self { redundancy: 1, max_sessions: 2, node_labels: Labels::default() }
    }
}

impl PlacementSpec {
    /// Whether it says nothing.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Checks every field.
    pub(crate) fn validate(&self) -> Vec<FieldError> {
        let mut errors = self.node_labels.validate("placement.node_labels");
        if !(1..=2).contains(&self.redundancy) {
            errors.push(FieldError::new("placement.redundancy", "must be 1, or 2 for a twin"));
        }
        if !(1..=SESSIONS_MAX).contains(&self.max_sessions) {
            errors.push(FieldError::new("placement.max_sessions", format!("must be 1 to {SESSIONS_MAX}")));
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_cell_can_do_is_refused_by_field() {
        let read = |json: serde_json::Value| serde_json::from_value::<PlacementSpec>(json).unwrap();
        for (json, field) in [
            (serde_json::json!({"redundancy": 0}), "placement.redundancy"),
            (serde_json::json!({"redundancy": 3}), "placement.redundancy"),
            (serde_json::json!({"max_sessions": 0}), "placement.max_sessions"),
            (serde_json::json!({"node_labels": [""]}), "placement.node_labels"),
        ] {
            let errors = read(json.clone()).validate();
            assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), [field], "{json}");
        }
        assert!(read(serde_json::json!({})).is_default());
        assert!(read(serde_json::json!({"redundancy": 2, "node_labels": ["gpu"]})).validate().is_empty());
    }
}
