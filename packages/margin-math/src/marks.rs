//! The time-weighted mark of a market, from a bounded ring.
//!
//! The mark only moves by trades, so a running sum of `mark * seconds` is exact, and each trade adds the mark that held
//! *until* it: a trade in the current ledger has zero weight. The ring keeps the sum at past trades. Two points may lie
//! within one [`BUCKET`] only if a quiet spell begins there, so trading every second cannot push [`WINDOW`] out of the
//! ring, and reading inside a bucket is the only approximation.

use crate::fixed::{add, mul_div_floor, sub};
use crate::MathError;

/// Seconds within which trades share a point.
pub const BUCKET: u64 = 60;
/// The longest window that the ring always covers, once the market is that old.
pub const WINDOW: u64 = 900;
/// Points in the ring.
pub const POINTS: usize = 32;
/// Bytes of [`Marks::pack`].
pub const PACKED: usize = HEAD + POINTS * POINT;

const NEXT: usize = 23;
const LAST: usize = 24;
const HEAD: usize = 48;
const POINT: usize = 24;

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Point {
    at: u64,
    sum: i128,
}

/// The marks of a market, as they are stored: a trade touches two or three numbers of them.
///
/// The mark, eight bytes of which the last is the place of the next point, the last trade, then the ring.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Marks([u8; PACKED]);

impl Marks {
    /// A market that opens now at `mark` (1e14).
    pub fn new(now: u64, mark: i128) -> Self {
        let mut marks = Marks([0; PACKED]);
        marks.set_mark(mark);
        marks.set_point(LAST, Point { at: now, sum: 0 });
        marks
    }

    /// The mark is `mark` (1e14) from now on.
    pub fn record(&mut self, now: u64, mark: i128) -> Result<(), MathError> {
        let last = self.last();
        if now > last.at {
            let sum = self.sum_at(now)?;
            if now - self.back(1).at >= BUCKET {
                self.push(last);
            }
            self.set_point(LAST, Point { at: now, sum });
        }
        self.set_mark(mark);
        Ok(())
    }

    /// Average of the last `window` seconds, 1e14, rounded down; `None` when the ring does not reach back that far.
    pub fn twap(&self, now: u64, window: u64) -> Result<Option<i128>, MathError> {
        let Some(start) = now.checked_sub(window) else { return Ok(None) };
        let mut after = self.last();
        if now < after.at || window == 0 {
            return Ok(None);
        }
        if start >= after.at {
            return Ok(Some(self.mark()));
        }
        for back in 1..=POINTS {
            let point = self.back(back);
            if point.at == 0 {
                return Ok(None);
            }
            if point.at <= start {
                let grown = sub(after.sum, point.sum)?;
                let part = mul_div_floor(grown, (start - point.at).into(), (after.at - point.at).into())?;
                let sum = sub(self.sum_at(now)?, add(point.sum, part)?)?;
                return Ok(Some(mul_div_floor(sum, 1, window.into())?));
            }
            after = point;
        }
        Ok(None)
    }

    fn sum_at(&self, now: u64) -> Result<i128, MathError> {
        let last = self.last();
        add(last.sum, mul_div_floor(self.mark(), (now - last.at).into(), 1)?)
    }

    /// The `steps`-th newest point of the ring.
    fn back(&self, steps: usize) -> Point {
        self.point(HEAD + (self.next() + POINTS - steps) % POINTS * POINT)
    }

    fn push(&mut self, point: Point) {
        let next = self.next();
        self.set_point(HEAD + next * POINT, point);
        self.0[NEXT] = ((next + 1) % POINTS) as u8;
    }

    fn next(&self) -> usize {
        usize::from(self.0[NEXT]) % POINTS
    }

    fn last(&self) -> Point {
        self.point(LAST)
    }

    fn mark(&self) -> i128 {
        i128::from_be_bytes(self.bytes(0))
    }

    fn set_mark(&mut self, mark: i128) {
        self.0[..16].copy_from_slice(&mark.to_be_bytes());
    }

    fn point(&self, at: usize) -> Point {
        Point { at: u64::from_be_bytes(self.bytes(at)), sum: i128::from_be_bytes(self.bytes(at + 8)) }
    }

    fn set_point(&mut self, at: usize, point: Point) {
        self.0[at..at + 8].copy_from_slice(&point.at.to_be_bytes());
        self.0[at + 8..at + POINT].copy_from_slice(&point.sum.to_be_bytes());
    }

