use std::sync::Arc;
use std::time::Duration;

use eyrie_types::{ProblemCode, SessionId};

use crate::Problem;
use crate::fair_places::{FairPlace, FairPlaces, NoPlace, PlaceLimits};

/// How long a request waits for its place: a page with many cameras asks for all of their playlists at once.
const PATIENCE: Duration = Duration::from_secs(5);
/// Requests of a session that may wait: the cameras of a page of 64.
const WAITING_MAX: usize = 64;
/// Segments on their way to players at the same time. A player has one or two; each holds up to three fragments in memory (a
/// fragment of 4 Mbit/s has 500 kB), which makes about 100 MB. A session has a quarter: a page of 16 cameras.
const ANSWERS: PlaceLimits =
    PlaceLimits { of: "playback_segment", all: 64, share: 16, waiting: WAITING_MAX, patience: PATIENCE };
/// Playlists made at the same time: one of 24 h holds 86,400 entries, some 15 MB. A session has a quarter.
const PLAYLISTS: PlaceLimits =
    PlaceLimits { of: "playback_playlist", all: 8, share: 2, waiting: WAITING_MAX, patience: PATIENCE };
/// When to come back after that: segments take about a second.
const RETRY_S: u32 = 2;

/// A viewer's place, shared out among sessions. What a capability opens counts for the session that it was issued in.
pub(crate) type PlaybackPlace = FairPlace<SessionId>;

/// Room for viewers of recordings.
#[derive(Debug)]
pub(crate) struct PlaybackPlaces {
    answers: Arc<FairPlaces<SessionId>>,
    playlists: Arc<FairPlaces<SessionId>>,
}

impl Default for PlaybackPlaces {
    fn default() -> Self {
        Self { answers: FairPlaces::new(ANSWERS), playlists: FairPlaces::new(PLAYLISTS) }
    }
}

impl PlaybackPlaces {
    /// A place for a segment, kept until its last byte is on its way.
    ///
    /// # Errors
    /// 429 when none becomes free.
    pub(crate) async fn answer(&self, session: SessionId) -> Result<PlaybackPlace, Problem> {
        self.answers.take(session).await.map_err(refused)
    }

    /// A place for a playlist, kept while it is made.
    ///
    /// # Errors
    /// 429 when none becomes free.
    pub(crate) async fn playlist(&self, session: SessionId) -> Result<PlaybackPlace, Problem> {
        self.playlists.take(session).await.map_err(refused)
    }
}

fn refused(why: NoPlace) -> Problem {
    let detail = match why {
        NoPlace::Share => "As much of what you play is on its way as one session may have; wait for some of it to end.",
        NoPlace::All => "Too many viewers play recordings now.",
    };
    Problem::new(ProblemCode::TooManyRequests, detail).retry_after(RETRY_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_session_that_floods_is_told_to_come_back_and_the_next_has_its_places() {
        let answers = FairPlaces::new(PlaceLimits { patience: Duration::from_millis(50), ..ANSWERS });
        let places = PlaybackPlaces { answers, ..PlaybackPlaces::default() };
        let (flood, other) = (SessionId::generate(), SessionId::generate());
        let mut asked = Box::pin(futures::future::join_all((0..500).map(|_| places.answer(flood))));
        assert!(futures::poll!(&mut asked).is_pending(), "those who may wait do");
        let mut held = Vec::new();
        for _ in 0..ANSWERS.share {
            held.push(places.answer(other).await.unwrap());
        }
        let answers = asked.await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), ANSWERS.share);
        let refused = answers.into_iter().find_map(Result::err).unwrap();
        assert_eq!((refused.status, refused.retry_after_s), (429, Some(RETRY_S)));
        assert!(places.playlist(flood).await.is_ok(), "playlists have places of their own");
    }
}
