use crate::model::{BulkAnswer, BulkInput};

/// Changes many cameras at once.
#[utoipa::path(post, path = "/api/v1/cameras/bulk", tag = "cameras", request_body = BulkInput,
    responses((status = 200, description = "How it went, camera by camera.", body = BulkAnswer)))]
pub(crate) fn change_cameras() {}
