use std::io::{BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::Context as _;
use axum::routing::get;
use axum::{Json, Router, extract};
use serde_json::Value;

use super::Killed;

/// Starts [`serve_bare_axum`] in a process of its own; answers its `HOST:PORT` too.
///
/// # Errors
/// When it does not come up.
pub(super) fn start_bare_axum(one: &Path, list: &Path) -> anyhow::Result<(Killed, String)> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("serve-bare-axum")
        .args([one, list])
        .stdout(Stdio::piped())
        .spawn()
        .context("starting bare axum")?;
    let stdout = child.stdout.take().context("stdout is piped")?;
    let killed = Killed(vec![child]);
    let mut address = String::new();
    BufReader::new(stdout).read_line(&mut address)?;
    anyhow::ensure!(!address.trim().is_empty(), "bare axum did not come up");
    Ok((killed, address.trim().to_owned()))
}

/// Two axum handlers and nothing around them, which serialise the JSON in two files: the floor that any use of axum stands on.
/// Prints `HOST:PORT` and serves until killed.
///
/// # Errors
/// When a file holds no JSON, or no port is free.
#[expect(clippy::print_stdout, reason = "the parent reads the address")]
pub async fn serve_bare_axum(one: &str, list: &str) -> anyhow::Result<()> {
    let read = |path| -> anyhow::Result<Arc<Value>> { Ok(Arc::new(serde_json::from_slice(&std::fs::read(path)?)?)) };
    let (one, list) = (read(one)?, read(list)?);
    let router = Router::new()
        .route("/api/v1/cameras/{id}", get(|extract::Path(_): extract::Path<String>| async move { Json(one) }))
        .route("/api/v1/cameras", get(|| async move { Json(list) }));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}
