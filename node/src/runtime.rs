//! What the process needs before anything runs in it.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime::{Builder, Runtime};

/// Starts the runtime of everything but media, with as many file descriptors as the system grants: a camera takes two, its
/// socket and its file, and the usual 1,024 would end at some 500 cameras.
///
/// # Errors
/// When the system gives no threads.
pub(crate) fn start() -> io::Result<Runtime> {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, ?limit.current, "the limit of open files stays low; it bounds how many cameras fit");
    }
    Builder::new_multi_thread().enable_all().build()
}
