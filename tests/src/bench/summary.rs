use std::fmt;

/// What several measurements of one thing were: printed as `median (least to most)`, with two digits unless
/// asked otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    sorted: Vec<f64>,
}

impl Summary {
    /// Sums up `values`; those that are no numbers are left out.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        Self { sorted }
    }

    /// The value below which `share` (0 to 1) of all lie, nearest rank; `NaN` without any.
    pub fn quantile(&self, share: f64) -> f64 {
        let last = self.sorted.len().saturating_sub(1);
        let rank = (share * last as f64).round() as usize;
        self.sorted.get(rank.min(last)).copied().unwrap_or(f64::NAN)
    }

    /// The median.
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        let [median, least, most] = [self.median(), self.quantile(0.0), self.quantile(1.0)];
        write!(f, "{median:.digits$} ({least:.digits$} to {most:.digits$})")
    }
}

#[cfg(test)]
mod tests {
    use super::Summary;

    #[test]
    fn spread_is_told_with_the_median() {
        assert_eq!(Summary::of([3.0, 1.0, 2.0, f64::NAN]).to_string(), "2.00 (1.00 to 3.00)");
        assert_eq!(format!("{:.0}", Summary::of([3.0])), "3 (3 to 3)");
        assert!(Summary::of([]).median().is_nan());
    }
}
