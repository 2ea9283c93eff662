use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::ensure;
use eyrie_tests::NodeOptions;

/// A shared object put between a node and the C library: what it breaks is broken from outside. Its faults are files in a
/// directory of its own, there or not.
pub(crate) struct Preload {
    faults: PathBuf,
    object: PathBuf,
}

impl Preload {
    /// Compiles `source`, a path in this repository, into `directory`, where faults are switched as well.
    pub(crate) fn build(source: &str, directory: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let object = directory.join("preload.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(source);
        let built =
            Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&object).arg(source).arg("-ldl").status()?;
        ensure!(built.success(), "cc: {built}");
        Ok(Self { faults: directory.to_owned(), object })
    }

    /// `options` for a node with it. It finds its faults by the variable `name`.
    pub(crate) fn options(&self, name: &str, mut options: NodeOptions) -> NodeOptions {
        options.env.push(("LD_PRELOAD".to_owned(), self.object.display().to_string()));
        options.env.push((name.to_owned(), self.faults.display().to_string()));
        options
    }

    pub(crate) fn set(&self, fault: &str) -> anyhow::Result<()> {
        Ok(std::fs::write(self.faults.join(fault), "")?)
    }

    pub(crate) fn clear(&self, fault: &str) -> anyhow::Result<()> {
        Ok(std::fs::remove_file(self.faults.join(fault))?)
    }
}
