//! What a fragment costs: `cargo run --release -p eyrie-storage --example segment_bench [DIRECTORY]`.
//!
//! Writes fragments of 250 kB (2 Mbit/s for a second) for many cameras to DIRECTORY (default: the system's temporary one),
//! plain and sealed, and prints MB/s and CPU-µs a fragment, of all threads together.

#![allow(clippy::print_stdout, reason = "it prints its measurements")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyrie_storage::disk::{Disk, DiskConfig};
use eyrie_storage::keys::{KeyRing, MasterKey};
use eyrie_storage::segment::{NewFragment, NewSegment};
use eyrie_types::{CameraId, Clock, Epoch, Placement, SegmentId, Slot, SystemClock, TenantId};

const FRAGMENT_BYTES: usize = 250_000;
const FRAGMENTS: u32 = 40;
const CAMERAS: u32 = 50;
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let base = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, Into::into);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for sealed in [false, true] {
        for round in 0..ROUNDS {
            let root = base.join(format!("eyrie-segment-bench-{}-{sealed}-{round}", std::process::id()));
            let (wall, cpu_us) = runtime.block_on(run(&root, sealed))?;
            std::fs::remove_dir_all(&root)?;
            let fragments = f64::from(CAMERAS * FRAGMENTS);
            let rate = fragments * FRAGMENT_BYTES as f64 / 1e6 / wall.as_secs_f64();
            let name = if sealed { "sealed" } else { "plain " };
            println!("{name} round {round}: {rate:6.0} MB/s, {:6.1} CPU-µs a fragment", cpu_us / fragments);
        }
    }
    Ok(())
}

async fn run(root: &std::path::Path, sealed: bool) -> Result<(Duration, f64), Box<dyn std::error::Error>> {
    let clock = SystemClock::new();
    let ring = KeyRing::new(MasterKey::from_bytes(&[1; 32]), &[])?;
    let tenant = TenantId::default_tenant();
    ring.add(&ring.new_tenant_key(&tenant)?)?;
    let disk = Disk::open(DiskConfig::new(root), Arc::new(clock.clone()))?;
    // An access unit of 10 kB at 25 pictures a second, as 2 Mbit/s comes.
    let unit: Bytes = (0..FRAGMENT_BYTES / 25).map(|i| (i * 7) as u8).collect();
    let (began, cpu_before) = (clock.monotonic(), cpu_us()?);
    let mut cameras = tokio::task::JoinSet::new();
    for _ in 0..CAMERAS {
        let segment = SegmentId::generate();
        let key = if sealed { Some(ring.new_segment_key(&tenant, segment)?.0) } else { None };
        let epoch = Epoch::from_u64(1).ok_or("an epoch")?;
        let placement = Placement { tenant: tenant.clone(), camera: CameraId::generate(), slot: Slot::OWNER, epoch };
        let init = Bytes::from_static(b"\0\0\0\x10ftypiso6\0\0\0\0\0\0\0\x0cmoovinit");
        let start = clock.now();
        let mut writer = disk.create(NewSegment { placement, segment, start, key, init }).await?;
        let chunks = vec![unit.clone(); 25];
        cameras.spawn(async move {
            for _ in 0..FRAGMENTS {
                let fragment = NewFragment {
                    chunks: chunks.clone(),
                    start,
                    duration_us: 1_000_000,
                    starts_gop: true,
                    discontinuity: false,
                    keyframe_hash: [0; 16],
                };
                writer.append(fragment).await?;
            }
            writer.close().await
        });
    }
    for closed in cameras.join_all().await {
        closed?;
    }
    Ok((clock.monotonic().since(began), cpu_us()? - cpu_before))
}

/// CPU time of this process so far, in µs: `utime + stime` of proc_pid_stat(5), which counts hundredths of a second.
fn cpu_us() -> Result<f64, Box<dyn std::error::Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("a stat line")?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next().and_then(|text| text.parse::<f64>().ok()).ok_or("a time");
    Ok((ticks()? + ticks()?) * 10_000.0)
}
