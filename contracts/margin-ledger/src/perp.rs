//! Perpetual positions and the buckets behind them, as the clearing-house books them.
//!
//! The clearing-house decides at what price; here is decided what it costs whom. Only an increase of risk asks for prices
//! that are live: whoever reduces or closes is settled whatever the oracle says.

use crate::book::{emit, Book};
use crate::checked::*;
use crate::settlement::{is_bad_debt, realize_bad_debt, realize_bad_debt_of, touch_debts, Till};
use crate::storage;
use crate::terms::maintenance_bps;
use crate::valuation;
use crate::valuation::{Quotes, Valuation};
use crate::{custody, lending, limits, pool, tips};
use margin_interface::{
    AccountState, Bucket, BucketMoved, FillReceipt, FundingSettled, LedgerError, MarketConfig, MarketOpened,
    MarketPushed, MarketState, MarketTotals, MarketUpdated, PendingClaimed, PerpMarket, Position,
    PositionFilled, MAX_HOLDINGS, MAX_MARKETS,
};
use margin_math::{
    curve, defaults,
    position::{self, Filled},
    units::{BPS, QUOTE_SCALE},
};
use soroban_sdk::{Address, Symbol, Vec};

/// What the settlement of one fill moved.
pub struct Settled {
    /// What became a claim on the pending pool.
    pending: i128,
    /// What the fill did to the position.
    filled: Filled,
}

/// Lists a market with its first curve.
#[inline(never)] // for size, measured
pub fn open_market(
    book: &mut Book,
    market: &Symbol,
    config: &MarketConfig,
    base_reserve: i128,
    quote_reserve: i128,
) {
    let env = &book.env.clone();
    let mut markets = storage::markets(&book.env);
    if markets.contains(market) {
        fail(env, LedgerError::AlreadyListed);
    }
    if markets.len() >= MAX_MARKETS || !within_bounds(config) || base_reserve <= 0 || quote_reserve <= 0 {
        fail(env, LedgerError::InvalidConfig);
    }
    let state = MarketState {
        base_reserve,
        clearing_price: 0,
        funding_at: book.now(),
        funding_long: 0,
        funding_price: 0,
        funding_rate: 0,
        funding_short: 0,
        // No trade yet: the first one notes the mark before it.
        ledger: 0,
        ledger_mark: curve::mark(base_reserve, quote_reserve).or_fail(env),
        quote_reserve,
    };
    let totals = MarketTotals {
        entry: 0,
        long_funding: 0,
        long_interest: 0,
        net_size: 0,
        short_funding: 0,
        short_interest: 0,
    };
    let (config, mmr_from_bps, mmr_since) = (config.clone(), config.mmr_bps, 0);
    let record = PerpMarket { config: config.clone(), mmr_from_bps, mmr_since, seq: 0, state, totals };
    let market_seq = book.open_market(market, record);
    markets.push_back(market.clone());
    storage::set_markets(&book.env, &markets);
    let market = market.clone();
    MarketOpened { market, base_reserve, config, quote_reserve, market_seq }.publish(&book.env);
}

/// Replaces the parameters of a market. More maintenance margin reaches existing positions over seven days.
pub fn update_market(book: &mut Book, market: &Symbol, config: MarketConfig) {
    require(&book.env, within_bounds(&config), LedgerError::InvalidConfig);
    let now = book.now();
    let record = book.market_mut(market);
    if config.mmr_bps != record.config.mmr_bps {
        record.mmr_from_bps = maintenance_bps(record, Valuation::Live, now).min(config.mmr_bps);
        record.mmr_since = now;
    }
    record.config = config.clone();
    let market_seq = record.seq;
    MarketUpdated { market: market.clone(), config, market_seq }.publish(&book.env);
}

