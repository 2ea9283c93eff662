use std::fmt;
use std::str::FromStr;

/// A share of a whole in hundredths of a percent, from 0 to 100 %. Read from `99.9%`, printed the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u16);

impl Percent {
    /// All of it.
    pub const WHOLE: Self = Self(10_000);

    /// So many hundredths of a percent; more than all is all.
    pub const fn hundredths(n: u16) -> Self {
        if n > Self::WHOLE.0 { Self::WHOLE } else { Self(n) }
    }

    /// The share of `part` in `whole`, rounded down, so that one failure among a million never reads as 100 %. Nothing of nothing
    /// is all of it.
    pub fn of(part: u64, whole: u64) -> Self {
        let share = (u128::from(part) * 10_000).checked_div(u128::from(whole)).unwrap_or(10_000);
        Self(u16::try_from(share.min(10_000)).unwrap_or(10_000))
    }

    /// Hundredths of a percent.
    pub const fn as_hundredths(self) -> u16 {
        self.0
    }

    /// This share of `n`, rounded down.
    pub fn share_of(self, n: u64) -> u64 {
        u64::try_from(u128::from(n) * u128::from(self.0) / 10_000).unwrap_or(u64::MAX)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 100, self.0 % 100);
        match (rest, rest % 10) {
            (0, _) => write!(f, "{whole}%"),
            (_, 0) => write!(f, "{whole}.{}%", rest / 10),
            _ => write!(f, "{whole}.{rest:02}%"),
        }
    }
}

impl FromStr for Percent {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WANTED: &str = "a share from 0% to 100% with at most two digits after the point, such as 99.9%";
        let number = text.strip_suffix('%').ok_or(WANTED)?.trim_end();
        let (whole, rest) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str, most: usize| {
            let good = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            good.then(|| text.parse::<u16>().ok()).flatten().ok_or(WANTED)
        };
        let tens = if rest.len() == 1 { 10 } else { 1 };
        let hundredths = digits(whole, 3)? * 100 + digits(rest, 2)? * tens;
        if hundredths <= Self::WHOLE.0 { Ok(Self(hundredths)) } else { Err(WANTED) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_read_back_what_they_print() {
        for text in ["0%", "0.05%", "0.5%", "50%", "99.9%", "99.99%", "100%"] {
            assert_eq!(text.parse::<Percent>().map(|share| share.to_string()), Ok(text.to_owned()));
        }
        for bad in ["", "%", "50", "101%", "100.01%", "-1%", "1.234%", "1.%", ".5%", "+5%", "1e1%", "9999999%"] {
            assert!(bad.parse::<Percent>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn one_failure_among_many_is_not_all_of_them() {
        assert_eq!(Percent::of(999_999, 1_000_000).to_string(), "99.99%");
        assert_eq!(Percent::of(7, 7), Percent::WHOLE);
        assert_eq!(Percent::of(0, 0), Percent::WHOLE);
        assert_eq!(Percent::of(u64::MAX, 1), Percent::WHOLE);
        assert_eq!(Percent::hundredths(5_000).share_of(7), 3);
    }
}
