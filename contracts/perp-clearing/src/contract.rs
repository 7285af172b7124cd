//! Entry points: authorise, check the arguments, hand over to the domain.
//!
//! Whoever's rights are spent authorises before anything else is called: a smart account's policy reads the ledger
//! then, and nothing but this contract may be on the stack.

use crate::{
    batch, changes,
    desk::Desk,
    error::{bounded, refuse, require, OrRefuse},
    fill::{self, positive, priced, Leg},
    funding, house, markets, matched, nonces, orders, pool,
    raw::Raw,
    stage, storage, views,
};
use margin_interface::{
    ClearingChange, ClearingConfig, ClearingError, ClearingRequest, ConditionalOrder, Fill, Funding, House,
    LpPosition, MarginLedgerClient, MarketConfig, MarketStage, MatchedFill, OpenInterest, OrderBook,
    OrderCheck, PerpClearingInterface, PerpMarket, Position, Settlement, TakeOver, TradeQuote, VaultClient,
};
use margin_math::{curve, marks::WINDOW};
use soroban_sdk::{contract, contractimpl, Address, BytesN, Env, IntoVal, Map, Symbol, Vec};

/// The perpetual clearing-house.
#[contract]
pub struct PerpClearing;

fn ledger(env: &Env) -> MarginLedgerClient<'_> {
    MarginLedgerClient::new(env, &storage::config(env).ledger)
}

fn in_time(env: &Env, deadline: u64) -> Result<(), ClearingError> {
    require(env.ledger().timestamp() <= deadline, ClearingError::DeadlineExpired)
}

/// Pulls `margin` from the trader's wallet, then trades it at a leverage; `adds` to a position of the same side only.
fn open(
    env: &Env,
    trader: &Address,
    market: &Symbol,
    is_long: bool,
    (margin, leverage): (i128, u32),
    (min_base, deadline): (i128, u64),
    adds: bool,
) -> Result<Fill, ClearingError> {
    trader.require_auth();
    in_time(env, deadline)?;
    positive(margin)?;
    refuse(!(fill::MIN_LEVERAGE..=fill::MAX_LEVERAGE).contains(&leverage), ClearingError::InvalidAmount)?;
    let config = storage::config(env);
    VaultClient::new(env, &config.vault).deposit(trader, trader, &config.settlement, &margin);
    let desk = Desk::open(env, trader, market)?;
    refuse(adds && (desk.held()? > 0) != is_long, ClearingError::NoPosition)?;
    let size = desk.size_for_margin(is_long, margin, leverage)?;
    fill::check_base(size, min_base)?;
    desk.trade(size, None, false)
}

#[contractimpl]
impl PerpClearing {
    /// Binds the clearing-house to its ledger, vault and oracle for good.
    pub fn __constructor(
        env: Env,
        admin: Address,
        guardian: Address,
        ledger: Address,
        vault: Address,
        oracle: Address,
    ) {
        let settlement = MarginLedgerClient::new(&env, &ledger).settlement_asset();
        governance::initialise(&env, admin, guardian);
        let operator = None;
        storage::set_config(&env, &ClearingConfig { ledger, operator, oracle, settlement, vault });
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
        let (stake, bounds) = ((margin, leverage), (min_base, deadline));
        open(&env, &trader, &market, is_long, stake, bounds, false)
    }

    fn increase_position(
        env: Env,
        trader: Address,
        market: Symbol,
        is_long: bool,
        margin: i128,
        leverage: u32,
        min_base: i128,
        deadline: u64,
    ) -> Result<Fill, ClearingError> {
        let (stake, bounds) = ((margin, leverage), (min_base, deadline));
        open(&env, &trader, &market, is_long, stake, bounds, true)
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
        priced(limit_price)?;
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
        priced(limit_price)?;
        let desk = Desk::open(&env, &trader, &market)?;
        let size_delta = margin_math::fixed::neg(desk.held()?).on_curve()?;
        desk.trade(size_delta, Some(limit_price), true)
    }

    fn submit(
        env: Env,
        sender: Address,
        account: Address,
        requests: Vec<ClearingRequest>,
        deadline: u64,
    ) -> Result<Vec<i128>, ClearingError> {
        in_time(&env, deadline)?;
        batch::submit(&env, &sender, &account, &requests)
    }

    fn execute_order(env: Env, executor: Address, order: ConditionalOrder) -> Result<Fill, ClearingError> {
        executor.require_auth();
        orders::require_consent(&env, &executor, &order);
        orders::ready(&env, &ledger(&env), &order, Some(&executor))?.execute(&env, &executor)
    }

    fn place_order(env: Env, order: ConditionalOrder) -> Result<(), ClearingError> {
        orders::require_signature(&env, &order);
        orders::place(&env, &ledger(&env), &order)
    }

