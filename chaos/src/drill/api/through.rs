use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use eyrie_types::NodeId;

use super::ApiClient;
use super::lead::Lead;
use super::look::Look;

/// What probes ask the cell through: one node or another, those left out that a fault is done to.
#[derive(Debug, Clone)]
pub(super) struct Through {
    pub(super) client: Arc<ApiClient>,
    pub(super) lead: Arc<Lead>,
    /// Which node is at which address; `None` for one that did not answer in the beginning: it is asked without mercy.
    pub(super) nodes: Arc<[Option<NodeId>]>,
    /// The cell as it was seen last.
    pub(super) latest: Arc<Mutex<Option<Arc<Look>>>>,
}

impl Through {
    /// A fault is done to the node at address `at`, or it recovers from one: it owes no answer.
    pub(super) fn is_hit(&self, at: usize) -> bool {
        self.nodes.get(at).copied().flatten().is_some_and(|node| self.lead.hits(node))
    }

    /// The cell as it was seen last.
    pub(super) fn seen(&self) -> Option<Arc<Look>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An address to ask, another one each turn: of a node that is not among `avoided`, or of any where all are.
    pub(super) fn another(&self, avoided: &BTreeSet<NodeId>, turn: usize) -> Option<usize> {
        let sound: Vec<_> = (0..self.nodes.len()).filter(|at| !self.is_hit(*at)).collect();
        let avoids = |at: &usize| self.nodes.get(*at).copied().flatten().is_none_or(|node| !avoided.contains(&node));
        let others: Vec<_> = sound.iter().copied().filter(avoids).collect();
        let from = if others.is_empty() { &sound } else { &others };
        from.get(turn % from.len().max(1)).copied()
    }
}
