use eyrie_types::Epoch;
use proptest::prelude::*;

use super::testing::*;
use super::*;

fn start(state: &mut CellState, n: u32, start: u64, identity: u8) -> Result<CellAnswer, Refusal> {
    state.apply(CellCommand::NodeStarted {
        node: node(n),
        start,
        identity: Identity([identity; 16]),
        raft: RaftId(u64::from(n)),
    })
}

fn health(state: &mut CellState, n: u32, start: u64, health: Health) -> Result<CellAnswer, Refusal> {
    state.apply(CellCommand::SetHealth { node: node(n), start, health })
}

fn drain(state: &mut CellState, n: u32, start: u64) -> Result<CellAnswer, Refusal> {
    state.apply(CellCommand::SetDrain { node: node(n), start, draining: true })
}

fn place(state: &mut CellState, key: crate::PlacementKey, n: u32, replaces: Option<Epoch>) -> EpochGrant {
    granted(state.apply(CellCommand::Place { key, node: node(n), replaces }))
}

#[test]
fn nothing_is_applied_before_the_cell_is_founded_and_it_is_founded_once() {
    let mut state = CellState::default();
    let put = CellCommand::PutCamera { key: camera(1), needs: Box::new(needs()) };
    assert_eq!(state.apply(put), Err(Refusal::NotFounded));
    let found = |cell| CellCommand::Found { cell, node: node(1), member: Box::new(member(1)) };
    assert_eq!(state.apply(found(cell_id())), Ok(CellAnswer::Done));
    assert_eq!(state.apply(found(cell_id())), Ok(CellAnswer::Unchanged));
    assert_eq!(state.apply(found(id(9).parse().unwrap())), Err(Refusal::AlreadyFounded));
}

#[test]
fn two_nodes_with_one_id_are_told_apart() {
    let mut state = cell(2, 1);
    assert_eq!(start(&mut state, 2, 1, 2), Ok(CellAnswer::Unchanged), "the same process again");
    assert_eq!(start(&mut state, 2, 1, 99), Err(Refusal::IdentityInUse(node(2))), "a copy of the data directory");
    assert_eq!(start(&mut state, 2, 2, 99), Err(Refusal::IdentityInUse(node(2))), "the copy, started again");
    assert_eq!(start(&mut state, 2, 5, 2), Ok(CellAnswer::Done));
    let stale = Refusal::StaleStart { node: node(2), given: 4, known: 5 };
    assert_eq!(start(&mut state, 2, 4, 2), Err(stale), "restored from an older copy");
    health(&mut state, 2, 5, Health::Dead).unwrap();
    assert_eq!(start(&mut state, 2, 6, 99), Ok(CellAnswer::Done), "moved to another machine, after the first died");
}

#[test]
fn a_late_drain_never_drains_a_restarted_node() {
    let mut state = cell(2, 1);
    drain(&mut state, 2, 1).unwrap();
    start(&mut state, 2, 2, 2).unwrap();
    assert!(!state.member(node(2)).unwrap().draining, "a restart ends the drain");
    let stale = Refusal::StaleStart { node: node(2), given: 1, known: 2 };
    assert_eq!(drain(&mut state, 2, 1), Err(stale.clone()));
    assert_eq!(health(&mut state, 2, 1, Health::Dead), Err(stale), "nor does a late verdict kill it");
}

#[test]
fn a_late_put_never_revives_a_removed_camera() {
    let mut state = cell(1, 1);
    put(&mut state, 1, needs());
    place(&mut state, owner(1), 1, None);
    let remove = |n| CellCommand::RemoveCamera { key: camera(n) };
    let late = |n| CellCommand::PutCamera { key: camera(n), needs: Box::new(CameraNeeds { revision: 9, ..needs() }) };
    assert_eq!(state.apply(remove(1)), Ok(CellAnswer::Done));
    assert!(state.placements().is_empty());
    assert_eq!(state.apply(remove(1)), Ok(CellAnswer::Unchanged));
    assert_eq!(state.apply(late(1)), Err(Refusal::CameraRemoved(camera(1))));
    state.apply(remove(2)).unwrap();
    assert_eq!(state.apply(late(2)), Err(Refusal::CameraRemoved(camera(2))), "removed before it came");
    for n in 10..10 + REMOVED_CAMERAS_MAX as u32 {
        state.apply(remove(n)).unwrap();
    }
    assert!(!state.was_removed(&camera(1)), "the memory is bounded");
    assert!(state.was_removed(&camera(10)));
}

