//! Cameras that allow too few sessions are fed from node to node: who may have a session, and from when on the cell counts on it.

use std::sync::Arc;
use std::time::Duration;

use eyrie_cluster::{CameraKey, CellCommand, CellState, PlacementKey, Settings};
use eyrie_types::NodeId;

use super::control::Shared;
use crate::peer::PROTOCOL_OF_MEDIA;

/// How long a change of the settings may take.
const WITHIN: Duration = Duration::from_secs(4);
/// How long after a change was asked for it is looked whether it is there.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Raises the cell's version once all members speak a newer one, and lets the cell count on feeding once all of them can; for as
/// long as it is polled, while this node leads.
pub(super) async fn run(shared: Arc<Shared>) {
    let (mut applied, mut role) = (shared.raft.state(), shared.raft.role());
    loop {
        let state = Arc::clone(&applied.borrow_and_update().state);
        let leads = role.borrow_and_update().view.ready;
        if let Some(command) = due(&state).filter(|_| leads) {
            if let Err(error) = shared.propose_here_or_forward(command, None, WITHIN).await {
                tracing::debug!(%error, "what all nodes can do could not be agreed on yet");
            }
            tokio::time::sleep(LOOK_AGAIN).await;
            continue;
        }
        // The senders live as long as Raft does.
        tokio::select! {
            _ = applied.changed() => {}
            _ = role.changed() => {}
        }
    }
}

/// What the cell can do by now and does not yet count on. A node alone feeds nobody.
fn due(state: &CellState) -> Option<CellCommand> {
    let members = state.members();
    let version = members.values().map(|member| member.protocol.max).min().filter(|_| members.len() > 1)?;
    if version > state.cell_version() && members.values().all(|member| member.protocol.contains(version)) {
        return Some(CellCommand::SetCellVersion { version });
    }
    let settings = state.settings();
    if state.cell_version() < u32::from(PROTOCOL_OF_MEDIA) || settings.feed {
        return None;
    }
    let settings = Settings { revision: settings.revision + 1, feed: true, ..settings.clone() };
    Some(CellCommand::SetSettings { settings: Box::new(settings) })
}

impl Shared {
    /// The other nodes that may have a session with a placement's camera: they hold a placement of it, or are about to, or one was
    /// taken from them that they may still be recording.
    pub(super) fn holders(&self, key: &PlacementKey) -> Vec<NodeId> {
        let state = Arc::clone(self.core().state().1);
        let placements = state.placements_of(&CameraKey::from(key)).map(|(_, placement)| placement);
        let mut nodes: Vec<_> = placements.flat_map(|placed| placed.nodes().chain(placed.taken_from)).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes.retain(|node| *node != self.me);
        nodes
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use eyrie_cluster::{Health, Identity, Member, ProtocolRange, RaftId};
    use eyrie_types::CellId;

    use super::*;

    fn member(n: u8, max: u32) -> Box<Member> {
        Box::new(Member {
            name: format!("n{n}"),
            start: 1,
            identity: Identity([n; 16]),
            raft: RaftId(u64::from(n)),
            peer: format!("10.0.0.{n}:7443"),
            url: String::new(),
            zone: String::new(),
            labels: BTreeSet::new(),
            capacity: 100,
            protocol: ProtocolRange { min: 1, max },
            health: Health::Up,
            draining: false,
        })
    }

    #[test]
    fn the_cell_counts_on_feeding_once_all_members_can() {
        let (first, second) = (NodeId::random(), NodeId::random());
        let mut state = CellState::default();
        state.apply(CellCommand::Found { cell: CellId::random(), node: first, member: member(1, 1) }).unwrap();
        state.apply(CellCommand::Join { node: first, member: Box::new(Member { start: 2, ..*member(1, 2) }) }).unwrap();
        assert_eq!(due(&state), None, "a node alone");
        state.apply(CellCommand::Join { node: second, member: member(2, 1) }).unwrap();
        assert_eq!(due(&state), None, "one of an older release");
        let upgraded = Box::new(Member { start: 2, ..*member(2, 2) });
        state.apply(CellCommand::Join { node: second, member: upgraded }).unwrap();
        let mut done = Vec::new();
        while let Some(command) = due(&state) {
            done.push(command.clone());
            state.apply(command).unwrap();
        }
        assert_eq!((done.len(), state.cell_version(), state.settings().feed), (2, 2, true), "{done:?}");
    }
}
