use crate::model::NodeAnswer;

/// Shows how the node is.
#[utoipa::path(get, path = "/api/v1/node", tag = "node",
    responses((status = 200, description = "Its health.", body = NodeAnswer)))]
pub(crate) fn get_node() {}
