//! Time-weighted averages over a short history of prices.
//!
//! A print weighs from the moment it *landed*, not from the moment it speaks of, until the next one landed: at the
//! instant it lands it weighs nothing, so a price that is pushed and used in one ledger moves no average.
//! A history is at most [`RING_SLOTS`] packed prints, oldest first, in one byte string: append [`Print::pack`] and drop
//! the first [`SLOT_BYTES`] when it is full. The oracle keeps accepted prices this way, the clearing-house its marks.

use crate::fixed::{add, div_floor, mul};

/// Bytes of one packed print.
pub const SLOT_BYTES: usize = 24;
/// Prints that a history holds.
pub const RING_SLOTS: usize = 64;
/// Bytes of a full history.
pub const RING_BYTES: usize = SLOT_BYTES * RING_SLOTS;
/// Nothing bounds the time between two prints: for values that hold until they change, such as a mark.
pub const ANY_GAP: u64 = u64::MAX;

/// Bits of a packed price's lower half. Its upper half has 32: all of a price below `2^96`, far above any the oracle
/// accepts.
const HALF: u32 = 64;

/// One price of a history.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Print {
    /// Unix seconds the price speaks of.
    pub timestamp: u64,
    /// Seconds from `timestamp` until the price landed here; 0 for a value that is born here.
    pub delay: u32,
    /// 1e14, not negative.
    pub price: i128,
}

impl Print {
    /// When the price landed, unix seconds; `None` past the end of time.
    pub fn landed(&self) -> Option<u64> {
        self.timestamp.checked_add(u64::from(self.delay))
    }

    /// The print as a slot, little-endian: timestamp (8 bytes), delay (4), the price's upper half (4) and lower half (8).
    /// `None` if the price is negative or does not fit.
    pub fn pack(&self) -> Option<[u8; SLOT_BYTES]> {
        let upper = u32::try_from(self.price >> HALF).ok()?;
        let mut slot = [0; SLOT_BYTES];
        slot[..8].copy_from_slice(&self.timestamp.to_le_bytes());
        slot[8..12].copy_from_slice(&self.delay.to_le_bytes());
        slot[12..16].copy_from_slice(&upper.to_le_bytes());
        slot[16..].copy_from_slice(&(self.price as u64).to_le_bytes());
        Some(slot)
    }

    /// The print of a slot; `None` if the slot is not [`SLOT_BYTES`] long.
    pub fn unpack(slot: &[u8]) -> Option<Self> {
        let slot: &[u8; SLOT_BYTES] = slot.try_into().ok()?;
        let [timestamp, middle, lower] =
            [0, 8, 16].map(|at| slot[at..at + 8].try_into().map_or(0, u64::from_le_bytes));
        let price = i128::from(middle >> 32) << HALF | i128::from(lower);
        Some(Self { timestamp, delay: middle as u32, price })
    }
}

/// The prints of a packed history, newest first.
pub fn newest_first(ring: &[u8]) -> impl Iterator<Item = Print> + '_ {
    ring.rchunks_exact(SLOT_BYTES).filter_map(Print::unpack)
}

