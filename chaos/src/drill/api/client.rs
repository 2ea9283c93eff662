use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use eyrie_types::{Clock as _, Monotonic, Secret, SystemClock};
use reqwest::{Certificate, Client, Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use super::Credentials;
use crate::drill::DrillError;

/// How long an answer may take before the next node is asked: a node that is stopped holds connections and says nothing.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// Access tokens live for ten minutes.
const TOKEN_AGE_MAX: Duration = Duration::from_secs(8 * 60);
/// Largest answer: a page of 1,000 cameras stays below 1 MiB, and a report is 1 MiB.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// Why a cell does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ApiFailure {
    /// A node refused it.
    #[error("{url}: {detail}")]
    Refused {
        /// Which node was asked what.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What it said.
        detail: String,
        /// The fields or kinds of reasons, each with its reason.
        errors: Vec<(String, String)>,
    },
    /// No node answered; what the last one did instead.
    #[error("no node answers: {0}")]
    Unreachable(String),
}

impl ApiFailure {
    /// A node answered, and meant it: asking again would change nothing.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if *status < 500 && *status != 429)
    }
}

impl From<ApiFailure> for DrillError {
    fn from(failure: ApiFailure) -> Self {
        match failure {
            ApiFailure::Refused { url, detail, .. } => Self::Api { url, reason: detail },
            ApiFailure::Unreachable(reason) => Self::Refused(format!("no node answers: {reason}")),
        }
    }
}

/// Asks the nodes of a cell, whichever of them answers: one that does not is passed over.
#[derive(Debug)]
pub struct ApiClient {
    http: Client,
    bases: Vec<String>,
    /// The one that answered last.
    good: AtomicUsize,
    credentials: Credentials,
    held: Mutex<Option<Held>>,
    signing_in: tokio::sync::Mutex<()>,
    clock: SystemClock,
}

#[derive(Debug, Clone)]
struct Held {
    access: Secret,
    refresh: Option<Secret>,
    since: Monotonic,
}

impl ApiClient {
    /// A client for the nodes at `addresses`, which trusts the authorities in `ca` (PEM) beside the system's.
    ///
    /// # Errors
    /// When there is no address, or the authorities cannot be used.
    pub fn new(addresses: &[Url], credentials: Credentials, ca: Option<&[u8]>) -> Result<Self, DrillError> {
        if addresses.is_empty() {
            return Err(DrillError::Refused("name at least one node's address".to_owned()));
        }
        // Whoever comes first in this process; there is no other.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let refused = |error: reqwest::Error| DrillError::Refused(format!("the HTTP client: {error}"));
        // What is sent holds a password; a node has no reason to send it elsewhere.
        let mut http = Client::builder().redirect(reqwest::redirect::Policy::none());
        http = http.timeout(ANSWER_WITHIN).connect_timeout(Duration::from_secs(1)).no_proxy();
        if let Some(pem) = ca {
            http = http.tls_certs_merge(Certificate::from_pem_bundle(pem).map_err(refused)?);
        }
        Ok(Self {
            http: http.build().map_err(refused)?,
            bases: addresses.iter().map(|url| url.as_str().trim_end_matches('/').to_owned()).collect(),
            good: AtomicUsize::new(0),
            credentials,
            held: Mutex::default(),
            signing_in: tokio::sync::Mutex::default(),
            clock: SystemClock::new(),
        })
    }

    /// How many addresses there are.
    pub fn addresses(&self) -> usize {
        self.bases.len()
    }

    /// The address that is asked first: the one that answered last.
    pub(super) fn good(&self) -> usize {
        self.good.load(Ordering::Relaxed)
    }

    /// Asks this address first from now on.
    pub(super) fn set_good(&self, at: usize) {
        self.good.store(at, Ordering::Relaxed);
    }