fn within_bounds(config: &MarketConfig) -> bool {
    let ratio = |bps: u32| (1..=BPS).contains(&bps);
    config.mmr_bps >= defaults::MIN_MAINTENANCE_MARGIN_BPS
        && config.imr_bps >= defaults::MIN_INITIAL_MARGIN_BPS
        && config.mmr_bps < config.imr_bps
        && config.imr_bps <= BPS
        && config.fee_bps <= defaults::MAX_FEE_BPS
        && (1..=defaults::MAX_BAND_BPS).contains(&config.band_bps)
        && (1..=defaults::MAX_IMPACT_BPS).contains(&config.impact_bps)
        && (1..=defaults::MAX_POSITION_BPS).contains(&config.max_position_bps)
        && ratio(config.gap_bps)
        && ratio(config.sigma_bps)
        && config.size_scaling_bps <= BPS
        && config.max_open_interest > 0
        && config.min_notional >= defaults::MIN_MIN_NOTIONAL
}

/// Stores curve and funding as they stand now.
pub fn push_market(book: &mut Book, market: &Symbol, state: MarketState) {
    let market_seq = push(book, market, state).seq;
    MarketPushed { market: market.clone(), state, market_seq }.publish(&book.env);
}

/// Fills `size_delta` for `quote_delta` and `fee`; an increase must pass the opening check and the reserve test.
pub fn apply_fill(
    book: &mut Book,
    account: &Address,
    market: &Symbol,
    size_delta: i128,
    quote_delta: i128,
    fee: i128,
    state: MarketState,
) -> FillReceipt {
    let env = &book.env.clone();
    if fee < 0 {
        fail(env, LedgerError::InvalidAmount);
    }
    if size_delta == 0 {
        fail(env, LedgerError::InvalidFill);
    }
    push(book, market, state);
    let mut owner = book.account(account);
    let increases = held(&owner, market).size.signum() != -size_delta.signum();
    let quotes = pool::quotes(book, &[&owner]);
    let settled = fill(book, &mut owner, market, size_delta, quote_delta, &quotes, fee);
    let account_seq = book.put_account(account, &owner);
    if increases {
        limits::require_opening_at(book, &quotes, account, &owner);
        pool::require_reserve(book, &quotes);
    } else {
        require_paid(book, &owner, market, size_delta, quote_delta, quotes);
    }
    tell(book, account, market, size_delta, quote_delta, fee, &settled, account_seq);
    let Settled { pending, filled } = settled;
    let (funding, realized_pnl) = (filled.funding, filled.realized);
    FillReceipt { fee, funding, pending, position: to_interface(&filled.position), realized_pnl }
}

/// [`apply_fill`] of each, after its tip, which is the last number.
pub fn dry_fills(
    book: &mut Book,
    account: &Address,
    market: &Symbol,
    fills: &Vec<(i128, i128, i128, i128)>,
    state: &MarketState,
) {
    let anybody = book.env.current_contract_address();
    for (size_delta, quote_delta, fee, tip) in fills.iter() {
        tips::pay_executor(book, account, &anybody, tip);
        apply_fill(book, account, market, size_delta, quote_delta, fee, *state);
    }
}

fn tell(
    book: &mut Book,
    account: &Address,
    market: &Symbol,
    size_delta: i128,
    quote_delta: i128,
    fee: i128,
    settled: &Settled,
    account_seq: u64,
) {
    let Settled { pending, filled } = settled;
    let market_seq = book.market(market).seq;
    emit!(
        book,
        PositionFilled {
            account: account.clone(),
            market: market.clone(),
            fee,
            funding: filled.funding,
            pending: *pending,
            quote_delta,
            realized_pnl: filled.realized,
            size: filled.position.size,
            size_delta,
            account_seq,
            market_seq,
        }
    );
}

/// Refuses a reduction whose loss others would pay. What it loses against the index somebody else gains, who may be the
/// same person: only an account that still has more than it owes bears that itself. What the index implies is the
/// account's whoever closes it, and where this refuses a liquidator may, at that price.
fn require_paid(
    book: &mut Book,
    owner: &AccountState,
    market: &Symbol,
    size_delta: i128,
    quote_delta: i128,
    quotes: Quotes,
) {
    let env = &book.env.clone();
    require(env, !is_bad_debt(owner), LedgerError::BadDebt);
    let purse = Till::open(book, owner).purse;
    let record = book.market(market);
    let index = pool::last_price(env, record, &quotes.of(env, record));
    let worth = mul_div_floor(env, size_delta, index, QUOTE_SCALE);
    let gained = add(env, worth, quote_delta);
    let covered = purse.debt <= purse.deposit;
    let rests = owner.positions.is_empty() && owner.debts.is_empty();
    if covered && rests || gained >= 0 {
        return;
    }
    // While the index is not live no curve is held to its band, and the owner's better end may be far from any price.
    let near = gained >= -bps_floor(env, abs(env, worth), record.config.band_bps);
    let margin = valuation::proof(book, owner, quotes);
    let bears = near && margin.liquidation_ok() || covered && margin.equity().or_fail(env) >= 0;
    require(env, bears, LedgerError::BadDebt);
}

