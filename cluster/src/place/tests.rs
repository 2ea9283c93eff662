use std::collections::BTreeSet;

use eyrie_types::NodeId;

use crate::cell::testing::*;
use crate::*;

/// Applies a plan and answers it as text, node and camera ids shortened.
fn step(state: &mut CellState, facts: &PlanFacts) -> String {
    let plan = plan_cell(state, facts);
    for command in plan.commands.clone() {
        assert_ne!(
            state.apply(command.clone()).map_err(|refusal| panic!("{command}: {refusal}")),
            Ok(CellAnswer::Unchanged)
        );
    }
    plan.to_string()
        .replace("default/00000000-0000-7000-8000-000000ca000", "camera ")
        .replace("00000000-0000-7000-8000-00000000000", "n")
}

/// Plans until nothing is left to do, moves finishing at once.
fn settle(state: &mut CellState, facts: &PlanFacts) -> String {
    let mut text = String::new();
    for round in 1.. {
        assert!(round < 50, "it never ends:\n{text}");
        let mut facts = facts.clone();
        let pending =
            state.placements().values().filter_map(|placement| placement.next.map(|next| (placement.node, next)));
        for (old, next) in pending {
            facts.reports.insert((next.grant.first, next.node), MoveReport::Recording);
            facts.reports.insert((next.grant.first, old), MoveReport::Stopped);
        }
        let plan = step(state, &facts);
        text += &plan;
        if plan == "nothing to do\n" || plan.starts_with("without") || plan.starts_with("stuck") {
            break;
        }
    }
    text
}

fn set_health(state: &mut CellState, n: u32, health: Health) {
    state.apply(CellCommand::SetHealth { node: node(n), start: 1, health }).unwrap();
}

fn set(state: &mut CellState, change: impl FnOnce(&mut Settings)) {
    let mut settings = Settings { revision: state.settings().revision + 1, ..state.settings().clone() };
    change(&mut settings);
    state.apply(CellCommand::SetSettings { settings: Box::new(settings) }).unwrap();
}

fn story() -> String {
    let mut text = String::new();
    let mut tell = |title: &str, plan: String| text += &format!("## {title}\n{plan}\n");
    let facts = PlanFacts::default();

    let mut state = cell(3, 3);
    for n in 1..=3 {
        put(&mut state, n, CameraNeeds { redundancy: if n == 3 { 2 } else { 1 }, weight: 10, ..needs() });
    }
    tell("three new cameras, the third with a twin", settle(&mut state, &facts));
    let dead = state.placement(&owner(3)).unwrap().node;
    state.apply(CellCommand::SetHealth { node: dead, start: 1, health: Health::Dead }).unwrap();
    tell("the node of the third camera dies", settle(&mut state, &facts));
    state.apply(CellCommand::SetHealth { node: dead, start: 1, health: Health::Up }).unwrap();
    tell("it comes back: nothing moves for that", settle(&mut state, &facts));
    tell(
        "nor in calm, while they are less than 20 points apart",
        settle(&mut state, &PlanFacts { calm: true, ..facts.clone() }),
    );

    let mut state = cell(3, 3);
    put(&mut state, 1, needs());
    put(&mut state, 2, CameraNeeds { max_sessions: 1, ..needs() });
    settle(&mut state, &facts);
    for n in 1..=3 {
        state.apply(CellCommand::SetDrain { node: node(n), start: 1, draining: n > 1 }).unwrap();
    }
    let first = step(&mut state, &facts);
    tell("all but one drain: the second camera allows one session", first);
    tell("the rest of it", settle(&mut state, &facts));
    state.apply(CellCommand::SetDrain { node: node(1), start: 1, draining: true }).unwrap();
    tell("the last one drains, too", settle(&mut state, &facts));

    let mut state = cell(2, 2);
    put(&mut state, 1, CameraNeeds { redundancy: 2, weight: 80, ..needs() });
    settle(&mut state, &facts);
    put(&mut state, 2, CameraNeeds { weight: 50, ..needs() });
    tell("a camera that nobody records goes before a twin", settle(&mut state, &facts));
    put(&mut state, 3, CameraNeeds { labels: ["gpu".to_owned()].into(), ..needs() });
    tell("a label that no node carries", settle(&mut state, &facts));

    let mut state = cell(1, 1);
    (1..=6).for_each(|n| put(&mut state, n, CameraNeeds { weight: 10, ..needs() }));
    settle(&mut state, &facts);
    state.apply(CellCommand::Join { node: node(2), member: Box::new(member(2)) }).unwrap();
    tell("an empty node joins a full one: nothing, until the cell is calm", settle(&mut state, &facts));
    tell("in calm, the loads are evened out", settle(&mut state, &PlanFacts { calm: true, ..facts.clone() }));

    let mut state = cell(3, 3);
    set(&mut state, |settings| settings.jobs = ["export", "tiering"].map(|job| JobName(job.to_owned())).into());
    tell("two jobs", settle(&mut state, &facts));
    set_health(&mut state, 1, Health::Dead);
    tell("a worker dies", settle(&mut state, &facts));
    text
}

