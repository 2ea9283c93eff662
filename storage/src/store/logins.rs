//! Failed sign-ins and the pauses they earn.

use std::time::Duration;

use eyrie_types::{TenantId, WallTime};
use rusqlite::{OptionalExtension, Row, params};

use super::column::Col;
use super::sessions::sha256;
use super::store::sqlite_or;
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

/// What is remembered of a subject's failures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failures {
    pub(super) count: u32,
    pub(super) last: WallTime,
    pub(super) locked_until: WallTime,
}

/// The failures of a subject once an attempt at `now` is counted as one; the end of its pause where it may not try.
pub(super) fn counted(stored: Option<&Failures>, now: WallTime) -> Result<Failures, WallTime> {
    let mut failures = 0;
    if let Some(Failures { count, last, locked_until }) = stored {
        // A pause longer than any given out is a wall clock that was set back: it must not lock for years.
        if *locked_until > now && locked_until.since(now) <= PAUSE_MAX {
            return Err(*locked_until);
        }
        if now.since(*last) < FAILURES_KEPT {
            failures = *count;
        }
    }
    let count = failures.saturating_add(1);
    Ok(Failures { count, last: now, locked_until: now + login_pause(count) })
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
        let subject = sha256(super::fold::fold(subject).as_bytes());
        let db = sqlite_or!(self, cql => cql.login_attempt(tenant, subject, now));
        let tenant = Col(tenant.clone());
        db.write(move |connection| {
            let found =
                "SELECT failures, last_us, locked_until_us FROM login_attempts WHERE tenant = ?1 AND subject = ?2";
            let read = |row: &Row<'_>| {
                let (last, until): (Col<WallTime>, Col<WallTime>) = (row.get(1)?, row.get(2)?);
                Ok(Failures { count: row.get(0)?, last: last.0, locked_until: until.0 })
            };
            let stored = connection.prepare_cached(found)?.query_row(params![tenant, subject], read).optional()?;
            let new = match counted(stored.as_ref(), now) {
                Ok(new) => new,
                Err(until) => return Ok(LoginGate::Locked { until }),
            };
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO login_attempts (tenant, subject, failures, last_us, locked_until_us)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![tenant, subject, new.count, Col(new.last), Col(new.locked_until)])?;
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
        let subject = sha256(super::fold::fold(subject).as_bytes());
        let db = sqlite_or!(self, cql => cql.login_succeeded(tenant, subject));
        let tenant = Col(tenant.clone());
        db.write(move |connection| {
            connection
                .prepare_cached("DELETE FROM login_attempts WHERE tenant = ?1 AND subject = ?2")?
                .execute(params![tenant, subject])?;
            Ok(())
        })
        .await
    }
}
