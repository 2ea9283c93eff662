use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};
use eyrie_tests::{Client, binary, eventually};
use serde_json::{Value, json};

use crate::rig::take_turn;

/// The block of the README below `heading`, as a reader copies it.
fn block(readme: &str, heading: &str) -> anyhow::Result<String> {
    let (_, below) = readme.split_once(&format!("\n## {heading}\n")).context("no such heading")?;
    let (_, below) = below.split_once("\n```sh\n").context("no block below it")?;
    Ok(below.split_once("\n```\n").context("the block does not end")?.0.to_owned())
}

/// Three ports in a row, without the last digit: `p` for `p1` to `p3`, all of them free now, from `first` on.
fn free_ports(first: u16) -> anyhow::Result<u16> {
    let free = |p: &u16| (1..=3).all(|n| TcpListener::bind(("127.0.0.1", p * 10 + n)).is_ok());
    (first..first + 300).find(free).context("no three free ports in a row")
}

/// A shell and all that it has started, in a process group of its own, ended with the test.
struct Group(Child);

impl Group {
    /// The process whose command line holds `words`, one after the other.
    fn process(&self, words: &[&str]) -> anyhow::Result<u32> {
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc")?.filter_map(Result::ok) {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
            let read = |file: &str| fs::read_to_string(entry.path().join(file)).unwrap_or_default();
            // `pid (name) state parent group …`; a name may hold blanks.
            let stat = read("stat");
            let group = stat.rsplit_once(") ").and_then(|(_, rest)| rest.split(' ').nth(2)?.parse::<u32>().ok());
            let command = read("cmdline");
            let command: Vec<_> = command.split('\0').collect();
            if group == Some(self.0.id()) && command.windows(words.len()).any(|some| some == words) {
                found.push(pid);
            }
        }
        ensure!(found.len() == 1, "{words:?}: {found:?}");
        Ok(found[0])
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        // Nothing may be left of it, and that is what is wanted.
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.0.wait();
    }
}

/// A directory that looks like the clone, as far as the block goes, with the binary of this test as the one that cargo builds.
fn clone_in(dir: &Path) -> anyhow::Result<PathBuf> {
    let (clone, bin) = (dir.join("clone"), dir.join("bin"));
    fs::create_dir_all(clone.join("target/release"))?;
    fs::create_dir_all(&bin)?;
    symlink(Path::new(env!("CARGO_MANIFEST_DIR")), clone.join("tests"))?;
    symlink(binary("eyrie")?, clone.join("target/release/eyrie"))?;
    // It has built already.
    fs::write(bin.join("cargo"), "#!/bin/sh\n[ \"$1\" = build ]\n")?;
    fs::set_permissions(bin.join("cargo"), fs::Permissions::from_mode(0o755))?;
    Ok(clone)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readme_takes_a_reader_from_one_node_to_three() -> anyhow::Result<()> {
    let _turn = take_turn().await;
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md"))?;
    let block = block(&readme, "From one node to three")?;
    // Other tests and other people use this machine, too: the ports are others, and nothing else is.
    let (peers, http) = (free_ports(2100)?, free_ports(2500)?);
    ensure!(block.contains("127.0.0.1:7001") && block.contains("127.0.0.1:808$i"), "other ports than are known here");
    let script = block.replace("127.0.0.1:700", &format!("127.0.0.1:{peers}"));
    let script = script.replace("127.0.0.1:808", &format!("127.0.0.1:{http}"));

    let dir = tempfile::tempdir()?;
    let clone = clone_in(dir.path())?;
    let log = fs::File::create(dir.path().join("log"))?;
    let path = format!("{}:{}", dir.path().join("bin").display(), std::env::var("PATH")?);
    let mut shell = Command::new("bash");
    shell.args(["-c", &script]).current_dir(&clone).env("PATH", path).process_group(0);
    shell.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    let group = Group(shell.spawn()?);
    let told = || fs::read_to_string(dir.path().join("log")).unwrap_or_default();

    let password = "choose one of your own";
    let base = |n: u16| format!("http://127.0.0.1:{http}{n}");
    let third = wait_long("the third node lets its admin sign in", || async {
        Client::sign_in(&base(3), "admin", password).await.map_err(|error| format!("{error}\n{}", told()))
    })
    .await?;
    let up = |view: &Value| -> Vec<String> {
        let nodes = view["nodes"].as_array().into_iter().flatten();
        nodes
            .filter(|node| node["health"] == "up")
            .filter_map(|node| node["name"].as_str().map(str::to_owned))
            .collect()
    };
    // "Once it says that any one may fail": the last to join gets its vote a moment after it is up.
    eventually("three nodes in one cell, of which any may fail", || async {
        let view = third.get("/api/v1/cluster").await.map_err(|error| error.to_string())?;
        let (names, survival) = (up(&view), &view["survival"]);
        let any = survival["any_node"] == true && survival["quorum"] == true;
        if any && names == ["n1", "n2", "n3"] { Ok(()) } else { Err(view.to_string()) }
    })
    .await?;

    // "Kill one of the three, and see its cameras move."
    let mut cameras = Vec::new();
    for n in 0..3 {
        let source = json!({"type": "rtsp", "url": format!("rtsp://10.254.254.{}/a", n + 1)});
        cameras.push(third.add_camera(&format!("cam{n}"), source).await?);
    }
    let nodes_of = |placements: &Value| -> Vec<Value> {
        placements["items"].as_array().into_iter().flatten().map(|item| item["node"].clone()).collect()
    };
    let view = third.get("/api/v1/cluster").await?;
    let first = view["nodes"].as_array().context("no nodes")?.iter().find(|node| node["name"] == "n1");
    let first = first.context("no n1")?["id"].clone();
    // Whether the node that is asked hears of it before it answers is not promised.
    eventually("every node has one", || async {
        let page = third.get("/api/v1/cluster/placements").await.map_err(|error| error.to_string())?;
        if nodes_of(&page).contains(&first) { Ok(()) } else { Err(page.to_string()) }
    })
    .await?;
    let pid = group.process(&["eyrie", "node", "--config", "cell/n1/eyrie.toml"])?;
    ensure!(Command::new("kill").args(["-KILL", &pid.to_string()]).status()?.success(), "kill");
    eventually("its cameras are elsewhere", || async {
        let page = third.get("/api/v1/cluster/placements").await.map_err(|error| error.to_string())?;
        let placed = nodes_of(&page);
        if placed.len() == cameras.len() && !placed.contains(&first) { Ok(()) } else { Err(page.to_string()) }
    })
    .await
}

/// As [`eventually`], for what begins with a database that starts for the first time: three times as long.
async fn wait_long<T, F: Future<Output = Result<T, String>>>(
    what: &str,
    mut condition: impl FnMut() -> F,
) -> anyhow::Result<T> {
    for _ in 0..2 {
        if let Ok(value) = eventually(what, &mut condition).await {
            return Ok(value);
        }
    }
    eventually(what, condition).await
}
