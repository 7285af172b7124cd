//! The guard: whether an agreed price may follow the ones before it, and what happens when it may not.
//!
//! A price may move by a time-scaled step from the last accepted one, and within a window by no more than a budget, so
//! that many small steps cannot do what one big step may not. A price that may not pass *trips*: the old one stands,
//! the candidate widens the interval, and only rounds back inside the limits, or time and more groups than usual, or
//! the admin after a delay, end it.

use crate::oracle::{stable_step, within, Agreed, MAX_PRICE, MAX_SOURCES, MIN_PRICE, STABLE_RATE};
use crate::twap::{newest_first, twap_floor, RING_SLOTS};
use crate::units::BPS;

/// Longest maximum age, of a source or of a price, seconds: the longest heartbeat known, and slack.
pub const MAX_AGE: u64 = 3 * 86_400;
/// Longest confirmation of a candidate and longest grace, seconds.
pub const MAX_WAIT: u64 = 86_400;
/// Rounds inside the limits that end a trip or a fallback.
pub const ROUNDS_TO_RECOVER: u32 = 2;
/// Most rounds of a warm-up.
pub const MAX_WARM_UP: u32 = 255;

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

    /// Whether a candidate that time and more groups confirm becomes the price.
    pub const fn re_anchors(self) -> bool {
        matches!(self, Class::Major | Class::Volatile)
    }

    /// The default limits of an asset of this class that is worth about `hint`.
    pub const fn defaults(self, hint: i128) -> Limits {
        const fn percent(hint: i128, share: i128) -> i128 {
            hint / 100 * share
        }
        let common = Limits {
            floor: hint / 10,
            cap: 10 * hint,
            max_age: 300,
            quorum: 2,
            delta_bps: 200,
            step_bps: 500,
            step_bps_per_minute: 100,
            step_max_bps: 2_000,
            budget_bps: 1_500,
            window: 600,
            twap_gap_bps: 1_000,
            spread_bps: 200,
            confirm: 120,
            grace: 300,
            warm_up: 3,
            stable_rate: 27_778, // 10% per hour
        };
        match self {
            Class::Pegged => Limits {
                floor: percent(hint, 95),
                cap: percent(hint, 105),
                step_bps: 100,
                step_max_bps: 100,
                budget_bps: 200,
                window: 3_600,
                twap_gap_bps: 200,
                confirm: 0,
                stable_rate: 2_778, // 1% per hour
                ..common
            },
            Class::Major => Limits { quorum: 3, ..common },
            Class::Volatile => Limits {
                step_max_bps: 3_000,
                budget_bps: 2_500,
                twap_gap_bps: 2_000,
                spread_bps: 400,
                confirm: 600,
                stable_rate: 55_556, // 20% per hour
                ..common
            },
            Class::Thin => Limits {
                floor: percent(hint, 80),
                cap: percent(hint, 130),
                step_bps: 300,
                step_max_bps: 300,
                budget_bps: 500,
                window: 3_600,
                twap_gap_bps: 500,
                confirm: 0,
                stable_rate: 5_556, // 2% per hour
                ..common
            },
        }
    }
}

/// Everything that bounds the price of one asset. Ratios are inclusive.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Lower end of the static band.
    pub floor: i128,
    /// Upper end of the static band.
    pub cap: i128,
    /// Seconds after which an accepted price is stale.
    pub max_age: u64,
    /// Fewest independent groups that must agree.
    pub quorum: u32,
    /// Largest distance of a group from the median, bps of the smaller one.
    pub delta_bps: u32,
    /// Step that is always permitted, bps of the last accepted price.
    pub step_bps: u32,
    /// What each minute since then adds to it, bps.
    pub step_bps_per_minute: u32,
    /// Most it grows to, bps.
    pub step_max_bps: u32,
    /// Largest change between any two prices accepted within the window, bps of the earlier one.
    pub budget_bps: u32,
    /// Window of the budget and of the average, seconds.
    pub window: u64,
    /// Largest distance from the average over the window, bps of the average.
    pub twap_gap_bps: u32,
    /// Widest interval of the groups that agree, bps of the price: above it the price is degraded.
    pub spread_bps: u32,
    /// Seconds a candidate must stand to become the price; 0 = never by itself.
    pub confirm: u64,
    /// Seconds after a recovery in which liquidations wait.
    pub grace: u64,
    /// Accepted rounds before the price counts.
    pub warm_up: u32,
    /// Rate of the slow reference: parts in 1e9 per second.
    pub stable_rate: u32,
}

