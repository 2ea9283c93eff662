use std::time::Duration;

use eyrie_types::{TenantId, WallTime};

use super::cells::{Cell, Cells, cells, limit};
use super::cql::Cql;
use crate::store::logins::{Failures, counted};
use crate::store::{FAILURES_KEPT, LoginGate, PAUSE_MAX, StoreError};

/// The longest time to live that a cluster takes: twenty years.
const TTL_SECONDS_MAX: u64 = 630_720_000;

/// A time to live.
pub(in crate::store) fn ttl(lasts: Duration) -> Cell {
    limit(u32::try_from(lasts.as_secs().min(TTL_SECONDS_MAX)).unwrap_or(u32::MAX))
}

/// Rows go by themselves when nothing of them matters any more: so invented names cannot fill the disk.
const KEPT: Duration = FAILURES_KEPT.saturating_add(PAUSE_MAX);

impl Cql {
    pub(in crate::store) async fn login_attempt(
        &self,
        tenant: &TenantId,
        subject: [u8; 32],
        now: WallTime,
    ) -> Result<LoginGate, StoreError> {
        let _turn = self.turn(&subject).await;
        for number in 0.. {
            self.again(number).await?;
            let text = "SELECT failures, last_us, locked_until_us FROM login_attempts WHERE tenant = ? AND subject = ?";
            let stored = self.one_settled("sign-in", text, cells![tenant, subject]).await?.map(read).transpose()?;
            let new = match counted(stored.as_ref(), now) {
                Ok(new) => new,
                Err(until) => return Ok(LoginGate::Locked { until }),
            };
            let applied = match stored {
                None => {
                    let text = "INSERT INTO login_attempts (tenant, subject, failures, last_us, locked_until_us)
                                VALUES (?, ?, ?, ?, ?) IF NOT EXISTS USING TTL ?";
                    let mut values = cells![tenant, subject, new.count, new.last, new.locked_until];
                    values.push(ttl(KEPT));
                    self.run_if(text, values).await?
                }
                Some(old) => {
                    let text = "UPDATE login_attempts USING TTL ? SET failures = ?, last_us = ?, locked_until_us = ?
                                WHERE tenant = ? AND subject = ? IF failures = ? AND last_us = ?";
                    let mut values = vec![ttl(KEPT)];
                    values.extend(cells![new.count, new.last, new.locked_until, tenant, subject, old.count, old.last]);
                    self.run_if(text, values).await?
                }
            };
            if applied {
                return Ok(LoginGate::Open);
            }
        }
        Err(StoreError::Contended)
    }

    pub(in crate::store) async fn login_succeeded(
        &self,
        tenant: &TenantId,
        subject: [u8; 32],
    ) -> Result<(), StoreError> {
        let text = "DELETE FROM login_attempts WHERE tenant = ? AND subject = ? IF EXISTS";
        self.run_if(text, cells![tenant, subject]).await.map(drop)
    }
}

fn read(mut row: Cells) -> Result<Failures, StoreError> {
    Ok(Failures { count: row.get(0)?, last: row.get(1)?, locked_until: row.get(2)? })
}
