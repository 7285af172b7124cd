//! The guard: whether an agreed price may follow the ones before it, and what happens when it may not.
//!
//! A price may move by a time-scaled step from the last accepted one, and within a window by no more than a budget, so
//! that many small steps cannot do what one big step may not. A price that may not pass *trips*: the old one stands,
//! the candidate widens the interval, and only rounds back inside the limits, or time and more groups than usual, or
//! the admin after a delay, end it.

use crate::fixed::{mul, mul_div_floor, sub};
use crate::oracle::{stable_step, within, Agreed, MAX_PRICE, MAX_SOURCES, MIN_PRICE, STABLE_RATE};
use crate::twap::{newest_first, twap_floor, ANY_GAP, RING_SLOTS};
use crate::units::BPS;

/// Longest maximum age, of a source or of a price, seconds: the longest heartbeat known, and slack.
pub const MAX_AGE: u32 = 3 * 86_400;
/// Rounds inside the limits that end a trip or a fallback.
pub const ROUNDS_TO_RECOVER: u32 = 2;

/// What kind of asset it is: decides the defaults of its limits, and whether its price ever re-anchors by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Class {
    /// Worth one unit of the base by promise.
    Pegged = 0,
    /// Traded everywhere.
    Major = 1,
    /// Traded in many places, moves much.
    Volatile = 2,
    /// One thin market can move it.
    Thin = 3,
}

impl Class {
    /// Every class, in the order of the discriminants.
    pub const ALL: [Self; 4] = [Self::Pegged, Self::Major, Self::Volatile, Self::Thin];

    /// The default static band around a hint: floor and cap, percent.
    const fn band(self) -> (i128, i128) {
        match self {
            Class::Pegged => (95, 105),
            Class::Major | Class::Volatile => (10, 1_000),
            Class::Thin => (80, 130),
        }
    }
}

/// A limit. Ratios are bps and inclusive, times are seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(usize)]
pub enum Limit {
    /// Age after which an accepted price is stale.
    MaxAge = 0,
    /// Fewest independent groups that must agree.
    Quorum = 1,
    /// Largest distance of a group from the median, of the smaller one.
    Delta = 2,
    /// Step that is always permitted, of the last accepted price.
    Step = 3,
    /// What each minute since then adds to it.
    StepPerMinute = 4,
    /// Most it grows to.
    StepMax = 5,
    /// Largest change between any two prices accepted within the window, of the earlier one.
    Budget = 6,
    /// Window of the budget and of the average.
    Window = 7,
    /// Largest distance from the average over the window.
    TwapGap = 8,
    /// Widest interval of the groups that agree, of the price: above it the price is degraded.
    Spread = 9,
    /// How long a candidate must stand to become the price; 0 = it never does by itself.
    Confirm = 10,
    /// How long liquidations wait after a recovery.
    Grace = 11,
    /// Accepted rounds before the price counts.
    WarmUp = 12,
    /// Rate of the slow reference: parts in 1e9 per second.
    StableRate = 13,
}

/// How many limits there are.
pub const LIMITS: usize = 14;

/// Which of two values is the tighter one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Tighter {
    Lower,
    Higher,
    /// A longer window bounds more prices, but its average is covered later.
    Neither,
}

/// What a limit may be.
struct Rule {
    lowest: u32,
    highest: u32,
    tighter: Tighter,
    /// Of each class. Zero: the class does not have it.
    defaults: [u32; 4],
}

const fn rule(tighter: Tighter, lowest: u32, highest: u32, defaults: [u32; 4]) -> Rule {
    Rule { lowest, highest, tighter, defaults }
}

/// Bounds, direction and defaults (Pegged, Major, Volatile, Thin) of every limit, in the order of [`Limit`].
#[rustfmt::skip]
const RULES: [Rule; LIMITS] = [
    rule(Tighter::Lower, 1, MAX_AGE, [300, 300, 300, 300]),
    rule(Tighter::Higher, 1, MAX_SOURCES as u32, [2, 3, 2, 2]),
    rule(Tighter::Lower, 1, BPS, [200, 200, 200, 200]),
    rule(Tighter::Lower, 1, BPS, [100, 500, 500, 300]),
    rule(Tighter::Lower, 1, BPS, [100, 100, 100, 100]),
    rule(Tighter::Lower, 1, BPS, [100, 2_000, 3_000, 300]),
    rule(Tighter::Lower, 1, BPS, [200, 1_500, 2_500, 500]),
    rule(Tighter::Neither, 1, u32::MAX, [3_600, 600, 600, 3_600]),
    rule(Tighter::Lower, 1, BPS, [200, 1_000, 2_000, 500]),
    rule(Tighter::Lower, 1, BPS, [500, 500, 500, 500]), // what agrees to within 2% of its median is never so wide
    rule(Tighter::Higher, 0, 86_400, [0, 120, 600, 0]),
    rule(Tighter::Higher, 1, 86_400, [300, 300, 300, 300]),
    rule(Tighter::Higher, 1, 255, [3, 3, 3, 3]),
    rule(Tighter::Lower, 1, STABLE_RATE as u32, [2_778, 27_778, 55_556, 5_556]), // 1%, 10%, 20% and 2% per hour
];

/// Everything that bounds the price of one asset.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Lower end of the static band.
    pub floor: i128,
    /// Upper end of the static band.
    pub cap: i128,
    /// The others, in the order of [`Limit`].
    pub of: [u32; LIMITS],
}

impl Limits {
    /// The defaults of an asset of `class` that is worth about `hint`.
    pub fn defaults(class: Class, hint: i128) -> Self {
        Self { floor: 0, cap: 0, of: [0; LIMITS] }.or_defaults(class, hint)
    }

