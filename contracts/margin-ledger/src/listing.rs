//! What is listed, and within which bounds.

use crate::{
    book::{Book, OrOverflow},
    storage::{self, Config, Venues},
    valuation,
};
use margin_interface::{
    AssetConfig, AssetListed, AssetState, AssetTotals, LedgerError, PriceStatus, RateCurve, VenuesSet,
    MAX_ASSETS,
};
use margin_math::{
    fixed::pow10,
    interest::{MODIFIER_START, RATE_SCALE},
    lending_liquidation::PROTOCOL_FEE_BPS,
    units::{BPS, MAX_DECIMALS, SETTLEMENT_DECIMALS},
};
use soroban_sdk::{token::TokenClient, vec, Address, Env, Vec};

/// Largest liability weight and level, bps.
const MAX_WEIGHT_BPS: u32 = 100_000;
/// Largest liquidation bonus, bps.
const MAX_BONUS_BPS: u32 = 2_000;
/// Largest annual rate of each part of the curve, bps.
const MAX_RATE_BPS: u32 = 20_000;
/// Fastest modifier: 0.001 per second at full deviation.
const MAX_REACTIVITY: i128 = RATE_SCALE / 1_000;
/// Largest part of interest that goes to reserves, bps.
const MAX_RESERVE_FACTOR_BPS: u32 = 5_000;
/// Caps stay below a hundred billion whole tokens, so that no conversion of a total can overflow.
const MAX_WHOLE_TOKENS: u32 = 11;
/// A liquidation must gain at least 2% of what it seizes.
const LIQUIDATION_GAIN_BPS: u32 = 9_800;

/// Names the contracts that write. Once.
pub fn set_venues(
    env: &Env,
    vault: &Address,
    perp_clearing: &Address,
    factory: &Address,
) -> Result<(), LedgerError> {
    require_admin(env)?;
    if storage::venues(env).is_some() {
        return Err(LedgerError::VenuesAlreadySet);
    }
    let (vault, perp_clearing, factory) = (vault.clone(), perp_clearing.clone(), factory.clone());
    storage::set_venues(
        env,
        &Venues { factory: factory.clone(), perp_clearing: perp_clearing.clone(), vault: vault.clone() },
    );
    VenuesSet { factory, perp_clearing, vault }.publish(env);
    Ok(())
}

/// Lists a token after checking its parameters, alone and against every asset listed before.
pub fn list_asset(env: &Env, token: &Address, config: &AssetConfig) -> Result<(), LedgerError> {
    let settlement = require_admin(env)?.settlement;
    let mut listed = storage::assets(env);
    if listed.contains(token) {
        return Err(LedgerError::AlreadyListed);
    }
    if listed.len() >= MAX_ASSETS {
        return Err(LedgerError::TooManyHoldings);
    }
    let decimals = TokenClient::new(env, token).decimals();
    if decimals > MAX_DECIMALS || (token == &settlement && decimals != SETTLEMENT_DECIMALS) {
        return Err(LedgerError::InvalidConfig);
    }
    require_bounds(config, decimals)?;
    let mut book = Book::open(env);
    require_liquidatable_with(&mut book, &listed, config)?;
    let quotes = valuation::oracle(&book).quotes(&vec![env, config.index.clone()]);
    require(quotes.iter().all(|quote| quote.status != PriceStatus::Unknown))?;

    let totals = AssetTotals {
        borrow_shares: 0,
        borrowed: 0,
        cash: 0,
        modifier: MODIFIER_START,
        reserves: 0,
        seq: 0,
        supplied: 0,
        supply_shares: 0,
        updated_at: book.now(),
    };
    let asset_seq = book.list_asset(token, AssetState { config: config.clone(), decimals, totals });
    book.store();
    listed.push_back(token.clone());
    storage::set_assets(env, &listed);
    AssetListed { asset: token.clone(), asset_seq, config: config.clone(), decimals }.publish(env);
    Ok(())
}

fn require_admin(env: &Env) -> Result<Config, LedgerError> {
    let config = storage::config(env).ok_or(LedgerError::InvalidConfig)?;
    config.admin.require_auth();
    Ok(config)
}

fn require(holds: bool) -> Result<(), LedgerError> {
    holds.then_some(()).ok_or(LedgerError::InvalidConfig)
}

fn require_bounds(config: &AssetConfig, decimals: u32) -> Result<(), LedgerError> {
    let largest = pow10(decimals + MAX_WHOLE_TOKENS).or_overflow()?;
    require((0..=largest).contains(&config.supply_cap) && (0..=largest).contains(&config.borrow_cap))?;
    require((BPS..=MAX_WEIGHT_BPS).contains(&config.lw_bps) && config.ltv_bps <= BPS)?;
    require(config.liquidation_bps >= BPS && config.margin_call_bps >= config.liquidation_bps)?;
    require(config.opening_bps > config.margin_call_bps && config.opening_bps <= MAX_WEIGHT_BPS)?;
    require(config.max_bonus_bps <= MAX_BONUS_BPS && config.max_utilisation_bps <= BPS)?;
    require(config.reserve_factor_bps <= MAX_RESERVE_FACTOR_BPS)?;
    require_rate(&config.rate)
}

fn require_rate(rate: &RateCurve) -> Result<(), LedgerError> {
    require(rate.target_bps > 0 && rate.target_bps < BPS)?;
    require(
        rate.base_bps <= MAX_RATE_BPS && rate.slope1_bps <= MAX_RATE_BPS && rate.slope2_bps <= MAX_RATE_BPS,
    )?;
    require(i128::from(rate.reactivity) <= MAX_REACTIVITY)
}

/// Whichever of two assets is collateral and whichever is debt: seizing at the largest bonus must raise health.
fn require_liquidatable_with(
    book: &mut Book,
    listed: &Vec<Address>,
    config: &AssetConfig,
) -> Result<(), LedgerError> {
    for asset in listed.iter() {
        let other = &book.asset(&asset)?.config;
        require(improves(other, config) && improves(config, other))?;
    }
    Ok(())
}

/// `ltv_c * (1 + max_bonus_c + fee) <= 98% * liquidation_c * lw_d`.
fn improves(collateral: &AssetConfig, debt: &AssetConfig) -> bool {
    let seized = u64::from(collateral.ltv_bps) * u64::from(BPS + collateral.max_bonus_bps + PROTOCOL_FEE_BPS);
    let gained = u64::from(collateral.liquidation_bps) * u64::from(debt.lw_bps);
    seized * u64::from(BPS) <= gained * u64::from(LIQUIDATION_GAIN_BPS)
}
