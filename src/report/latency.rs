//! Durations → their count, percentiles and maximum, in bounded memory.

use crate::time::Lapse;
use hdrhistogram::Histogram;

/// A distribution of durations in microseconds, to three digits.
#[derive(Clone, Debug, Default)]
pub struct Latency {
    /// `None` until there is a value: empty histograms of three digits take 8 kB. Its counts
    /// are small, so that more of them stay in the cache; each stops at [`u32::MAX`].
    times: Option<Histogram<u32>>,
    max: u64,
}

impl Latency {
    /// Counts one duration; a negative one counts as none.
    pub(super) fn add(&mut self, lapse: Lapse) {
        let micros = u64::try_from(lapse.micros()).unwrap_or(0);
        self.max = self.max.max(micros);
        if self.times.is_none() {
            self.times = Histogram::new(3).ok();
        }
        if let Some(times) = &mut self.times {
            // It cannot fail: the histogram grows up to u64::MAX.
            let _ = times.record(micros);
        }
    }

    /// Adds what another part of the run counted.
    pub(super) fn merge(&mut self, other: &Self) {
        self.max = self.max.max(other.max);
        match (&mut self.times, &other.times) {
            (Some(times), Some(others)) => {
                // It cannot fail: the histogram grows up to u64::MAX.
                let _ = times.add(others);
            }
            (empty @ None, Some(others)) => *empty = Some(others.clone()),
            (_, None) => {}
        }
    }

    /// How many durations were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.times.as_ref().map_or(0, Histogram::len)
    }

    /// The longest, in microseconds, exactly.
    #[must_use]
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The duration in microseconds that the share `q` (0 to 1) of all does not exceed, to
    /// three digits.
    #[must_use]
    pub fn quantile(&self, q: f64) -> u64 {
        self.times.as_ref().map_or(0, |times| times.value_at_quantile(q)).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_values_and_max_is_exact() {
        let mut times = Latency::default();
        assert_eq!((times.count(), times.quantile(0.5), times.max()), (0, 0, 0));
        for micros in 1..=100 {
            times.add(Lapse::from_nanos(micros * 1000));
        }
        assert_eq!([0.5, 0.9, 0.99].map(|q| times.quantile(q)), [50, 90, 99]);
        times.add(Lapse::from_nanos(1_234_567_891_000));
        assert_eq!((times.max(), times.quantile(1.0)), (1_234_567_891, 1_234_567_891));
        times.add(Lapse::from_nanos(i64::MAX));
        times.add(Lapse::from_nanos(-5));
        assert_eq!((times.count(), times.quantile(0.0)), (103, 0));
    }
}
