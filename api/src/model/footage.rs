use eyrie_types::{Gap, Span, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A range of wall time, at most 31 days; by default the last 24 hours.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RangeQuery {
    /// The first moment; by default 24 hours before `to`.
    #[serde(default)]
    pub from: Option<WallTime>,
    /// The first moment after it; by default now.
    #[serde(default)]
    pub to: Option<WallTime>,
}

/// A range of wall time to take out, at most 24 hours.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// The first moment.
    pub from: WallTime,
    /// The first moment after it.
    pub to: WallTime,
}

/// What is recorded.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordingsAnswer {
    /// Sorted, none overlapping.
    pub spans: Vec<Span>,
}

/// What is missing, and the account of the range: `expected_s` = `durable_s` + `deleted_s` + `missing_s` +
/// `pending_s`.
#[derive(Debug, Serialize, ToSchema)]
pub struct GapsAnswer {
    /// Sorted, none overlapping.
    pub gaps: Vec<Gap>,
    /// Seconds for which the camera's spec asked for footage.
    pub expected_s: f64,
    /// Of these, seconds that are durable.
    pub durable_s: f64,
    /// Of these, seconds that were durable until retention deleted them.
    pub deleted_s: f64,
    /// Of these, seconds that are missing.
    pub missing_s: f64,
    /// Of these, the last seconds before now, which are still on their way to the disk.
    pub pending_s: f64,
}