#[test]
fn needs_change_only_upwards() {
    let mut state = cell(1, 1);
    put(&mut state, 1, CameraNeeds { revision: 3, ..needs() });
    let mut again = |revision, weight| {
        let needs = Box::new(CameraNeeds { revision, weight, ..needs() });
        state.apply(CellCommand::PutCamera { key: camera(1), needs })
    };
    assert_eq!(again(3, 1), Ok(CellAnswer::Unchanged));
    let stale = |given| Err(Refusal::StaleRevision { camera: camera(1), given, known: 3 });
    assert_eq!(again(3, 2), stale(3));
    assert_eq!(again(2, 1), stale(2));
    assert_eq!(again(4, 2), Ok(CellAnswer::Done));
}

#[test]
fn placing_compares_the_epoch_it_was_decided_on() {
    let mut state = cell(3, 3);
    put(&mut state, 1, needs());
    let first = place(&mut state, owner(1), 1, None);
    let again = state.apply(CellCommand::Place { key: owner(1), node: node(2), replaces: None });
    assert_eq!(again, Err(Refusal::StaleEpoch { key: owner(1), given: None, known: Some(first.first) }));
    let rob = state.apply(CellCommand::Place { key: owner(1), node: node(2), replaces: Some(first.first) });
    assert_eq!(rob, Err(Refusal::OwnerLives { key: owner(1), node: node(1) }));
    health(&mut state, 1, 1, Health::Dead).unwrap();
    let second = place(&mut state, owner(1), 2, Some(first.first));
    assert!(second.first > first.last(), "epochs only grow");
    let unplace = |epoch| CellCommand::Unplace { key: owner(1), epoch };
    assert!(state.apply(unplace(first.first)).is_err());
    assert_eq!(state.apply(unplace(second.first)), Ok(CellAnswer::Done));
    assert!(place(&mut state, owner(1), 2, None).first > second.last(), "also after it was nowhere");
}

#[test]
fn a_move_is_finished_or_abandoned_once() {
    let mut state = cell(3, 3);
    put(&mut state, 1, needs());
    let first = place(&mut state, owner(1), 1, None);
    let begin = |to, epoch| CellCommand::BeginMove { key: owner(1), epoch, to: node(to), mode: MoveMode::Overlap };
    let moved = granted(state.apply(begin(2, first.first)));
    assert_eq!(state.apply(begin(3, first.first)), Err(Refusal::Moving(owner(1))));
    let renew = CellCommand::Renew { key: owner(1), node: node(1), epoch: first.first };
    assert_eq!(state.apply(renew), Err(Refusal::Moving(owner(1))), "or the finished move would bring its epoch down");
    let placement = *state.placement(&owner(1)).unwrap();
    assert_eq!(placement.grant_of(node(1)), Some(first));
    assert_eq!(placement.grant_of(node(2)), Some(moved));
    let finish = CellCommand::FinishMove { key: owner(1), next: moved.first };
    assert_eq!(state.apply(finish.clone()), Ok(CellAnswer::Done));
    assert_eq!(state.apply(finish), Ok(CellAnswer::Unchanged));
    assert_eq!(state.placement(&owner(1)).unwrap().node, node(2));
    let back = granted(state.apply(begin(1, moved.first)));
    state.apply(CellCommand::AbandonMove { key: owner(1), next: back.first }).unwrap();
    let late = CellCommand::FinishMove { key: owner(1), next: back.first };
    assert!(state.apply(late).is_err(), "an abandoned move cannot be finished");
    assert_eq!(state.placement(&owner(1)).unwrap().grant_of(node(1)), None);
}

#[test]
fn a_twin_never_shares_a_node_not_even_while_moving() {
    let mut state = cell(3, 3);
    put(&mut state, 1, CameraNeeds { redundancy: 2, ..needs() });
    let first = place(&mut state, owner(1), 1, None);
    let on = |n| CellCommand::Place { key: twin(1), node: node(n), replaces: None };
    let refused = |n| Err(Refusal::TwinOnSameNode { key: twin(1), node: node(n) });
    assert_eq!(state.apply(on(1)), refused(1));
    let begin = CellCommand::BeginMove { key: owner(1), epoch: first.first, to: node(2), mode: MoveMode::Overlap };
    state.apply(begin).unwrap();
    assert_eq!(state.apply(on(2)), refused(2));
    assert!(state.apply(on(3)).is_ok());
    put(&mut state, 2, needs());
    let no_slot = CellCommand::Place { key: twin(2), node: node(1), replaces: None };
    assert_eq!(state.apply(no_slot), Err(Refusal::NoSuchSlot(twin(2))));
}

