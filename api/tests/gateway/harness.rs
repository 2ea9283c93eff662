//! A gateway on a free port, with everything behind it in a temporary directory.

use std::sync::Arc;

use eyrie_actors::control::{CellPart, Control, ControlConfig, ControlHandle, ControlParts};
use eyrie_actors::media_link::MediaHandlers;
use eyrie_actors::peer::Peers;
use eyrie_actors::{NetworkPolicy, Node, NodeConfig, NodeHandle, NodeParts};
use eyrie_api::{Certificate, Gateway, GatewayParts, GatewayState, PublishAddress, TlsFiles, ensure_admin};
use eyrie_cluster::{DetectorLimits, Identity};
use eyrie_storage::keys::{KeyRing, KeyRows, KeySpool, MasterKey};
use eyrie_storage::mirror::Mirror;
use eyrie_storage::shared::{MemoryCell, SharedState};
use eyrie_storage::store::{Store, StoreConfig};
use eyrie_types::{Clock, ManualClock, NodeId, Secret, SystemClock};
use metrics_exporter_prometheus::PrometheusBuilder;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The first admin's password.
pub(crate) const ADMIN_PASSWORD: &str = "correct horse battery";
/// Opens `/metrics` from anywhere.
pub(crate) const METRICS_TOKEN: &str = "metrics-token-of-the-tests";

/// A running gateway. Its clock moves only when told to; those of the store and the node are the machine's.
pub(crate) struct Eyrie {
    pub(crate) base: String,
    pub(crate) address: std::net::SocketAddr,
    pub(crate) http: reqwest::Client,
    pub(crate) clock: ManualClock,
    pub(crate) store: Arc<Store>,
    pub(crate) node: NodeHandle,
    pub(crate) control: ControlHandle,
    pub(crate) shared: SharedState,
    stop: CancellationToken,
    dir: tempfile::TempDir,
}

impl Eyrie {
    pub(crate) async fn start() -> Self {
        Self::start_with(None).await
    }

    pub(crate) async fn start_with(tls: Option<TlsFiles>) -> Self {
        let shared = |node, clock| SharedState::in_memory(node, MemoryCell::default(), clock);
        Self::start_sharing(tls, None, shared).await
    }

