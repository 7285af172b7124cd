//! What an account's holdings are worth: collects what a call needs to know, asks the oracle once, and hands plain
//! structs to `margin-math`.

use crate::book::Book;
use crate::checked::*;
use crate::holdings::{borrows, perp_owed, supply};
use crate::standing;
use crate::terms::{maintenance_bps, terms, Terms};
use alloc::vec::Vec;
use margin_interface::{
    lean, AccountState, AccountStatus, AccountSummary, Asset, AssetState, Breakdown, Holding, LedgerError,
    Market, OpenPosition, OracleClient, PerpMarket, PerpView, Position, PriceStatus, Quote,
};
use margin_math::{
    curve,
    funding::{self, Funding},
    margin::{
        initial_margin_bps, value_ceil, Debt, Deposit, Levels, Margin, PositionLine, PositionValue, Prices,
    },
    status::{permission, Permission, Status, Use},
    units::{BASE_DECIMALS, PRICE},
};
use soroban_sdk::{Address, Env, Symbol};

pub use margin_math::margin::Valuation;

/// A billion dollars a unit: no price, 1e14.
const BEYOND: i128 = 1_000_000_000 * PRICE;

/// What is said of what nobody knows.
const NO_QUOTE: Quote = Quote { hi: 0, lo: 0, mid: 0, stable: 0, status: PriceStatus::Unknown, timestamp: 0 };

/// Amounts to be valued: of assets in token units, of markets in base units.
pub type Amounts = soroban_sdk::Vec<(Market, i128)>;

/// The quotes of one call: what is wanted is collected first, then read in one batch.
pub struct Quotes {
    wanted: Vec<Asset>,
    quotes: Vec<Quote>,
}

impl Quotes {
    /// Nothing wanted yet.
    #[inline(never)] // for size, measured
    pub fn new() -> Self {
        Quotes { wanted: Vec::new(), quotes: Vec::new() }
    }

    /// Wants the quote of `index`, once.
    pub fn want(&mut self, index: &Asset) {
        if !self.wanted.contains(index) {
            self.wanted.push(index.clone());
        }
    }

    /// Wants what a market is valued at: nothing any more where it has its last price.
    pub fn want_market(&mut self, book: &mut Book, market: &Symbol) {
        let record = book.market(market);
        if record.state.clearing_price == 0 {
            self.want(&record.config.index);
        }
    }

    /// Wants what amounts are priced by.
    pub fn want_amounts(&mut self, book: &mut Book, amounts: &Amounts) {
        for (of, _) in amounts.iter() {
            self.want(&unit(book, &of).0);
        }
    }

    /// Wants what an account's holdings are priced by.
    #[inline(never)]
    pub fn want_account(&mut self, book: &mut Book, account: &AccountState) {
        for holdings in [&account.deposits, &account.debts] {
            for (asset, _) in holdings.iter() {
                self.want(&book.asset(&asset).config.index);
            }
        }
        for (symbol, _) in account.positions.iter() {
            self.want_market(book, &symbol);
        }
        if account.perp_debt > 0 || !account.positions.is_empty() {
            self.want(&book.settlement_asset().config.index);
        }
    }

    /// Reads what is wanted.
    pub fn fetch(mut self, book: &Book) -> Self {
        if self.wanted.is_empty() {
            return self;
        }
        let mut wanted = lean::list(&book.env);
        for index in &self.wanted {
            wanted.push_back(index.clone());
        }
        // An oracle that does not answer knows nothing, which only matters to those who need a price.
        if let Ok(Ok(quotes)) = oracle(book).try_quotes(&wanted) {
            self.quotes = quotes.iter().collect();
        }
        self
    }

    /// Refuses what the oracle does not know.
    pub fn require_known(self, book: &Book) {
        let indexes = self.fetch(book);
        let known = |index| indexes.get(index).status != PriceStatus::Unknown;
        require(&book.env, indexes.wanted.iter().all(known), LedgerError::InvalidConfig);
    }

    /// Whether there is every price, and serves the valuation.
    pub fn serve(&self, valuation: Valuation) -> bool {
        self.quotes.len() == self.wanted.len() && self.quotes.iter().all(|quote| is_usable(quote, valuation))
    }

    /// The quote of `index`; what was never wanted, or not answered, has no usable one.
    pub fn get(&self, index: &Asset) -> &Quote {
        let position = self.wanted.iter().position(|wanted| wanted == index);
        position.and_then(|at| self.quotes.get(at)).unwrap_or(&NO_QUOTE)
    }

