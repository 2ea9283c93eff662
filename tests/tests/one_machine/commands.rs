use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use eyrie_camsim::StreamConfig;
use eyrie_tests::{Client, Node, NodeOptions, eventually};
use eyrie_types::WallTime;
use serde_json::json;

use crate::support::{Stage, clip, probe, segment_files};

fn eyrie(arguments: &[&str]) -> anyhow::Result<Output> {
    Ok(eyrie_tests::eyrie()?.args(arguments).output()?)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn each_command_explains_itself() -> anyhow::Result<()> {
    for (command, says) in [
        ("", "eyrie config keys"),
        ("demo", "simulated cameras"),
        ("node", "SIGHUP"),
        ("config", "keys"),
        ("config check", "--config"),
        ("config keys", "environment variable"),
        ("cluster", "undrain"),
        ("cluster status", "EYRIE_PASSWORD"),
        ("cluster drain", "EYRIE_TOKEN"),
        ("cluster undrain", "--json"),
        ("cluster remove", "dead node"),
        ("cluster recover", "most voters are lost"),
        ("recordings", "check"),
        ("recordings check", "--deep"),
        ("storage", "migrate"),
        ("storage migrate", "store.contact_points"),
        ("admin", "reset-password"),
        ("admin reset-password", "EYRIE_ADMIN_PASSWORD"),
        ("openapi", "OpenAPI"),
    ] {
        let arguments: Vec<_> = command.split_whitespace().chain(["--help"]).collect();
        let help = eyrie(&arguments)?;
        let said = text(&help.stdout);
        assert!(help.status.success() && said.contains("Usage: eyrie") && said.contains(says), "{command}: {said}");
    }
    Ok(())
}

#[test]
fn a_bad_configuration_is_refused_with_file_key_and_reason() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("eyrie.toml");
    let path = file.display().to_string();
    std::fs::write(&file, "http = 'everywhere'")?;
    let refused = eyrie(&["config", "check", "--config", &path])?;
    assert!(!refused.status.success());
    let said = text(&refused.stderr);
    assert!(said.contains(&path) && said.contains("http:") && said.contains("0.0.0.0:8080"), "{said}");
    std::fs::write(&file, "[recording]\nsealing = 'off'")?;
    assert!(eyrie(&["config", "check", "--config", &path])?.status.success());
    Ok(())
}

