//! ractor_cluster sends pings and never looks whether they are answered: a peer whose process stands still would keep its session
//! for ever. These pings are looked at.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::LinkError;
use super::session::LinkSession;
use super::sessions::Sessions;

/// Pause between a pong and the next ping.
pub const PING_EVERY: Duration = Duration::from_millis(250);
/// How long a pong may take: with the pause before, a peer that stands still has no session any more after 1.25 s.
pub const PONG_WITHIN: Duration = Duration::from_secs(1);
/// Later than this beyond a deadline, it was this process that stood still, and the peer gets another chance.
const OWN_STALL: Duration = Duration::from_millis(250);
/// Pings in a row that may fail for our own stalls: a machine that is this busy cannot tell, and says so by closing.
const OWN_STALLS_MAX: u32 = 5;

/// Pings until the peer does not answer, or the session ends.
pub(super) async fn keep_watch(sessions: Arc<Sessions>, session: Arc<LinkSession>) {
    let mut stalls = 0;
    loop {
        let asked = Instant::now();
        match session.ping(sessions.own(), PONG_WITHIN).await {
            Ok(()) => stalls = 0,
            Err(LinkError::Deadline { .. }) if asked.elapsed() > PONG_WITHIN + OWN_STALL && stalls < OWN_STALLS_MAX => {
                stalls += 1;
                metrics::counter!("eyrie_link_own_stalls_total").increment(1);
                continue;
            }
            Err(LinkError::Deadline { .. }) => return sessions.cut(session.peer().session, "silent"),
            Err(_) => return sessions.cut(session.peer().session, "ended"),
        }
        metrics::histogram!("eyrie_link_ping_seconds").record(asked.elapsed().as_secs_f64());
        tokio::select! {
            () = tokio::time::sleep(PING_EVERY) => {}
            () = session.short_of_credit() => {}
            () = session.ended() => return,
        }
    }
}
