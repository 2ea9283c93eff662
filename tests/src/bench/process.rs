use std::process::Command;

use anyhow::Context as _;

/// What a process has used, from `/proc/PID/stat` and `/proc/PID/status` (proc(5)).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProcessUsage {
    /// User and system time since its start, in milliseconds.
    pub cpu_ms: f64,
    /// Resident memory, in MiB.
    pub rss_mib: f64,
}

impl ProcessUsage {
    /// Reads it.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name in parentheses may hold spaces; fields are counted behind it, where `state` is field 3.
        let (_, fields) = stat.rsplit_once(") ").context("stat has no name")?;
        let field = |number: usize| -> anyhow::Result<f64> {
            Ok(fields.split(' ').nth(number - 3).context("stat is short")?.parse()?)
        };
        let ticks = field(14)? + field(15)?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let rss_kib: f64 = rss.trim().trim_end_matches(" kB").parse()?;
        Ok(Self { cpu_ms: ticks * 1000.0 / CLOCK_TICKS_PER_SECOND, rss_mib: rss_kib / 1024.0 })
    }

    /// User and system time of all processes below `pid`, in milliseconds: those that it started, those that these started, and
    /// so on. What has ended does not count.
    ///
    /// # Errors
    /// When `/proc` cannot be read.
    pub fn cpu_ms_below(pid: u32) -> anyhow::Result<f64> {
        Ok(below(pid)?.into_iter().filter_map(|pid| Self::of(pid).ok()).map(|usage| usage.cpu_ms).sum())
    }

    /// The sum over several processes.
    ///
    /// # Errors
    /// When one of them is gone.
    pub fn sum(pids: &[u32]) -> anyhow::Result<Self> {
        pids.iter().try_fold(Self { cpu_ms: 0.0, rss_mib: 0.0 }, |sum, pid| {
            let one = Self::of(*pid)?;
            Ok(Self { cpu_ms: sum.cpu_ms + one.cpu_ms, rss_mib: sum.rss_mib + one.rss_mib })
        })
    }
}

/// The processes that `pid` has started, theirs, and so on.
fn below(pid: u32) -> anyhow::Result<Vec<u32>> {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(own) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // One that has ended since has no children to be counted.
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{own}/stat")) else { continue };
        let parent = stat.rsplit_once(") ").and_then(|(_, fields)| fields.split(' ').nth(1)?.parse::<u32>().ok());
        parents.extend(parent.map(|parent| (parent, own)));
    }
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(parents.iter().filter(|(of, _)| *of == parent).map(|(_, own)| own));
        next += 1;
    }
    found.remove(0);
    Ok(found)
}

/// USER_HZ: what user space sees, 100 on every Linux architecture in use.
const CLOCK_TICKS_PER_SECOND: f64 = 100.0;

/// One line about the machine and the versions measured with.
pub fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("");
    let model = model.trim_start_matches(['\t', ' ', ':']);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let first_line = |program: &str, argument: &str| {
        let output = Command::new(program).arg(argument).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned())
    };
    let kernel = first_line("uname", "-r").unwrap_or_default();
    let ffmpeg = first_line("ffmpeg", "-version").unwrap_or_default();
    let ffmpeg = ffmpeg.split(" Copyright").next().unwrap_or_default();
    format!("{cores} cores of {model}, Linux {kernel}, {ffmpeg}, Eyrie {}", env!("CARGO_PKG_VERSION"))
}
