//! SIGKILL in the middle of recording.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use eyrie_storage::segment::{SegmentReader, walk};

use crate::support::{CHILD_ROOT, child_arguments, fragment, open, segment, segment_key};

const KILLS: usize = 36;
const FRAGMENT_BYTES: usize = 150_000;

#[test]
fn what_was_announced_durable_is_found_after_sigkill() {
    for kill in 0..KILLS {
        let directory = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(child_arguments("kill::child_that_records_until_killed"))
            .env(CHILD_ROOT, directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Killed at another moment each time: after so many announcements.
        let announced = lines
            .map_while(Result::ok)
            .filter_map(|line| line.rsplit_once("durable ").and_then(|(_, n)| n.parse::<usize>().ok()))
            .take(1 + kill % 12)
            .last();
        child.kill().unwrap();
        child.wait().unwrap();
        let announced = announced.expect("the child announced something before it was killed");
        let found = walk(directory.path()).next().unwrap().unwrap();
        assert!(!found.closed);
        let scan = SegmentReader::open(&found.path, None).unwrap().scan(0).unwrap();
        assert!(scan.fragments.len() >= announced, "{} of {announced} found at kill {kill}", scan.fragments.len());
    }
}

#[tokio::test]
async fn child_that_records_until_killed() {
    let Some(root) = std::env::var_os(CHILD_ROOT) else { return };
    let disk = open(&PathBuf::from(root));
    let mut writer = disk.create(segment(Some(segment_key()))).await.unwrap();
    let mut durable = writer.durable();
    tokio::spawn(async move {
        while durable.changed().await.is_ok() {
            let fragments = durable.borrow_and_update().fragments;
            let mut out = std::io::stdout().lock();
            if fragments > 0 && (writeln!(out, "durable {fragments}").is_err() || out.flush().is_err()) {
                return;
            }
        }
    });
    // Far more than a parent waits for, and an end in case that it died.
    for n in 0..20_000 {
        writer.append(fragment(n, FRAGMENT_BYTES)).await.unwrap();
    }
}
