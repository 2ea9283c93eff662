//! The seeds that run with every `cargo test`, and the proof that the simulation sees what it looks for.

use std::sync::atomic::{AtomicU64, Ordering};

use eyrie_chaos::sim::{Outcome, Planted, run_seed};

/// `make sim` runs a hundred times as many.
const SEEDS: u64 = 1_000;

/// Runs seeds on all cores until one fails; answers the failure with the lowest seed among those that had begun.
fn first_failure(seeds: u64, planted: Option<Planted>) -> Option<Outcome> {
    let next = AtomicU64::new(0);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return None;
            }
            let outcome = run_seed(seed, planted, false);
            if outcome.violation.is_some() {
                next.store(seeds, Ordering::Relaxed);
                return Some(outcome);
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let failures = runs.into_iter().filter_map(|run| run.join().expect("the simulation does not panic"));
        failures.min_by_key(|outcome| outcome.seed)
    })
}

#[test]
fn a_thousand_seeds_keep_every_rule() {
    if let Some(Outcome { seed, violation: Some(violation), .. }) = first_failure(SEEDS, None) {
        panic!("seed {seed}: {violation}\nreplay: cargo run -p eyrie-chaos --bin eyrie-sim -- --seed {seed}");
    }
}

#[test]
fn the_same_seed_gives_the_same_log() {
    for seed in [0, 7, 1_234] {
        let (one, two) = (run_seed(seed, None, true), run_seed(seed, None, true));
        assert!(one.lines > 20, "something happens");
        assert_eq!((one.hash, one.log, one.tally), (two.hash, two.log, two.tally), "seed {seed}");
    }
    assert_ne!(run_seed(1, None, false).hash, run_seed(2, None, false).hash);
}

#[test]
fn replanted_bugs_are_seen() {
    let bugs: [(Planted, &[&str]); 6] = [
        (Planted::UnsyncedNotes, &["one_node_per_epoch"]),
        (Planted::WipedVoterKeepsId, &["one_history", "owners_live"]),
        (Planted::RecordingTooSoon, &["drain_loses_nothing"]),
        (Planted::LeaseIgnored, &["one_live_owner", "one_worker_per_job"]),
        (Planted::LateCommandsApplied, &["stale_commands"]),
        (Planted::HastyDetector, &["owners_live", "sound_verdicts"]),
    ];
    for (planted, rules) in bugs {
        let seen =
            first_failure(400, Some(planted)).and_then(|outcome| outcome.violation).map(|violation| violation.rule);
        assert!(seen.is_some_and(|rule| rules.contains(&rule)), "{planted:?} was seen as {seen:?}");
    }
}
