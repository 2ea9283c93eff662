use std::sync::Arc;
use std::time::Duration;

use eyrie_types::ProblemCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Problem;

/// Segments on their way to players at the same time. A player has one or two; each holds up to three fragments in memory (a
/// fragment of 4 Mbit/s has 500 kB), which makes about 100 MB.
const ANSWERS_MAX: usize = 64;
/// Playlists made at the same time: one of 24 h holds 86,400 entries, some 15 MB.
const PLAYLISTS_MAX: usize = 8;
/// How long a request waits for its place: a page with many cameras asks for all of their playlists at once.
const PATIENCE: Duration = Duration::from_secs(5);
/// When to come back after that: segments take about a second.
const RETRY_S: u32 = 2;

/// Room for viewers of recordings.
#[derive(Debug)]
pub(crate) struct PlaybackPlaces {
    answers: Arc<Semaphore>,
    playlists: Arc<Semaphore>,
    patience: Duration,
}

impl Default for PlaybackPlaces {
    fn default() -> Self {
        Self {
            answers: Arc::new(Semaphore::new(ANSWERS_MAX)),
            playlists: Arc::new(Semaphore::new(PLAYLISTS_MAX)),
            patience: PATIENCE,
        }
    }
}

impl PlaybackPlaces {
    /// A place for a segment, kept until its last byte is on its way.
    ///
    /// # Errors
    /// 429 when none becomes free.
    pub(crate) async fn answer(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.place(&self.answers, "segment").await
    }

    /// A place for a playlist, kept while it is made.
    ///
    /// # Errors
    /// 429 when none becomes free.
    pub(crate) async fn playlist(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.place(&self.playlists, "playlist").await
    }

    async fn place(&self, places: &Arc<Semaphore>, what: &'static str) -> Result<OwnedSemaphorePermit, Problem> {
        match tokio::time::timeout(self.patience, Arc::clone(places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            _ => {
                metrics::counter!("eyrie_playback_refused_total", "what" => what).increment(1);
                let detail = "Too many viewers play recordings now.";
                Err(Problem::new(ProblemCode::TooManyRequests, detail).retry_after(RETRY_S))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn beyond_the_limit_viewers_are_told_to_come_back_and_a_free_place_is_given_on() {
        let places = PlaybackPlaces { patience: Duration::from_millis(10), ..PlaybackPlaces::default() };
        let mut taken = Vec::new();
        for _ in 0..ANSWERS_MAX {
            taken.push(places.answer().await.unwrap());
        }
        let refused = places.answer().await.unwrap_err();
        assert_eq!((refused.status, refused.retry_after_s), (429, Some(RETRY_S)));
        assert!(places.playlist().await.is_ok(), "playlists have places of their own");
        taken.pop();
        assert!(places.answer().await.is_ok());
    }
}