    /// Has the index of a market serve every valuation: whoever takes at a doubtful price bears its worse end.
    pub fn bear(&mut self, market: &PerpMarket) {
        for (wanted, quote) in self.wanted.iter().zip(&mut self.quotes) {
            if wanted == &market.config.index {
                quote.status = PriceStatus::Live;
            }
        }
    }

    /// What a market is valued at: its index, or for good the price at which it was wound down.
    pub fn of(&self, env: &Env, market: &PerpMarket) -> Quote {
        let price = market.state.clearing_price;
        if price == 0 {
            return self.get(&market.config.index).clone();
        }
        let timestamp = env.ledger().timestamp();
        Quote { hi: price, lo: price, mid: price, stable: price, status: PriceStatus::Live, timestamp }
    }
}

/// A deposit or a debt, as an amount.
pub struct Owned {
    /// Token units.
    pub amount: i128,
    /// The token.
    pub asset: Address,
    /// Its parameters.
    pub state: AssetState,
}

/// A position with its market.
pub struct Held {
    /// Its name.
    pub symbol: Symbol,
    /// The market.
    pub market: PerpMarket,
    /// The position.
    pub position: Position,
}

/// Everything an account owns, owes and holds, as amounts.
pub struct Sheet {
    /// Lending debts.
    pub debts: Vec<Owned>,
    /// Deposits.
    pub deposits: Vec<Owned>,
    /// Perpetual debt, settlement units.
    pub perp_debt: i128,
    /// Positions.
    pub positions: Vec<Held>,
    /// The settlement asset; `None` when nothing perpetual needs it.
    pub settlement: Option<AssetState>,
    /// Where the account stands.
    pub status: AccountStatus,
}

/// A sheet in one valuation. Values are in the order of the sheet.
pub struct Valued {
    /// Values of debts, USD.
    pub debts: Vec<i128>,
    /// Values of deposits, USD.
    pub deposits: Vec<i128>,
    /// The sums.
    pub margin: Margin,
    /// Values of positions.
    pub positions: Vec<PositionValue>,
}

impl Sheet {
    /// Nothing at all.
    #[inline(never)] // for size, measured
    pub fn empty() -> Sheet {
        Sheet {
            debts: Vec::new(),
            deposits: Vec::new(),
            perp_debt: 0,
            positions: Vec::new(),
            settlement: None,
            status: AccountStatus::Normal,
        }
    }

    /// The holdings of `account`, interest up to now.
    pub fn of(book: &mut Book, account: &AccountState) -> Sheet {
        let mut sheet = Sheet::empty();
        sheet.status = standing::status(account, book.now());
        for (asset, shares) in account.deposits.iter() {
            let state = book.asset(&asset).clone();
            let amount = supply(&state.totals).assets_floor(shares).or_fail(&book.env);
            sheet.deposits.push(Owned { amount, asset, state });
        }
        for (asset, shares) in account.debts.iter() {
            let state = book.asset(&asset).clone();
            let amount = borrows(&state.totals).assets_ceil(shares).or_fail(&book.env);
            sheet.debts.push(Owned { amount, asset, state });
        }
        for (symbol, position) in account.positions.iter() {
            let market = book.market(&symbol).clone();
            sheet.positions.push(Held { symbol, market, position });
        }
        if account.perp_debt > 0 {
            sheet.perp_debt = perp_owed(book.settlement(), account);
        }
        if account.perp_debt > 0 || !sheet.positions.is_empty() {
            sheet.settlement = Some(book.settlement_asset().clone());
        }
        sheet
    }

    /// Whether anything is owed or risked.
    pub fn is_exposed(&self) -> bool {
        self.perp_debt > 0 || !self.debts.is_empty() || !self.positions.is_empty()
    }

    /// Whether every deposit has a price for that.
    pub fn is_priced(&self, quotes: &Quotes, valuation: Valuation) -> bool {
        self.deposits.iter().all(|owned| is_usable(quotes.get(&owned.state.config.index), valuation))
    }

