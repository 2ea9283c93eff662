use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use eyrie_types::Secret;
use reqwest::{Certificate, Client, Method, StatusCode};
use serde_json::{Value, json};

use super::ConfigArgs;

/// How long an answer may take: longer than a node waits for its cell.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// Which node is asked. Who asks comes from the environment: arguments are seen by every process of the machine.
#[derive(Debug, Args)]
pub(super) struct ApiArgs {
    /// The node to ask, such as https://berlin-1.example.org:8080; without it the one that the configuration describes
    #[arg(long, value_name = "URL", env = "EYRIE_URL")]
    url: Option<String>,
    /// PEM file with the authority that signed the node's certificate, where the system does not know it
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The TOML file of the node's configuration, to find its address
    #[arg(long, value_name = "FILE", env = "EYRIE_CONFIG")]
    config: Option<PathBuf>,
}

impl ApiArgs {
    /// The base URL of the node.
    fn base(&self) -> anyhow::Result<String> {
        if let Some(url) = &self.url {
            return Ok(url.trim().trim_end_matches('/').to_owned());
        }
        let config = ConfigArgs { config: self.config.clone(), ..ConfigArgs::default() }.load()?;
        let mut address = config.listen;
        if address.ip().is_unspecified() {
            address.set_ip(if address.is_ipv4() {
                [127, 0, 0, 1].into()
            } else {
                std::net::Ipv6Addr::LOCALHOST.into()
            });
        }
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        Ok(format!("{scheme}://{address}"))
    }
}

/// Asks a node by its HTTP API.
pub(super) struct ApiClient {
    http: Client,
    base: String,
    token: Secret,
    /// Ends the session that was begun for this command.
    refresh_token: Option<Secret>,
}

impl ApiClient {
    /// Signs in: with EYRIE_TOKEN as it is, otherwise as EYRIE_USER with EYRIE_PASSWORD.
    ///
    /// # Errors
    /// When neither is given, or the node cannot be reached or refuses them.
    pub(super) async fn sign_in(args: &ApiArgs) -> anyhow::Result<Self> {
        let base = args.base()?;
        // Whichever command comes first; the rest of the process has no other.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut http = Client::builder().timeout(ANSWER_WITHIN).no_proxy();
        if let Some(path) = &args.ca {
            let pem = std::fs::read(path).with_context(|| format!("--ca {}", path.display()))?;
            let authorities = Certificate::from_pem_bundle(&pem).with_context(|| format!("--ca {}", path.display()))?;
            http = http.tls_certs_merge(authorities);
        }
        let mut client = Self { http: http.build()?, base, token: Secret::new(""), refresh_token: None };
        if let Some(token) = variable("EYRIE_TOKEN") {
            client.token = Secret::new(token);
            return Ok(client);
        }
        let Some(password) = variable("EYRIE_PASSWORD") else {
            bail!(
                "set EYRIE_PASSWORD, with EYRIE_USER for another user than admin, or an access token in EYRIE_TOKEN: \
                 the node at {} has to know who asks",
                client.base
            );
        };
        let username = variable("EYRIE_USER").unwrap_or_else(|| "admin".to_owned());
        let body = json!({"username": username, "password": password});
        let tokens = client.ask(Method::POST, "/api/v1/auth/login", Some(&body)).await?;
        let token = |name: &str| tokens[name].as_str().map(Secret::new);
        client.token = token("access_token").ok_or_else(|| anyhow!("{} answers no token", client.base))?;
        client.refresh_token = token("refresh_token");
        Ok(client)
    }

    /// Asks for what is there.
    ///
    /// # Errors
    /// With what the node says, or why it did not answer.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.ask(Method::GET, path, None).await
    }

    /// Asks for a change; the answer is null where there is none.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub(super) async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if !self.token.is_empty() {
            request = request.bearer_auth(self.token.expose());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.with_context(|| format!("asking {}", self.base))?;
        let status = answer.status();
        let bytes = answer.bytes().await.with_context(|| format!("reading the answer of {}", self.base))?;
        if status == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        let value: Option<Value> = serde_json::from_slice(&bytes).ok();
        match value {
            Some(value) if status.is_success() => Ok(value),
            Some(problem) if problem["detail"].is_string() => {
                bail!("{}: {}", self.base, problem["detail"].as_str().unwrap_or_default())
            }
            _ => bail!(
                "{} answers {status}, and nothing that Eyrie would say: is that the address of a node?",
                self.base
            ),
        }
    }

    /// Ends the session, if one was begun for this command.
    pub(super) async fn sign_out(&self) {
        let Some(token) = &self.refresh_token else { return };
        let body = json!({"refresh_token": token.expose()});
        // What was asked for is done; a session that stays runs out by itself.
        let _ = self.ask(Method::POST, "/api/v1/auth/logout", Some(&body)).await;
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
