use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use eyrie_types::Monotonic;

use super::*;
use crate::cell::testing::*;
use crate::*;

fn at(ms: u64) -> Monotonic {
    Monotonic::from_start(Duration::from_millis(ms))
}

fn setup(n: u32, start: u64, spent: SpentEpochs) -> NodeSetup {
    NodeSetup { node: node(n), member: Member { start, ..member(n) }, spent, limits: DetectorLimits::default() }
}

fn view(me: u32, leader: Option<u32>, nodes: u32) -> RaftView {
    let raft = |n: u32| RaftId(u64::from(n));
    let member = |n| (raft(n), RaftMember { node: node(n), voter: true, caught_up: true });
    RaftView {
        term: 1,
        me: raft(me),
        leader: leader.map(raft),
        ready: leader == Some(me),
        members: (1..=nodes).map(member).collect(),
        changing: false,
    }
}

fn drained(cell: &mut CellNode) -> Vec<CellOutput> {
    std::iter::from_fn(|| cell.poll()).collect()
}

fn last_duties(outputs: &[CellOutput]) -> Option<BTreeMap<PlacementKey, Duty>> {
    let duties = |output: &CellOutput| match output {
        CellOutput::Duties(duties) => Some(duties.clone()),
        _ => None,
    };
    outputs.iter().rev().find_map(duties)
}

/// A cell of three with camera 1 on node 1.
fn placed() -> (CellState, EpochGrant) {
    let mut state = cell(3, 3);
    put(&mut state, 1, needs());
    let grant = granted(state.apply(CellCommand::Place { key: owner(1), node: node(1), replaces: None }));
    (state, grant)
}

#[test]
fn a_cell_of_one_founds_places_and_acts_alone() {
    let mut cell_node = CellNode::new(setup(1, 1, SpentEpochs::default()));
    let mut state = cell(1, 1);
    put(&mut state, 1, needs());
    cell_node.applied(at(0), 1, Arc::new(state.clone()));
    cell_node.role(at(10), view(1, Some(1), 1));
    let outputs = drained(&mut cell_node);
    let Some(CellOutput::Propose(place)) = outputs.iter().find(|output| matches!(output, CellOutput::Propose(_)))
    else {
        panic!("nothing proposed: {outputs:?}")
    };
    let Ok(CellAnswer::Batch(answers)) = state.apply(place.clone()) else { panic!("{place:?}") };
    let grant = granted(answers[0].clone());
    cell_node.applied(at(20), 2, Arc::new(state));
    let outputs = drained(&mut cell_node);
    let note = outputs.iter().position(|output| matches!(output, CellOutput::Note(_)));
    let duties = outputs.iter().position(|output| matches!(output, CellOutput::Duties(_)));
    assert!(note.is_some() && note < duties, "the epoch is noted before it is used: {outputs:?}");
    let duty = last_duties(&outputs).unwrap()[&owner(1)];
    assert_eq!((duty.epoch, duty.live), (grant.first, true));
    cell_node.tick(at(70));
    assert!(drained(&mut cell_node).contains(&CellOutput::Lease(at(770))));
}

#[test]
fn a_node_restarted_without_quorum_goes_on_under_the_next_epoch() {
    let (state, grant) = placed();
    let mut spent = SpentEpochs::default();
    spent.take(&owner(1), &grant);
    let mut cell_node = CellNode::new(setup(1, 2, spent));
    cell_node.applied(at(0), 9, Arc::new(state));
    cell_node.role(at(0), view(1, None, 3));
    for ms in (0..2_000).step_by(50) {
        cell_node.tick(at(ms));
    }
    assert_eq!(last_duties(&drained(&mut cell_node)), None, "it waits for the cell first");
    cell_node.tick(at(2_000));
    let duty = last_duties(&drained(&mut cell_node)).unwrap()[&owner(1)];
    assert_eq!(duty.epoch.as_u64(), grant.first.as_u64() + 1);
}