#[test]
fn the_plans_read_as_the_golden_file() {
    let text = story();
    assert!(text == include_str!("../../tests/golden/plans.txt"), "the plans now read:\n{text}");
}

#[test]
fn a_move_that_takes_too_long_ends() {
    let mut state = cell(2, 2);
    put(&mut state, 1, needs());
    let grant = granted(state.apply(CellCommand::Place { key: owner(1), node: node(1), replaces: None }));
    let begin = CellCommand::BeginMove { key: owner(1), epoch: grant.first, to: node(2), mode: MoveMode::Overlap };
    let next = granted(state.apply(begin)).first;
    let plan = |old, new| {
        let reports = [((next, node(1)), old), ((next, node(2)), new)].into();
        plan_cell(&state, &PlanFacts { reports, overdue: [next].into(), ..PlanFacts::default() }).commands
    };
    let (finish, abandon) =
        (CellCommand::FinishMove { key: owner(1), next }, CellCommand::AbandonMove { key: owner(1), next });
    assert_eq!(plan(MoveReport::Recording, MoveReport::Running), [abandon], "the new node does not get the camera");
    let finish = [finish];
    assert_eq!(plan(MoveReport::Running, MoveReport::Running), finish, "nobody gets it: nothing is lost");
    assert_eq!(plan(MoveReport::Recording, MoveReport::Recording), finish);
}

/// Begins to move the owner of camera 1 to a node that has nothing of it.
fn begin(state: &mut CellState, mode: MoveMode) -> EpochGrant {
    let placement = *state.placement(&owner(1)).unwrap();
    let holds = |id| state.placements_of(&camera(1)).any(|(_, placement)| placement.node == id);
    let to = state.members().keys().copied().find(|id| !holds(*id)).unwrap();
    granted(state.apply(CellCommand::BeginMove { key: owner(1), epoch: placement.grant.first, to, mode }))
}

#[test]
fn a_twin_that_is_wanted_while_the_owner_moves_waits_for_a_session() {
    let mut state = cell(4, 4);
    put(&mut state, 1, needs());
    settle(&mut state, &PlanFacts::default());
    let next = begin(&mut state, MoveMode::Overlap).first;
    put(&mut state, 1, CameraNeeds { revision: 2, redundancy: 2, ..needs() });
    assert_eq!(step(&mut state, &PlanFacts::default()), "nothing to do\n", "both sides of the move are connected");
    state.apply(CellCommand::FinishMove { key: owner(1), next }).unwrap();
    assert!(matches!(plan_cell(&state, &PlanFacts::default()).commands[..], [CellCommand::Place { .. }]));
    put(&mut state, 1, CameraNeeds { revision: 3, redundancy: 2, max_sessions: 3, ..needs() });
    begin(&mut state, MoveMode::Overlap);
    let plan = plan_cell(&state, &PlanFacts::default()).commands;
    assert!(matches!(plan[..], [CellCommand::Place { .. }]), "a third session is allowed: {plan:?}");
}

