use eyrie_storage::store::{Store, StoreError, User, UserChange};
use eyrie_types::{Clock, Role, Secret, TenantId, UserId};

use super::password::{PASSWORD_CHARS_MIN, PasswordError, hash};
use super::random_token;

/// The name of the first admin.
const ADMIN: &str = "admin";
/// Characters of a generated password: 20 × 6 bits are more than anybody can guess, and still short enough to type.
const GENERATED_CHARS: usize = 20;

/// Why no password could be set.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The system has no randomness to make a password of.
    #[error("the system has no randomness: {0}")]
    Randomness(#[from] getrandom::Error),
    /// Nobody has that name.
    #[error("there is no user {0:?}")]
    NoSuchUser(String),
    /// The hashing task was cancelled: the process is stopping.
    #[error("the process is stopping")]
    Stopping,
}

/// Makes the user `admin` in a store that has no users. Returns the generated password where none was given; it is shown once
/// and nowhere kept. A store that has users is left as it is.
///
/// # Errors
/// See [`BootstrapError`].
pub async fn ensure_admin(
    store: &Store,
    clock: &dyn Clock,
    password: Option<Secret>,
) -> Result<Option<Secret>, BootstrapError> {
    let tenant = TenantId::default_tenant();
    // Hashing costs memory and time that every later start can do without; the store asks again when it inserts.
    if store.users(&tenant, None, 1).await?.total > 0 {
        return Ok(None);
    }
    let (password, generated) = given_or_generated(password)?;
    let now = clock.now();
    let user = User {
        id: UserId::generate(),
        tenant,
        username: ADMIN.to_owned(),
        role: Role::Admin,
        password_hash: hash_elsewhere(password.clone()).await?,
        created_at: now,
        updated_at: now,
    };
    let made = store.create_first_user(user).await?;
    Ok((made && generated).then_some(password))
}

/// Sets a user's password and ends all of the user's sessions. Returns the generated password where none was given. For
/// whoever has the data directory: `eyrie admin reset-password`.
///
/// # Errors
/// See [`BootstrapError`].
pub async fn reset_password(
    store: &Store,
    clock: &dyn Clock,
    username: &str,
    password: Option<Secret>,
) -> Result<Option<Secret>, BootstrapError> {
    let tenant = TenantId::default_tenant();
    let found = store.user_by_name(&tenant, username).await?;
    let user = found.ok_or_else(|| BootstrapError::NoSuchUser(username.to_owned()))?;
    let (password, generated) = given_or_generated(password)?;
    let password_hash = Some(hash_elsewhere(password.clone()).await?);
    let change = UserChange { password_hash, ..UserChange::default() };
    store.update_user(&tenant, user.id, change, clock.now()).await?;
    store.login_succeeded(&tenant, username).await?;
    Ok(generated.then_some(password))
}

fn given_or_generated(password: Option<Secret>) -> Result<(Secret, bool), BootstrapError> {
    if let Some(password) = password.filter(|password| !password.is_empty()) {
        // Whoever sets it owns the machine, so it is taken; a short one is worth a word.
        if password.expose().chars().count() < PASSWORD_CHARS_MIN {
            tracing::warn!("the admin password is shorter than {PASSWORD_CHARS_MIN} characters; choose a longer one");
        }
        return Ok((password, false));
    }
    let token = random_token()?;
    // base64url is ASCII, so characters are bytes.
    let text: String = token.expose().chars().take(GENERATED_CHARS).collect();
    Ok((Secret::new(text), true))
}

async fn hash_elsewhere(password: Secret) -> Result<eyrie_storage::store::PasswordHash, BootstrapError> {
    Ok(tokio::task::spawn_blocking(move || hash(&password)).await.map_err(|_| BootstrapError::Stopping)??)
}