    /// Values the sheet, or [`LedgerError::PriceNotUsable`] if a price may not be used for that.
    pub fn value(&self, env: &Env, quotes: &Quotes, valuation: Valuation) -> Valued {
        let now = env.ledger().timestamp();
        let (settlement, settlement_levels) = match &self.settlement {
            Some(state) => {
                (prices(env, quotes.get(&state.config.index), valuation), terms(state, valuation, now).levels)
            }
            None => (Prices::flat(0), Levels { opening_bps: 1, margin_call_bps: 1, liquidation_bps: 1 }),
        };
        let mut margin = Margin::new(valuation, settlement, settlement_levels);
        let (mut deposits, mut debts, mut positions) = (Vec::new(), Vec::new(), Vec::new());
        for owned in &self.deposits {
            let Terms { levels, ltv_bps, .. } = terms(&owned.state, valuation, now);
            let line = Deposit {
                amount: owned.amount,
                decimals: owned.state.decimals,
                levels,
                ltv_bps,
                prices: prices(env, quotes.get(&owned.state.config.index), valuation),
            };
            deposits.push(margin.deposit(&line).or_fail(env));
        }
        for owned in &self.debts {
            let line = Debt {
                amount: owned.amount,
                decimals: owned.state.decimals,
                lw_bps: terms(&owned.state, valuation, now).lw_bps,
                prices: prices(env, quotes.get(&owned.state.config.index), valuation),
            };
            debts.push(margin.debt(&line).or_fail(env));
        }
        for held in &self.positions {
            let quote = quotes.of(env, &held.market);
            positions.push(margin.position(&held.line(env, &quote, valuation)).or_fail(env));
        }
        margin.perp_debt(self.perp_debt).or_fail(env);
        Valued { debts, deposits, margin, positions }
    }

    /// The sheet and its values as the interface shows them.
    pub fn summary(&self, env: &Env, valued: &Valued) -> AccountSummary {
        let margin = &valued.margin;
        let mut exposures = lean::map(env);
        for (owned, value) in self.debts.iter().zip(&valued.debts) {
            exposures.set(Market::Asset(owned.asset.clone()), *value);
        }
        for (held, value) in self.positions.iter().zip(&valued.positions) {
            exposures.set(Market::Perp(held.symbol.clone()), value.notional);
        }
        let unrealized_pnl = margin.gains.checked_sub(margin.losses).or_fail(env);
        AccountSummary {
            collateral_value: margin.collateral,
            debt_value: margin.debt,
            effective_margin: margin.effective,
            equity: margin.equity().or_fail(env),
            exposures,
            health_factor: margin.health().or_fail(env),
            leverage: margin.leverage().or_fail(env),
            liquidation_ok: margin.liquidation_ok(),
            margin_call_ok: margin.margin_call_ok(),
            opening_ok: margin.opening_ok(),
            perp_notional: margin.notional,
            required_margin: margin.required,
            status: self.status,
            unrealized_pnl,
        }
    }
}

impl Valued {
    /// The largest debt or notional.
    pub fn exposure(&self) -> i128 {
        // Loops: a chain of iterators is a hundred bytes more.
        let mut most = 0;
        for debt in &self.debts {
            most = most.max(*debt);
        }
        for position in &self.positions {
            most = most.max(position.notional);
        }
        most
    }
}

impl Held {
    fn line(&self, env: &Env, quote: &Quote, valuation: Valuation) -> PositionLine {
        let (config, state) = (&self.market.config, &self.market.state);
        let mut index = prices(env, quote, valuation);
        if valuation == Valuation::Liquidation {
            index.mid = liquidation_price(env, quote, self.position.size);
        }
        let funding = funding_now(env, &self.market, quote);
        let size = self.position.size;
        let imr_bps = initial_margin_bps(config.imr_bps, config.size_scaling_bps, size, state.base_reserve);
        // Only the Open valuation looks at the curve, while there is a way out through it.
        let exit = if valuation == Valuation::Open && state.clearing_price == 0 {
            curve::exit_value(state.base_reserve, state.quote_reserve, size).or_fail(env)
        } else {
            i128::MAX
        };
        PositionLine {
            entry: self.position.entry,
            exit,
            funding: funding::owed(size, funding.index(size), self.position.funding_index).or_fail(env),
            imr_bps: imr_bps.or_fail(env),
            index,
            mmr_bps: maintenance_bps(&self.market, valuation, env.ledger().timestamp()),
            size,
        }
    }
}

/// The oracle of this ledger.
pub fn oracle<'a>(book: &Book) -> OracleClient<'a> {
    OracleClient::new(&book.env, &book.config.oracle)
}

