use eyrie_types::{NodeId, TenantId};

use super::super::hashed::Hashed;

/// What keys and channels are called. All begin with the cell's name in braces: were they in a Redis Cluster, they would be in one
/// slot (a hash tag), as scripts that touch several keys need.
#[derive(Debug, Clone)]
pub(super) struct KeyNames {
    cell: String,
}

impl KeyNames {
    pub(super) fn new(cell: &str) -> Self {
        Self { cell: format!("{{{cell}}}") }
    }

    /// The bucket of a subject.
    pub(super) fn limit(&self, kind: &str, tenant: &TenantId, subject: Hashed) -> String {
        format!("{}:limit:{kind}:{tenant}:{subject}", self.cell)
    }

    /// The subjects of a kind, by when they were seen.
    pub(super) fn limits(&self, kind: &str) -> String {
        format!("{}:limits:{kind}", self.cell)
    }

    /// A waiting ticket.
    pub(super) fn ticket(&self, kind: &str, ticket: Hashed) -> String {
        format!("{}:ticket:{kind}:{ticket}", self.cell)
    }

    /// The waiting tickets of a kind, by when they run out.
    pub(super) fn tickets(&self, kind: &str) -> String {
        format!("{}:tickets:{kind}", self.cell)
    }

    /// The nodes that tell of viewers, by when they count no more.
    pub(super) fn nodes(&self) -> String {
        format!("{}:nodes", self.cell)
    }

    /// What the viewers of all nodes begin with; the node's id follows.
    pub(super) fn viewers(&self) -> String {
        format!("{}:viewers:", self.cell)
    }

    /// The channel on which nodes talk.
    pub(super) fn said(&self) -> String {
        format!("{}:said", self.cell)
    }

    /// The channel on which a node hears itself, and the key it writes to prove that it can.
    pub(super) fn beat(&self, node: NodeId) -> String {
        format!("{}:beat:{node}", self.cell)
    }
}
