use eyrie_types::NodeId;

use super::Fault;

/// How often in a row a node that has no pictures is asked, with rising pauses of up to three seconds, before the camera is tried:
/// by then it has started what the cell has asked of it, or will not.
const WAITS_MAX: u32 = 7;

/// Where a camera's pictures are had from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// From the camera.
    Camera,
    /// From a node that has a session with it.
    Node(NodeId),
}

/// Finds the way for the next attempt, from what became of the last one. Pure.
///
/// The cell says who is to have the session of a camera that allows too few, and is behind what happens by a second or more. So a
/// node whose feeder is gone goes to the camera itself, and one whom the camera refuses asks whoever else may have the session:
/// wherever that ends up, all are fed from there.
#[derive(Debug, Default)]
pub(super) struct Ways {
    last: Option<(Way, Fault)>,
    /// How many others were asked.
    asked: usize,
    /// How often in a row a node had nothing.
    waits: u32,
}

impl Ways {
    /// An attempt failed.
    pub(super) fn failed(&mut self, way: Way, fault: Fault) {
        let waits = matches!((way, &fault), (Way::Node(_), Fault::FeedWaits(_) | Fault::Silent(_)));
        self.waits = if waits && self.waits < WAITS_MAX { self.waits + 1 } else { 0 };
        self.last = Some((way, fault));
    }

    /// The next one. `told`: the node that is to feed this one, by the cell; `holders`: nodes that may have a session.
    pub(super) fn next(&mut self, told: Option<NodeId>, holders: &[NodeId]) -> Way {
        let as_told = told.map_or(Way::Camera, Way::Node);
        match &self.last {
            None => as_told,
            Some((Way::Camera, Fault::SessionLimit(_))) => self.another(told, holders),
            Some((Way::Camera, _)) => as_told,
            // It is about to start, or its pictures come back, or somebody else gets the session.
            Some((Way::Node(_), _)) if (1..WAITS_MAX).contains(&self.waits) => as_told,
            Some((Way::Node(node), Fault::FeedReleased)) if told != Some(*node) => as_told,
            Some((Way::Node(_), _)) => Way::Camera,
        }
    }

    /// One of those who may have the session, each in turn.
    fn another(&mut self, told: Option<NodeId>, holders: &[NodeId]) -> Way {
        let others: Vec<_> =
            told.into_iter().chain(holders.iter().copied().filter(|node| Some(*node) != told)).collect();
        let Some(at) = self.asked.checked_rem(others.len()) else { return Way::Camera };
        self.asked = self.asked.wrapping_add(1);
        others.get(at).map_or(Way::Camera, |node| Way::Node(*node))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ways that follow one another when each attempt ends as told.
    fn ways(told: &[Option<NodeId>], holders: &[NodeId], faults: &[Fault]) -> Vec<Way> {
        let mut ways = Ways::default();
        let next = |(told, fault): (&Option<NodeId>, &Fault)| {
            let way = ways.next(*told, holders);
            ways.failed(way, fault.clone());
            way
        };
        told.iter().zip(faults).map(next).collect()
    }

    #[test]
    fn whoever_is_fed_goes_to_the_camera_once_the_feeder_is_gone_and_back_when_refused() {
        let a = NodeId::random();
        let (lost, limit) = (Fault::FeedLost("gone".to_owned()), Fault::SessionLimit(453));
        let found = ways(&[Some(a); 5], &[a], &[lost.clone(), limit.clone(), lost, Fault::Closed, Fault::Closed]);
        assert_eq!(found, [Way::Node(a), Way::Camera, Way::Node(a), Way::Camera, Way::Node(a)]);
    }

    #[test]
    fn a_released_session_is_taken_unless_the_cell_has_given_it_to_another() {
        let (a, b) = (NodeId::random(), NodeId::random());
        let released = || [Fault::FeedReleased, Fault::Closed];
        assert_eq!(ways(&[Some(a); 2], &[a], &released()), [Way::Node(a), Way::Camera], "the cell is behind");
        assert_eq!(ways(&[Some(a), None], &[a], &released()), [Way::Node(a), Way::Camera]);
        assert_eq!(ways(&[Some(a), Some(b)], &[a, b], &released()), [Way::Node(a), Way::Node(b)]);
    }

    #[test]
    fn a_feeder_without_pictures_is_awaited() {
        let a = NodeId::random();
        let waits = Fault::FeedWaits("off".to_owned());
        assert_eq!(ways(&[Some(a); 2], &[a], &[waits.clone(), waits.clone()]), [Way::Node(a); 2]);
        assert_eq!(ways(&[Some(a), None], &[a], &[waits.clone(), waits.clone()]), [Way::Node(a), Way::Camera]);
        let mut all = vec![Way::Node(a); WAITS_MAX as usize];
        all.extend([Way::Camera, Way::Node(a)]);
        let mut faults = vec![waits.clone(); WAITS_MAX as usize];
        faults.extend([Fault::Closed, waits]);
        assert_eq!(ways(&[Some(a); WAITS_MAX as usize + 2], &[a], &faults), all, "but not for ever");
    }

    #[test]
    fn one_whom_the_camera_refuses_asks_all_who_may_have_the_session_in_turn() {
        let (a, b) = (NodeId::random(), NodeId::random());
        let (limit, lost) = (Fault::SessionLimit(453), Fault::FeedLost("gone".to_owned()));
        let faults = [limit.clone(), lost.clone(), limit.clone(), lost, limit.clone()];
        let found = ways(&[None; 5], &[a, b], &faults);
        assert_eq!(found, [Way::Camera, Way::Node(a), Way::Camera, Way::Node(b), Way::Camera]);
        assert_eq!(ways(&[None; 2], &[], &[limit.clone(), limit]), [Way::Camera; 2], "a cell of one");
    }
}
