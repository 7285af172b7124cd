//! What time does to an asset: interest on its totals and on the credit line of the settlement asset, and room to lend.

use crate::checked::*;
use crate::custody;
use margin_interface::{AssetState, Settlement};
use margin_math::interest::{self, Curve, Pool};
use soroban_sdk::Env;

/// Brings an asset's totals up to `now`; the credit line of `settlement`, if given, grows by the same step, and so
/// does `lp`, which lends it. Idempotent within a timestamp.
pub fn accrue(env: &Env, state: &mut AssetState, settlement: Option<&mut Settlement>, now: u64) {
    let seconds = now.saturating_sub(state.totals.updated_at);
    if seconds == 0 {
        return;
    }
    custody::make_room(env, state, seconds);
    let rate = &state.config.rate;
    let curve = Curve {
        base_bps: rate.base_bps,
        slope1_bps: rate.slope1_bps,
        slope2_bps: rate.slope2_bps,
        target_bps: rate.target_bps,
        reactivity: rate.reactivity,
    };
    let totals = &mut state.totals;
    let pool = Pool {
        borrowed: totals.borrowed,
        supplied: totals.supplied,
        reserves: totals.reserves,
        perp_borrowed: settlement.as_ref().map_or(0, |buckets| buckets.perp_borrowed),
        modifier: totals.modifier,
        rest: totals.interest_rest,
        reserve_rest: totals.reserve_rest,
    };
    let step = interest::step(&curve, &pool, state.config.reserve_factor_bps, seconds).or_fail(env);
    increase(env, &mut totals.borrowed, step.interest);
    increase(env, &mut totals.supplied, step.interest - step.reserved);
    increase(env, &mut totals.reserves, step.reserved);
    (totals.modifier, totals.interest_rest) = (step.modifier, step.rest);
    totals.reserve_rest = step.reserve_rest;
    totals.updated_at = now;
    if let Some(buckets) = settlement {
        increase(env, &mut buckets.perp_borrowed, step.perp_interest);
        increase(env, &mut buckets.lp, step.perp_interest);
    }
}
