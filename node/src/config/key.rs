/// When a changed value takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// On SIGHUP.
    Live,
    /// At the next start.
    Restart,
}

/// One key of the configuration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// Its dotted path in the file.
    pub(crate) path: &'static str,
    /// What it holds when nothing is configured, as it would be written in the file; empty when unset.
    pub(crate) default: &'static str,
    /// When a changed value takes effect.
    pub(crate) effect: Effect,
    /// It takes several values: a list in the file, commas in the environment.
    pub(crate) list: bool,
    /// What it does, for the reference.
    pub(crate) about: &'static str,
}

const fn key(path: &'static str, default: &'static str, effect: Effect, about: &'static str) -> Key {
    Key { path, default, effect, list: false, about }
}

const fn list(path: &'static str, default: &'static str, effect: Effect, about: &'static str) -> Key {
    Key { path, default, effect, list: true, about }
}

use Effect::{Live, Restart};

/// Every key there is. The file, the environment, the reference in docs/ and `eyrie config check` all go by this table.
pub(crate) const KEYS: &[Key] = &[
    key(
        "data_dir",
        "eyrie-data",
        Restart,
        "Directory of the node's identity, keys, metadata and, by default, recordings.",
    ),
    key(
        "http",
        "127.0.0.1:8080",
        Restart,
        "Address and port of dashboard and API. Loopback only until you say otherwise.",
    ),
    key(
        "tls.certificate",
        "",
        Restart,
        "PEM file with the certificate chain. With it and tls.key, HTTPS is served; a changed file is loaded by itself.",
    ),
    key("tls.key", "", Restart, "PEM file with the private key of tls.certificate."),
    key(
        "rtmp",
        "",
        Restart,
        "Address and port where cameras publish with RTMP, such as 0.0.0.0:1935. Unset: none can. With tls.certificate, they may speak RTMPS at the same port, and are told to.",
    ),
    key(
        "rtmp_tls",
        "optional",
        Restart,
        "`optional`: cameras may publish in the clear, too; the keys in their addresses cross the network as they are. `required`: only with TLS (RTMPS), which needs tls.certificate.",
    ),
    key(
        "rtmp_address",
        "",
        Restart,
        "What publishers are told of it, HOST:PORT. Unset: the host that the API was asked by, and the port of `rtmp`.",
    ),
    list(
        "allow_network",
        "",
        Restart,
        "Networks (CIDR) cameras may be in although they are closed by default: loopback, link-local, metadata services, this node.",
    ),
    list(
        "camera_networks",
        "",
        Restart,
        "When set, the only networks (CIDR) cameras may be in, beside allow_network. Unset: anywhere that is not closed by default.",
    ),
    key("recording.directory", "", Restart, "Directory of the recordings; `recordings` in data_dir when unset."),
    key(
        "recording.sealing",
        "on",
        Restart,
        "`on`: recordings are encrypted at rest. `off`: plain files that any player opens.",
    ),
    key("recording.segment_duration", "1h", Restart, "Length of a recording file, 1m to 1h."),
    key(
        "recording.sync_interval",
        "1s",
        Restart,
        "How often written footage is forced to disk, 100ms to 5s: what a power loss may cost. It stretches to 5s under load.",
    ),
    key(
        "retention.max_age",
        "",
        Live,
        "Age after which recordings are deleted, 1h to 36500d, such as 30d. A camera's own rule wins. Unset: until room is needed.",
    ),
    key(
        "retention.max_bytes",
        "",
        Live,
        "Most that all recordings together may take: a share of their file system from 1% to 100%, or a size such as 2TB. Beyond it the oldest go.",
    ),
    key(
        "retention.when_full",
        "delete_oldest",
        Live,
        "`delete_oldest`: before a disk is full, the oldest recordings go, of whatever camera. `stop`: recording stops until there is room.",
    ),
    key(
        "repair.after",
        "10m",
        Live,
        "How long a node may be dead before what it holds counts as lost and cameras with two copies get another, 1s to 30d.",
    ),
    key(
        "repair.rate",
        "8MiB",
        Live,
        "Most footage that this node fetches in a second to have second copies, 64KiB to 1GiB. Recording goes first.",
    ),
    key(
        "repair.look_every",
        "7d",
        Live,
        "How often all recordings of this node are read and compared with what was written, 5s to 365d. It reads 16 MiB a second at most.",
    ),
    key(
        "slo.recording",
        "99.9%",
        Live,
        "Share of the footage asked for that is to be recorded, 50% to 99.999%: what the ledger measures cameras against.",
    ),
    key(
        "keys.master_key_file",
        "",
        Restart,
        "File with the master key that wraps all others; `master.key` in data_dir when unset. Made at the first start. Keep a copy apart: without it sealed recordings are lost.",
    ),
    list(
        "store.contact_points",
        "",
        Restart,
        "Nodes of a ScyllaDB or Apache Cassandra cluster (host:port, or host for port 9042) that keeps the metadata of all nodes of the cell. Unset: in a file in data_dir, for a node alone.",
    ),
    key("store.keyspace", "eyrie", Restart, "Keyspace of the metadata, made at the first start. One for each cell."),
    key(
        "store.datacenter",
        "",
        Restart,
        "Datacenter of the cluster that this cell reads and writes in; that of the first contact point when unset.",
    ),
    key("store.username", "", Restart, "User of the cluster, with store.password_file."),
    key("store.password_file", "", Restart, "File with the password of store.username, on its first line."),
    key(
        "store.tls.authorities",
        "",
        Restart,
        "PEM file with the authorities that sign the certificates of the cluster's nodes. With it the connection is encrypted, and a node must show a certificate for its IP address.",
    ),
    key(
        "store.tls.certificate",
        "",
        Restart,
        "PEM file with the certificate to show to the cluster, where it asks for one; with store.tls.key.",
    ),
    key("store.tls.key", "", Restart, "PEM file with the private key of store.tls.certificate."),
    key(
        "store.replication",
        "3",
        Restart,
        "Copies of every row when the keyspace is made, 1 to 9; or per datacenter, such as dc1:3,dc2:3. A majority of them must be up.",
    ),
    key("sources.directory", "", Restart, "Directory that `file` cameras read from; `sources` in data_dir when unset."),
    key(
        "sources.connecting_max",
        "16",
        Restart,
        "Cameras that may be connecting at the same time, 1 to 1000: paces a start of many.",
    ),
    key("memory.ring_per_camera", "16MiB", Restart, "Most memory one camera's ring may hold, 1MiB to 256MiB."),
    key(
        "memory.rings_total",
        "25%",
        Restart,
        "Most memory all rings may hold: a share of the machine's memory, or a size such as 2GiB.",
    ),
    key(
        "cluster.listen",
        "",
        Restart,
        "Address and port where the other nodes of a cell reach this one. Unset: a cell of one, which needs nothing else.",
    ),
    key(
        "cluster.address",
        "",
        Restart,
        "What is told to the others of it, HOST:PORT; cluster.listen when unset. Needed where that is 0.0.0.0.",
    ),
    list(
        "cluster.join",
        "",
        Restart,
        "Nodes of the cell to join, HOST:PORT, or a name that leads to them all. Unset: the first start makes a cell.",
    ),
    key(
        "cluster.secret_file",
        "",
        Restart,
        "File with the cell's secret, at least 16 characters, the same on all of its nodes. Whoever knows it may join.",
    ),
    key("cluster.name", "", Restart, "What people call this node; the host's name when unset."),
    key(
        "cluster.url",
        "",
        Restart,
        "Base URL of this node's API as browsers reach it, such as https://cam1.example.org:8080; made of `http` when unset.",
    ),
    key(
        "cluster.zone",
        "",
        Restart,
        "What fails together with this node: a rack, a room, a site. Twins go to different zones.",
    ),
    list("cluster.labels", "", Restart, "Labels of this node, which cameras may ask for (`placement.node_labels`)."),
    key("cluster.capacity", "10000", Restart, "How many cameras this node takes, 1 to 100000."),
    list(
        "cluster.twin_labels",
        "",
        Restart,
        "Labels of cameras that get a twin: recorded by two nodes. The same on all nodes.",
    ),
    key(
        "cluster.drain_timeout",
        "60s",
        Restart,
        "How long a node that is told to stop hands its cameras to the others first, 0s to 1h.",
    ),
    key(
        "cluster.tls.certificate",
        "",
        Restart,
        "PEM file with this node's certificate for connections between nodes. Unset: one is made at each start, and the secret alone counts.",
    ),
    key("cluster.tls.key", "", Restart, "PEM file with the private key of cluster.tls.certificate."),
    key("cluster.tls.authorities", "", Restart, "PEM file with the authorities that sign the nodes' certificates."),
    key(
        "redis.url",
        "",
        Restart,
        "Redis that the nodes of a cell share for rate limits, tickets and revocations: redis://HOST:PORT, or rediss:// for TLS; without credentials. Unset: each node's memory.",
    ),
    key("redis.username", "", Restart, "User to sign in to Redis as; `default` when unset. Needs redis.password_file."),
    key(
        "redis.password_file",
        "",
        Restart,
        "File with the password for Redis. Read for each connection, so that a changed one is taken over by itself.",
    ),
    key(
        "redis.prefix",
        "eyrie",
        Restart,
        "What all key names in Redis begin with: a name of the cell's own where several share one Redis. The same on all nodes of a cell.",
    ),
    key("log.format", "human", Restart, "`human` or `json`."),
    key(
        "log.level",
        "info",
        Live,
        "What is logged: error, warn, info, debug, trace, or per module such as `info,eyrie_actors=debug`.",
    ),
];

impl Key {
    /// The environment variable that sets it: `http` is `EYRIE_HTTP`.
    pub(crate) fn variable(&self) -> String {
        format!("EYRIE_{}", self.path.replace('.', "_").to_uppercase())
    }

    /// The key at `path`, if there is one.
    pub(crate) fn find(path: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.path == path)
    }
}
