use std::time::Duration;

use eyrie_chaos::drill::report::{
    CameraGap, Check, Distribution, DrillReport, GapPhases, Mark, MarkKind, ReportError, ReportedDrill, ReportedFault,
    Round, SCHEMA, Verdict,
};
use eyrie_chaos::drill::{Bound, Limit, Measure};
use eyrie_types::WallTime;

use super::golden;

/// A name that leaves its place wherever it is not escaped.
const HOSTILE: &str = "</title><script>alert('x')</script>\"'&]]>\u{202e}\u{0}";

fn gap(camera: &str, began_ms: u64, phases: [Option<u64>; 4], lasted_ms: u64) -> CameraGap {
    let [detection_ms, decision_ms, connect_ms, keyframe_ms] = phases;
    CameraGap {
        camera: camera.into(),
        twinned: false,
        touched: lasted_ms > 0,
        began_ms,
        lasted_ms,
        missing: lasted_ms / 40,
        cause: (lasted_ms > 0).then(|| "node_down".to_owned()),
        phases: GapPhases { unwritten_ms: None, detection_ms, decision_ms, connect_ms, keyframe_ms },
    }
}

fn round(number: u32, gaps: Vec<CameraGap>) -> Round {
    let began_ms = u64::from(number - 1) * 60_000 + 5_000;
    let mark = |after, kind, text: &str| Mark { at_ms: began_ms + after, kind, text: text.into() };
    Round {
        number,
        began_ms,
        ended_ms: began_ms + 40_000,
        recovered_ms: Some(2_300),
        faults: vec![ReportedFault {
            kind: "kill".into(),
            what: "kill any node but the leader".into(),
            hit: vec!["n2".into()],
            began_ms: began_ms + 5_000,
            ended_ms: Some(began_ms + 25_000),
            cut_short: false,
        }],
        marks: vec![
            mark(6_400, MarkKind::Cell, "node n2 is held to be dead"),
            mark(6_500, MarkKind::Cell, "cam0 slot 0: n2 → n0, epoch 8589934601"),
            mark(7_000, MarkKind::Probe, "live of cam0 is older than 4s"),
            mark(27_300, MarkKind::Steady, "all nodes up, all cameras recording"),
        ],
        gaps,
    }
}

fn report(rounds: Vec<Round>, camera: &str, aborted: Option<&str>) -> DrillReport {
    let longest = rounds.iter().flat_map(|round| &round.gaps).map(|gap| gap.lasted_ms).max();
    let bound = |measure, limit| Bound { measure, limit };
    let checks = vec![
        Check::of(bound(Measure::GapLongest, Limit::AtMost(3_000)), longest, format!("{camera} in round 2")),
        Check::of(bound(Measure::UnitsDoubled, Limit::AtMost(0)), Some(0), ""),
        Check::of(bound(Measure::ApiSuccess, Limit::AtLeast(9_990)), Some(9_994), ""),
    ];
    let wanted = u32::try_from(rounds.len()).expect("few rounds");
    DrillReport {
        schema: SCHEMA,
        drill: ReportedDrill {
            name: "kill-a-node".into(),
            hypothesis: format!("When a node dies, the others record {camera} within 3 s."),
            target: "a local cell of 3 nodes with 2 cameras, 0 of them twinned".into(),
            plan: vec!["drill kill-a-node".into(), format!("  at 5s for 20s: kill the owner of camera {camera}")],
        },
        eyrie: "0.1.0".into(),
        seed: 7,
        started: WallTime::EPOCH + Duration::from_secs(1_780_000_000),
        took_ms: 125_250,
        verdict: Verdict::of(&checks, &rounds, wanted, aborted),
        checks,
        distributions: Distribution::of_gaps(&rounds),
        rounds,
    }
}

fn good() -> DrillReport {
    let first =
        vec![gap("cam0", 10_000, [Some(1_400), Some(100), Some(300), Some(600)], 2_400), gap("cam1", 0, [None; 4], 0)];
    let second = vec![gap("cam0", 0, [None; 4], 0), gap("cam1", 70_000, [Some(1_300), None, Some(500), None], 2_900)];
    report(vec![round(1, first), round(2, second)], "cam1", None)
}

fn bad() -> DrillReport {
    let gaps = vec![gap(HOSTILE, 10_000, [Some(1_400), Some(100), None, None], 9_000)];
    report(vec![round(1, gaps)], HOSTILE, None)
}

#[test]
fn a_report_reads_the_same_as_before_in_all_its_forms() {
    for (name, report) in [("passed", good()), ("failed", bad())] {
        assert_eq!(report.verdict.outcome.as_str(), name);
        golden::check(&format!("report-{name}.json"), &report.to_json().unwrap());
        golden::check(&format!("report-{name}.xml"), &report.to_junit());
        golden::check(&format!("report-{name}.html"), &report.to_html());
    }
}

#[test]
fn json_reads_back_and_that_of_another_schema_is_refused() {
    let json = bad().to_json().unwrap();
    assert_eq!(DrillReport::from_json(&json).unwrap(), bad());
    let other = json.replacen("\"schema\": 1", "\"schema\": 2", 1);
    assert!(matches!(DrillReport::from_json(&other), Err(ReportError::OtherSchema { found: 2 })));
    assert!(matches!(DrillReport::from_json("{}"), Err(ReportError::NotAReport(_))));
}

#[test]
fn hostile_names_stay_text_and_the_page_loads_nothing() {
    let (html, xml) = (bad().to_html(), bad().to_junit());
    for page in [&html, &xml] {
        assert!(!page.contains("<script") && !page.contains("alert('x')"), "{page}");
        assert!(!page.contains(['\u{0}', '\u{202e}']));
        assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)"));
    }
    for word in ["http://", "https://", "src=", "href=", "url(", "@import", "<script", "<iframe", "<object", "onload"] {
        assert!(!html.contains(word), "{word} in the page");
    }
}

#[test]
fn what_was_broken_off_is_an_error_and_no_failure_to_ci() {
    let xml = report(vec![round(1, vec![])], "cam0", Some("2 nodes are down, 1 may be")).to_junit();
    assert!(xml.contains("<error type=\"aborted\" message=\"broken off: 2 nodes are down, 1 may be\">"), "{xml}");
}

#[test]
fn a_thousand_rounds_make_a_page_that_opens() {
    let gaps = |number: u32| {
        (0..30).map(|i| gap(&format!("cam{i}"), u64::from(number) * 60_000, [Some(900); 4], 4_000)).collect()
    };
    let report = report((1..=1_000).map(|number| round(number, gaps(number))).collect(), "cam0", None);
    let html = report.to_html();
    assert!(html.len() < 2 << 20, "{} bytes", html.len());
    assert!(html.contains("The 12 of 1000 rounds") && html.contains("The 300 longest of 30000"));
}
