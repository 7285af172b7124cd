//! From the prices of several sources to one: admission, independence groups, quorum, median, divergence.

use crate::fixed::{add, div_ceil, div_floor, mul, mul_div_floor, pow10, sub};
use crate::guard::moved_within;

/// Decimals of every price of ours; [`crate::units::PRICE`] is `10^PRICE_DECIMALS`.
pub const PRICE_DECIMALS: u32 = 14;
/// Most decimals a source may have.
pub const MAX_SOURCE_DECIMALS: u32 = 30;
/// Most sources of one asset.
pub const MAX_SOURCES: usize = 6;
/// Smallest price: below it the last digit would be more than a basis point.
pub const MIN_PRICE: i128 = 10_000;
/// Largest price: leaves room for products with basis points and with a century of seconds.
pub const MAX_PRICE: i128 = 100_000_000_000_000_000_000_000_000;
/// Scale of the rate of the slow reference price: one part in `10^9` per second.
pub const STABLE_RATE: i128 = 1_000_000_000;
/// Longest time the slow reference catches up at once, seconds: an outage is no licence to jump.
pub const STABLE_MAX_STEP: u64 = 600;

/// Why the price of a source is not admitted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Inadmissible {
    /// Zero or negative.
    NotPositive,
    /// At or beyond the end of what the source can say.
    AtClamp,
    /// Dated after the ledger's clock.
    FromFuture,
    /// Older than the source's own maximum age.
    TooOld,
    /// Older than what the source said before.
    Backwards,
    /// Too small to be precise, or too large, at our scale.
    OutOfRange,
}

/// What a source says, and how it is to be judged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Candidate {
    /// In the source's decimals.
    pub price: i128,
    /// A price at or below it is the source's own limit, not a price; in the source's decimals.
    pub low: i128,
    /// A price at or above it is the source's own limit, not a price; in the source's decimals.
    pub high: i128,
    /// Unix seconds.
    pub timestamp: u64,
    /// Decimals of the source, as pinned.
    pub decimals: u32,
    /// Seconds after which its price is too old.
    pub max_age: u64,
    /// Newest timestamp it ever gave.
    pub seen: u64,
}

/// A price at our scale, enclosed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Enclosed {
    /// Toward minus infinity.
    pub floor: i128,
    /// Toward plus infinity.
    pub ceil: i128,
}

/// Judges what a source says at `now`, and brings it to our scale. Every limit is inclusive but the source's clamps.
pub fn admit(candidate: &Candidate, now: u64) -> Result<Enclosed, Inadmissible> {
    if candidate.price <= 0 {
        return Err(Inadmissible::NotPositive);
    }
    if candidate.price <= candidate.low || candidate.price >= candidate.high {
        return Err(Inadmissible::AtClamp);
    }
    let age = now.checked_sub(candidate.timestamp).ok_or(Inadmissible::FromFuture)?;
    if age > candidate.max_age {
        return Err(Inadmissible::TooOld);
    }
    if candidate.timestamp < candidate.seen {
        return Err(Inadmissible::Backwards);
    }
    let price = rescale(candidate.price, candidate.decimals).ok_or(Inadmissible::OutOfRange)?;
    if price.floor < MIN_PRICE || price.ceil > MAX_PRICE {
        return Err(Inadmissible::OutOfRange);
    }
    Ok(price)
}

/// A price with `decimals` at [`PRICE_DECIMALS`]; `None` if it does not fit.
pub fn rescale(price: i128, decimals: u32) -> Option<Enclosed> {
    match PRICE_DECIMALS.checked_sub(decimals) {
        Some(missing) => {
            let exact = mul(price, pow10(missing).ok()?).ok()?;
            Some(Enclosed { floor: exact, ceil: exact })
        }
        None => {
            let divisor = pow10(decimals - PRICE_DECIMALS).ok()?;
            Some(Enclosed { floor: div_floor(price, divisor).ok()?, ceil: div_ceil(price, divisor).ok()? })
        }
    }
}

