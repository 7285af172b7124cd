//! Entry points: authorise, check the arguments, hand over to the domain.
//!
//! Whoever's rights are spent authorises before anything else is called: a smart account's policy reads the ledger
//! then, and nothing but this contract may be on the stack.

use crate::{
    desk::{self, Desk},
    error::OrRefuse,
    fill::{self, Leg},
    funding, markets, pool,
    storage::{self, Config},
};
use margin_interface::{
    Bucket, ClearingError, Fill, Funding, InsuranceFunded, LpPosition, MarginLedgerClient, MarketConfig,
    OpenInterest, PerpClearingInterface, PerpMarket, Position, Settlement, TakeOver, TradeQuote,
};
use margin_math::{curve, marks::WINDOW};
use soroban_sdk::{contract, contractimpl, Address, Env, Symbol};

/// The perpetual clearing-house.
#[contract]
pub struct PerpClearing;

fn ledger(env: &Env) -> MarginLedgerClient<'_> {
    MarginLedgerClient::new(env, &storage::config(env).ledger)
}

fn in_time(env: &Env, deadline: u64) -> Result<(), ClearingError> {
    (env.ledger().timestamp() <= deadline).then_some(()).ok_or(ClearingError::DeadlineExpired)
}

fn positive(amount: i128) -> Result<(), ClearingError> {
    (amount > 0).then_some(()).ok_or(ClearingError::InvalidAmount)
}

#[contractimpl]
impl PerpClearing {
    /// Binds the clearing-house to its ledger and vault for good.
    ///
    /// # Arguments
    /// * `admin` - opens markets
    /// * `guardian` - may only halt or tighten
    /// * `ledger`, `vault`, `oracle` - the contracts of this deployment
    pub fn __constructor(
        env: Env,
        admin: Address,
        guardian: Address,
        ledger: Address,
        vault: Address,
        oracle: Address,
    ) {
        let settlement = MarginLedgerClient::new(&env, &ledger).settlement_asset();
        storage::set_config(&env, &Config { admin, guardian, ledger, oracle, settlement, vault });
    }
}

#[contractimpl]
impl PerpClearingInterface for PerpClearing {
    fn open_position(
        env: Env,
        trader: Address,
        market: Symbol,
        is_long: bool,
        margin: i128,
        leverage: u32,
        min_base: i128,
        deadline: u64,
    ) -> Result<Fill, ClearingError> {
        trader.require_auth();
        in_time(&env, deadline)?;
        positive(margin)?;
        if !(fill::MIN_LEVERAGE..=fill::MAX_LEVERAGE).contains(&leverage) {
            return Err(ClearingError::InvalidAmount);
        }
        desk::deposit_margin(&env, &storage::config(&env), &trader, margin);
        let desk = Desk::open(&env, &trader, &market)?;
        let size = desk.size_for_margin(is_long, margin, leverage)?;
        fill::check_base(size, min_base)?;
        desk.trade(size, None, false)
    }

    fn trade(
        env: Env,
        trader: Address,
        market: Symbol,
        size_delta: i128,
        limit_price: i128,
        reduce_only: bool,
        deadline: u64,
    ) -> Result<Fill, ClearingError> {
        trader.require_auth();
        in_time(&env, deadline)?;
        positive(limit_price)?;
        Desk::open(&env, &trader, &market)?.trade(size_delta, Some(limit_price), reduce_only)
    }

    fn close_position(
        env: Env,
        trader: Address,
        market: Symbol,
        limit_price: i128,
        deadline: u64,
    ) -> Result<Fill, ClearingError> {
        trader.require_auth();
        in_time(&env, deadline)?;
        positive(limit_price)?;
        let desk = Desk::open(&env, &trader, &market)?;
        let size_delta = margin_math::fixed::neg(desk.held()?).on_curve()?;
        desk.trade(size_delta, Some(limit_price), true)
    }

