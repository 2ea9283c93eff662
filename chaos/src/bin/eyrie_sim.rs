//! `eyrie-sim`: runs seeds of the simulation; without `--seed`, `--count` of them on all cores.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use eyrie_chaos::sim::{Outcome, Planted, run_seed};

/// Simulates cells in virtual time and checks what must hold.
#[derive(Debug, Parser)]
struct Args {
    /// Replay this seed, with its log.
    #[arg(long)]
    seed: Option<u64>,
    /// How many seeds to run.
    #[arg(long, default_value_t = 1_000)]
    count: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Put a bug back.
    #[arg(long, value_enum)]
    planted: Option<Planted>,
    /// Go on after a failure.
    #[arg(long)]
    keep_going: bool,
}

#[expect(clippy::print_stdout, reason = "a command-line tool")]
fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(seed) = args.seed {
        let outcome = run_seed(seed, args.planted, true);
        outcome.log.iter().for_each(|line| println!("{line}"));
        println!("{:?}\n{:?}\nlog {:016x} of {} lines", outcome.scenario, outcome.tally, outcome.hash, outcome.lines);
        return report(&outcome, args.planted);
    }
    let (next, failed) = (AtomicU64::new(args.from), AtomicU64::new(0));
    let totals: [AtomicU64; 6] = Default::default();
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            let stop = !args.keep_going && failed.load(Ordering::Relaxed) > 0;
            if stop || seed >= args.from + args.count {
                return;
            }
            let outcome = run_seed(seed, args.planted, false);
            let t = outcome.tally;
            let of = [1, t.virtual_us, t.entries, t.deaths, t.takeovers, t.moves];
            for (total, n) in totals.iter().zip(of) {
                total.fetch_add(n, Ordering::Relaxed);
            }
            if outcome.violation.is_some() {
                failed.fetch_add(1, Ordering::Relaxed);
                report(&outcome, args.planted);
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let [seeds, virtual_us, entries, deaths, takeovers, moves] = totals.map(AtomicU64::into_inner);
    let days = virtual_us as f64 / 86.4e9;
    println!(
        "{seeds} seeds, {days:.2} days of virtual time, {entries} entries, {deaths} deaths, {takeovers} takeovers, {moves} moves"
    );
    if failed.into_inner() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(clippy::print_stdout, reason = "a command-line tool")]
fn report(outcome: &Outcome, planted: Option<Planted>) -> ExitCode {
    let Some(violation) = &outcome.violation else { return ExitCode::SUCCESS };
    println!("seed {}: {violation}", outcome.seed);
    let name = planted.and_then(|planted| clap::ValueEnum::to_possible_value(&planted));
    let planted = name.map(|name| format!(" --planted {}", name.get_name())).unwrap_or_default();
    println!("replay: cargo run -p eyrie-chaos --bin eyrie-sim -- --seed {}{planted}", outcome.seed);
    ExitCode::FAILURE
}
