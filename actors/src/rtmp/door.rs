use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use eyrie_types::Secret;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::Publisher;
use super::refused::Refused;

/// Those who wait for the place of the one who publishes.
const WAITING_MAX: usize = 1;

/// Where publishers of one camera come in. Closed, unless its ingest has opened it.
#[derive(Debug)]
pub(crate) struct PublishDoor {
    open: Arc<Mutex<Option<Open>>>,
    /// The place of the one who publishes.
    place: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

#[derive(Debug, Clone)]
struct Open {
    key: Secret,
    /// Tells this opening from a later one.
    way_in: mpsc::Sender<Publisher>,
}

/// The inside of an open door; it closes when this is dropped.
#[derive(Debug)]
pub(crate) struct OpenDoor {
    door: Arc<Mutex<Option<Open>>>,
    way_in: mpsc::Sender<Publisher>,
    come: mpsc::Receiver<Publisher>,
}

/// A place behind the door: whoever has it publishes, alone.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(super) place: OwnedSemaphorePermit,
    way_in: mpsc::Sender<Publisher>,
}

impl Default for PublishDoor {
    fn default() -> Self {
        let (place, waiting) = (Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(WAITING_MAX)));
        Self { open: Arc::default(), place, waiting }
    }
}

impl PublishDoor {
    /// Opens it to whoever knows `key`.
    pub(crate) fn open(&self, key: Secret) -> OpenDoor {
        let (way_in, come) = mpsc::channel(1);
        let open = Open { key, way_in: way_in.clone() };
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(open);
        OpenDoor { door: Arc::clone(&self.open), way_in, come }
    }

    /// Asks for the place with `key`, and waits `patience` for it where somebody else has it.
    pub(super) async fn knock(&self, key: &str, patience: Duration) -> Result<Admission, Refused> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let open = open.filter(|open| verify_slices_are_equal(open.key.expose().as_bytes(), key.as_bytes()).is_ok());
        let way_in = open.ok_or(Refused::BadKey)?.way_in;
        let place = match Arc::clone(&self.place).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => {
                let _turn = self.waiting.try_acquire().map_err(|_| Refused::Busy)?;
                let place = tokio::time::timeout(patience, Arc::clone(&self.place).acquire_owned()).await;
                place.ok().and_then(Result::ok).ok_or(Refused::Busy)?
            }
        };
        Ok(Admission { place, way_in })
    }
}

impl Admission {
    /// Takes the publisher inside; it holds this admission's place.
    pub(super) fn enter(
        publisher: impl FnOnce(OwnedSemaphorePermit) -> Publisher,
        admission: Self,
    ) -> Result<(), Refused> {
        let Self { place, way_in } = admission;
        // Closed meanwhile: the camera is gone, or has another key.
        way_in.try_send(publisher(place)).map_err(|_| Refused::BadKey)
    }
}

impl OpenDoor {
    /// The next publisher.
    pub(crate) async fn next(&mut self) -> Publisher {
        match self.come.recv().await {
            Some(publisher) => publisher,
            // This holds a sender itself.
            None => std::future::pending().await,
        }
    }
}

impl Drop for OpenDoor {
    fn drop(&mut self) {
        let mut open = self.door.lock().unwrap_or_else(PoisonError::into_inner);
        if open.as_ref().is_some_and(|open| open.way_in.same_channel(&self.way_in)) {
            *open = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn only_the_right_key_opens_and_only_while_the_door_is_open() {
        let door = PublishDoor::default();
        assert_eq!(door.knock("key", SOON).await.err(), Some(Refused::BadKey));
        let first = door.open(Secret::new("key"));
        for wrong in ["", "ke", "keyy", "kez"] {
            assert_eq!(door.knock(wrong, SOON).await.err(), Some(Refused::BadKey), "{wrong}");
        }
        assert!(door.knock("key", SOON).await.is_ok());
        let second = door.open(Secret::new("other"));
        drop(first);
        assert_eq!(door.knock("key", SOON).await.err(), Some(Refused::BadKey), "it was changed");
        assert!(door.knock("other", SOON).await.is_ok(), "and the later opening stays");
        drop(second);
        assert_eq!(door.knock("other", SOON).await.err(), Some(Refused::BadKey));
    }

    #[tokio::test]
    async fn one_is_in_one_waits_and_others_are_turned_away() {
        let door = Arc::new(PublishDoor::default());
        let _open = door.open(Secret::new("key"));
        let first = door.knock("key", SOON).await.unwrap();
        assert_eq!(door.knock("key", SOON).await.err(), Some(Refused::Busy), "it stays");
        let waiting = tokio::spawn({
            let door = Arc::clone(&door);
            async move { door.knock("key", Duration::from_secs(60)).await }
        });
        while door.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(door.knock("key", Duration::from_secs(60)).await.err(), Some(Refused::Busy), "nor is there a queue");
        drop(first);
        assert!(waiting.await.unwrap().is_ok());
    }
}
