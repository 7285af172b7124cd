//! Shares of the liquidity pool. The cash is in the ledger's buckets; who owns which part of it is here.

use crate::{
    error::OrRefuse,
    storage::{self, Stake},
};
use margin_interface::{
    Bucket, ClearingError, LiquidityAdded, LiquidityRemoved, LpPosition, MarginLedgerClient, PoolValue,
};
use margin_math::{
    defaults::LP_COOL_DOWN,
    fixed::{add, neg, sub},
    lp::{self, Pool},
};
use soroban_sdk::{Address, Env};

fn priced(value: &PoolValue) -> Pool {
    Pool {
        payable: value.payable,
        claims: value.claims,
        curve_value: value.curve_value,
        index_value: value.index_value,
    }
}

/// Moves `amount` of the provider's settlement deposit into the pool. Returns the shares.
pub fn enter(
    env: &Env,
    ledger: &MarginLedgerClient,
    provider: &Address,
    amount: i128,
    min_shares: i128,
) -> Result<i128, ClearingError> {
    let total = storage::total_shares(env);
    let shares = lp::shares_for(amount, &priced(&ledger.pool_value()), total)
        .or_refuse(ClearingError::InsufficientShares)?;
    if shares == 0 {
        return Err(ClearingError::InvalidAmount);
    }
    if shares < min_shares {
        return Err(ClearingError::SlippageExceeded);
    }
    // Only the provider's own entry locks the stake anew. Without the lock, whoever knows the next index before it is
    // poked could enter and leave around it at the expense of those who stay.
    let stake = Stake {
        shares: add(storage::stake(env, provider).shares, shares).on_curve()?,
        unlocked_at: env.ledger().timestamp().saturating_add(LP_COOL_DOWN),
    };
    let total_shares = add(total, shares).on_curve()?;
    ledger.move_bucket(provider, &Bucket::Lp, &amount);
    storage::set_stake(env, provider, &stake, total_shares);
    LiquidityAdded { provider: provider.clone(), amount, shares, total_shares }.publish(env);
    Ok(shares)
}

/// Burns `shares` and moves their value into the provider's settlement deposit. Returns the amount.
pub fn leave(
    env: &Env,
    ledger: &MarginLedgerClient,
    provider: &Address,
    shares: i128,
    min_amount: i128,
) -> Result<i128, ClearingError> {
    let (stake, total) = (storage::stake(env, provider), storage::total_shares(env));
    if stake.shares < shares {
        return Err(ClearingError::InsufficientShares);
    }
    if env.ledger().timestamp() < stake.unlocked_at {
        return Err(ClearingError::CoolDown);
    }
    let amount = lp::value_of(shares, &priced(&ledger.pool_value()), total)
        .or_refuse(ClearingError::InsufficientShares)?;
    if amount == 0 {
        return Err(ClearingError::InvalidAmount);
    }
    if amount < min_amount {
        return Err(ClearingError::SlippageExceeded);
    }
    let stake = Stake { shares: sub(stake.shares, shares).on_curve()?, ..stake };
    let total_shares = sub(total, shares).on_curve()?;
    ledger.move_bucket(provider, &Bucket::Lp, &neg(amount).on_curve()?);
    storage::set_stake(env, provider, &stake, total_shares);
    LiquidityRemoved { provider: provider.clone(), amount, shares, total_shares }.publish(env);
    Ok(amount)
}

/// What a provider holds, and what it would fetch now; nothing while the pool has no value.
pub fn position(env: &Env, ledger: &MarginLedgerClient, provider: &Address) -> LpPosition {
    let (Stake { shares, unlocked_at }, total_shares) =
        (storage::stake(env, provider), storage::total_shares(env));
    let value = lp::value_of(shares, &priced(&ledger.pool_value()), total_shares).unwrap_or(0);
    LpPosition { shares, total_shares, unlocked_at, value }
}