    fn add_liquidity(
        env: Env,
        provider: Address,
        amount: i128,
        min_shares: i128,
    ) -> Result<i128, ClearingError> {
        provider.require_auth();
        positive(amount)?;
        pool::enter(&env, &ledger(&env), &provider, amount, min_shares)
    }

    fn remove_liquidity(
        env: Env,
        provider: Address,
        shares: i128,
        min_amount: i128,
    ) -> Result<i128, ClearingError> {
        provider.require_auth();
        positive(shares)?;
        pool::leave(&env, &ledger(&env), &provider, shares, min_amount)
    }

    fn fund_insurance(env: Env, from: Address, amount: i128) -> Result<(), ClearingError> {
        from.require_auth();
        positive(amount)?;
        ledger(&env).move_bucket(&from, &Bucket::Insurance, &amount);
        InsuranceFunded { from, amount }.publish(&env);
        Ok(())
    }

    fn update_funding_rate(env: Env, market: Symbol) -> Result<i128, ClearingError> {
        funding::update_rate(&env, &ledger(&env), &market)
    }

    fn settle_funding(env: Env, account: Address, market: Symbol) -> Result<i128, ClearingError> {
        Desk::open(&env, &account, &market)?.settle()
    }

    fn update_mark_price(env: Env, market: Symbol) -> Result<i128, ClearingError> {
        markets::touch(&env, &ledger(&env), &market)
    }

    fn liquidate(
        env: Env,
        liquidator: Address,
        account: Address,
        market: Symbol,
        max_size: i128,
    ) -> Result<TakeOver, ClearingError> {
        liquidator.require_auth();
        positive(max_size)?;
        Desk::open(&env, &account, &market)?.take_over(&liquidator, max_size)
    }

    fn claim_pending(env: Env, account: Address) -> Result<i128, ClearingError> {
        Ok(ledger(&env).claim_pending(&account))
    }

    fn open_market(
        env: Env,
        market: Symbol,
        config: MarketConfig,
        base_reserve: i128,
        quote_reserve: i128,
    ) -> Result<(), ClearingError> {
        storage::config(&env).admin.require_auth();
        markets::open(&env, &ledger(&env), &market, &config, base_reserve, quote_reserve)
    }

    fn quote_trade(env: Env, market: Symbol, size_delta: i128) -> Result<TradeQuote, ClearingError> {
        if size_delta == 0 {
            return Err(ClearingError::InvalidAmount);
        }
        let record = ledger(&env).market(&market);
        let leg = Leg::new(&record.config, &record.state, size_delta, env.ledger().sequence())?;
        Ok(TradeQuote {
            fee: leg.fee,
            mark: leg.mark()?,
            price: curve::average_price(size_delta, leg.quote).on_curve()?,
            quote_delta: leg.quote,
        })
    }

    fn market(env: Env, market: Symbol) -> PerpMarket {
        ledger(&env).market(&market)
    }

    fn position(env: Env, account: Address, market: Symbol) -> Option<Position> {
        ledger(&env).account(&account).positions.get(market)
    }

    fn funding(env: Env, market: Symbol) -> Result<Funding, ClearingError> {
        let ledger = ledger(&env);
        let record = ledger.market(&market);
        let (index, _) = ledger.index(&market, &WINDOW);
        let state = funding::accrued(&env, &record, &index)?;
        Ok(Funding {
            long_index: state.funding_long,
            rate: state.funding_rate,
            short_index: state.funding_short,
            updated_at: state.funding_at,
        })
    }

    fn open_interest(env: Env, market: Symbol) -> OpenInterest {
        let totals = ledger(&env).market(&market).totals;
        OpenInterest { long: totals.long_interest, short: totals.short_interest }
    }

    fn lp(env: Env, provider: Address) -> LpPosition {
        pool::position(&env, &ledger(&env), &provider)
    }

    fn buckets(env: Env) -> Settlement {
        ledger(&env).totals()
    }

    fn reserve_headroom(env: Env) -> i128 {
        let value = ledger(&env).pool_value();
        value.payable - value.claims - value.winners - value.required
    }
}
