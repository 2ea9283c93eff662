use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use eyrie_actors::{DiskShare, NodeSettings, RepairSettings, RetentionSettings, WhenFull};
use eyrie_storage::shared::RedisConfig;
use eyrie_storage::store::{CqlConfig, CqlTls, Replication, StoreConfig};
use eyrie_types::{ByteSize, Secret};
use ipnet::IpNet;
use tracing_subscriber::EnvFilter;

use super::cluster::ClusterConfig;
use super::error::ConfigError;
use super::key::Effect;
use super::layers::{Layers, parse_as};
use super::redis;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// The configuration, checked: a value of this type can be run.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) data_dir: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
    /// Where cameras publish with RTMP, if they may.
    pub(crate) rtmp: Option<SocketAddr>,
    /// They must speak TLS.
    pub(crate) rtmp_tls_required: bool,
    /// What publishers are told of it.
    pub(crate) rtmp_address: Option<String>,
    pub(crate) allow_networks: Vec<IpNet>,
    pub(crate) camera_networks: Vec<IpNet>,
    pub(crate) recordings_dir: PathBuf,
    pub(crate) sealing: bool,
    pub(crate) segment_duration: Duration,
    pub(crate) sync_interval: Duration,
    pub(crate) master_key_file: PathBuf,
    /// Where the metadata is, if not in a file of this node.
    pub(crate) cql: Option<CqlConfig>,
    pub(crate) sources_dir: PathBuf,
    pub(crate) connecting_max: usize,
    pub(crate) ring_per_camera: ByteSize,
    pub(crate) rings_total: ByteSize,
    /// What may change while the node runs.
    pub(crate) settings: NodeSettings,
    pub(crate) cluster: ClusterConfig,
    /// What the nodes of a cell share; `None` for one that is alone.
    pub(crate) redis: Option<RedisConfig>,
    pub(crate) log_format: LogFormat,
    pub(crate) log_level: String,
    /// What it was made of.
    layers: Layers,
}

