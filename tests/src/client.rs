use std::time::Duration;

use anyhow::{Context as _, ensure};
use eyrie_actors::segment_cut;
use eyrie_types::{Clock as _, SystemClock};
use reqwest::Method;
use serde_json::{Value, json};

use crate::eventually;

/// `recording.segment_duration` where a test sets none.
const SEGMENT_LENGTH: Duration = Duration::from_secs(3600);
/// Longer than a test that counts files records.
const BETWEEN_CUTS: Duration = Duration::from_secs(120);

/// A client of a node's HTTP interface, signed in.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Client {
    /// Signs in.
    ///
    /// # Errors
    /// When the node refuses.
    pub async fn sign_in(base: &str, username: &str, password: &str) -> anyhow::Result<Self> {
        // A second call in the same process finds the provider installed already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Self::sign_in_with(reqwest::Client::builder().build()?, base, username, password).await
    }

    /// Signs in through a client that was made for it: of another version of HTTP, or with certificates of its own.
    ///
    /// # Errors
    /// When the node refuses.
    pub async fn sign_in_with(
        http: reqwest::Client,
        base: &str,
        username: &str,
        password: &str,
    ) -> anyhow::Result<Self> {
        let body = json!({"username": username, "password": password});
        let answer = http.post(format!("{base}/api/v1/auth/login")).json(&body).send().await?;
        ensure!(answer.status().is_success(), "sign-in: {} {}", answer.status(), answer.text().await?);
        let tokens: Value = answer.json().await?;
        let token = tokens["access_token"].as_str().context("no access_token")?.to_owned();
        Ok(Self { http, base: base.to_owned(), token })
    }

    /// The access token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// A request to a path below the node's address, with the token.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    /// GETs JSON.
    ///
    /// # Errors
    /// When the answer is no success.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.request(Method::GET, path).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "GET {path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// POSTs JSON and reads JSON.
    ///
    /// # Errors
    /// When the answer is no success.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self.request(Method::POST, path).json(body).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "POST {path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// Adds an RTSP camera that is recorded all the time, and answers its id.
    ///
    /// # Errors
    /// When the node refuses it.
    pub async fn add_camera(&self, name: &str, source: Value) -> anyhow::Result<String> {
        let body = json!({"name": name, "labels": [], "source": source, "recording": {"mode": "continuous"}});
        let camera = self.post("/api/v1/cameras", &body).await?;
        Ok(camera["id"].as_str().context("no id")?.to_owned())
    }

    /// As [`Self::add_camera`], for tests that count files: no boundary of the camera, nor midnight, cuts what it records within
    /// the next two minutes.
    ///
    /// # Errors
    /// When the node refuses.
    pub async fn add_camera_between_cuts(&self, name: &str, source: Value) -> anyhow::Result<String> {
        let body = json!({"name": name, "labels": [], "source": source, "recording": {"mode": "continuous"}, "enabled": false});
        let clock = SystemClock::new();
        loop {
            let camera = self.post("/api/v1/cameras", &body).await?;
            let id = camera["id"].as_str().context("no id")?;
            let path = format!("/api/v1/cameras/{id}");
            let now = clock.now();
            if segment_cut(id.parse()?, now, SEGMENT_LENGTH).since(now) > BETWEEN_CUTS {
                let enabled = self.request(Method::PATCH, &path).json(&json!({"enabled": true})).send().await?;
                enabled.error_for_status()?;
                return Ok(id.to_owned());
            }
            // Another camera has other boundaries; midnight is everybody's.
            self.request(Method::DELETE, &path).send().await?.error_for_status()?;
            let midnight = now.next_utc_midnight().since(now);
            if midnight <= BETWEEN_CUTS {
                tokio::time::sleep(midnight).await;
            }
        }
    }

    /// Waits until a camera is in `state`.
    ///
    /// # Errors
    /// When it does not get there in time.
    pub async fn await_state(&self, camera: &str, state: &str) -> anyhow::Result<Value> {
        let path = format!("/api/v1/cameras/{camera}/status");
        eventually(&format!("camera {state}"), || async {
            let status = self.get(&path).await.map_err(|error| error.to_string())?;
            if status["state"] == state { Ok(status) } else { Err(status.to_string()) }
        })
        .await
    }

    /// Waits until at least `seconds` of a camera are durable, and answers them.
    ///
    /// # Errors
    /// When they do not get there in time.
    pub async fn await_recorded(&self, camera: &str, seconds: f64) -> anyhow::Result<f64> {
        let path = format!("/api/v1/cameras/{camera}/gaps");
        eventually(&format!("{seconds} s recorded"), || async {
            let ledger = self.get(&path).await.map_err(|error| error.to_string())?;
            match ledger["durable_s"].as_f64() {
                Some(durable) if durable >= seconds => Ok(durable),
                _ => Err(ledger.to_string()),
            }
        })
        .await
    }
}