/// A quote for a valuation, or [`LedgerError::PriceNotUsable`].
pub fn prices(env: &Env, quote: &Quote, valuation: Valuation) -> Prices {
    require(env, is_usable(quote, valuation), LedgerError::PriceNotUsable);
    let mut prices = Prices { lo: quote.lo, mid: quote.mid, hi: quote.hi, stable: quote.stable };
    if valuation == Valuation::Liquidation
        && permission(status(quote.status), Use::Liquidate) == Permission::No
    {
        // Until the owner had time to react to it, a price decides nothing against him that the slow one does not; but
        // what is too little at either must not shield the rest of the account.
        prices.hi = prices.hi.max(quote.stable);
        prices.lo = prices.lo.min(quote.stable);
    }
    prices
}

/// Whether a quote serves a valuation, by the table of `margin_math::status`.
fn is_usable(quote: &Quote, valuation: Valuation) -> bool {
    let usable = match valuation {
        Valuation::Open => allows(quote.status, Use::Increase),
        Valuation::Live => allows(quote.status, Use::Reduce),
        // It takes the account's better ends already: who fails there fails wherever the price is. An asset without an
        // accepted one still has the ends of its band.
        Valuation::Liquidation => return quote.lo > 0 && quote.hi > 0,
    };
    usable && quote.mid > 0 && quote.lo > 0 && quote.hi > 0
}

/// Whether the table permits `usage` without reservation.
pub fn allows(price: PriceStatus, usage: Use) -> bool {
    permission(status(price), usage) == Permission::Yes
}

/// Whether a quote lets somebody take more risk.
pub fn allows_increase(quote: &Quote) -> bool {
    is_usable(quote, Valuation::Open)
}

/// The status as the table knows it; what it does not know permits nothing.
pub fn status(price: PriceStatus) -> Status {
    Status::from_code(price as u32).unwrap_or(Status::Unknown)
}

/// Index price at which a position is judged and taken over: the accepted one, or the account's better end while the
/// price is not fully trusted.
pub fn liquidation_price(env: &Env, quote: &Quote, size: i128) -> i128 {
    let quoted = prices(env, quote, Valuation::Liquidation);
    if allows(quote.status, Use::Liquidate) {
        return quoted.mid;
    }
    if size > 0 {
        quoted.hi
    } else {
        quoted.lo
    }
}

/// Funding of a market extrapolated to `now` from the stored rate, exactly as the clearing-house accrues it.
pub fn funding_now(env: &Env, market: &PerpMarket, quote: &Quote) -> Funding {
    let state = &market.state;
    let stored = Funding {
        long: state.funding_long,
        short: state.funding_short,
        rate: state.funding_rate,
        price: state.funding_price,
        updated_at: state.funding_at,
    };
    let (long, short) = (market.totals.long_interest, market.totals.short_interest);
    let (now, status) = (env.ledger().timestamp(), status(quote.status));
    funding::accrue_by_index(stored, now, status, quote.timestamp, long, short).or_fail(env)
}

/// The sheet of `account` with the quotes it needs.
pub fn sheet(book: &mut Book, account: &AccountState) -> (Sheet, Quotes) {
    let sheet = Sheet::of(book, account);
    let mut quotes = Quotes::new();
    quotes.want_account(book, account);
    let quotes = quotes.fetch(book);
    (sheet, quotes)
}

/// The margin by which an account proves that it bears something, at its better ends. What has no price is worth nothing where
/// it is owned, and more than anybody has where it is owed or risked.
pub fn proof(book: &mut Book, account: &AccountState, mut quotes: Quotes) -> Margin {
    for quote in quotes.quotes.iter_mut().filter(|quote| !is_usable(quote, Valuation::Liquidation)) {
        (quote.lo, quote.hi) = (BEYOND, 1);
    }
    Sheet::of(book, account).value(&book.env, &quotes, Valuation::Liquidation).margin
}

/// The account in the Live valuation.
pub fn summary(book: &mut Book, account: &Address) -> AccountSummary {
    let env = &book.env.clone();
    let state = book.account(account);
    let (sheet, quotes) = sheet(book, &state);
    let valued = sheet.value(env, &quotes, Valuation::Live);
    sheet.summary(&book.env, &valued)
}

