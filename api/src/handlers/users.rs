use eyrie_types::UserId;

use crate::model::{PageQuery, UserAnswer, UserInput, UserPage, UserPatch};

/// Lists users.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", params(PageQuery),
    responses((status = 200, description = "A page of users.", body = UserPage)))]
pub(crate) fn list_users() {}

/// Makes a user.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = UserInput,
    responses((status = 201, description = "Made.", body = UserAnswer,
        headers(("location" = String, description = "Its path.")))))]
pub(crate) fn create_user() {}

/// Shows a user.
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users", params(("id" = UserId, Path, description = "Which user.")),
    responses((status = 200, description = "The user.", body = UserAnswer)))]
pub(crate) fn get_user() {}

/// Changes a user.
///
/// A new password ends the user's sessions. The last admin keeps the role.
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "users",
    params(("id" = UserId, Path, description = "Which user.")), request_body = UserPatch,
    responses((status = 200, description = "The user as it is now.", body = UserAnswer)))]
pub(crate) fn update_user() {}

/// Deletes a user and ends the user's sessions.
///
/// The last admin stays.
#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "users",
    params(("id" = UserId, Path, description = "Which user.")), responses((status = 204, description = "Gone.")))]
pub(crate) fn delete_user() {}