/// The average price over the `window` seconds before `now`, each price weighed by how long it was the newest one.
/// Rounds toward minus infinity.
///
/// `None` without full coverage: an empty window, no print that had landed by the window's start, a price that stood
/// for more than `max_gap` seconds ([`ANY_GAP`]: as long as it likes), or prints out of order. It never extrapolates.
/// Reads no further than the first print that covers the window's start.
pub fn twap_floor(
    newest_first: impl IntoIterator<Item = Print>,
    now: u64,
    window: u64,
    max_gap: u64,
) -> Option<i128> {
    let start = now.checked_sub(window).filter(|_| window > 0)?;
    let mut until = now;
    let mut sum = 0_i128;
    for print in newest_first {
        let landed = print.landed()?;
        let held = until.checked_sub(landed)?;
        if held > max_gap {
            return None;
        }
        let seconds = until - landed.max(start);
        sum = add(sum, mul(print.price, i128::from(seconds)).ok()?).ok()?;
        if landed <= start {
            return div_floor(sum, i128::from(window)).ok();
        }
        until = landed;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_rational::BigRational;
    use proptest::prelude::*;

    const NOW: u64 = 1_790_000_000;

    fn print(age: u64, price: i128) -> Print {
        Print { timestamp: NOW - age, delay: 0, price }
    }

    /// (age, price), newest first.
    fn history() -> impl Strategy<Value = Vec<(u64, i128)>> {
        prop::collection::vec((1_u64..400, 1_i128..=100_000_000_000_000_000_000_000_000), 1..RING_SLOTS)
            .prop_map(|steps| {
                let mut age = 0;
                steps
                    .into_iter()
                    .map(|(step, price)| {
                        age += step - 1; // equal landing times are legal
                        (age, price)
                    })
                    .collect()
            })
    }

    fn twap(points: &[(u64, i128)], window: u64) -> Option<i128> {
        twap_floor(points.iter().map(|(age, price)| print(*age, *price)), NOW, window, ANY_GAP)
    }

    /// Second by second: the price that stood is the youngest of those at least that old.
    fn exact(points: &[(u64, i128)], window: u64) -> Option<i128> {
        let mut sum = BigRational::from_integer(0.into());
        for second in 1..=window {
            let (_, price) = points.iter().find(|(age, _)| *age >= second)?;
            sum += BigRational::from_integer((*price).into());
        }
        let average = sum / BigRational::from_integer(window.into());
        average.floor().to_integer().try_into().ok()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn equals_the_exact_rational(points in history(), window in 1_u64..2_000) {
            prop_assert_eq!(twap(&points, window), exact(&points, window));
        }

        /// P14
        #[test]
        fn p14_lies_within_the_prices_it_averages(points in history(), window in 1_u64..2_000) {
            if let Some(average) = twap(&points, window) {
                let prices = points.iter().map(|(_, price)| *price);
                prop_assert!(prices.clone().min() <= Some(average) && Some(average) <= prices.max());
            }
        }

        #[test]
        fn p14_a_constant_price_is_exact(points in history(), price in 1_i128..i128::from(u64::MAX), window in 1_u64..2_000) {
            let constant: Vec<_> = points.iter().map(|(age, _)| (*age, price)).collect();
            prop_assert!(twap(&constant, window).is_none_or(|average| average == price));
        }

        #[test]
        fn p14_repeating_a_price_changes_nothing(points in history(), window in 1_u64..2_000, at in any::<prop::sample::Index>(), back in any::<u64>()) {
            let index = at.index(points.len());
            let (age, price) = points[index];
            let youngest = if index == 0 { 0 } else { points[index - 1].0 };
            let mut split = points.clone();
            split.insert(index, (youngest + back % (age - youngest + 1), price));
            prop_assert_eq!(twap(&split, window), twap(&points, window));
        }

        #[test]
        fn p14_the_newest_print_weighs_nothing_as_it_lands(points in history(), window in 1_u64..2_000, price in any::<u64>()) {
            let mut newer = points.clone();
            newer.insert(0, (0, i128::from(price)));
            prop_assert_eq!(twap(&newer, window), twap(&points, window));
        }

        #[test]
        fn packing_round_trips(timestamp in any::<u64>(), delay in any::<u32>(), price in 0_i128..(1 << 96)) {
            let print = Print { timestamp, delay, price };
            prop_assert_eq!(print.pack().and_then(|slot| Print::unpack(&slot)), Some(print));
        }
    }

    #[test]
    fn a_late_print_weighs_from_when_it_landed_not_from_what_it_speaks_of() {
        let late = Print { timestamp: NOW - 100, delay: 100, price: 500 };
        assert_eq!(twap_floor([late, print(200, 10)], NOW, 200, ANY_GAP), Some(10));
        assert_eq!(twap_floor([late, print(200, 10)], NOW + 100, 200, ANY_GAP), Some(255));
    }

    #[test]
    fn coverage_at_exactly_the_window_and_one_second_past() {
        assert_eq!(twap(&[(900, 7)], 900), Some(7));
        assert_eq!(twap(&[(900, 7)], 901), None);
        assert_eq!(twap(&[], 1), None);
        assert_eq!(twap(&[(900, 7)], 0), None);
        assert_eq!(twap(&[(900, 7)], u64::MAX), None);
    }

    #[test]
    fn gap_at_exactly_the_limit_and_one_second_past() {
        let points = [print(100, 4), print(400, 8)];
        assert_eq!(twap_floor(points, NOW, 400, 300), Some(7));
        assert_eq!(twap_floor(points, NOW, 400, 299), None);
        assert_eq!(twap_floor(points, NOW + 200, 200, 299), None, "the newest print stands until now");
    }

    #[test]
    fn prints_from_the_future_or_out_of_order_give_nothing() {
        assert_eq!(twap_floor([print(0, 4)], NOW - 1, 10, ANY_GAP), None);
        assert_eq!(twap_floor([print(50, 4), print(40, 4)], NOW, 100, ANY_GAP), None);
        assert_eq!(twap_floor([Print { timestamp: u64::MAX, delay: 1, price: 1 }], NOW, 10, ANY_GAP), None);
    }

    #[test]
    fn prices_that_do_not_fit_a_slot_are_refused() {
        assert_eq!(print(0, -1).pack(), None);
        assert_eq!(print(0, 1 << 96).pack(), None);
        assert_eq!(Print::unpack(&[0; SLOT_BYTES - 1]), None);
    }

    #[test]
    fn a_history_is_read_newest_first() {
        let mut ring = Vec::new();
        for age in (0..3).rev() {
            ring.extend(print(age, i128::from(age) + 1).pack().unwrap());
        }
        let prices: Vec<_> = newest_first(&ring).map(|print| print.price).collect();
        assert_eq!(prices, [1, 2, 3]);
    }
}
