//! What was spent in the last 24 hours, in constant space.
//!
//! Time is cut into hours, and the window holds the last 25 of them: the current one, which is not over, and the 24 before.
//! Whatever was spent at most 24 hours ago is in it, so the sum of any 24 hours stays below a limit that is checked against
//! [`Window::spent`]. What is older counts for at most one hour longer than it must.

use crate::error::overflow;
use crate::fixed::add;
use crate::MathError;

/// Seconds of a bucket.
pub const BUCKET_SECONDS: u64 = 3_600;
/// Hours that are remembered.
pub const BUCKETS: usize = 25;
/// Length of an encoded window: the hour, then amount and count of each bucket.
pub const ENCODED: usize = 8 + BUCKETS * BUCKET;

const BUCKET: usize = 16 + 4;

/// Amounts and their number, by hour.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Window {
    /// Hour of the last change since the epoch; its bucket is `hour % 25`, as that of every hour.
    hour: u64,
    amounts: [i128; BUCKETS],
    counts: [u32; BUCKETS],
}

impl Window {
    /// Nothing was ever spent.
    pub const EMPTY: Window = Window { hour: 0, amounts: [0; BUCKETS], counts: [0; BUCKETS] };

    /// The window as seen at `now`: what has left it is forgotten. A clock that runs backwards forgets nothing.
    #[must_use]
    pub fn at(mut self, now: u64) -> Window {
        let hour = (now / BUCKET_SECONDS).max(self.hour);
        for passed in (self.hour + 1..=hour).take(BUCKETS) {
            let bucket = bucket(passed);
            self.amounts[bucket] = 0;
            self.counts[bucket] = 0;
        }
        self.hour = hour;
        self
    }

    /// Sum of the amounts.
    ///
    /// # Errors
    /// * [`MathError::Overflow`]
    pub fn spent(&self) -> Result<i128, MathError> {
        self.amounts.iter().try_fold(0, |sum, amount| add(sum, *amount))
    }

    /// Number of the amounts.
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    /// Adds an amount to the hour the window stands at.
    ///
    /// # Errors
    /// * [`MathError::Overflow`]
    pub fn spend(&mut self, amount: i128) -> Result<(), MathError> {
        let bucket = bucket(self.hour);
        self.amounts[bucket] = add(self.amounts[bucket], amount)?;
        self.counts[bucket] = self.counts[bucket].checked_add(1).map_or_else(overflow, Ok)?;
        Ok(())
    }

    /// As stored.
    pub fn encode(&self) -> [u8; ENCODED] {
        let mut bytes = [0; ENCODED];
        let (hour, buckets) = bytes.split_at_mut(8);
        hour.copy_from_slice(&self.hour.to_be_bytes());
        let stored = self.amounts.iter().zip(&self.counts);
        for (bytes, (amount, count)) in buckets.chunks_exact_mut(BUCKET).zip(stored) {
            let (first, last) = bytes.split_at_mut(16);
            first.copy_from_slice(&amount.to_be_bytes());
            last.copy_from_slice(&count.to_be_bytes());
        }
        bytes
    }

    /// What [`Self::encode`] stored.
    pub fn decode(bytes: &[u8; ENCODED]) -> Window {
        let mut window = Window::EMPTY;
        let (hour, buckets) = bytes.split_at(8);
        window.hour = hour.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        for (place, bytes) in buckets.chunks_exact(BUCKET).enumerate() {
            let (amount, count) = bytes.split_at(16);
            window.amounts[place] = amount.iter().fold(0, |value, byte| value << 8 | i128::from(*byte));
            window.counts[place] = count.iter().fold(0, |value, byte| value << 8 | u32::from(*byte));
        }
        window
    }
}