#[test]
fn what_goes_makes_room_once_and_before_anything_comes() {
    let mut state = cell(2, 2);
    put(&mut state, 1, CameraNeeds { redundancy: 2, weight: 40, ..needs() });
    (2..=3).for_each(|n| put(&mut state, n, CameraNeeds { weight: 55, ..needs() }));
    settle(&mut state, &PlanFacts::default());
    put(&mut state, 1, CameraNeeds { revision: 2, weight: 40, ..needs() });
    put(&mut state, 4, CameraNeeds { weight: 50, ..needs() });
    let plan = plan_cell(&state, &PlanFacts::default());
    assert!(matches!(plan.commands[..], [CellCommand::Unplace { .. }]), "45 are free then, not 85: {plan}");
    assert_eq!(plan.unplaced.iter().map(|one| one.why).collect::<Vec<_>>(), [WhyUnplaced::NoRoom]);

    let mut state = cell(4, 4);
    put(&mut state, 1, CameraNeeds { redundancy: 2, ..needs() });
    settle(&mut state, &PlanFacts::default());
    let old = state.placement(&owner(1)).unwrap().node;
    let next = begin(&mut state, MoveMode::StopFirst).first;
    put(&mut state, 1, CameraNeeds { revision: 2, max_sessions: 1, ..needs() });
    let facts = PlanFacts { reports: [((next, old), MoveReport::Stopped)].into(), ..PlanFacts::default() };
    let plan = plan_cell(&state, &facts);
    let order = matches!(plan.commands[..], [CellCommand::Unplace { .. }, CellCommand::FinishMove { .. }]);
    assert!(order, "its one session is free before it is taken: {plan}");
}

#[test]
fn the_loss_of_any_one_node_or_zone_is_tried_on_paper() {
    let mut state = cell(4, 2);
    (1..=12).for_each(|n| put(&mut state, n, CameraNeeds { weight: 20, ..needs() }));
    settle(&mut state, &PlanFacts::default());
    let verdict = survival(&state);
    assert!(verdict.any_node() && !verdict.any_zone(), "60 of 100 each: three take it, two do not: {verdict:?}");
    (13..=16).for_each(|n| put(&mut state, n, CameraNeeds { weight: 20, ..needs() }));
    settle(&mut state, &PlanFacts::default());
    assert_eq!(survival(&state).nodes.values().sum::<usize>(), 4, "80 of 100 each: one of four does not fit");
}

#[test]
fn what_is_lost_is_what_the_rest_has_no_room_for() {
    for seed in 0..60u32 {
        let (nodes, capacity) = (2 + seed % 7, 3 + seed % 5);
        let mut state = cell(nodes, 1 + seed % 3);
        for n in 1..=nodes {
            let known = state.member(node(n)).unwrap().clone();
            let capacity = capacity + n % 3;
            let again = Box::new(Member { start: 2, capacity, ..known });
            state.apply(CellCommand::Join { node: node(n), member: again }).unwrap();
        }
        (1..=nodes * capacity / 4 * (1 + seed % 4)).for_each(|n| put(&mut state, n, needs()));
        settle(&mut state, &PlanFacts::default());
        let held = |id| state.placements().values().filter(|placement| placement.node == id).count();
        let free = |id| state.member(id).unwrap().capacity as usize - held(id);
        let lost = |gone: &dyn Fn(NodeId) -> bool| -> usize {
            let all = state.members().keys().copied();
            let (gone, rest): (Vec<_>, Vec<_>) = all.partition(|id| gone(*id));
            gone.into_iter().map(held).sum::<usize>().saturating_sub(rest.into_iter().map(free).sum())
        };
        let verdict = survival(&state);
        for id in state.members().keys() {
            assert_eq!(verdict.nodes.get(id).copied().unwrap_or(0), lost(&|other| other == *id), "seed {seed}, {id}");
        }
        let zones: BTreeSet<_> = state.members().values().map(|member| member.zone.clone()).collect();
        for zone in zones.iter().filter(|_| zones.len() > 1) {
            let expected = lost(&|id| state.member(id).unwrap().zone == *zone);
            assert_eq!(verdict.zones.get(zone).copied().unwrap_or(0), expected, "seed {seed}, zone {zone}");
        }
    }
}

