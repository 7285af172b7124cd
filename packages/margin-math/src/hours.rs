//! Trading hours: a window of the day in UTC, on some days of the week.

/// Minutes of a day.
pub const DAY_MINUTES: u32 = 1_440;
/// Every day of the week.
pub const EVERY_DAY: u32 = 0b111_1111;

/// A daily window, half open: `start` is inside, `end` is not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hours {
    /// Minute of the day at which it opens.
    pub start: u32,
    /// Minute of the day at which it closes; not after `start`: on the next day. Equal: after a whole day.
    pub end: u32,
    /// Days on which it opens; bit 0 is Monday.
    pub weekdays: u32,
}

impl Hours {
    /// Whether it opens at all, and every part has a meaning.
    pub fn is_valid(&self) -> bool {
        self.start < DAY_MINUTES && self.end < DAY_MINUTES && (1..=EVERY_DAY).contains(&self.weekdays)
    }

    /// Whether it is open at `now`, unix seconds.
    pub fn is_open(&self, now: u64) -> bool {
        let minutes = now / 60;
        let day = minutes / u64::from(DAY_MINUTES);
        let minute = u32::try_from(minutes % u64::from(DAY_MINUTES)).unwrap_or(0);
        if self.start < self.end {
            return (self.start..self.end).contains(&minute) && self.opens_on(day);
        }
        // Over midnight: the morning belongs to the window of the day before.
        if minute >= self.start {
            self.opens_on(day)
        } else {
            minute < self.end && day > 0 && self.opens_on(day - 1)
        }
    }

    /// Unix seconds when the window closes that is open at `now`: a day later at the latest, if it is not open for ever. One that
    /// opens as it closes is another.
    pub fn closes_at(&self, now: u64) -> u64 {
        if self.start == self.end && self.weekdays == EVERY_DAY {
            return u64::MAX;
        }
        let (minutes, day) = (now / 60, u64::from(DAY_MINUTES));
        let left = (u64::from(self.end) + day - 1 - minutes % day) % day + 1;
        minutes.saturating_add(left).saturating_mul(60)
    }

    fn opens_on(&self, day: u64) -> bool {
        // The epoch was a Thursday.
        self.weekdays >> ((day + 3) % 7) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: u64 = 60;
    const DAY: u64 = 86_400;
    /// Monday, 2026-11-16, midnight UTC.
    const MONDAY: u64 = 1_794_787_200;
    const WORKDAYS: u32 = 0b001_1111;

    #[test]
    fn half_open_by_the_second() {
        let hours = Hours { start: 9 * 60, end: 17 * 60, weekdays: WORKDAYS };
        let (open, close) = (MONDAY + 9 * 3_600, MONDAY + 17 * 3_600);
        assert!(!hours.is_open(open - 1) && hours.is_open(open));
        assert!(hours.is_open(close - 1) && !hours.is_open(close));
        assert!(hours.is_open(open + 4 * DAY), "Friday");
        assert!(!hours.is_open(open + 5 * DAY) && !hours.is_open(open + 6 * DAY), "weekend");
        assert!(hours.is_open(open + 7 * DAY), "Monday again");
    }

    #[test]
    fn over_midnight_the_morning_belongs_to_the_evening_before() {
        let hours = Hours { start: 22 * 60, end: 4 * 60, weekdays: WORKDAYS };
        assert!(!hours.is_open(MONDAY), "Sunday does not open");
        assert!(!hours.is_open(MONDAY + 22 * 3_600 - 1) && hours.is_open(MONDAY + 22 * 3_600));
        assert!(hours.is_open(MONDAY + DAY) && hours.is_open(MONDAY + DAY + 4 * 3_600 - 1));
        assert!(!hours.is_open(MONDAY + DAY + 4 * 3_600));
        assert!(hours.is_open(MONDAY + 5 * DAY + 3_600), "Friday's window, on Saturday");
        assert!(!hours.is_open(MONDAY + 5 * DAY + 23 * 3_600), "Saturday does not open");
    }

    #[test]
    fn a_window_closes_where_it_ends_and_one_without_an_end_never() {
        let hours = Hours { start: 22 * 60, end: 4 * 60, weekdays: WORKDAYS };
        let close = MONDAY + DAY + 4 * 3_600;
        assert_eq!(hours.closes_at(MONDAY + 22 * 3_600), close);
        assert_eq!(hours.closes_at(close - 1), close);
        let whole = Hours { start: 600, end: 600, weekdays: 1 };
        assert_eq!(whole.closes_at(MONDAY + 600 * MINUTE), MONDAY + DAY + 600 * MINUTE);
        assert_eq!(Hours { weekdays: EVERY_DAY, ..whole }.closes_at(MONDAY), u64::MAX);
    }

    #[test]
    fn equal_ends_are_a_whole_day() {
        let hours = Hours { start: 600, end: 600, weekdays: 1 };
        assert!(!hours.is_open(MONDAY + 600 * MINUTE - 1) && hours.is_open(MONDAY + 600 * MINUTE));
        assert!(
            hours.is_open(MONDAY + DAY + 600 * MINUTE - 1) && !hours.is_open(MONDAY + DAY + 600 * MINUTE)
        );
    }

    #[test]
    fn nonsense_is_not_valid() {
        let hours = Hours { start: 0, end: 0, weekdays: EVERY_DAY };
        assert!(hours.is_valid() && Hours { start: 1_439, end: 1_439, ..hours }.is_valid());
        assert!(!Hours { start: 1_440, ..hours }.is_valid());
        assert!(!Hours { end: 1_440, ..hours }.is_valid());
        assert!(!Hours { weekdays: 0, ..hours }.is_valid());
        assert!(!Hours { weekdays: EVERY_DAY + 1, ..hours }.is_valid());
    }

    #[test]
    fn the_first_day_of_time_has_no_day_before() {
        assert!(!Hours { start: 60, end: 30, weekdays: EVERY_DAY }.is_open(0));
    }

    proptest! {
        /// By the definition: some window that began on a permitted day covers the minute.
        #[test]
        fn open_is_what_some_window_covers(
            start in 0..DAY_MINUTES, end in 0..DAY_MINUTES, weekdays in 1..=EVERY_DAY, now in MONDAY..MONDAY + 20 * DAY,
        ) {
            let hours = Hours { start, end, weekdays };
            let length = u64::from(if end > start { end - start } else { DAY_MINUTES - start + end }) * MINUTE;
            let covered = (0..23).map(|day| (MONDAY - 2 * DAY + day * DAY, (day + 5) % 7)).any(|(midnight, weekday)| {
                let begin = midnight + u64::from(start) * MINUTE;
                weekdays >> weekday & 1 == 1 && (begin..begin + length).contains(&now)
            });
            prop_assert_eq!(hours.is_open(now), covered);
            // Open until it closes, and then not, unless another begins.
            let close = hours.closes_at(now);
            if covered && close != u64::MAX {
                prop_assert!((now / MINUTE + 1..close / MINUTE).all(|minute| hours.is_open(minute * MINUTE)));
                prop_assert!(now < close && close - now <= DAY && close.is_multiple_of(MINUTE));
                prop_assert!(!hours.is_open(close) || start == end);
            }
        }
    }
}
