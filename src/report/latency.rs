//! Durations → their count, percentiles and maximum, in bounded memory.

use crate::time::Lapse;

/// A distribution of durations in microseconds, to three digits.
#[derive(Clone, Debug, Default)]
pub struct Latency {
    /// How many durations have each [`class`], as far as there are any. They are small, so that
    /// more of them stay in the cache; each stops at [`u32::MAX`].
    classes: Vec<u32>,
    /// Classes of durations that are not counted in `classes` yet: those are all over the memory,
    /// and of many at once it is waited for together.
    waiting: Vec<u32>,
    count: u64,
    max: u64,
}

/// Durations that may wait to be counted.
const WAITING: usize = 1024;

/// Classes that are summed up at once.
const PAGE: usize = 64;

/// The same to a thirtieth, and in as little memory as there may be many of.
#[derive(Clone, Debug, Default)]
pub struct Coarse {
    /// How many durations have each [`class`] of [`FEW`], as far as there are any.
    classes: Vec<u32>,
    count: u64,
    max: u64,
}

/// Values in each range of classes of [`Coarse`].
const FEW: usize = 32;

/// Values in each range of classes: those of the first ranges are exact, then each has classes
/// twice as wide as the one before.
const RANGE: usize = 1024;

/// Classes of durations of up to a minute.
const MINUTE_CLASSES: usize = 17 * RANGE;

/// The class of a duration: those that are the same to three digits, as an HDR histogram has
/// them, have the same.
#[inline]
// Shifted, it is less than two ranges.
#[allow(clippy::cast_possible_truncation)]
const fn class<const RANGE: usize>(micros: u64) -> usize {
    let width = width::<RANGE>(micros);
    ((micros >> width) as usize) + width as usize * RANGE
}

/// How wide the class of a duration is, as a power of two.
#[inline]
const fn width<const RANGE: usize>(micros: u64) -> u32 {
    (micros | (2 * RANGE as u64 - 1)).ilog2() - RANGE.ilog2()
}

/// The least duration of a class.
const fn least<const RANGE: usize>(class: usize) -> u64 {
    let width = (class / RANGE).saturating_sub(1);
    ((class - width * RANGE) as u64) << width
}

/// The longest duration of a class.
const fn most<const RANGE: usize>(class: usize) -> u64 {
    least::<RANGE>(class + 1) - 1
}

/// `lapse` in microseconds; a negative one counts as none.
#[inline]
pub(super) fn micros(lapse: Lapse) -> u64 {
    lapse.nanos().max(0).cast_unsigned() / 1000
}

impl Latency {
    /// Counts one duration; a negative one counts as none.
    #[inline]
    pub(super) fn add(&mut self, lapse: Lapse) {
        self.add_micros(micros(lapse));
    }

    /// The same, of so many microseconds.
    #[inline]
    pub(super) fn add_micros(&mut self, micros: u64) {
        self.max = self.max.max(micros);
        self.count += 1;
        // No class has a number that is larger.
        #[allow(clippy::cast_possible_truncation)]
        self.waiting.push(class::<RANGE>(micros) as u32);
        if self.waiting.len() >= WAITING {
            self.settle();
        }
    }

    /// Counts what waits.
    #[inline(never)]
    pub(super) fn settle(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        let highest = waiting.iter().copied().max().unwrap_or(0) as usize;
        if highest >= self.classes.len() {
            self.grow(highest);
        }
        // Nothing else in this loop: the shorter it is, the more of it is waited for at once.
        for &class in &waiting {
            if let Some(count) = self.classes.get_mut(class as usize) {
                *count = count.saturating_add(1);
            }
        }
        waiting.clear();
        self.waiting = waiting;
    }

    /// Makes place for `class`.
    #[cold]
    fn grow(&mut self, class: usize) {
        // Room for a minute at once: it is not moved then. What is not used takes no memory.
        self.classes.reserve(MINUTE_CLASSES.saturating_sub(self.classes.len()));
        self.classes.resize((class + 1).next_multiple_of(RANGE), 0);
    }

