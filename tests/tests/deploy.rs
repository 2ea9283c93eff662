//! What installs and builds, as far as it decides something.

use std::path::Path;
use std::process::Command;

#[test]
fn a_node_is_new_enough_when_the_dashboard_says_so() -> anyhow::Result<()> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/node-is-new.mjs");
    // engines of dashboard/package.json: ^20.19.0 || >=22.12.0
    for (version, enough) in [
        ("18.20.4", false),
        ("20.9.0", false),
        ("20.18.3", false),
        ("20.19.0", true),
        ("20.20.1", true),
        ("21.7.3", false),
        ("22.11.0", false),
        ("22.12.0", true),
        ("22.9.9", false),
        ("23.0.0", true),
        ("100.0.0", true),
    ] {
        let status = Command::new("node").arg(&script).arg(version).status()?;
        assert_eq!(status.code(), Some(i32::from(!enough)), "Node {version}");
    }
    Ok(())
}