impl Config {
    /// Checks every value once. `memory` is the machine's, for shares of it.
    ///
    /// # Errors
    /// The first value that cannot be taken, with key and origin.
    pub(crate) fn from_layers(layers: &Layers, memory: ByteSize) -> Result<Self, ConfigError> {
        let data_dir: PathBuf =
            layers.get("data_dir", parse_as("a path"))?.ok_or_else(|| layers.bad("data_dir", "must not be empty"))?;
        let below = |path: Option<PathBuf>, name: &str| path.unwrap_or_else(|| data_dir.join(name));
        let path = |key| layers.get(key, parse_as::<PathBuf>("a path"));
        let network = parse_as::<IpNet>("a network such as 10.0.0.0/8 or fd00::/8");
        let tls = match (path("tls.certificate")?, path("tls.key")?) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(_), None) => return Err(layers.missing("tls.key", "tls.certificate")),
            (None, Some(_)) => return Err(layers.missing("tls.certificate", "tls.key")),
        };
        for file in tls.iter().flat_map(|(certificate, key)| [("tls.certificate", certificate), ("tls.key", key)]) {
            std::fs::metadata(file.1).map_err(|error| layers.bad(file.0, format!("{}: {error}", file.1.display())))?;
        }
        let ring_per_camera = required(layers, "memory.ring_per_camera", |text| {
            let size: ByteSize = text.parse()?;
            let fits = (ByteSize::mib(1)..=ByteSize::mib(256)).contains(&size);
            if fits { Ok(size) } else { Err(format!("{text:?} is not a size from 1MiB to 256MiB")) }
        })?;
        let rings_total = required(layers, "memory.rings_total", |text| share_or_size(text, memory))?;
        if rings_total < ring_per_camera || rings_total > memory {
            let reason = format!(
                "is {rings_total}: less than one ring (memory.ring_per_camera), or more than the machine's memory"
            );
            return Err(layers.bad("memory.rings_total", reason));
        }
        let (cluster, cql) = (ClusterConfig::from_layers(layers)?, cql(layers)?);
        if cluster.peers.is_some() && cql.is_none() {
            // Each over a store of its own, the nodes would take one another's cameras for deleted ones.
            return Err(layers.missing("store.contact_points", "cluster.listen"));
        }
        let rtmp_tls_required = required(layers, "rtmp_tls", |text| match text {
            "optional" => Ok(false),
            "required" => Ok(true),
            _ => Err(format!("{text:?} is neither optional nor required")),
        })?;
        if rtmp_tls_required && tls.is_none() {
            return Err(layers.missing("tls.certificate", "rtmp_tls"));
        }
        Ok(Self {
            listen: required(layers, "http", parse_as("an address and port such as 0.0.0.0:8080"))?,
            tls,
            rtmp: layers.get("rtmp", parse_as("an address and port such as 0.0.0.0:1935"))?,
            rtmp_tls_required,
            rtmp_address: layers.get("rtmp_address", host_and_port)?,
            allow_networks: layers.all("allow_network", &network)?,
            camera_networks: layers.all("camera_networks", &network)?,
            recordings_dir: below(path("recording.directory")?, "recordings"),
            sealing: required(layers, "recording.sealing", on_or_off)?,
            segment_duration: required(
                layers,
                "recording.segment_duration",
                duration_within("1m", 60_000, "1h", 3_600_000),
            )?,
            sync_interval: required(layers, "recording.sync_interval", duration_within("100ms", 100, "5s", 5_000))?,
            master_key_file: below(path("keys.master_key_file")?, "master.key"),
            cql,
            sources_dir: below(path("sources.directory")?, "sources"),
            connecting_max: required(layers, "sources.connecting_max", |text| match text.parse() {
                Ok(n @ 1..=1000) => Ok(n),
                _ => Err(format!("{text:?} is not a number from 1 to 1000")),
            })?,
            ring_per_camera,
            rings_total,
            settings: NodeSettings {
                retention: RetentionSettings {
                    max_age: layers
                        .get("retention.max_age", duration_within("1h", 3_600_000, "36500d", 36_500 * 86_400_000))?,
                    max_bytes: layers.get("retention.max_bytes", disk_share)?,
                    when_full: required(layers, "retention.when_full", |text| match text {
                        "delete_oldest" => Ok(WhenFull::DeleteOldest),
                        "stop" => Ok(WhenFull::Stop),
                        _ => Err(format!("{text:?} is neither delete_oldest nor stop")),
                    })?,
                },
                repair: RepairSettings {
                    after: required(layers, "repair.after", duration_within("1s", 1_000, "30d", 30 * 86_400_000))?,
                    bytes_per_s: required(layers, "repair.rate", size_within(ByteSize::kib(64), ByteSize::mib(1024)))?,
                    look_every: required(
                        layers,
                        "repair.look_every",
                        duration_within("5s", 5_000, "365d", 365 * 86_400_000),
                    )?,
                },
                slo_recording: required(layers, "slo.recording", objective)?,
            },
            cluster,
            redis: redis::from_layers(layers)?,
            log_format: required(layers, "log.format", |text| match text {
                "human" => Ok(LogFormat::Human),
                "json" => Ok(LogFormat::Json),
                _ => Err(format!("{text:?} is neither human nor json")),
            })?,
            log_level: required(layers, "log.level", log_level)?,
            data_dir,
            layers: layers.clone(),
        })
    }

    /// The keys that `new` would change at the next start only.
    pub(crate) fn waiting_for_restart(&self, new: &Self) -> Vec<&'static str> {
        let changed = self.layers.changed(&new.layers).into_iter();
        changed.filter(|key| key.effect == Effect::Restart).map(|key| key.path).collect()
    }

    /// The file of the metadata store, where it is one.
    pub(crate) fn store_file(&self) -> PathBuf {
        self.data_dir.join("metadata.sqlite")
    }

    /// The directory of Raft's log.
    pub(crate) fn raft_dir(&self) -> PathBuf {
        self.data_dir.join("raft")
    }

    /// Where the metadata store is.
    pub(crate) fn store(&self) -> StoreConfig {
        match &self.cql {
            Some(cql) => StoreConfig::Cql(cql.clone()),
            None => StoreConfig::Sqlite { path: self.store_file() },
        }
    }

    /// The file of the key spool.
    pub(crate) fn key_spool_file(&self) -> PathBuf {
        self.data_dir.join("key-spool")
    }

    /// Reads file, environment and flags, in this order, into one configuration.
    ///
    /// # Errors
    /// When any of them cannot be taken.
    pub(crate) fn load(file: Option<&Path>, flags: impl FnOnce(&mut Layers)) -> Result<Self, ConfigError> {
        let mut layers = Layers::default();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .map_err(|source| ConfigError::Unreadable { path: path.into(), source })?;
            layers.file(path, &text)?;
        }
        layers.environment(std::env::vars_os())?;
        flags(&mut layers);
        Self::from_layers(&layers, machine_memory())
    }
}

