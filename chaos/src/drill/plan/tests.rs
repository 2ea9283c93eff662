use std::time::Duration;

use super::*;
use crate::drill::file::read_drill;
use crate::drill::{CameraChoice, Drill, FaultKind, Measure, NodeChoice, Shared};
use crate::sim::Dice;

const CELL: &str = "0192f0c1-2345-7abc-8def-0123456789ab";

fn drill(faults: &str, radius: &str) -> Drill {
    let text = format!(
        "drill: d\nhypothesis: h\n\
         target: {{api: {{addresses: ['https://a.example'], cell: {CELL}, token_env: T}}}}\n\
         probes: {{recorded_gap: {{longest: 8s}}}}\nfaults: [{faults}]\nblast_radius: {radius}\nguardrails: {{longest: 1h}}\n"
    );
    read_drill(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Three nodes with two cameras each, the first of which leads.
fn cell() -> CellFacts {
    let node = |i| NodeFacts { name: format!("n{i}"), up: true, draining: false, leader: i == 0, voter: true };
    let camera = |i| CameraFacts { name: format!("cam{i}"), nodes: vec![format!("n{}", i % 3)], recording: true };
    CellFacts {
        cell: CELL.parse().ok(),
        nodes: (0..3).map(node).collect(),
        cameras: (0..6).map(camera).collect(),
        ..CellFacts::default()
    }
}

const KILL: &str = "{at: 5s, for: 15s, kill: {node: any}}";
const ONE: &str = "{nodes: 1, cameras: 2}";

fn refused(drill: &Drill, cell: &CellFacts) -> Vec<String> {
    plan(drill, cell, &Abilities::ALL).expect_err("refused").iter().map(ToString::to_string).collect()
}

#[test]
fn a_steady_cell_is_drilled_and_the_plan_says_how() {
    let plan = plan(&drill(KILL, ONE), &cell(), &Abilities { faults: &[FaultKind::Kill], ..Abilities::ALL }).unwrap();
    assert_eq!(
        plan.to_string(),
        "drill d on cell 0192f0c1-2345-7abc-8def-0123456789ab at https://a.example/\n\
         hypothesis: h\n\
         1 round: steady for 5s (within 2m), the faults, steady again within 1m; 3m20s at most\n\
         \x20 at 5s for 15s: kill any node\n\
         may touch at most 1 node and 2 cameras\n\
         broken off when it takes longer than 1h\n\
         a fault ends by itself when the runner is silent for 30s\n\
         holds when\n\
         \x20 longest gap of a camera: at most 8s\n"
    );
}

#[test]
fn a_cell_that_is_not_the_expected_one_is_left_alone() {
    let mut other = cell();
    other.cell = "0192f0c1-2345-7abc-8def-0123456789ac".parse().ok();
    other.nodes[1].up = false;
    let why = refused(&drill(KILL, ONE), &other);
    assert!(why.len() == 1 && why[0].contains("not the cell") && why[0].contains("89ac"), "{why:?}");
    other.cell = None;
    assert!(refused(&drill(KILL, ONE), &other)[0].contains("in no cell"));
}

#[test]
fn a_cell_that_is_not_steady_or_being_drilled_is_refused_with_all_reasons() {
    let mut bad = cell();
    bad.nodes[2].up = false;
    bad.nodes[1].draining = true;
    bad.cameras[4].recording = false;
    bad.moving = 2;
    bad.running = Some("rolling-restart".into());
    let why = refused(&drill(KILL, ONE), &bad);
    assert_eq!(why.len(), 2, "{why:?}");
    assert!(why[0].contains("rolling-restart"), "{why:?}");
    for part in ["nodes not up: n2", "nodes draining: n1", "cameras not recording: cam4", "placements moving: 2"] {
        assert!(why[1].contains(part), "{part}: {why:?}");
    }
}

#[test]
fn faults_that_the_target_cannot_do_are_named_with_those_it_can() {
    let drill = drill("{at: 1s, for: 1s, one_of: [{kill: {node: any}}, {disk_full: {node: any}}]}", ONE);
    let can = Abilities { faults: &[FaultKind::Kill, FaultKind::Pause], measures: &[Measure::ApiSuccess] };
    let why = plan(&drill, &cell(), &can).unwrap_err();
    assert_eq!(why[0].to_string(), "not supported by this target: disk_full; it can do kill, pause");
    assert_eq!(
        why[1].to_string(),
        "not supported by this target: bounds of recorded_gap.longest; it measures api.success"
    );
}

#[test]
fn what_the_cell_of_today_makes_too_large_is_refused_before_anything_is_done() {
    let mut lopsided = cell();
    lopsided.cameras[0].nodes = vec!["n1".into()];
    let why = refused(&drill(KILL, ONE), &lopsided);
    assert!(why.len() == 1 && why[0].contains("kill any node would touch 3 of 6 cameras"), "{why:?}");
    let stall = "{at: 1s, for: 1s, camera_stall: {cameras: 50%}}";
    assert!(refused(&drill(stall, "{nodes: 0, cameras: 30%}"), &cell())[0].contains("3 of 6 cameras"));
    assert!(plan(&drill(stall, "{nodes: 0, cameras: 50%}"), &cell(), &Abilities::ALL).is_ok());
    let named = "{at: 1s, for: 1s, kill: {node: n7}}";
    assert!(refused(&drill(named, ONE), &cell())[0].contains("there is no node \"n7\""));
}

#[test]
fn a_majority_at_once_is_warned_of() {
    let both = format!("{KILL}, {{at: 6s, for: 15s, kill: {{node: any}}}}");
    let plan = plan(&drill(&both, "{nodes: 2, cameras: all}"), &cell(), &Abilities::ALL).unwrap();
    assert!(plan.to_string().contains("mind: 2 nodes may be down at once"), "{plan}");
}

#[test]
fn one_seed_gives_one_schedule_and_rounds_differ() {
    let random = "{at: 1s, for: 5s, every: 10s, times: 40, one_of: [{kill: {node: any}}, {pause: {node: any}}, {camera_close: {cameras: 1}}]}";
    let drill = drill(random, ONE);
    let first = schedule(&drill, 7, 1);
    assert_eq!(first, schedule(&drill, 7, 1));
    assert_ne!(first, schedule(&drill, 7, 2));
    assert_ne!(first, schedule(&drill, 8, 1));
    assert_eq!(first.len(), 40);
    for (n, scheduled) in first.iter().enumerate() {
        assert_eq!(scheduled.begins, Duration::from_secs(1 + 10 * n as u64));
        let lasts = if scheduled.fault.is_once() { 0 } else { 5 };
        assert_eq!(scheduled.ends - scheduled.begins, Duration::from_secs(lasts));
    }
}

#[test]
fn choices_are_of_what_is_there_and_up() {
    let mut dice = Dice::new(1);
    let mut cell = cell();
    cell.nodes[1].up = false;
    for _ in 0..50 {
        assert_eq!(choose_nodes(&NodeChoice::Follower, &cell, &mut dice), Ok(vec!["n2".to_owned()]));
        assert_ne!(choose_nodes(&NodeChoice::Any, &cell, &mut dice), Ok(vec!["n1".to_owned()]));
        let three = choose_cameras(&CameraChoice::Count(3), &cell, &mut dice).unwrap();
        assert!(three.len() == 3 && three.is_sorted() && three[0] != three[1] && three[1] != three[2], "{three:?}");
    }
    assert_eq!(choose_nodes(&NodeChoice::Leader, &cell, &mut dice), Ok(vec!["n0".to_owned()]));
    assert_eq!(choose_nodes(&NodeChoice::OwnerOf("cam4".into()), &cell, &mut dice), Ok(vec!["n1".to_owned()]));
    assert!(choose_nodes(&NodeChoice::OwnerOf("cam9".into()), &cell, &mut dice).is_err());
    cell.nodes[1].up = true;
    cell.cameras.retain(|camera| camera.nodes != ["n2"]);
    for _ in 0..50 {
        let follower = choose_nodes(&NodeChoice::Follower, &cell, &mut dice);
        assert_eq!(follower, Ok(vec!["n1".to_owned()]), "n2 has no camera to lose");
    }
    cell.nodes[0].up = false;
    assert_eq!(choose_nodes(&NodeChoice::Leader, &cell, &mut dice), Err("no leader is known".to_owned()));
    assert!(choose_cameras(&CameraChoice::Count(7), &cell, &mut dice).is_err());
}

#[test]
fn what_is_touched_already_counts_before_each_fault() {
    let radius = drill(KILL, "{nodes: 1, cameras: 4}").blast_radius;
    let node = |name: &str| Hits { nodes: [name.to_owned()].into(), ..Hits::default() };
    let camera = |name: &str| Hits { cameras: [name.to_owned()].into(), ..Hits::default() };
    assert_eq!(admit(&radius, &node("n1"), &cell()), Ok(()));
    assert_eq!(admit(&radius, &node("n1").with(&node("n1")), &cell()), Ok(()));
    assert_eq!(admit(&radius, &node("n1").with(&node("n2")), &cell()), Err("2 nodes (n1, n2)".to_owned()));
    let more = node("n1").with(&camera("cam0")).with(&camera("cam1")).with(&camera("cam2"));
    assert_eq!(admit(&radius, &more, &cell()), Ok(()), "cam1 is on n1");
    assert_eq!(admit(&radius, &more.with(&camera("cam3")), &cell()), Err("5 of 6 cameras".to_owned()));
    let store = Hits { shared: [Shared::Store].into(), ..Hits::default() };
    assert_eq!(admit(&radius, &store, &cell()), Err("the store".to_owned()));
}