    /// With the class's default for each limit that is zero. What the class does not have stays zero: neither a pegged
    /// nor a thin price re-anchors by itself.
    pub fn or_defaults(mut self, class: Class, hint: i128) -> Self {
        for (limit, rule) in self.of.iter_mut().zip(&RULES) {
            let default = rule.defaults[class as usize];
            if *limit == 0 || default == 0 {
                *limit = default;
            }
        }
        let (floor, cap) = class.band();
        for (end, percent) in [(&mut self.floor, floor), (&mut self.cap, cap)] {
            if *end == 0 {
                // What does not fit is out of bounds.
                *end = mul_div_floor(hint, percent, 100).unwrap_or(i128::MAX);
            }
        }
        self
    }

    /// One of the limits.
    pub const fn get(&self, limit: Limit) -> u32 {
        self.of[limit as usize]
    }

    /// Whether every limit is within its bounds, for an oracle whose tick is `resolution` seconds: the history must
    /// hold every price of the window.
    pub fn sound(&self, resolution: u32) -> bool {
        self.of.iter().zip(&RULES).all(|(limit, rule)| rule.lowest <= *limit && *limit <= rule.highest)
            && self.get(Limit::Step) <= self.get(Limit::StepMax)
            && u64::from(self.get(Limit::Window)) <= (RING_SLOTS as u64 - 1) * u64::from(resolution)
            && MIN_PRICE <= self.floor
            && self.floor < self.cap
            && self.cap <= MAX_PRICE
    }

    /// Whether nothing that `old` refuses passes here, and the band is the same: such a change needs no delay. The ends of
    /// the band are prices themselves, at which what has no better one is judged: neither narrower nor wider is tighter.
    pub fn at_least_as_tight_as(&self, old: &Self) -> bool {
        // Zero, where it is permitted, is never: the highest.
        let rank = |limit: u32| limit.wrapping_sub(1);
        let tighter = |new: u32, old: u32, rule: &Rule| match rule.tighter {
            Tighter::Lower => new <= old,
            Tighter::Higher => rank(new) >= rank(old),
            Tighter::Neither => new == old,
        };
        (self.floor, self.cap) == (old.floor, old.cap)
            && self.of.iter().zip(&old.of).zip(&RULES).all(|((new, old), rule)| tighter(*new, *old, rule))
    }

    /// The step permitted `elapsed` seconds after the last accepted price, bps.
    fn step(&self, elapsed: u64) -> u32 {
        let minutes = u32::try_from(elapsed / 60).unwrap_or(u32::MAX);
        let growth = self.get(Limit::StepPerMinute).saturating_mul(minutes);
        growth.saturating_add(self.get(Limit::Step)).min(self.get(Limit::StepMax))
    }
}

/// What the history says that a price is judged by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Past {
    /// Lowest price of the window, the last accepted one included however old it is.
    pub lowest: i128,
    /// Highest price of the window, likewise.
    pub highest: i128,
    /// Average over the window, if the history covers it.
    pub twap: Option<i128>,
}

impl Past {
    /// Of a packed history.
    pub fn of(ring: &[u8], anchor: i128, now: u64, limits: &Limits) -> Self {
        let mut past = Self { lowest: anchor, highest: anchor, twap: None };
        for print in newest_first(ring) {
            if print
                .landed()
                .is_none_or(|landed| now.saturating_sub(landed) > u64::from(limits.get(Limit::Window)))
            {
                break;
            }
            past.lowest = past.lowest.min(print.price);
            past.highest = past.highest.max(print.price);
        }
        // However long a price stood: after a silence the last one is what there is.
        past.twap = twap_floor(newest_first(ring), now, limits.get(Limit::Window).into(), ANY_GAP);
        past
    }
}

/// Which limit a price does not keep.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Breach {
    /// Outside the static band.
    Band,
    /// Too far from the last accepted price for the time since.
    Step,
    /// Too far from a price accepted within the window.
    Budget,
    /// Too far from the average over the window.
    TwapGap,
    /// The groups that agree are too far apart.
    Spread,
}

/// Where an asset's price stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Phase {
    /// It has not had its first rounds.
    Warming = 0,
    /// It may be used.
    Live = 1,
    /// From a fallback source, or from groups far apart.
    Degraded = 2,
    /// A candidate was refused.
    Tripped = 3,
}

impl Phase {
    /// The phase of a discriminant; what is not understood has to warm up.
    pub fn from_code(code: u8) -> Self {
        [Phase::Live, Phase::Degraded, Phase::Tripped]
            .into_iter()
            .find(|phase| *phase as u8 == code)
            .unwrap_or(Phase::Warming)
    }
}

/// What became of an agreed price.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It is the price.
    Accepted,
    /// It is the price, of less weight: from a fallback, or from groups far apart.
    Degraded,
    /// It is the price, and the history starts anew: confirmed by time and more groups than usual.
    ReAnchored,
    /// Inside the limits, but the trip wants another such round.
    Recovering,
    /// It is not the price.
    Refused(Breach),
    /// Neither the clock nor the sources are a tick further.
    Unchanged,
    /// A fallback cannot start a price, nor end a trip.
    NoQuorum,
}

impl Verdict {
    /// Whether the price enters the history.
    pub const fn enters_history(self, fallback: bool) -> bool {
        match self {
            Verdict::Accepted | Verdict::ReAnchored => true,
            Verdict::Degraded => !fallback,
            _ => false,
        }
    }
}

