//! Percentiles.

use std::time::Duration;

/// How long many single calls took.
#[derive(Default)]
pub struct Times(Vec<Duration>);

impl Times {
    /// One more.
    pub fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// Those of another.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Half of them took no longer.
    pub fn median(&self) -> Duration {
        self.percentile(50)
    }

    /// 99 of 100 took no longer.
    pub fn p99(&self) -> Duration {
        self.percentile(99)
    }

    fn percentile(&self, share: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() * share / 100).or(sorted.last()).copied().unwrap_or_default()
    }
}

/// In microseconds, with what is below them.
pub fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