    /// Adds what another part of the run counted.
    pub(super) fn merge(&mut self, other: Self) {
        // The first part of a run.
        if self.count == 0 {
            *self = other;
            self.settle();
            return;
        }
        self.settle();
        self.max = self.max.max(other.max);
        self.count += other.count;
        if other.classes.len() > self.classes.len() {
            self.grow(other.classes.len() - 1);
        }
        for (own, times) in self.classes.iter_mut().zip(&other.classes) {
            *own = own.saturating_add(*times);
        }
        self.waiting.extend(other.waiting);
        self.settle();
    }

    /// How many durations were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The longest, in microseconds, exactly.
    #[must_use]
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The durations in microseconds that the shares `q` (0 to 1) of all do not exceed, to
    /// three digits.
    #[must_use]
    pub fn quantiles<const N: usize>(&self, shares: [f64; N]) -> [u64; N] {
        if !self.waiting.is_empty() {
            let mut settled = self.clone();
            settled.settle();
            return settled.quantiles(shares);
        }
        let sum = |counts: &[u32]| counts.iter().map(|&count| u64::from(count)).sum::<u64>();
        let pages = (0..).step_by(PAGE).zip(self.classes.chunks(PAGE));
        let pages: Vec<_> = pages.map(|(first, page)| (first, page, sum(page))).collect();
        let of = |share: f64| {
            // Of so many durations that it matters no share is asked so exactly.
            #[allow(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss
            )]
            let wanted = ((share * self.count as f64).ceil() as u64).max(1);
            let mut seen = 0;
            let (first, page) = pages.iter().find_map(|&(first, page, sum)| {
                let is_within = seen + sum >= wanted;
                seen += if is_within { 0 } else { sum };
                is_within.then_some((first, page))
            })?;
            let at = page.iter().position(|&count| {
                seen += u64::from(count);
                seen >= wanted
            })?;
            let class = first + at;
            Some(if share > 0.0 { most::<RANGE>(class) } else { least::<RANGE>(class) })
        };
        shares.map(|share| of(share).unwrap_or(self.max).min(self.max))
    }
}

impl Coarse {
    /// Counts one duration; a negative one counts as none.
    #[inline]
    #[cfg(test)]
    fn add(&mut self, lapse: Lapse) {
        self.add_micros(micros(lapse));
    }

    /// Counts one of so many microseconds.
    #[inline]
    pub(super) fn add_micros(&mut self, micros: u64) {
        self.max = self.max.max(micros);
        self.count += 1;
        self.add_to(class::<FEW>(micros), 1);
    }

    #[inline]
    fn add_to(&mut self, class: usize, times: u32) {
        match self.classes.get_mut(class) {
            Some(count) => *count = count.saturating_add(times),
            None => self.open(class, times),
        }
    }

    /// Makes place for `class`, which had none.
    #[cold]
    #[inline(never)]
    fn open(&mut self, class: usize, times: u32) {
        self.classes.resize((class + 1).next_multiple_of(FEW), 0);
        if let Some(count) = self.classes.get_mut(class) {
            *count = times;
        }
    }

    /// Adds what another part of the run counted.
    pub(super) fn merge(&mut self, other: &Self) {
        self.max = self.max.max(other.max);
        self.count += other.count;
        for (class, &times) in other.classes.iter().enumerate().filter(|&(_, &times)| times > 0) {
            self.add_to(class, times);
        }
    }

    /// Adds what was counted more exactly.
    pub(super) fn merge_fine(&mut self, other: &Latency) {
        let mut other = other.clone();
        other.settle();
        self.max = self.max.max(other.max);
        self.count += other.count;
        for (at, &times) in other.classes.iter().enumerate().filter(|&(_, &times)| times > 0) {
            self.add_to(class::<FEW>(least::<RANGE>(at)), times);
        }
    }

