//! Health of an account from the amounts that the interface shows, in exact numbers, while all valuations see one price.

use super::holds;
use crate::model::exact;
use crate::model::perp::maintenance;
use crate::model::ratio;
use crate::model::Exact;
use crate::world::World;
use margin_interface::{AccountStatus, Breakdown, Holding, PriceStatus};
use num_bigint::BigInt;
use num_traits::{Signed, Zero};
use soroban_sdk::Address;

fn bps(value: u32) -> Exact {
    ratio(value.into(), 10_000)
}

/// Dollars (7 decimals) of a holding, not rounded.
fn worth(holding: &Holding) -> Exact {
    let scale = exact(10i128.pow(7)) / exact(10i128.pow(14)) / exact(10i128.pow(holding.decimals));
    exact(holding.amount) * exact(holding.price) * scale
}

/// By how much an account is below what lets it be liquidated, dollars of 7 decimals; negative: it may not. While it is flagged
/// the margin-call level decides. Nothing where a price is not plain, or where it is called.
pub fn short(world: &World, who: &Address) -> Option<BigInt> {
    let entry = world.ledger().account(who);
    if entry.status == AccountStatus::MarginCall {
        return None;
    }
    let breakdown = world.ledger().try_breakdown(who).ok()?.ok()?;
    let level = |asset: &Address| {
        let config = world.ledger().asset(asset).config;
        bps(if entry.status == AccountStatus::Flagged {
            config.margin_call_bps
        } else {
            config.liquidation_bps
        })
    };
    let plain = |asset: &Address| {
        let quote = world.oracle().quote(&world.ledger().asset(asset).config.index);
        quote.status == PriceStatus::Live && quote.lo == quote.mid && quote.hi == quote.mid
    };
    let all = breakdown.deposits.iter().chain(breakdown.debts.iter()).map(|holding| holding.asset);
    if !all.chain([breakdown.settlement.clone()]).all(|asset| plain(&asset)) {
        return None;
    }
    let (supports, requires) = sums(world, &breakdown, level);
    Some((requires - supports).ceil().to_integer())
}

/// What supports at a level of each asset, and what must be supported.
fn sums(world: &World, breakdown: &Breakdown, level: impl Fn(&Address) -> Exact) -> (Exact, Exact) {
    let (mut supports, mut requires) = (Exact::zero(), Exact::zero());
    for deposit in breakdown.deposits.iter() {
        supports += worth(&deposit) * bps(deposit.weight_bps) / level(&deposit.asset);
    }
    for debt in breakdown.debts.iter() {
        requires += worth(&debt) * bps(debt.weight_bps);
    }
    let settled = ratio(breakdown.settlement_price, 10i128.pow(14));
    requires += exact(breakdown.perp_debt) * &settled;
    for position in breakdown.positions.iter() {
        let pnl = exact(position.pnl) * &settled;
        if pnl.is_negative() {
            requires -= pnl;
        } else {
            supports += pnl / level(&breakdown.settlement);
        }
        let notional = exact(position.size).abs() * exact(position.index) / exact(10i128.pow(21));
        let maintained = maintenance(&world.ledger().market(&position.market), world.now());
        holds(18, &(&position, maintained), position.mmr_bps == maintained);
        requires += notional * bps(maintained) * &settled;
    }
    (supports, requires)
}

/// Whether what an account has supports new risk if no gain of it counts: opening levels and initial margins, both at prices
/// that are never worse for it than those that the contracts take.
pub fn opens_without_gains(world: &World, who: &Address) -> Option<bool> {
    let mut breakdown = world.ledger().try_breakdown(who).ok()?.ok()?;
    let mut initial = Exact::zero();
    let mut positions = breakdown.positions.clone();
    for (place, mut position) in (0..).zip(breakdown.positions.iter()) {
        position.pnl = position.pnl.min(0);
        let config = world.ledger().market(&position.market).config;
        let notional = exact(position.size).abs() * exact(position.index) / exact(10i128.pow(21));
        initial += notional * (bps(config.imr_bps) - bps(position.mmr_bps));
        positions.set(place, position);
    }
    breakdown.positions = positions;
    let opening = |asset: &Address| bps(world.ledger().asset(asset).config.opening_bps);
    let (opened, required) = sums(world, &breakdown, opening);
    let (effective, _) = sums(world, &breakdown, |_| exact(1));
    let slack = exact(16);
    let settled = ratio(breakdown.settlement_price, 10i128.pow(14));
    Some(opened + &slack >= required && effective + slack >= required + initial * settled)
}
