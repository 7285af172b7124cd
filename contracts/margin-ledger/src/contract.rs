//! The entry points: authorise, open the book, call the domain, store.
//!
//! Their documentation is that of [`MarginLedgerInterface`]. The book is stored only when the domain returns without
//! an error, so a refused call changes nothing.
#![allow(missing_docs)] // the SDK's macros generate items that nobody can document

use crate::{
    book::Book,
    checked::fail,
    custody, grants, lending, limits,
    liquidation::{self, Order},
    listing, migration, perp, pool, preview, standing,
    storage::{self, Config, Venues},
    take_over, tips, valuation,
};
use margin_interface::{
    lean, AccountState, AccountSummary, Action, AssetConfig, AssetState, Breakdown, Bucket, FillReceipt,
    LedgerChange, LedgerConfig, LedgerError, Limits, Liquidation, MarginLedgerAdminInterface,
    MarginLedgerInterface, Market, MarketConfig, MarketState, PerpMarket, PerpView, PoolValue, Quote,
    Receive, Settlement, TakeOver,
};
use soroban_sdk::{contract, contractimpl, xdr::ToXdr, Address, BytesN, Env, Symbol, Vec};

/// The margin ledger.
#[contract]
pub struct MarginLedger;

#[contractimpl]
impl MarginLedger {
    // Names who governs, who prices, and what settles. `admin` lists assets and names the venues, `guardian` may only halt
    // or tighten; `settlement_asset` margins, settles and insures: a token with exactly 7 decimals, listed like any other.
    pub fn __constructor(
        env: Env,
        admin: Address,
        guardian: Address,
        oracle: Address,
        settlement_asset: Address,
    ) {
        governance::initialise(&env, admin, guardian);
        storage::set_config(&env, &Config { oracle, settlement: settlement_asset });
    }
}

#[contractimpl]
impl MarginLedgerAdminInterface for MarginLedger {
    fn set_venues(
        env: Env,
        vault: Address,
        perp_clearing: Address,
        factory: Address,
    ) -> Result<(), LedgerError> {
        listing::set_venues(&env, Venues { factory, perp_clearing, vault });
        Ok(())
    }

    fn list_asset(env: Env, token: Address, config: AssetConfig) -> Result<(), LedgerError> {
        listing::list_first(&env, &token, &config);
        Ok(())
    }

    fn set_protocol_account(env: Env, role: Bucket, account: Address) -> Result<(), LedgerError> {
        listing::set_protocol_account(&env, role, account);
        Ok(())
    }

    fn update_asset(env: Env, by: Address, token: Address, config: AssetConfig) -> Result<(), LedgerError> {
        listing::update_asset(&env, &by, &token, &config);
        Ok(())
    }

    fn retire_asset(env: Env, token: Address) -> Result<(), LedgerError> {
        listing::retire_asset(&env, &token);
        Ok(())
    }

    fn propose(env: Env, change: LedgerChange) -> BytesN<32> {
        listing::propose(&env, change)
    }

    fn execute(env: Env, id: BytesN<32>) -> Result<(), LedgerError> {
        listing::execute(&env, &id);
        Ok(())
    }
}

governance::governed!(MarginLedger);

#[contractimpl]
impl MarginLedgerInterface for MarginLedger {
    fn credit(
        env: Env,
        from: Address,
        account: Address,
        asset: Address,
        amount: i128,
    ) -> Result<i128, LedgerError> {
        vault_only(&env);
        write(&env, |book| lending::credit(book, &from, &account, &asset, amount))
    }

    fn debit(env: Env, account: Address, asset: Address, amount: i128) -> Result<i128, LedgerError> {
        vault_only(&env);
        write(&env, |book| lending::debit(book, &account, &asset, amount))
    }

    fn borrow(env: Env, account: Address, asset: Address, amount: i128) -> Result<i128, LedgerError> {
        vault_only(&env);
        write(&env, |book| lending::borrow(book, &account, &asset, amount))
    }

    fn repay(env: Env, account: Address, asset: Address, amount: i128) -> Result<i128, LedgerError> {
        vault_only(&env);
        write(&env, |book| lending::repay(book, &account, &asset, amount))
    }

