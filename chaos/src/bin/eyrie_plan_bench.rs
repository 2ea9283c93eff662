//! `eyrie-plan-bench`: how long the planner takes with 10,000 cameras on 100 nodes.

use eyrie_chaos::scale::{CAMERAS, NODES, measure};
use eyrie_types::SystemClock;

#[expect(clippy::print_stdout, reason = "a command-line tool")]
fn main() {
    let m = measure(&SystemClock::new(), 101);
    println!("{NODES} nodes, {CAMERAS} cameras, {} placements; one node with {} of them dies", m.placements, m.lost);
    println!(
        "re-plan: p50 {:?}, max {:?} ({} commands, {} needless moves)",
        m.plan_p50, m.plan_max, m.planned, m.needless
    );
    println!(
        "plan with nothing to do {:?}, apply the plan {:?}, copy the state {:?}, N+1 verdict {:?}",
        m.idle, m.apply, m.copy, m.survival
    );
}
