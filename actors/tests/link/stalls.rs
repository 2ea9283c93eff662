use rustix::process::Signal;

use crate::node::{Node, pair};

#[test]
fn a_stopped_peer_is_noticed_in_time_and_comes_back_by_itself() {
    let (mut a, mut b) = pair();
    for _ in 0..2 {
        b.signal(Signal::STOP);
        let noticed = a.wait(b.id, false);
        assert!((900..8000).contains(&noticed), "noticed after {noticed} ms");
        assert_eq!(a.call(b.id, 0, 1000).0, "not_connected");
        b.signal(Signal::CONT);
        a.wait(b.id, true);
        b.wait(a.id, true);
        assert_eq!(a.call(b.id, 0, 1000).0, "answered");
        assert_eq!(b.call(a.id, 0, 1000).0, "answered");
    }
}

#[test]
fn a_short_stall_of_either_side_closes_nothing() {
    let (mut a, b) = pair();
    let before = a.ask("sessions");
    for _ in 0..3 {
        b.signal(Signal::STOP);
        std::thread::sleep(std::time::Duration::from_millis(500));
        b.signal(Signal::CONT);
        assert_eq!(a.call(b.id, 0, 1000).0, "answered");
    }
    assert_eq!(a.ask("sessions"), before);
}

#[test]
fn a_flood_to_a_stopped_peer_stays_within_its_credit() {
    let (mut a, b) = pair();
    b.signal(Signal::STOP);
    let before = a.rss_kib();
    let taken: u64 = a.ask(&format!("cast {} 1 100000 1000", b.id)).parse().unwrap();
    let grown = a.rss_kib().saturating_sub(before);
    assert!((1..=1024).contains(&taken), "{taken} were taken");
    assert!(grown < 32 * 1024, "grown by {grown} KiB");
    // By bytes, too.
    a.wait(b.id, false);
    b.signal(Signal::CONT);
    a.wait(b.id, true);
    b.signal(Signal::STOP);
    let before = a.rss_kib();
    let taken: u64 = a.ask(&format!("cast {} 1 1000 1000000", b.id)).parse().unwrap();
    let grown = a.rss_kib().saturating_sub(before);
    assert!((1..=4).contains(&taken), "{taken} were taken");
    assert!(grown < 32 * 1024, "grown by {grown} KiB");
}

#[test]
fn a_stalled_peer_delays_no_call_to_another() {
    let (mut a, b, mut c) = (Node::start(1), Node::start(2), Node::start(3));
    a.meet(&[&b, &c]);
    c.meet(&[&a]);
    a.wait(b.id, true);
    a.wait(c.id, true);
    c.wait(a.id, true);
    b.signal(Signal::STOP);
    // As much as may be on its way to the one that stands still, and calls that wait for it.
    a.ask(&format!("cast {} 1 10 1000000", b.id));
    let waiting = a.tell(&format!("call {} 50 100 0 5000", b.id));
    let mut took: Vec<u64> = (0..100)
        .map(|_| {
            let (outcome, took) = a.call(c.id, 0, 1000);
            assert_eq!(outcome, "answered");
            took
        })
        .collect();
    took.sort_unstable();
    assert!(took[50] < 500, "{took:?}");
    let answer = a.answer(waiting);
    let (_, outcome) = answer.split_once(' ').unwrap();
    assert!(["lost=50", "no_credit=50"].contains(&outcome), "{outcome}");
    assert_eq!(a.call(c.id, 0, 1000).0, "answered");
}