    fn repay_with_collateral(
        env: Env,
        account: Address,
        asset: Address,
        amount: i128,
    ) -> Result<i128, LedgerError> {
        vault_only(&env);
        write(&env, |book| lending::repay_with_collateral(book, &account, &asset, amount))
    }

    fn liquidate(
        env: Env,
        liquidator: Address,
        account: Address,
        debt_asset: Address,
        collateral_asset: Address,
        max_repay: i128,
        min_seized: i128,
        receive: Receive,
    ) -> Result<Liquidation, LedgerError> {
        vault_only(&env);
        let (debt, collateral) = (debt_asset, collateral_asset);
        let order = Order { liquidator, account, debt, collateral, max_repay, min_seized, receive };
        write(&env, |book| liquidation::liquidate(book, &order))
    }

    fn deleverage(
        env: Env,
        keeper: Address,
        account: Address,
        debt_asset: Address,
        collateral_asset: Address,
        max_repay: i128,
    ) -> Result<Liquidation, LedgerError> {
        vault_only(&env);
        let order = agreed(keeper, account, debt_asset, collateral_asset, max_repay);
        write(&env, |book| liquidation::deleverage(book, &order))
    }

    fn settle_in_kind(
        env: Env,
        payer: Address,
        account: Address,
        asset: Address,
        max_repay: i128,
    ) -> Result<Liquidation, LedgerError> {
        vault_only(&env);
        write(&env, |book| {
            let debt = book.config.settlement.clone();
            liquidation::settle_in_kind(book, &agreed(payer, account, debt, asset, max_repay))
        })
    }

    fn sync(env: Env, asset: Address, balance: i128) -> Result<i128, LedgerError> {
        vault_only(&env);
        write(&env, |book| custody::sync(book, &asset, balance))
    }

    fn transfer_account(env: Env, from: Address, to: Address) -> Result<(), LedgerError> {
        vault_only(&env);
        write(&env, |book| migration::transfer_account(book, &from, &to))
    }

    fn batch(
        env: Env,
        account: Address,
        from: Address,
        actions: Vec<Action>,
    ) -> Result<Vec<i128>, LedgerError> {
        vault_only(&env);
        write(&env, |book| lending::batch(book, &account, &from, &actions))
    }

    fn open_market(
        env: Env,
        market: Symbol,
        config: MarketConfig,
        base_reserve: i128,
        quote_reserve: i128,
    ) -> Result<(), LedgerError> {
        clearing_only(&env);
        write(&env, |book| perp::open_market(book, &market, &config, base_reserve, quote_reserve))
    }

    fn update_market(env: Env, market: Symbol, config: MarketConfig) -> Result<(), LedgerError> {
        clearing_only(&env);
        write(&env, |book| perp::update_market(book, &market, config))
    }

    fn push_market(env: Env, market: Symbol, state: MarketState) -> Result<(), LedgerError> {
        clearing_only(&env);
        write(&env, |book| perp::push_market(book, &market, state))
    }

    fn apply_fill(
        env: Env,
        account: Address,
        market: Symbol,
        size_delta: i128,
        quote_delta: i128,
        fee: i128,
        state: MarketState,
    ) -> Result<FillReceipt, LedgerError> {
        clearing_only(&env);
        write(&env, |book| perp::apply_fill(book, &account, &market, size_delta, quote_delta, fee, state))
    }

    fn settle(
        env: Env,
        account: Address,
        market: Symbol,
        price: i128,
        state: MarketState,
    ) -> Result<i128, LedgerError> {
        clearing_only(&env);
        write(&env, |book| perp::settle(book, &account, &market, price, state))
    }

    fn take_over(
        env: Env,
        liquidator: Address,
        account: Address,
        market: Symbol,
        max_size: i128,
        to_pool: bool,
        state: MarketState,
    ) -> Result<TakeOver, LedgerError> {
        clearing_only(&env);
        write(&env, |book| {
            take_over::take_over(book, &liquidator, &account, &market, max_size, to_pool, state)
        })
    }

    fn move_bucket(env: Env, account: Address, bucket: Bucket, amount: i128) -> Result<(), LedgerError> {
        clearing_only(&env);
        write(&env, |book| perp::move_bucket(book, &account, bucket, amount))
    }