impl Limits {
    /// With the class's default for each limit that is zero. Classes that never re-anchor by themselves have no
    /// confirmation time.
    pub fn or_defaults(self, class: Class, hint: i128) -> Self {
        let d = class.defaults(hint);
        let or = |value: u32, default: u32| if value == 0 { default } else { value };
        let or_long = |value: u64, default: u64| if value == 0 { default } else { value };
        let or_price = |value: i128, default: i128| if value == 0 { default } else { value };
        Self {
            floor: or_price(self.floor, d.floor),
            cap: or_price(self.cap, d.cap),
            max_age: or_long(self.max_age, d.max_age),
            quorum: or(self.quorum, d.quorum),
            delta_bps: or(self.delta_bps, d.delta_bps),
            step_bps: or(self.step_bps, d.step_bps),
            step_bps_per_minute: or(self.step_bps_per_minute, d.step_bps_per_minute),
            step_max_bps: or(self.step_max_bps, d.step_max_bps),
            budget_bps: or(self.budget_bps, d.budget_bps),
            window: or_long(self.window, d.window),
            twap_gap_bps: or(self.twap_gap_bps, d.twap_gap_bps),
            spread_bps: or(self.spread_bps, d.spread_bps),
            confirm: if class.re_anchors() { or_long(self.confirm, d.confirm) } else { 0 },
            grace: or_long(self.grace, d.grace),
            warm_up: or(self.warm_up, d.warm_up),
            stable_rate: or(self.stable_rate, d.stable_rate),
        }
    }

    /// Whether every limit is within its bounds, for an oracle whose tick is `resolution` seconds: the history must
    /// hold every price of the window.
    pub fn sound(&self, resolution: u32) -> bool {
        let ratio = |bps: u32| (1..=BPS).contains(&bps);
        let longest_window = (RING_SLOTS as u64 - 1) * u64::from(resolution);
        (1..=MAX_SOURCES as u32).contains(&self.quorum)
            && [
                self.delta_bps,
                self.step_bps,
                self.step_bps_per_minute,
                self.step_max_bps,
                self.budget_bps,
                self.twap_gap_bps,
                self.spread_bps,
            ]
            .into_iter()
            .all(ratio)
            && self.step_bps <= self.step_max_bps
            && (1..=MAX_AGE).contains(&self.max_age)
            && (1..=longest_window).contains(&self.window)
            && self.confirm <= MAX_WAIT
            && self.grace <= MAX_WAIT
            && (1..=MAX_WARM_UP).contains(&self.warm_up)
            && MIN_PRICE <= self.floor
            && self.floor < self.cap
            && self.cap <= MAX_PRICE
            && (1..=STABLE_RATE).contains(&i128::from(self.stable_rate))
    }

    /// Whether nothing that `old` refuses passes here: such a change needs no delay.
    pub fn at_least_as_tight_as(&self, old: &Self) -> bool {
        let never = |confirm: u64| if confirm == 0 { u64::MAX } else { confirm };
        self.floor >= old.floor
            && self.cap <= old.cap
            && self.max_age <= old.max_age
            && self.quorum >= old.quorum
            && self.delta_bps <= old.delta_bps
            && self.step_bps <= old.step_bps
            && self.step_bps_per_minute <= old.step_bps_per_minute
            && self.step_max_bps <= old.step_max_bps
            && self.budget_bps <= old.budget_bps
            && self.window >= old.window
            && self.twap_gap_bps <= old.twap_gap_bps
            && self.spread_bps <= old.spread_bps
            && never(self.confirm) >= never(old.confirm)
            && self.grace >= old.grace
            && self.warm_up >= old.warm_up
            && self.stable_rate <= old.stable_rate
    }

