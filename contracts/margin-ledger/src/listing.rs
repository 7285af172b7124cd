//! What is listed, and within which bounds.

use crate::{
    book::Book,
    checked::*,
    custody, lending, pool,
    storage::{self, Venues},
    terms,
    valuation::Quotes,
};
use governance::Delay;
use margin_interface::{
    lean, AssetConfig, AssetListed, AssetRetired, AssetState, AssetTotals, Bucket, LedgerChange, LedgerError,
    OracleSet, ProtocolAccountSet, Ramp, RateCurve, VenuesSet, MAX_ASSETS,
};
use margin_math::{
    fixed::pow10,
    interest::{MODIFIER_START, RATE_SCALE},
    lending_liquidation::PROTOCOL_FEE_BPS,
    units::{BPS, MAX_DECIMALS, SETTLEMENT_DECIMALS},
};
use soroban_sdk::{token::TokenClient, Address, BytesN, Env};

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
/// Longest that a deposit may have to stay: a week.
const MAX_DEPOSIT_SECONDS: u32 = 604_800;
/// A liquidation must gain at least 2% of what it seizes.
const LIQUIDATION_GAIN_BPS: u32 = 9_800;

/// Names the contracts that write. Once; later by a change.
pub fn set_venues(env: &Env, venues: Venues) {
    governance::require_admin(env);
    require(env, storage::venues(env).is_none(), LedgerError::VenuesAlreadySet);
    enter_venues(env, venues);
}

/// Lists a token at once: the protocol's first configuration. Where anybody has deposited already, a token is a new claim on
/// their money, and has to be announced.
pub fn list_first(env: &Env, token: &Address, config: &AssetConfig) {
    governance::require_admin(env);
    list_asset(env, token, config, false);
}

fn list_asset(env: &Env, token: &Address, config: &AssetConfig, announced: bool) {
    let mut listed = storage::assets(env);
    require(env, !listed.contains(token), LedgerError::AlreadyListed);
    require(env, listed.len() < MAX_ASSETS, LedgerError::TooManyHoldings);
    let mut book = Book::open(env);
    let decimals = TokenClient::new(env, token).decimals();
    let fits =
        decimals <= MAX_DECIMALS && (token != &book.config.settlement || decimals == SETTLEMENT_DECIMALS);
    require(env, fits, LedgerError::InvalidConfig);
    require_sound(&mut book, token, config, decimals, false, announced);
    let totals = AssetTotals {
        borrow_shares: 0,
        borrowed: 0,
        cash: 0,
        interest_rest: 0,
        modifier: MODIFIER_START,
        pending_bad_debt: 0,
        pending_since: 0,
        reserve_rest: 0,
        reserves: 0,
        room: 0,
        seq: 0,
        supplied: 0,
        supply_shares: 0,
        updated_at: book.now(),
    };
    let ramp = Ramp { liquidation_bps: 0, ltv_bps: 0, lw_bps: 0, margin_call_bps: 0, since: 0 };
    let mut state = AssetState { config: config.clone(), decimals, ramp, totals };
    custody::open_room(env, &mut state);
    let asset_seq = book.list_asset(token, state);
    book.store();
    listed.push_back(token.clone());
    storage::set_assets(env, &listed);
    AssetListed { asset: token.clone(), asset_seq, config: config.clone(), decimals }.publish(env);
}

/// Changes an asset at once, if that can harm nobody who did not see it coming.
pub fn update_asset(env: &Env, by: &Address, token: &Address, config: &AssetConfig) {
    governance::require_governor(env, by);
    governance::require_announced(env, tightens(&Book::open(env).asset(token).config, config));
    change_asset(env, token, config);
}

/// Takes an asset off the list that nobody has deposited or owes.
pub fn retire_asset(env: &Env, token: &Address) {
    governance::require_admin(env);
    let mut book = Book::open(env);
    let AssetTotals { borrow_shares, supply_shares, reserves, .. } = book.asset(token).totals;
    let unused = borrow_shares == 0 && supply_shares == 0 && reserves == 0;
    require(env, unused && token != &book.config.settlement, LedgerError::AssetInUse);
    let mut listed = lean::list(env);
    for other in storage::assets(env).iter() {
        if &other != token {
            listed.push_back(other);
        }
    }
    storage::set_assets(env, &listed);
    storage::remove_asset(env, token);
    AssetRetired { asset: token.clone() }.publish(env);
}

/// Announces a change.
pub fn propose(env: &Env, change: LedgerChange) -> BytesN<32> {
    let delay = match change {
        LedgerChange::Asset(..) | LedgerChange::Payout(..) => Delay::Risk,
        LedgerChange::Oracle(_) | LedgerChange::ProtocolAccount(..) | LedgerChange::Venues(..) => {
            Delay::Venue
        }
        LedgerChange::Upgrade(..) => Delay::Code,
    };
    governance::propose(env, change, delay)
}

