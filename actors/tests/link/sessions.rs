use crate::node::{Node, pair};

#[test]
fn both_nodes_call_and_cast_over_one_session() {
    let (mut a, mut b) = pair();
    assert_eq!(a.call(b.id, 0, 1000).0, "answered");
    assert_eq!(b.call(a.id, 0, 1000).0, "answered");
    // The handler is told who asked.
    assert_eq!(a.ask(&format!("info {}", b.id)), format!("Ok(NodeInfo({:?}))", a.id.to_string().into_bytes()));
    assert_eq!(a.ask(&format!("cast {} 1 500 100", b.id)), "500");
    assert_eq!(b.ask(&format!("cast {} 1 300 100", a.id)), "300");
    assert_eq!(b.ask(&format!("heard {} 500", a.id)), "500 true");
    assert_eq!(a.ask(&format!("heard {} 300", b.id)), "300 true");
    assert_eq!(a.ask("sessions"), format!("{}:1:1", b.id));
    assert_eq!(b.ask("sessions"), format!("{}:1:1", a.id));
}

#[test]
fn the_node_that_only_one_side_knows_of_is_reached_by_the_other_way_too() {
    // The greater id dials as well, a little later: a node that joins knows its seed, which does not know it.
    let (mut a, mut b) = (Node::start(1), Node::start(2));
    b.meet(&[&a]);
    let took = b.wait(a.id, true);
    assert!((500..8000).contains(&took), "{took} ms");
    a.wait(b.id, true);
    assert_eq!(a.call(b.id, 0, 1000).0, "answered");
}

#[test]
fn a_killed_peer_is_noticed_at_once_and_reached_again_when_it_is_back() {
    let (mut a, mut b) = pair();
    for start in 2..4 {
        b.kill();
        let noticed = a.wait(b.id, false);
        assert!(noticed < 8000, "noticed after {noticed} ms");
        assert_eq!(a.call(b.id, 0, 1000).0, "not_connected");
        b.restart();
        b.meet(&[&a]);
        a.wait(b.id, true);
        b.wait(a.id, true);
        assert!(a.ask("sessions").starts_with(&format!("{}:{start}:", b.id)));
        assert_eq!(a.call(b.id, 0, 1000).0, "answered");
        assert_eq!(b.call(a.id, 0, 1000).0, "answered");
    }
}

#[test]
fn three_nodes_that_dial_one_another_at_once_have_one_session_each() {
    let mut nodes: Vec<_> = (1..=3).map(Node::start).collect();
    for _ in 0..3 {
        let peers: Vec<_> = nodes.iter().map(|node| format!("{}={}", node.id, node.at)).collect();
        let ids: Vec<_> = nodes.iter().map(|node| node.id).collect();
        for node in &mut nodes {
            node.tell(&format!("peers {}", peers.join(" ")));
        }
        for node in &mut nodes {
            let own = node.id;
            ids.iter().filter(|id| **id != own).for_each(|id| assert!(node.wait(*id, true) < 10_000));
        }
        for node in &mut nodes {
            let own = node.id;
            assert_eq!(node.ask("sessions").split(' ').count(), 2);
            ids.iter().filter(|id| **id != own).for_each(|id| assert_eq!(node.call(*id, 0, 1000).0, "answered"));
        }
        nodes.iter_mut().for_each(|node| drop(node.ask("peers ")));
        for node in &mut nodes {
            let own = node.id;
            ids.iter().filter(|id| **id != own).for_each(|id| assert!(node.wait(*id, false) < 8_000));
        }
    }
}

#[test]
fn a_call_has_a_deadline_and_its_work_ends_with_it() {
    let (mut a, mut b) = pair();
    let (outcome, took) = a.call(b.id, 5000, 300);
    assert_eq!(outcome, "deadline");
    assert!((300..4000).contains(&took), "{took} ms");
    assert_eq!(b.ask("dropped 1"), "1");
    // A peer that dies ends the calls that wait for it, at once.
    let waiting = a.tell(&format!("call {} 3 100 5000 20000", b.id));
    assert_eq!(a.call(b.id, 0, 1000).0, "answered", "a slow call holds up no other");
    b.kill();
    let answer = a.answer(waiting);
    let (took, outcome) = answer.split_once(' ').unwrap();
    assert_eq!(outcome, "lost=3");
    assert!(took.parse::<u64>().unwrap() < 10_000, "{took} ms");
}

#[test]
fn more_calls_than_may_wait_are_refused_at_once() {
    let (mut a, b) = pair();
    let answer = a.ask(&format!("call {} 300 100 500 5000", b.id));
    let (_, outcome) = answer.split_once(' ').unwrap();
    assert_eq!(outcome, "answered=256 no_credit=44");
}

#[test]
fn long_messages_pass_and_too_long_ones_are_refused_here() {
    let (mut a, mut b) = pair();
    let long = (1 << 20) - 64;
    assert!(a.ask(&format!("call {} 1 {long} 0 5000", b.id)).ends_with(" answered=1"));
    assert!(a.ask(&format!("call {} 1 {} 0 5000", b.id, 1 << 20)).ends_with(" too_long=1"));
    // A hundred of the longest casts: the credit comes back as they arrive, all do, and in order.
    assert_eq!(a.ask(&format!("cast {} 1 100 {long} all", b.id)), "100");
    assert_eq!(b.ask(&format!("heard {} 100", a.id)), "100 true");
    assert_eq!(a.call(b.id, 0, 1000).0, "answered");
}
