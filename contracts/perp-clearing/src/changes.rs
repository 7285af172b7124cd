//! Changes of markets and of the operator: what tightens acts at once, the rest is announced.

use crate::{error::refuse, markets, stage, storage};
use governance::Delay;
use margin_interface::{
    ClearingChange, ClearingConfig, ClearingError, HouseChanged, MarginLedgerClient, MarketConfig,
    OperatorSet,
};
use margin_math::units::BPS;
use soroban_sdk::{Address, BytesN, Env, Symbol};

/// Announces a change.
pub fn propose(env: &Env, change: ClearingChange) -> BytesN<32> {
    let delay = match &change {
        ClearingChange::Depth(..)
        | ClearingChange::Market(..)
        | ClearingChange::Open(..)
        | ClearingChange::Stage(..) => Delay::Risk,
        ClearingChange::Operator(_) => Delay::Venue,
        ClearingChange::Upgrade(..) => Delay::Code,
    };
    governance::propose(env, change, delay)
}

/// Carries out a change whose delay is over.
pub fn execute(env: &Env, ledger: &MarginLedgerClient, id: &BytesN<32>) -> Result<(), ClearingError> {
    match governance::take(env, id) {
        ClearingChange::Market(market, config) => {
            let now = ledger.market(&market).config;
            set_market(ledger, &market, &now, &config)?;
        }
        ClearingChange::Open(market, config, base_reserve, quote_reserve) => {
            markets::open(env, ledger, &market, &config, base_reserve, quote_reserve)?;
        }
        ClearingChange::Depth(market, depth_bps) => set_depth(env, &market, depth_bps)?,
        ClearingChange::Operator(operator) => set_operator(env, Some(operator)),
        ClearingChange::Stage(market, stage) => stage::set_stage(env, ledger, &market, stage)?,
        ClearingChange::Upgrade(wasm, version) => governance::upgrade(env, wasm, version),
    }
    Ok(())
}

/// Replaces the parameters of a market by tighter ones.
pub fn tighten_market(
    env: &Env,
    ledger: &MarginLedgerClient,
    by: &Address,
    market: Symbol,
    config: MarketConfig,
) -> Result<(), ClearingError> {
    governance::require_governor(env, by);
    let now = ledger.market(&market).config;
    governance::require_announced(env, now.index != config.index || tightens(&now, &config));
    set_market(ledger, &market, &now, &config)
}

/// Dismisses the operator.
pub fn dismiss_operator(env: &Env, by: &Address, operator: Option<Address>) {
    governance::require_governor(env, by);
    governance::require_announced(env, operator.is_none());
    set_operator(env, None);
}

fn set_depth(env: &Env, market: &Symbol, depth_bps: u32) -> Result<(), ClearingError> {
    refuse(depth_bps > BPS, ClearingError::InvalidConfig)?;
    let mut record = markets::record(env, market)?;
    record.house.depth_bps = depth_bps;
    storage::set_record(env, market, &record);
    HouseChanged { market: market.clone(), house: record.house }.publish(env);
    Ok(())
}

fn set_operator(env: &Env, operator: Option<Address>) {
    storage::set_config(env, &ClearingConfig { operator: operator.clone(), ..storage::config(env) });
    OperatorSet { operator }.publish(env);
}

fn set_market(
    ledger: &MarginLedgerClient,
    market: &Symbol,
    now: &MarketConfig,
    next: &MarketConfig,
) -> Result<(), ClearingError> {
    // Positions were opened on the index as it is.
    refuse(now.index != next.index, ClearingError::InvalidConfig)?;
    markets::check(next)?;
    ledger.update_market(market, next);
    Ok(())
}

/// Whether no parameter accepts more risk. A fee costs traders, and a maintenance margin liquidates them: neither changes
/// unannounced.
fn tightens(now: &MarketConfig, next: &MarketConfig) -> bool {
    next.band_bps <= now.band_bps
        && next.fee_bps == now.fee_bps
        && next.gap_bps >= now.gap_bps
        && next.impact_bps <= now.impact_bps
        && next.imr_bps >= now.imr_bps
        && next.max_open_interest <= now.max_open_interest
        && next.max_position_bps <= now.max_position_bps
        && next.min_notional >= now.min_notional
        && next.mmr_bps == now.mmr_bps
        && next.sigma_bps >= now.sigma_bps
        && next.size_scaling_bps >= now.size_scaling_bps
}
