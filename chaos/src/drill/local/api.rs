use std::time::Duration;

use eyrie_types::{Clock as _, Monotonic, Secret, SystemClock};
use reqwest::{Client, Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::drill::DrillError;

/// How long an answer may take. An answer that takes longer is a failed one for whoever waits for it.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// A token lives for ten minutes.
const TOKEN_AGE_MAX: Duration = Duration::from_secs(8 * 60);

/// Asks the nodes of one cell. A token of one is good for all.
#[derive(Debug)]
pub(crate) struct Api {
    http: Client,
    password: Secret,
    token: Mutex<Option<(Secret, Monotonic)>>,
    clock: SystemClock,
}

impl Api {
    pub(super) fn new(password: Secret) -> Result<Self, DrillError> {
        // Whoever comes first in this process; there is no other.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = Client::builder().timeout(ANSWER_WITHIN).no_proxy().build();
        let http = http.map_err(|error| DrillError::Refused(format!("the HTTP client: {error}")))?;
        Ok(Self { http, password, token: Mutex::new(None), clock: SystemClock::new() })
    }

    /// GETs what the node at `base` has at `path`.
    pub(crate) async fn get<T: DeserializeOwned>(&self, base: &str, path: &str) -> Result<T, DrillError> {
        self.ask(Method::GET, base, path, None).await
    }

    /// GETs a text.
    pub(crate) async fn text(&self, base: &str, path: &str) -> Result<String, DrillError> {
        self.send(Method::GET, base, path, None).await
    }

    /// GETs bytes.
    pub(crate) async fn bytes(&self, base: &str, path: &str) -> Result<Vec<u8>, DrillError> {
        self.fetch(Method::GET, base, path, None).await
    }

    /// Asks for a change of what is there.
    pub(crate) async fn patch(&self, base: &str, path: &str, body: &Value) -> Result<Value, DrillError> {
        self.ask(Method::PATCH, base, path, Some(body)).await
    }

    /// Asks for a change.
    pub(crate) async fn post(&self, base: &str, path: &str, body: &Value) -> Result<Value, DrillError> {
        self.ask(Method::POST, base, path, Some(body)).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        base: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, DrillError> {
        let text = self.send(method, base, path, body).await?;
        serde_json::from_str(&text).map_err(|error| failed(base, path, error))
    }

    async fn send(&self, method: Method, base: &str, path: &str, body: Option<&Value>) -> Result<String, DrillError> {
        let bytes = self.fetch(method, base, path, body).await?;
        String::from_utf8(bytes).map_err(|error| failed(base, path, error))
    }

    async fn fetch(&self, method: Method, base: &str, path: &str, body: Option<&Value>) -> Result<Vec<u8>, DrillError> {
        let token = self.token(base).await?;
        let mut request = self.http.request(method, format!("{base}{path}")).bearer_auth(token.expose());
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| failed(base, path, chain(&error)))?;
        let status = answer.status();
        if status == StatusCode::UNAUTHORIZED {
            *self.token.lock().await = None;
        }
        let bytes = answer.bytes().await.map_err(|error| failed(base, path, chain(&error)))?;
        if status.is_success() {
            return Ok(bytes.into());
        }
        Err(failed(base, path, format!("{status} {}", String::from_utf8_lossy(&bytes))))
    }

    async fn token(&self, base: &str) -> Result<Secret, DrillError> {
        const LOGIN: &str = "/api/v1/auth/login";
        let mut held = self.token.lock().await;
        let now = self.clock.monotonic();
        if let Some((token, since)) = &*held
            && now.since(*since) < TOKEN_AGE_MAX
        {
            return Ok(token.clone());
        }
        let body = json!({"username": "admin", "password": self.password.expose()});
        let answer = self.http.post(format!("{base}{LOGIN}")).json(&body).send().await;
        let answer = answer.map_err(|error| failed(base, LOGIN, chain(&error)))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| failed(base, LOGIN, chain(&error)))?;
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        let Some(token) = value["access_token"].as_str().filter(|_| status.is_success()) else {
            return Err(failed(base, LOGIN, format!("{status} {}", value["detail"])));
        };
        *held = Some((Secret::new(token), now));
        Ok(Secret::new(token))
    }
}

fn failed(base: &str, path: &str, reason: impl std::fmt::Display) -> DrillError {
    DrillError::Api { url: format!("{base}{path}"), reason: reason.to_string() }
}

/// What reqwest says, and why: its own text leaves out the cause.
fn chain(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    if text.is_empty() { error.to_string() } else { text }
}
