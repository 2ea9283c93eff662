use std::path::PathBuf;

use anyhow::{Context as _, ensure};

/// The path of a binary of the workspace, built by `make test` into the directory this test was built into.
///
/// # Errors
/// When it is not there; the message says how to build it.
pub fn binary(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("the test's own path")?;
    let profile_dir =
        own.ancestors().find(|dir| dir.join("deps").is_dir()).context("no target directory above the test")?;
    let path = profile_dir.join(name);
    ensure!(path.is_file(), "{} is not built; run `cargo build -p eyrie -p eyrie-camsim`", path.display());
    Ok(path)
}
