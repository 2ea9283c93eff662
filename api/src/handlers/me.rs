use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use eyrie_storage::store::{LoginGate, StoreError, UserChange};

use crate::auth::{Ended, check_new, sign_in_pause};
use crate::extract::ApiJson;
use crate::model::{Me, PasswordChange};
use crate::principal::{Authorized, Principal};
use crate::{GatewayState, Problem};

/// Who am I?
#[utoipa::path(get, path = "/api/v1/me", tag = "me",
    responses((status = 200, description = "The caller.", body = Me)))]
pub(crate) async fn get_me(caller: Authorized<Principal>) -> Json<Me> {
    let Principal { user, username, tenant, role, .. } = &*caller;
    Json(Me { id: *user, username: username.to_string(), role: *role, tenant: tenant.clone() })
}

/// Changes the caller's password.
///
/// The caller's other sessions end.
#[utoipa::path(put, path = "/api/v1/me/password", tag = "me", request_body = PasswordChange,
    responses((status = 204, description = "Changed.")))]
pub(crate) async fn change_password(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiJson(input): ApiJson<PasswordChange>,
) -> Result<StatusCode, Problem> {
    check_new("new_password", &input.new_password).map_err(|error| Problem::fields(vec![error]))?;
    // A stolen token must not become a way to guess the password: the same pauses as at the sign-in.
    let _turn = state.sign_in_turn(&caller.username).await;
    let now = state.clock().now();
    if let LoginGate::Locked { until } = state.store().login_attempt(&caller.tenant, &caller.username, now).await? {
        return Err(sign_in_pause(until.since(now)));
    }
    let user = state.store().user(&caller.tenant, caller.user).await?.ok_or(StoreError::NotFound("user"))?;
    if !state.passwords().verify(input.current_password, Some(user.password_hash)).await? {
        return Err(Problem::field("current_password", "is wrong"));
    }
    state.store().login_succeeded(&caller.tenant, &caller.username).await?;
    let password_hash = Some(state.passwords().hash(input.new_password).await?);
    let keep = Some(caller.session);
    let change = UserChange { password_hash, keep_session: keep, ..UserChange::default() };
    state.store().update_user(&caller.tenant, caller.user, change, now).await?;
    state.end_sessions(Ended::User { user: caller.user, keep }).await;
    Ok(StatusCode::NO_CONTENT)
}
