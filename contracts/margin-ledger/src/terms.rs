//! The terms of an asset: those of its configuration for new risk, and those on their way there for existing accounts.

use margin_interface::{AssetConfig, AssetState, PerpMarket, Ramp};
use margin_math::margin::{Levels, Valuation};
use margin_math::ramp::ramped;

/// What an asset counts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Terms {
    /// Divisors of a deposit.
    pub levels: Levels,
    /// Share of a deposit that supports, bps.
    pub ltv_bps: u32,
    /// Weight of a debt, bps.
    pub lw_bps: u32,
}

fn elapsed(valuation: Valuation, since: u64, now: u64) -> u64 {
    if valuation == Valuation::Open {
        u64::MAX
    } else {
        now.saturating_sub(since)
    }
}

/// The maintenance margin of a market in a valuation, bps, by the same rule.
pub fn maintenance_bps(market: &PerpMarket, valuation: Valuation, now: u64) -> u32 {
    ramped(market.mmr_from_bps, market.config.mmr_bps, elapsed(valuation, market.mmr_since, now))
}

/// The terms of a valuation: opening takes the new ones at once.
pub fn terms(state: &AssetState, valuation: Valuation, now: u64) -> Terms {
    let AssetState { config, ramp, .. } = state;
    let elapsed = elapsed(valuation, ramp.since, now);
    Terms {
        levels: Levels {
            opening_bps: config.opening_bps,
            margin_call_bps: ramped(ramp.margin_call_bps, config.margin_call_bps, elapsed),
            liquidation_bps: ramped(ramp.liquidation_bps, config.liquidation_bps, elapsed),
        },
        ltv_bps: ramped(ramp.ltv_bps, config.ltv_bps, elapsed),
        lw_bps: ramped(ramp.lw_bps, config.lw_bps, elapsed),
    }
}

/// Whether anything changes that existing accounts come to slowly.
pub fn move_to(old: &AssetConfig, new: &AssetConfig) -> bool {
    (old.liquidation_bps ^ new.liquidation_bps)
        | (old.ltv_bps ^ new.ltv_bps)
        | (old.lw_bps ^ new.lw_bps)
        | (old.margin_call_bps ^ new.margin_call_bps)
        != 0
}

/// From where existing accounts come to `config`: from what they have now, where that is better for them.
pub fn ramp_to(state: &AssetState, config: &AssetConfig, now: u64) -> Ramp {
    let Terms { levels, ltv_bps, lw_bps } = terms(state, Valuation::Live, now);
    Ramp {
        liquidation_bps: levels.liquidation_bps.min(config.liquidation_bps),
        ltv_bps: ltv_bps.max(config.ltv_bps),
        lw_bps: lw_bps.min(config.lw_bps),
        margin_call_bps: levels.margin_call_bps.min(config.margin_call_bps),
        since: now,
    }
}
