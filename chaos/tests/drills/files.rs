use std::path::Path;

use eyrie_chaos::drill::CellFacts;
use eyrie_chaos::drill::file::{FILE_BYTES_MAX, MISTAKES_MAX, read_drill};
use eyrie_chaos::drill::plan::{Abilities, plan};

use super::golden;

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_drill_of_the_catalogue_reads_is_named_like_its_file_and_prints_its_plan() {
    let catalogue = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/drills");
    let mut plans = String::new();
    for path in golden::files(&catalogue, ".yaml") {
        let drill = read_drill(&read(&path)).unwrap_or_else(|error| panic!("{}:\n{error}", path.display()));
        assert_eq!(path.file_stem().and_then(|name| name.to_str()), Some(drill.name.as_str()));
        let plan = plan(&drill, &CellFacts::default(), &Abilities::ALL).unwrap_or_else(|why| panic!("{why:?}"));
        plans += &format!("{plan}\n");
    }
    golden::check("catalogue.txt", &plans);
}

#[test]
fn the_drills_behind_the_figures_of_the_benchmarks_read_and_are_named_like_their_files() {
    let figures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/drills/figures");
    for path in golden::files(&figures, ".yaml") {
        let drill = read_drill(&read(&path)).unwrap_or_else(|error| panic!("{}:\n{error}", path.display()));
        assert_eq!(path.file_stem().and_then(|name| name.to_str()), Some(drill.name.as_str()));
    }
}

#[test]
fn the_example_of_the_lesson_is_a_drill() {
    let lesson = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/drills/README.md"));
    let blocks: Vec<_> = lesson.split("```yaml\n").skip(1).filter_map(|rest| rest.split_once("```")).collect();
    let whole: Vec<_> = blocks.iter().filter(|(text, _)| text.starts_with("drill:")).collect();
    assert!(!whole.is_empty(), "the lesson has lost its example");
    for (text, _) in whole {
        read_drill(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
}

#[test]
fn each_bad_file_is_refused_with_its_lines_and_what_to_do() {
    for path in golden::files(&golden::here().join("bad"), ".yaml") {
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let error = read_drill(&read(&path)).expect_err(name);
        golden::check(&format!("bad/{name}.txt"), &format!("{error}\n"));
    }
}

/// A drill that is right, for tests that break one thing of it.
const GOOD: &str = "drill: d\nhypothesis: h\ntarget: {local: {nodes: 3, cameras: 6}}\nprobes: {recorded_gap: {longest: 8s}}\n\
                    faults: [{at: 5s, for: 15s, kill: {node: any}}]\nblast_radius: {nodes: 1, cameras: all}\nguardrails: {longest: 10m}\n";

#[test]
fn hostile_files_are_refused_quickly_and_never_panic() {
    read_drill(GOOD).unwrap_or_else(|error| panic!("{error}"));
    let laughs = "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\ndrill: *c\n".to_owned();
    let deep = format!("drill: {}{}", "[".repeat(5_000), "]".repeat(5_000));
    let block: String = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let wide = format!("faults: [{}]", "{},".repeat(4_000));
    let huge = format!("drill: {}", "x".repeat(FILE_BYTES_MAX));
    let texts = [
        laughs,
        deep,
        block,
        wide,
        huge,
        String::new(),
        "---\n---\n".to_owned(),
        "- - -".to_owned(),
        "drill: !!binary AAAA".to_owned(),
        "\u{feff}\u{feff}drill: x".to_owned(),
        "a: b: c".to_owned(),
        "? {a: 1}\n: x".to_owned(),
        "drill: 1\ndrill: 2".to_owned(),
        "\0".to_owned(),
        "%YAML 9.9\n---\nx".to_owned(),
        format!("{GOOD}---\n{GOOD}"),
        GOOD.replace("nodes: 1", "nodes: 99999999999999999999999999999999999999999"),
        GOOD.replace("5s", "18446744073709551615h"),
        GOOD.replace("8s", "-8s"),
        GOOD.replace("8s", ".nan"),
        GOOD.replace("kill", "\"kill\\u0000\""),
        GOOD.replace("drill: d", "drill: ../../etc/passwd"),
    ];
    for text in texts {
        let shown: String = text.chars().take(60).collect();
        let error = read_drill(&text).err().unwrap_or_else(|| panic!("accepted: {shown}"));
        assert!(!error.mistakes.is_empty() && error.mistakes.len() <= MISTAKES_MAX, "{shown}: {error}");
        assert!(error.to_string().chars().count() < 20_000, "{shown}: a mistake quotes too much");
    }
}

#[test]
fn any_prefix_and_any_broken_byte_of_the_catalogue_is_read_or_refused_without_a_panic() {
    let catalogue = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/drills");
    let text = read(&catalogue.join("kill-a-node.yaml"));
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        let _ = read_drill(&text[..end]);
    }
    for at in 0..text.len() {
        for byte in *b"\n:-{[*&!|>'\"#\t\0" {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = byte;
            let _ = read_drill(&String::from_utf8_lossy(&bytes));
        }
    }
}