#[test]
fn dead_and_draining_nodes_get_nothing() {
    let mut state = cell(3, 1);
    put(&mut state, 1, needs());
    health(&mut state, 2, 1, Health::Dead).unwrap();
    drain(&mut state, 3, 1).unwrap();
    for n in [2, 3] {
        let on = CellCommand::Place { key: owner(1), node: node(n), replaces: None };
        assert_eq!(state.apply(on), Err(Refusal::TakesNothing(node(n))));
    }
}

#[test]
fn a_node_leaves_empty_or_is_removed_dead() {
    let mut state = cell(3, 1);
    put(&mut state, 1, needs());
    let first = place(&mut state, owner(1), 2, None);
    let leave = CellCommand::Leave { node: node(2), start: 1 };
    assert_eq!(state.apply(leave.clone()), Err(Refusal::HoldsPlacements { node: node(2), placements: 1 }));
    assert_eq!(state.apply(CellCommand::RemoveNode { node: node(2) }), Err(Refusal::StillAlive(node(2))));
    let begin = CellCommand::BeginMove { key: owner(1), epoch: first.first, to: node(3), mode: MoveMode::Overlap };
    let moved = granted(state.apply(begin));
    health(&mut state, 2, 1, Health::Dead).unwrap();
    assert_eq!(state.apply(CellCommand::RemoveNode { node: node(2) }), Ok(CellAnswer::Done));
    let placement = state.placement(&owner(1)).unwrap();
    assert_eq!((placement.node, placement.grant, placement.next), (node(3), moved, None), "the move took over");
    let revived = CellCommand::Join { node: node(2), member: Box::new(member(2)) };
    assert!(matches!(state.apply(revived), Err(Refusal::StaleStart { .. })), "a late join revives no removed node");
    let again = CellCommand::Join { node: node(2), member: Box::new(Member { start: 2, ..member(2) }) };
    assert_eq!(state.apply(again), Ok(CellAnswer::Done));
    assert_eq!(state.apply(CellCommand::Leave { node: node(2), start: 2 }), Ok(CellAnswer::Done));
    assert_eq!(state.apply(CellCommand::Leave { node: node(2), start: 2 }), Ok(CellAnswer::Unchanged));
}

#[test]
fn epochs_of_an_older_store_are_never_given_out_again() {
    let mut state = cell(1, 1);
    let raise = |at_least, counter_at_least| CellCommand::RaiseGeneration { at_least, counter_at_least };
    assert_eq!(state.apply(raise(0, 500)), Ok(CellAnswer::Epoch(Epoch::new(0, 500).unwrap())));
    assert_eq!(state.apply(raise(0, 400)), Ok(CellAnswer::Unchanged));
    put(&mut state, 1, needs());
    let first = place(&mut state, owner(1), 1, None);
    assert_eq!(first.first, Epoch::new(0, 501).unwrap());
    state.apply(raise(2, 0)).unwrap();
    let renewed = granted(state.apply(CellCommand::Renew { key: owner(1), node: node(1), epoch: first.first }));
    assert_eq!(renewed.first, Epoch::new(2, 1).unwrap());
    state.apply(raise(2, u32::MAX - 1)).unwrap();
    let renewed = granted(state.apply(CellCommand::Renew { key: owner(1), node: node(1), epoch: renewed.first }));
    assert_eq!(renewed.first, Epoch::new(3, 1).unwrap(), "a used-up generation gives way to the next");
    assert!(state.apply(raise(Epoch::GENERATION_MAX + 1, 0)).is_err());
}

#[test]
fn a_job_has_one_worker() {
    let mut state = cell(2, 1);
    let grant =
        |n, replaces| CellCommand::GrantJob { job: JobName("tiering".into()), node: node(n), start: 1, replaces };
    let Ok(CellAnswer::Epoch(first)) = state.apply(grant(1, None)) else { panic!("no grant") };
    assert!(matches!(state.apply(grant(2, None)), Err(Refusal::StaleJob { .. })));
    let Ok(CellAnswer::Epoch(second)) = state.apply(grant(2, Some(first))) else { panic!("no grant") };
    assert!(second > first);
    let release = |epoch| CellCommand::ReleaseJob { job: JobName("tiering".into()), epoch };
    assert!(state.apply(release(first)).is_err(), "a late release takes nothing from the next worker");
    assert_eq!(state.apply(release(second)), Ok(CellAnswer::Done));
    assert_eq!(state.apply(release(second)), Ok(CellAnswer::Unchanged));
}

