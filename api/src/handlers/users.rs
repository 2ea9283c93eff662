use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use eyrie_storage::store::{StoreError, User, UserChange};
use eyrie_types::{FieldError, UserId, check_name};

use super::page;
use crate::auth::{Ended, check_new};
use crate::extract::{ApiJson, ApiPath, ApiQuery};
use crate::model::{PageQuery, UserAnswer, UserInput, UserPage, UserPatch};
use crate::principal::{Authorized, Principal};
use crate::{GatewayState, Problem};

/// Lists users.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", params(PageQuery),
    responses((status = 200, description = "A page of users.", body = UserPage)))]
pub(crate) async fn list_users(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<UserPage>, Problem> {
    let cursor = page::cursor(query.cursor);
    let found = state.store().users(&caller.tenant, cursor.as_ref(), page::limit(query.limit)?).await?;
    Ok(Json(UserPage {
        items: found.items.into_iter().map(answer).collect(),
        next_cursor: page::next(found.next_cursor),
        total: found.total,
    }))
}

/// Makes a user.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = UserInput,
    responses((status = 201, description = "Made.", body = UserAnswer,
        headers(("location" = String, description = "Its path.")))))]
pub(crate) async fn create_user(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiJson(input): ApiJson<UserInput>,
) -> Result<Response, Problem> {
    check(Some(&input.username), Some(&input.password))?;
    let now = state.clock().now();
    let user = User {
        id: UserId::generate(),
        tenant: caller.tenant.clone(),
        username: input.username,
        role: input.role,
        password_hash: state.passwords().hash(input.password).await?,
        created_at: now,
        updated_at: now,
    };
    state.store().create_user(user.clone()).await?;
    let location = format!("/api/v1/users/{}", user.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(answer(user))).into_response())
}

/// Shows a user.
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users", params(("id" = UserId, Path, description = "Which user.")),
    responses((status = 200, description = "The user.", body = UserAnswer)))]
pub(crate) async fn get_user(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<UserId>,
) -> Result<Json<UserAnswer>, Problem> {
    let user = state.store().user(&caller.tenant, id).await?.ok_or(StoreError::NotFound("user"))?;
    Ok(Json(answer(user)))
}

/// Changes a user.
///
/// A new password ends the user's sessions. The last admin keeps the role.
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "users",
    params(("id" = UserId, Path, description = "Which user.")), request_body = UserPatch,
    responses((status = 200, description = "The user as it is now.", body = UserAnswer)))]
pub(crate) async fn update_user(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<UserId>,
    ApiJson(patch): ApiJson<UserPatch>,
) -> Result<Json<UserAnswer>, Problem> {
    check(patch.username.as_deref(), patch.password.as_ref())?;
    let ends_sessions = patch.password.is_some();
    let password_hash = match patch.password {
        Some(password) => Some(state.passwords().hash(password).await?),
        None => None,
    };
    let change = UserChange { username: patch.username, role: patch.role, password_hash, keep_session: None };
    let user = state.store().update_user(&caller.tenant, id, change, state.clock().now()).await?;
    if ends_sessions {
        state.end_sessions(Ended::User { user: id, keep: None }).await;
    } else {
        state.user_changed(id).await;
    }
    Ok(Json(answer(user)))
}

/// Deletes a user and ends the user's sessions.
///
/// The last admin stays.
#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "users",
    params(("id" = UserId, Path, description = "Which user.")), responses((status = 204, description = "Gone.")))]
pub(crate) async fn delete_user(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<UserId>,
) -> Result<StatusCode, Problem> {
    state.store().delete_user(&caller.tenant, id).await?;
    state.end_sessions(Ended::User { user: id, keep: None }).await;
    Ok(StatusCode::NO_CONTENT)
}

fn answer(user: User) -> UserAnswer {
    UserAnswer { id: user.id, username: user.username, role: user.role, created_at: user.created_at }
}

fn check(username: Option<&str>, password: Option<&eyrie_types::Secret>) -> Result<(), Problem> {
    let mut errors: Vec<FieldError> = Vec::new();
    errors.extend(username.and_then(|name| check_name("username", name).err()));
    errors.extend(password.and_then(|password| check_new("password", password).err()));
    if errors.is_empty() { Ok(()) } else { Err(Problem::fields(errors)) }
}