#[test]
fn a_copy_of_a_data_directory_runs_nothing() {
    let (state, _) = placed();
    let mut copy = setup(1, 2, SpentEpochs::default());
    copy.member.identity = Identity([99; 16]);
    let mut cell_node = CellNode::new(copy);
    cell_node.applied(at(0), 9, Arc::new(state.clone()));
    (0..10_000).step_by(50).for_each(|ms| cell_node.tick(at(ms)));
    assert_eq!(last_duties(&drained(&mut cell_node)), None);
    let mut stale = CellNode::new(setup(1, 0, SpentEpochs::default()));
    stale.applied(at(0), 9, Arc::new(state));
    let outputs = drained(&mut stale);
    assert!(matches!(outputs[..], [CellOutput::Superseded(Refusal::StaleStart { .. })]), "{outputs:?}");
}

#[test]
fn what_runs_goes_on_through_renewals_and_stops_for_another_owner_only() {
    let (mut state, grant) = placed();
    let mut cell_node = CellNode::new(setup(1, 1, SpentEpochs::default()));
    let mut ready = view(1, Some(1), 1);
    cell_node.role(at(0), ready.clone());
    cell_node.applied(at(0), 9, Arc::new(state.clone()));
    assert_eq!(last_duties(&drained(&mut cell_node)).unwrap()[&owner(1)].epoch, grant.first);
    let renewed = granted(state.apply(CellCommand::Renew { key: owner(1), node: node(1), epoch: grant.first }));
    cell_node.applied(at(10), 10, Arc::new(state.clone()));
    assert_eq!(last_duties(&drained(&mut cell_node)), None, "a renewal interrupts nothing");
    cell_node.fell(at(20), &owner(1), grant.first);
    assert_eq!(last_duties(&drained(&mut cell_node)).unwrap()[&owner(1)].epoch, renewed.first);
    ready.leader = None;
    ready.ready = false;
    cell_node.role(at(30), ready);
    (50..60_000).step_by(50).for_each(|ms| cell_node.tick(at(ms)));
    assert_eq!(last_duties(&drained(&mut cell_node)), None, "without a leader everything runs on");
    state.apply(CellCommand::SetHealth { node: node(1), start: 1, health: Health::Dead }).unwrap();
    state.apply(CellCommand::Place { key: owner(1), node: node(2), replaces: Some(renewed.first) }).unwrap();
    cell_node.applied(at(60_000), 11, Arc::new(state));
    assert_eq!(last_duties(&drained(&mut cell_node)), Some(BTreeMap::new()));
}

#[test]
fn a_node_that_spent_half_its_epochs_asks_for_more() {
    let (state, grant) = placed();
    let mut cell_node = CellNode::new(setup(1, 1, SpentEpochs::default()));
    cell_node.role(at(0), view(1, Some(1), 3));
    cell_node.applied(at(0), 9, Arc::new(state));
    let mut epoch = grant.first;
    let renew = CellOutput::Propose(CellCommand::Renew { key: owner(1), node: node(1), epoch });
    for fall in 1..=EPOCHS_PER_GRANT {
        cell_node.tick(at(u64::from(fall) * 1_000));
        let asked = drained(&mut cell_node).contains(&renew);
        assert_eq!(asked, fall >= EPOCHS_PER_GRANT / 2, "after {fall}");
        cell_node.fell(at(u64::from(fall) * 1_000), &owner(1), epoch);
        match last_duties(&drained(&mut cell_node)).unwrap().get(&owner(1)) {
            Some(duty) => epoch = duty.epoch,
            None => assert_eq!(fall, EPOCHS_PER_GRANT, "without an epoch nothing runs"),
        }
    }
}

#[test]
fn heartbeats_keep_their_bytes() {
    let heartbeat = Heartbeat {
        node: node(1),
        start: 2,
        sent_us: 3_000,
        leads: true,
        applied: 4,
        echo: Some(Echo { start: 5, sent_us: 6 }),
        silent: vec![(node(2), 7), (node(3), 1)],
        moves: vec![(eyrie_types::Epoch::new(1, 8).unwrap(), MoveReport::Recording)],
        running: 9,
        recording: 8,
    };
    let bytes = postcard::to_stdvec(&heartbeat).unwrap();
    assert_eq!(postcard::from_bytes(&bytes), Ok(heartbeat));
    let golden = include_str!("../../tests/golden/heartbeat-bytes.txt");
    assert_eq!(hex::encode(bytes), golden.trim());
}