    /// Takes away what is counted elsewhere, too. Of what is left the longest is then known no
    /// better than its class.
    pub(super) fn without(&mut self, other: &Self) {
        self.count = self.count.saturating_sub(other.count);
        for (own, times) in self.classes.iter_mut().zip(&other.classes) {
            *own = own.saturating_sub(*times);
        }
        let highest = self.classes.iter().rposition(|&times| times > 0);
        self.max = highest.map_or(0, |class| most::<FEW>(class).min(self.max));
    }

    /// How many durations were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The longest, in microseconds.
    #[must_use]
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The durations in microseconds that so many percent of all do not exceed, to a thirtieth.
    #[must_use]
    pub fn percentiles<const N: usize>(&self, percent: [u64; N]) -> [u64; N] {
        percent.map(|percent| {
            let wanted = self.count.saturating_mul(percent).div_ceil(100).max(1);
            let mut seen = 0;
            let class = self.classes.iter().position(|&count| {
                seen += u64::from(count);
                seen >= wanted
            });
            class.map_or(self.max, |class| most::<FEW>(class).min(self.max))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::Histogram;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn quantiles_are_those_of_the_values_and_max_is_exact() {
        let mut times = Latency::default();
        assert_eq!((times.count(), times.quantiles([0.5]), times.max()), (0, [0], 0));
        for micros in 1..=100 {
            times.add(Lapse::from_nanos(micros * 1000));
        }
        assert_eq!(times.quantiles([0.5, 0.9, 0.99]), [50, 90, 99]);
        times.add(Lapse::from_nanos(1_234_567_891_000));
        assert_eq!((times.max(), times.quantiles([1.0])), (1_234_567_891, [1_234_567_891]));
        times.add(Lapse::from_nanos(i64::MAX));
        times.add(Lapse::from_nanos(-5));
        assert_eq!((times.count(), times.quantiles([0.0])), (103, [0]));
    }

    #[test]
    fn what_is_coarse_can_be_put_together_and_taken_apart() {
        let (mut all, mut some, mut fine) =
            (Coarse::default(), Coarse::default(), Latency::default());
        assert_eq!((all.count(), all.percentiles([50]), all.max()), (0, [0], 0));
        for micros in 1..=1000 {
            let lapse = Lapse::from_nanos(micros * 1_000_000);
            all.add(lapse);
            fine.add(lapse);
            if micros > 900 {
                some.add(lapse);
            }
        }
        let [p50, p99] = all.percentiles([50, 99]);
        assert!((500_000..516_700).contains(&p50) && (990_000..=1_000_000).contains(&p99));
        let mut other = Coarse::default();
        other.merge_fine(&fine);
        assert_eq!((&other.classes, other.max(), other.count()), (&all.classes, 1_000_000, 1000));
        all.without(&some);
        assert!(all.count() == 900 && (900_000..931_000).contains(&all.max()), "{}", all.max());
        all.merge(&some);
        assert_eq!((&all.classes, all.max()), (&other.classes, 1_000_000));
    }

    proptest! {
        #[test]
        fn classes_are_those_of_a_histogram(
            values in vec((any::<u64>(), 0u32..64).prop_map(|(value, bits)| value >> bits), 1..50),
            cut in 0usize..50,
        ) {
            let mut histogram = Histogram::<u32>::new(3).unwrap();
            let (mut times, mut others) = (Latency::default(), Latency::default());
            for (n, &value) in values.iter().enumerate() {
                let micros = value % (u64::MAX / 2000);
                let part = if n < cut { &mut times } else { &mut others };
                part.add(Lapse::from_nanos(micros.cast_signed() * 1000));
                histogram.record(micros).unwrap();
                prop_assert_eq!(least::<RANGE>(class::<RANGE>(micros)), histogram.lowest_equivalent(micros));
            }
            times.merge(others);
            prop_assert_eq!(times.count(), histogram.len());
            for q in [0.0, 0.1, 0.5, 0.9, 0.99, 1.0] {
                let expected = histogram.value_at_quantile(q).min(times.max());
                prop_assert_eq!(times.quantiles([q]), [expected]);
            }
        }
    }
}