    fn cancel_order(env: Env, account: Address, nonce: u64) -> Result<(), ClearingError> {
        account.require_auth();
        let (word, mask) = nonces::name(nonce);
        orders::cancel(&env, &account, word, mask)
    }

    fn cancel_nonces(env: Env, account: Address, word: u64, mask: u64) -> Result<(), ClearingError> {
        account.require_auth();
        orders::cancel(&env, &account, word, mask)
    }

    fn bump_epoch(env: Env, account: Address) -> Result<u64, ClearingError> {
        account.require_auth();
        orders::bump_epoch(&env, &ledger(&env), &account)
    }

    fn settle_match(env: Env, operator: Address, fills: Vec<MatchedFill>) -> Result<(), ClearingError> {
        matched::settle(&env, &ledger(&env), &operator, &fills)
    }

    fn add_liquidity(
        env: Env,
        provider: Address,
        amount: i128,
        min_shares: i128,
    ) -> Result<i128, ClearingError> {
        provider.require_auth();
        positive(amount)?;
        pool::enter(&env, &ledger(&env), &provider, amount, min_shares, true)
    }

    fn request_exit(env: Env, provider: Address, shares: i128) -> Result<u64, ClearingError> {
        provider.require_auth();
        positive(shares)?;
        pool::request_exit(&env, &provider, shares, true)
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
        pool::give(&env, &ledger(&env), &from, amount)
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
        refuse(max_size < 0, ClearingError::InvalidAmount)?;
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
        markets::open_first(&env, &ledger(&env), &market, &config, base_reserve, quote_reserve)
    }

    fn update_market(
        env: Env,
        by: Address,
        market: Symbol,
        config: MarketConfig,
    ) -> Result<(), ClearingError> {
        changes::tighten_market(&env, &ledger(&env), &by, market, config)
    }

    fn set_operator(env: Env, by: Address, operator: Option<Address>) -> Result<(), ClearingError> {
        changes::dismiss_operator(&env, &by, operator);
        Ok(())
    }

    fn propose(env: Env, change: ClearingChange) -> BytesN<32> {
        changes::propose(&env, change)
    }

    fn execute(env: Env, id: BytesN<32>) -> Result<(), ClearingError> {
        changes::execute(&env, &ledger(&env), &id)
    }

    fn config(env: Env) -> ClearingConfig {
        storage::config(&env)
    }

    fn can_execute(env: Env, order: ConditionalOrder) -> OrderCheck {
        orders::can_execute(&env, &ledger(&env), &order)
    }

    fn orders(env: Env, account: Address) -> OrderBook {
        orders::standing(&env, &ledger(&env), &account)
    }

    fn liquidation_price(env: Env, account: Address, market: Symbol) -> Result<i128, ClearingError> {
        views::liquidation_price(&ledger(&env), &account, &market)
    }

    fn buying_power(env: Env, account: Address, market: Symbol) -> Result<i128, ClearingError> {
        views::buying_power(&env, &ledger(&env), &account, &market)
    }

    fn max_trade(env: Env, account: Address, market: Symbol, is_long: bool) -> Result<i128, ClearingError> {
        views::max_trade(&env, &account, &market, is_long)
    }

    fn quote_trade(env: Env, market: Symbol, size_delta: i128) -> Result<TradeQuote, ClearingError> {
        require(size_delta != 0, ClearingError::InvalidAmount)?;
        bounded(size_delta)?;
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
        let state = Raw::ask(&env, &storage::config(&env).ledger, "account", (account,).into_val(&env));
        state.get::<Map<Symbol, Position>>("positions").get(market)
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

    fn set_market_state(
        env: Env,
        by: Address,
        market: Symbol,
        stage: MarketStage,
    ) -> Result<(), ClearingError> {
        stage::tighten(&env, &ledger(&env), &by, &market, stage)
    }

    fn wind_down(env: Env, market: Symbol) -> BytesN<32> {
        changes::propose(&env, ClearingChange::Stage(market, MarketStage::WindDown))
    }

    fn settle_position(env: Env, account: Address, market: Symbol) -> Result<i128, ClearingError> {
        stage::settle_position(&env, &ledger(&env), &account, &market)
    }

    fn repeg(env: Env, market: Symbol) -> Result<i128, ClearingError> {
        house::repeg(&env, &ledger(&env), &market)
    }

    fn house(env: Env, market: Symbol) -> Result<House, ClearingError> {
        Ok(markets::record(&env, &market)?.house)
    }

    fn insurance_target(env: Env) -> Result<i128, ClearingError> {
        house::insurance_target(&ledger(&env))
    }
}

governance::governed!(PerpClearing);