    fn claim_pending(env: Env, account: Address) -> Result<i128, LedgerError> {
        clearing_only(&env);
        write(&env, |book| perp::claim_pending(book, &account))
    }

    fn pay_executor(
        env: Env,
        account: Address,
        executor: Address,
        at_most: i128,
    ) -> Result<i128, LedgerError> {
        clearing_only(&env);
        write(&env, |book| tips::pay_executor(book, &account, &executor, at_most))
    }

    fn margin_call(env: Env, account: Address) -> Result<u64, LedgerError> {
        // What it says of the account is said at these prices already.
        let mut book = Book::open(&env);
        let deadline = standing::margin_call(&mut book, &account);
        book.store();
        Ok(deadline)
    }

    fn flag(env: Env, account: Address) -> Result<(), LedgerError> {
        write(&env, |book| standing::flag(book, &account))
    }

    fn unflag(env: Env, account: Address) -> Result<(), LedgerError> {
        write(&env, |book| standing::unflag(book, &account))
    }

    fn backstop(
        env: Env,
        account: Address,
        collateral_asset: Address,
        max_repay: i128,
    ) -> Result<Liquidation, LedgerError> {
        write(&env, |book| liquidation::backstop(book, account, collateral_asset, max_repay))
    }

    fn accrue(env: Env, asset: Address) -> Result<(), LedgerError> {
        write(&env, |book| lending::accrue(book, &asset))
    }

    fn extend_ttl(env: Env, accounts: Vec<Address>) {
        storage::extend_instance(&env);
        for account in accounts.iter() {
            storage::extend_account(&env, &account);
        }
    }

    fn set_limits(env: Env, account: Address, limits: Limits) -> Result<(), LedgerError> {
        write(&env, |book| limits::set_limits(book, &account, &limits))
    }

    fn set_in_kind(env: Env, account: Address, assets: Vec<Address>) -> Result<(), LedgerError> {
        write(&env, |book| liquidation::set_in_kind(book, &account, &assets))
    }

    fn grant(
        env: Env,
        account: Address,
        delegate: Address,
        permissions: u32,
        expires_at: u64,
    ) -> Result<(), LedgerError> {
        write(&env, |book| grants::grant(book, &account, &delegate, permissions, expires_at))
    }

    fn revoke(env: Env, account: Address, delegate: Address) -> Result<(), LedgerError> {
        write(&env, |book| grants::revoke(book, &account, &delegate))
    }

    fn revoke_all(env: Env, account: Address) -> Result<(), LedgerError> {
        write(&env, |book| grants::revoke_all(book, &account))
    }

    fn in_kind(env: Env, account: Address) -> Vec<Address> {
        storage::in_kind(&env, &account)
    }

    fn reconcile(env: Env, account: Address, seq: u64, hash: BytesN<32>) -> bool {
        let state = storage::account(&env, &account);
        let entry = state.clone().to_xdr(&env);
        state.seq == seq && env.crypto().sha256(&entry).to_bytes() == hash
    }

    fn permission(env: Env, account: Address, delegate: Address) -> u32 {
        grants::permission(&mut Book::open(&env), &account, &delegate)
    }

    fn summary(env: Env, account: Address) -> Result<AccountSummary, LedgerError> {
        Ok(valuation::summary(&mut Book::open(&env), &account))
    }

    fn is_liquidatable(env: Env, account: Address) -> Result<bool, LedgerError> {
        Ok(standing::is_liquidatable(&mut Book::open(&env), &account))
    }

    fn preview(env: Env, account: Address, actions: Vec<Action>) -> Result<AccountSummary, LedgerError> {
        Ok(preview::preview(&mut Book::open(&env), &account, &actions, &lean::list(&env)).0)
    }

    fn assess(
        env: Env,
        account: Address,
        actions: Vec<Action>,
        amounts: Vec<(Market, i128)>,
    ) -> Result<(AccountSummary, Option<i128>), LedgerError> {
        Ok(preview::preview(&mut Book::open(&env), &account, &actions, &amounts))
    }

    fn dry_fills(
        env: Env,
        account: Address,
        market: Symbol,
        fills: Vec<(i128, i128, i128, i128)>,
        state: MarketState,
    ) -> Result<(), LedgerError> {
        perp::dry_fills(&mut Book::dry(&env), &account, &market, &fills, &state);
        Ok(())
    }