#[test]
fn on_paper_too_a_twin_keeps_away_from_its_owner_and_labels_count() {
    let mut state = cell(3, 3);
    put(&mut state, 1, CameraNeeds { redundancy: 2, ..needs() });
    settle(&mut state, &PlanFacts::default());
    assert!(survival(&state).any_node(), "the third node takes either");
    let third = (1..=3).map(node).find(|id| !state.placements().values().any(|placement| placement.node == *id));
    state.apply(CellCommand::SetDrain { node: third.unwrap(), start: 1, draining: true }).unwrap();
    assert_eq!(survival(&state).nodes.len(), 2, "of two nodes with room, one has the other slot");

    let mut state = cell(3, 3);
    let gpu = BTreeSet::from(["gpu".to_owned()]);
    for n in 1..=2 {
        let again = Member { start: 2, labels: gpu.clone(), zone: format!("z{}", n % 3), ..member(n) };
        state.apply(CellCommand::Join { node: node(n), member: Box::new(again) }).unwrap();
    }
    put(&mut state, 1, CameraNeeds { labels: gpu.clone(), weight: 60, ..needs() });
    settle(&mut state, &PlanFacts::default());
    assert!(survival(&state).any_node(), "the other one with a GPU has room");
    put(&mut state, 2, CameraNeeds { labels: gpu, weight: 60, ..needs() });
    settle(&mut state, &PlanFacts::default());
    assert_eq!(survival(&state).nodes.values().copied().collect::<Vec<_>>(), [1, 1], "the third has room, but no GPU");
}

/// A group with `voters` of `nodes` voting, node 1 leading.
fn group(nodes: u32, voters: u32) -> RaftView {
    let raft = |n: u32| RaftId(u64::from(n));
    let member = |n| (raft(n), RaftMember { node: node(n), voter: n <= voters, caught_up: true });
    RaftView {
        term: 1,
        me: raft(1),
        leader: Some(raft(1)),
        ready: true,
        members: (1..=nodes).map(member).collect(),
        changing: false,
    }
}

#[test]
fn voters_follow_the_size_of_the_cell_one_at_a_time() {
    let none = BTreeSet::new();
    let change = |nodes, zones, view: &RaftView| voter_change(&cell(nodes, zones), view, &none);
    assert_eq!(change(2, 2, &group(2, 1)), None);
    assert_eq!(change(3, 3, &group(3, 1)), Some(VoterChange::Promote { raft: RaftId(2) }));
    assert_eq!(change(3, 3, &RaftView { changing: true, ..group(3, 1) }), None);
    assert_eq!(change(4, 4, &group(4, 3)), None);
    assert_eq!(change(5, 5, &group(5, 3)), Some(VoterChange::Promote { raft: RaftId(4) }));
    assert_eq!(change(4, 4, &group(4, 4)), Some(VoterChange::Demote { raft: RaftId(4) }));
    assert_eq!(change(3, 3, &group(2, 1)), Some(VoterChange::AddLearner { raft: RaftId(3), node: node(3) }));
    let mut slow = group(3, 1);
    slow.members.values_mut().for_each(|member| member.caught_up = false);
    assert_eq!(change(3, 3, &slow), None, "a learner first learns");
}

#[test]
fn failures_never_shrink_the_set_and_a_lost_log_is_replaced() {
    let mut state = cell(4, 4);
    set_health(&mut state, 2, Health::Dead);
    let none = BTreeSet::new();
    assert_eq!(voter_change(&state, &group(4, 3), &none), None, "it may come back");
    let long = BTreeSet::from([node(2)]);
    assert_eq!(voter_change(&state, &group(4, 3), &long), Some(VoterChange::Promote { raft: RaftId(4) }));
    assert_eq!(voter_change(&state, &group(4, 4), &long), Some(VoterChange::Demote { raft: RaftId(2) }));
    let lost = CellCommand::NodeStarted { node: node(3), start: 2, identity: Identity([3; 16]), raft: RaftId(33) };
    state.apply(lost).unwrap();
    assert_eq!(voter_change(&state, &group(4, 3), &none), Some(VoterChange::Remove { raft: RaftId(3) }));
    let mut without = group(4, 3);
    without.members.remove(&RaftId(3));
    assert_eq!(
        voter_change(&state, &without, &none),
        Some(VoterChange::AddLearner { raft: RaftId(33), node: node(3) })
    );
}

#[test]
fn voters_spread_over_zones() {
    // Nodes 1, 3 and 5 in one zone, 2 and 4 in the other.
    let state = cell(4, 2);
    let mut view = group(4, 3);
    view.members.get_mut(&RaftId(2)).unwrap().voter = false;
    view.members.get_mut(&RaftId(3)).unwrap().voter = true;
    assert_eq!(voter_change(&state, &view, &BTreeSet::new()), Some(VoterChange::Promote { raft: RaftId(2) }));
}
