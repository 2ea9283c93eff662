use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use eyrie_types::WallTime;

use crate::drill::report::Worst;

/// How old the newest live picture of each camera was, by the cameras' names.
#[derive(Debug, Default)]
pub(crate) struct Ages(Mutex<BTreeMap<String, Age>>);

/// What was seen of a camera.
#[derive(Debug, Clone, Copy)]
struct Age {
    /// When its newest picture was made.
    made: WallTime,
    /// The longest time in which the newest picture was older than allowed.
    outage: Duration,
}

impl Ages {
    /// A picture of `camera`, made at `made`, was seen at `now`.
    pub(crate) fn saw(&self, camera: &str, made: WallTime, now: WallTime, age: Duration) {
        let mut cameras = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = cameras.get(camera).map(|seen| seen.at(age, now));
        // Another node may be a part behind.
        let made = before.map_or(made, |before| before.made.max(made));
        let outage = before.map_or(Duration::ZERO, |before| before.outage);
        cameras.insert(camera.to_owned(), Age { made, outage });
    }

    /// The longest time in which a camera's newest picture was older than `age`, of all cameras, in milliseconds, at `now`; `None`
    /// where none was looked at.
    pub(crate) fn worst(&self, age: Duration, now: WallTime) -> Option<Worst> {
        let cameras = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (outage, camera) = cameras.iter().map(|(camera, seen)| (seen.at(age, now).outage, camera)).max()?;
        Some(Worst { measured: outage.as_millis() as u64, text: camera.clone() })
    }
}

impl Age {
    /// The same, looked at `now`.
    fn at(self, age: Duration, now: WallTime) -> Self {
        Self { outage: self.outage.max(now.since(self.made + age)), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn an_outage_lasts_from_when_the_newest_picture_is_too_old_until_a_fresh_one() {
        let (ages, start) = (Ages::default(), WallTime::from_unix_us(1_000_000_000));
        let age = 4 * SECOND;
        ages.saw("cam0", start, start, age);
        ages.saw("cam0", start + 3 * SECOND, start + 3 * SECOND, age);
        assert_eq!(ages.worst(age, start + 7 * SECOND).unwrap().measured, 0);
        // Ten seconds later: six of them without a fresh one.
        ages.saw("cam0", start + 13 * SECOND, start + 13 * SECOND, age);
        let worst = ages.worst(age, start + 13 * SECOND).unwrap();
        assert_eq!((worst.measured, worst.text.as_str()), (6_000, "cam0"));
        // One that is old itself ends nothing.
        ages.saw("cam1", start, start, age);
        ages.saw("cam1", start + SECOND, start + 9 * SECOND, age);
        assert_eq!(ages.worst(age, start + 15 * SECOND).unwrap(), Worst { measured: 10_000, text: "cam1".to_owned() });
    }

    #[test]
    fn nothing_looked_at_is_nothing_measured() {
        assert_eq!(Ages::default().worst(SECOND, WallTime::EPOCH), None);
    }
}
