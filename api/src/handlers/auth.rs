use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use eyrie_types::Actor;

use crate::auth as sessions;
use crate::authorize::{ActedAs, ClientAddress};
use crate::extract::ApiJson;
use crate::model::{LoginInput, RefreshInput, TokenAnswer};
use crate::{GatewayState, Problem};

/// Signs in.
///
/// After failures, for a user or from an address, further attempts are refused for a growing pause (429 with `Retry-After`).
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", request_body = LoginInput,
    responses((status = 200, description = "Signed in.", body = TokenAnswer)))]
pub(crate) async fn login(
    State(state): State<GatewayState>,
    ClientAddress(address): ClientAddress,
    ApiJson(input): ApiJson<LoginInput>,
) -> Result<Response, Problem> {
    let (answer, actor) = sessions::log_in(&state, address, &input.username, input.password).await?;
    Ok(acted_as(actor, Json(answer).into_response()))
}

/// Exchanges a refresh token for new tokens.
///
/// Each refresh token is good for one refresh. Using one again ends the session, for then somebody else holds a copy.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "auth", request_body = RefreshInput,
    responses((status = 200, description = "The next tokens.", body = TokenAnswer)))]
pub(crate) async fn refresh(
    State(state): State<GatewayState>,
    ApiJson(input): ApiJson<RefreshInput>,
) -> Result<Response, Problem> {
    let (answer, actor) = sessions::refresh(&state, &input.refresh_token).await?;
    Ok(acted_as(actor, Json(answer).into_response()))
}

/// Ends a session.
///
/// Its access tokens, capabilities and WebSockets end with it.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", request_body = RefreshInput,
    responses((status = 204, description = "Signed out, or was not signed in.")))]
pub(crate) async fn logout(
    State(state): State<GatewayState>,
    ApiJson(input): ApiJson<RefreshInput>,
) -> Result<Response, Problem> {
    let actor = sessions::log_out(&state, &input.refresh_token).await?;
    let response = StatusCode::NO_CONTENT.into_response();
    Ok(match actor {
        Some(actor) => acted_as(actor, response),
        None => response,
    })
}

/// Tells the audit log who it was: at these routes nobody is known beforehand.
fn acted_as(actor: Actor, mut response: Response) -> Response {
    response.extensions_mut().insert(ActedAs(actor));
    response
}
