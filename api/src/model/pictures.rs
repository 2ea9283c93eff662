use eyrie_types::WallTime;
use serde::Deserialize;
use utoipa::IntoParams;

/// Which picture of a camera.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ThumbnailQuery {
    /// The moment: the picture is the keyframe at or before it, at most ten minutes. Without it: the latest picture.
    #[serde(default)]
    pub at: Option<WallTime>,
    /// Its width in pixels, even, 16 to 1920; 320 unless asked otherwise. The height follows.
    #[serde(default)]
    pub width: Option<u32>,
}

/// Which latest picture of a camera.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LatestQuery {
    /// Its width in pixels, even, 16 to 1920; 320 unless asked otherwise. The height follows.
    #[serde(default)]
    pub width: Option<u32>,
}

/// Which pictures of a camera, on one sheet.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SpriteQuery {
    /// The moment of the first picture.
    pub from: WallTime,
    /// The end of the last picture's step; at most 366 days after `from`.
    pub to: WallTime,
    /// Pictures in a row, 1 to 16; 10 unless asked otherwise.
    #[serde(default)]
    pub columns: Option<u32>,
    /// Rows, 1 to 16; 10 unless asked otherwise.
    #[serde(default)]
    pub rows: Option<u32>,
    /// The width of each picture in pixels, even, 16 to 1920; 160 unless asked otherwise.
    #[serde(default)]
    pub width: Option<u32>,
}
