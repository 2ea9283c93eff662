use std::time::Duration;

use eyrie_types::{Monotonic, WallTime};

/// How far the wall clock may run ahead of what is expected of it before ages are no longer told by it: more than a leap second, a
/// slewed clock or a suspended machine's usual nap, less than any rule of retention spares.
const AHEAD_MAX: Duration = Duration::from_secs(3600);
/// How long a node may have been off for its first look at the clock to be believed.
const OFF_MAX: Duration = Duration::from_secs(30 * 86_400);

/// By what time recordings are old. A wall clock that jumps years ahead must not make all of them so: from the first look on, time
/// passes as the monotonic clock says. What this holds back goes by the rules after the next start.
#[derive(Debug, Clone, Copy)]
pub(super) struct AgeClock {
    anchor: WallTime,
    at: Monotonic,
}

impl AgeClock {
    /// A first look at both clocks, of a node that was last alive at `last_alive`.
    pub(super) fn new(wall: WallTime, at: Monotonic, last_alive: Option<WallTime>) -> Self {
        let anchor = last_alive.map_or(wall, |alive| wall.clamp(alive, alive + OFF_MAX));
        Self { anchor, at }
    }

    /// The moment that ages are told by, and how far the wall clock is ahead of it.
    pub(super) fn now(&self, wall: WallTime, at: Monotonic) -> (WallTime, Duration) {
        let expected = self.anchor + at.since(self.at);
        let ahead = wall.since(expected);
        if ahead > AHEAD_MAX { (expected, ahead) } else { (wall, Duration::ZERO) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn at(s: u64) -> Monotonic {
        Monotonic::from_start(Duration::from_secs(s))
    }

    fn noon() -> WallTime {
        WallTime::from_unix_us(1_769_860_800_000_000)
    }

    #[test]
    fn a_clock_that_keeps_time_is_believed_and_one_that_is_set_back_too() {
        let clock = AgeClock::new(noon(), at(5), Some(noon() - DAY));
        assert_eq!(clock.now(noon() + DAY, at(5 + 86_400)), (noon() + DAY, Duration::ZERO));
        assert_eq!(clock.now(noon() - DAY, at(6)), (noon() - DAY, Duration::ZERO));
    }

    #[test]
    fn a_clock_that_jumps_years_ahead_makes_nothing_old() {
        let clock = AgeClock::new(noon(), at(0), None);
        let years = DAY * 3650;
        assert_eq!(
            clock.now(noon() + years, at(60)),
            (noon() + Duration::from_secs(60), years - Duration::from_secs(60))
        );
    }

    #[test]
    fn a_start_years_after_the_last_sign_of_life_makes_nothing_old_and_one_after_a_week_does() {
        let alive = noon() - DAY * 7;
        assert_eq!(AgeClock::new(noon(), at(0), Some(alive)).now(noon(), at(0)).0, noon());
        let alive = noon() - DAY * 3650;
        assert_eq!(AgeClock::new(noon(), at(0), Some(alive)).now(noon(), at(0)).0, alive + OFF_MAX);
    }
}
