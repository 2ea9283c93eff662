//! Cameras that push with RTMP over TLS, by publishers that others wrote.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use eyrie_camsim::StreamConfig;
use eyrie_tests::{ADMIN_PASSWORD, Client, Node, NodeOptions, eventually, free_port};
use tempfile::TempDir;

use crate::http::{new_certificate, trusting};
use crate::rtmp::{Push, add};
use crate::support::{Stage, cameras, clip};

/// A node with the certificate that is made in `files`, and further TOML; where it takes publishers.
async fn stage(files: &Path, toml: &str) -> anyhow::Result<(Stage, String)> {
    let certificate = new_certificate(files)?;
    let at = format!("127.0.0.1:{}", free_port()?);
    let toml = format!("{toml}\ntls.certificate = '{0}/cert.pem'\ntls.key = '{0}/key.pem'", files.display());
    let options = NodeOptions { toml, args: vec!["--rtmp".to_owned(), at.clone()], ..NodeOptions::default() };
    let (cameras, dir) = (cameras(vec![StreamConfig::new("door", clip())]).await?, tempfile::tempdir()?);
    let node = Node::start(dir.path(), &options)?;
    let client = Client::sign_in_with(trusting(certificate)?, node.base(), "admin", ADMIN_PASSWORD).await?;
    Ok((Stage { cameras, node, client, dir }, at))
}

/// ffmpeg, which insists on a certificate that `trusted` vouches for.
fn relay(stage: &Stage, trusted: &Path, to: &str) -> anyhow::Result<Push> {
    let trusted = trusted.display().to_string();
    Push::relay_with(&stage.cameras.url("door"), &["-tls_verify", "1", "-ca_file", &trusted], to)
}

async fn refused(stage: &Stage, reason: &str) -> anyhow::Result<f64> {
    stage.metric(&format!("eyrie_publish_refused_total{{reason=\"{reason}\"}}")).await
}

