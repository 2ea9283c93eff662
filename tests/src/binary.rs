use std::path::PathBuf;
use std::process::Command;

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

/// `eyrie`, as nobody has set it up: what `EYRIE_` variables the tests themselves were started with is not meant for it.
///
/// # Errors
/// As [`binary`].
pub fn eyrie() -> anyhow::Result<Command> {
    let mut command = Command::new(binary("eyrie")?);
    without_ours(&mut command);
    Ok(command)
}

/// Keeps `EYRIE_` variables of this process from the one that is to be started.
pub fn without_ours(command: &mut Command) {
    for (variable, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"EYRIE_")) {
        command.env_remove(variable);
    }
}
