//! What is listed, and within which bounds.

use crate::{
    book::Book,
    checked::*,
    storage::{self, Config, Venues},
    valuation,
};
use margin_interface::{
    AssetConfig, AssetListed, AssetState, AssetTotals, LedgerError, PriceStatus, RateCurve, VenuesSet,
    MAX_ASSETS,
};
use margin_math::{
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
pub fn set_venues(env: &Env, vault: &Address, perp_clearing: &Address, factory: &Address) {
    require_admin(env);
    if storage::venues(env).is_some() {
        fail(env, LedgerError::VenuesAlreadySet);
    }
    let (vault, perp_clearing, factory) = (vault.clone(), perp_clearing.clone(), factory.clone());
    storage::set_venues(
        env,
        &Venues { factory: factory.clone(), perp_clearing: perp_clearing.clone(), vault: vault.clone() },
    );
    VenuesSet { factory, perp_clearing, vault }.publish(env);
}

/// Lists a token after checking its parameters, alone and against every asset listed before.
pub fn list_asset(env: &Env, token: &Address, config: &AssetConfig) {
    let settlement = require_admin(env).settlement;
    let mut listed = storage::assets(env);
    if listed.contains(token) {
        fail(env, LedgerError::AlreadyListed);
    }
    if listed.len() >= MAX_ASSETS {
        fail(env, LedgerError::TooManyHoldings);
    }
    let decimals = TokenClient::new(env, token).decimals();
    if decimals > MAX_DECIMALS || (token == &settlement && decimals != SETTLEMENT_DECIMALS) {
        fail(env, LedgerError::InvalidConfig);
    }
    require(env, within_bounds(config, decimals), LedgerError::InvalidConfig);
    let mut book = Book::open(env);
    require_liquidatable_with(&mut book, &listed, config);
    let quotes = valuation::oracle(&book).quotes(&vec![env, config.index.clone()]);
    require(env, quotes.iter().all(|quote| quote.status != PriceStatus::Unknown), LedgerError::InvalidConfig);

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
}

fn require_admin(env: &Env) -> Config {
    let config = storage::config(env).unwrap_or_else(|| fail(env, LedgerError::InvalidConfig));
    config.admin.require_auth();
    config
}

fn within_bounds(config: &AssetConfig, decimals: u32) -> bool {
    // At most 18 decimals: it fits.
    let largest = 10_i128.pow(decimals + MAX_WHOLE_TOKENS);
    (0..=largest).contains(&config.supply_cap)
        && (0..=largest).contains(&config.borrow_cap)
        && (BPS..=MAX_WEIGHT_BPS).contains(&config.lw_bps)
        && config.ltv_bps <= BPS
        && config.liquidation_bps >= BPS
        && config.margin_call_bps >= config.liquidation_bps
        && config.opening_bps > config.margin_call_bps
        && config.opening_bps <= MAX_WEIGHT_BPS
        && config.max_bonus_bps <= MAX_BONUS_BPS
        && config.max_utilisation_bps <= BPS
        && config.reserve_factor_bps <= MAX_RESERVE_FACTOR_BPS
        && is_curve(&config.rate)
}

fn is_curve(rate: &RateCurve) -> bool {
    (1..BPS).contains(&rate.target_bps)
        && rate.base_bps <= MAX_RATE_BPS
        && rate.slope1_bps <= MAX_RATE_BPS
        && rate.slope2_bps <= MAX_RATE_BPS
        && i128::from(rate.reactivity) <= MAX_REACTIVITY
}

/// Whichever of two assets is collateral and whichever is debt: seizing at the largest bonus must raise health.
fn require_liquidatable_with(book: &mut Book, listed: &Vec<Address>, config: &AssetConfig) {
    let env = &book.env.clone();
    for asset in listed.iter() {
        let other = &book.asset(&asset).config;
        require(env, improves(other, config) && improves(config, other), LedgerError::InvalidConfig);
    }
}

/// `ltv_c * (1 + max_bonus_c + fee) <= 98% * liquidation_c * lw_d`.
fn improves(collateral: &AssetConfig, debt: &AssetConfig) -> bool {
    let seized = u64::from(collateral.ltv_bps) * u64::from(BPS + collateral.max_bonus_bps + PROTOCOL_FEE_BPS);
    let gained = u64::from(collateral.liquidation_bps) * u64::from(debt.lw_bps);
    seized * u64::from(BPS) <= gained * u64::from(LIQUIDATION_GAIN_BPS)
}
