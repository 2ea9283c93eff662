//! Who leads when leaders are killed, stand still and come back: in processes of their own.

use std::time::{Duration, Instant};

use eyrie_types::NodeId;
use rustix::process::Signal;

use crate::process::{Process, Said};

struct Cell {
    dir: tempfile::TempDir,
    nodes: Vec<(NodeId, u64)>,
    members: Vec<Process>,
}

impl Cell {
    fn start(size: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let nodes: Vec<_> = (0..size).map(|_| (NodeId::generate(), 1)).collect();
        let start = |(n, (node, start)): (usize, &(NodeId, u64))| {
            Process::start(&dir.path().join(n.to_string()), *node, *start, 0)
        };
        let mut members: Vec<_> = nodes.iter().enumerate().map(start).collect();
        done(members[0].tell("found"));
        let (leader, others) = members.split_first_mut().unwrap();
        for (member, (node, _)) in others.iter_mut().zip(&nodes[1..]) {
            let id = done(member.tell("id"));
            done(leader.tell(&format!("add {id} {node} {}", member.address)));
        }
        done(members[0].tell("promote-all"));
        for member in &mut members {
            if !matches!(member.role, Said::Role { voters, .. } if voters == size) {
                member.wait(|said| matches!(said, Said::Role { voters, .. } if *voters == size));
            }
        }
        Self { dir, nodes, members }
    }

    fn restart(&mut self, n: usize) {
        let port = self.members[n].port();
        self.nodes[n].1 += 1;
        let (node, start) = self.nodes[n];
        self.members[n] = Process::start(&self.dir.path().join(n.to_string()), node, start, port);
    }

    /// Which member leads.
    fn leader(&mut self) -> usize {
        let until = Instant::now() + crate::member::PATIENCE;
        while Instant::now() < until {
            for member in &mut self.members {
                member.catch_up();
            }
            let terms = self.members.iter().map(|member| match member.role {
                Said::Role { ready: true, term, .. } => term,
                _ => 0,
            });
            let (n, term) = terms.enumerate().max_by_key(|(_, term)| *term).unwrap();
            if term > 0 {
                return n;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("nobody leads");
    }

    /// The first but `former` that leads, and when it said so.
    fn next_leader(&mut self, former: usize) -> (usize, Instant) {
        let until = Instant::now() + crate::member::PATIENCE;
        while Instant::now() < until {
            for (n, member) in self.members.iter_mut().enumerate().filter(|(n, _)| *n != former) {
                let ready = |said: &Said| matches!(said, Said::Role { ready: true, .. });
                if let Some((at, _)) = member.try_wait(ready, Duration::from_millis(1)) {
                    return (n, at);
                }
            }
        }
        panic!("nobody takes over");
    }

    fn terms(&mut self) -> Vec<u64> {
        let term = |member: &mut Process| {
            member.catch_up();
            match member.role {
                Said::Role { term, .. } => term,
                _ => 0,
            }
        };
        self.members.iter_mut().map(term).collect()
    }
}

fn done(said: Said) -> String {
    match said {
        Said::Done(text) => text,
        other => panic!("{other:?}"),
    }
}

fn runs(default: usize) -> usize {
    std::env::var("EYRIE_TEST_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(default)
}

fn print(what: &str, mut times: Vec<Duration>) -> Duration {
    times.sort();
    let (median, max) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{what}: {} runs, p50 {median:?}, max {max:?}", times.len());
    max
}

#[test]
fn a_killed_leader_is_followed_by_another_and_comes_back_from_its_log() {
    let mut cell = Cell::start(3);
    let (mut times, mut cameras) = (Vec::new(), 0);
    for _ in 0..runs(3) {
        let leader = cell.leader();
        done(cell.members[leader].tell("put"));
        cameras += 1;
        let killed = Instant::now();
        cell.members[leader].kill();
        let (next, at) = cell.next_leader(leader);
        times.push(at.duration_since(killed));
        done(cell.members[next].tell("put"));
        cameras += 1;
        assert_eq!(done(cell.members[next].tell("cameras")), cameras.to_string(), "nothing agreed is lost");
        cell.restart(leader);
        let until = Instant::now() + crate::member::PATIENCE;
        while done(cell.members[leader].tell("cameras")) != cameras.to_string() {
            assert!(Instant::now() < until, "it catches up");
        }
    }
    let max = print("new leader after kill -9", times);
    assert!(max < Duration::from_secs(3), "{max:?}");
}

#[test]
fn a_leader_that_stands_still_is_replaced_and_disturbs_nobody_when_it_wakes() {
    let mut cell = Cell::start(3);
    let mut times = Vec::new();
    for _ in 0..runs(2) {
        let leader = cell.leader();
        let stopped = Instant::now();
        cell.members[leader].signal(Signal::STOP);
        let (next, at) = cell.next_leader(leader);
        times.push(at.duration_since(stopped));
        let term = cell.terms()[next];
        done(cell.members[next].tell("put"));
        cell.members[leader].signal(Signal::CONT);
        cell.members[leader].wait(|said| matches!(said, Said::Role { ready: false, term: now, .. } if *now == term));
        done(cell.members[next].tell("put"));
        assert_eq!(cell.terms(), [term; 3], "the one that woke has not raised the term");
        assert_eq!(cell.leader(), next);
    }
    let max = print("new leader after SIGSTOP", times);
    assert!(max < Duration::from_secs(3), "{max:?}");
}

#[test]
fn a_follower_that_stands_still_deposes_no_leader_when_it_wakes() {
    let mut cell = Cell::start(3);
    let leader = cell.leader();
    let (follower, before) = ((leader + 1) % 3, cell.terms());
    for pause in [300, 700, 2500] {
        cell.members[follower].signal(Signal::STOP);
        std::thread::sleep(Duration::from_millis(pause));
        done(cell.members[leader].tell("put"));
        cell.members[follower].signal(Signal::CONT);
        // Longer than it would take to stand for election.
        std::thread::sleep(Duration::from_millis(1200));
        assert_eq!(cell.terms(), before, "after {pause} ms");
        assert_eq!(cell.leader(), leader);
    }
}

#[test]
fn a_busy_machine_elects_nobody() {
    let mut cell = Cell::start(3);
    let (leader, before) = (cell.leader(), cell.terms());
    let busy = std::thread::available_parallelism().map_or(2, usize::from) * 2;
    let seconds = runs(5) as u64;
    let until = Instant::now() + Duration::from_secs(seconds);
    std::thread::scope(|scope| {
        for _ in 0..busy {
            scope.spawn(|| {
                while Instant::now() < until {
                    std::hint::black_box((0..10_000_u64).fold(0, |sum: u64, n| sum ^ n.wrapping_mul(sum | 1)));
                }
            });
        }
        while Instant::now() < until {
            done(cell.members[leader].tell("put"));
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    println!("{seconds} s with {busy} busy threads");
    assert_eq!(cell.terms(), before);
    assert_eq!(cell.leader(), leader);
}
