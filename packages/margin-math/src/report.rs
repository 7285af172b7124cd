//! What publishers observe, and when enough of them have: the median of differing values.

use crate::oracle::{lower_median, Enclosed, UNPRICED};

/// Most publishers.
pub const MAX_PUBLISHERS: usize = 10;
/// Most assets of one report.
pub const MAX_REPORTED: u32 = 32;
/// How far publishers' clocks may be ahead of the ledger's, seconds.
pub const MAX_AHEAD: u64 = 10;
/// Age after which an observation is too old to be submitted, seconds.
pub const MAX_DELAY: u64 = 60;
/// Longest time between the observations of one report, seconds.
pub const MAX_SPREAD: u64 = 30;

/// How many of `publishers` must sign: `quorum`, and never fewer than `2f + 1` where `f` is what `3f + 1 <= publishers`
/// tolerates, so that the median of any signing set lies between honest values.
pub fn threshold(publishers: u32, quorum: u32) -> u32 {
    quorum.max(publishers.saturating_sub(1) / 3 * 2 + 1)
}

/// When the publishers of a report observed, unix seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Observed {
    /// First of them.
    pub earliest: u64,
    /// Last of them.
    pub latest: u64,
}

impl Observed {
    /// Nobody yet.
    pub const NEVER: Self = Self { earliest: u64::MAX, latest: 0 };

    /// With one more.
    pub fn and(self, at: u64) -> Self {
        Self { earliest: self.earliest.min(at), latest: self.latest.max(at) }
    }

    /// Whether they observed together, and just now. Limits are inclusive.
    pub fn timely(&self, now: u64) -> bool {
        self.latest <= now.saturating_add(MAX_AHEAD)
            && now.saturating_sub(self.earliest) <= MAX_DELAY
            && self.latest.saturating_sub(self.earliest) <= MAX_SPREAD
    }
}

/// The lower median of the positive ones among `values`, if there are at least `least`.
pub fn median(values: [i128; MAX_PUBLISHERS], least: u32) -> Option<i128> {
    let mut count = 0;
    let mut positive = [UNPRICED; MAX_PUBLISHERS];
    for value in values.into_iter().filter(|value| *value > 0) {
        positive[count] = Enclosed { floor: value, ceil: value };
        count += 1;
    }
    (count >= least.max(1) as usize).then(|| lower_median(&mut positive, count).floor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of<'a>(values: impl IntoIterator<Item = &'a i128>, least: u32) -> Option<i128> {
        let mut padded = [0; MAX_PUBLISHERS];
        padded.iter_mut().zip(values).for_each(|(place, value)| *place = *value);
        median(padded, least)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// P2 for publishers: whatever `f` of `3f + 1` say, the median of any signing set lies between honest values.
        #[test]
        fn p2_the_median_of_a_signing_set_lies_between_honest_values(
            n in 1_usize..=MAX_PUBLISHERS,
            honest in prop::collection::vec(99_i128..=101, MAX_PUBLISHERS),
            corrupt in prop::collection::vec(prop_oneof![Just(1_i128), Just(i128::MAX), 1_i128..1_000], MAX_PUBLISHERS),
            quorum in 1_u32..=10,
        ) {
            let m = threshold(n as u32, quorum).min(n as u32) as usize;
            let f = (n - 1) / 3;
            let values = corrupt.iter().take(f.min(m)).chain(honest.iter().take(m - f.min(m)));
            let median = of(values, m as u32).unwrap();
            prop_assert!((99..=101).contains(&median));
        }

        #[test]
        fn p1_the_median_does_not_depend_on_the_order(mut values in prop::collection::vec(1_i128..1_000, 1..=MAX_PUBLISHERS)) {
            let before = of(&values, 1);
            values.reverse();
            prop_assert_eq!(of(&values, 1), before);
            values.sort_unstable();
            prop_assert_eq!(before, Some(values[(values.len() - 1) / 2]));
        }
    }

    #[test]
    fn p20_the_threshold_is_at_least_two_f_plus_one() {
        let thresholds: Vec<_> = (1..=10).map(|publishers| threshold(publishers, 1)).collect();
        assert_eq!(thresholds, [1, 1, 1, 3, 3, 3, 5, 5, 5, 7]);
        assert_eq!((threshold(3, 3), threshold(4, 2), threshold(0, 1)), (3, 3, 1));
    }

    #[test]
    fn values_that_are_none_do_not_count() {
        assert_eq!(of(&[5, 0, -1, 7], 2), Some(5));
        assert_eq!(of(&[5, 0, -1, 7], 3), None);
        assert_eq!(of(&[], 0), None);
    }

    #[test]
    fn bad_input_34_times_at_each_limit_and_one_second_past() {
        let timely = |early: u64, late: u64| Observed::NEVER.and(late).and(early).timely(1_000);
        assert!(timely(1_010, 1_010) && !timely(1_010, 1_011));
        assert!(timely(940, 940) && !timely(939, 940));
        assert!(timely(960, 990) && !timely(960, 991));
        assert!(!Observed::NEVER.and(u64::MAX).timely(1_000));
    }
}
