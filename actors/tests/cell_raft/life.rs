//! Founding, joining, agreeing, coming back.

use std::sync::Arc;
use std::time::Duration;

use eyrie_actors::peer::{Peers, Purpose, RefusalReason};
use eyrie_actors::raft::{CellRaft, FoundError, HandoverError, MembershipError, ProposeError, RaftConfig, RaftPeer};
use eyrie_cluster::{CellCommand, RaftId, Refusal};
use eyrie_types::{CellId, NodeId, SystemClock};

use crate::member::{Cell, PATIENCE, Setup, put_camera};

#[tokio::test(flavor = "multi_thread")]
async fn a_node_founds_a_cell_alone_and_goes_on_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut setup = Setup::new(dir.path());
    let member = setup.start().await.unwrap();
    assert!(member.raft.role_now().is_new());
    let cell = member.found().await;
    assert_eq!(member.raft.found().await, Err(FoundError::Member));
    let (_, camera) = member.put_camera().await.unwrap();
    let again =
        CellCommand::Found { cell: CellId::generate(), node: member.node, member: Box::new(member.as_cell_member()) };
    assert_eq!(member.propose(again).await.unwrap().outcome, Err(Refusal::AlreadyFounded));
    assert_eq!(member.peers.cell(), Some(cell), "others are turned away from now on");
    let id = member.raft.id();
    member.stop().await;

    let member = setup.start().await.unwrap();
    assert!(member.raft.state().borrow().state.camera(&camera).is_some(), "known before anybody leads");
    assert_eq!(member.raft.id(), id);
    member.role(|role| role.view.ready).await;
    let (_, second) = member.put_camera().await.unwrap();
    member.state(|state| state.camera(&camera).is_some() && state.camera(&second).is_some()).await;
    member.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_agree_and_whoever_does_not_lead_says_who_does() {
    let cell = Cell::<3>::start().await;
    let leader = cell.leader().await;
    let (index, camera) = leader.put_camera().await.unwrap();
    for member in &cell.members {
        member.state(|state| state.camera(&camera).is_some()).await;
        assert!(member.raft.state().borrow().index >= index);
        if member.node == leader.node {
            continue;
        }
        match member.put_camera().await {
            Err(ProposeError::NotLeader { leader: Some((id, peer)) }) => {
                assert_eq!((id, peer.node, &peer.address), (leader.raft.id(), leader.node, &leader.address));
            }
            other => panic!("a follower answered {other:?}"),
        }
        assert!(matches!(member.raft.remove(leader.raft.id()).await, Err(MembershipError::NotLeader { .. })));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn agreeing_takes_a_sync_and_a_round_trip() {
    let cell = Cell::<3>::start().await;
    let leader = cell.leader().await;
    let mut times = Vec::new();
    for _ in 0..200 {
        let begin = std::time::Instant::now();
        leader.put_camera().await.unwrap();
        times.push(begin.elapsed());
    }
    times.sort();
    println!("a command agreed by three: 200 runs, p50 {:?}, max {:?}", times[100], times[199]);
    assert!(times[100] < Duration::from_millis(500));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_was_removed_while_away_comes_back_as_a_learner() {
    let mut cell = Cell::<3>::start().await;
    let away = cell.members.pop().unwrap();
    let id = away.raft.id();
    away.stop().await;
    let leader = cell.leader().await;
    leader.raft.remove(id).await.unwrap();
    leader.raft.remove(id).await.expect("asked again, it is done already");
    assert_eq!(leader.raft.voters().len(), 2);
    let (_, camera) = leader.put_camera().await.unwrap();
    let back = cell.setups[2].clone().start().await.unwrap();
    leader.admit(&back).await;
    back.state(|state| state.camera(&camera).is_some()).await;
    assert!(back.raft.id() == id && !leader.raft.voters().contains(&id), "its log is whole, so its id is the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_member_learns_at_first_and_one_that_is_not_heard_keeps_nobody_from_agreeing() {
    let cell = Cell::<2>::start().await;
    let dir = tempfile::tempdir().unwrap();
    let third = Setup::new(dir.path()).start().await.unwrap();
    let leader = cell.leader().await;
    let unheard = RaftPeer { node: NodeId::generate(), address: "127.0.0.1:1".to_owned() };
    leader.add(RaftId(77), unheard).await.unwrap();
    leader.admit(&third).await;
    let (_, camera) = leader.put_camera().await.unwrap();
    third.state(|state| state.camera(&camera).is_some()).await;
    assert!(!leader.raft.voters().contains(&third.raft.id()), "it learns at first");
    let mut voters = leader.raft.voters();
    voters.insert(RaftId(77));
    assert_eq!(leader.raft.change_voters(voters).await, Err(MembershipError::NotCaughtUp(RaftId(77))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_another_cell_is_not_heard_as_a_member() {
    let cell = Cell::<1>::start().await;
    let dir = tempfile::tempdir().unwrap();
    let stranger = Setup::new(dir.path()).start().await.unwrap();
    let own = stranger.found().await;
    stranger.state(|state| state.cell().is_some()).await;
    let leader = &cell.members[0];
    let refused = leader.peers.dialer().dial(&stranger.address, Purpose::Raft, None).await.unwrap_err();
    assert_eq!(refused.reason(), RefusalReason::WrongCell, "{refused}");
    leader.add(stranger.raft.id(), RaftPeer { node: stranger.node, address: stranger.address.clone() }).await.unwrap();
    leader.put_camera().await.unwrap();
    assert_eq!(stranger.raft.state().borrow().state.cell(), Some(own), "it stays in its own");
    assert_eq!(stranger.raft.role_now().peers.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_lost_its_log_comes_back_under_another_id() {
    let mut cell = Cell::<3>::start().await;
    let lost = cell.members.pop().unwrap();
    let (former, node) = (lost.raft.id(), lost.node);
    lost.stop().await;
    std::fs::remove_dir_all(&cell.setups[2].directory).unwrap();
    let back = cell.setups[2].start().await.unwrap();
    assert!(back.raft.role_now().is_new() && back.raft.id() != former && back.node == node);
    cell.leader().await.admit(&back).await;
    let id = back.raft.id();
    cell.members.push(back);
    let leader = cell.leader().await;
    let role = leader.role(|role| role.peers.contains_key(&id)).await;
    assert!(!role.peers.contains_key(&former), "the former id is out");
    cell.promote_all(leader).await;
    let (_, camera) = leader.put_camera().await.unwrap();
    cell.members[2].state(|state| state.camera(&camera).is_some()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_moves_to_another_address() {
    let mut cell = Cell::<3>::start().await;
    cell.members.pop().unwrap().stop().await;
    cell.setups[2].port = 0;
    let moved = cell.setups[2].start().await.unwrap();
    let leader = cell.leader().await;
    leader.admit(&moved).await;
    let role = leader.role(|role| role.peers.get(&moved.raft.id()).is_some_and(|p| p.address == moved.address)).await;
    assert_eq!(role.view.voters().len(), 3, "it is a voter still");
    let (_, camera) = leader.put_camera().await.unwrap();
    moved.state(|state| state.camera(&camera).is_some()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_far_behind_gets_the_state_as_a_snapshot() {
    let mut cell = Cell::<3>::start().await;
    let behind = cell.members.pop().unwrap();
    behind.stop().await;
    let leader = cell.leader().await;
    let mut last = None;
    for _ in 0..40 {
        let commands = (0..100).map(|_| leader.put_camera());
        for done in futures::future::join_all(commands).await {
            last = Some(done.unwrap().1);
        }
    }
    let last = last.unwrap();
    let behind = cell.setups[2].start().await.unwrap();
    assert!(behind.raft.state().borrow().state.camera(&last).is_none());
    behind.state(|state| state.camera(&last).is_some()).await;
    assert_eq!(behind.raft.state().borrow().state.cameras().len(), 4000);
    assert!(cell.setups[2].directory.join("snapshot").exists());
    // And it starts from there.
    behind.stop().await;
    let behind = cell.setups[2].start().await.unwrap();
    behind.state(|state| state.cameras().len() == 4000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_hands_over_before_it_stops() {
    let mut cell = Cell::<3>::start().await;
    let leader = cell.leader().await;
    let (former, begin) = (leader.node, std::time::Instant::now());
    leader.raft.hand_over(PATIENCE).await.unwrap();
    let took = begin.elapsed();
    println!("leadership handed over in {took:?}");
    assert_eq!(leader.raft.hand_over(PATIENCE).await, Err(HandoverError::NotLeader));
    let place = cell.members.iter().position(|member| member.node == former).unwrap();
    cell.members.remove(place).stop().await;
    let next = cell.leader().await;
    assert_ne!(next.node, former);
    next.put_camera().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn alone_nobody_is_there_to_hand_over_to() {
    let cell = Cell::<1>::start().await;
    assert_eq!(cell.members[0].raft.hand_over(PATIENCE).await, Err(HandoverError::Nobody));
    cell.members[0].propose(put_camera().1).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_a_listener_is_a_cell_of_one_the_same_way() {
    let dir = tempfile::tempdir().unwrap();
    let node = NodeId::generate();
    for start in 1..3 {
        let clock = Arc::new(SystemClock::new());
        let peers = Peers::alone(node, start, clock.clone()).unwrap();
        let config = RaftConfig { directory: dir.path().join("raft"), node, address: String::new() };
        let raft = CellRaft::start(config, &peers, clock).await.unwrap();
        if start == 1 {
            raft.found().await.unwrap();
        }
        raft.role().wait_for(|role| role.view.ready).await.unwrap();
        // There is no cell yet, and that is what is agreed on.
        assert_eq!(raft.propose(put_camera().1, PATIENCE).await.unwrap().outcome, Err(Refusal::NotFounded));
        raft.stop().await;
    }
}
