//! What is done in the strategy's name without the strategy: stops.

use crate::types::StrategyError;
use crate::{plan, storage};
use margin_interface::{Action, ClearingRequest, MarginLedgerClient, PriceStatus, TradeAction};
use soroban_sdk::auth::{Context, ContractContext};
use soroban_sdk::{Address, Env, Symbol, TryFromVal, Val, Vec};

/// Accepts exactly one thing: a stop of a user whose health is below the stop of its terms.
pub fn stop(env: &Env, contexts: &Vec<Context>) -> Result<(), StrategyError> {
    let config = storage::config(env);
    let only = contexts.first().filter(|_| contexts.len() == 1);
    let Some(Context::Contract(call)) = only else { return Err(StrategyError::NotAStop) };
    if call.contract != config.clearing || call.fn_name != Symbol::new(env, "submit") {
        return Err(StrategyError::NotAStop);
    }
    let (user, trade) = trade(env, &call)?;
    if trade.market != config.market {
        return Err(StrategyError::NotAStop);
    }
    let terms = storage::terms(env, &user)?;
    let ledger = MarginLedgerClient::new(env, &config.ledger);
    let view = ledger.perp_view(&user, &config.market);
    if view.index.status != PriceStatus::Live {
        return Err(StrategyError::PriceNotLive);
    }
    if ledger.summary(&user).health_factor >= terms.stop_health {
        return Err(StrategyError::Calm);
    }
    if !plan::reduces(view.position.size, trade.size_delta) {
        return Err(StrategyError::NotAStop);
    }
    let limit = plan::limit_price(view.index.mid, trade.size_delta, terms.slippage_bps)?;
    let worse = if trade.size_delta > 0 { trade.limit_price > limit } else { trade.limit_price < limit };
    if worse {
        return Err(StrategyError::BeyondTerms);
    }
    Ok(())
}

/// User and trade of `submit(sender, account, [Trade], deadline)`.
fn trade(env: &Env, call: &ContractContext) -> Result<(Address, TradeAction), StrategyError> {
    let user = argument::<Address>(env, call, 1)?;
    let requests = argument::<Vec<ClearingRequest>>(env, call, 2)?;
    match requests.first().filter(|_| requests.len() == 1) {
        Some(ClearingRequest::Act(Action::Trade(trade))) => Ok((user, trade)),
        _ => Err(StrategyError::NotAStop),
    }
}

fn argument<T: TryFromVal<Env, Val>>(
    env: &Env,
    call: &ContractContext,
    place: u32,
) -> Result<T, StrategyError> {
    let value = call.args.get(place).ok_or(StrategyError::NotAStop)?;
    T::try_from_val(env, &value).map_err(|_| StrategyError::NotAStop)
}
