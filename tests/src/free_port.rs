use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::Context as _;

/// Below the ports that the kernel gives to outgoing connections (32768 and more by default): nobody is given one of these between
/// now and when a node listens on it, or listens again after it was killed.
const PORTS: std::ops::Range<u16> = 24_000..32_000;

/// A port of the loopback address that nobody has, and that no other call of this process answers.
///
/// # Errors
/// When all of 8,000 are taken.
pub fn free_port() -> anyhow::Result<u16> {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let all = u32::from(PORTS.end - PORTS.start);
    // Processes begin at different places, and go on from there.
    let first = std::process::id().wrapping_mul(97) % all;
    (0..all)
        .map(|_| (first + u32::from(TRIED.fetch_add(1, Ordering::Relaxed))) % all)
        .filter_map(|offset| Some(PORTS.start + u16::try_from(offset).ok()?))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .context("no port is free")
}
