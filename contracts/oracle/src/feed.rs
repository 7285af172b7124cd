//! `poke`: from the sources of an asset to its stored price.

use margin_interface::{
    Asset, HaltScope, PokeOutcome, PriceAccepted, PriceRefused, PricesHalted, SourceOutcome, SourceRole,
};
use margin_math::guard::{Breach, Limit, Past, Round, Verdict};
use margin_math::oracle::{agree, Agreed, Disagreed, Reading, MAX_SOURCES};
use margin_math::twap::Print;
use soroban_sdk::{Env, Val, Vec};

use crate::storage::{self, Config, Ring, Seen, State};

/// Groups of a fallback that suffice: its price permits no new risk.
const FALLBACK_QUORUM: u32 = 1;

/// Reads, aggregates, guards and stores the price of one asset.
pub fn poke(env: &Env, name: Val) -> PokeOutcome {
    let Some((key, mut state)) = storage::look_up(env, name) else { return PokeOutcome::Unknown };
    let Some(config) = storage::config(env, key) else { return PokeOutcome::Unknown };
    if storage::halted(env) || state.halted {
        return PokeOutcome::Halted;
    }
    let asset = storage::asset(env, key);
    let mut ring = storage::ring(env, key);
    let mut seen = storage::seen(env, key);
    let readings = Readings::of(env, &asset, &config, &mut seen);
    // One group more than the quorum confirms a candidate, or all there are; of a price that was live, or all there were.
    let quorum = config.limits.get(Limit::Quorum);
    let before = if state.in_set_up() { 0 } else { state.confirming };
    state.confirming = before.max(readings.groups.min(quorum + 1).max(quorum) as u8);
    let outcome = match readings.agreed(&config) {
        Ok((agreed, fallback)) => {
            state.diverged = false;
            let confirming = state.confirming.into();
            let resolution = storage::resolution(env).into();
            let round =
                Round { agreed: &agreed, fallback, confirming, resolution, now: env.ledger().timestamp() };
            let outcome = judge(&config, &mut state, &mut ring, &round);
            announce(env, &asset, outcome, &agreed, readings.sources);
            outcome
        }
        Err(disagreed) => {
            state.diverged = matches!(disagreed, Disagreed::Diverged(_));
            let (outcome, candidate) = match disagreed {
                Disagreed::NoQuorum => (PokeOutcome::NoQuorum, 0),
                Disagreed::Diverged(median) => {
                    state.track.interrupt(env.ledger().timestamp());
                    (PokeOutcome::Diverged, median)
                }
            };
            PriceRefused { asset: asset.clone(), candidate, outcome, sources: readings.sources }.publish(env);
            outcome
        }
    };
    // Stored whatever the outcome: the footprint of a poke must not depend on prices.
    storage::set_state(env, key, &state);
    storage::set_ring(env, key, &ring);
    storage::set_seen(env, key, &seen);
    outcome
}

/// What the sources of an asset say.
struct Readings {
    regular: [Option<Reading>; MAX_SOURCES],
    fallback: [Option<Reading>; MAX_SOURCES],
    sources: Vec<SourceOutcome>,
    /// How many independent groups are listed, fallbacks aside.
    groups: u32,
}

impl Readings {
    fn of(env: &Env, asset: &Asset, config: &Config, seen: &mut [Seen; MAX_SOURCES]) -> Self {
        let none = [None; MAX_SOURCES];
        let mut readings =
            Self { regular: none, fallback: none, sources: Vec::from_array(env, []), groups: 0 };
        let mut groups = [None; MAX_SOURCES];
        for (index, (source, seen)) in config.sources.iter().zip(seen).enumerate() {
            let fallback = source.role == SourceRole::Fallback;
            if !fallback && !groups.contains(&Some(source.group)) {
                groups[index] = Some(source.group);
                readings.groups += 1;
            }
            let outcome = match crate::source::read(env, &source, seen, config.place) {
                Ok(reading) => {
                    seen.timestamp = reading.timestamp;
                    let places = if fallback { &mut readings.fallback } else { &mut readings.regular };
                    places[index] = Some(reading);
                    SourceOutcome::Admitted
                }
                Err(outcome) => outcome,
            };
            if outcome == SourceOutcome::DecimalsChanged {
                seen.halted = true;
                let scope = HaltScope::Source(asset.clone(), source.contract);
                PricesHalted { by: env.current_contract_address(), scope }.publish(env);
            }
            readings.sources.push_back(outcome);
        }
        readings
    }

    /// What they agree on, and whether they are the fallback.
    fn agreed(&self, config: &Config) -> Result<(Agreed, bool), Disagreed> {
        let mut readings = (&self.regular, config.limits.get(Limit::Quorum), false);
        loop {
            let (of, quorum, fallback) = readings;
            match agree(of, quorum, config.limits.get(Limit::Delta)) {
                Ok(agreed) => return Ok((agreed, fallback)),
                Err(Disagreed::NoQuorum) if !fallback => {
                    readings = (&self.fallback, FALLBACK_QUORUM, true);
                }
                Err(disagreed) => return Err(disagreed),
            }
        }
    }
}

fn judge(config: &Config, state: &mut State, ring: &mut Ring, round: &Round) -> PokeOutcome {
    let Round { agreed, fallback, now, .. } = *round;
    let past = Past::of(ring.filled(), state.track.anchor, now, &config.limits);
    let verdict = state.track.judge(&config.limits, &past, round);
    if verdict == Verdict::ReAnchored {
        ring.clear();
    }
    if verdict.enters_history(fallback) {
        let delay = now.saturating_sub(agreed.timestamp).try_into().unwrap_or(u32::MAX);
        if let Some(slot) = (Print { timestamp: agreed.timestamp, delay, price: agreed.mid }).pack() {
            ring.push(&slot);
        }
    }
    match verdict {
        Verdict::Accepted => PokeOutcome::Accepted,
        Verdict::Degraded => PokeOutcome::Degraded,
        Verdict::ReAnchored => PokeOutcome::ReAnchored,
        Verdict::Recovering => PokeOutcome::Recovering,
        Verdict::Unchanged => PokeOutcome::Unchanged,
        Verdict::NoQuorum => PokeOutcome::NoQuorum,
        Verdict::Refused(Breach::Band) => PokeOutcome::OutOfBand,
        Verdict::Refused(Breach::Step) => PokeOutcome::Step,
        Verdict::Refused(Breach::Budget) => PokeOutcome::Budget,
        Verdict::Refused(Breach::TwapGap) => PokeOutcome::TwapGap,
        Verdict::Refused(Breach::Spread) => PokeOutcome::Spread,
    }
}

fn announce(env: &Env, asset: &Asset, outcome: PokeOutcome, agreed: &Agreed, sources: Vec<SourceOutcome>) {
    let asset = asset.clone();
    let Agreed { lo, mid, hi, timestamp, groups, mask } = *agreed;
    match outcome {
        PokeOutcome::Accepted | PokeOutcome::Degraded | PokeOutcome::ReAnchored => {
            PriceAccepted { asset, groups, hi, lo, mask, mid, outcome, timestamp }.publish(env);
        }
        PokeOutcome::Unchanged => {}
        _ => PriceRefused { asset, candidate: mid, outcome, sources }.publish(env),
    }
}
