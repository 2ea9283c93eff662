use std::path::{Path, PathBuf};

/// Holds `found` against the file `name` of this directory.
pub(crate) fn check(name: &str, found: &str) {
    let path = here().join(name);
    if std::env::var("EYRIE_GOLDEN").is_ok_and(|word| word == "write") {
        std::fs::write(&path, found).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(wanted == found, "{} differs; found:\n{found}", path.display());
}

/// The directory of the golden files.
pub(crate) fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drills")
}

/// The files of a directory that end in `suffix`, by name; never none.
pub(crate) fn files(dir: &Path, suffix: &str) -> Vec<PathBuf> {
    let all = std::fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let mut found: Vec<_> = all.filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.retain(|path| path.to_string_lossy().ends_with(suffix));
    found.sort();
    assert!(!found.is_empty(), "no {suffix} in {}", dir.display());
    found
}
