//! What an entry is worth, in dollars at the oracle's upper prices.

use crate::calls::read_ledger;
use crate::intent::Footprint;
use crate::state::Profile;
use margin_interface::AccountError;
use margin_math::fixed::{add, mul_div_ceil};
use margin_math::units::QUOTE_SCALE;
use soroban_sdk::{contracttype, vec, Address, Env, IntoVal, Symbol, TryFromVal, Val, Vec};

// The rest of a quote is not looked at.
#[contracttype]
struct Upper {
    hi: i128,
}

/// Dollars (1e7) that an entry moves: what is borrowed, withdrawn, traded or paid, all of it together.
///
/// # Errors
/// * [`AccountError::StalePrice`] - something has no price
/// * [`AccountError::ArithmeticOverflow`]
pub fn total(env: &Env, profile: &Profile, footprint: &Footprint) -> Result<i128, AccountError> {
    if footprint.unpriced {
        return Err(AccountError::StalePrice);
    }
    let mut sum = footprint.usd;
    if !footprint.tokens.is_empty() {
        sum = plus(sum, of_tokens(env, profile, &footprint.tokens)?)?;
    }
    for (market, size) in footprint.bases.iter() {
        let value = mul_div_ceil(size, upper_index(env, profile, market)?, QUOTE_SCALE);
        sum = plus(sum, value.map_err(|_| AccountError::ArithmeticOverflow)?)?;
    }
    Ok(sum)
}

/// The value of token amounts.
///
/// # Errors
/// * as [`total`]
pub fn of_tokens(env: &Env, profile: &Profile, tokens: &Vec<(Address, i128)>) -> Result<i128, AccountError> {
    read_ledger(env, profile, "value", vec![env, tokens.to_val()]).map_err(unpriced)
}

fn upper_index(env: &Env, profile: &Profile, market: Symbol) -> Result<i128, AccountError> {
    let args = vec![env, market.to_val(), 0_u64.into_val(env)];
    let answer: Vec<Val> = read_ledger(env, profile, "index", args).map_err(unpriced)?;
    let quote = answer.get(0).and_then(|quote| Upper::try_from_val(env, &quote).ok());
    quote.filter(|quote| quote.hi > 0).map(|quote| quote.hi).ok_or(AccountError::StalePrice)
}

fn plus(sum: i128, value: i128) -> Result<i128, AccountError> {
    add(sum, value).map_err(|_| AccountError::ArithmeticOverflow)
}

fn unpriced(error: AccountError) -> AccountError {
    match error {
        AccountError::ArithmeticOverflow => error,
        _ => AccountError::StalePrice,
    }
}
