use eyrie_types::NodeId;

use super::apply::check_member;
use super::limits::NODES_MAX;
use super::{CellAnswer, CellPlacement, CellState, Health, Identity, Member, RaftId, Refusal};

impl CellState {
    pub(super) fn join(&mut self, node: NodeId, member: Member) -> Result<CellAnswer, Refusal> {
        check_member(&member)?;
        if !member.protocol.contains(self.cell_version) {
            let (min, max) = (member.protocol.min, member.protocol.max);
            return Err(Refusal::Protocol { node, min, max, cell: self.cell_version });
        }
        let fresh = Member { health: Health::Up, draining: false, ..member };
        match self.members.get_mut(&node) {
            Some(known) => {
                if check_start(node, known, fresh.start, fresh.identity)? {
                    *known = fresh;
                    return Ok(CellAnswer::Done);
                }
                // The same start again. What was decided of it since stays.
                let fresh = Member { health: known.health, draining: known.draining, ..fresh };
                if *known == fresh {
                    return Ok(CellAnswer::Unchanged);
                }
                *known = fresh;
                Ok(CellAnswer::Done)
            }
            None => {
                let departed = self.departed.iter().find(|(departed, _)| *departed == node);
                if let Some((_, known)) = departed.filter(|(_, known)| fresh.start <= *known) {
                    return Err(Refusal::StaleStart { node, given: fresh.start, known: *known });
                }
                if self.members.len() >= NODES_MAX {
                    return Err(Refusal::full("nodes", NODES_MAX));
                }
                if self.members.values().any(|other| other.raft == fresh.raft) {
                    return Err(Refusal::invalid("raft", "must be a number that no other member has"));
                }
                self.members.insert(node, fresh);
                Ok(CellAnswer::Done)
            }
        }
    }

    pub(super) fn node_started(
        &mut self,
        node: NodeId,
        start: u64,
        identity: Identity,
        raft: RaftId,
    ) -> Result<CellAnswer, Refusal> {
        if self.members.iter().any(|(other, member)| *other != node && member.raft == raft) {
            return Err(Refusal::invalid("raft", "must be a number that no other member has"));
        }
        let known = self.members.get_mut(&node).ok_or(Refusal::UnknownNode(node))?;
        if !check_start(node, known, start, identity)? {
            return Ok(CellAnswer::Unchanged);
        }
        *known = Member { start, identity, raft, health: Health::Up, draining: false, ..known.clone() };
        Ok(CellAnswer::Done)
    }

    fn member_at(&mut self, node: NodeId, start: u64) -> Result<&mut Member, Refusal> {
        let member = self.members.get_mut(&node).ok_or(Refusal::UnknownNode(node))?;
        if member.start == start {
            Ok(member)
        } else {
            Err(Refusal::StaleStart { node, given: start, known: member.start })
        }
    }

    pub(super) fn set_health(&mut self, node: NodeId, start: u64, health: Health) -> Result<CellAnswer, Refusal> {
        let member = self.member_at(node, start)?;
        let old = std::mem::replace(&mut member.health, health);
        Ok(if old == health { CellAnswer::Unchanged } else { CellAnswer::Done })
    }

    pub(super) fn set_drain(&mut self, node: NodeId, start: u64, draining: bool) -> Result<CellAnswer, Refusal> {
        let member = self.member_at(node, start)?;
        let old = std::mem::replace(&mut member.draining, draining);
        Ok(if old == draining { CellAnswer::Unchanged } else { CellAnswer::Done })
    }

    pub(super) fn leave(&mut self, node: NodeId, start: u64) -> Result<CellAnswer, Refusal> {
        if self.departed.contains(&(node, start)) && !self.members.contains_key(&node) {
            return Ok(CellAnswer::Unchanged);
        }
        self.member_at(node, start)?;
        let held = self.placements.values().filter(|placement| placement.nodes().any(|holder| holder == node)).count();
        if held > 0 {
            return Err(Refusal::HoldsPlacements { node, placements: u32::try_from(held).unwrap_or(u32::MAX) });
        }
        self.depart(node)
    }

    pub(super) fn remove_node(&mut self, node: NodeId) -> Result<CellAnswer, Refusal> {
        let Some(member) = self.members.get(&node) else { return Ok(CellAnswer::Unchanged) };
        if member.health == Health::Up {
            return Err(Refusal::StillAlive(node));
        }
        self.depart(node)
    }

    fn depart(&mut self, node: NodeId) -> Result<CellAnswer, Refusal> {
        if self.members.len() == 1 {
            return Err(Refusal::LastNode(node));
        }
        let Some(member) = self.members.remove(&node) else { return Err(Refusal::UnknownNode(node)) };
        self.bury_node(node, member.start);
        self.jobs.retain(|_, grant| grant.node != node);
        self.placements.retain(|_, placement| {
            let next = placement.next.filter(|next| next.node != node);
            placement.next = next;
            if placement.node != node {
                return true;
            }
            // A move away from it ends here; what was not moving has no place.
            placement.next.is_some_and(|next| {
                *placement = CellPlacement::moved(next);
                true
            })
        });
        Ok(CellAnswer::Done)
    }
}

/// Whether this is a later start of the node, and may be: `false` for the present one.
fn check_start(node: NodeId, known: &Member, start: u64, identity: Identity) -> Result<bool, Refusal> {
    if start < known.start {
        return Err(Refusal::StaleStart { node, given: start, known: known.start });
    }
    if identity != known.identity && (start == known.start || known.health == Health::Up) {
        return Err(Refusal::IdentityInUse(node));
    }
    Ok(start > known.start)
}
