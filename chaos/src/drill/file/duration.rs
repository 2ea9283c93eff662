use std::time::Duration;

const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads `500ms`, `10s`, `1.5s`, `2m`, `1h`, or several of them as in `1h30m`; `None` when it is none of that.
pub fn duration_of(text: &str) -> Option<Duration> {
    let (mut rest, mut ms, mut last) = (text, 0u64, u64::MAX);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let (_, factor) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
        if factor >= last {
            return None;
        }
        ms = ms.checked_add(millis(number, factor)?)?;
        (rest, last) = (tail, factor);
    }
    (last != u64::MAX).then(|| Duration::from_millis(ms))
}

/// `number`, of at most three digits after its point, times `factor`; `None` when that is no whole number of milliseconds.
fn millis(number: &str, factor: u64) -> Option<u64> {
    let (whole, rest) = match number.split_once('.') {
        Some((whole, rest)) if (1..=3).contains(&rest.len()) => (whole, rest),
        Some(_) => return None,
        None => (number, ""),
    };
    let thousandths: u64 = format!("{rest:0<3}").parse().ok()?;
    let scaled = thousandths.checked_mul(factor)?;
    let whole: u64 = whole.parse().ok()?;
    whole.checked_mul(factor)?.checked_add(scaled.is_multiple_of(1_000).then_some(scaled / 1_000)?)
}

/// Prints what [`duration_of`] reads, in whole milliseconds.
pub fn duration_text(duration: Duration) -> String {
    let mut ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if ms == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, factor) in UNITS {
        let n = ms / factor;
        ms %= factor;
        if n > 0 {
            text.push_str(&format!("{n}{unit}"));
        }
        // 1.5s reads better than 1s500ms.
        if unit == "s" && ms > 0 && n > 0 {
            text.truncate(text.len() - format!("{n}s").len());
            let fraction = format!("{ms:03}");
            text.push_str(&format!("{n}.{}s", fraction.trim_end_matches('0')));
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_back_what_they_print() {
        for text in ["0s", "1ms", "500ms", "1.5s", "10s", "59.999s", "2m", "1h30m", "1h1.05s", "24h", "2m100ms"] {
            assert_eq!(duration_of(text).map(duration_text), Some(text.to_owned()), "{text}");
        }
        assert_eq!(duration_of("0ms"), Some(Duration::ZERO));
        assert_eq!(duration_of("0.5h"), Some(Duration::from_secs(1_800)));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for bad in ["", "10", "s", "1 s", "-1s", "1d", "1s1h", "1s1s", "0.5ms", "1.s", ".5s", "1.2345s", "1e3s", "١s"]
        {
            assert_eq!(duration_of(bad), None, "{bad:?}");
        }
        assert_eq!(duration_of("99999999999999999999h"), None);
        assert_eq!(duration_of("9999999999999999h"), None);
    }
}
