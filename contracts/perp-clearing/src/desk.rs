//! One account's business in one market during one call: everything it needs is read once.

use crate::{
    error::{bounded, refuse, require, OrRefuse},
    fill::{self, Leg},
    funding, house, markets,
    raw::Raw,
    storage::{self, Record},
};
use margin_interface::{
    lean, AccountStatus, ClearingError, Fill, MarginLedgerClient, MarketStage, MarketState, PerpView, Quote,
    TakeOver,
};
use margin_math::{
    curve,
    fixed::{self, add, mul_div_ceil, mul_div_floor, neg, sub},
    marks::Marks,
    units::QUOTE_SCALE,
};
use soroban_sdk::{Address, Env, Error, IntoVal, Symbol};

/// Who executes, and the most it is paid, settlement units.
pub type Tip<'a> = Option<(&'a Address, i128)>;

/// What a trade will do.
pub struct Plan {
    legs: [Option<Leg>; 2],
    /// Signed base, 1e14.
    pub size: i128,
    /// Signed cash, quote 1e7.
    pub quote: i128,
    /// Average price, 1e14.
    pub price: i128,
}

/// See the module.
pub struct Desk<'a> {
    env: &'a Env,
    ledger: MarginLedgerClient<'a>,
    /// Whose.
    pub account: &'a Address,
    /// Where.
    pub market: &'a Symbol,
    view: PerpView,
    record: Record,
    /// Curve and funding, accrued up to now.
    state: MarketState,
}

