use std::process::Command;

use eyrie_camsim::StreamConfig;
use eyrie_tests::{ADMIN_PASSWORD, NodeOptions};

use crate::support::{Stage, clip, output};

#[expect(clippy::print_stdout, reason = "a measurement that whoever runs the test may want to read")]
#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_sees_moving_pictures_and_adds_a_camera() -> anyhow::Result<()> {
    let streams = (0..5).map(|i| StreamConfig::new(format!("cam{i}"), clip())).collect();
    let stage = Stage::set(streams, NodeOptions::default()).await?;
    for i in 0..4 {
        stage.add_online(&format!("cam{i}")).await?;
    }
    let dashboard = concat!(env!("CARGO_MANIFEST_DIR"), "/../dashboard");
    let mut browser = Command::new("npm");
    browser
        .args(["run", "--silent", "e2e"])
        .current_dir(dashboard)
        .env("EYRIE_URL", stage.node.base())
        .env("EYRIE_USER", "admin")
        .env("EYRIE_PASSWORD", ADMIN_PASSWORD)
        .env("EYRIE_VIDEOS", "4")
        .env("EYRIE_CAMERA_URL", stage.cameras.url("cam4"));
    let seen: serde_json::Value = serde_json::from_str(&output(&mut browser).await?)?;
    println!(
        "from sign-in to four moving pictures: {} ms; first pictures: {}",
        seen["all_moving_ms"], seen["first_pictures_ms"]
    );
    Ok(())
}