    /// What is at `path`.
    ///
    /// # Errors
    /// With what a node said, or why none did.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiFailure> {
        self.ask(Method::GET, path, None).await
    }

    /// Asks for a change.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> Result<T, ApiFailure> {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// The same, of one node alone: the one at address `at`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn get_of<T: DeserializeOwned>(&self, at: usize, path: &str) -> Result<T, ApiFailure> {
        read(self.base(at)?, path, self.text_of(at, path).await?)
    }

    /// The text at `path`, of the node at address `at` alone.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub(super) async fn text_of(&self, at: usize, path: &str) -> Result<String, ApiFailure> {
        self.send(self.base(at)?, &Method::GET, path, None).await
    }

    /// Whether there is something at `path`, and that the node at address `at` can give it; without having it.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub(super) async fn head_of(&self, at: usize, path: &str) -> Result<(), ApiFailure> {
        self.send(self.base(at)?, &Method::HEAD, path, None).await.map(drop)
    }

    fn base(&self, at: usize) -> Result<&str, ApiFailure> {
        let base = self.bases.get(at).map(String::as_str);
        base.ok_or_else(|| ApiFailure::Unreachable("no such address".to_owned()))
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<T, ApiFailure> {
        let first = self.good.load(Ordering::Relaxed);
        let mut last = ApiFailure::Unreachable(String::new());
        for n in 0..self.bases.len() {
            let at = (first + n) % self.bases.len();
            let Some(base) = self.bases.get(at) else { continue };
            match self.send(base, &method, path, body).await {
                Ok(text) => {
                    self.good.store(at, Ordering::Relaxed);
                    return read(base, path, text);
                }
                Err(failure) if failure.is_refusal() => return Err(failure),
                Err(failure) => last = failure,
            }
        }
        Err(last)
    }

    async fn send(&self, base: &str, method: &Method, path: &str, body: Option<&Value>) -> Result<String, ApiFailure> {
        let token = self.token(base).await?;
        let answer = self.once(base, method, path, body, Some(&token)).await;
        let unknown = matches!(&answer, Err(ApiFailure::Refused { status: 401, .. }));
        if !unknown || matches!(self.credentials, Credentials::Token(_)) {
            return answer;
        }
        // The session is over; signing in once more is all that can be done.
        self.forget(&token);
        let token = self.token(base).await?;
        self.once(base, method, path, body, Some(&token)).await
    }

    fn forget(&self, token: &Secret) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_some_and(|held| held.access.expose() == token.expose()) {
            *held = None;
        }
    }

    async fn once(
        &self,
        base: &str,
        method: &Method,
        path: &str,
        body: Option<&Value>,
        token: Option<&Secret>,
    ) -> Result<String, ApiFailure> {
        let url = format!("{base}{path}");
        let mut request = self.http.request(method.clone(), &url);
        if let Some(token) = token {
            request = request.bearer_auth(token.expose());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let failed = |error: reqwest::Error| ApiFailure::Unreachable(format!("{url}: {}", cause(&error)));
        let mut answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(ApiFailure::Unreachable(format!(
                    "{url}: the answer is longer than {ANSWER_BYTES_MAX} bytes"
                )));
            }
            bytes.extend_from_slice(&chunk);
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if status.is_success() { Ok(text) } else { Err(refusal(url, status, &text)) }
    }

    /// A token that is good for now.
    async fn token(&self, base: &str) -> Result<Secret, ApiFailure> {
        let (name, password) = match &self.credentials {
            Credentials::Token(token) => return Ok(token.clone()),
            Credentials::User { name, password } => (name, password),
        };
        if let Some(token) = self.fresh() {
            return Ok(token);
        }
        // One signs in for all.
        let _turn = self.signing_in.lock().await;
        if let Some(token) = self.fresh() {
            return Ok(token);
        }
        let refresh = self.held.lock().unwrap_or_else(PoisonError::into_inner).take().and_then(|held| held.refresh);
        let refreshed = match refresh {
            Some(token) => {
                self.sign_in(base, "/api/v1/auth/refresh", &json!({"refresh_token": token.expose()})).await.ok()
            }
            None => None,
        };
        let held = match refreshed {
            Some(held) => held,
            None => {
                let body = json!({"username": name, "password": password.expose()});
                self.sign_in(base, "/api/v1/auth/login", &body).await?
            }
        };
        let token = held.access.clone();
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
        Ok(token)
    }

    fn fresh(&self) -> Option<Secret> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = held.as_ref()?;
        (self.clock.monotonic().since(held.since) < TOKEN_AGE_MAX).then(|| held.access.clone())
    }

    async fn sign_in(&self, base: &str, path: &str, body: &Value) -> Result<Held, ApiFailure> {
        let since = self.clock.monotonic();
        let text = self.once(base, &Method::POST, path, Some(body), None).await?;
        let value: Value = read(base, path, text)?;
        let token = |name: &str| value[name].as_str().map(Secret::new);
        let access = token("access_token");
        let access = access.ok_or_else(|| ApiFailure::Unreachable(format!("{base} answers no token")))?;
        Ok(Held { access, refresh: token("refresh_token"), since })
    }
}

fn read<T: DeserializeOwned>(base: &str, path: &str, text: String) -> Result<T, ApiFailure> {
    serde_json::from_str(&text).map_err(|error| {
        ApiFailure::Unreachable(format!("{base}{path}: {error}: is that the address of a node of this release?"))
    })
}

fn refusal(url: String, status: StatusCode, text: &str) -> ApiFailure {
    let problem: Value = serde_json::from_str(text).unwrap_or_default();
    let detail = problem["detail"].as_str().map_or_else(|| status.to_string(), str::to_owned);
    let word = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let errors = problem["errors"].as_array().into_iter().flatten();
    let errors = errors.map(|error| (word(error, "field"), word(error, "reason"))).collect();
    ApiFailure::Refused { url, status: status.as_u16(), detail, errors }
}

/// Why, in the words of the innermost cause: reqwest's own leave it out.
fn cause(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        text = error.to_string();
        next = error.source();
    }
    text
}