/// An admitted price of one source.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reading {
    /// The price at our scale.
    pub price: Enclosed,
    /// Unix seconds it speaks of.
    pub timestamp: u64,
    /// Independence group of the source.
    pub group: u32,
    /// Whether its time counts; a source that only checks counts for quorum and divergence.
    pub fresh: bool,
}

/// The agreed price.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Agreed {
    /// Lowest price of the groups that agree.
    pub lo: i128,
    /// Lower median of the fresh groups, or the nearest to it of those that agree.
    pub mid: i128,
    /// Highest price of the groups that agree.
    pub hi: i128,
    /// The newest time, unix seconds, that enough of the groups that agree have reached.
    pub timestamp: u64,
    /// Groups that agree.
    pub groups: u32,
    /// Readings in the groups that agree: bit `i` for `readings[i]`.
    pub mask: u32,
}

/// Why there is no agreed price.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Disagreed {
    /// All agree, but they are too few; or none is fresh.
    NoQuorum,
    /// Some do not agree, and those that do are fewer than the quorum, or no majority. Holds the median.
    Diverged(i128),
}

/// The price that a quorum of independent groups agrees on.
///
/// The readings of a group count once, by the lower median of the fresh ones, or of all if none is. Those within
/// `delta_bps` of the lower median of all groups (relative to the smaller of both, inclusive) agree. They must be at least
/// `quorum` and more than half of all groups, one of them with a fresh reading. Considers at most [`MAX_SOURCES`] readings.
///
/// The price is the lower median of the fresh groups, or the nearest to it of those that agree: what only checks may be hours
/// old, and is no price. It is as old as the newest time that a quorum and a majority still share: one group that lags, or
/// stands still, makes it no older. Groups without a fresh reading share every time.
pub fn agree(readings: &[Option<Reading>], quorum: u32, delta_bps: u32) -> Result<Agreed, Disagreed> {
    let mut groups = [Group::NONE; MAX_SOURCES];
    let mut all = 0;
    for reading in readings.iter().take(MAX_SOURCES).flatten() {
        if !groups[..all].iter().any(|group| group.id == reading.group) {
            groups[all] = Group::of(readings, reading.group);
            all += 1;
        }
    }
    let dated = groups.iter().filter(|group| group.oldest_fresh != NEVER).count();
    if dated == 0 {
        return Err(Disagreed::NoQuorum);
    }
    let median = lower_median(&mut groups.map(|group| group.price), all).floor;
    let fresh = |group: Group| if group.oldest_fresh == NEVER { UNPRICED } else { group.price };
    let mid = lower_median(&mut groups.map(fresh), dated).floor;
    let mut agreed = Agreed { lo: median, mid, hi: median, timestamp: 0, groups: 0, mask: 0 };
    // Of the fresh groups that agree.
    let (mut lowest, mut highest) = (i128::MAX, 0);
    for group in &mut groups {
        if !within(group.price.floor, median, delta_bps) {
            group.oldest_fresh = 0;
            continue;
        }
        agreed.lo = agreed.lo.min(group.price.floor);
        agreed.hi = agreed.hi.max(group.price.ceil);
        agreed.groups += 1;
        agreed.mask |= group.mask;
        if group.oldest_fresh != NEVER {
            lowest = lowest.min(group.price.floor);
            highest = highest.max(group.price.floor);
        }
    }
    agreed.mid = mid.max(lowest).min(highest);
    let all = all as u32;
    let enough = quorum.max(all / 2 + 1);
    let sharing = |time: u64| groups.iter().filter(|group| group.oldest_fresh >= time).count() as u32;
    for time in groups.iter().map(|group| group.oldest_fresh) {
        if agreed.timestamp < time && time != NEVER && sharing(time) >= enough {
            agreed.timestamp = time;
        }
    }
    if agreed.timestamp > 0 {
        Ok(agreed)
    } else if agreed.groups < all {
        // Whoever disagrees is no missing quorum, however high that is: it would let a fallback speak.
        Err(Disagreed::Diverged(median))
    } else {
        Err(Disagreed::NoQuorum)
    }
}

