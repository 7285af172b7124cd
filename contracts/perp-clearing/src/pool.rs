//! Shares of the liquidity pool. The cash is in the ledger's buckets; who owns which part of it is here. A part of it, by a
//! market's weight, is depth of its curve, and comes and goes with it.

use crate::{
    error::{refuse, require, OrRefuse},
    markets,
    storage::{self, Shares, Stake},
};
use margin_interface::{
    Bucket, ClearingError, ExitRequested, InsuranceFunded, LiquidityAdded, LiquidityRemoved, LpPosition,
    MarginLedgerClient, MarketState, PoolValue,
};
use margin_math::{
    defaults::LP_COOL_DOWN,
    fixed::{add, bps_floor, neg, sub},
    house,
    lp::{self, Pool},
};
use soroban_sdk::{Address, Env};

fn priced(value: &PoolValue) -> Pool {
    Pool {
        payable: value.payable,
        lent: value.lent,
        claims: value.claims,
        curve_value: value.curve_value,
        index_value: value.index_value,
    }
}

/// The pool as somebody may enter it: at prices that are live, and not while those who are being liquidated owe more than a
/// trifle. Whoever enters pays for what is lent, and whoever leaves meanwhile would leave with his cash.
fn open(ledger: &MarginLedgerClient) -> Result<Pool, ClearingError> {
    let value = ledger.pool_value();
    require(value.live, ClearingError::PriceNotUsable)?;
    let pool = priced(&value);
    require(lp::is_sound(&pool, value.doubtful).on_curve()?, ClearingError::DoubtfulCredit)?;
    Ok(pool)
}

/// Moves `amount` of the provider's settlement deposit into the pool. Returns the shares. While an exit is announced only the
/// provider's `own` call may: the stake is locked anew, which would keep whoever is about to leave.
pub fn enter(
    env: &Env,
    ledger: &MarginLedgerClient,
    provider: &Address,
    amount: i128,
    min_shares: i128,
    own: bool,
) -> Result<i128, ClearingError> {
    let pool = open(ledger)?;
    let (mut stake, mut all) = storage::stake(env, provider);
    let now = env.ledger().timestamp();
    refuse(stands(&stake, now) && !own, ClearingError::NotPermitted)?;
    if lp::is_wiped_out(&pool, all.total).on_curve()? {
        all = Shares { generation: all.generation.saturating_add(1), total: 0 };
        stake = Stake { exit_at: 0, exiting: 0, generation: all.generation, shares: 0, unlocked_at: 0 };
    }
    // Whoever deepens the curves pays what that gives to traders; it stays in the pool.
    let cost = rescale(env, ledger, amount)?;
    let worth = sub(amount, cost).on_curve()?.max(0);
    let has_value = lp::has_value_to_enter(&pool, all.total).on_curve()?;
    require(has_value, ClearingError::InsufficientShares)?;
    let shares = lp::shares_for(worth, &pool, all.total).on_curve()?;
    refuse(shares == 0, ClearingError::InvalidAmount)?;
    refuse(shares < min_shares, ClearingError::SlippageExceeded)?;
    // Without the lock, whoever knows the next index before it is poked could enter and leave around it at the expense of
    // those who stay. All of the stake is locked: by weight, one that is large and announced would enter a little and leave
    // as much minutes later. It delays no exit that is announced from now on.
    stake.unlocked_at = now.saturating_add(LP_COOL_DOWN);
    stake.shares = add(stake.shares, shares).on_curve()?;
    all.total = add(all.total, shares).on_curve()?;
    ledger.move_bucket(provider, &Bucket::Lp, &amount);
    storage::set_stake(env, provider, &stake);
    storage::set_shares(env, &all);
    LiquidityAdded { provider: provider.clone(), amount, shares, total_shares: all.total }.publish(env);
    Ok(shares)
}

/// Gives `amount` to insurance, but to winners who wait what they lack: a pool that owes more than it has is entered by
/// nobody, so nothing else would ever bring what it needs to pay them and to start anew.
pub fn give(
    env: &Env,
    ledger: &MarginLedgerClient,
    from: &Address,
    amount: i128,
) -> Result<(), ClearingError> {
    let waiting = amount.min(ledger.totals().claims);
    let rest = sub(amount, waiting).on_curve()?;
    for (bucket, part) in [(Bucket::Lp, waiting), (Bucket::Insurance, rest)] {
        if part > 0 {
            ledger.move_bucket(from, &bucket, &part);
        }
    }
    InsuranceFunded { from: from.clone(), amount }.publish(env);
    Ok(())
}

