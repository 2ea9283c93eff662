//! Benchmarks of the built binary. Each prints what it measured as Markdown, with machine, versions and spread; ratios are of
//! one run. `make bench` runs them all.

mod api;
mod bare_axum;
mod cameras;
mod capacity;
mod cost;
mod crash;
mod killed;
mod load;
mod many_cameras;
mod markers;
mod peer;
mod process;
mod summary;

pub use api::{ApiOptions, api};
pub use bare_axum::serve_bare_axum;
pub use cameras::{CameraFarm, serve_cameras};
pub use capacity::capacity;
pub use cost::{CostOptions, cost};
pub use crash::crash;
pub use markers::markers;
pub use peer::{bare_retina, ffmpeg_children};
pub use process::{ProcessUsage, machine};
pub use summary::Summary;

use killed::Killed;