/// A round: what the sources agree on, and how.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Round<'a> {
    /// The agreed price.
    pub agreed: &'a Agreed,
    /// Whether it comes from fallback sources.
    pub fallback: bool,
    /// Groups that must agree to confirm a candidate.
    pub confirming: u32,
    /// Seconds of a tick, at least 1.
    pub resolution: u64,
    /// The ledger's clock.
    pub now: u64,
}

/// What the guard remembers of one asset.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Track {
    /// The price.
    pub mid: i128,
    /// Lowest price of the groups behind it.
    pub lo: i128,
    /// Highest price of the groups behind it.
    pub hi: i128,
    /// Slow reference.
    pub stable: i128,
    /// Last price that entered the history; at first the hint.
    pub anchor: i128,
    /// The price that was refused; of meaning while tripped.
    pub candidate: i128,
    /// Unix seconds the price speaks of.
    pub timestamp: u64,
    /// Unix seconds at which the anchor landed.
    pub anchored: u64,
    /// Unix seconds that the last judged round speaks of.
    pub judged: u64,
    /// Unix seconds at which it was judged.
    pub judged_at: u64,
    /// Unix seconds since which the candidate stands.
    pub since: u64,
    /// Unix seconds until which liquidations wait.
    pub grace_until: u64,
    /// Where the price stands.
    pub phase: Phase,
    /// Good rounds toward the next phase.
    pub good: u32,
}

impl Track {
    /// Of an asset that is worth about `hint`: an anchor, but no price.
    pub const fn new(hint: i128, now: u64) -> Self {
        Self {
            mid: 0,
            lo: 0,
            hi: 0,
            stable: 0,
            anchor: hint,
            candidate: 0,
            timestamp: 0,
            anchored: now,
            judged: 0,
            judged_at: 0,
            since: 0,
            grace_until: 0,
            phase: Phase::Warming,
            good: 0,
        }
    }

    /// Judges a round and remembers what follows from it.
    pub fn judge(&mut self, limits: &Limits, past: &Past, round: &Round) -> Verdict {
        let Round { agreed, fallback, resolution, now, .. } = *round;
        let newer = |time: u64, than: u64| tick(time, resolution) > tick(than, resolution);
        if !newer(agreed.timestamp, self.judged) || !newer(now, self.judged_at) {
            return Verdict::Unchanged;
        }
        if fallback && matches!(self.phase, Phase::Warming | Phase::Tripped) {
            return Verdict::NoQuorum;
        }
        self.judged = agreed.timestamp;
        self.judged_at = now;
        let breach = self.breach(limits, past, agreed.mid, now);
        let wide = !moved_within(agreed.mid, agreed.mid + (agreed.hi - agreed.lo), limits.get(Limit::Spread));
        // A wide interval is no breach, but it neither starts a price nor ends a trip.
        let flaw = breach.or(wide.then_some(Breach::Spread));
        match (self.phase, flaw, breach) {
            (Phase::Warming, Some(flaw), _) => {
                self.good = 0;
                Verdict::Refused(flaw)
            }
            (Phase::Warming, None, _) => self.warm_up(limits, round),
            (Phase::Tripped, ..) => self.stay_or_recover(limits, round, flaw, wide),
            (Phase::Live | Phase::Degraded, _, Some(breach)) => self.trip(round, breach),
            (Phase::Live | Phase::Degraded, _, None) => self.follow(limits, round, wide),
        }
    }

    fn warm_up(&mut self, limits: &Limits, round: &Round) -> Verdict {
        self.accept(limits, round);
        self.good += 1;
        if self.good >= limits.get(Limit::WarmUp) {
            self.phase = Phase::Live;
        }
        Verdict::Accepted
    }

    fn stay_or_recover(
        &mut self,
        limits: &Limits,
        round: &Round,
        flaw: Option<Breach>,
        wide: bool,
    ) -> Verdict {
        let Round { agreed, confirming, now, .. } = *round;
        if !within(agreed.mid, self.candidate, limits.get(Limit::Delta)) {
            self.since = now;
        }
        self.candidate = agreed.mid;
        let Some(flaw) = flaw else {
            self.good += 1;
            if self.good < ROUNDS_TO_RECOVER {
                return Verdict::Recovering;
            }
            self.recover(limits, round);
            return Verdict::Accepted;
        };
        self.good = 0;
        let confirmed = limits.get(Limit::Confirm) > 0
            && flaw != Breach::Band
            && !wide
            && now.saturating_sub(self.since) >= u64::from(limits.get(Limit::Confirm))
            && agreed.groups >= confirming;
        if confirmed {
            self.recover(limits, round);
            return Verdict::ReAnchored;
        }
        Verdict::Refused(flaw)
    }

    /// What a fallback alone says is refused, and proves nothing.
    fn trip(&mut self, round: &Round, breach: Breach) -> Verdict {
        if !round.fallback {
            self.phase = Phase::Tripped;
            self.candidate = round.agreed.mid;
            self.interrupt(round.now);
        }
        Verdict::Refused(breach)
    }

    fn follow(&mut self, limits: &Limits, round: &Round, wide: bool) -> Verdict {
        let (lo, hi) = (self.lo, self.hi);
        self.accept(limits, round);
        if round.fallback {
            // A fallback widens what stood before, it does not replace it.
            self.lo = self.lo.min(lo);
            self.hi = self.hi.max(hi);
        }
        if round.fallback || wide {
            self.phase = Phase::Degraded;
            self.good = 0;
        } else if self.phase == Phase::Degraded {
            self.good += 1;
            if self.good >= ROUNDS_TO_RECOVER {
                self.phase = Phase::Live;
            }
        }
        if self.phase == Phase::Degraded {
            Verdict::Degraded
        } else {
            Verdict::Accepted
        }
    }

