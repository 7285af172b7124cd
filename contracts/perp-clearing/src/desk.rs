//! One account's business in one market during one call: everything it needs is read once.

use crate::{
    error::OrRefuse,
    fill::{self, Leg},
    funding, markets,
    storage::{self, Config},
};
use margin_interface::{
    ClearingError, Fill, MarginLedgerClient, MarketState, PerpView, TakeOver, VaultClient,
};
use margin_math::{curve, fixed::add};
use soroban_sdk::{Address, Env, Symbol};

/// See the module.
pub struct Desk<'a> {
    env: &'a Env,
    ledger: MarginLedgerClient<'a>,
    account: &'a Address,
    market: &'a Symbol,
    view: PerpView,
    /// Curve and funding, accrued up to now.
    state: MarketState,
}

impl<'a> Desk<'a> {
    /// Reads market, index and position, and accrues funding.
    pub fn open(env: &'a Env, account: &'a Address, market: &'a Symbol) -> Result<Self, ClearingError> {
        let ledger = MarginLedgerClient::new(env, &storage::config(env).ledger);
        let view = ledger.perp_view(account, market);
        let state = funding::accrued(env, &view.market, &view.index)?;
        Ok(Desk { env, ledger, account, market, view, state })
    }

    /// The account's signed size, 1e14.
    pub fn size(&self) -> i128 {
        self.view.position.size
    }

    /// [`Self::size`], or [`ClearingError::NoPosition`].
    pub fn held(&self) -> Result<i128, ClearingError> {
        match self.size() {
            0 => Err(ClearingError::NoPosition),
            size => Ok(size),
        }
    }

    /// Signed size that a margin at a leverage trades now.
    pub fn size_for_margin(&self, is_long: bool, margin: i128, leverage: u32) -> Result<i128, ClearingError> {
        fill::size_for_margin(&self.state, is_long, margin, leverage)
    }

    /// Plans the legs of a trade on the curve, checks every rule, then has the ledger book them.
    pub fn trade(
        self,
        size_delta: i128,
        limit: Option<i128>,
        reduce_only: bool,
    ) -> Result<Fill, ClearingError> {
        if size_delta == 0 {
            return Err(ClearingError::InvalidAmount);
        }
        let legs = self.plan(size_delta, reduce_only)?;
        let quote_delta = fill::total_quote(&legs)?;
        let price = curve::average_price(size_delta, quote_delta).on_curve()?;
        if let Some(limit) = limit {
            fill::check_limit(size_delta, price, limit)?;
        }
        self.book(legs, size_delta, quote_delta, price)
    }

    fn plan(&self, size_delta: i128, reduce_only: bool) -> Result<[Option<Leg>; 2], ClearingError> {
        let (config, index) = (&self.view.market.config, &self.view.index);
        let (closing, opening) = fill::split(self.size(), size_delta)?;
        if reduce_only && opening != 0 {
            return Err(ClearingError::ReduceOnly);
        }
        let before = fill::mark(&self.state)?;
        let size = add(self.size(), size_delta).on_curve()?;
        let sequence = self.env.ledger().sequence();
        let close = match closing {
            0 => None,
            closing => Some(Leg::new(config, &self.state, closing, sequence)?),
        };
        let state = close.as_ref().map_or(&self.state, |leg| &leg.state);
        if opening == 0 {
            fill::check_minimum(config, index, size, fill::mark(state)?)?;
            return Ok([close, None]);
        }
        let open = Leg::new(config, state, opening, sequence)?;
        fill::check_increase(config, &self.view.market.totals, index, &open, before, size)?;
        Ok([close, Some(open)])
    }

    fn book(
        self,
        legs: [Option<Leg>; 2],
        size_delta: i128,
        quote_delta: i128,
        price: i128,
    ) -> Result<Fill, ClearingError> {
        let mut total = Fill {
            fee: 0,
            funding: 0,
            position: self.view.position.clone(),
            price,
            quote_delta,
            realized_pnl: 0,
            size_delta,
        };
        let mut mark = fill::mark(&self.state)?;
        for leg in legs.iter().flatten() {
            let receipt = self.ledger.apply_fill(
                self.account,
                self.market,
                &leg.size,
                &leg.quote,
                &leg.fee,
                &leg.state,
            );
            total.fee = add(total.fee, receipt.fee).on_curve()?;
            total.funding = add(total.funding, receipt.funding).on_curve()?;
            total.realized_pnl = add(total.realized_pnl, receipt.realized_pnl).on_curve()?;
            total.position = receipt.position;
            mark = leg.mark()?;
        }
        markets::record_mark(self.env, self.market, mark)?;
        Ok(total)
    }

    /// Settles the funding of the position. Returns what was paid (negative: received).
    pub fn settle(self) -> Result<i128, ClearingError> {
        self.held()?;
        Ok(self.ledger.settle(self.account, self.market, &0, &self.state))
    }

    /// Has `liquidator` take over up to `max_size` of the position.
    pub fn take_over(self, liquidator: &Address, max_size: i128) -> Result<TakeOver, ClearingError> {
        self.held()?;
        Ok(self.ledger.take_over(liquidator, self.account, self.market, &max_size, &false, &self.state))
    }
}

/// Pulls `margin` from the trader's wallet into the trader's settlement deposit.
pub fn deposit_margin(env: &Env, config: &Config, trader: &Address, margin: i128) {
    VaultClient::new(env, &config.vault).deposit(trader, trader, &config.settlement, &margin);
}
