use std::collections::VecDeque;
use std::time::Duration;

/// Intervals remembered: about 6 s of heartbeats, so that a machine that becomes slow is learnt within seconds.
const INTERVALS: usize = 32;
/// Least deviation assumed, so that a very regular peer is not suspected for one late packet.
const DEVIATION_MIN_S: f64 = 0.05;

/// How unlikely a silence is, from the intervals seen before (Hayashibara et al., "The φ accrual failure detector", 2004).
#[derive(Debug, Clone, Default)]
pub struct Phi {
    intervals: VecDeque<Duration>,
}

impl Phi {
    /// One more interval between two heartbeats.
    pub fn push(&mut self, interval: Duration) {
        if self.intervals.len() == INTERVALS {
            self.intervals.pop_front();
        }
        self.intervals.push_back(interval);
    }

    /// φ = −log₁₀ of the probability that a live peer is silent for `silence`; `usual` is the interval assumed before any was seen.
    pub fn value(&self, silence: Duration, usual: Duration) -> f64 {
        let seconds = || self.intervals.iter().map(Duration::as_secs_f64);
        let count = self.intervals.len() as f64;
        let (mean, deviation) = if self.intervals.is_empty() {
            (usual.as_secs_f64(), usual.as_secs_f64())
        } else {
            let mean = seconds().sum::<f64>() / count;
            (mean, (seconds().map(|s| (s - mean).powi(2)).sum::<f64>() / count).sqrt())
        };
        // The logistic approximation of the normal distribution's tail, as Akka and Cassandra use it.
        let y = (silence.as_secs_f64() - mean) / deviation.max(DEVIATION_MIN_S);
        let e = (-y * (1.5976 + 0.070_566 * y * y)).exp();
        if y > 0.0 { -(e / (1.0 + e)).log10() } else { -(1.0 - 1.0 / (1.0 + e)).log10() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_irregular_peer_is_given_more_time() {
        let ms = Duration::from_millis;
        let (mut regular, mut irregular) = (Phi::default(), Phi::default());
        for n in 0..INTERVALS as u64 {
            regular.push(ms(200));
            irregular.push(ms(if n % 2 == 0 { 50 } else { 600 }));
        }
        let usual = ms(200);
        assert!(regular.value(ms(200), usual) < 1.0);
        assert!(regular.value(ms(800), usual) > 8.0);
        assert!(irregular.value(ms(800), usual) < 3.0);
        assert!(irregular.value(ms(2_500), usual) > 8.0);
    }
}
