use serde::{Deserialize, Serialize};

/// What a user may do. Ordered: each role may do all that the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Watches: reads cameras, live pictures and footage.
    Viewer,
    /// Also changes cameras and sites.
    Operator,
    /// Also changes users and reads the audit log.
    Admin,
}

impl Role {
    /// Every role, from the one that may do least.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// The word used in the API, in tokens and in stored rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// Reads back a stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// Whether this role may do what needs `least`.
    pub fn may(self, least: Self) -> bool {
        self >= least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_what_the_lesser_ones_may() {
        assert!(Role::Admin.may(Role::Viewer) && Role::Operator.may(Role::Operator));
        assert!(!Role::Viewer.may(Role::Operator) && !Role::Operator.may(Role::Admin));
    }

    #[test]
    fn every_role_reads_back_and_matches_its_json() {
        for role in Role::ALL {
            assert_eq!(Role::from_word(role.as_str()), Some(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
    }
}
