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