    /// The groups disagreed: no candidate stood meanwhile, and no good rounds followed on one another.
    pub fn interrupt(&mut self, now: u64) {
        self.good = 0;
        self.since = now;
    }

    fn recover(&mut self, limits: &Limits, round: &Round) {
        self.accept(limits, round);
        self.phase = Phase::Live;
        self.grace_until = round.now.saturating_add(limits.get(Limit::Grace).into());
    }

    fn accept(&mut self, limits: &Limits, round: &Round) {
        let Round { agreed, fallback, now, .. } = *round;
        self.stable = if self.timestamp == 0 {
            agreed.mid
        } else {
            let elapsed = agreed.timestamp.saturating_sub(self.timestamp);
            stable_step(self.stable, agreed.mid, limits.get(Limit::StableRate), elapsed)
                .unwrap_or(self.stable)
        };
        self.lo = agreed.lo;
        self.mid = agreed.mid;
        self.hi = agreed.hi;
        self.timestamp = agreed.timestamp;
        if !fallback {
            self.anchor = agreed.mid;
            self.anchored = now;
        }
    }

    fn breach(&self, limits: &Limits, past: &Past, mid: i128, now: u64) -> Option<Breach> {
        let step = limits.step(now.saturating_sub(self.anchored));
        if mid < limits.floor || mid > limits.cap {
            Some(Breach::Band)
        } else if !moved_within(self.anchor, mid, step) {
            Some(Breach::Step)
        } else if !moved_within(past.lowest, mid, limits.get(Limit::Budget))
            || !moved_within(past.highest, mid, limits.get(Limit::Budget))
        {
            Some(Breach::Budget)
        } else if past.twap.is_some_and(|twap| !moved_within(twap, mid, limits.get(Limit::TwapGap))) {
            Some(Breach::TwapGap)
        } else {
            None
        }
    }
}

/// The tick of `resolution` seconds, at least 1, that contains `time`; each has at most one accepted price.
pub fn tick(time: u64, resolution: u64) -> u64 {
    time / resolution.max(1)
}

