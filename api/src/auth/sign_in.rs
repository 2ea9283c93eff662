use std::net::IpAddr;
use std::time::Duration;

use eyrie_storage::store::{LoginGate, Rotation, Session, TokenHash};
use eyrie_types::{Actor, ProblemCode, Secret, SessionId, TenantId, UserId};

use super::{ACCESS_TTL, AccessClaims, Ended, random_token};
use crate::model::TokenAnswer;
use crate::{GatewayState, Problem};

/// How long a sign-in lasts without being used: a dashboard on a wall refreshes every ten minutes, and a person back from
/// three weeks of leave signs in again.
const SESSION_TTL: Duration = Duration::from_secs(14 * 24 * 3600);
/// Longest user name looked at, in bytes: four bytes for each of 128 characters.
const USERNAME_BYTES_MAX: usize = 512;

/// Tokens, with who got them.
pub(crate) type Issued = (TokenAnswer, Actor);

/// Signs in by name and password. Unknown names and wrong passwords look the same and take as long.
///
/// # Errors
/// `bad_credentials`; `too_many_requests` during the pause that failures earned.
pub(crate) async fn log_in(
    state: &GatewayState,
    address: IpAddr,
    username: &str,
    password: Secret,
) -> Result<Issued, Problem> {
    let tenant = TenantId::default_tenant();
    if username.is_empty() || username.len() > USERNAME_BYTES_MAX {
        return Err(bad_credentials());
    }
    // Attempts for one name are made one after another: counted before they are checked, honest ones made at the same time
    // would otherwise earn each other a pause.
    let _turn = state.sign_in_turn(username).await;
    let now = state.clock().now();
    let gate = state.store().login_attempt(&tenant, username, now).await?;
    if let LoginGate::Locked { until } = gate {
        metrics::counter!("eyrie_auth_sign_ins_total", "outcome" => "locked").increment(1);
        return Err(locked(until.since(now)));
    }
    let user = state.store().user_by_name(&tenant, username).await?;
    let stored = user.as_ref().map(|user| user.password_hash.clone());
    let right = state.passwords().verify(password, stored).await?;
    let Some(user) = user.filter(|_| right) else {
        state.attempts().failed(address).await;
        metrics::counter!("eyrie_auth_sign_ins_total", "outcome" => "refused").increment(1);
        return Err(bad_credentials());
    };
    state.attempts().succeeded(address).await;
    state.store().login_succeeded(&tenant, username).await?;
    let refresh_token = random_token().map_err(|_| no_randomness())?;
    let session = Session {
        id: SessionId::random(),
        tenant,
        user: user.id,
        created_at: now,
        rotated_at: now,
        expires_at: now + SESSION_TTL,
    };
    let answer = tokens(state, &session, refresh_token.expose()).await?;
    state.store().create_session(session, TokenHash::of(refresh_token.expose())).await?;
    metrics::counter!("eyrie_auth_sign_ins_total", "outcome" => "accepted").increment(1);
    Ok((answer, Actor::User { id: user.id, name: user.username }))
}

/// Exchanges a refresh token. A token used twice ends its session: of the two who have it, one is a thief.
///
/// # Errors
/// `unauthenticated`, or `token_expired`.
pub(crate) async fn refresh(state: &GatewayState, refresh_token: &Secret) -> Result<Issued, Problem> {
    let tenant = TenantId::default_tenant();
    let now = state.clock().now();
    let next = random_token().map_err(|_| no_randomness())?;
    let presented = TokenHash::of(refresh_token.expose());
    let rotation =
        state.store().rotate_session(&tenant, presented, TokenHash::of(next.expose()), now, now + SESSION_TTL).await?;
    match rotation {
        Rotation::Rotated(session) => {
            let answer = tokens(state, &session, next.expose()).await?;
            Ok((answer, actor(state, &tenant, session.user).await))
        }
        Rotation::Reused(session) => {
            state.end_sessions(Ended::Session(session.id)).await;
            tracing::warn!(session = %session.id, user = %session.user, "a refresh token was used twice; the session ended");
            Err(Problem::new(ProblemCode::Unauthenticated, "The refresh token was used before; the session has ended."))
        }
        Rotation::Expired => Err(Problem::new(ProblemCode::TokenExpired, "The session has expired; sign in again.")),
        Rotation::Unknown => Err(Problem::new(ProblemCode::Unauthenticated, "The refresh token is not valid.")),
    }
}

/// Ends the session of a refresh token. Unknown tokens are signed out already.
///
/// # Errors
/// When the store does not answer.
pub(crate) async fn log_out(state: &GatewayState, refresh_token: &Secret) -> Result<Option<Actor>, Problem> {
    let tenant = TenantId::default_tenant();
    let ended = state.store().end_session_by_token(&tenant, TokenHash::of(refresh_token.expose())).await?;
    let Some(session) = ended else { return Ok(None) };
    state.end_sessions(Ended::Session(session.id)).await;
    Ok(Some(actor(state, &tenant, session.user).await))
}

async fn tokens(state: &GatewayState, session: &Session, refresh_token: &str) -> Result<TokenAnswer, Problem> {
    let now = state.clock().now();
    state.keep_signing_key(now).await?;
    let claims = AccessClaims::new(session.user, session.id, session.tenant.clone(), now);
    let access_token = claims.sign(state.keys(), now).map_err(|error| {
        tracing::error!(%error, "an access token could not be signed");
        Problem::new(ProblemCode::Internal, "The session could not be started.")
    })?;
    Ok(TokenAnswer { access_token, refresh_token: refresh_token.to_owned(), expires_in: ACCESS_TTL.as_secs() })
}

async fn actor(state: &GatewayState, tenant: &TenantId, user: UserId) -> Actor {
    let found = state.store().user(tenant, user).await.ok().flatten();
    Actor::User { id: user, name: found.map(|user| user.username).unwrap_or_default() }
}

fn bad_credentials() -> Problem {
    Problem::new(ProblemCode::BadCredentials, "User name or password is wrong.")
}

/// A pause, told in whole seconds.
pub(crate) fn locked(pause: Duration) -> Problem {
    let seconds = pause.as_millis().div_ceil(1000).try_into().unwrap_or(u32::MAX).max(1);
    Problem::new(ProblemCode::TooManyRequests, format!("Too many attempts; try again in {seconds} s."))
        .retry_after(seconds)
}

fn no_randomness() -> Problem {
    Problem::new(ProblemCode::Unavailable, "The system has no randomness to make tokens of.")
}
