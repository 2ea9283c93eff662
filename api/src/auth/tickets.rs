use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use eyrie_types::{Clock, Monotonic, Secret};

use super::random_token;
use crate::principal::Principal;

/// How long a ticket waits for its WebSocket: a page asks for one right before it connects.
pub(crate) const TICKET_TTL: Duration = Duration::from_secs(30);
/// Most tickets waiting: 10,000 dashboards that connect at the same moment.
const TICKETS_MAX: usize = 10_000;

/// Single-use tickets for WebSockets, which cannot send an `Authorization` header from a browser.
#[derive(Default)]
pub(crate) struct Tickets {
    waiting: Mutex<HashMap<String, (Principal, Monotonic)>>,
}

impl Tickets {
    /// A ticket for `principal`; `None` when too many are waiting or the system has no randomness.
    pub(crate) fn issue(&self, principal: Principal, clock: &dyn Clock) -> Option<Secret> {
        let ticket = random_token().ok()?;
        let now = clock.monotonic();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= TICKETS_MAX {
            waiting.retain(|_, (_, expires)| *expires > now);
        }
        if waiting.len() >= TICKETS_MAX {
            metrics::counter!("eyrie_auth_tickets_refused_total").increment(1);
            return None;
        }
        waiting.insert(ticket.expose().to_owned(), (principal, now + TICKET_TTL));
        Some(ticket)
    }

    /// Who holds `ticket`; it is used up by this, even if it has expired.
    pub(crate) fn redeem(&self, ticket: &str, clock: &dyn Clock) -> Option<Principal> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (principal, expires) = waiting.remove(ticket)?;
        (clock.monotonic() < expires).then_some(principal)
    }
}