    fn bytes<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.0[at..at + N]);
        bytes
    }

    /// The marks as bytes, for storage.
    pub fn pack(&self) -> &[u8; PACKED] {
        &self.0
    }

    /// What [`Self::pack`] packed.
    pub fn unpack(bytes: [u8; PACKED]) -> Self {
        Marks(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::PRICE;
    use proptest::prelude::*;

    const T0: u64 = 1_790_000_000;

    /// The same history, kept in full: average over `(start, now]` of the mark that held.
    fn exact(history: &[(u64, i128)], now: u64, window: u64) -> (i128, i128, i128) {
        let start = now - window;
        let (mut sum, mut low, mut high) = (0, i128::MAX, i128::MIN);
        for (i, (at, mark)) in history.iter().enumerate() {
            let until = history.get(i + 1).map_or(now, |next| next.0).min(now);
            if until > start && until > *at {
                sum += mark * i128::from(until - start.max(*at));
                (low, high) = (low.min(*mark), high.max(*mark));
            }
        }
        (sum / i128::from(window), low, high)
    }

    fn steps() -> impl Strategy<Value = Vec<(u64, i128)>> {
        let seconds = prop_oneof![4 => 0_u64..=5, 2 => 6_u64..=90, 1 => 91_u64..=4_000];
        prop::collection::vec((seconds, PRICE..=200_000 * PRICE), 1..400)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// Invariant 32: between the smallest and the largest included mark, and near the average of the full history.
        #[test]
        fn follows_the_full_history(steps in steps(), wait in 0_u64..=1_000) {
            let mut marks = Marks::new(T0, 100 * PRICE);
            let (mut now, mut history) = (T0, vec![(T0, 100 * PRICE)]);
            for (seconds, mark) in steps {
                now += seconds;
                marks.record(now, mark).unwrap();
                history.push((now, mark));
                if now >= T0 + WINDOW {
                    let twap = marks.twap(now, WINDOW).unwrap().expect("covered");
                    let (average, low, high) = exact(&history, now, WINDOW);
                    // One bucket before the window may lend its marks to the approximation.
                    let (_, wide_low, wide_high) = exact(&history, now, (WINDOW + BUCKET).min(now - T0));
                    let (low, high) = (low.min(wide_low), high.max(wide_high));
                    prop_assert!(twap >= low - 1 && twap <= high);
                    let most = (high - low) / i128::from(WINDOW) * i128::from(BUCKET) + 2;
                    prop_assert!((twap - average).abs() <= most, "{twap} {average} {most}");
                }
            }
            let last = history[history.len() - 1].1;
            prop_assert_eq!(marks.twap(now + WINDOW + wait, WINDOW).unwrap(), Some(last));
        }

        #[test]
        fn a_trade_of_this_ledger_has_no_weight(steps in steps(), wild in 1_i128..=1_000_000 * PRICE, wait in 0_u64..=100) {
            let mut marks = Marks::new(T0, 100 * PRICE);
            let mut now = T0;
            for (seconds, mark) in steps {
                now += seconds;
                marks.record(now, mark).unwrap();
            }
            now += wait + 1;
            let before = marks.twap(now, WINDOW).unwrap();
            marks.record(now, wild).unwrap();
            marks.record(now, 2 * wild).unwrap();
            // Splitting a constant stretch at `now` changes nothing.
            prop_assert_eq!(marks.twap(now, WINDOW).unwrap(), before);
            prop_assert_eq!(Marks::unpack(*marks.pack()), marks);
        }
    }

    #[test]
    fn averages_what_held() {
        let mut marks = Marks::new(T0, 100 * PRICE);
        assert_eq!(marks.twap(T0 + 899, 900), Ok(None));
        assert_eq!(marks.twap(T0 + 900, 900), Ok(Some(100 * PRICE)));
        marks.record(T0 + 600, 130 * PRICE).unwrap();
        assert_eq!(marks.twap(T0 + 900, 900), Ok(Some(110 * PRICE)));
        assert_eq!(marks.twap(T0 + 899, 900), Ok(None));
        assert_eq!(marks.twap(T0 + 1_500, 900), Ok(Some(130 * PRICE)));
        assert_eq!(marks.twap(T0 + 599, 300), Ok(None));
        assert_eq!(marks.twap(T0 + 900, 0), Ok(None));
    }

    #[test]
    fn averages_are_rounded_down() {
        let mut marks = Marks::new(T0, 1);
        marks.record(T0 + 450, 2).unwrap();
        assert_eq!(marks.twap(T0 + 900, 900), Ok(Some(1)));
        // One second at 1, two at 2, then 5: of the first three seconds only their sum of 5 is known, a third of it for each.
        let mut marks = Marks::new(T0, 1);
        marks.record(T0 + 1, 2).unwrap();
        marks.record(T0 + 3, 5).unwrap();
        assert_eq!(marks.twap(T0 + 4, 3), Ok(Some(3)));
    }
}
