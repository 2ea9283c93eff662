use eyrie_storage::store::MarkerStep;
use eyrie_types::{CameraId, Marker, MarkerId, MarkerText, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A marker to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkerInput {
    /// The moment, or the first one of the stretch.
    pub start: WallTime,
    /// The first moment after the stretch, at most 31 days after `start`; left out for a moment.
    #[serde(default)]
    pub end: Option<WallTime>,
    /// A word to group markers by: `[a-z0-9-]{1,32}`.
    #[schema(example = "delivery")]
    pub category: String,
    /// One line of at most 120 characters.
    pub title: String,
    /// More: at most 4,000 characters.
    #[serde(default)]
    pub note: Option<String>,
}

impl From<MarkerInput> for MarkerText {
    fn from(MarkerInput { start, end, category, title, note }: MarkerInput) -> Self {
        Self { start, end, category, title, note: note.filter(|note| !note.is_empty()) }
    }
}

/// A JSON merge patch (RFC 7396) of a marker: fields left out stay, `null` removes. This type documents the shape; the patch is
/// applied as JSON, since only there "left out" and `null` differ.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkerPatch {
    /// Another start.
    #[serde(default)]
    pub start: Option<WallTime>,
    /// Another end; `null` for a moment.
    #[serde(default)]
    pub end: Option<WallTime>,
    /// Another category.
    #[serde(default)]
    pub category: Option<String>,
    /// Another title.
    #[serde(default)]
    pub title: Option<String>,
    /// Another note; `null` for none.
    #[serde(default)]
    pub note: Option<String>,
}

/// Which markers, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MarkersQuery {
    /// Part of title or note, in any case; no character is special. At most 120 characters.
    #[serde(default)]
    pub search: Option<String>,
    /// The first moment; by default the beginning. Markers that reach into the range count.
    #[serde(default)]
    pub from: Option<WallTime>,
    /// The first moment after it; by default the end of time.
    #[serde(default)]
    pub to: Option<WallTime>,
    /// Of this category alone.
    #[serde(default)]
    pub category: Option<String>,
    /// Entries on a page: 1 to 1,000, by default 100.
    #[serde(default)]
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A page of markers, the latest first. A page looks at no more than 10,000 markers: where few of many match it holds fewer than
/// asked for, or none, and `next_cursor` goes on.
#[derive(Debug, Serialize, ToSchema)]
pub struct MarkerPage {
    /// The markers.
    pub items: Vec<Marker>,
    /// Where the next page begins; `null` on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// A marker on a timeline, or several that lie in one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TimelineMarker {
    /// Where the first of them begins.
    pub start: WallTime,
    /// Where the last of them ends; `null` for moments alone.
    #[schema(required)]
    pub end: Option<WallTime>,
    /// How many they are.
    pub count: u64,
    /// The marker, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<MarkerId>,
    /// Its camera, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera: Option<CameraId>,
    /// Its category, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Its title, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

impl From<MarkerStep> for TimelineMarker {
    fn from(MarkerStep { start, end, count, marker }: MarkerStep) -> Self {
        let (id, camera) = marker.as_ref().map(|marker| (marker.id, marker.camera)).unzip();
        let (category, title) = marker.map(|marker| (marker.text.category, marker.text.title)).unzip();
        Self { start, end, count, id, camera, category, title }
    }
}