/// Whether `to` is at most `bps` of `from` away from it.
pub fn moved_within(from: i128, to: i128, bps: u32) -> bool {
    let distance = sub(from.max(to), from.min(to)).and_then(|distance| mul(distance, BPS.into()));
    match (distance, mul(from, bps.into())) {
        (Ok(distance), Ok(limit)) => distance <= limit,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twap::Print;
    use crate::units::PRICE as USD;
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use proptest::prelude::*;

    const NOW: u64 = 1_790_000_000;
    const TICK: u64 = 60;

    /// One asset as the contract keeps it.
    struct Life {
        limits: Limits,
        track: Track,
        ring: Vec<u8>,
        now: u64,
        confirming: u32,
    }

    impl Life {
        fn new(class: Class, hint: i128) -> Self {
            let limits = Limits::defaults(class, hint);
            let confirming = limits.get(Limit::Quorum) + 1;
            Self { limits, track: Track::new(hint, NOW), ring: Vec::new(), now: NOW, confirming }
        }

        /// Live at `hint`, with a history that covers the window.
        fn live(class: Class, hint: i128) -> Self {
            let mut life = Self::new(class, hint);
            for _ in 0..=life.limits.get(Limit::Window) / 60 + 1 {
                life.pass(TICK);
                assert_eq!(life.says(hint), Verdict::Accepted);
            }
            life
        }

        fn pass(&mut self, seconds: u64) {
            self.now += seconds;
        }

        fn says(&mut self, mid: i128) -> Verdict {
            self.round(mid, mid, mid, 0, self.confirming, false)
        }

        fn round(&mut self, lo: i128, mid: i128, hi: i128, age: u64, groups: u32, fallback: bool) -> Verdict {
            let agreed = Agreed { lo, mid, hi, timestamp: self.now - age, groups, mask: 0 };
            let past = Past::of(&self.ring, self.track.anchor, self.now, &self.limits);
            let round = Round {
                agreed: &agreed,
                fallback,
                confirming: self.confirming,
                resolution: TICK,
                now: self.now,
            };
            let verdict = self.track.judge(&self.limits, &past, &round);
            if verdict == Verdict::ReAnchored {
                self.ring.clear();
            }
            if verdict.enters_history(fallback) {
                let print = Print { timestamp: agreed.timestamp, delay: age as u32, price: mid };
                self.ring.extend(print.pack().unwrap());
                let surplus = self.ring.len().saturating_sub(crate::twap::RING_BYTES);
                self.ring.drain(..surplus);
            }
            verdict
        }
    }

    fn class() -> impl Strategy<Value = Class> {
        prop::sample::select(Class::ALL.to_vec())
    }

    /// (seconds passed, move in bps of the price said before, age of the round, groups missing)
    fn schedule() -> impl Strategy<Value = Vec<(u64, i128, u64, u32)>> {
        let pace = prop_oneof![4 => 1_u64..130, 1 => 130_u64..5_000];
        let change =
            prop_oneof![4 => -150_i128..150, 2 => -700_i128..700, 1 => -4_000_i128..6_000, 1 => Just(0)];
        prop::collection::vec((pace, change, 0_u64..60, 0_u32..2), 1..120)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(600))]

        /// P5, P6, P17, P18 over every schedule of rounds, in every class.
        #[test]
        fn p5_p6_p17_p18_no_two_accepted_prices_of_a_window_differ_by_more_than_the_budget(class in class(), schedule in schedule()) {
            let mut life = Life::new(class, 100 * USD);
            let (mut said, mut accepted, mut rounds) = (100 * USD, Vec::<(u64, i128)>::new(), 0);
            for (seconds, bps, age, missing) in schedule {
                life.pass(seconds);
                said = (said + said * bps / 10_000).clamp(USD, 10_000 * USD);
                let before = life.track;
                let groups = life.confirming - missing;
                let verdict = life.round(said, said, said, age, groups, false);
                let after = life.track;
                match verdict {
                    Verdict::Accepted => {
                        rounds += 1;
                        prop_assert!(after.timestamp > before.timestamp, "P5");
                        if before.phase == Phase::Tripped {
                            prop_assert_eq!(before.good, ROUNDS_TO_RECOVER - 1, "P18: two rounds inside");
                        }
                        accepted.push((life.now, said));
                    }
                    Verdict::ReAnchored => {
                        prop_assert!(life.limits.get(Limit::Confirm) > 0, "P18: neither thin nor pegged");
                        prop_assert_eq!(missing, 0);
                        prop_assert!(life.now - after.since >= u64::from(life.limits.get(Limit::Confirm)));
                        prop_assert!(within(before.candidate, said, life.limits.get(Limit::Delta)));
                        accepted = vec![(life.now, said)];
                    }
                    _ => prop_assert_eq!((after.mid, after.anchor), (before.mid, before.anchor), "P18"),
                }
                if before.phase == Phase::Warming && after.phase == Phase::Live {
                    prop_assert!(rounds >= life.limits.get(Limit::WarmUp), "P17");
                }
                if before.phase != Phase::Warming {
                    prop_assert_ne!(after.phase, Phase::Warming);
                }
            }
            let budget = BigRational::new(life.limits.get(Limit::Budget).into(), BPS.into());
            for (index, (from, earlier)) in accepted.iter().enumerate() {
                for (to, later) in &accepted[index + 1..] {
                    if to - from <= u64::from(life.limits.get(Limit::Window)) {
                        let change = BigRational::new(BigInt::from(later - earlier), BigInt::from(*earlier));
                        prop_assert!(change <= budget && -change <= budget, "P6 {earlier} {later}");
                    }
                }
            }
        }

        #[test]
        fn p7_judging_again_changes_nothing(class in class(), schedule in schedule()) {
            let mut life = Life::new(class, 100 * USD);
            let mut said = 100 * USD;
            for (seconds, bps, age, _) in schedule {
                life.pass(seconds);
                said = (said + said * bps / 10_000).clamp(USD, 10_000 * USD);
                life.round(said, said, said, age, 3, false);
                let (track, ring) = (life.track, life.ring.clone());
                prop_assert_eq!(life.round(said, said, said, age, 3, false), Verdict::Unchanged);
                prop_assert_eq!(life.round(2 * said, 2 * said, 2 * said, age, 3, false), Verdict::Unchanged);
                prop_assert_eq!((life.track, &life.ring), (track, &ring));
            }
        }

        /// P8: one notch on one limit, the same past, the same round.
        #[test]
        fn p8_tightening_any_limit_never_lets_pass_what_was_refused(
            class in class(), moves in prop::collection::vec(-300_i128..300, 1..20), last in -4_000_i128..4_000,
            spread in 0_i128..800, place in 0..LIMITS + 2, notch in 1_u32..300,
        ) {
            let mut life = Life::new(class, 100 * USD);
            let mut said = 100 * USD;
            for bps in moves {
                life.pass(TICK);
                said += said * bps / 10_000;
                life.says(said);
            }
            life.pass(TICK);
            said += said * last / 10_000;
            let mut tighter = life.limits;
            match place {
                LIMITS => tighter.floor += i128::from(notch) * USD / 10,
                at if at > LIMITS => tighter.cap -= i128::from(notch) * USD / 10,
                at if RULES[at].tighter != Tighter::Lower => tighter.of[at] = tighter.of[at].saturating_add(notch),
                at => tighter.of[at] = tighter.of[at].saturating_sub(notch).max(1),
            }
            prop_assume!(place >= LIMITS || tighter.at_least_as_tight_as(&life.limits));
            let mut tight = Life { limits: tighter, ring: life.ring.clone(), ..life };
            let hi = said + said * spread / 10_000;
            let passes = |verdict: Verdict| matches!(verdict, Verdict::Accepted | Verdict::Degraded | Verdict::ReAnchored);
            let loose_passes = passes(life.round(said, said, hi, 0, 3, false));
            prop_assert!(loose_passes || !passes(tight.round(said, said, hi, 0, 3, false)));
        }

        /// P23: what counts for an account at the ends of an interval counts no less at its middle.
        #[test]
        fn p23_solvent_at_the_ends_is_solvent_at_the_middle(
            deposit in 0_i128..10_i128.pow(15), debt in 0_i128..10_i128.pow(15), lo in MIN_PRICE..100 * USD, up in 0..USD, more in 0..USD,
        ) {
            let (mid, hi) = (lo + up, lo + up + more);
            let floor = |amount, price| crate::fixed::mul_div_floor(amount, price, USD).unwrap();
            let ceil = |amount, price| crate::fixed::mul_div_ceil(amount, price, USD).unwrap();
            if floor(deposit, lo) >= ceil(debt, hi) {
                prop_assert!(floor(deposit, mid) >= ceil(debt, mid));
            }
        }
    }

    #[test]
    fn a_tick_holds_its_first_second_and_not_the_next_tick() {
        assert_eq!([0, 59, 60, 119, u64::MAX].map(|time| tick(time, 60)), [0, 0, 1, 1, u64::MAX / 60]);
        assert_eq!((tick(7, 1), tick(7, 0)), (7, 7), "a tick has a second at least");
    }

    #[test]
    fn the_table_of_limits_names_every_limit_in_order() {
        use Limit::*;
        let order = [
            MaxAge,
            Quorum,
            Delta,
            Step,
            StepPerMinute,
            StepMax,
            Budget,
            Window,
            TwapGap,
            Spread,
            Confirm,
            Grace,
            WarmUp,
            StableRate,
        ];
        assert!(order.into_iter().enumerate().all(|(place, limit)| limit as usize == place));
        for class in Class::ALL {
            let defaults = Limits::defaults(class, USD);
            assert!(defaults.sound(60), "{class:?}");
            assert!(defaults.at_least_as_tight_as(&defaults));
        }
    }

    #[test]
    fn limits_out_of_their_bounds_are_not_sound() {
        let good = Limits::defaults(Class::Major, 100 * USD);
        let with = |place: usize, value: u32| {
            let mut limits = good;
            limits.of[place] = value;
            limits.sound(TICK as u32)
        };
        for (place, rule) in RULES.iter().enumerate() {
            assert!(rule.lowest == 0 || !with(place, rule.lowest - 1), "{place}");
            assert!(rule.highest == u32::MAX || !with(place, rule.highest + 1), "{place}");
        }
        let step_max = good.get(Limit::StepMax);
        assert!(with(Limit::Step as usize, step_max) && !with(Limit::Step as usize, step_max + 1));
        // Of 64 prices that are a minute apart the first and the last are 63 apart.
        assert!(with(Limit::Window as usize, 63 * 60) && !with(Limit::Window as usize, 63 * 60 + 1));
        let band = |floor, cap| {
            let mut limits = good;
            (limits.floor, limits.cap) = (floor, cap);
            limits.sound(TICK as u32)
        };
        assert!(band(MIN_PRICE, MAX_PRICE) && band(USD, USD + 1));
        assert!(!band(MIN_PRICE - 1, USD) && !band(USD, MAX_PRICE + 1) && !band(USD, USD));
    }

    #[test]
    fn one_looser_limit_makes_all_of_them_looser() {
        let old = Limits::defaults(Class::Major, 100 * USD);
        for by in [-1, 1] {
            assert!(!Limits { floor: old.floor + by, ..old }.at_least_as_tight_as(&old));
            assert!(!Limits { cap: old.cap + by, ..old }.at_least_as_tight_as(&old));
        }
        for (place, rule) in RULES.iter().enumerate() {
            let tight = |value: u32| {
                let mut new = old;
                new.of[place] = value;
                new.at_least_as_tight_as(&old)
            };
            let (less, more) = (tight(old.of[place] - 1), tight(old.of[place] + 1));
            assert_eq!(less, rule.tighter == Tighter::Lower, "{place}");
            assert_eq!(more, rule.tighter == Tighter::Higher, "{place}");
        }
        // Never to re-anchor is tighter than any time.
        let mut never = old;
        never.of[Limit::Confirm as usize] = 0;
        assert!(never.at_least_as_tight_as(&old) && !old.at_least_as_tight_as(&never));
    }

    #[test]
    fn the_default_band_is_of_whole_units() {
        let limits = Limits::defaults(Class::Pegged, 19_999);
        assert_eq!((limits.floor, limits.cap), (18_999, 20_998));
    }

    #[test]
    fn the_band_at_its_ends_and_one_unit_past() {
        for (price, verdict) in [
            (98 * USD, Verdict::Accepted),
            (98 * USD - 1, Verdict::Refused(Breach::Band)),
            (102 * USD, Verdict::Accepted),
            (102 * USD + 1, Verdict::Refused(Breach::Band)),
        ] {
            let mut life = Life::live(Class::Major, 100 * USD);
            (life.limits.floor, life.limits.cap) = (98 * USD, 102 * USD);
            life.pass(TICK);
            assert_eq!(life.says(price), verdict);
        }
    }

    #[test]
    fn phases_are_known_by_their_codes() {
        for phase in [Phase::Warming, Phase::Live, Phase::Degraded, Phase::Tripped] {
            assert_eq!(Phase::from_code(phase as u8), phase);
        }
        assert_eq!(Phase::from_code(4), Phase::Warming);
    }

    #[test]
    fn of_degraded_prices_those_of_the_groups_enter_the_history() {
        let entering = |fallback: bool| {
            let all = [
                Verdict::Accepted,
                Verdict::Degraded,
                Verdict::ReAnchored,
                Verdict::Recovering,
                Verdict::Refused(Breach::Step),
                Verdict::Unchanged,
                Verdict::NoQuorum,
            ];
            all.map(|verdict| verdict.enters_history(fallback))
        };
        assert_eq!(entering(false), [true, true, true, false, false, false, false]);
        assert_eq!(entering(true), [true, false, true, false, false, false, false]);
    }

    #[test]
    fn the_window_knows_its_lowest_and_its_highest_price() {
        let mut life = Life::live(Class::Major, 100 * USD);
        for price in [103 * USD, 99 * USD, 101 * USD] {
            life.pass(TICK);
            assert_eq!(life.says(price), Verdict::Accepted);
        }
        let past = Past::of(&life.ring, life.track.anchor, life.now, &life.limits);
        assert_eq!((past.lowest, past.highest), (99 * USD, 103 * USD));
    }

    #[test]
    fn the_slow_reference_starts_at_the_price_and_follows_it() {
        let mut life = Life::new(Class::Major, 100 * USD);
        life.pass(TICK);
        life.says(101 * USD);
        assert_eq!(life.track.stable, 101 * USD);
        life.pass(TICK);
        life.says(104 * USD);
        // 27,778 parts in 1e9 a second.
        assert_eq!(life.track.stable, 101 * USD + 101 * USD / 1_000_000_000 * 27_778 * 60);
    }

    #[test]
    fn p18_neither_thin_nor_pegged_have_a_confirmation_however_one_asks() {
        for (class, has) in
            [(Class::Pegged, false), (Class::Thin, false), (Class::Major, true), (Class::Volatile, true)]
        {
            let mut asked = Limits::defaults(class, USD);
            asked.of[Limit::Confirm as usize] = 60;
            assert_eq!(asked.or_defaults(class, USD).get(Limit::Confirm) > 0, has, "{class:?}");
        }
    }

    #[test]
    fn the_step_grows_with_time_to_its_maximum() {
        let limits = Limits::defaults(Class::Major, USD);
        let steps = [0, 59, 60, 600, 900, 901, u64::MAX].map(|elapsed| limits.step(elapsed));
        assert_eq!(steps, [500, 500, 600, 1_500, 2_000, 2_000, 2_000]);
    }

    #[test]
    fn the_step_at_its_limit_and_one_unit_past() {
        for (price, verdict) in [
            (100 * USD + 6 * USD, Verdict::Accepted),
            (100 * USD + 6 * USD + 1, Verdict::Refused(Breach::Step)),
            (100 * USD - 6 * USD, Verdict::Accepted),
            (100 * USD - 6 * USD - 1, Verdict::Refused(Breach::Step)),
        ] {
            let mut life = Life::live(Class::Major, 100 * USD);
            life.pass(TICK);
            assert_eq!(life.says(price), verdict);
        }
    }

    /// 22
    #[test]
    fn bad_input_22_a_ratchet_of_sixty_steps_of_4_9_percent_does_not_pass() {
        for (class, most_bps) in
            [(Class::Major, 1_500), (Class::Volatile, 2_500), (Class::Thin, 500), (Class::Pegged, 200)]
        {
            let mut life = Life::live(class, 100 * USD);
            let mut said = 100 * USD;
            for _ in 0..60 {
                life.pass(TICK);
                said += said * 490 / 10_000;
                life.says(said.min(MAX_PRICE));
            }
            assert!(said > 1_700 * USD, "unguarded it is 17 times the price");
            assert!(moved_within(100 * USD, life.track.mid, most_bps), "{class:?} {}", life.track.mid);
            assert_eq!(life.track.phase, Phase::Tripped);
        }
    }

    #[test]
    fn the_budget_counts_within_the_window_and_not_past_it() {
        for (minutes, verdict) in [(10, Verdict::Refused(Breach::Budget)), (11, Verdict::Accepted)] {
            let mut life = Life::live(Class::Major, 100 * USD);
            // Too short a history for an average: only the budget judges.
            life.ring.clear();
            for price in [104 * USD, 108 * USD, 112 * USD, 115 * USD] {
                life.pass(TICK);
                assert_eq!(life.says(price), Verdict::Accepted);
            }
            // The first of them was accepted three minutes ago: 119.6 is 15% of it.
            life.pass((minutes - 3) * TICK);
            assert_eq!(life.says(104 * USD * 115 / 100 + USD), verdict, "{minutes}");
        }
    }

    #[test]
    fn the_average_judges_once_the_history_covers_the_window() {
        let mut life = Life::live(Class::Major, 100 * USD);
        let mut last = Verdict::Accepted;
        for price in [105 * USD, 109 * USD, 113 * USD] {
            life.pass(TICK);
            last = life.says(price);
        }
        // The average is 101.4; 10% above it is less than 15% above the lowest.
        assert_eq!(last, Verdict::Refused(Breach::TwapGap));
    }

    /// 21: what the February 2026 exploit did.
    #[test]
    fn bad_input_21_a_second_hostile_round_clears_nothing() {
        for class in Class::ALL {
            let mut life = Life::live(class, 100 * USD);
            for round in 0..100 {
                life.pass(TICK);
                let verdict = life.round(900 * USD, 900 * USD, 900 * USD, 0, life.confirming - 1, false);
                assert!(matches!(verdict, Verdict::Refused(_)), "{class:?} {round}");
            }
            assert_eq!((life.track.mid, life.track.candidate), (100 * USD, 900 * USD));
        }
    }

    #[test]
    fn a_trip_ends_after_two_rounds_inside_with_a_grace() {
        let mut life = Life::live(Class::Thin, 100 * USD);
        life.pass(TICK);
        assert_eq!(life.says(120 * USD), Verdict::Refused(Breach::Step));
        life.pass(TICK);
        assert_eq!(life.says(101 * USD), Verdict::Recovering);
        life.pass(TICK);
        assert_eq!(life.says(120 * USD), Verdict::Refused(Breach::Step), "and the count starts anew");
        for verdict in [Verdict::Recovering, Verdict::Accepted] {
            life.pass(TICK);
            assert_eq!(life.says(101 * USD), verdict);
        }
        assert_eq!((life.track.phase, life.track.grace_until), (Phase::Live, life.now + 300));
    }

    /// 23
    #[test]
    fn bad_input_23_a_real_crash_is_confirmed_by_time_and_every_group() {
        let mut life = Life::live(Class::Major, 100 * USD);
        let mut minutes = 0;
        loop {
            life.pass(TICK);
            minutes += 1;
            match life.says(40 * USD) {
                Verdict::ReAnchored => break,
                verdict => assert_eq!(verdict, Verdict::Refused(Breach::Step)),
            }
        }
        assert_eq!(minutes, 3, "120 s after the first of them");
        assert_eq!((life.track.mid, life.track.phase), (40 * USD, Phase::Live));
        assert_eq!(life.track.grace_until, life.now + 300);
        assert_eq!(life.ring.len(), crate::twap::SLOT_BYTES, "the old regime is no part of the average");

        // One group short, wandering, or outside the band: never.
        let mut life = Life::live(Class::Major, 100 * USD);
        for minute in 0..60 {
            life.pass(TICK);
            let (price, groups) = match minute % 3 {
                0 => (40 * USD, life.confirming - 1),
                1 => ((40 + minute % 7 * 5) * USD, life.confirming),
                _ => (2_000 * USD, life.confirming),
            };
            assert!(matches!(life.round(price, price, price, 0, groups, false), Verdict::Refused(_)));
        }
    }

    /// 24
    #[test]
    fn bad_input_24_a_day_without_prices_is_no_licence_to_jump() {
        for class in Class::ALL {
            let mut life = Life::live(class, 100 * USD);
            life.pass(86_400);
            assert!(matches!(life.says(300 * USD), Verdict::Refused(_)), "{class:?}");
        }
    }

    /// 26
    #[test]
    fn bad_input_26_the_first_price_has_to_be_near_the_hint() {
        let mut life = Life::new(Class::Major, 100 * USD);
        life.pass(TICK);
        assert_eq!(life.says(200 * USD), Verdict::Refused(Breach::Step));
        assert_eq!((life.track.phase, life.track.mid), (Phase::Warming, 0));
        for good in [true, true, false, true, true, true] {
            life.pass(TICK);
            assert_eq!(life.track.phase, Phase::Warming);
            life.says(if good { 100 * USD } else { 200 * USD });
        }
        assert_eq!(life.track.phase, Phase::Live, "three rounds, one after the other");
    }

    #[test]
    fn bad_input_20_what_stands_outside_the_band_is_never_confirmed() {
        for outside in [9 * USD, 1_001 * USD] {
            let mut life = Life::live(Class::Major, 100 * USD);
            for _ in 0..60 {
                life.pass(TICK);
                assert_eq!(life.says(outside), Verdict::Refused(Breach::Band));
            }
            assert_eq!(life.track.mid, 100 * USD);
        }
    }

    #[test]
    fn groups_far_apart_confirm_nothing() {
        let mut life = Life::live(Class::Major, 100 * USD);
        for _ in 0..60 {
            life.pass(TICK);
            let groups = life.confirming;
            let verdict = life.round(38 * USD - 1, 40 * USD, 40 * USD, 0, groups, false);
            assert_eq!(verdict, Verdict::Refused(Breach::Step));
        }
    }

    #[test]
    fn a_tick_of_the_ledger_has_one_price_however_many_the_sources_bring() {
        let mut life = Life::live(Class::Major, 100 * USD);
        life.pass(3 * TICK);
        let late = |life: &mut Life, age: u64| life.round(100 * USD, 100 * USD, 100 * USD, age, 3, false);
        assert_eq!(late(&mut life, 2 * TICK), Verdict::Accepted);
        assert_eq!(late(&mut life, TICK), Verdict::Unchanged);
        assert_eq!(late(&mut life, 0), Verdict::Unchanged);
    }

    #[test]
    fn a_fallback_degrades_widens_and_never_anchors() {
        let mut life = Life::live(Class::Major, 100 * USD);
        let slots = life.ring.len();
        life.pass(TICK);
        assert_eq!(life.round(103 * USD, 103 * USD, 103 * USD, 0, 1, true), Verdict::Degraded);
        assert_eq!((life.track.lo, life.track.mid, life.track.hi), (100 * USD, 103 * USD, 103 * USD));
        assert_eq!((life.track.anchor, life.ring.len()), (100 * USD, slots));
        let mut lower = Life::live(Class::Major, 100 * USD);
        lower.pass(TICK);
        assert_eq!(lower.round(97 * USD, 97 * USD, 97 * USD, 0, 1, true), Verdict::Degraded);
        assert_eq!((lower.track.lo, lower.track.mid, lower.track.hi), (97 * USD, 97 * USD, 100 * USD));
        life.pass(TICK);
        assert_eq!(life.says(100 * USD), Verdict::Degraded, "one good round is not enough");
        life.pass(TICK);
        assert_eq!(life.says(100 * USD), Verdict::Accepted);
        life.pass(TICK);
        assert_eq!(life.round(200 * USD, 200 * USD, 200 * USD, 0, 1, true), Verdict::Refused(Breach::Step));
        assert_eq!((life.track.phase, life.track.mid), (Phase::Live, 100 * USD), "nor does it trip");
        life.pass(TICK);
        life.says(200 * USD);
        life.pass(TICK);
        assert_eq!(
            life.round(100 * USD, 100 * USD, 100 * USD, 0, 1, true),
            Verdict::NoQuorum,
            "nor ends a trip"
        );
        let mut cold = Life::new(Class::Major, 100 * USD);
        cold.pass(TICK);
        assert_eq!(
            cold.round(100 * USD, 100 * USD, 100 * USD, 0, 1, true),
            Verdict::NoQuorum,
            "nor starts a price"
        );
    }

    #[test]
    fn groups_far_apart_degrade_and_neither_start_a_price_nor_end_a_trip() {
        let wide = |life: &mut Life| {
            life.pass(TICK);
            life.round(97 * USD, 100 * USD, 102 * USD + 1, 0, 9, false)
        };
        let mut life = Life::live(Class::Major, 100 * USD);
        assert_eq!(wide(&mut life), Verdict::Degraded);
        assert_eq!(wide(&mut Life::new(Class::Major, 100 * USD)), Verdict::Refused(Breach::Spread));
        life.pass(TICK);
        life.says(200 * USD);
        assert_eq!(wide(&mut life), Verdict::Refused(Breach::Spread));
        assert_eq!(life.track.good, 0);
    }
}