impl<'a> Desk<'a> {
    /// Reads market, index and position, and accrues funding.
    pub fn open(env: &'a Env, account: &'a Address, market: &'a Symbol) -> Result<Self, ClearingError> {
        let ledger = MarginLedgerClient::new(env, &storage::config(env).ledger);
        let view = ledger.perp_view(account, market);
        let state = funding::accrued(env, &view.market, &view.index)?;
        let record = markets::record(env, market)?;
        Ok(Desk { env, ledger, account, market, view, record, state })
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

    /// Base reserve of the curve, 1e14.
    pub fn depth(&self) -> i128 {
        self.state.base_reserve
    }

    /// Index of the market.
    pub fn index(&self) -> &Quote {
        &self.view.index
    }

    /// Whether the market takes new risk.
    pub fn accepts_risk(&self) -> bool {
        markets::accepts_risk(&self.record.house, &self.view.index)
    }

    /// The marks of the market.
    pub fn marks(&self) -> &Marks {
        &self.record.marks
    }

    /// How often the account was flagged.
    pub fn flags(&self) -> u32 {
        self.view.flags
    }

    /// Whether the account is being liquidated.
    pub fn is_flagged(&self) -> bool {
        self.view.status == AccountStatus::Flagged
    }

    /// Trades on the curve.
    pub fn trade(
        mut self,
        size_delta: i128,
        limit: Option<i128>,
        reduce_only: bool,
    ) -> Result<Fill, ClearingError> {
        let plan = self.plan(size_delta, limit, reduce_only)?;
        Ok(self.fill(&plan, None)?.0)
    }

    /// The legs of a trade on the curve, every rule checked.
    pub fn plan(
        &self,
        size_delta: i128,
        limit: Option<i128>,
        reduce_only: bool,
    ) -> Result<Plan, ClearingError> {
        let (config, index) = (&self.view.market.config, &self.view.index);
        let (closing, opening) = self.split(size_delta, reduce_only)?;
        let before = fill::mark(&self.state)?;
        let size = add(self.size(), size_delta).on_curve()?;
        let sequence = self.env.ledger().sequence();
        let close = match closing {
            0 => None,
            closing => Some(self.reduction(closing, before)?),
        };
        let state = close.as_ref().map_or(&self.state, |leg| &leg.state);
        let open = if opening == 0 {
            fill::check_minimum(config, index, size, fill::mark(state)?)?;
            None
        } else {
            let open = Leg::new(config, state, opening, sequence)?;
            fill::check_increase(config, index, &open, before)?;
            fill::check_size(config, &self.view.market.totals, index, &open, size)?;
            Some(open)
        };
        let plan = Plan::of(size_delta, [close, open])?;
        if let Some(limit) = limit {
            fill::check_limit(size_delta, plan.price, limit)?;
        }
        Ok(plan)
    }

    /// The legs of a trade at somebody else's cash, every rule checked; the curve stays where it is.
    pub fn plan_at(
        &self,
        size_delta: i128,
        quote_delta: i128,
        limit: i128,
        reduce_only: bool,
    ) -> Result<Plan, ClearingError> {
        let (config, index) = (&self.view.market.config, &self.view.index);
        let (closing, opening) = self.split(size_delta, reduce_only)?;
        // A unit of base is worth less than one of quote, in every market: what is more is no price.
        let most = fixed::abs(size_delta).on_curve()?;
        require((-most..=most).contains(&quote_delta), ClearingError::OutsideBand)?;
        let size = add(self.size(), size_delta).on_curve()?;
        let whole = Leg::at(config, &self.state, size_delta, quote_delta)?;
        let legs = match (closing, opening) {
            (_, 0) => {
                fill::check_minimum(config, index, size, index.mid)?;
                [Some(whole), None]
            }
            (0, _) => [None, Some(whole)],
            (closing, opening) => {
                let part = mul_div_floor(quote_delta, closing, size_delta).on_curve()?;
                let rest = sub(quote_delta, part).on_curve()?;
                let close = Leg::at(config, &self.state, closing, part)?;
                [Some(close), Some(Leg::at(config, &self.state, opening, rest)?)]
            }
        };
        if let Some(open) = &legs[1] {
            fill::check_size(config, &self.view.market.totals, index, open, size)?;
        }
        let plan = Plan::of(size_delta, legs)?;
        fill::check_limit(size_delta, plan.price, limit)?;
        fill::check_match(config, index, plan.price)?;
        Ok(plan)
    }

    fn split(&self, size_delta: i128, reduce_only: bool) -> Result<(i128, i128), ClearingError> {
        require(size_delta != 0, ClearingError::InvalidAmount)?;
        bounded(size_delta)?;
        let (closing, opening) = fill::split(self.size(), size_delta)?;
        markets::require_moving(&self.record.house)?;
        refuse(opening != 0 && self.record.house.stage != MarketStage::Normal, ClearingError::WrongStage)?;
        refuse(reduce_only && opening != 0, ClearingError::ReduceOnly)?;
        Ok((closing, opening))
    }

    /// A reduction through the curve if the mark stays inside the band or comes nearer to the index; any other is filled by
    /// the pool while its inventory has room. Whoever closes can always do so: without a live index, or room, on the curve.
    fn reduction(&self, size: i128, before: i128) -> Result<Leg, ClearingError> {
        let (config, index) = (&self.view.market.config, &self.view.index);
        let leg = Leg::new(config, &self.state, size, self.env.ledger().sequence())?;
        if !markets::is_live(index) {
            return Ok(leg);
        }
        let after = leg.mark()?;
        if curve::within(after, index.mid, config.band_bps).on_curve()?
            || curve::approaches(before, after, index.mid)
        {
            return Ok(leg);
        }
        let room = house::room(&self.ledger, &self.record.house, size, index)?;
        if room < fixed::abs(size).on_curve()? {
            return Ok(leg);
        }
        let (reserves, ends) = ((self.state.base_reserve, self.state.quote_reserve), (index.lo, index.hi));
        // What the pool took may be more than a thin curve has.
        match margin_math::house::reduction(reserves, self.record.house.inventory, size, ends) {
            Ok(quote) => Leg::from_pool(config, &self.state, size, quote),
            Err(_) => Ok(leg),
        }
    }

    /// Has the ledger book a plan on the curve, or with the pool.
    pub fn fill(&mut self, plan: &Plan, tip: Tip) -> Result<(Fill, i128), ClearingError> {
        let mut mark = fill::mark(&self.state)?;
        let mut inventory = self.record.house.inventory;
        for leg in plan.legs.iter().flatten() {
            mark = leg.mark()?;
            inventory = add(inventory, leg.taken).on_curve()?;
        }
        let booked = self.book(plan, tip)?;
        self.record.house.inventory = inventory;
        self.keep(mark)?;
        Ok(booked)
    }

    fn keep(&mut self, mark: i128) -> Result<(), ClearingError> {
        self.record.marks.record(self.env.ledger().timestamp(), mark).on_curve()?;
        storage::set_record(self.env, self.market, &self.record);
        Ok(())
    }

    /// Has the ledger book a plan. Returns the fill, and what the executor was paid: after what reduces, so that a loss comes
    /// first; before what adds risk, so that its margin check counts it.
    pub fn book(&self, plan: &Plan, tip: Tip) -> Result<(Fill, i128), ClearingError> {
        let mut total = Fill {
            fee: 0,
            funding: 0,
            position: self.view.position,
            price: plan.price,
            quote_delta: plan.quote,
            realized_pnl: 0,
            size_delta: plan.size,
        };
        let [close, open] = &plan.legs;
        self.apply(close, &mut total)?;
        let paid = match tip {
            Some((executor, at_most)) if at_most > 0 && executor != self.account => {
                self.ledger.pay_executor(self.account, executor, &at_most)
            }
            _ => 0,
        };
        self.apply(open, &mut total)?;
        Ok((total, paid))
    }

    fn apply(&self, leg: &Option<Leg>, total: &mut Fill) -> Result<(), ClearingError> {
        let Some(leg) = leg else { return Ok(()) };
        let (account, market) = (self.account, self.market);
        let receipt = self.ledger.apply_fill(account, market, &leg.size, &leg.quote, &leg.fee, &leg.state);
        total.fee = add(total.fee, receipt.fee).on_curve()?;
        total.funding = add(total.funding, receipt.funding).on_curve()?;
        total.realized_pnl = add(total.realized_pnl, receipt.realized_pnl).on_curve()?;
        total.position = receipt.position;
        Ok(())
    }

    /// Why the ledger would not book a plan with a tip of at most `at_most`: the code of its error, or 0.
    pub fn refusal(&self, plan: &Plan, at_most: i128) -> u32 {
        let env = self.env;
        let [close, open] = &plan.legs;
        let mut fills = lean::list(env);
        for (leg, tip) in [(close, 0), (open, at_most)] {
            if let Some(leg) = leg {
                fills.push_back((leg.size, leg.quote, leg.fee, tip));
            }
        }
        let state = open.as_ref().or(close.as_ref()).map_or(&self.state, |leg| &leg.state);
        let args = (self.account, self.market, fills, *state).into_val(env);
        let dry = Symbol::new(env, "dry_fills");
        match env.try_invoke_contract::<(), Error>(&self.ledger.address, &dry, args) {
            Ok(_) => 0,
            Err(Ok(error)) => error.get_code(),
            Err(Err(_)) => ClearingError::Overflow as u32,
        }
    }

    /// Settles the funding of the position. Returns what was paid (negative: received).
    pub fn settle(self) -> Result<i128, ClearingError> {
        self.held()?;
        markets::require_moving(&self.record.house)?;
        Ok(self.ledger.settle(self.account, self.market, &0, &self.state))
    }

    /// Has `liquidator` take over up to `max_size` of the position, or the pool if that is 0.
    pub fn take_over(mut self, liquidator: &Address, max_size: i128) -> Result<TakeOver, ClearingError> {
        let held = self.held()?;
        house::require_liquidations(self.env, &self.record.house)?;
        if max_size > 0 {
            return Ok(self.take(liquidator, max_size, false));
        }
        // First those who bring capital: the pool's is for what nobody takes.
        let account = (self.account,).into_val(self.env);
        let since: u64 = Raw::ask(self.env, &self.ledger.address, "account", account).get("since");
        let offered_until = since.saturating_add(house::OFFERED);
        refuse(!self.is_flagged() || self.env.ledger().timestamp() < offered_until, ClearingError::TooEarly)?;
        // Others take over at what a doubtful price may be; the pool is not asked whether it wants to.
        refuse(!markets::is_live(&self.view.index), ClearingError::PriceNotUsable)?;
        let whole = fixed::abs(held).on_curve()?;
        let index = &self.view.index;
        // What the curve takes by now makes room.
        let before = self.state;
        self.state = house::sell_on(self.env, &mut self.record.house, &self.state, index)?;
        let mut room = house::room(&self.ledger, &self.record.house, neg(held).on_curve()?, index)?;
        if room < whole {
            // What it cannot take has to be a position.
            let least =
                mul_div_ceil(self.view.market.config.min_notional, QUOTE_SCALE, index.mid).on_curve()?;
            room = room.min(sub(whole, least).on_curve()?);
        }
        refuse(room <= 0, ClearingError::InventoryFull)?;
        let taken = self.take(liquidator, room, true);
        let house = &mut self.record.house;
        house.inventory = add(house.inventory, taken.size).on_curve()?;
        let state = house::sell_on(self.env, house, &self.state, &self.view.index)?;
        if state != before {
            self.ledger.push_market(self.market, &state);
        }
        self.keep(fill::mark(&state)?)?;
        Ok(taken)
    }

    fn take(&self, liquidator: &Address, max_size: i128, to_pool: bool) -> TakeOver {
        self.ledger.take_over(liquidator, self.account, self.market, &max_size, &to_pool, &self.state)
    }
}

impl Plan {
    fn of(size: i128, legs: [Option<Leg>; 2]) -> Result<Plan, ClearingError> {
        let quote = legs.iter().flatten().try_fold(0, |sum, leg| add(sum, leg.quote)).on_curve()?;
        let price = curve::average_price(size, quote).on_curve()?;
        Ok(Plan { legs, size, quote, price })
    }
}
