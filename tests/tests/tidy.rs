//! Style that no formatter checks: length of lines and files, direction of dependencies, dead files, unowned promises.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// rustfmt keeps code within 120; comments it leaves alone.
const LINE_CHARS_MAX: usize = 132;
/// Where a file has to be thought over; the aim is 150.
const FILE_LINES_MAX: usize = 700;

/// Crates from left to right: each may depend on those before it, never on one after it.
const ORDER: &[&str] = &[
    "eyrie-types",
    "eyrie-media",
    "eyrie-storage",
    "eyrie-cluster",
    "eyrie-actors",
    "eyrie-camsim",
    "eyrie-cassandra",
    "eyrie-chaos",
    "eyrie-api",
    "eyrie",
    "eyrie-tests",
];

/// Crates that must stay pure.
const PURE: [&str; 3] = ["eyrie-types", "eyrie-media", "eyrie-cluster"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace").to_owned()
}

fn tracked(suffixes: &[&str]) -> Vec<(PathBuf, String)> {
    let output = std::process::Command::new("git").arg("ls-files").current_dir(root()).output().expect("git runs");
    assert!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).expect("file names are UTF-8");
    let wanted = |name: &&str| suffixes.iter().any(|suffix| name.ends_with(suffix));
    let read = |name: &str| Some((PathBuf::from(name), std::fs::read_to_string(root().join(name)).ok()?));
    let files: Vec<_> = names.lines().filter(wanted).filter_map(read).collect();
    assert!(!files.is_empty(), "no tracked files end in {suffixes:?}: this test would check nothing");
    files
}

fn assert_none(found: Vec<String>) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn lines_and_files_are_short_enough_to_read() {
    let mut found = Vec::new();
    for (path, text) in tracked(&[".rs"]) {
        for (number, line) in text.lines().enumerate() {
            // A long literal cannot be broken without harm.
            if line.chars().count() > LINE_CHARS_MAX && !line.contains('"') {
                found.push(format!("{}:{}: line of {} characters", path.display(), number + 1, line.chars().count()));
            }
        }
        if text.lines().count() > FILE_LINES_MAX {
            found.push(format!("{}: {} lines; split it", path.display(), text.lines().count()));
        }
    }
    assert_none(found);
}

#[test]
fn dependencies_point_in_one_direction() {
    let mut found = Vec::new();
    let rank: BTreeMap<_, _> = ORDER.iter().enumerate().map(|(i, name)| (*name, i)).collect();
    for (path, text) in tracked(&["Cargo.toml"]) {
        let manifest: toml::Table = text.parse().expect("manifests are TOML");
        let Some(name) = manifest.get("package").and_then(|p| p.get("name")).and_then(|n| n.as_str()) else { continue };
        let Some(own) = rank.get(name) else { continue };
        let Some(dependencies) = manifest.get("dependencies").and_then(|d| d.as_table()) else { continue };
        for dependency in dependencies.keys() {
            if rank.get(dependency.as_str()).is_some_and(|theirs| theirs >= own) {
                found.push(format!("{}: {name} must not depend on {dependency}", path.display()));
            }
        }
        for forbidden in ["tokio", "rusqlite", "axum"] {
            if PURE.contains(&name) && dependencies.contains_key(forbidden) {
                found.push(format!("{}: {name} is pure and must not depend on {forbidden}", path.display()));
            }
        }
    }
    assert_none(found);
}

#[test]
fn every_source_file_is_part_of_its_crate() {
    let files = tracked(&[".rs"]);
    let mut declared = BTreeSet::new();
    for (path, text) in &files {
        let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        let dir = path.parent().expect("a file lies in a directory");
        let owns_dir = matches!(stem, "lib" | "main" | "mod") || is_target(path);
        let home = if owns_dir { dir.to_owned() } else { dir.join(stem) };
        for line in text.lines().map(str::trim) {
            let line = match line.strip_prefix("pub(").and_then(|rest| rest.split_once(") ")) {
                Some((_, rest)) => rest,
                None => line.strip_prefix("pub ").unwrap_or(line),
            };
            let Some(module) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) else { continue };
            declared.insert(home.join(format!("{module}.rs")));
            declared.insert(home.join(module).join("mod.rs"));
        }
    }
    let dead = files.iter().map(|(path, _)| path).filter(|path| !is_target(path) && !declared.contains(*path));
    assert_none(dead.map(|path| format!("{}: no module names it", path.display())).collect());
}

/// Roots of crates, tests, examples, benches and fuzz targets: cargo names them, no module does.
fn is_target(path: &Path) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let parent = path.parent().and_then(Path::file_name).and_then(|n| n.to_str()).unwrap_or_default();
    let is_root = matches!(name, "lib.rs" | "main.rs" | "build.rs");
    is_root || matches!(parent, "tests" | "examples" | "benches" | "bin" | "fuzz_targets")
}

#[test]
fn no_promise_is_left_in_a_comment() {
    // Spelled in halves, or this file would find itself.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("unimpl", "emented!"), concat!("to", "do!(")];
    let mut found = Vec::new();
    for (path, text) in tracked(&[".rs", ".ts", ".tsx", ".sh", ".py", ".mjs"]) {
        for (number, line) in text.lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark)) {
                found.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert_none(found);
}