fn bucket(hour: u64) -> usize {
    // Below 25.
    usize::try_from(hour % BUCKETS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: u64 = 1_790_000_000;
    const DAY: u64 = 86_400;

    /// Every amount with its time, forever.
    #[derive(Default)]
    struct Model(Vec<(u64, i128)>);

    impl Model {
        fn within(&self, now: u64, hours: u64) -> (i128, u64) {
            let first = (now / 3_600).saturating_sub(hours);
            let kept = self.0.iter().filter(|(at, _)| at / 3_600 >= first);
            kept.fold((0, 0), |(sum, count), (_, amount)| (sum + amount, count + 1))
        }

        fn sum_of(&self, from: u64, to: u64) -> i128 {
            self.0.iter().filter(|(at, _)| (from..to).contains(at)).map(|(_, amount)| amount).sum()
        }
    }

    #[test]
    fn midnight_resets_nothing() {
        let midnight = START - START % DAY + DAY;
        let mut window = Window::EMPTY.at(midnight - 60);
        window.spend(700).unwrap();
        assert_eq!(window.at(midnight + 60).spent(), Ok(700));
        assert_eq!(window.at(midnight + 60).count(), 1);
    }

    #[test]
    fn an_amount_is_gone_after_25_hours_at_most_and_not_before_24() {
        let begin = START - START % 3_600;
        for at in [begin, begin + 1, begin + 3_599] {
            let mut window = Window::EMPTY.at(at);
            window.spend(1).unwrap();
            assert_eq!(window.at(at + DAY).spent(), Ok(1));
            assert_eq!(window.at(begin + 25 * 3_600 - 1).spent(), Ok(1));
            assert_eq!(window.at(begin + 25 * 3_600).spent(), Ok(0));
            assert_eq!(window.at(at + 365 * DAY).spent(), Ok(0));
        }
    }

    #[test]
    fn hundreds_of_amounts_in_an_hour_are_stored() {
        let mut window = Window::EMPTY.at(START);
        (0..300).for_each(|_| window.spend(1).unwrap());
        assert_eq!(Window::decode(&window.encode()).count(), 300);
    }

    #[test]
    fn overflow_is_an_error_and_changes_nothing() {
        let mut window = Window::EMPTY.at(START);
        window.spend(i128::MAX).unwrap();
        let before = window;
        assert_eq!(window.spend(1), Err(MathError::Overflow));
        assert_eq!(window, before);
        let mut next = window.at(START + 3_600);
        next.spend(1).unwrap();
        assert_eq!(next.spent(), Err(MathError::Overflow));
    }

    #[test]
    fn a_clock_that_runs_backwards_forgets_nothing() {
        let mut window = Window::EMPTY.at(START);
        window.spend(5).unwrap();
        assert_eq!(window.at(START - 40 * DAY), window);
        assert_eq!(window.at(0).spent(), Ok(5));
    }

    proptest! {
        #[test]
        fn equals_a_model_that_remembers_everything(
            stream in prop::collection::vec((0u64..20_000, 0i128..1_000_000_000_000), 1..120),
        ) {
            let (mut now, mut window, mut model) = (START, Window::EMPTY, Model::default());
            for (pause, amount) in stream {
                now += pause;
                window = Window::decode(&window.at(now).encode());
                window.spend(amount).unwrap();
                model.0.push((now, amount));
                prop_assert_eq!((window.spent().unwrap(), window.count()), model.within(now, 24));
            }
        }

        #[test]
        fn no_24_hours_exceed_a_limit_that_was_checked(
            stream in prop::collection::vec((0u64..15_000, 0i128..400), 1..200),
        ) {
            const LIMIT: i128 = 1_000;
            let (mut now, mut window, mut model) = (START, Window::EMPTY, Model::default());
            for (pause, amount) in stream {
                now += pause;
                window = window.at(now);
                if window.spent().unwrap() + amount <= LIMIT {
                    window.spend(amount).unwrap();
                    model.0.push((now, amount));
                }
            }
            for (at, _) in &model.0 {
                prop_assert!(model.sum_of(*at, at + DAY) <= LIMIT);
                prop_assert!(model.sum_of(at.saturating_sub(DAY - 1), at + 1) <= LIMIT);
            }
        }

        #[test]
        fn encoding_loses_nothing(
            stream in prop::collection::vec((0u64..90_000, any::<i64>()), 0..60),
        ) {
            let (mut now, mut window) = (START, Window::EMPTY);
            for (pause, amount) in stream {
                now += pause;
                window = window.at(now);
                window.spend(i128::from(amount)).unwrap();
            }
            prop_assert_eq!(Window::decode(&window.encode()), window);
        }
    }
}