#[test]
fn a_neighbour_more_than_one_release_apart_is_refused() {
    let mut state = cell(1, 1);
    let join = |min, max| {
        let member = Member { protocol: ProtocolRange { min, max }, ..member(2) };
        CellCommand::Join { node: node(2), member: Box::new(member) }
    };
    assert_eq!(state.apply(join(2, 3)), Err(Refusal::Protocol { node: node(2), min: 2, max: 3, cell: 1 }));
    assert_eq!(state.apply(join(1, 2)), Ok(CellAnswer::Done));
    let raise = state.apply(CellCommand::SetCellVersion { version: 2 });
    assert_eq!(raise, Err(Refusal::Protocol { node: node(1), min: 1, max: 1, cell: 2 }));
}

#[test]
fn batches_apply_or_refuse_each_command_for_itself() {
    let mut state = cell(2, 1);
    put(&mut state, 1, needs());
    let place = |n| CellCommand::Place { key: owner(1), node: node(n), replaces: None };
    let Ok(CellAnswer::Batch(answers)) = state.apply(CellCommand::Batch(vec![place(1), place(2)])) else { panic!() };
    assert!(answers[0].is_ok() && answers[1].is_err());
    assert!(state.apply(CellCommand::Batch(vec![CellCommand::Batch(vec![])])).is_err());
}

#[test]
fn a_plan_is_applied_to_the_state_it_was_made_for_or_not_at_all() {
    let mut state = cell(2, 1);
    put(&mut state, 1, needs());
    let plan = |revision, n| {
        let place = CellCommand::Place { key: owner(1), node: node(n), replaces: None };
        CellCommand::Plan { revision, commands: vec![place] }
    };
    let revision = state.revision();
    assert!(matches!(state.apply(plan(revision, 1)), Ok(CellAnswer::Batch(_))));
    assert_eq!(state.apply(plan(revision, 2)), Err(Refusal::StalePlan { given: revision, known: revision + 1 }));
    let same = CellCommand::SetHealth { node: node(1), start: 1, health: Health::Up };
    assert_eq!(state.apply(same), Ok(CellAnswer::Unchanged));
    assert_eq!(state.revision(), revision + 1, "what changes nothing makes no plan stale");
}

fn every_command() -> Vec<CellCommand> {
    let epoch = Epoch::new(1, 2).unwrap();
    let job = JobName("tiering".into());
    let mut settings = Settings { revision: 1, ..Settings::default() };
    settings.jobs.insert(job.clone());
    let needs = CameraNeeds { labels: ["gpu".to_owned()].into(), redundancy: 2, ..needs() };
    vec![
        CellCommand::Found { cell: cell_id(), node: node(1), member: Box::new(member(1)) },
        CellCommand::Join {
            node: node(2),
            member: Box::new(Member { labels: ["gpu".to_owned()].into(), ..member(2) }),
        },
        CellCommand::NodeStarted { node: node(1), start: 2, identity: Identity([1; 16]), raft: RaftId(1) },
        CellCommand::SetHealth { node: node(2), start: 1, health: Health::Dead },
        CellCommand::SetDrain { node: node(2), start: 1, draining: true },
        CellCommand::Leave { node: node(2), start: 1 },
        CellCommand::RemoveNode { node: node(2) },
        CellCommand::PutCamera { key: camera(1), needs: Box::new(needs) },
        CellCommand::RemoveCamera { key: camera(1) },
        CellCommand::Place { key: owner(1), node: node(1), replaces: Some(epoch) },
        CellCommand::BeginMove { key: owner(1), epoch, to: node(2), mode: MoveMode::Feed },
        CellCommand::FinishMove { key: owner(1), next: epoch },
        CellCommand::AbandonMove { key: owner(1), next: epoch },
        CellCommand::Unplace { key: owner(1), epoch },
        CellCommand::Renew { key: twin(1), node: node(1), epoch },
        CellCommand::RaiseGeneration { at_least: 1, counter_at_least: 7 },
        CellCommand::GrantJob { job: job.clone(), node: node(1), start: 1, replaces: None },
        CellCommand::ReleaseJob { job, epoch },
        CellCommand::SetCellVersion { version: 2 },
        CellCommand::SetSettings { settings: Box::new(settings) },
        CellCommand::Batch(vec![CellCommand::RemoveNode { node: node(2) }]),
        CellCommand::Plan { revision: 300, commands: vec![CellCommand::RemoveNode { node: node(2) }] },
    ]
}

