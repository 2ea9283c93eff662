//! Failed sign-ins and the pauses they earn.

use std::time::Duration;

use eyrie_types::{TenantId, WallTime};
use rusqlite::{OptionalExtension, Row, params};

use super::column::Col;
use super::sessions::sha256;
use super::{Store, StoreError};

/// Failures that cost no pause: people mistype.
pub const FREE_FAILURES: u32 = 4;
/// The longest pause: long enough to make guessing hopeless, short enough that a person locked out by somebody else waits
/// for it.
pub const PAUSE_MAX: Duration = Duration::from_secs(15 * 60);
/// Failures are forgotten when none was added for so long.
pub const FAILURES_KEPT: Duration = Duration::from_secs(24 * 3600);
/// Most subjects remembered; beyond it the oldest are forgotten, so that invented names cannot fill the disk.
const SUBJECTS_MAX: u32 = 10_000;

/// The pause after `failures` failures in a row: none for the first [`FREE_FAILURES`], then 1 s, doubling up to
/// [`PAUSE_MAX`].
pub fn login_pause(failures: u32) -> Duration {
    let Some(doublings) = failures.checked_sub(FREE_FAILURES + 1) else { return Duration::ZERO };
    Duration::from_secs(1).saturating_mul(1u32.checked_shl(doublings).unwrap_or(u32::MAX)).min(PAUSE_MAX)
}

/// Whether a sign-in may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginGate {
    /// It may; it counts as failed until [`Store::login_succeeded`] is told otherwise.
    Open,
    /// Not before this moment.
    Locked {
        /// The first moment at which it may be tried.
        until: WallTime,
    },
}

impl Store {
    /// Asks for one attempt to sign in as `subject` (a user name, or an address). The attempt is counted as a failure before
    /// the password is looked at, in one step with the question, so that attempts made at the same time cannot share one
    /// permission. The subject is stored as a hash: people type passwords into name fields.
    pub async fn login_attempt(
        &self,
        tenant: &TenantId,
        subject: &str,
        now: WallTime,
    ) -> Result<LoginGate, StoreError> {
        let (tenant, subject) = (Col(tenant.clone()), sha256(super::fold::fold(subject).as_bytes()));
        self.write(move |connection| {
            let found =
                "SELECT failures, last_us, locked_until_us FROM login_attempts WHERE tenant = ?1 AND subject = ?2";
            let read = |row: &Row<'_>| {
                let (last, until): (Col<WallTime>, Col<WallTime>) = (row.get(1)?, row.get(2)?);
                Ok((row.get::<_, u32>(0)?, last.0, until.0))
            };
            let stored = connection.prepare_cached(found)?.query_row(params![tenant, subject], read).optional()?;
            let mut failures = 0;
            if let Some((count, last, until)) = stored {
                // A pause longer than any given out is a wall clock that was set back: it must not lock for years.
                if until > now && until.since(now) <= PAUSE_MAX {
                    return Ok(LoginGate::Locked { until });
                }
                if now.since(last) < FAILURES_KEPT {
                    failures = count;
                }
            }
            failures = failures.saturating_add(1);
            let until = now + login_pause(failures);
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO login_attempts (tenant, subject, failures, last_us, locked_until_us)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![tenant, subject, failures, Col(now), Col(until)])?;
            if stored.is_none() {
                connection
                    .prepare_cached(
                        "DELETE FROM login_attempts WHERE last_us <
                           (SELECT last_us FROM login_attempts ORDER BY last_us DESC LIMIT 1 OFFSET ?1)",
                    )?
                    .execute([SUBJECTS_MAX - 1])?;
            }
            Ok(LoginGate::Open)
        })
        .await
    }

    /// Forgets the failures of `subject`: it signed in.
    pub async fn login_succeeded(&self, tenant: &TenantId, subject: &str) -> Result<(), StoreError> {
        let (tenant, subject) = (Col(tenant.clone()), sha256(super::fold::fold(subject).as_bytes()));
        self.write(move |connection| {
            connection
                .prepare_cached("DELETE FROM login_attempts WHERE tenant = ?1 AND subject = ?2")?
                .execute(params![tenant, subject])?;
            Ok(())
        })
        .await
    }
}
