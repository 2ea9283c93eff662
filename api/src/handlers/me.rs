use crate::model::{Me, PasswordChange};

/// Who am I?
#[utoipa::path(get, path = "/api/v1/me", tag = "me",
    responses((status = 200, description = "The caller.", body = Me)))]
pub(crate) fn get_me() {}

/// Changes the caller's password.
///
/// The caller's other sessions end.
#[utoipa::path(put, path = "/api/v1/me/password", tag = "me", request_body = PasswordChange,
    responses((status = 204, description = "Changed.")))]
pub(crate) fn change_password() {}