    fn dry_credit(
        env: Env,
        from: Address,
        account: Address,
        asset: Address,
        amount: i128,
    ) -> Result<i128, LedgerError> {
        Ok(lending::credit(&mut Book::dry(&env), &from, &account, &asset, amount))
    }

    fn dry_batch(
        env: Env,
        account: Address,
        from: Address,
        actions: Vec<Action>,
    ) -> Result<Vec<i128>, LedgerError> {
        Ok(lending::batch(&mut Book::dry(&env), &account, &from, &actions))
    }

    fn dry_liquidate(
        env: Env,
        liquidator: Address,
        account: Address,
        debt_asset: Address,
        collateral_asset: Address,
        max_repay: i128,
        min_seized: i128,
        receive: Receive,
    ) -> Result<Liquidation, LedgerError> {
        let (debt, collateral) = (debt_asset, collateral_asset);
        let order = Order { liquidator, account, debt, collateral, max_repay, min_seized, receive };
        Ok(liquidation::liquidate(&mut Book::dry(&env), &order))
    }

    fn breakdown(env: Env, account: Address) -> Result<Breakdown, LedgerError> {
        Ok(valuation::breakdown(&mut Book::open(&env), &account))
    }

    fn account(env: Env, account: Address) -> AccountState {
        storage::account(&env, &account)
    }

    fn asset(env: Env, asset: Address) -> Result<AssetState, LedgerError> {
        Ok(Book::open(&env).asset(&asset).clone())
    }

    fn assets(env: Env) -> Vec<Address> {
        storage::assets(&env)
    }

    fn market(env: Env, market: Symbol) -> Result<PerpMarket, LedgerError> {
        Ok(Book::open(&env).market(&market).clone())
    }

    fn markets(env: Env) -> Vec<Symbol> {
        storage::markets(&env)
    }

    fn value(env: Env, amounts: Vec<(Address, i128)>) -> Result<i128, LedgerError> {
        valuation::value(&mut Book::open(&env), &amounts).ok_or(LedgerError::PriceNotUsable)
    }

    fn totals(env: Env) -> Settlement {
        Book::open(&env).settlement().clone()
    }

    fn perp_view(env: Env, account: Address, market: Symbol) -> Result<PerpView, LedgerError> {
        Ok(valuation::perp_view(&mut Book::open(&env), &account, &market))
    }

    fn index(env: Env, market: Symbol, window: u64) -> Result<(Quote, Option<i128>), LedgerError> {
        Ok(valuation::index(&mut Book::open(&env), &market, window))
    }

    fn pool_value(env: Env) -> Result<PoolValue, LedgerError> {
        Ok(pool::value(&mut Book::open(&env)))
    }

    fn settlement_asset(env: Env) -> Address {
        Book::open(&env).config.settlement
    }

    fn config(env: Env) -> Result<LedgerConfig, LedgerError> {
        let Config { oracle, settlement } = Book::open(&env).config;
        let Venues { factory, perp_clearing, vault } = venues(&env);
        Ok(LedgerConfig { factory, oracle, perp_clearing, settlement, vault })
    }
}

/// Runs a change on a fresh book and stores what it changed.
fn write<T>(env: &Env, change: impl FnOnce(&mut Book) -> T) -> Result<T, LedgerError> {
    let mut book = Book::open(env);
    let result = change(&mut book);
    standing::end_cured_calls(&mut book);
    book.store();
    Ok(result)
}

#[inline(never)] // for size, measured
fn vault_only(env: &Env) {
    venues(env).vault.require_auth();
}

#[inline(never)] // for size, measured
fn clearing_only(env: &Env) {
    venues(env).perp_clearing.require_auth();
}

fn venues(env: &Env) -> Venues {
    storage::venues(env).unwrap_or_else(|| fail(env, LedgerError::VenuesNotSet))
}

/// Tokens for tokens, whatever they come to.
fn agreed(
    liquidator: Address,
    account: Address,
    debt: Address,
    collateral: Address,
    max_repay: i128,
) -> Order {
    Order { liquidator, account, debt, collateral, max_repay, min_seized: 0, receive: Receive::Tokens }
}
