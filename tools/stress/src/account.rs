//! One account: what it owns, owes and holds, and what it is worth.

use crate::book::{Book, Math, ASSETS, DECIMALS, INDEX_OF, MARKETS, TERMS, USDC};
use margin_math::fixed::{add, decrease, increase, sub};
use margin_math::margin::{
    initial_margin_bps, Debt, Deposit, Margin, PositionLine, PositionValue, Valuation,
};
use margin_math::position::Position;
use margin_math::settlement::{Buckets, Claim, Purse};
use margin_math::status::{permission, Permission, Use};
use margin_math::{curve, defaults, funding};

/// An account.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Restores its own health when it falls below [`crate::keepers::FLOOR_BPS`].
    pub guarded: bool,
    /// Shares of deposits.
    pub deposits: [i128; ASSETS],
    /// Shares of debts.
    pub debts: [i128; ASSETS],
    /// Debt to the credit line.
    pub perp_debt: i128,
    /// Settlement units that its owner kept.
    pub wallet: i128,
    /// Positions.
    pub positions: [Position; MARKETS],
    /// Claim on the pending pool.
    pub claim: Option<Claim>,
    /// Unix seconds of the flag, or 0.
    pub flagged: u64,
    /// What happened to it.
    pub fate: Fate,
    /// Up to how much movement of prices it need not be looked at.
    pub safe_until: f64,
}

/// What happened to an account.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Fate {
    /// Take-overs and liquidations.
    pub liquidations: u32,
    /// What they cost it, USD.
    pub penalty: i128,
    /// Deleverages.
    pub deleverages: u32,
    /// What they cost it, USD.
    pub spent: i128,
}

impl Account {
    /// Units of a deposit.
    pub fn deposited(&self, book: &Book, asset: usize) -> Math<i128> {
        book.assets[asset].supply.assets_floor(self.deposits[asset])
    }

    /// Units of a debt.
    pub fn owed(&self, book: &Book, asset: usize) -> Math<i128> {
        match self.debts[asset] {
            0 => Ok(0),
            shares => book.assets[asset].debt.assets_ceil(shares),
        }
    }

    /// Whether anything is owed or risked.
    pub fn is_exposed(&self) -> bool {
        self.perp_debt > 0 || self.debts.iter().any(|debt| *debt > 0) || self.holds()
    }

    /// Whether it has a position.
    pub fn holds(&self) -> bool {
        self.positions.iter().any(|position| position.size != 0)
    }

    /// Whether it owes, and nothing is left that could pay.
    pub fn is_bad_debt(&self) -> bool {
        (self.perp_debt > 0 || self.debts.iter().any(|debt| *debt > 0))
            && self.deposits.iter().all(|deposit| *deposit == 0)
            && !self.holds()
            && self.claim.is_none_or(|claim| claim.amount == 0)
    }

    /// The sums, or `None` when a price does not serve.
    pub fn margin(&self, book: &Book, valuation: Valuation) -> Math<Option<Margin>> {
        let usage = match valuation {
            Valuation::Open => Use::Increase,
            Valuation::Live => Use::Reduce,
            Valuation::Liquidation => Use::Liquidate,
        };
        let serves = |asset: usize| {
            let allowed = permission(book.quotes[asset].status, usage);
            match valuation {
                Valuation::Liquidation => allowed != Permission::No,
                _ => allowed == Permission::Yes,
            }
        };
        if !serves(USDC) {
            return Ok(None);
        }
        let mut margin = Margin::new(valuation, book.quotes[USDC].prices, TERMS[USDC].levels);
        for (asset, terms) in TERMS.iter().enumerate() {
            let prices = book.quotes[asset].prices;
            if self.deposits[asset] == 0 && self.debts[asset] == 0 {
                continue;
            }
            if !serves(asset) {
                return Ok(None);
            }
            let amount = self.deposited(book, asset)?;
            let (levels, ltv_bps) = (terms.levels, terms.ltv_bps);
            margin.deposit(&Deposit { amount, decimals: DECIMALS, levels, ltv_bps, prices })?;
            let amount = self.owed(book, asset)?;
            margin.debt(&Debt { amount, decimals: DECIMALS, lw_bps: terms.lw_bps, prices })?;
        }
        for (place, index) in INDEX_OF.into_iter().enumerate() {
            if self.positions[place].size != 0 {
                if !serves(index) {
                    return Ok(None);
                }
                self.line(book, place, valuation).and_then(|line| margin.position(&line))?;
            }
        }
        margin.perp_debt(self.perp_debt)?;
        Ok(Some(margin))
    }

    /// What a position is worth, live.
    pub fn position_value(&self, book: &Book, place: usize) -> Math<PositionValue> {
        let mut margin = Margin::new(Valuation::Live, book.quotes[USDC].prices, TERMS[USDC].levels);
        margin.position(&self.line(book, place, Valuation::Live)?)
    }

