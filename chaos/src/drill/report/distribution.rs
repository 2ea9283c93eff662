use serde::{Deserialize, Serialize};

use super::{GapPhases, Round};

/// How the values of something are spread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// Of what, in words.
    pub name: String,
    /// How many values.
    pub count: u64,
    /// Half are no longer, in milliseconds.
    pub p50_ms: u64,
    /// Of a hundred, 95 are no longer.
    pub p95_ms: u64,
    /// Of a hundred, 99 are no longer.
    pub p99_ms: u64,
    /// The longest.
    pub max_ms: u64,
}

impl Distribution {
    /// How `values_ms` are spread; `None` without any.
    pub fn of(name: impl Into<String>, values_ms: impl IntoIterator<Item = u64>) -> Option<Self> {
        let mut sorted: Vec<u64> = values_ms.into_iter().collect();
        sorted.sort_unstable();
        Some(Self {
            name: name.into(),
            count: sorted.len() as u64,
            p50_ms: quantile(&sorted, 50)?,
            p95_ms: quantile(&sorted, 95)?,
            p99_ms: quantile(&sorted, 99)?,
            max_ms: *sorted.last()?,
        })
    }
}

impl Distribution {
    /// How the gaps of `rounds` are spread, and their phases, as far as there are any.
    pub fn of_gaps(rounds: &[Round]) -> Vec<Self> {
        let gaps = || rounds.iter().flat_map(|round| &round.gaps).filter(|gap| gap.lasted_ms > 0);
        let whole = Self::of("gap of a camera", gaps().map(|gap| gap.lasted_ms));
        let phase = |i: usize| {
            let (name, _) = GapPhases::default().named()[i];
            Self::of(name, gaps().filter_map(|gap| gap.phases.named()[i].1))
        };
        let back = Self::of("steady again after the last fault", rounds.iter().filter_map(|round| round.recovered_ms));
        whole.into_iter().chain((0..5).filter_map(phase)).chain(back).collect()
    }
}

/// The least value that `percent` of all do not exceed (nearest rank): one that was measured, never better than the truth.
fn quantile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured_and_never_flatter() {
        let spread = Distribution::of("a", (1..=100).rev()).unwrap();
        assert_eq!((spread.p50_ms, spread.p95_ms, spread.p99_ms, spread.max_ms), (50, 95, 99, 100));
        let two = Distribution::of("a", [7, 1_000]).unwrap();
        assert_eq!((two.p50_ms, two.p95_ms, two.p99_ms, two.max_ms), (7, 1_000, 1_000, 1_000));
        assert_eq!(Distribution::of("a", []), None);
    }
}