/// Announces that `shares` will leave. Returns from when they may. A new announcement takes the place of one that stands, and
/// only the provider's `own` may: anybody else's would keep whoever is about to leave.
pub fn request_exit(env: &Env, provider: &Address, shares: i128, own: bool) -> Result<u64, ClearingError> {
    let (stake, _) = storage::stake(env, provider);
    refuse(stake.shares < shares, ClearingError::InsufficientShares)?;
    let now = env.ledger().timestamp();
    refuse(stands(&stake, now) && !own, ClearingError::NotPermitted)?;
    let exit_at = now.saturating_add(LP_COOL_DOWN);
    storage::set_stake(env, provider, &Stake { exit_at, exiting: shares, ..stake });
    ExitRequested { provider: provider.clone(), exit_at, shares }.publish(env);
    Ok(exit_at)
}

/// Whether an announced exit is still to come, or open.
fn stands(stake: &Stake, now: u64) -> bool {
    stake.exiting > 0 && now < stake.exit_at.saturating_add(LP_COOL_DOWN)
}

/// Burns announced `shares` and moves their value into the provider's settlement deposit. Returns the amount.
pub fn leave(
    env: &Env,
    ledger: &MarginLedgerClient,
    provider: &Address,
    shares: i128,
    min_amount: i128,
) -> Result<i128, ClearingError> {
    let (mut stake, mut all) = storage::stake(env, provider);
    refuse(stake.shares < shares, ClearingError::InsufficientShares)?;
    let now = env.ledger().timestamp();
    refuse(now < stake.unlocked_at, ClearingError::CoolDown)?;
    // An announcement that never lapsed would be a licence to leave at any moment.
    let announced = stake.exit_at <= now && now < stake.exit_at.saturating_add(LP_COOL_DOWN);
    refuse(stake.exiting < shares || !announced, ClearingError::ExitNotRequested)?;
    let pool = priced(&ledger.pool_value());
    require(lp::has_value_to_leave(&pool).on_curve()?, ClearingError::InsufficientShares)?;
    let amount = lp::value_of(shares, &pool, all.total).on_curve()?;
    refuse(amount == 0, ClearingError::InvalidAmount)?;
    refuse(amount < min_amount, ClearingError::SlippageExceeded)?;
    stake.shares = sub(stake.shares, shares).on_curve()?;
    stake.exiting = sub(stake.exiting, shares).on_curve()?;
    all.total = sub(all.total, shares).on_curve()?;
    // What thinner curves take from traders stays in the pool.
    rescale(env, ledger, neg(amount).on_curve()?)?;
    ledger.move_bucket(provider, &Bucket::Lp, &neg(amount).on_curve()?);
    storage::set_stake(env, provider, &stake);
    storage::set_shares(env, &all);
    LiquidityRemoved { provider: provider.clone(), amount, shares, total_shares: all.total }.publish(env);
    Ok(amount)
}

/// Changes the depth of every market by its weight of `amount` (negative: thinner). Returns what that gives to traders.
fn rescale(env: &Env, ledger: &MarginLedgerClient, amount: i128) -> Result<i128, ClearingError> {
    let mut cost = 0;
    for market in ledger.markets().iter() {
        let mut record = markets::record(env, &market)?;
        let house = &mut record.house;
        // Whoever leaves takes out what deposits have brought: not what the market opened with, whatever its weight is by now.
        let quote = bps_floor(amount, house.depth_bps).on_curve()?.max(neg(house.depth).on_curve()?);
        if quote == 0 || markets::require_moving(house).is_err() {
            continue;
        }
        let perp = ledger.market(&market);
        let from = (perp.state.base_reserve, perp.state.quote_reserve);
        let (net, interest) =
            (perp.totals.net_size, perp.totals.long_interest.max(perp.totals.short_interest));
        let Some(to) = house::rescaled(from, quote, net, interest).on_curve()? else { continue };
        let change = house::revaluation(from, to, net).on_curve()?;
        cost = add(cost, change.max(0)).on_curve()?;
        house.depth = add(house.depth, quote).on_curve()?;
        ledger.push_market(&market, &MarketState { base_reserve: to.0, quote_reserve: to.1, ..perp.state });
        storage::set_record(env, &market, &record);
    }
    Ok(cost)
}

/// What a provider holds, and what it would fetch now; nothing while the pool has no value.
pub fn position(env: &Env, ledger: &MarginLedgerClient, provider: &Address) -> LpPosition {
    let (Stake { exit_at, exiting, shares, unlocked_at, .. }, Shares { total, .. }) =
        storage::stake(env, provider);
    let pool = priced(&ledger.pool_value());
    let value = match lp::has_value_to_leave(&pool) {
        Ok(true) => lp::value_of(shares, &pool, total).unwrap_or(0),
        _ => 0,
    };
    LpPosition { exit_at, exiting, shares, total_shares: total, unlocked_at, value }
}
