use eyrie_types::{Actor, RequestId};

use crate::principal::{Correlation, Principal};

/// Who made something happen, and with which request.
#[derive(Debug, Clone)]
pub(crate) struct By {
    /// Who.
    pub(crate) actor: Actor,
    /// With which request.
    pub(crate) trace: RequestId,
}

impl By {
    /// The caller of a request.
    pub(crate) fn caller(caller: &Principal, Correlation(trace): Correlation) -> Self {
        Self { actor: caller.actor(), trace }
    }
}
