use crate::model::{LoginInput, RefreshInput, TokenAnswer};

/// Signs in.
///
/// After failures, for a user or from an address, further attempts are refused for a growing pause (429 with `Retry-After`).
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", request_body = LoginInput,
    responses((status = 200, description = "Signed in.", body = TokenAnswer)))]
pub(crate) fn login() {}

/// Exchanges a refresh token for new tokens.
///
/// Each refresh token is good for one refresh. Using one again ends the session, for then somebody else holds a copy.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "auth", request_body = RefreshInput,
    responses((status = 200, description = "The next tokens.", body = TokenAnswer)))]
pub(crate) fn refresh() {}

/// Ends a session.
///
/// Its access tokens, capabilities and WebSockets end with it.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", request_body = RefreshInput,
    responses((status = 204, description = "Signed out, or was not signed in.")))]
pub(crate) fn logout() {}
