//! Parameters that change under existing accounts: slowly, so that whoever is hurt can act before.

use crate::units::SECONDS_PER_DAY;

/// Seconds until a change that is worse for existing accounts has reached them in full.
pub const RAMP_SECONDS: u64 = 7 * SECONDS_PER_DAY;

/// A parameter `elapsed` seconds after it began to move from `from` to `to`, in a straight line, rounded toward `from`.
pub fn ramped(from: u32, to: u32, elapsed: u64) -> u32 {
    let left = i64::try_from(RAMP_SECONDS.saturating_sub(elapsed)).unwrap_or(0);
    let seconds = RAMP_SECONDS as i64;
    let distance = (i64::from(from) - i64::from(to)) * left;
    // Away from zero: the part of the way that is still to go is never understated.
    let rest = (distance + distance.signum() * (seconds - 1)) / seconds;
    u32::try_from(i64::from(to) + rest).unwrap_or(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_moves_one_way_and_never_runs_ahead(from: u32, to: u32, elapsed in 0..2 * RAMP_SECONDS, step in 0..RAMP_SECONDS) {
            let (first, second) = (ramped(from, to, elapsed), ramped(from, to, elapsed + step));
            let (low, high) = (from.min(to), from.max(to));
            prop_assert!((low..=high).contains(&first) && (low..=high).contains(&second));
            prop_assert!(second.abs_diff(to) <= first.abs_diff(to));
            // On the line or on the side of `from`, within one.
            let left = u128::from(RAMP_SECONDS.saturating_sub(elapsed));
            let exact = u128::from(from.abs_diff(to)) * left;
            let ahead = u128::from(first.abs_diff(to)) * u128::from(RAMP_SECONDS);
            prop_assert!(ahead >= exact && ahead < exact + u128::from(RAMP_SECONDS));
        }
    }

    #[test]
    fn a_cut_takes_a_week() {
        assert_eq!(ramped(8_000, 7_000, 0), 8_000);
        assert_eq!(ramped(8_000, 7_000, RAMP_SECONDS / 2), 7_500);
        assert_eq!(ramped(11_000, 12_000, RAMP_SECONDS / 4), 11_250);
        assert_eq!(ramped(8_000, 7_000, RAMP_SECONDS), 7_000);
        assert_eq!(ramped(8_000, 7_000, u64::MAX), 7_000);
    }
}
