use std::path::Path;

use anyhow::{Context as _, ensure};
use eyrie_camsim::StreamConfig;
use eyrie_tests::{ADMIN_PASSWORD, Client, Node, NodeOptions, eventually};
use reqwest::tls::TlsInfo;
use reqwest::{Certificate, Method, Version};

use crate::support::{Stage, cameras, clip, rtsp};

/// A certificate for loopback and its key, written to where a node looks for them; answers it as clients trust it.
pub(crate) fn new_certificate(dir: &Path) -> anyhow::Result<Certificate> {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()])?;
    // As certificate tools do: aside first, then in place.
    for (name, text) in [("key.pem", made.signing_key.serialize_pem()), ("cert.pem", made.cert.pem())] {
        let aside = dir.join("new");
        std::fs::write(&aside, text)?;
        std::fs::rename(&aside, dir.join(name))?;
    }
    Ok(Certificate::from_pem(made.cert.pem().as_bytes())?)
}

/// A client that trusts one certificate.
pub(crate) fn trusting(certificate: Certificate) -> anyhow::Result<reqwest::Client> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Ok(reqwest::Client::builder().tls_certs_only([certificate]).tls_info(true).build()?)
}

/// Reads a camera's live playlists down to the first part over `client`, every answer in `version`.
async fn play(client: &Client, id: &str, version: Version) -> anyhow::Result<()> {
    let get = async |path: String| -> anyhow::Result<Vec<u8>> {
        let answer = client.request(Method::GET, &path).send().await?.error_for_status()?;
        ensure!(answer.version() == version, "{path} came over {:?}", answer.version());
        Ok(answer.bytes().await?.to_vec())
    };
    get("/api/v1/cameras".to_owned()).await?;
    let live = format!("/api/v1/cameras/{id}/live");
    let index = String::from_utf8(get(format!("{live}/index.m3u8")).await?)?;
    let media = index.lines().find(|line| line.ends_with("media.m3u8")).context("a media playlist")?;
    let playlist = eventually("there are parts", || async {
        let bytes = get(format!("{live}/{media}")).await.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if text.contains("#EXT-X-PART:") { Ok(text) } else { Err(text) }
    })
    .await?;
    let uri =
        |tag: &str| playlist.lines().find(|line| line.starts_with(tag))?.split("URI=\"").nth(1)?.split('"').next();
    let init = get(format!("{live}/{}", uri("#EXT-X-MAP:").context("an init section")?)).await?;
    ensure!(init.get(4..8) == Some(b"ftyp"), "no init section");
    let part = get(format!("{live}/{}", uri("#EXT-X-PART:").context("a part")?)).await?;
    ensure!(part.get(4..8) == Some(b"moof"), "no part");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn http_1_and_http_2_in_clear_serve_interface_and_live() -> anyhow::Result<()> {
    let stage = Stage::set(vec![StreamConfig::new("door", clip())], NodeOptions::default()).await?;
    let id = stage.add_online("door").await?;
    play(&stage.client, &id, Version::HTTP_11).await?;
    let http = reqwest::Client::builder().http2_prior_knowledge().build()?;
    let client = Client::sign_in_with(http, stage.node.base(), "admin", ADMIN_PASSWORD).await?;
    play(&client, &id, Version::HTTP_2).await
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_http_2_is_agreed_on_and_a_renewed_certificate_is_taken_over_without_a_restart() -> anyhow::Result<()>
{
    let cameras = cameras(vec![StreamConfig::new("door", clip())]).await?;
    let (dir, files) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let first = new_certificate(files.path())?;
    let toml = format!("tls.certificate = '{0}/cert.pem'\ntls.key = '{0}/key.pem'", files.path().display());
    let node = Node::start(dir.path(), &NodeOptions { toml, ..NodeOptions::default() })?;
    ensure!(node.base().starts_with("https://"), "{}", node.base());
    let client = Client::sign_in_with(trusting(first)?, node.base(), "admin", ADMIN_PASSWORD).await?;
    let id = client.add_camera("door", rtsp(&cameras.url("door"))).await?;
    client.await_state(&id, "online").await?;
    play(&client, &id, Version::HTTP_2).await?;
    let one = reqwest::Client::builder().http1_only().tls_danger_accept_invalid_certs(true).tls_info(true).build()?;
    let answer = one.get(format!("{}/healthz", node.base())).send().await?;
    assert_eq!(answer.version(), Version::HTTP_11, "who knows no HTTP/2 is served as well");

    let second = trusting(new_certificate(files.path())?)?;
    // A key that does not belong to its certificate is never shown to anybody in between.
    let renewed = eventually("the new certificate is shown", || async {
        let answer =
            second.get(format!("{}/healthz", node.base())).send().await.map_err(|error| format!("{error:?}"))?;
        Ok(answer.extensions().get::<TlsInfo>().and_then(|tls| tls.peer_certificate().map(<[u8]>::to_vec)))
    })
    .await?;
    assert!(renewed.is_some());
    // Connections that stood go on.
    play(&client, &id, Version::HTTP_2).await?;
    node.stop()
}
