use eyrie_types::{AuditRecord, CameraState, Site, SiteId, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{CameraAnswer, UserAnswer};

/// Which cameras, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CameraQuery {
    /// Words that name, address or labels contain.
    #[serde(default)]
    pub search: Option<String>,
    /// A label they carry.
    #[serde(default)]
    pub label: Option<String>,
    /// The site they stand at.
    #[serde(default)]
    pub site: Option<SiteId>,
    /// The state they are in.
    #[serde(default)]
    pub state: Option<CameraState>,
    /// Entries on a page: 1 to 1,000, by default 100.
    #[serde(default)]
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Entries on a page: 1 to 1,000, by default 100.
    #[serde(default)]
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// Which audit records, and which page of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// The first moment; by default the beginning.
    #[serde(default)]
    pub from: Option<WallTime>,
    /// The first moment after it; by default now.
    #[serde(default)]
    pub to: Option<WallTime>,
    /// Entries on a page: 1 to 1,000, by default 100.
    #[serde(default)]
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A page of cameras, sorted by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct CameraPage {
    /// The cameras.
    pub items: Vec<CameraAnswer>,
    /// Where the next page begins; `null` on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// How many match, on all pages together.
    pub total: u64,
}

/// The labels in use, sorted: the first 1,000.
#[derive(Debug, Serialize, ToSchema)]
pub struct LabelsAnswer {
    /// The labels.
    pub items: Vec<LabelCount>,
}

/// A label and its cameras.
#[derive(Debug, Serialize, ToSchema)]
pub struct LabelCount {
    /// The label.
    pub label: String,
    /// How many cameras carry it.
    pub cameras: u64,
}

/// A page of users, sorted by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserPage {
    /// The users.
    pub items: Vec<UserAnswer>,
    /// Where the next page begins; `null` on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// How many there are.
    pub total: u64,
}

/// A page of sites, sorted by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct SitePage {
    /// The sites.
    pub items: Vec<Site>,
    /// Where the next page begins; `null` on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
    /// How many there are.
    pub total: u64,
}

/// A page of the audit log, latest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditPage {
    /// The records.
    pub items: Vec<AuditRecord>,
    /// Where the next page begins; `null` on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
}