#[test]
fn unknown_keys_and_impossible_values_are_refused_in_file_and_environment() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("eyrie.toml");
    std::fs::write(&file, "[recording]\nsealed = 'off'")?;
    let path = file.display().to_string();
    let said = text(&eyrie(&["config", "check", "--config", &path])?.stderr);
    assert!(said.contains(&path) && said.contains("recording.sealed: unknown key"), "{said}");
    std::fs::write(&file, "log.level = 'verbose'")?;
    let said = text(&eyrie(&["config", "check", "--config", &path])?.stderr);
    assert!(said.contains(&path) && said.contains("log.level") && said.contains("\"verbose\" is no level"), "{said}");
    for (variable, value, reason) in [
        ("EYRIE_HTPP", "127.0.0.1:1", "did you mean EYRIE_HTTP?"),
        (
            "EYRIE_RECORDING_SEGMENT_DURATION",
            "7h",
            "recording.segment_duration: \"7h\" is not a duration from 1m to 1h",
        ),
    ] {
        let check = eyrie_tests::eyrie()?.args(["config", "check"]).env(variable, value).output()?;
        let said = text(&check.stderr);
        assert!(!check.status.success() && said.contains(variable) && said.contains(reason), "{said}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_marked_live_takes_effect_on_sighup_and_a_bad_configuration_changes_nothing() -> anyhow::Result<()> {
    // Every key marked live is in here; a new one has to be proven, too. Those of retention and repair are read from the same
    // settings as the objective.
    let keys = text(&eyrie(&["config", "keys"])?.stdout);
    let live: Vec<_> = keys.lines().filter(|line| line.contains("| live |")).collect();
    let proven = ["`log.level`", "`slo.recording`", "`retention.", "`repair."];
    assert!(live.iter().all(|key| proven.iter().any(|proven| key.contains(proven))), "{live:?}");
    let dir = tempfile::tempdir()?;
    let node = Node::start(dir.path(), &NodeOptions { toml: "log.level = 'error'".to_owned(), ..Default::default() })?;
    let client = node.client().await?;
    let file = dir.path().join("eyrie.toml");
    let says = async |what: &str| {
        eventually(what, || async { if node.log().contains(what) { Ok(()) } else { Err(node.log()) } }).await
    };
    client.get("/api/v1/me").await?;
    assert!(!node.log().contains("DEBUG"), "a request is logged at debug only: {}", node.log());
    let camera = client.add_camera("door", serde_json::json!({"type": "rtsp", "url": "rtsp://127.0.0.1:1/"})).await?;
    let ledger = format!("/api/v1/cameras/{camera}/ledger");
    assert_eq!(client.get(&ledger).await?["slo"]["objective"], 0.999);
    std::fs::write(&file, "log.level = 'debug'\nrecording.segment_duration = '30m'\nslo.recording = '95%'")?;
    node.signal("HUP")?;
    says("recording.segment_duration").await?;
    says("wait for the next start").await?;
    assert_eq!(client.get(&ledger).await?["slo"]["objective"], 0.95);
    std::fs::write(&file, "log.level = 'loud'")?;
    node.signal("HUP")?;
    says("configuration not taken").await?;
    says("\"loud\" is no level").await?;
    client.get("/api/v1/me").await?;
    says("DEBUG").await?;
    node.stop()
}

#[test]
fn the_committed_openapi_document_is_the_one_it_prints() -> anyhow::Result<()> {
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/eyrie-v1.json"))?;
    let printed = eyrie(&["openapi"])?;
    assert_eq!(text(&printed.stdout).trim_end(), committed.trim_end());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_out_admin_gets_a_new_password_and_the_old_one_is_gone() -> anyhow::Result<()> {
    let stage = Stage::set(Vec::new(), NodeOptions::default()).await?;
    let Stage { node, dir, .. } = stage;
    node.stop()?;
    let data_dir = dir.path().display().to_string();
    let reset = eyrie(&["admin", "reset-password", "--data-dir", &data_dir])?;
    assert!(reset.status.success(), "{}", text(&reset.stderr));
    let said = text(&reset.stdout);
    let password = said.split("password ").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap_or_default();
    let node = Node::start(dir.path(), &NodeOptions::default())?;
    Client::sign_in(node.base(), "admin", password).await?;
    assert!(node.client().await.is_err(), "the old password still works");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_check_finds_what_is_damaged_or_gone_and_adopts_what_the_index_lost() -> anyhow::Result<()> {
    let streams = (0..3).map(|i| StreamConfig::new(format!("cam{i}"), clip())).collect();
    let stage = Stage::set(streams, NodeOptions::default()).await?;
    for i in 0..3 {
        let id = stage.add_online_between_cuts(&format!("cam{i}")).await?;
        stage.client.await_recorded(&id, 2.0).await?;
    }
    let Stage { node, dir, .. } = stage;
    node.stop()?;
    let data_dir = dir.path().display().to_string();
    let good = eyrie(&["recordings", "check", "--deep", "--data-dir", &data_dir])?;
    assert!(good.status.success(), "{}{}", text(&good.stdout), text(&good.stderr));
    let files = segment_files(&dir.path().join("recordings"));
    assert_eq!(files.len(), 3, "{files:?}");
    flip_a_bit(&files[0])?;
    std::fs::remove_file(&files[1])?;
    let bad = eyrie(&["recordings", "check", "--deep", "--data-dir", &data_dir])?;
    assert!(!bad.status.success(), "{}", text(&bad.stdout));
    let said = text(&bad.stdout);
    assert!(said.contains("damaged") && said.contains("missing"), "{said}");
    Ok(())
}

fn flip_a_bit(file: &Path) -> anyhow::Result<()> {
    let mut bytes = std::fs::read(file)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    Ok(std::fs::write(file, bytes)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_guide_asks_of_the_interface_works() -> anyhow::Result<()> {
    let stage = Stage::set(vec![StreamConfig::new("stream1", clip())], NodeOptions::default()).await?;
    // The body is the guide's own, at an address that is there.
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide.md"))?;
    let body = guide.split("-d '").nth(1).and_then(|rest| rest.split('\'').next()).expect("the guide adds a camera");
    let mut body: serde_json::Value = serde_json::from_str(body)?;
    body["source"]["url"] = json!(stage.cameras.url("stream1"));
    let camera = stage.client.post("/api/v1/cameras", &body).await?;
    let id = camera["id"].as_str().unwrap_or_default();
    stage.client.await_state(id, "online").await?;
    for link in ["hls", "recordings", "gaps", "ledger", "timeline"] {
        let path = camera["links"][link].as_str().unwrap_or_else(|| panic!("no link {link}: {camera}"));
        let answer = stage.client.request(reqwest::Method::GET, path).send().await?;
        assert!(answer.status().is_success(), "{link}: {}", answer.status());
    }

    // Playback: the guide's addresses, filled in.
    stage.client.await_recorded(id, 3.0).await?;
    let now = stage.client.get("/api/v1/node").await?["now"].as_str().unwrap_or_default().parse::<WallTime>()?;
    let address = guide.split("playback/index.m3u8").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    let query = address.replace("$FROM", &(now - Duration::from_secs(60)).to_string()).replace("$TO", &now.to_string());
    let header = format!("Authorization: Bearer {}\r\n", stage.client.token());
    let url = format!("{}/api/v1/cameras/{id}/playback/index.m3u8{query}", stage.node.base());
    assert_eq!(probe(&url, Some(&header), 25).await?, "h264,320,180,25");
    let body =
        guide.split("--data '").nth(1).and_then(|rest| rest.split('\'').next()).expect("the guide asks for a link");
    let issued = stage.client.post(&format!("/api/v1/cameras/{id}/capabilities"), &serde_json::from_str(body)?).await?;
    let url = format!("{}{}{query}", stage.node.base(), issued["url"].as_str().unwrap_or_default());
    assert_eq!(probe(&url, None, 25).await?, "h264,320,180,25");

    // Export: the guide's commands, run.
    let taken_out = guide.split("## Take footage out").nth(1).and_then(|rest| rest.split("\n## ").next());
    let taken_out = taken_out.expect("the guide takes footage out");
    let commands: Vec<_> = taken_out.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(commands.len(), 2);
    let folder = tempfile::tempdir()?;
    for command in commands {
        let mut shell = Command::new("sh");
        shell.args(["-ec", command]).current_dir(folder.path()).env("EYRIE", stage.node.base());
        shell.env("TOKEN", stage.client.token()).env("CAMERA", id);
        shell.env("FROM", camera["created_at"].as_str().unwrap_or_default()).env("TO", now.to_string());
        crate::support::output(&mut shell).await?;
    }
    let files: Vec<_> =
        std::fs::read_dir(folder.path())?.filter_map(|file| file.ok()?.file_name().into_string().ok()).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    assert!(files.iter().any(|file| file.starts_with("Front-door_")), "{files:?}");
    for file in files {
        let played = crate::support::probe(&folder.path().join(&file).display().to_string(), None, 25).await?;
        assert_eq!(played, "h264,320,180,25", "{file}");
    }

    // Pictures: the guide's commands, run.
    let looked = guide.split("## Look without playing").nth(1).and_then(|rest| rest.split("```sh\n").nth(1));
    let looked = looked.and_then(|rest| rest.split("```").next()).expect("the guide looks without playing");
    let mut shell = Command::new("sh");
    shell.args(["-ec", looked]).current_dir(folder.path()).env("EYRIE", stage.node.base());
    shell.env("TOKEN", stage.client.token()).env("CAMERA", id);
    shell.env("FROM", camera["created_at"].as_str().unwrap_or_default()).env("TO", now.to_string());
    crate::support::output(&mut shell).await?;
    for (file, size) in [("latest", "640,360"), ("then", "320,180"), ("sprite", "800,180")] {
        let path = folder.path().join(format!("{file}.jpg")).display().to_string();
        assert_eq!(probe(&path, None, 1).await?, format!("mjpeg,{size},1"), "{file}");
    }

    // Retention: the guide's rules, accepted.
    let rules = guide.split("-d '{\"recording\"").nth(1).and_then(|rest| rest.split('\'').next());
    let rules: serde_json::Value =
        serde_json::from_str(&format!("{{\"recording\"{}", rules.expect("the guide sets rules of retention")))?;
    let patch = stage.client.request(reqwest::Method::PATCH, &format!("/api/v1/cameras/{id}")).json(&rules);
    let patched: serde_json::Value = patch.send().await?.error_for_status()?.json().await?;
    assert_eq!(patched["recording"]["retention"], rules["recording"]["retention"], "{patched}");
    Ok(())
}

/// Run once more by the next test, in a process with variables that are not meant for its node.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_sees_the_variables_that_its_test_sets() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let env = vec![("EYRIE_CLUSTER_NAME".to_owned(), "by the test".to_owned())];
    let node = Node::start(dir.path(), &NodeOptions { env, ..NodeOptions::default() })?;
    let view = node.client().await?.get("/api/v1/cluster").await?;
    assert_eq!(view["nodes"][0]["name"], "by the test", "{view}");
    node.stop()
}

#[test]
fn the_variables_that_tests_were_started_with_reach_none_of_their_nodes() -> anyhow::Result<()> {
    let again = Command::new(std::env::current_exe()?)
        .args(["--exact", "commands::a_node_sees_the_variables_that_its_test_sets"])
        // A node that saw the first would not start, and one that saw the second would listen where nobody may.
        .env("EYRIE_NOBODY_KNOWS_THIS", "1")
        .env("EYRIE_CLUSTER_LISTEN", "192.0.2.1:1")
        .output()?;
    let said = text(&again.stdout);
    assert!(again.status.success() && said.contains("1 passed"), "{said}{}", text(&again.stderr));
    Ok(())
}
