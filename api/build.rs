//! The dashboard is embedded from `dashboard/dist`; a build without it embeds nothing and says so to whoever opens it.

#![allow(clippy::print_stdout, reason = "how build scripts speak to cargo")]

fn main() {
    let dist = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../dashboard/dist");
    if let Err(error) = std::fs::create_dir_all(&dist) {
        println!("cargo::warning={} cannot be made: {error}", dist.display());
    }
    println!("cargo::rerun-if-changed={}", dist.display());
}