    fn line(&self, book: &Book, place: usize, valuation: Valuation) -> Math<PositionLine> {
        let (market, position) = (&book.markets[place], &self.positions[place]);
        let quote = &book.quotes[INDEX_OF[place]];
        let (size, mut index) = (position.size, quote.prices);
        if valuation == Valuation::Liquidation {
            index.mid = liquidation_price(book, place, size);
        }
        let exit = match valuation {
            Valuation::Open => curve::exit_value(market.x, market.y, size)?,
            _ => 0,
        };
        Ok(PositionLine {
            entry: position.entry,
            exit,
            funding: funding::owed(size, market.funding.index(size), position.funding_index)?,
            imr_bps: initial_margin_bps(
                defaults::INITIAL_MARGIN_BPS,
                defaults::SIZE_SCALING_BPS,
                size,
                market.x,
            )?,
            index,
            mmr_bps: defaults::MAINTENANCE_MARGIN_BPS,
            size,
        })
    }

    /// Everything it has, wallet included, less what it owes, USD; 0 if that is less than nothing: nobody pays more.
    pub fn wealth(&self, book: &Book) -> Math<i128> {
        let equity = self.margin(book, Valuation::Live)?.map_or(Ok(0), |margin| margin.equity())?;
        let pending = self.claim.map_or(0, |claim| claim.amount);
        Ok(add(equity, pending)?.max(0) + self.wallet)
    }

    /// Has the settlement move its cash, and books the difference as shares.
    pub fn settle<T>(
        &mut self,
        book: &mut Book,
        move_cash: impl FnOnce(&mut Buckets, &mut Purse) -> Math<T>,
    ) -> Math<T> {
        let before = self.deposited(book, USDC)?;
        let fraction = book.buckets.claims_fraction;
        let none = Claim { amount: 0, epoch: book.buckets.claims_epoch, fraction };
        let mut purse = Purse { claim: self.claim.unwrap_or(none), debt: self.perp_debt, deposit: before };
        let result = move_cash(&mut book.buckets, &mut purse)?;
        self.perp_debt = purse.debt;
        self.claim = (purse.claim.amount > 0).then_some(purse.claim);
        if purse.deposit > before {
            increase(&mut self.deposits[USDC], book.mint(USDC, sub(purse.deposit, before)?)?)?;
        } else if purse.deposit < before {
            let all = purse.deposit == 0;
            let burnt = book.burn(USDC, self.deposits[USDC], sub(before, purse.deposit)?, all)?;
            decrease(&mut self.deposits[USDC], burnt)?;
        }
        Ok(result)
    }

    /// Brings tokens.
    pub fn deposit(&mut self, book: &mut Book, asset: usize, units: i128) -> Math<()> {
        increase(&mut book.assets[asset].cash, units)?;
        increase(&mut self.deposits[asset], book.mint(asset, units)?)
    }

    /// Takes a loan; `false` if it may not.
    pub fn borrow(&mut self, book: &mut Book, asset: usize, units: i128) -> Math<bool> {
        let (mut owner, mut after) = (self.clone(), book.clone());
        let state = &mut after.assets[asset];
        let minted = state.debt.shares_ceil(units)?;
        increase(&mut state.debt.assets, units)?;
        increase(&mut state.debt.shares, minted)?;
        increase(&mut owner.debts[asset], minted)?;
        decrease(&mut state.cash, units)?;
        let lendable = state.cash * 20 >= state.supply.assets;
        let may =
            lendable && owner.margin(&after, Valuation::Open)?.is_some_and(|margin| margin.opening_ok());
        if may {
            (*self, *book) = (owner, after);
        }
        Ok(may)
    }

    /// Extinguishes at most `units` of a debt, the perpetual one first; returns how much of each.
    pub fn extinguish(&mut self, book: &mut Book, asset: usize, units: i128) -> Math<i128> {
        let mut left = units;
        if asset == USDC && self.perp_debt > 0 {
            let paid = left.min(self.perp_debt);
            decrease(&mut self.perp_debt, paid)?;
            decrease(&mut book.buckets.borrowed, paid)?;
            decrease(&mut left, paid)?;
        }
        let owed = self.owed(book, asset)?;
        let state = &mut book.assets[asset];
        let paid = left.min(owed);
        let burnt = if paid == owed {
            self.debts[asset]
        } else {
            state.debt.shares_floor(paid)?.min(self.debts[asset])
        };
        decrease(&mut state.debt.assets, paid)?;
        decrease(&mut state.debt.shares, burnt)?;
        decrease(&mut self.debts[asset], burnt)?;
        decrease(&mut left, paid)?;
        sub(units, left)
    }

    /// Gives up `units` of a deposit.
    pub fn give(&mut self, book: &mut Book, asset: usize, units: i128) -> Math<()> {
        let all = units == self.deposited(book, asset)?;
        let burnt = book.burn(asset, self.deposits[asset], units, all)?;
        decrease(&mut self.deposits[asset], burnt)
    }
}

/// The index at which a position is judged and taken over: its better end while the price is not fully trusted.
pub fn liquidation_price(book: &Book, place: usize, size: i128) -> i128 {
    let quote = &book.quotes[INDEX_OF[place]];
    match permission(quote.status, Use::Liquidate) {
        Permission::Yes => quote.prices.mid,
        _ if size > 0 => quote.prices.hi,
        _ => quote.prices.lo,
    }
}
