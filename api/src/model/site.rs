use serde::Deserialize;
use utoipa::ToSchema;

/// A site to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteInput {
    /// What people call it.
    pub name: String,
    /// Its IANA time zone.
    #[schema(example = "Europe/Berlin")]
    pub zone: String,
}

/// What to change of a site; fields left out stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SitePatch {
    /// A new name.
    #[serde(default)]
    pub name: Option<String>,
    /// A new IANA time zone.
    #[serde(default)]
    pub zone: Option<String>,
}
