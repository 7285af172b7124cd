//! What an entry is worth, in dollars at the oracle's upper prices.

use crate::calls::read_ledger;
use crate::intent::Footprint;
use crate::policy::{assess, Foreseen};
use crate::state::Profile;
use margin_interface::{AccountError, Market};
use margin_math::fixed::{add, mul_div_ceil, sub};
use margin_math::units::QUOTE_SCALE;
use soroban_sdk::{contracttype, vec, Env, Vec};

// The parts of the ledger's `PerpView` that are looked at.
#[contracttype]
struct Perpetual {
    index: Bounds,
    position: Held,
}

#[contracttype]
struct Bounds {
    hi: i128,
    lo: i128,
}

#[contracttype]
struct Held {
    size: i128,
}

/// Dollars (1e7) that an entry moves: what is borrowed, withdrawn, traded or paid, all of it together. What was foreseen has
/// the value of its amounts with it.
///
/// # Errors
/// * [`AccountError::StalePrice`] - something has no price
/// * [`AccountError::ArithmeticOverflow`]
fn total(
    env: &Env,
    profile: &Profile,
    footprint: &Footprint,
    foreseen: Option<&Foreseen>,
) -> Result<i128, AccountError> {
    if footprint.unpriced {
        return Err(AccountError::StalePrice);
    }
    let value = match foreseen {
        Some((_, value)) => value.ok_or(AccountError::StalePrice)?,
        None if footprint.amounts.is_empty() => 0,
        None => worth(env, profile, &footprint.amounts)?,
    };
    plus(footprint.usd, value)
}

/// What an entry puts at stake: what it moves, and what its reductions may lose. A reduction that loses is a payment to
/// whoever trades against it.
///
/// # Errors
/// * [`AccountError::StalePrice`] - something has no price
/// * [`AccountError::ArithmeticOverflow`]
pub fn at_stake(
    env: &Env,
    profile: &Profile,
    footprint: &Footprint,
    foreseen: Option<&Foreseen>,
) -> Result<i128, AccountError> {
    plus(total(env, profile, footprint, foreseen)?, losses(env, profile, footprint)?)
}

/// The value of amounts.
///
/// # Errors
/// * as [`at_stake`]
pub fn worth(env: &Env, profile: &Profile, amounts: &Vec<(Market, i128)>) -> Result<i128, AccountError> {
    // Of an account that has nothing: the ledger itself.
    let (_, value) = assess(env, profile, &profile.protocol.ledger, &vec![env], amounts).map_err(unpriced)?;
    value.ok_or(AccountError::StalePrice)
}

/// Dollars (1e7) that the reductions of an entry may lose against the index, each at the worst price that it names: of a
/// sale against the upper one, of a purchase against the lower one.
///
/// # Errors
/// * as [`at_stake`]
fn losses(env: &Env, profile: &Profile, footprint: &Footprint) -> Result<i128, AccountError> {
    let overflow = |_| AccountError::ArithmeticOverflow;
    let mut sum = 0;
    for (market, size, limit) in footprint.reductions.iter() {
        let args = vec![env, env.current_contract_address().to_val(), market.to_val()];
        let view: Perpetual = read_ledger(env, profile, "perp_view", args).map_err(unpriced)?;
        // Of what the oracle does not know both are zero.
        if view.index.lo <= 0 {
            return Err(AccountError::StalePrice);
        }
        // A close trades against the whole position.
        let delta = if size == 0 { sub(0, view.position.size).map_err(overflow)? } else { size };
        let given = if delta < 0 { sub(view.index.hi, limit) } else { sub(limit, view.index.lo) };
        let size = delta.checked_abs().ok_or(AccountError::ArithmeticOverflow)?;
        let loss = mul_div_ceil(size, given.map_err(overflow)?.max(0), QUOTE_SCALE);
        sum = plus(sum, loss.map_err(overflow)?)?;
    }
    Ok(sum)
}

/// The sum of two amounts.
///
/// # Errors
/// * [`AccountError::ArithmeticOverflow`]
fn plus(sum: i128, value: i128) -> Result<i128, AccountError> {
    add(sum, value).map_err(|_| AccountError::ArithmeticOverflow)
}

fn unpriced(error: AccountError) -> AccountError {
    match error {
        AccountError::ArithmeticOverflow => error,
        _ => AccountError::StalePrice,
    }
}
