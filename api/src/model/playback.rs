use eyrie_types::WallTime;
use serde::Deserialize;
use utoipa::IntoParams;

/// A range of wall time, at most 24 hours. Other parameters are ignored, as players add their own.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PlaybackQuery {
    /// Where playing begins. The first segment begins with the keyframe before; `EXT-X-START` tells players.
    pub from: WallTime,
    /// Where it ends.
    pub to: WallTime,
}