    /// The step permitted `elapsed` seconds after the last accepted price, bps.
    fn step(&self, elapsed: u64) -> u32 {
        let minutes = u32::try_from(elapsed / 60).unwrap_or(u32::MAX);
        let grown = self.step_bps_per_minute.saturating_mul(minutes).saturating_add(self.step_bps);
        grown.min(self.step_max_bps)
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
            if print.landed().is_none_or(|landed| now.saturating_sub(landed) > limits.window) {
                break;
            }
            past.lowest = past.lowest.min(print.price);
            past.highest = past.highest.max(print.price);
        }
        past.twap = twap_floor(newest_first(ring), now, limits.window, limits.max_age);
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
    /// Rounds in which the candidate stood.
    pub stood: u32,
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
            stood: 0,
        }
    }

    /// Judges a round and remembers what follows from it.
    pub fn judge(&mut self, limits: &Limits, past: &Past, round: &Round) -> Verdict {
        let Round { agreed, fallback, confirming, resolution, now } = *round;
        let newer = |time: u64, than: u64| time / resolution.max(1) > than / resolution.max(1);
        if !newer(agreed.timestamp, self.judged) || !newer(now, self.judged_at) {
            return Verdict::Unchanged;
        }
        if fallback && matches!(self.phase, Phase::Warming | Phase::Tripped) {
            return Verdict::NoQuorum;
        }
        self.judged = agreed.timestamp;
        self.judged_at = now;
        let breach = self.breach(limits, past, agreed.mid, now);
        let wide = !moved_within(agreed.mid, agreed.mid + (agreed.hi - agreed.lo), limits.spread_bps);
        // A wide interval is no breach, but it neither starts a price nor ends a trip.
        let flaw = breach.or(wide.then_some(Breach::Spread));
        match (self.phase, flaw) {
            (Phase::Warming, Some(flaw)) => {
                self.good = 0;
                Verdict::Refused(flaw)
            }
            (Phase::Warming, None) => {
                self.accept(limits, round);
                self.good += 1;
                if self.good >= limits.warm_up {
                    self.phase = Phase::Live;
                }
                Verdict::Accepted
            }
            (Phase::Tripped, flaw) => {
                if !within(agreed.mid, self.candidate, limits.delta_bps) {
                    self.since = now;
                    self.stood = 0;
                }
                self.candidate = agreed.mid;
                self.stood = self.stood.saturating_add(1);
                let Some(flaw) = flaw else {
                    self.good += 1;
                    if self.good < ROUNDS_TO_RECOVER {
                        return Verdict::Recovering;
                    }
                    self.recover(limits, round);
                    return Verdict::Accepted;
                };
                self.good = 0;
                let confirmed = limits.confirm > 0
                    && flaw != Breach::Band
                    && !wide
                    && now.saturating_sub(self.since) >= limits.confirm
                    && self.stood >= ROUNDS_TO_RECOVER
                    && agreed.groups >= confirming;
                if confirmed {
                    self.recover(limits, round);
                    return Verdict::ReAnchored;
                }
                Verdict::Refused(flaw)
            }
            (Phase::Live | Phase::Degraded, _) => {
                if let Some(breach) = breach {
                    self.phase = Phase::Tripped;
                    self.candidate = agreed.mid;
                    self.since = now;
                    self.stood = 1;
                    self.good = 0;
                    return Verdict::Refused(breach);
                }
                let (lo, hi) = (self.lo, self.hi);
                self.accept(limits, round);
                if fallback {
                    // A fallback widens what stood before, it does not replace it.
                    self.lo = self.lo.min(lo);
                    self.hi = self.hi.max(hi);
                }
                if fallback || wide {
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
        }
    }

    fn recover(&mut self, limits: &Limits, round: &Round) {
        self.accept(limits, round);
        self.phase = Phase::Live;
        self.grace_until = round.now.saturating_add(limits.grace);
    }

    fn accept(&mut self, limits: &Limits, round: &Round) {
        let Round { agreed, fallback, now, .. } = *round;
        self.stable = if self.timestamp == 0 {
            agreed.mid
        } else {
            let elapsed = agreed.timestamp.saturating_sub(self.timestamp);
            stable_step(self.stable, agreed.mid, limits.stable_rate, elapsed).unwrap_or(self.stable)
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
        } else if !moved_within(past.lowest, mid, limits.budget_bps)
            || !moved_within(past.highest, mid, limits.budget_bps)
        {
            Some(Breach::Budget)
        } else if past.twap.is_some_and(|twap| !moved_within(twap, mid, limits.twap_gap_bps)) {
            Some(Breach::TwapGap)
        } else {
            None
        }
    }
}

/// Whether `to` is at most `bps` of `from` away from it.
pub fn moved_within(from: i128, to: i128, bps: u32) -> bool {
    let distance = i128::try_from(from.abs_diff(to)).ok().and_then(|d| d.checked_mul(i128::from(BPS)));
    match (distance, from.checked_mul(i128::from(bps))) {
        (Some(distance), Some(limit)) => distance <= limit,
        _ => false,
    }
}
