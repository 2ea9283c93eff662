//! Benchmarks of the built binary. Each prints what it measured as Markdown, with machine, versions and spread; ratios are of
//! one run. `make bench` runs them all.

mod answers;
mod api;
mod bare_axum;
mod bench_cell;
mod browser;
mod cameras;
mod capacity;
mod cost;
mod crash;
mod edge;
mod extract;
mod footage_index;
mod held;
mod killed;
mod latency;
mod live_player;
mod load;
mod many_cameras;
mod markers;
mod moments;
mod page;
mod peer;
mod playback;
mod process;
mod publish;
mod recorder;
mod spread;
mod summary;
mod timeline;

pub use api::{ApiOptions, api};
pub use bare_axum::serve_bare_axum;
pub use cameras::{CameraFarm, serve_cameras};
pub use capacity::capacity;
pub use cost::{CostOptions, cost};
pub use crash::crash;
pub use edge::{EdgeOptions, edge};
pub use extract::{ExtractOptions, extract};
pub use footage_index::{IndexLayout, make_footage_index};
pub use held::hold_reloads;
pub use latency::{LatencyOptions, latency};
pub use markers::markers;
pub use page::page;
pub use peer::{bare_retina, ffmpeg_children};
pub use playback::{PlaybackOptions, playback};
pub use process::{ProcessUsage, machine};
pub use publish::{PublishOptions, publish};
pub use spread::{SpreadOptions, spread};
pub use summary::Summary;
pub use timeline::timeline;

use killed::Killed;