/// Sends `bytes`, and reads until the node ends it.
fn answer(at: &str, bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(at)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    stream.write_all(bytes)?;
    let mut said = Vec::new();
    match stream.read_to_end(&mut said) {
        // It was cut off while it said more.
        Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => Err(error.into()),
        _ => Ok(said),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ffmpeg_gstreamer_and_librtmp_publish_over_tls_and_others_in_the_clear_at_the_same_port() -> anyhow::Result<()>
{
    let files = TempDir::new()?;
    let (stage, at) = stage(files.path(), "").await?;
    let (id, address) = add(&stage, "door").await?;
    assert!(address.starts_with(&format!("rtmps://{at}/live/")), "{address}");
    let push = relay(&stage, &files.path().join("cert.pem"), &address)?;
    stage.client.await_state(&id, "online").await?;
    stage.assert_live(&id).await?;
    stage.await_more(&id, 3).await?;
    drop(push);
    for sink in ["rtmp2sink tls-validation-flags=0", "rtmpsink"] {
        let (id, address) = add(&stage, sink).await?;
        let push = Push::gstreamer(&format!("{sink} location={address}"))?;
        stage.client.await_state(&id, "online").await?;
        stage.client.await_recorded(&id, 2.0).await?;
        drop(push);
    }
    assert_eq!(stage.metric("eyrie_publish_accepted_total{over=\"tls\"}").await?, 3.0);
    let (id, address) = add(&stage, "clear").await?;
    let push = Push::relay(&stage.cameras.url("door"), &address.replace("rtmps://", "rtmp://"))?;
    stage.client.await_state(&id, "online").await?;
    assert_eq!(stage.metric("eyrie_publish_accepted_total{over=\"clear\"}").await?, 1.0);
    drop(push);
    stage.node.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_shown_to_the_next_publisher_and_disturbs_none() -> anyhow::Result<()> {
    let files = TempDir::new()?;
    let (stage, _) = stage(files.path(), "").await?;
    let (shown, old) = (files.path().join("cert.pem"), files.path().join("old.pem"));
    std::fs::copy(&shown, &old)?;
    let (id, address) = add(&stage, "first").await?;
    let (other, other_address) = add(&stage, "other").await?;
    let first = relay(&stage, &old, &address)?;
    stage.client.await_state(&id, "online").await?;
    let renewed = trusting(new_certificate(files.path())?)?;
    eventually("the new certificate is shown", || async {
        renewed.get(format!("{}/healthz", stage.node.base())).send().await.map_err(|error| format!("{error:?}"))
    })
    .await?;
    relay(&stage, &old, &other_address)?.complaint().await?;
    let second = relay(&stage, &shown, &other_address)?;
    let client = Client::sign_in_with(renewed, stage.node.base(), "admin", ADMIN_PASSWORD).await?;
    client.await_state(&other, "online").await?;
    assert_eq!(stage.status(&id).await?["state"], "online", "a connection that stands goes on");
    assert_eq!(stage.metric("eyrie_publish_accepted_total").await?, 2.0);
    drop((first, second));
    stage.node.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_begins_like_tls_is_cut_off_and_counted() -> anyhow::Result<()> {
    let files = TempDir::new()?;
    let (stage, at) = stage(files.path(), "").await?;
    let (id, address) = add(&stage, "door").await?;
    let push = relay(&stage, &files.path().join("cert.pem"), &address)?;
    stage.client.await_state(&id, "online").await?;
    let hostile: [&[u8]; 4] = [
        &[0x16; 5_000],
        &[0x16, 3, 1, 0xff, 0xff, 1, 0, 0],
        &[0x16, 3, 1, 0, 4, 1, 0, 0, 0],
        // What only a server says.
        &[0x16, 3, 1, 0, 5, 2, 0, 0, 1, 0],
    ];
    for bytes in hostile {
        let at = at.clone();
        tokio::task::spawn_blocking(move || answer(&at, bytes)).await??;
    }
    assert_eq!(refused(&stage, "tls").await?, 4.0);
    // Half a record, and no more.
    tokio::task::spawn_blocking(move || answer(&at, &[0x16, 3, 1, 1, 0, 1])).await??;
    assert_eq!(refused(&stage, "too_slow").await?, 1.0);
    assert_eq!(stage.status(&id).await?["state"], "online");
    drop(push);
    stage.node.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_tls_is_required_who_speaks_in_the_clear_is_cut_off_before_the_key() -> anyhow::Result<()> {
    let files = TempDir::new()?;
    let (stage, at) = stage(files.path(), "rtmp_tls = 'required'").await?;
    let (id, address) = add(&stage, "door").await?;
    Push::relay(&stage.cameras.url("door"), &address.replace("rtmps://", "rtmp://"))?.complaint().await?;
    let said = tokio::task::spawn_blocking(move || answer(&at, &[3; 1_537])).await??;
    assert_eq!(said, [0_u8; 0], "not even a handshake");
    assert_eq!(refused(&stage, "not_tls").await?, 2.0);
    let push = relay(&stage, &files.path().join("cert.pem"), &address)?;
    stage.client.await_state(&id, "online").await?;
    drop(push);
    stage.node.stop()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_a_certificate_says_that_it_speaks_no_tls() -> anyhow::Result<()> {
    let at = format!("127.0.0.1:{}", free_port()?);
    let options = NodeOptions { args: vec!["--rtmp".to_owned(), at.clone()], ..NodeOptions::default() };
    let stage = Stage::set(vec![StreamConfig::new("door", clip())], options).await?;
    let (_, address) = add(&stage, "door").await?;
    let secure = address.replace("rtmp://", "rtmps://");
    let complaint = Push::relay(&stage.cameras.url("door"), &secure)?.complaint().await?;
    assert!(complaint.contains("alert"), "{complaint}");
    let said = tokio::task::spawn_blocking(move || answer(&at, &[0x16, 3, 1, 0, 1, 1])).await??;
    assert_eq!(said, [0x15, 3, 1, 0, 2, 2, 40], "a fatal alert");
    assert_eq!(refused(&stage, "no_certificate").await?, 2.0);
    assert!(stage.node.log().contains("this node has no certificate"), "{}", stage.node.log());
    stage.node.stop()
}