    /// A gateway that shares what `shared` makes, and the store of another one.
    pub(crate) async fn start_sharing(
        tls: Option<TlsFiles>,
        other: Option<&Eyrie>,
        shared: impl FnOnce(NodeId, Arc<dyn Clock>) -> SharedState,
    ) -> Self {
        // Whichever test comes first; reqwest takes the process's provider.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let dir = tempfile::tempdir().unwrap();
        let system: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let clock = other.map_or_else(|| ManualClock::at(system.now()), |other| other.clock.clone());
        let store = match other {
            Some(other) => other.store.clone(),
            None => {
                let config = StoreConfig::Sqlite { path: dir.path().join("eyrie.db") };
                Arc::new(Store::open(config, system.clone()).await.unwrap())
            }
        };
        ensure_admin(&store, &clock, Some(Secret::new(ADMIN_PASSWORD))).await.unwrap();
        let keys = Arc::new(KeyRing::new(MasterKey::from_bytes(&[7; 32]), &[]).unwrap());
        let node_id = match other {
            Some(_) => NodeId::generate(),
            None => store.node_id(NodeId::generate()).await.unwrap(),
        };
        let spool = KeySpool::open(&dir.path().join("key-spool")).unwrap();
        let key_rows = Arc::new(KeyRows::new(store.clone(), spool));
        let config = NodeConfig::new(node_id);
        let (fallen, fell) = mpsc::channel(16);
        let parts = NodeParts {
            store: store.clone(),
            keyring: keys.clone(),
            key_rows,
            disks: Vec::new(),
            clock: system.clone(),
            fallen,
        };
        let node = Node::start(config, parts).await.unwrap();
        let control = ControlConfig {
            node: node_id,
            start: 1,
            identity: Identity([1; 16]),
            name: "test".to_owned(),
            url: "http://127.0.0.1:1".to_owned(),
            zone: String::new(),
            labels: Default::default(),
            capacity: 100_000,
            raft_dir: dir.path().join("raft"),
            twin_labels: Vec::new(),
            epochs_given: None,
            limits: DetectorLimits::default(),
            cell: CellPart {
                socket: None,
                address: String::new(),
                peers: Peers::alone(node_id, 1, system.clone()).unwrap(),
                seeds: Vec::new(),
            },
        };
        let parts = ControlParts {
            node: node.clone(),
            store: store.clone(),
            mirror: Arc::new(Mirror::open(&dir.path().join("mirror"), keys.sealer()).unwrap()),
            keyring: keys.clone(),
            clock: system,
            fallen: fell,
            media: MediaHandlers::default(),
        };
        let control = Control::start(control, parts).await.unwrap();
        assert!(control.settled().await, "a cell of one runs at once");
        let shared = shared(node_id, Arc::new(clock.clone()));
        let parts = GatewayParts {
            store: store.clone(),
            keys,
            shared: shared.clone(),
            node: node.clone(),
            control: control.clone(),
            disks: Vec::new(),
            node_id,
            network: NetworkPolicy::default(),
            clock: Arc::new(clock.clone()),
            metrics: PrometheusBuilder::new().build_recorder().handle(),
            metrics_token: Some(Secret::new(METRICS_TOKEN)),
            admin_password: None,
            publish: Some(PublishAddress { host: None, port: 1935, tls: tls.is_some() }),
        };
        let state = GatewayState::new(parts).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let stop = CancellationToken::new();
        let certificate = match tls {
            Some(files) => Some(Certificate::load(files).await.unwrap()),
            None => None,
        };
        tokio::spawn(Gateway::serve(state, listener, certificate, stop.clone()));
        let http = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).build().unwrap();
        let base = format!("{scheme}://localhost:{}", address.port());
        Self { base, address, http, clock, store, node, control, shared, stop, dir }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) async fn log_in(&self, username: &str, password: &str) -> Response {
        let body = json!({"username": username, "password": password});
        self.http.post(self.url("/api/v1/auth/login")).json(&body).send().await.unwrap()
    }

    /// The tokens of a fresh session.
    pub(crate) async fn tokens(&self, username: &str, password: &str) -> Value {
        let response = self.log_in(username, password).await;
        assert_eq!(response.status(), 200, "{username} signs in");
        response.json().await.unwrap()
    }

    /// A caller who is signed in as the first admin.
    pub(crate) async fn admin(&self) -> Caller<'_> {
        let tokens = self.tokens("admin", ADMIN_PASSWORD).await;
        Caller { eyrie: self, token: Some(tokens["access_token"].as_str().unwrap().to_owned()) }
    }

    /// A caller who is nobody.
    pub(crate) fn anonymous(&self) -> Caller<'_> {
        Caller { eyrie: self, token: None }
    }

    /// A new user of `role`, signed in.
    pub(crate) async fn user(&self, role: &str) -> Caller<'_> {
        let (name, password) = (format!("the {role}"), "a password of theirs");
        let body = json!({"username": name, "role": role, "password": password});
        let made = self.admin().await.send(Method::POST, "/api/v1/users", Some(body)).await;
        assert_eq!(made.status(), 201);
        let tokens = self.tokens(&name, password).await;
        Caller { eyrie: self, token: Some(tokens["access_token"].as_str().unwrap().to_owned()) }
    }

    pub(crate) fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }
}

impl Drop for Eyrie {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Somebody who calls.
pub(crate) struct Caller<'a> {
    pub(crate) eyrie: &'a Eyrie,
    pub(crate) token: Option<String>,
}

impl Caller<'_> {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.eyrie.http.request(method, self.eyrie.url(path));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let request = self.request(method, path);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        request.send().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// A capability of this kind for a camera, as an element of a path.
    pub(crate) async fn capability(&self, camera: &str, kind: &str) -> String {
        let path = format!("/api/v1/cameras/{camera}/capabilities");
        let issued = self.send(Method::POST, &path, Some(json!({"kind": kind}))).await;
        let issued: Value = issued.json().await.unwrap();
        issued["url"].as_str().unwrap().split('/').nth(2).unwrap().to_owned()
    }

    /// A camera that is switched off.
    pub(crate) async fn camera(&self, name: &str) -> Value {
        let source = json!({"type": "rtsp", "url": "rtsp://192.0.2.9/stream"});
        let body = json!({"name": name, "enabled": false, "source": source});
        let made = self.send(Method::POST, "/api/v1/cameras", Some(body)).await;
        assert_eq!(made.status(), 201);
        made.json().await.unwrap()
    }
}

/// Checks that `response` is a problem, well-formed, with `code`; answers its body.
pub(crate) async fn problem(response: Response, code: &str) -> Value {
    let status = response.status().as_u16();
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    let text = response.text().await.unwrap();
    assert_eq!(kind, "application/problem+json", "{text}");
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((body["code"].as_str(), body["status"].as_u64()), (Some(code), Some(status.into())), "{body}");
    assert_eq!(body["type"], format!("urn:eyrie:problem:{code}"));
    assert_eq!(body["request_id"], id);
    body
}

/// The fields that a problem names.
pub(crate) fn fields(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().into_iter().flatten().filter_map(|error| error["field"].as_str()).collect()
}
