use std::io::{self, Write as _};
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::process::{Command, Stdio};

use eyrie_types::{DrillCannot, DrillRunnerId, DrillWay, Monotonic, NodeId};
use serde::Deserialize;

use super::cut::{Cut, RENEW_EVERY, is_ours, renewed, rules, whole};
use super::watcher::Watcher;
use crate::drill::DrillError;

/// Where the system's tools are, for whoever has no path to them.
const TOOLS: &str = "/usr/sbin:/sbin:/usr/bin:/bin";
/// Addresses of one node that are cut.
const ADDRESSES_MAX: usize = 16;

/// A node of the cell, as its nodes tell.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Peer {
    node: NodeId,
    pub(super) name: String,
    /// Host and port; empty in a cell of one.
    address: String,
}

/// Cuts the node off from others and mends that, with nftables: a table of its own, whose rules hold for as long as they are
/// renewed.
pub(super) struct Cutter {
    table: String,
    own_port: Option<u16>,
    made: Option<(Vec<Cut>, Monotonic)>,
}

impl Cutter {
    /// Of the agent `runner`, whose node listens for its peers at `own_port`, if that is known better than from what it tells
    /// others.
    pub(super) fn new(runner: DrillRunnerId, own_port: Option<u16>) -> Self {
        let name = runner.to_string().replace('-', "_");
        Self { table: format!("eyrie_drill_{name}"), own_port, made: None }
    }

    /// Why the node called `own` cannot be cut off from its `peers` here; `None` where it can.
    pub(super) fn why_not(&self, own: &str, peers: &[Peer]) -> Option<DrillCannot> {
        let others: Vec<_> = peers.iter().filter(|peer| peer.name != own).map(|peer| peer.node).collect();
        let tried = self.cut(DrillWay::Both, &others, own, peers);
        let tried = tried.and_then(|(port, cut)| nft(&["--check"], &rules(&self.table, port, &[cut])));
        tried.err().map(|why| DrillCannot { word: "partition".to_owned(), why })
    }

    /// What is to be cut from the node called `own`, and the port where it listens.
    pub(super) fn cut(&self, way: DrillWay, from: &[NodeId], own: &str, peers: &[Peer]) -> Result<(u16, Cut), String> {
        let told = peers.iter().find(|peer| peer.name == own).and_then(|peer| peer.address.rsplit_once(':'));
        let port = self.own_port.or_else(|| told.and_then(|(_, port)| port.parse().ok()));
        let port = port.ok_or("it is not known where the node listens for its peers: a cell of one has none")?;
        let mut addresses = Vec::new();
        for node in from {
            let peer = peers.iter().find(|peer| peer.node == *node && peer.name != own);
            let peer = peer.ok_or_else(|| format!("there is no other node {node} in the cell"))?;
            addresses.extend(resolved(peer)?);
        }
        Ok((port, Cut { way, peers: addresses }))
    }

    /// Makes it so that `cuts`, and no others, are in force.
    pub(super) fn see_to(
        &mut self,
        cuts: Vec<(u16, Cut)>,
        now: Monotonic,
        watcher: &mut Watcher,
    ) -> Result<(), String> {
        let port = cuts.first().map_or(0, |(port, _)| *port);
        let cuts: Vec<_> = cuts.into_iter().map(|(_, cut)| cut).collect();
        match &self.made {
            None if cuts.is_empty() => {}
            Some((made, since)) if *made == cuts => {
                if now.since(*since) >= RENEW_EVERY {
                    nft(&[], &renewed(&self.table))?;
                    self.made = Some((cuts, now));
                }
            }
            Some(_) if cuts.is_empty() => {
                nft(&[], &whole(&self.table))?;
                self.made = None;
                watcher.cut(None).map_err(|error| error.to_string())?;
            }
            _ => {
                watcher.cut(Some(&self.table)).map_err(|error| error.to_string())?;
                nft(&[], &rules(&self.table, port, &cuts))?;
                self.made = Some((cuts, now));
            }
        }
        Ok(())
    }
}

/// Where a peer is found, now.
fn resolved(peer: &Peer) -> Result<Vec<SocketAddr>, String> {
    let Peer { name, address, .. } = peer;
    let found = address.to_socket_addrs().map_err(|error| format!("{name} is not found at {address}: {error}"))?;
    let found: Vec<_> = found.take(ADDRESSES_MAX).collect();
    if found.is_empty() {
        return Err(format!("{name} is not found at {address}"));
    }
    match found.iter().find(|at| is_ours(at.ip())) {
        Some(at) => {
            Err(format!("{name} is on the same machine ({}), where one cannot be told from the other", at.ip()))
        }
        None => Ok(found),
    }
}

/// Ends what an agent has cut under this name.
pub(super) fn mend(table: &str) -> Result<(), DrillError> {
    nft(&[], &whole(table)).map_err(DrillError::Refused)
}

/// Has nftables do a script, all of it or nothing.
fn nft(args: &[&str], script: &str) -> Result<(), String> {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("nft");
    command.args(args).args(["-f", "-"]).env("PATH", format!("{path}:{TOOLS}")).stdin(Stdio::piped());
    let spawned = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "nft is not installed there (the package is called nftables)".to_owned(),
        _ => format!("nft cannot be started: {error}"),
    })?;
    // Closed when it is written. One that does not read it says why.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(script.as_bytes()));
    let output = child.wait_with_output().map_err(|error| format!("nft: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("Operation not permitted") {
        return Err("the agent there may not change what the machine filters: it needs CAP_NET_ADMIN".to_owned());
    }
    Err(format!("nft: {}", said.lines().next().unwrap_or("it failed, and does not say why")))
}
