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
        match jiff::Timestamp::from_microsecond(self.0) {
            // Always six decimals, so that texts of equal length sort as times do.
            Ok(stamp) => write!(f, "{stamp:.6}"),
            Err(_) => write!(f, "{}us", self.0),
        }
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
        serializer.collect_str(self)
    }
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

    #[test]
    fn midnight_is_strictly_later() {
        let midnight = WallTime::from_unix_us(1_767_225_600_000_000);
        assert_eq!(midnight.next_utc_midnight().since(midnight), Duration::from_secs(86_400));
        assert_eq!(midnight.offset_us(-1).next_utc_midnight(), midnight);
    }
}