/// Settles the funding of one position, or with a `price` all of it. Returns the funding paid (negative: received). Anyone
/// may ask for the funding, so that never turns a gain which supports the account into a claim which does not.
pub fn settle(book: &mut Book, account: &Address, market: &Symbol, price: i128, state: MarketState) -> i128 {
    let env = &book.env.clone();
    push(book, market, state);
    let mut owner = book.account(account);
    let size = held(&owner, market).size;
    require(env, size != 0, LedgerError::NothingOwed);
    let quotes = pool::quotes(book, &[]);
    let closing = if price == 0 { 0 } else { neg(env, size) };
    let quote = mul_div_floor(env, size, price, QUOTE_SCALE);
    let settled = fill(book, &mut owner, market, closing, quote, &quotes, 0);
    require(env, settled.pending == 0 || closing != 0, LedgerError::InsufficientBucket);
    let account_seq = book.put_account(account, &owner);
    let funding = settled.filled.funding;
    if closing == 0 {
        let (account, market, market_seq) = (account.clone(), market.clone(), book.market(market).seq);
        FundingSettled { account, market, funding, account_seq, market_seq }.publish(&book.env);
    } else {
        tell(book, account, market, closing, quote, 0, &settled, account_seq);
        touch_debts(book, &owner);
        realize_bad_debt_of(book, account, market);
    }
    funding
}

/// Moves `amount` of settlement deposit into a bucket (positive), or of liquidity out of it into the deposit (negative).
pub fn move_bucket(book: &mut Book, account: &Address, bucket: Bucket, amount: i128) {
    let env = &book.env.clone();
    if amount == 0 || (amount < 0 && bucket != Bucket::Lp) {
        fail(env, LedgerError::InvalidAmount);
    }
    let mut owner = book.account(account);
    let quotes = pool::quotes(book, &[&owner]);
    let winners = pool::winners(book, &quotes);
    let mut till = Till::open(book, &owner);
    let (from, to) = match bucket {
        Bucket::Lp => (&mut till.purse.deposit, &mut till.buckets.lp),
        Bucket::Insurance => (&mut till.purse.deposit, &mut till.buckets.insurance),
        Bucket::Fees => (&mut till.buckets.fees, &mut till.buckets.lp),
    };
    decrease(env, from, amount);
    increase(env, to, amount);
    require(env, till.purse.deposit >= 0, LedgerError::InsufficientBalance);
    let solvent = till.buckets.fees >= 0 && till.buckets.payable().or_fail(env) >= 0;
    require(env, solvent, LedgerError::InsufficientBucket);
    if amount > 0 {
        till.buckets.relieve(winners).or_fail(env);
    }
    let settlement_seq = till.close(book, &mut owner);
    let account_seq = book.put_account(account, &owner);
    if amount > 0 {
        // What is lent out cannot become money that is never lent: the cash must be there, as for a withdrawal.
        let settlement = book.config.settlement.clone();
        lending::pay_out(book, &settlement, 0);
        limits::require_opening_at(book, &quotes, account, &owner);
    } else {
        pool::require_reserve(book, &quotes);
    }
    BucketMoved { account: account.clone(), bucket, amount, account_seq, settlement_seq }.publish(&book.env);
}

