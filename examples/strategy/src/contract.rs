//! The entry points.

use crate::types::{Config, Rebalanced, StrategyError, Terms};
use crate::{guard, plan, storage};
use margin_interface::{
    Action, ClearingRequest, MarginLedgerClient, PerpClearingClient, PriceStatus, TradeAction,
};
use soroban_sdk::auth::{Context, CustomAccountInterface};
use soroban_sdk::crypto::Hash;
use soroban_sdk::{contract, contractimpl, vec, Address, Env, Symbol, Vec};

/// Largest weight either way: ten times the equity, bps.
const MAX_WEIGHT: u32 = 100_000;

/// The strategy.
#[contract]
pub struct Strategy;

#[contractimpl]
impl Strategy {
    /// Deploys a strategy for one market, for good.
    pub fn __constructor(env: Env, strategist: Address, ledger: Address, clearing: Address, market: Symbol) {
        storage::set_config(&env, &Config { clearing, ledger, market, strategist });
    }

    /// Signs terms, or other ones. Nothing happens until the user also grants the strategy `TRADE` in the ledger.
    ///
    /// # Errors
    /// * [`StrategyError::InvalidTerms`] - leverage outside 1x to 10x, slippage above 5%, a stop at or above the least health,
    ///   a cool-down below a minute
    ///
    /// # Authorization
    /// `user`. A smart account first allows this contract by `allow_contract`.
    pub fn join(env: Env, user: Address, terms: Terms) -> Result<(), StrategyError> {
        user.require_auth();
        let sound = (100..=1_000).contains(&terms.max_leverage)
            && terms.slippage_bps <= 500
            && terms.stop_health < terms.min_health
            && terms.cool_down >= 60;
        if !sound {
            return Err(StrategyError::InvalidTerms);
        }
        storage::set_terms(&env, &user, &terms);
        Ok(())
    }

    /// Withdraws the terms. Revoking the grant in the ledger has the same effect, without this contract's help.
    ///
    /// # Authorization
    /// `user`.
    pub fn leave(env: Env, user: Address) {
        user.require_auth();
        storage::remove_terms(&env, &user);
    }

    /// Sets everybody's target exposure, a share of equity in bps; short < 0.
    ///
    /// # Errors
    /// * [`StrategyError::InvalidWeight`] - beyond ten times the equity
    ///
    /// # Authorization
    /// The strategist.
    pub fn set_weight(env: Env, weight_bps: i32) -> Result<(), StrategyError> {
        storage::config(&env).strategist.require_auth();
        if weight_bps.unsigned_abs() > MAX_WEIGHT {
            return Err(StrategyError::InvalidWeight);
        }
        storage::set_weight(&env, weight_bps);
        Ok(())
    }

    /// What [`Self::rebalance`] would trade for the user now.
    ///
    /// # Errors
    /// * [`StrategyError::NotJoined`], [`StrategyError::CoolDown`], [`StrategyError::PriceNotLive`],
    ///   [`StrategyError::NoEquity`], [`StrategyError::NothingToDo`]
    pub fn planned(env: Env, user: Address) -> Result<TradeAction, StrategyError> {
        let config = storage::config(&env);
        let terms = storage::terms(&env, &user)?;
        if env.ledger().timestamp() < storage::rebalanced(&env, &user).saturating_add(terms.cool_down) {
            return Err(StrategyError::CoolDown);
        }
        let ledger = MarginLedgerClient::new(&env, &config.ledger);
        let view = ledger.perp_view(&user, &config.market);
        if view.index.status != PriceStatus::Live {
            return Err(StrategyError::PriceNotLive);
        }
        let index = view.index.mid;
        let equity = ledger.summary(&user).equity;
        let size_delta =
            plan::size_delta(equity, index, view.position.size, storage::weight(&env), terms.max_leverage)?;
        let limit_price = plan::limit_price(index, size_delta, terms.slippage_bps)?;
        Ok(TradeAction { limit_price, market: config.market, size_delta })
    }

    /// Trades the user's position to the target, as its delegate. Permissionless.
    ///
    /// # Errors
    /// * those of [`Self::planned`]; [`StrategyError::BeyondTerms`] - the risk afterwards
    /// * of the clearing-house, such as `NotPermitted` without a grant, and of the ledger
    ///
    /// # Events
    /// * [`Rebalanced`]
    pub fn rebalance(env: Env, user: Address) -> Result<(), StrategyError> {
        let config = storage::config(&env);
        let terms = storage::terms(&env, &user)?;
        let trade = Self::planned(env.clone(), user.clone())?;
        let size_delta = trade.size_delta;
        let ledger = MarginLedgerClient::new(&env, &config.ledger);
        let before = ledger.perp_view(&user, &config.market).position.size;

        let now = env.ledger().timestamp();
        storage::set_rebalanced(&env, &user, now);
        PerpClearingClient::new(&env, &config.clearing).submit(
            &env.current_contract_address(),
            &user,
            &vec![&env, ClearingRequest::Act(Action::Trade(trade))],
            &now,
        );

        let risk = ledger.summary(&user);
        let beyond = risk.leverage > terms.max_leverage || risk.health_factor < terms.min_health;
        if beyond && !plan::reduces(before, size_delta) {
            return Err(StrategyError::BeyondTerms);
        }
        Rebalanced { user, health: risk.health_factor, leverage: risk.leverage, size_delta }.publish(&env);
        Ok(())
    }

    /// Whom the strategy works with.
    pub fn config(env: Env) -> Config {
        storage::config(&env)
    }

    /// A user's terms.
    ///
    /// # Errors
    /// * [`StrategyError::NotJoined`]
    pub fn terms(env: Env, user: Address) -> Result<Terms, StrategyError> {
        storage::terms(&env, &user)
    }

    /// Target exposure as a share of equity, bps.
    pub fn weight(env: Env) -> i32 {
        storage::weight(&env)
    }
}

#[contractimpl]
impl CustomAccountInterface for Strategy {
    /// Nobody signs: what may be done in the strategy's name, anybody may do.
    type Signature = ();
    type Error = StrategyError;

    /// Accepts a stop: `perp-clearing.submit` in the strategy's name that reduces the position of a user whose health is below
    /// the stop of its terms, at a price within its slippage. Everything else is refused.
    ///
    /// The clearing-house is executing when this runs, so it reads the ledger.
    fn __check_auth(
        env: Env,
        _payload: Hash<32>,
        _signature: (),
        contexts: Vec<Context>,
    ) -> Result<(), StrategyError> {
        guard::stop(&env, &contexts)
    }
}