/// Whether two positive prices differ by at most `delta_bps` of the smaller one.
pub fn within(a: i128, b: i128, delta_bps: u32) -> bool {
    moved_within(a.min(b), a.max(b), delta_bps)
}

/// Of a group without a fresh reading: no reading is dated so.
const NEVER: u64 = u64::MAX;
/// Sorts behind every price.
pub(crate) const UNPRICED: Enclosed = Enclosed { floor: i128::MAX, ceil: i128::MAX };

#[derive(Clone, Copy)]
struct Group {
    id: u32,
    /// Lower median of its fresh readings; of all, if none is fresh.
    price: Enclosed,
    /// Oldest fresh timestamp, or [`NEVER`].
    oldest_fresh: u64,
    mask: u32,
}

impl Group {
    const NONE: Self = Self { id: 0, price: UNPRICED, oldest_fresh: NEVER, mask: 0 };

    fn of(readings: &[Option<Reading>], id: u32) -> Self {
        let mut prices = [UNPRICED; MAX_SOURCES];
        let mut group = Group { id, ..Self::NONE };
        let mut count = 0;
        let own = |reading: &&Reading| reading.group == id;
        let fresh = readings.iter().take(MAX_SOURCES).flatten().filter(own).any(|reading| reading.fresh);
        for (index, reading) in readings.iter().take(MAX_SOURCES).enumerate() {
            let Some(reading) = reading.as_ref().filter(own) else { continue };
            group.mask |= 1 << index;
            if reading.fresh != fresh {
                continue;
            }
            prices[count] = reading.price;
            count += 1;
            if fresh {
                group.oldest_fresh = group.oldest_fresh.min(reading.timestamp);
            }
        }
        group.price = lower_median(&mut prices, count);
        group
    }
}

/// The lower median of the first `count` prices; the others are [`UNPRICED`].
#[inline(never)] // for size: one sort for all
pub(crate) fn lower_median(prices: &mut [Enclosed], count: usize) -> Enclosed {
    // Insertion: at most ten, and a fraction of the code of the library's.
    for end in 1..prices.len() {
        let mut at = end;
        while at > 0 && (prices[at - 1].floor, prices[at - 1].ceil) > (prices[at].floor, prices[at].ceil) {
            prices.swap(at - 1, at);
            at -= 1;
        }
    }
    prices[count.saturating_sub(1) / 2]
}