pub(super) fn required<T>(
    layers: &Layers,
    path: &'static str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<T, ConfigError> {
    layers.get(path, parse)?.ok_or_else(|| layers.bad(path, "must not be empty"))
}

/// The cluster that keeps the metadata, if one is named. All of its keys are checked all the same.
fn cql(layers: &Layers) -> Result<Option<CqlConfig>, ConfigError> {
    let contact_points = layers.all("store.contact_points", contact_point)?;
    let keyspace = required(layers, "store.keyspace", |text| {
        let reason = || format!("{text:?} is not a name of lower-case letters, digits and _, beginning with a letter");
        CqlConfig::is_keyspace(text).then(|| text.to_owned()).ok_or_else(reason)
    })?;
    let plain = |text: &str| {
        let good = !text.is_empty() && text.chars().all(|c| !c.is_control() && !c.is_whitespace());
        if good { Ok(text.to_owned()) } else { Err(format!("{text:?} is not a plain name")) }
    };
    let datacenter = layers.get("store.datacenter", plain)?;
    let replication = required(layers, "store.replication", str::parse::<Replication>)?;
    let user = layers.get("store.username", plain)?;
    let password = layers.get("store.password_file", |text| {
        let content = std::fs::read_to_string(text).map_err(|error| format!("{text}: {error}"))?;
        Ok(Secret::new(content.lines().next().unwrap_or_default()))
    })?;
    let credentials = match (user, password) {
        (Some(user), Some(password)) => Some((user, password)),
        (None, None) => None,
        (Some(_), None) => return Err(layers.missing("store.password_file", "store.username")),
        (None, Some(_)) => return Err(layers.missing("store.username", "store.password_file")),
    };
    let tls = cql_tls(layers)?;
    let config = CqlConfig { contact_points, keyspace, datacenter, credentials, tls, replication };
    Ok(Some(config).filter(|config| !config.contact_points.is_empty()))
}

/// TLS to the cluster is on as soon as its authorities are named.
fn cql_tls(layers: &Layers) -> Result<Option<CqlTls>, ConfigError> {
    let readable = |text: &str| {
        let file = std::fs::File::open(text).map_err(|error| format!("{text}: {error}"))?;
        drop(file);
        Ok(PathBuf::from(text))
    };
    let file = |key| layers.get(key, readable);
    let authorities = file("store.tls.authorities")?;
    let identity = match (file("store.tls.certificate")?, file("store.tls.key")?) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        (Some(_), None) => return Err(layers.missing("store.tls.key", "store.tls.certificate")),
        (None, Some(_)) => return Err(layers.missing("store.tls.certificate", "store.tls.key")),
    };
    match authorities {
        Some(authorities) => Ok(Some(CqlTls { authorities, identity })),
        None if identity.is_some() => Err(layers.missing("store.tls.authorities", "store.tls.certificate")),
        None => Ok(None),
    }
}

/// `host`, `host:port` or `[address]:port`.
fn contact_point(text: &str) -> Result<String, String> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    let good = !host.is_empty() && host.chars().all(fits) && port.is_none_or(|port| port.parse::<u16>().is_ok());
    if good { Ok(text.to_owned()) } else { Err(format!("{text:?} is not a host and port such as scylla-1:9042")) }
}