/// Carries out an announced change.
pub fn execute(env: &Env, id: &BytesN<32>) {
    match governance::take(env, id) {
        LedgerChange::Asset(token, config) if storage::assets(env).contains(&token) => {
            change_asset(env, &token, &config)
        }
        LedgerChange::Asset(token, config) => list_asset(env, &token, &config, true),
        LedgerChange::Oracle(oracle) => {
            let mut book = Book::open(env);
            book.config.oracle = oracle.clone();
            let mut indexes = pool::indexes(&mut book);
            for asset in storage::assets(env).iter() {
                indexes.want(&book.asset(&asset).config.index);
            }
            indexes.require_known(&book);
            storage::set_config(env, &book.config);
            OracleSet { oracle }.publish(env);
        }
        LedgerChange::Payout(asset, amount) => {
            let to = storage::protocol_account(env, Bucket::Fees);
            let to = to.unwrap_or_else(|| fail(env, LedgerError::VenuesNotSet));
            let mut book = Book::open(env);
            lending::pay_out_earnings(&mut book, &to, &asset, amount);
            book.store();
        }
        LedgerChange::ProtocolAccount(role, account) => enter_protocol_account(env, role, account),
        LedgerChange::Venues(vault, perp_clearing, factory) => {
            enter_venues(env, Venues { factory, perp_clearing, vault });
        }
        LedgerChange::Upgrade(wasm, version) => governance::upgrade(env, wasm, version),
    }
}

/// Names an account of the protocol. Once; later by a change.
pub fn set_protocol_account(env: &Env, role: Bucket, account: Address) {
    governance::require_admin(env);
    governance::require_announced(env, storage::protocol_account(env, role).is_none());
    enter_protocol_account(env, role, account);
}

fn enter_protocol_account(env: &Env, role: Bucket, account: Address) {
    storage::set_protocol_account(env, role, &account);
    ProtocolAccountSet { role, account }.publish(env);
}

fn enter_venues(env: &Env, venues: Venues) {
    storage::set_venues(env, &venues);
    let Venues { factory, perp_clearing, vault } = venues;
    VenuesSet { factory, perp_clearing, vault }.publish(env);
}

fn change_asset(env: &Env, token: &Address, config: &AssetConfig) {
    let mut book = Book::open(env);
    let state = book.asset(token);
    let (decimals, known) = (state.decimals, state.config.index == config.index);
    require_sound(&mut book, token, config, decimals, known, true);
    let now = book.now();
    let state = book.asset_mut(token);
    // A change of anything else keeps nobody on the way.
    if terms::move_to(&state.config, config) {
        state.ramp = terms::ramp_to(state, config, now);
    }
    state.config = config.clone();
    let asset_seq = state.totals.seq;
    book.store();
    AssetListed { asset: token.clone(), asset_seq, config: config.clone(), decimals }.publish(env);
}

/// Whether nobody can lose by it who did not see it coming; what existing accounts lose comes over seven days.
fn tightens(old: &AssetConfig, new: &AssetConfig) -> bool {
    (old.enabled || !new.enabled)
        && new.supply_cap <= old.supply_cap
        && new.borrow_cap <= old.borrow_cap
        && new.max_utilisation_bps <= old.max_utilisation_bps
        && new.outflow_bps <= old.outflow_bps
        && new.min_deposit_seconds >= old.min_deposit_seconds
        && new.ltv_bps <= old.ltv_bps
        && new.lw_bps >= old.lw_bps
        && new.margin_call_bps >= old.margin_call_bps
        && new.liquidation_bps >= old.liquidation_bps
        // Liquidations of existing accounts go by it at once.
        && new.opening_bps == old.opening_bps
        && (new.max_bonus_bps, new.reserve_factor_bps) == (old.max_bonus_bps, old.reserve_factor_bps)
        && new.rate == old.rate
        && new.index == old.index
}

/// Parameters within their bounds, an index that the oracle knows, and no pair that a liquidation could not heal; unless it
/// was `announced`, nobody may have deposited anything. What was listed can be tightened whatever the oracle does: an index
/// that is `known` is not asked for.
fn require_sound(
    book: &mut Book,
    token: &Address,
    config: &AssetConfig,
    decimals: u32,
    known: bool,
    announced: bool,
) {
    let env = &book.env.clone();
    if !known {
        let mut indexes = Quotes::new();
        indexes.want(&config.index);
        indexes.require_known(book);
    }
    require(env, within_bounds(config, decimals), LedgerError::InvalidConfig);
    // Whichever of two assets is collateral and whichever is debt: seizing at the largest bonus must raise health.
    for asset in storage::assets(env).iter() {
        let AssetState { config: other, totals, .. } = book.asset(&asset);
        governance::require_announced(env, announced || totals.supply_shares == 0);
        let heals = &asset == token || improves(other, config) && improves(config, other);
        require(env, heals, LedgerError::InvalidConfig);
    }
}

fn within_bounds(config: &AssetConfig, decimals: u32) -> bool {
    // At most 18 decimals: it fits.
    let largest = pow10(decimals + MAX_WHOLE_TOKENS).unwrap_or(0);
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
        && config.outflow_bps <= BPS
        && config.min_deposit_seconds <= MAX_DEPOSIT_SECONDS
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

/// `ltv_c * (1 + max_bonus_c + fee) <= 98% * liquidation_c * lw_d`.
fn improves(collateral: &AssetConfig, debt: &AssetConfig) -> bool {
    let seized = u64::from(collateral.ltv_bps) * u64::from(BPS + collateral.max_bonus_bps + PROTOCOL_FEE_BPS);
    let gained = u64::from(collateral.liquidation_bps) * u64::from(debt.lw_bps);
    seized * u64::from(BPS) <= gained * u64::from(LIQUIDATION_GAIN_BPS)
}
