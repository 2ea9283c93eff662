use eyrie_types::Layout;
use serde::Serialize;
use utoipa::ToSchema;

/// The caller's layouts, in the order they were made: at most 50.
#[derive(Debug, Serialize, ToSchema)]
pub struct LayoutsAnswer {
    /// The layouts.
    pub items: Vec<Layout>,
}
