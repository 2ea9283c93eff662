//! What is measured of cameras and of the node, as history that coarsens with age: points, how many of them become one, and
//! how they are packed. Pure; [`Store`](crate::Store) keeps the packed ones.

mod chunk;
mod node_point;
mod point;
mod step;
mod stream_point;

pub use chunk::Chunk;
pub use node_point::NodePoint;
pub use point::Point;
pub use step::{HOURS_KEPT, MINUTES_KEPT, SECONDS_KEPT, Step, StepPlan};
pub use stream_point::StreamPoint;
