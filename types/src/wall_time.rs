use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text or number is not a wall time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WallTimeError {
    /// Not RFC 3339.
    #[error("time must be RFC 3339, such as 2026-01-31T12:00:00Z")]
    NotRfc3339,
    /// Before the year 1970 or after the year 9999.
    #[error("time must lie between the years 1970 and 9999")]
    OutOfRange,
}

/// A moment in UTC, in microseconds since 1970-01-01T00:00:00Z, written as RFC 3339 outside the process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, utoipa::ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub struct WallTime(i64);

/// 9999-12-31T23:59:59.999999Z, the last moment RFC 3339 can write.
const LAST_US: i64 = 253_402_300_799_999_999;
const DAY_US: i64 = 86_400_000_000;

impl WallTime {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);
    /// The last moment RFC 3339 can write.
    pub const MAX: Self = Self(LAST_US);

    /// A moment `us` microseconds after 1970; clamped to what RFC 3339 can write.
    pub const fn from_unix_us(us: i64) -> Self {
        if us < 0 {
            Self(0)
        } else if us > LAST_US {
            Self(LAST_US)
        } else {
            Self(us)
        }
    }

    /// Microseconds since 1970.
    pub const fn as_unix_us(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub const fn as_unix_secs(self) -> i64 {
        self.0 / 1_000_000
    }

    /// The time from `earlier` to `self`, or zero when `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        if self.0 <= earlier.0 { Duration::ZERO } else { Duration::from_micros((self.0 - earlier.0) as u64) }
    }

    /// Microseconds from `earlier` to `self`; negative when `earlier` is later.
    pub const fn signed_us_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// This moment shifted by `us` microseconds either way.
    pub const fn offset_us(self, us: i64) -> Self {
        Self::from_unix_us(self.0.saturating_add(us))
    }

    /// Days since 1970-01-01 in UTC: the day part of index partitions.
    pub const fn utc_day(self) -> u32 {
        (self.0 / DAY_US) as u32
    }

    /// The next 00:00 UTC strictly after this moment.
    pub const fn next_utc_midnight(self) -> Self {
        Self::from_unix_us((self.0 / DAY_US + 1) * DAY_US)
    }
}

impl Add<Duration> for WallTime {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        self.offset_us(i64::try_from(rhs.as_micros()).unwrap_or(i64::MAX))
    }
}

impl Sub<Duration> for WallTime {
    type Output = Self;

    fn sub(self, rhs: Duration) -> Self {
        self.offset_us(i64::try_from(rhs.as_micros()).unwrap_or(i64::MAX).saturating_neg())
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Digits and punctuation.
        f.write_str(std::str::from_utf8(&rfc3339(self.0)).unwrap_or_default())
    }
}

impl fmt::Debug for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for WallTime {
    type Err = WallTimeError;

    fn from_str(text: &str) -> Result<Self, WallTimeError> {
        let stamp: jiff::Timestamp = text.parse().map_err(|_| WallTimeError::NotRfc3339)?;
        let us = stamp.as_microsecond();
        if (0..=LAST_US).contains(&us) { Ok(Self(us)) } else { Err(WallTimeError::OutOfRange) }
    }
}

impl Serialize for WallTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&rfc3339(self.0)).unwrap_or_default())
    }
}

/// `us` after 1970, up to the year 9999, as RFC 3339 in UTC. Always six decimals, so that texts sort as times do. Times stand in
/// every answer, and a page of cameras holds hundreds: this takes a tenth of what a general formatter does.
fn rfc3339(us: i64) -> [u8; 27] {
    let (days, of_day) = (us / DAY_US, us % DAY_US);
    // The civil calendar in years that begin on the first of March, so that a leap day is the last of its year (Howard Hinnant,
    // "chrono-compatible low-level date algorithms", civil_from_days); 719,468 days lie between 0000-03-01 and 1970-01-01.
    let since_march = days + 719_468;
    let (era, of_era) = (since_march / 146_097, since_march % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let second = of_day / 1_000_000;
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    for (at, digits, value) in [
        (0, 4, year),
        (5, 2, month),
        (8, 2, day),
        (11, 2, second / 3600),
        (14, 2, second / 60 % 60),
        (17, 2, second % 60),
        (20, 6, of_day % 1_000_000),
    ] {
        let mut rest = value;
        for digit in text[at..at + digits].iter_mut().rev() {
            *digit += (rest % 10) as u8;
            rest /= 10;
        }
    }
    text
}

impl<'de> Deserialize<'de> for WallTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_rfc3339_in_utc_and_reads_any_offset() {
        let time = WallTime::from_unix_us(1_767_225_600_000_000);
        assert_eq!(time.to_string(), "2026-01-01T00:00:00.000000Z");
        assert_eq!("2026-01-01T02:00:00+02:00".parse(), Ok(time));
        assert_eq!("yesterday".parse::<WallTime>(), Err(WallTimeError::NotRfc3339));
    }

    proptest::proptest! {
        #[test]
        fn every_time_is_written_as_the_calendar_library_writes_it(us in 0..=253_402_200_000_000_000_i64) {
            let time = WallTime::from_unix_us(us);
            let stamp = jiff::Timestamp::from_microsecond(us).unwrap();
            proptest::prop_assert_eq!(time.to_string(), format!("{stamp:.6}"));
            proptest::prop_assert_eq!(time.to_string().parse(), Ok(time));
        }
    }

    #[test]
    fn leap_days_and_the_ends_of_years_are_written_as_the_calendar_library_writes_them() {
        for year in [1970, 1972, 1999, 2000, 2100, 2400, 9998] {
            for (month, day) in [(1, 1), (2, 28), (3, 1), (12, 31)] {
                let civil = jiff::civil::date(year, month, day).at(23, 59, 59, 999_999_000);
                let stamp = jiff::tz::Offset::UTC.to_timestamp(civil).unwrap();
                for us in [stamp.as_microsecond(), stamp.as_microsecond() + 1] {
                    let stamp = jiff::Timestamp::from_microsecond(us).unwrap();
                    assert_eq!(WallTime::from_unix_us(us).to_string(), format!("{stamp:.6}"));
                }
            }
        }
    }

    #[test]
    fn midnight_is_strictly_later() {
        let midnight = WallTime::from_unix_us(1_767_225_600_000_000);
        assert_eq!(midnight.next_utc_midnight().since(midnight), Duration::from_secs(86_400));
        assert_eq!(midnight.offset_us(-1).next_utc_midnight(), midnight);
    }
}