/// `host:port` or `[address]:port`.
fn host_and_port(text: &str) -> Result<String, String> {
    let reason = || format!("{text:?} is not a host and port such as cameras.example.org:1935");
    let has_port = text.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok_and(|port| port > 0));
    if has_port { contact_point(text).map_err(|_| reason()) } else { Err(reason()) }
}

/// A level, or several directives. `tracing` takes any other word for the name of a module that may say everything, which nobody
/// means who misspells a level.
fn log_level(text: &str) -> Result<String, String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_level = |word: &str| LEVELS.iter().any(|level| word.eq_ignore_ascii_case(level));
    let bare = |directive: &&str| !directive.contains(['=', '[']);
    if let Some(word) = text.split(',').map(str::trim).filter(bare).find(|word| !is_level(word)) {
        return Err(format!("{word:?} is no level; use error, warn, info, debug or trace, or MODULE=LEVEL"));
    }
    text.parse::<EnvFilter>().map(|_| text.to_owned()).map_err(|error| error.to_string())
}

fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err(format!("{text:?} is neither on nor off")),
    }
}

pub(super) fn duration_within(
    min: &'static str,
    min_ms: u64,
    max: &'static str,
    max_ms: u64,
) -> impl Fn(&str) -> Result<Duration, String> {
    move |text| {
        let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
        let ms = units.iter().find_map(|(unit, factor)| {
            let number: u64 = text.strip_suffix(unit)?.trim().parse().ok()?;
            number.checked_mul(*factor)
        });
        match ms {
            Some(ms) if (min_ms..=max_ms).contains(&ms) => Ok(Duration::from_millis(ms)),
            _ => Err(format!("{text:?} is not a duration from {min} to {max}, such as {max}")),
        }
    }
}

fn share_or_size(text: &str, memory: ByteSize) -> Result<ByteSize, String> {
    let Some(share) = text.strip_suffix('%') else { return text.parse() };
    match share.trim().parse::<u64>() {
        Ok(percent @ 1..=90) => Ok(ByteSize::bytes(memory.as_u64() / 100 * percent)),
        _ => Err(format!("{text:?} is not a share from 1% to 90%")),
    }
}

/// A size from `min` to `max`.
fn size_within(min: ByteSize, max: ByteSize) -> impl Fn(&str) -> Result<ByteSize, String> {
    move |text| match text.parse::<ByteSize>()? {
        size if (min..=max).contains(&size) => Ok(size),
        _ => Err(format!("{text:?} is not a size from {min} to {max}")),
    }
}

fn disk_share(text: &str) -> Result<DiskShare, String> {
    let Some(share) = text.strip_suffix('%') else {
        return match text.parse::<ByteSize>()? {
            size if size >= ByteSize::mib(16) => Ok(DiskShare::Bytes(size)),
            _ => Err(format!("{text:?} is less than 16MiB")),
        };
    };
    match share.trim().parse::<u8>() {
        Ok(percent @ 1..=100) => Ok(DiskShare::Percent(percent)),
        _ => Err(format!("{text:?} is not a share from 1% to 100%")),
    }
}

/// A share of footage, as a number below 1.
fn objective(text: &str) -> Result<f64, String> {
    match text.strip_suffix('%').and_then(|share| share.trim().parse::<f64>().ok()) {
        Some(percent) if (50.0..=99.999).contains(&percent) => Ok(percent / 100.0),
        _ => Err(format!("{text:?} is not a share from 50% to 99.999%, such as 99.9%")),
    }
}