/// Pays what the pending pool holds for the account into its deposit. Returns the amount; changes nothing when it is zero,
/// unless the claim was all that the account had beside its debt.
pub fn claim_pending(book: &mut Book, account: &Address) -> i128 {
    let env = &book.env.clone();
    realize_bad_debt(book, account);
    let mut owner = book.account(account);
    let mut till = Till::open(book, &owner);
    let amount = till.buckets.collect(&mut till.purse).or_fail(env);
    if amount > 0 {
        // Anybody may ask, and a deposit bears what does not return.
        custody::refuse_frozen(env, book.settlement_asset());
        let settlement_seq = till.close(book, &mut owner);
        let account_seq = book.put_account(account, &owner);
        PendingClaimed { account: account.clone(), amount, account_seq, settlement_seq }.publish(&book.env);
    }
    amount
}

/// Fills a position (size 0: settles its funding only) and settles the cash: realised profit and funding as one number,
/// then the fee. A relief of the pending pool follows whatever came into the pool.
pub fn fill(
    book: &mut Book,
    owner: &mut AccountState,
    market: &Symbol,
    size_delta: i128,
    quote_delta: i128,
    quotes: &Quotes,
    fee: i128,
) -> Settled {
    let env = &book.env.clone();
    let filled = filled(book, owner, market, size_delta, quote_delta);
    replace(book, owner, market, &filled.position);
    let winners = pool::winners(book, quotes);
    let mut till = Till::open(book, owner);
    let cash = sub(env, filled.realized, filled.funding);
    let mut pending = 0;
    if cash < 0 {
        till.buckets.lose(&mut till.purse, neg(env, cash)).or_fail(env);
    } else {
        pending = till.buckets.gain(&mut till.purse, cash, winners).or_fail(env);
    }
    till.buckets.charge(&mut till.purse, fee).or_fail(env);
    till.buckets.relieve(winners).or_fail(env);
    till.close(book, owner);
    Settled { pending, filled }
}

/// Gives the market the clearing-house's curve and funding.
pub fn push<'a>(book: &'a mut Book, market: &Symbol, state: MarketState) -> &'a PerpMarket {
    let env = &book.env.clone();
    if state.base_reserve <= 0 || state.quote_reserve <= 0 {
        fail(env, LedgerError::InvalidConfig);
    }
    let record = book.market_mut(market);
    record.state = state;
    record
}

/// What a fill does to the account's position at the market's funding now.
pub fn filled(
    book: &mut Book,
    owner: &AccountState,
    market: &Symbol,
    size_delta: i128,
    quote_delta: i128,
) -> Filled {
    let env = &book.env.clone();
    let state = &book.market(market).state;
    let position = to_math(&held(owner, market));
    if size_delta == 0 {
        return position.settle(state.funding_long, state.funding_short).or_fail(env);
    }
    position.fill(size_delta, quote_delta, state.funding_long, state.funding_short).or_fail(env)
}

/// Puts `position` in the place of the account's, and into the sums of its market.
pub fn replace(book: &mut Book, owner: &mut AccountState, market: &Symbol, position: &position::Position) {
    let env = &book.env.clone();
    let record = book.market_mut(market);
    let old = to_math(&held(owner, market));
    let totals = pool::totals(&record.totals).replace(&old, position).or_fail(env);
    record.totals = MarketTotals {
        entry: totals.entry,
        long_funding: totals.long_funding,
        long_interest: totals.long_interest,
        net_size: totals.net_size,
        short_funding: totals.short_funding,
        short_interest: totals.short_interest,
    };
    if position.size == 0 {
        owner.positions.remove(market.clone());
        return;
    }
    if old.size == 0 && owner.positions.len() >= MAX_HOLDINGS {
        fail(env, LedgerError::TooManyHoldings);
    }
    owner.positions.set(market.clone(), to_interface(position));
}

/// The account's position in a market; size 0 when there is none.
pub fn held(owner: &AccountState, market: &Symbol) -> Position {
    owner.positions.get(market.clone()).unwrap_or(Position { entry: 0, funding_index: 0, size: 0 })
}

/// A position as `margin-math` knows it.
pub fn to_math(position: &Position) -> position::Position {
    position::Position { entry: position.entry, funding_index: position.funding_index, size: position.size }
}

fn to_interface(position: &position::Position) -> Position {
    Position { entry: position.entry, funding_index: position.funding_index, size: position.size }
}