/// The account in the Live valuation, item by item.
pub fn breakdown(book: &mut Book, account: &Address) -> Breakdown {
    let env = &book.env.clone();
    let state = book.account(account);
    let sheet = Sheet::of(book, &state);
    let settlement = book.config.settlement.clone();
    let settlement_index = book.settlement_asset().config.index.clone();
    let mut quotes = Quotes::new();
    quotes.want_account(book, &state);
    quotes.want(&settlement_index);
    let quotes = quotes.fetch(book);
    let valued = sheet.value(env, &quotes, Valuation::Live);
    let now = book.now();
    let mut debts = lean::list(&book.env);
    for (owned, value) in sheet.debts.iter().zip(&valued.debts) {
        debts.push_back(owned.holding(&quotes, owned.live(now).lw_bps, *value));
    }
    let mut deposits = lean::list(&book.env);
    for (owned, value) in sheet.deposits.iter().zip(&valued.deposits) {
        deposits.push_back(owned.holding(&quotes, owned.live(now).ltv_bps, *value));
    }
    let mut positions = lean::list(&book.env);
    for (held, value) in sheet.positions.iter().zip(&valued.positions) {
        positions.push_back(OpenPosition {
            index: quotes.of(env, &held.market).mid,
            market: held.symbol.clone(),
            mmr_bps: maintenance_bps(&held.market, Valuation::Live, now),
            pnl: value.pnl,
            size: held.position.size,
        });
    }
    let summary = sheet.summary(&book.env, &valued);
    Breakdown {
        debts,
        deposits,
        perp_debt: sheet.perp_debt,
        positions,
        settlement,
        settlement_price: prices(env, quotes.get(&settlement_index), Valuation::Live).mid,
        summary,
    }
}

impl Owned {
    /// Its terms for an existing account.
    pub fn live(&self, now: u64) -> Terms {
        terms(&self.state, Valuation::Live, now)
    }

    fn holding(&self, quotes: &Quotes, weight_bps: u32, value: i128) -> Holding {
        Holding {
            amount: self.amount,
            asset: self.asset.clone(),
            decimals: self.state.decimals,
            weight_bps,
            price: quotes.get(&self.state.config.index).mid,
            value,
        }
    }
}

/// USD value of amounts at the upper price, ceil: what a spending limit counts. `None` without a price for it.
pub fn worth(book: &mut Book, quotes: &Quotes, amounts: &Amounts) -> Option<i128> {
    let env = &book.env.clone();
    let mut sum = 0;
    for (of, amount) in amounts.iter() {
        if amount < 0 {
            fail(env, LedgerError::InvalidAmount);
        }
        let (index, decimals) = unit(book, &of);
        let quote = quotes.get(&index);
        if permission(status(quote.status), Use::SpendLimit) != Permission::YesAtHigh || quote.hi <= 0 {
            return None;
        }
        increase(env, &mut sum, value_ceil(amount, decimals, quote.hi).or_fail(env));
    }
    Some(sum)
}

/// [`worth`] of amounts of assets.
pub fn value(book: &mut Book, amounts: &soroban_sdk::Vec<(Address, i128)>) -> Option<i128> {
    let mut of: Amounts = lean::list(&book.env);
    for (asset, amount) in amounts.iter() {
        of.push_back((Market::Asset(asset), amount));
    }
    let mut quotes = Quotes::new();
    quotes.want_amounts(book, &of);
    let quotes = quotes.fetch(book);
    worth(book, &quotes, &of)
}

/// What amounts of a market are priced by, and the decimals that they are in.
fn unit(book: &mut Book, of: &Market) -> (Asset, u32) {
    match of {
        Market::Asset(asset) => {
            let state = book.asset(asset);
            (state.config.index.clone(), state.decimals)
        }
        Market::Perp(market) => (book.market(market).config.index.clone(), BASE_DECIMALS),
    }
}

/// The market, its index quote and the account's position in it.
pub fn perp_view(book: &mut Book, account: &Address, market: &Symbol) -> PerpView {
    let record = book.market(market).clone();
    let index = quote(book, &record.config.index);
    let none = Position { entry: 0, funding_index: 0, size: 0 };
    let owner = book.account(account);
    let position = owner.positions.get(market.clone()).unwrap_or(none);
    PerpView {
        flags: owner.flags,
        index,
        market: record,
        position,
        status: standing::status(&owner, book.now()),
    }
}

/// The market's index quote and its time-weighted average over `window` seconds.
pub fn index(book: &mut Book, market: &Symbol, window: u64) -> (Quote, Option<i128>) {
    let index = book.market(market).config.index.clone();
    (quote(book, &index), oracle(book).twap(&index, &window))
}

fn quote(book: &Book, index: &Asset) -> Quote {
    let mut quotes = Quotes::new();
    quotes.want(index);
    quotes.fetch(book).get(index).clone()
}