#[test]
fn commands_and_states_keep_their_bytes() {
    let mut text = String::new();
    for command in every_command() {
        let bytes = command.encode().unwrap();
        assert_eq!(CellCommand::decode(&bytes), Ok(command.clone()));
        let debug = format!("{command:?}");
        let name = debug.split([' ', '(']).next().unwrap_or_default();
        text += &format!("{name} {}\n", hex::encode(bytes));
    }
    let mut state = cell(3, 3);
    put(&mut state, 1, CameraNeeds { redundancy: 2, ..needs() });
    let first = place(&mut state, owner(1), 1, None);
    let begin = CellCommand::BeginMove { key: owner(1), epoch: first.first, to: node(2), mode: MoveMode::Overlap };
    state.apply(begin).unwrap();
    state.apply(CellCommand::RemoveCamera { key: camera(2) }).unwrap();
    let bytes = state.encode().unwrap();
    assert_eq!(CellState::decode(&bytes), Ok(state));
    text += &format!("state {}\n", hex::encode(bytes));
    let golden = include_str!("../../tests/golden/cell-bytes.txt");
    assert!(text == golden, "the wire format has changed; nodes of the last release could not read it. Now:\n{text}");
}

#[test]
fn foreign_bytes_are_refused() {
    assert_eq!(CellCommand::decode(&[9, 0]), Err(CodecError::Version(9)));
    assert!(matches!(CellCommand::decode(&[]), Err(CodecError::Bytes(_))));
    assert!(matches!(CellState::decode(&[WIRE_VERSION, 1, 2]), Err(CodecError::Bytes(_))));
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut framed = vec![WIRE_VERSION];
        framed.extend(bytes);
        if let Ok(command) = CellCommand::decode(&framed) {
            let _ = cell(2, 1).apply(command);
        }
        let _ = CellState::decode(&framed);
    }

    /// Whatever is proposed in whatever order: a refusal changes nothing, epochs only grow, twins stay apart.
    #[test]
    fn any_sequence_of_commands_keeps_the_rules(steps in prop::collection::vec((0u8..10, 1u32..4, 0u32..3, 0u32..60), 0..60)) {
        let mut state = cell(3, 3);
        put(&mut state, 1, CameraNeeds { redundancy: 2, ..needs() });
        let mut highest = 0;
        for (what, n, slot, counter) in steps {
            let key = if slot == 0 { owner(1) } else { twin(1) };
            // Half of the time the epoch that is right, so that commands get through.
            let right = state.placement(&key).map(|placement| placement.grant.first);
            let epoch = if counter % 2 == 0 { right } else { None }.unwrap_or(Epoch::new(0, counter).unwrap());
            let next = state.placement(&key).and_then(|placement| placement.next).map_or(epoch, |next| next.grant.first);
            let command = match what {
                0 | 1 => CellCommand::Place { key, node: node(n), replaces: right.filter(|_| counter % 3 > 0) },
                2 | 3 => CellCommand::BeginMove { key, epoch, to: node(n), mode: MoveMode::Overlap },
                4 => CellCommand::FinishMove { key, next },
                5 => CellCommand::AbandonMove { key, next },
                6 => CellCommand::Renew { key, node: node(n), epoch },
                7 => {
                    let health = if counter % 2 == 0 { Health::Up } else { Health::Dead };
                    CellCommand::SetHealth { node: node(n), start: 1, health }
                }
                8 => {
                    let member = Box::new(Member { start: 1 + u64::from(counter) % 2, ..member(n) });
                    CellCommand::Join { node: node(n), member }
                }
                _ => CellCommand::RemoveNode { node: node(n) },
            };
            let before = state.clone();
            match state.apply(command) {
                Err(_) | Ok(CellAnswer::Unchanged) => prop_assert_eq!(&before, &state),
                Ok(CellAnswer::Granted(grant)) => {
                    prop_assert!(grant.first.as_u64() > highest);
                    highest = grant.last().as_u64();
                }
                Ok(_) => {}
            }
            let nodes = |key| state.placement(&key).into_iter().flat_map(|placement| placement.nodes()).collect::<Vec<_>>();
            let (owners, twins) = (nodes(owner(1)), nodes(twin(1)));
            prop_assert!(owners.iter().all(|node| !twins.contains(node)));
        }
    }
}
