use std::process::Command;

use eyrie_camsim::{Fault, StreamConfig};
use eyrie_tests::{ADMIN_PASSWORD, NodeOptions};

use crate::support::{Stage, clip, output};

/// Pictures a second of the cameras.
const FPS: u32 = 25;

#[expect(clippy::print_stdout, reason = "a measurement that whoever runs the test may want to read")]
#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_looks_back_takes_out_marks_and_manages_in_the_browser() -> anyhow::Result<()> {
    let streams = (0..5).map(|i| StreamConfig::new(format!("cam{i}"), clip())).collect();
    let stage = Stage::set(streams, NodeOptions::default()).await?;
    for i in 0..3 {
        stage.add_online(&format!("cam{i}")).await?;
    }
    let gapped = stage.add_online("cam3").await?;
    // Some seconds of footage, a camera that hangs up and refuses for a while, and footage again.
    stage.await_more(&gapped, 8).await?;
    stage.cameras.set_fault("cam3", Fault::Close { reset: true })?;
    stage.cameras.set_fault("cam3", Fault::Refuse { status: 503 })?;
    stage.client.await_state(&gapped, "refused").await?;
    stage.await_cause(&gapped, "camera_session_limit").await?;
    stage.cameras.clear_fault("cam3")?;
    stage.client.await_state(&gapped, "online").await?;
    stage.await_more(&gapped, 4).await?;
    let dashboard = concat!(env!("CARGO_MANIFEST_DIR"), "/../dashboard");
    let mut browser = Command::new("npm");
    browser
        .args(["run", "--silent", "e2e"])
        .current_dir(dashboard)
        .env("EYRIE_URL", stage.node.base())
        .env("EYRIE_USER", "admin")
        .env("EYRIE_PASSWORD", ADMIN_PASSWORD)
        .env("EYRIE_VIDEOS", "4")
        .env("EYRIE_FPS", FPS.to_string())
        .env("EYRIE_CAMERA_URL", stage.cameras.url("cam4"))
        .env("EYRIE_GAP_CAMERA", &gapped);
    let seen: serde_json::Value = serde_json::from_str(&output(&mut browser).await?)?;
    println!(
        "from sign-in to four moving pictures: {} ms; first pictures: {}",
        seen["all_moving_ms"], seen["first_pictures_ms"]
    );
    println!("steps: {}", seen["steps"]);
    Ok(())
}
