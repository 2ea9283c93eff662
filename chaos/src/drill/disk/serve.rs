use std::io::{self, BufRead as _, Write as _};
use std::path::PathBuf;

use clap::Args;
use fuser::{Config, MountOption, SessionACL, spawn_mount};

use super::files::Files;
use super::layer::Layer;
use super::{Answer, Order};

/// What a layer is started with.
#[derive(Debug, Args)]
pub struct DiskArgs {
    /// The directory that is handed through
    #[arg(long, value_name = "DIR")]
    of: PathBuf,
    /// Where it is mounted: an empty directory
    #[arg(long, value_name = "DIR")]
    at: PathBuf,
    /// Where files wait that were deleted, until that is durable; made, on the same file system as --of
    #[arg(long, value_name = "DIR")]
    kept: PathBuf,
    /// Chooses which calls fail
    #[arg(long, value_name = "N")]
    seed: u64,
}

/// Mounts a layer and does what standard input says, until that ends or the power is lost.
///
/// # Errors
/// When it cannot be mounted, or nobody hears its answers.
pub fn serve(args: DiskArgs) -> io::Result<()> {
    let layer = Layer::new(Files::new(args.of, args.kept, args.seed)?);
    let mut config = Config::default();
    config.mount_options = vec![MountOption::FSName("eyrie-drill".to_owned()), MountOption::DefaultPermissions];
    config.acl = SessionACL::Owner;
    let _mounted = spawn_mount(layer.clone(), &args.at, &config)?;
    answer(&Answer::Done)?;
    for line in io::stdin().lock().lines() {
        let Ok(order) = serde_json::from_str::<Order>(&line?) else {
            answer(&Answer::Failed("an order that no layer knows".to_owned()))?;
            continue;
        };
        answer(&layer.files().obey(order))?;
        if matches!(order, Order::Lose { .. }) {
            break;
        }
    }
    Ok(())
}

fn answer(answer: &Answer) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(answer)?)?;
    out.flush()
}