/// The slow reference after `elapsed` seconds: moves toward `price` by at most `rate` parts in [`STABLE_RATE`] of
/// itself per second, for at most [`STABLE_MAX_STEP`] seconds, and never past it. `None` only if it does not fit, which
/// no price within [`MAX_PRICE`] at a rate within [`STABLE_RATE`] can do.
pub fn stable_step(stable: i128, price: i128, rate: u32, elapsed: u64) -> Option<i128> {
    // 32 bits times ten.
    let share = i128::from(u64::from(rate) * elapsed.min(STABLE_MAX_STEP));
    let reach = mul_div_floor(stable, share, STABLE_RATE).ok()?;
    let (lowest, highest) = (sub(stable, reach).ok()?, add(stable, reach).ok()?);
    Some(if price < stable { price.max(lowest) } else { price.min(highest) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::BPS;
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use proptest::prelude::*;

    const NOW: u64 = 1_790_000_000;
    const USD: i128 = crate::units::PRICE;

    fn reading(group: u32, floor: i128) -> Option<Reading> {
        Some(Reading { price: Enclosed { floor, ceil: floor }, timestamp: NOW, group, fresh: true })
    }

    fn check(group: u32, floor: i128, timestamp: u64) -> Option<Reading> {
        reading(group, floor).map(|reading| Reading { timestamp, fresh: false, ..reading })
    }

    fn candidate(price: i128) -> Candidate {
        let (low, high) = (0, i128::MAX);
        Candidate { price, low, high, timestamp: NOW, decimals: 14, max_age: 300, seen: 0 }
    }

    fn price() -> impl Strategy<Value = i128> {
        prop_oneof![MIN_PRICE..=MAX_PRICE, 90 * USD..110 * USD, Just(MIN_PRICE), Just(MAX_PRICE)]
    }

    fn readings() -> impl Strategy<Value = Vec<Option<Reading>>> {
        let near = 97 * USD..103 * USD;
        let one = (prop_oneof![4 => near, 1 => price()], 0_i128..2, 0_u64..900, 0_u32..5, any::<bool>());
        let one = one.prop_map(|(floor, up, age, group, fresh)| Reading {
            price: Enclosed { floor, ceil: (floor + up).min(MAX_PRICE) },
            timestamp: NOW - age,
            group,
            fresh,
        });
        prop::collection::vec(prop::option::weighted(0.9, one), 0..=MAX_SOURCES)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn p1_the_median_lies_between_its_values_and_does_not_depend_on_their_order(
            readings in readings(), order in any::<[u32; MAX_SOURCES]>(), quorum in 1_u32..4,
        ) {
            let agreed = agree(&readings, quorum, 200);
            let mut shuffled: Vec<_> = readings.iter().copied().zip(order).collect();
            shuffled.sort_by_key(|(_, key)| *key);
            let shuffled: Vec<_> = shuffled.into_iter().map(|(reading, _)| reading).collect();
            let bare = |agreed: Agreed| Agreed { mask: 0, ..agreed };
            prop_assert_eq!(agree(&shuffled, quorum, 200).map(bare), agreed.map(bare));
            if let Ok(agreed) = agreed {
                let floors = || readings.iter().flatten().map(|reading| reading.price.floor);
                prop_assert!(floors().min() <= Some(agreed.mid) && Some(agreed.mid) <= floors().max());
                prop_assert!(0 < agreed.lo && agreed.lo <= agreed.mid && agreed.mid <= agreed.hi); // P10
            }
        }

        #[test]
        fn p1_another_group_at_the_median_leaves_it(values in prop::collection::vec(90 * USD..110 * USD, 1..MAX_SOURCES)) {
            let mut readings: Vec<_> = values.iter().zip(0..).map(|(value, group)| reading(group, *value)).collect();
            let before = agree(&readings, 1, 10_000).unwrap().mid;
            readings.push(reading(99, before));
            prop_assert_eq!(agree(&readings, 1, 10_000).unwrap().mid, before);
        }

        #[test]
        fn p2_a_minority_of_corrupt_groups_cannot_leave_the_honest_range(
            honest in prop::collection::vec(99 * USD..101 * USD, 3), corrupt in prop::collection::vec(price(), 0..=2),
        ) {
            let readings: Vec<_> = honest.iter().chain(&corrupt).zip(0..).map(|(value, group)| reading(group, *value)).collect();
            let agreed = agree(&readings, 2, 300).unwrap();
            prop_assert!(honest.iter().min() <= Some(&agreed.mid) && Some(&agreed.mid) <= honest.iter().max());
        }

        #[test]
        fn p3_an_agreed_price_has_quorum_majority_and_only_members_within_the_limit(
            readings in readings(), quorum in 1_u32..5, delta in 1_u32..500,
        ) {
            let Ok(agreed) = agree(&readings, quorum, delta) else { return Ok(()) };
            let groups = |used: bool| {
                let mut ids: Vec<_> = readings.iter().enumerate()
                    .filter(|(i, _)| !used || agreed.mask & (1 << i) != 0)
                    .filter_map(|(_, r)| r.map(|r| r.group)).collect();
                ids.sort_unstable();
                ids.dedup();
                ids
            };
            prop_assert_eq!(groups(true).len(), agreed.groups as usize);
            prop_assert!(agreed.groups >= quorum && 2 * groups(true).len() > groups(false).len());
            let lower = |mut values: Vec<i128>| {
                values.sort_unstable();
                values[(values.len() - 1) / 2]
            };
            let of = |id: u32, fresh: bool| readings.iter().flatten()
                .filter(|r| r.group == id && (r.fresh || !fresh)).map(|r| r.price.floor).collect::<Vec<_>>();
            let value = |id: u32| Some(of(id, true)).filter(|fresh| !fresh.is_empty()).map_or_else(|| lower(of(id, false)), lower);
            let median = lower(groups(false).into_iter().map(value).collect());
            let agrees = |value: i128| {
                let ratio = BigRational::new(BigInt::from(value.max(median)), BigInt::from(value.min(median)));
                ratio <= BigRational::new(BigInt::from(BPS + delta), BigInt::from(BPS))
            };
            for id in groups(false) {
                prop_assert_eq!(groups(true).contains(&id), agrees(value(id)));
                prop_assert!(!agrees(value(id)) || agreed.lo <= value(id) && value(id) <= agreed.hi);
            }
            let dated = groups(false).into_iter().filter(|id| !of(*id, true).is_empty());
            let fresh = lower(dated.map(value).collect());
            prop_assert!(agrees(agreed.mid) && (fresh == agreed.mid || !agrees(fresh)));
        }

        #[test]
        fn p4_the_time_is_the_newest_that_quorum_and_majority_share(readings in readings(), quorum in 1_u32..4) {
            let Ok(agreed) = agree(&readings, quorum, 200) else { return Ok(()) };
            let fresh = readings.iter().flatten().filter(|reading| reading.fresh);
            prop_assert!(fresh.clone().any(|reading| reading.price.floor == agreed.mid), "the price of a fresh reading");
            let times = |used: bool| {
                let mut oldest = std::collections::BTreeMap::new();
                for (_, reading) in readings.iter().enumerate().filter(|(i, _)| !used || agreed.mask & (1 << i) != 0) {
                    let Some(reading) = reading else { continue };
                    let time = oldest.entry(reading.group).or_insert(u64::MAX);
                    *time = if reading.fresh { reading.timestamp.min(*time) } else { *time };
                }
                oldest.into_values().collect::<Vec<_>>()
            };
            let (used, all) = (times(true), times(false).len());
            let enough = |time: u64| {
                let sharing = used.iter().filter(|other| **other >= time).count();
                sharing >= quorum as usize && 2 * sharing > all
            };
            prop_assert!(used.contains(&agreed.timestamp) && enough(agreed.timestamp));
            prop_assert!(used.iter().all(|time| *time == u64::MAX || *time <= agreed.timestamp || !enough(*time)));
        }

        #[test]
        fn p8_tightening_never_admits(readings in readings(), quorum in 1_u32..4, delta in 2_u32..500) {
            if let Err(disagreed) = agree(&readings, quorum, delta) {
                // The same refusal, or what was a missing quorum would be heard of a fallback.
                prop_assert_eq!(agree(&readings, quorum + 1, delta), Err(disagreed));
                prop_assert!(agree(&readings, quorum, delta - 1).is_err());
                let closer = agree(&readings, quorum, delta - 1);
                prop_assert!(closer == Err(disagreed) || matches!(closer, Err(Disagreed::Diverged(_))));
            }
        }

        #[test]
        fn p13_rescaling_encloses_the_exact_rational(price in 1_i128..=i128::MAX, decimals in 0_u32..=MAX_SOURCE_DECIMALS) {
            let exact = BigRational::new(
                BigInt::from(price) * BigInt::from(10).pow(PRICE_DECIMALS), BigInt::from(10).pow(decimals),
            );
            match rescale(price, decimals) {
                Some(scaled) => {
                    prop_assert_eq!(BigInt::from(scaled.floor), exact.floor().to_integer());
                    prop_assert_eq!(BigInt::from(scaled.ceil), exact.ceil().to_integer());
                }
                None => prop_assert!(exact > BigRational::from_integer(i128::MAX.into())),
            }
        }

        #[test]
        fn p15_the_slow_reference_moves_at_its_rate_toward_the_price_and_never_past_it(
            stable in price(), price in price(), rate in 1_u32..=1_000_000_000, elapsed in 0_u64..2_000,
        ) {
            let next = stable_step(stable, price, rate, elapsed).unwrap();
            prop_assert!(stable.min(price) <= next && next <= stable.max(price));
            let reach = BigInt::from(stable) * rate * elapsed.min(STABLE_MAX_STEP) / BigInt::from(STABLE_RATE);
            let moved = BigInt::from(stable.abs_diff(next));
            prop_assert!(moved <= reach);
            prop_assert!(next == price || moved == reach, "as far as it may");
        }
    }

    #[test]
    fn bad_inputs_1_to_6_of_a_source() {
        let refusal = |price: i128| admit(&candidate(price), NOW).err();
        assert_eq!(refusal(0), Some(Inadmissible::NotPositive), "1");
        assert_eq!(refusal(-1), Some(Inadmissible::NotPositive), "2");
        assert_eq!(refusal(i128::MIN), Some(Inadmissible::NotPositive), "2");
        assert_eq!(refusal(i128::MAX - 1), Some(Inadmissible::OutOfRange), "3");
        assert_eq!(refusal(MAX_PRICE), None, "3");
        assert_eq!(refusal(MAX_PRICE + 1), Some(Inadmissible::OutOfRange), "3");
        assert_eq!(refusal(MIN_PRICE), None, "4");
        assert_eq!(refusal(MIN_PRICE - 1), Some(Inadmissible::OutOfRange), "4");
        let at = |timestamp: u64| admit(&Candidate { timestamp, ..candidate(USD) }, NOW).err();
        assert_eq!(at(0), Some(Inadmissible::TooOld), "5");
        assert_eq!(at(NOW + 1), Some(Inadmissible::FromFuture), "6");
        assert_eq!(at(u64::MAX), Some(Inadmissible::FromFuture), "6");
    }

    #[test]
    fn bad_input_3_scaling_overflow() {
        let scaled = |decimals: u32| admit(&Candidate { decimals, ..candidate(i128::MAX - 1) }, NOW);
        assert_eq!(scaled(0), Err(Inadmissible::OutOfRange));
        assert_eq!(scaled(u32::MAX), Err(Inadmissible::OutOfRange));
        assert_eq!(rescale(1, 30), Some(Enclosed { floor: 0, ceil: 1 }));
        assert_eq!(rescale(1_500, 16), Some(Enclosed { floor: 15, ceil: 15 }));
        assert_eq!(rescale(1_501, 16), Some(Enclosed { floor: 15, ceil: 16 }));
    }

    #[test]
    fn bad_input_7_age_at_the_limit_and_one_second_past() {
        let aged = |age: u64| admit(&Candidate { timestamp: NOW - age, ..candidate(USD) }, NOW).err();
        assert_eq!(aged(300), None);
        assert_eq!(aged(301), Some(Inadmissible::TooOld));
    }

    #[test]
    fn bad_input_17_exactly_at_a_clamp() {
        let clamped =
            |price: i128| admit(&Candidate { low: 10 * USD, high: 20 * USD, ..candidate(price) }, NOW).err();
        for price in [1, 10 * USD, 20 * USD, i128::MAX] {
            assert_eq!(clamped(price), Some(Inadmissible::AtClamp));
        }
        assert_eq!((clamped(10 * USD + 1), clamped(20 * USD - 1)), (None, None));
    }

    #[test]
    fn bad_inputs_8_and_9_time_backwards_and_standing_still() {
        let seen = |seen: u64| admit(&Candidate { timestamp: NOW - 10, seen, ..candidate(USD) }, NOW).err();
        assert_eq!(seen(NOW - 9), Some(Inadmissible::Backwards));
        assert_eq!(seen(NOW - 10), None);
    }

    #[test]
    fn bad_input_18_divergence_at_the_limit_and_one_unit_past_both_ways() {
        for (a, b) in [(10_000, 10_200), (10_200, 10_000)] {
            assert!(within(a, b, 200));
            assert!(!within(a, b + if b > a { 1 } else { -1 }, 200));
        }
        let two = |high: i128| agree(&[reading(0, 10_000 * MIN_PRICE), reading(1, high)], 2, 200);
        assert_eq!(
            two(10_200 * MIN_PRICE).map(|a| (a.lo, a.mid, a.hi)),
            Ok((10_000 * MIN_PRICE, 10_000 * MIN_PRICE, 10_200 * MIN_PRICE))
        );
        assert_eq!(two(10_200 * MIN_PRICE + 1), Err(Disagreed::Diverged(10_000 * MIN_PRICE)));
    }

    #[test]
    fn bad_input_19_one_of_three_at_a_hundredfold_neither_moves_nor_stops_the_price() {
        let agreed =
            agree(&[reading(0, 100 * USD), reading(1, 10_000 * USD), reading(2, 101 * USD)], 2, 200).unwrap();
        assert_eq!((agreed.mid, agreed.lo, agreed.hi), (101 * USD, 100 * USD, 101 * USD));
        assert_eq!((agreed.groups, agreed.mask), (2, 0b101));
    }

    #[test]
    fn sources_of_one_group_count_once() {
        let one_operator = [reading(7, USD), reading(7, USD), reading(7, USD)];
        assert_eq!(agree(&one_operator, 2, 200), Err(Disagreed::NoQuorum));
        // Three feeds of one operator cannot outvote two others.
        let captured = [
            reading(7, 90 * USD),
            reading(7, 90 * USD),
            reading(7, 90 * USD),
            reading(1, 100 * USD),
            reading(2, 101 * USD),
        ];
        assert_eq!(agree(&captured, 2, 200).map(|agreed| agreed.mid), Ok(100 * USD));
    }

    #[test]
    fn quorum_at_the_limit_and_one_short() {
        let two = [reading(0, USD), None, reading(1, USD)];
        assert!(agree(&two, 2, 200).is_ok());
        assert_eq!(agree(&two, 3, 200), Err(Disagreed::NoQuorum));
        let apart = [reading(0, USD), None, reading(1, 2 * USD)];
        assert_eq!(
            agree(&apart, 3, 200),
            Err(Disagreed::Diverged(USD)),
            "they disagree, however many there should be"
        );
        assert_eq!(agree(&[], 0, 200), Err(Disagreed::NoQuorum));
        assert_eq!(agree(&[None], 1, 200), Err(Disagreed::NoQuorum));
    }

    #[test]
    fn half_of_the_groups_is_no_majority() {
        let split =
            [reading(0, 100 * USD), reading(1, 100 * USD), reading(2, 200 * USD), reading(3, 200 * USD)];
        assert_eq!(agree(&split, 2, 200), Err(Disagreed::Diverged(100 * USD)));
    }

    /// A stalled feed, or one that lags by all its age limit permits, is one group: the others date the price without it.
    #[test]
    fn a_group_that_lags_makes_a_price_no_older_unless_the_quorum_needs_it() {
        let at = |group: u32, age: u64| {
            reading(group, USD).map(|reading| Reading { timestamp: NOW - age, ..reading })
        };
        let time =
            |readings: &[Option<Reading>], quorum: u32| agree(readings, quorum, 200).unwrap().timestamp;
        assert_eq!(time(&[at(0, 0), at(1, 0), at(2, 420)], 2), NOW);
        assert_eq!(time(&[at(0, 420), at(1, 10), at(2, 0)], 2), NOW - 10, "what a majority shares");
        assert_eq!(time(&[at(0, 420), at(1, 10), at(2, 0)], 1), NOW - 10, "a majority, whatever the quorum");
        assert_eq!(time(&[at(0, 420), at(1, 10), at(2, 0)], 3), NOW - 420, "here no one can be missed");
        assert_eq!(time(&[at(0, 0), at(0, 420), at(1, 0)], 2), NOW - 420, "a group is as old as its oldest");
        assert_eq!(
            time(&[at(0, 420), at(1, 0), check(2, USD, NOW - 40_000)], 2),
            NOW,
            "a check shares every time"
        );
        let checks = [at(0, 420), check(1, USD, NOW), check(2, USD, NOW)];
        assert_eq!(time(&checks, 2), NOW - 420, "and has none of its own");
    }

    #[test]
    fn checking_sources_confirm_but_never_date_a_price() {
        let old = NOW - 40_000;
        let agreed = agree(&[reading(0, 100 * USD), check(1, 101 * USD, old)], 2, 200).unwrap();
        assert_eq!((agreed.timestamp, agreed.hi), (NOW, 101 * USD));
        let only_checks = [check(0, 100 * USD, old), check(1, 101 * USD, NOW)];
        assert_eq!(agree(&only_checks, 2, 200), Err(Disagreed::NoQuorum));
        let fresh_one_disagrees = [reading(0, 200 * USD), check(1, 100 * USD, old), check(2, 100 * USD, old)];
        assert_eq!(agree(&fresh_one_disagrees, 2, 200), Err(Disagreed::Diverged(100 * USD)));
    }

    /// A check may be hours old: it is never the price, alone or within its group, whichever side of it the fresh ones stand.
    #[test]
    fn a_check_is_never_the_price() {
        let old = NOW - 40_000;
        let mid = |readings: &[Option<Reading>]| {
            agree(readings, 2, 200).map(|agreed| (agreed.lo, agreed.mid, agreed.hi))
        };
        assert_eq!(
            mid(&[reading(0, 102 * USD), check(1, 100 * USD, old)]),
            Ok((100 * USD, 102 * USD, 102 * USD))
        );
        assert_eq!(
            mid(&[reading(0, 99 * USD), check(1, 100 * USD, old)]),
            Ok((99 * USD, 99 * USD, 100 * USD))
        );
        let three = [99, 100, 101].map(|price| check(price as u32, price * USD, old));
        let [a, b, c] = three;
        assert_eq!(mid(&[a, b, c, reading(0, 101 * USD)]), Ok((99 * USD, 101 * USD, 101 * USD)));
        let within_its_group = [check(0, 100 * USD, old), reading(0, 101 * USD), reading(1, 102 * USD)];
        assert_eq!(mid(&within_its_group), Ok((101 * USD, 101 * USD, 102 * USD)));
        // Between two fresh ones a check says which is right.
        for wrong in [50 * USD, 200 * USD] {
            let two = [reading(0, wrong), reading(1, 101 * USD), check(2, 100 * USD, old)];
            assert_eq!(mid(&two), Ok((100 * USD, 101 * USD, 101 * USD)));
        }
    }

    #[test]
    fn the_slow_reference_catches_up_for_at_most_its_longest_step() {
        let step = |elapsed: u64| stable_step(1_000_000_000, 2_000_000_000, 1_000, elapsed);
        assert_eq!(step(600), Some(1_000_600_000));
        assert_eq!(step(601), step(600));
        assert_eq!(step(0), Some(1_000_000_000));
    }

    #[test]
    fn prices_are_ordered_by_both_their_ends() {
        let price = |floor, ceil| Enclosed { floor, ceil };
        for (low, high) in [(price(1, 2), price(2, 2)), (price(1, 1), price(1, 2))] {
            assert_eq!(lower_median(&mut [low, high], 2), low);
            assert_eq!(lower_median(&mut [high, low], 2), low);
        }
    }
}
