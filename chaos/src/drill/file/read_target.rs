use std::path::PathBuf;

use eyrie_types::CellId;
use url::{Host, Url};

use super::fields::{Field, all_of};
use super::limits::{LOCAL_CAMERAS_MAX, LOCAL_NODES_MAX, SETTINGS_BYTES_MAX};
use crate::drill::{ApiTarget, LocalStore, LocalTarget, Target, TokenSource};

const ONE_OF_TWO: &str =
    "name one target: `local: {nodes: 3, cameras: 6}` makes a cell for the drill, `api: {...}` takes one that exists";
const LOCAL: &[&str] = &["nodes", "cameras", "twins", "gop", "zones", "store", "redis", "settings"];
const API: &[&str] = &["addresses", "cell", "token_file", "token_env", "ca_file"];
/// Addresses of one cell to try.
const ADDRESSES_MAX: usize = 64;

pub(super) fn target(field: &Field<'_>) -> Option<Target> {
    let mut fields = field.fields()?;
    let (here, there) = (fields.optional("local"), fields.optional("api"));
    fields.done(&["local", "api"]);
    match (here, there) {
        (Some(field), None) => local(&field).map(Target::Local),
        (None, Some(field)) => api(&field).map(Target::Api),
        _ => field.wrong(ONE_OF_TWO),
    }
}

fn local(field: &Field<'_>) -> Option<LocalTarget> {
    let mut fields = field.fields()?;
    let nodes = fields.required("nodes", "3").and_then(|field| field.number::<u32>(1..=LOCAL_NODES_MAX));
    let cameras = fields.required("cameras", "6").and_then(|field| field.number::<u32>(1..=LOCAL_CAMERAS_MAX));
    let mut number = |name: &str, usual: u32, range| match fields.optional(name) {
        Some(field) => field.number(range),
        None => Some(usual),
    };
    let twins = number("twins", 0, 0..=LOCAL_CAMERAS_MAX);
    let gop = number("gop", 25, 1..=250);
    let zones = match fields.optional("zones") {
        Some(field) => zones(&field),
        None => Some(Vec::new()),
    };
    let store = match fields.optional("store") {
        Some(field) => field.word(&[("sqlite", LocalStore::Sqlite), ("cassandra", LocalStore::Cassandra)]),
        None if nodes == Some(1) => Some(LocalStore::Sqlite),
        None => Some(LocalStore::Cassandra),
    };
    let redis = match fields.optional("redis") {
        Some(field) => field.flag(),
        None => Some(false),
    };
    let settings = match fields.optional("settings") {
        Some(field) => field.long_text(SETTINGS_BYTES_MAX).map(str::to_owned),
        None => Some(String::new()),
    };
    fields.done(LOCAL);
    Some(LocalTarget {
        nodes: nodes?,
        cameras: cameras?,
        twins: twins?,
        gop: gop?,
        zones: zones?,
        store: store?,
        redis: redis?,
        settings: settings?,
    })
}

fn zones(field: &Field<'_>) -> Option<Vec<String>> {
    let items = field.items(usize::try_from(LOCAL_NODES_MAX).unwrap_or(usize::MAX))?;
    all_of(items.iter().map(|item| item.text().map(str::to_owned)))
}

fn api(field: &Field<'_>) -> Option<ApiTarget> {
    let mut fields = field.fields()?;
    let addresses = fields.required("addresses", "[https://berlin-1.example.org:8080]").and_then(|field| {
        let items = field.items(ADDRESSES_MAX)?;
        if items.is_empty() {
            return field.wrong("is empty; name at least one node's address");
        }
        all_of(items.iter().map(address))
    });
    let cell = fields.required("cell", "0192f0c1-2345-7abc-8def-0123456789ab").and_then(|field| cell(&field));
    let (file, env) = (fields.optional("token_file"), fields.optional("token_env"));
    let token = match (file, env) {
        (Some(file), None) => file.text().map(|path| TokenSource::File(PathBuf::from(path))),
        (None, Some(env)) => variable(&env).map(TokenSource::Env),
        _ => field
            .wrong("name one of `token_file` and `token_env`: where the token of a user that may drill is read from"),
    };
    let ca_file = match fields.optional("ca_file") {
        Some(field) => field.text().map(|path| Some(PathBuf::from(path))),
        None => Some(None),
    };
    // Somebody will try; the file is kept in a repository.
    for name in ["token", "password"] {
        if let Some(field) = fields.optional(name) {
            field.wrong::<()>(
                "secrets do not belong into a drill file; write `token_file` or `token_env`, and change this one",
            );
        }
    }
    fields.done(API);
    Some(ApiTarget { addresses: addresses?, cell: cell?, token: token?, ca_file: ca_file? })
}

fn cell(field: &Field<'_>) -> Option<CellId> {
    match field.text()?.parse() {
        Ok(cell) => Some(cell),
        Err(_) => {
            field.wrong("is not a cell's id; `eyrie cluster status` shows it. A drill is refused on every other cell")
        }
    }
}

fn address(field: &Field<'_>) -> Option<Url> {
    let Ok(url) = Url::parse(field.text()?) else {
        return field.wrong("is not an address such as https://berlin-1.example.org:8080");
    };
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if !url.username().is_empty() || url.password().is_some() {
        return field.wrong("a user or password does not belong into an address; write `token_file` or `token_env`");
    }
    match url.scheme() {
        "https" => Some(url),
        "http" if loopback => Some(url),
        "http" => field.wrong("is not encrypted, and a token that may drill would travel on it; write https"),
        _ => field.wrong("is not an https address"),
    }
}

fn variable(field: &Field<'_>) -> Option<String> {
    let name = field.text()?;
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.chars().all(good) {
        Some(name.to_owned())
    } else {
        field.wrong("is not the name of a variable, such as EYRIE_TOKEN")
    }
}