/// The machine's memory, or what the control group allows of it; 1 GiB where neither can be read.
fn machine_memory() -> ByteSize {
    let group =
        std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse::<u64>().ok());
    let machine = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
        line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib << 10)
    });
    ByteSize::bytes([group, machine].into_iter().flatten().min().unwrap_or(1 << 30))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(toml: &str) -> Result<Config, String> {
        let mut layers = Layers::default();
        layers.file(Path::new("eyrie.toml"), toml).map_err(|error| error.to_string())?;
        Config::from_layers(&layers, ByteSize::mib(1024)).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_configured_is_a_configuration() {
        let config = check("").unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.recordings_dir, Path::new("eyrie-data/recordings"));
        assert_eq!(config.rings_total, ByteSize::bytes((1024 << 20) / 100 * 25));
        assert!(config.sealing);
    }

    #[test]
    fn a_cluster_for_the_metadata_is_named_by_its_contact_points() {
        assert!(check("store.keyspace = 'other'").unwrap().cql.is_none());
        let cql = check("store.contact_points = ['db-1', '10.0.0.2:9043', '[fd00::1]:9042']").unwrap().cql.unwrap();
        assert_eq!(cql.contact_points, ["db-1", "10.0.0.2:9043", "[fd00::1]:9042"]);
        assert_eq!((cql.keyspace.as_str(), cql.replication), ("eyrie", Replication::Local(3)));
    }

    #[test]
    fn each_bad_value_names_file_key_and_reason() {
        for (toml, key) in [
            ("http = 'here'", "http"),
            ("[tls]\nkey = 'a.pem'", "tls.certificate"),
            ("rtmp_tls = 'never'", "rtmp_tls"),
            ("rtmp_tls = 'required'", "tls.certificate"),
            ("recording.sealing = 'maybe'", "recording.sealing"),
            ("recording.segment_duration = '7h'", "recording.segment_duration"),
            ("recording.sync_interval = 3", "recording.sync_interval"),
            ("memory.rings_total = '91%'", "memory.rings_total"),
            ("retention.max_age = '5m'", "retention.max_age"),
            ("retention.max_bytes = '101%'", "retention.max_bytes"),
            ("retention.max_bytes = '1MiB'", "retention.max_bytes"),
            ("retention.when_full = 'panic'", "retention.when_full"),
            ("slo.recording = '100%'", "slo.recording"),
            ("cluster.listen = 'here'", "cluster.listen"),
            ("cluster.listen = '127.0.0.1:1'", "cluster.secret_file"),
            ("cluster.listen = '0.0.0.0:1'\ncluster.secret_file = 's'", "cluster.address"),
            ("cluster.join = ['10.0.0.1:7443']", "cluster.listen"),
            ("cluster.join = ['10.0.0.1:99999']", "cluster.join"),
            ("cluster.listen = '127.0.0.1:1'\ncluster.secret_file = 's'", "store.contact_points"),
            ("cluster.url = 'cam1'", "cluster.url"),
            ("cluster.capacity = 0", "cluster.capacity"),
            ("cluster.tls.key = 'a.pem'", "cluster.tls.certificate"),
            ("store.contact_points = ['db:port']", "store.contact_points"),
            ("store.contact_points = ['a b']", "store.contact_points"),
            ("store.keyspace = 'Eyrie; DROP'", "store.keyspace"),
            ("store.replication = 'many'", "store.replication"),
            ("store.username = 'eyrie'", "store.password_file"),
            ("store.password_file = '/nonexistent/password'", "store.password_file"),
            ("store.tls.authorities = '/no/such/file'", "store.tls.authorities"),
            ("store.tls.certificate = '/dev/null'\nstore.tls.key = '/dev/null'", "store.tls.authorities"),
            ("store.tls.key = '/dev/null'", "store.tls.certificate"),
            ("sources.connecting_max = 0", "sources.connecting_max"),
            ("allow_network = ['10.0.0.0/33']", "allow_network"),
            ("allow_network = [['10.0.0.0/8']]", "allow_network"),
            ("memory.rings_total = '8MiB'", "memory.rings_total"),
            ("memory.rings_total = '2GiB'", "memory.rings_total"),
            ("redis.url = 'http://redis'", "redis.url"),
            ("redis.url = 'redis://:hunter2@redis'", "redis.password_file"),
            ("redis.username = 'eyrie'", "redis.url"),
            ("redis.url = 'redis://redis'\nredis.username = 'eyrie'", "redis.password_file"),
            ("redis.url = 'redis://redis'\nredis.password_file = '/no/such/file'", "redis.password_file"),
            ("redis.prefix = 'a b'", "redis.prefix"),
            ("log.format = 'xml'", "log.format"),
            ("log.level = 'verbose'", "log.level"),
            ("log.level = 'info,eyrie_actors'", "log.level"),
            ("log.level = 'eyrie_actors=loud'", "log.level"),
            ("[http]\nport = 1", "http"),
            ("htpp = 'x'", "htpp: unknown key; did you mean http?"),
            ("[cameras]\na = 1", "cameras: unknown key"),
        ] {
            let error = check(toml).unwrap_err();
            assert!(error.contains("eyrie.toml"), "{error}");
            assert!(error.contains(key), "{toml}: {error}");
        }
    }

    #[test]
    fn flags_win_over_environment_and_environment_over_file() {
        let mut layers = Layers::default();
        layers.file(Path::new("f"), "data_dir = 'file'\nhttp = '127.0.0.1:1'\nlog.level = 'warn'").unwrap();
        let variables = [("EYRIE_HTTP", "127.0.0.1:2"), ("EYRIE_LOG_LEVEL", "debug"), ("PATH", "/bin")];
        layers.environment(variables.into_iter().map(|(k, v)| (k.into(), v.into()))).unwrap();
        layers.flag("--http", "http", &["127.0.0.1:3".to_owned()]);
        let config = Config::from_layers(&layers, ByteSize::mib(1024)).unwrap();
        assert_eq!((config.listen.port(), config.log_level.as_str()), (3, "debug"));
        assert_eq!(config.data_dir, Path::new("file"));
    }

    #[test]
    fn an_unknown_variable_is_refused_with_a_hint() {
        let mut layers = Layers::default();
        let error = layers.environment([("EYRIE_HTPP".into(), "".into())].into_iter()).unwrap_err();
        assert!(error.to_string().contains("did you mean EYRIE_HTTP?"), "{error}");
    }

    #[test]
    fn each_bad_variable_is_refused_with_its_name_key_and_reason() {
        // Any text but the empty one may be the name of a file.
        let paths =
            ["data_dir", "recording.directory", "keys.master_key_file", "sources.directory", "cluster.secret_file"];
        for key in super::super::key::KEYS.iter().filter(|key| !paths.contains(&key.path)) {
            let mut layers = Layers::default();
            layers.environment([(key.variable().into(), "\u{1}?".into())].into_iter()).unwrap();
            let error = Config::from_layers(&layers, ByteSize::mib(1024)).unwrap_err().to_string();
            assert!(error.contains(&key.variable()) && error.contains(key.path), "{error}");
        }
        let garbled = std::os::unix::ffi::OsStringExt::from_vec(vec![0xff]);
        let error = Layers::default().environment([("EYRIE_HTTP".into(), garbled)].into_iter()).unwrap_err();
        assert!(error.to_string().contains("EYRIE_HTTP") && error.to_string().contains("UTF-8"), "{error}");
    }

    #[test]
    fn variables_that_an_orchestrator_sets_are_passed_over() {
        let links =
            ["EYRIE_PORT", "EYRIE_PORT_8080_TCP_ADDR", "EYRIE_SERVICE_HOST", "EYRIE_SERVICE_PORT", "EYRIE_TOOLS"];
        let links = links.into_iter().map(|name| (name.into(), "tcp://10.0.0.1:8080".into()));
        assert!(Layers::default().environment(links).is_ok());
    }

    #[test]
    fn keys_that_wait_for_a_restart_are_told_from_those_in_force() {
        let config = |toml| check(toml).unwrap();
        let (old, new) = (config("log.level = 'warn'"), config("log.level = 'debug'\nhttp = '127.0.0.1:1'"));
        assert_eq!(old.waiting_for_restart(&new), ["http"]);
        assert!(old.waiting_for_restart(&config("http = '127.0.0.1:8080'")).is_empty(), "the default, said aloud");
    }
}
