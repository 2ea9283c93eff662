use serde::{Deserialize, Serialize};

/// What a user may do. Viewer, operator and admin each may do all that the ones before them may; a driller stands beside the first
/// two, and only the admin may do what it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Watches: reads cameras, live pictures and footage.
    Viewer,
    /// Also changes cameras and sites.
    Operator,
    /// Breaks things on purpose and reads what that takes: the cell, its cameras' names and gaps, the drills. Watches nothing and
    /// changes nothing.
    Driller,
    /// Changes users and reads the audit log, and may do all that the others may.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Operator, Self::Driller, Self::Admin];

    /// The word used in the API, in tokens and in stored rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Driller => "driller",
            Self::Admin => "admin",
        }
    }

    /// Reads back a stored word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }

    /// Whether this role may do what needs `least`.
    pub fn may(self, least: Self) -> bool {
        match self {
            Self::Admin => true,
            Self::Driller => least == Self::Driller,
            Self::Operator => matches!(least, Self::Operator | Self::Viewer),
            Self::Viewer => least == Self::Viewer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_what_the_lesser_ones_may_and_a_driller_only_drills() {
        assert!(
            Role::Admin.may(Role::Viewer) && Role::Operator.may(Role::Operator) && Role::Operator.may(Role::Viewer)
        );
        assert!(!Role::Viewer.may(Role::Operator) && !Role::Operator.may(Role::Admin));
        assert!(Role::ALL.into_iter().all(|role| Role::Admin.may(role)));
        let drillers: Vec<_> = Role::ALL.into_iter().filter(|role| role.may(Role::Driller)).collect();
        assert_eq!(drillers, [Role::Driller, Role::Admin]);
        assert!(![Role::Viewer, Role::Operator, Role::Admin].into_iter().any(|role| Role::Driller.may(role)));
    }

    #[test]
    fn every_role_reads_back_and_matches_its_json() {
        for role in Role::ALL {
            assert_eq!(Role::from_word(role.as_str()), Some(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
    }
}
