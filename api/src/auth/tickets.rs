use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eyrie_storage::shared::{SharedState, TicketKind};
use eyrie_types::{Secret, SessionId, TenantId, WallTime};

use super::random_token;
use super::signing_keys::SigningKeys;
use crate::principal::Principal;

/// How long a ticket waits for its WebSocket: a page asks for one right before it connects.
pub(crate) const TICKET_TTL: Duration = Duration::from_secs(30);
/// Tickets for WebSockets. As many may wait as 10,000 dashboards that connect at the same moment need.
const WEB_SOCKET: TicketKind = TicketKind { kind: "ws", good_for: TICKET_TTL, waiting_max: 10_000 };

/// Single-use tickets for WebSockets, which cannot send an `Authorization` header from a browser: issued by one node, redeemed at
/// any. Shared state keeps who holds one, but is not believed: what it keeps is bound to the ticket by a signing key, so that
/// whoever writes into it can make no ticket.
pub(crate) struct Tickets(SharedState);

/// Why a ticket is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TicketError {
    /// Not one of ours, used, or run out.
    Invalid,
    /// Signed with a key that this node does not know (yet).
    UnknownKey,
}

/// What was kept under a ticket, as it was kept.
pub(crate) struct Redeemed<'a> {
    ticket: &'a str,
    kept: String,
}

impl Tickets {
    pub(crate) fn new(shared: SharedState) -> Self {
        Self(shared)
    }

    /// A ticket for `principal`'s session; `None` when too many are waiting, or there is no randomness or no key.
    pub(crate) async fn issue(&self, principal: &Principal, keys: &SigningKeys, now: WallTime) -> Option<Secret> {
        let make = || random_token().ok();
        let keep = |ticket: &Secret| keep(ticket.expose(), &principal.tenant, principal.session, keys, now);
        let ticket = self.0.issue_ticket(&WEB_SOCKET, make, keep).await;
        if ticket.is_none() {
            metrics::counter!("eyrie_auth_tickets_refused_total").increment(1);
        }
        ticket
    }

    /// Uses `ticket` up.
    ///
    /// # Errors
    /// [`TicketError::Invalid`] for one that is not waiting.
    pub(crate) async fn redeem<'a>(&self, ticket: &'a str) -> Result<Redeemed<'a>, TicketError> {
        let kept = self.0.redeem_ticket(&WEB_SOCKET, ticket).await.ok_or(TicketError::Invalid)?;
        Ok(Redeemed { ticket, kept })
    }
}

impl Redeemed<'_> {
    /// Whose session it is.
    ///
    /// # Errors
    /// When it is not what a node of ours kept under this very ticket.
    pub(crate) fn open(&self, keys: &SigningKeys, now: WallTime) -> Result<(TenantId, SessionId), TicketError> {
        let mut parts = self.kept.split(' ');
        let (Some(kid), Some(tenant), Some(session), Some(tag), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TicketError::Invalid);
        };
        let key = keys.verifying(kid, now).ok_or(TicketError::UnknownKey)?;
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| TicketError::Invalid)?;
        let signed = signed(self.ticket, tenant, session);
        hmac::verify(&key.ticket, signed.as_bytes(), &tag).map_err(|_| TicketError::Invalid)?;
        let (tenant, session) = (tenant.parse(), session.parse());
        tenant.ok().zip(session.ok()).ok_or(TicketError::Invalid)
    }
}

/// `kid tenant session tag`: none of them holds a space.
fn keep(ticket: &str, tenant: &TenantId, session: SessionId, keys: &SigningKeys, now: WallTime) -> Option<String> {
    let key = keys.current(now).ok()?;
    let tag = hmac::sign(&key.ticket, signed(ticket, tenant.as_str(), &session.to_string()).as_bytes());
    Some(format!("{} {tenant} {session} {}", key.kid, URL_SAFE_NO_PAD.encode(tag.as_ref())))
}

fn signed(ticket: &str, tenant: &str, session: &str) -> String {
    format!("{ticket} {tenant} {session}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_opens_under_its_own_ticket_and_key_alone() {
        let now = WallTime::from_unix_us(1_767_225_600_000_000);
        let (keys, session) = (SigningKeys::for_tests(now), SessionId::random());
        let tenant = TenantId::default_tenant();
        let kept = keep("ticket", &tenant, session, &keys, now).unwrap();
        let open = |ticket, kept: &str| Redeemed { ticket, kept: kept.to_owned() }.open(&keys, now);
        assert_eq!(open("ticket", &kept), Ok((tenant.clone(), session)));
        assert_eq!(open("another", &kept), Err(TicketError::Invalid), "moved to another ticket");
        let other = kept.replace(&session.to_string(), &SessionId::random().to_string());
        assert_eq!(open("ticket", &other), Err(TicketError::Invalid), "another session");
        for garbage in ["", "a", "a b c d e", &kept.replace(' ', "  ")] {
            assert!(open("ticket", garbage).is_err(), "{garbage}");
        }
        let strangers = SigningKeys::for_tests(now);
        let theirs = keep("ticket", &tenant, session, &strangers, now).unwrap();
        assert_eq!(open("ticket", &theirs), Err(TicketError::UnknownKey));
    }
}
