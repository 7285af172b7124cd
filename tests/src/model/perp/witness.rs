//! Watches the transactions of a story, has the model do what each asks for, and compares.
//!
//! Nothing but rounding may lie between the two, and rounding has one direction. Per account, the difference in cash and entry
//! cash summed over all steps is what rounding has cost it: never negative, and a few units per fill. The protocol's own cash
//! less what it still owes is never below the model's.

use super::buckets::{Buckets, Purse};
use super::deed::{Deed, Size};
use super::house::{Expected, House, TakeOver};
use super::market::{maintenance, Leg, Market, Position};
use super::reading::{name_of, Reading};
use crate::auth::Invocation;
use crate::model::number::{exact, ratio, to_f64, Exact};
use crate::perp_invariants::steps::{self, Marks};
use crate::told::{self, Told};
use crate::world::World;
use margin_interface::{MarketStage, PerpMarket, PriceStatus, Settlement};
use num_traits::{Signed, Zero};
use soroban_sdk::Address;
use std::collections::BTreeMap;

/// Units that one step may cost by rounding: a trade of two legs has that many divisions.
const UNITS: i128 = 8;

/// What became of the steps.
#[derive(Clone, Debug, Default)]
pub struct Count {
    /// Steps that ended where the model said, by what they were.
    pub followed: BTreeMap<&'static str, u32>,
    /// Changes of a market by something that the model does not follow, by its name: it begins anew there.
    pub resynced: BTreeMap<String, u32>,
    /// The most that rounding has cost one account, settlement units.
    pub dearest: f64,
}

/// What rounding has cost an account.
#[derive(Clone, Debug, Default)]
struct Cost {
    cash: Exact,
    steps: i128,
}

/// What the contracts said after the last step.
struct Last {
    buckets: Settlement,
    markets: BTreeMap<String, (PerpMarket, i128)>,
}

impl Last {
    fn of(reading: &Reading) -> Self {
        let markets = reading.markets.iter();
        let markets = markets.map(|(name, (record, side))| (name.clone(), (record.clone(), side.inventory)));
        Self { buckets: reading.buckets.clone(), markets: markets.collect() }
    }
}

/// See the module.
#[derive(Default)]
pub struct Witness {
    house: Option<House>,
    last: Option<Last>,
    /// The call that is being watched.
    before: Option<(Deed, Reading)>,
    /// The last call, followed or not.
    call: String,
    /// The first call since the last step that changed a market and was not followed.
    missed: Option<String>,
    costs: BTreeMap<String, Cost>,
    /// Steps since the beginning.
    steps: i128,
    /// What rounding may have given: sales on curves that it had raised, and debts that were rounded up and then forgiven.
    given: Exact,
    marks: Marks,
    /// Statistics.
    pub count: Count,
}

impl Witness {
    /// Looks before a call.
    pub fn before(&mut self, world: &World, call: &Invocation) {
        self.before = None;
        self.call = call.function.clone();
        let Some(deed) = Deed::of(world, call) else { return };
        let reading = Reading::of(world, &deed);
        self.meet(world, &reading);
        self.marks.note(&reading);
        self.before = Some((deed, reading));
    }

    /// Takes over what happened since the last step that is not the model's: interest on the credit line, debts repaid, lost
    /// and taken over by lenders, parameters; and begins anew in a market that something else has changed.
    fn meet(&mut self, world: &World, now: &Reading) {
        let house = self
            .house
            .get_or_insert_with(|| House { markets: BTreeMap::new(), buckets: Buckets::read(&now.buckets) });
        if let Some(last) = &self.last {
            let (b, old, new) = (&mut house.buckets, &last.buckets, &now.buckets);
            b.lp += exact(new.lp - old.lp);
            b.insurance += exact(new.insurance - old.insurance);
            b.fees += exact(new.fees - old.fees);
            b.borrowed += exact(new.perp_borrowed - old.perp_borrowed);
            // An epoch of claims ends at exactly nothing: they begin each step where they are, and what they differed by is
            // the providers'.
            let said = Buckets::read(new);
            let (claims, pending) = (exact(old.claims), exact(old.pending));
            b.lp += &b.pending - pending - (&b.claims - claims);
            (b.claims, b.pending, b.epoch) = (said.claims, said.pending, said.epoch);
            (b.cut, b.fraction) = (said.cut, said.fraction);
            (b.day, b.spent, b.spent_in) = (said.day, said.spent, said.spent_in);
        }
        for (name, (record, side)) in &now.markets {
            let known = self.last.as_ref().and_then(|last| last.markets.get(name));
            let same = |(old, inventory): &(PerpMarket, i128)| {
                old.state == record.state && old.totals == record.totals && *inventory == side.inventory
            };
            if known.is_some_and(same) {
                let market = house.market(name);
                (market.config, market.mmr_bps) =
                    (record.config.clone(), maintenance(record, now.around.now));
                continue;
            }
            if known.is_some() {
                let cause = self.missed.clone().unwrap_or_else(|| "nothing".into());
                *self.count.resynced.entry(cause).or_default() += 1;
            }
            let mut market = Market::read(record, side);
            market.mmr_bps = maintenance(record, now.around.now);
            let symbol = world.symbol(name);
            for person in world.people() {
                if let Some(held) = world.clearing().position(&person.address, &symbol) {
                    let position = Position {
                        size: exact(held.size),
                        entry: exact(held.entry),
                        paid_until: exact(held.funding_index) / exact(10i128.pow(25)),
                    };
                    market.positions.insert(name_of(&person.address), position);
                }
            }
            house.markets.insert(name.clone(), market);
            self.costs.clear();
        }
        self.missed = None;
        self.last = Some(Last::of(now));
    }

    /// Looks after a call that is not followed, such as an account's own deleverage.
    fn look_on(&mut self, world: &World) {
        let ledger = world.ledger();
        for market in ledger.markets() {
            let (name, new) = (market.to_string(), ledger.market(&market));
            let known = self.last.as_ref().and_then(|last| last.markets.get(&name));
            let changed = known.is_some_and(|(old, _)| old.state != new.state || old.totals != new.totals);
            if changed && self.missed.is_none() {
                self.missed = Some(self.call.clone());
            }
            self.marks.holds(name, &new, world.now());
        }
    }

    /// All that one account had is another's from now on.
    pub fn moved(&mut self, from: &Address, to: &Address) {
        let (from, to) = (name_of(from), name_of(to));
        for market in self.house.iter_mut().flat_map(|house| house.markets.values_mut()) {
            if let Some(position) = market.positions.remove(&from) {
                market.positions.insert(to.clone(), position);
            }
        }
        if let Some(cost) = self.costs.remove(&from) {
            self.costs.insert(to, cost);
        }
    }

    /// Looks after the call, compares, and remembers.
    #[track_caller]
    pub fn after(&mut self, world: &World, done: bool) {
        let Some((deed, before)) = self.before.take() else {
            self.look_on(world);
            return;
        };
        if !done {
            return;
        }
        let told = told::by_last_call(world);
        let after = Reading::of(world, &deed);
        steps::check(&deed, &before, &after, &told, &mut self.marks);
        let mut house = self.house.take().expect("met");
        self.steps += 1;
        let mut step = Step::new(&mut house, &before, &after, &told);
        let kind = step.play(&deed);
        let Step { purses, expected, mut given, .. } = step;
        if after.buckets.perp_borrow_shares == 0 {
            // What nobody's shares owe when the last debtor has paid.
            let rest = std::mem::take(&mut house.buckets.borrowed);
            house.buckets.lp -= &rest;
            near("rest of the credit line", &rest, 0, &exact(self.steps * UNITS));
        }
        self.fills_agree(&expected, &told);
        given += self.markets_agree(&house, &before, &after, &expected);
        self.given += given;
        self.buckets_agree(&house, &before, &after);
        self.accounts_agree(&house, &purses, &after);
        *self.count.followed.entry(kind).or_default() += 1;
        self.last = Some(Last::of(&after));
        self.house = Some(house);
    }

    /// Each fill at the price, fee, funding and profit that was expected, rounded against the trader.
    #[track_caller]
    fn fills_agree(&self, expected: &[Expected], told: &[Told]) {
        let fills: Vec<&Told> = told.iter().filter(|event| event.name == "position_filled").collect();
        assert_eq!(fills.len(), expected.len(), "MODEL number of fills");
        for (expected, told) in expected.iter().zip(fills) {
            let Expected { leg, filled } = expected;
            let drift = exact(self.steps);
            let most = &drift * exact(2) + exact(2);
            near("size", &leg.size, told.number("size_delta"), &Exact::zero());
            between("cash of a fill", &leg.cash, told.number("quote_delta"), &exact(-2), &sliver(leg));
            between("fee of a fill", &leg.fee, told.number("fee"), &-sliver(leg), &exact(2));
            between("funding of a fill", &filled.funding, told.number("funding"), &-sliver(leg), &exact(2));
            near("profit of a fill", &filled.realised, told.number("realized_pnl"), &most);
        }
    }

    /// Curves, funding and sums. Returns what the raised curves may have given.
    #[track_caller]
    fn markets_agree(
        &self,
        house: &House,
        before: &Reading,
        after: &Reading,
        expected: &[Expected],
    ) -> Exact {
        let mut given = Exact::zero();
        for (name, (record, side)) in &after.markets {
            let market = &house.markets[name];
            let (state, totals) = (&record.state, &record.totals);
            let steps = exact(self.steps);
            near(&format!("base of {name}"), &market.curve.x, state.base_reserve, &Exact::zero());
            let raised = exact(2) * &steps;
            between(
                &format!("quote of {name}"),
                &market.curve.y,
                state.quote_reserve,
                &-ratio(1, 1_000),
                &raised,
            );
            near(&format!("inventory of {name}"), &market.inventory, side.inventory, &Exact::zero());
            near(&format!("net size of {name}"), &market.net(), totals.net_size, &Exact::zero());
            near(&format!("longs of {name}"), &market.longs(), totals.long_interest, &Exact::zero());
            near(&format!("shorts of {name}"), &market.shorts(), totals.short_interest, &Exact::zero());
            near(&format!("entries of {name}"), &market.entry(), totals.entry, &steps);
            let index = exact(10i128.pow(25));
            let paid =
                [(&market.funding.long, state.funding_long), (&market.funding.short, state.funding_short)];
            for (expected, actual) in paid {
                between(&format!("funding of {name}"), &(expected * &index), actual, &-&steps, &steps);
            }
            assert_eq!(market.funding.at, state.funding_at, "MODEL time of the funding of {name}");
            let rate = &market.funding.rate * exact(10i128.pow(18));
            near(&format!("rate of {name}"), &rate, state.funding_rate, &Exact::zero());
            let end =
                market.end.as_ref().map_or_else(Exact::zero, |(price, _)| price * exact(10i128.pow(21)));
            // A mark is rounded down.
            between(&format!("last price of {name}"), &end, state.clearing_price, &exact(-1), &Exact::zero());
            if record.seq != before.markets[name].0.seq {
                let tilt = (exact(state.quote_reserve) - &market.curve.y) / &market.curve.y;
                let traded = expected.iter().map(|each| each.leg.cash.abs());
                given += traded.fold(Exact::zero(), |sum, each| sum + each) * tilt.max(Exact::zero());
            }
        }
        given + ratio(1, 1_000)
    }

    /// Each bucket within the rounding of all steps, and together never below.
    #[track_caller]
    fn buckets_agree(&self, house: &House, before: &Reading, after: &Reading) {
        let (expected, old, said) = (&house.buckets, &before.buckets, &after.buckets);
        let slack = exact(UNITS * self.steps);
        near("L", &expected.lp, said.lp, &slack);
        near("I", &expected.insurance, said.insurance, &slack);
        near("F", &expected.fees, said.fees, &slack);
        near("H", &expected.pending, said.pending, &slack);
        near("credit line", &expected.borrowed, said.perp_borrowed, &slack);
        near("claims", &expected.claims, said.claims, &slack);
        if old.claims == 0 && said.claims > 0 && old.pending == said.pending && !expected.claims.is_zero() {
            // The first cut of an epoch; what the pool had and owed then may be off by its rounding.
            let cut = &expected.cut * &expected.owed;
            let share = ratio(said.claims_cut, 10i128.pow(18)) * &expected.owed;
            assert!((&cut - &share).abs() <= exact(2) * &slack, "MODEL a cut of {share}, not of {cut}");
        }
        near("insurance spent", &expected.spent, said.insurance_spent, &slack);
        let own = &expected.lp + &expected.insurance + &expected.fees - &expected.claims;
        let actual = said.lp + said.insurance + said.fees - said.claims;
        between("what the protocol owns", &own, actual, &-&self.given, &slack);
    }

    /// Everybody whose money moved: his positions, and what rounding has cost him until now.
    #[track_caller]
    fn accounts_agree(&mut self, house: &House, purses: &BTreeMap<String, Purse>, after: &Reading) {
        for (who, purse) in purses {
            let holder = &after.holders[who];
            let cost = self.costs.entry(who.clone()).or_default();
            cost.steps += 1;
            let cash = &purse.deposit - &purse.debt + &purse.claim.0;
            cost.cash += cash - exact(holder.deposit - holder.debt + holder.entry.pending.amount);
            let mut all = cost.cash.clone();
            for (name, market) in &house.markets {
                let held = holder.entry.positions.get(after.symbols[name].clone());
                let entry = held.as_ref().map_or(0, |held| held.entry);
                near(
                    &format!("size of {who}"),
                    &market.size(who),
                    held.map_or(0, |held| held.size),
                    &Exact::zero(),
                );
                let expected = market.positions.get(who).map_or_else(Exact::zero, |held| held.entry.clone());
                near(&format!("entry of {who}"), &expected, entry, &exact(UNITS * self.steps));
                all += expected - exact(entry);
            }
            assert!(
                all >= -&self.given && all <= exact(UNITS * cost.steps),
                "MODEL {who} lost {} units in {} steps by rounding",
                to_f64(&all),
                cost.steps
            );
            self.count.dearest = self.count.dearest.max(to_f64(&all));
        }
    }
}

/// What the rounding of the curve may be worth in one fill: it grows with what is sold on it.
fn sliver(leg: &Leg) -> Exact {
    ratio(1, 1_000) + leg.cash.abs() * ratio(1, 1_000_000_000_000)
}

/// One step of the model.
struct Step<'a> {
    house: &'a mut House,
    before: &'a Reading,
    after: &'a Reading,
    told: &'a [Told],
    purses: BTreeMap<String, Purse>,
    expected: Vec<Expected>,
    given: Exact,
}

impl<'a> Step<'a> {
    fn new(house: &'a mut House, before: &'a Reading, after: &'a Reading, told: &'a [Told]) -> Self {
        let purse = |holder: &super::reading::Holder| Purse {
            deposit: exact(holder.deposit),
            debt: exact(holder.debt),
            claim: {
                let claim = &holder.entry.pending;
                (exact(claim.amount), ratio(claim.fraction, 10i128.pow(18)), claim.epoch)
            },
        };
        let purses = before.holders.iter().map(|(name, holder)| (name.clone(), purse(holder))).collect();
        Self { house, before, after, told, purses, expected: Vec::new(), given: Exact::zero() }
    }

    fn purse(&mut self, who: &str) -> Purse {
        self.purses.remove(who).expect("somebody whose money moves")
    }

    /// Does it. Returns its name.
    #[track_caller]
    fn play(&mut self, deed: &Deed) -> &'static str {
        let around = &self.before.around;
        match deed {
            Deed::Trade(who, market, size, executor) => {
                let (who, market) = (name_of(who), market.to_string());
                self.house.accrue(&market, around);
                if let Size::Margin(_, margin, _) = size {
                    // It is deposited first, within the same call.
                    self.purses.get_mut(&who).expect("the trader's").deposit += exact(*margin);
                }
                let size = self.size(&who, &market, size);
                let paid = |event: &&Told| event.name == "executor_paid";
                let tip = self.told.iter().find(paid).map_or(0, |event| event.number("amount"));
                assert!(tip == 0 || executor.is_some(), "MODEL nobody executes this");
                let payable = self.house.buckets.payable();
                let legs = self.house.market(&market).legs(&who, &size, &around.quotes[&market], &payable);
                self.fill(&who, &market, &legs, false, tip);
                "trade"
            }
            Deed::Match(fills) => {
                for fill in fills {
                    let (who, market) = (name_of(&fill.order.account), fill.order.market.to_string());
                    self.house.accrue(&market, around);
                    let (size, cash) = (exact(fill.size_delta), exact(fill.quote_delta));
                    let legs = self.house.market(&market).legs_at(&who, &size, &cash);
                    self.fill(&who, &market, &legs, true, 0);
                }
                "match"
            }
            Deed::Settle(who, market) => {
                let (who, market) = (name_of(who), market.to_string());
                self.house.accrue(&market, around);
                let mut purse = self.purse(&who);
                let filled = self.house.settle(&who, &mut purse, &market, around);
                self.purses.insert(who, purse);
                let told =
                    self.told.iter().find(|event| event.name == "funding_settled").expect("it is told");
                between("funding", &filled.funding, told.number("funding"), &-ratio(1, 1_000), &exact(2));
                "funding"
            }
            Deed::Rate(market) => {
                let market = market.to_string();
                self.house.accrue(&market, around);
                let measured = &self.after.markets[&market].0.state;
                self.house.market(&market).funding.measured(measured);
                "rate"
            }
            Deed::TakeOver(by, who, market, most) => {
                self.take_over(&name_of(by), &name_of(who), &market.to_string(), *most);
                "take-over"
            }
            Deed::Enter(who, amount) => {
                let (who, total) = (name_of(who), self.providers_earn());
                let mut purse = self.purse(&who);
                let depths = self.before.depths();
                let shares = self.house.enter(&mut purse, &exact(*amount), &total, &depths, around);
                self.purses.insert(who, purse);
                self.shares_agree(&shares);
                "enter"
            }
            Deed::Leave(who, shares) => {
                let (who, total) = (name_of(who), self.providers_earn());
                let mut purse = self.purse(&who);
                let depths = self.before.depths();
                self.house.leave(&mut purse, &exact(*shares), &total, &depths, around);
                self.purses.insert(who, purse);
                self.shares_agree(&-exact(*shares));
                "leave"
            }
            Deed::Insure(who, amount) => {
                let who = name_of(who);
                let mut purse = self.purse(&who);
                self.house.insure(&mut purse, &exact(*amount), around);
                self.purses.insert(who, purse);
                "insure"
            }
            Deed::Claim(who) => {
                let who = name_of(who);
                self.write_off(&who, "");
                let mut purse = self.purse(&who);
                self.house.buckets.collect(&mut purse);
                self.purses.insert(who, purse);
                "claim"
            }
            Deed::Repeg(market) => {
                self.repeg(&market.to_string());
                "repeg"
            }
            Deed::Stop(market, stage) => {
                let name = market.to_string();
                let for_good = *stage == MarketStage::WindDown;
                self.house.market(&name).stop(around.now, &around.quotes[&name], for_good);
                if for_good {
                    "wind-down"
                } else {
                    "freeze"
                }
            }
            Deed::End(who, market) => {
                let (who, market) = (name_of(who), market.to_string());
                let mut purse = self.purse(&who);
                self.expected.push(self.house.end(&who, &mut purse, &market, around));
                self.purses.insert(who.clone(), purse);
                self.write_off(&who, &market);
                "end of a position"
            }
        }
    }

    /// What rounding has brought is the providers', and whoever enters or leaves does so at what it made of the pool. Returns
    /// the shares there are.
    fn providers_earn(&mut self) -> Exact {
        self.house.buckets = Buckets::read(&self.before.buckets);
        for (name, (record, _)) in &self.before.markets {
            self.given += (self.house.market(name).entry() - exact(record.totals.entry)).abs() + exact(1);
        }
        exact(self.before.pool_shares.unwrap_or(0))
    }

    fn size(&mut self, who: &str, market: &str, size: &Size) -> Exact {
        let market = self.house.market(market);
        let held = market.size(who);
        match size {
            Size::Base(size) => exact(*size),
            Size::Close => -held,
            Size::Reduce(size) => {
                let size = exact(*size);
                if size.abs() > held.abs() {
                    -held
                } else {
                    size
                }
            }
            Size::Margin(long, margin, leverage) => {
                let notional = (exact(*margin) * ratio((*leverage).into(), 100)).floor();
                let size = market.curve.base_for(&notional, *long);
                let traded: i128 = self.fills().map(|fill| fill.number("size_delta")).sum();
                // The curve's own rounding, in units of base.
                let slack = exact(2) + size.abs() * ratio(1, 1_000_000_000_000);
                near("size for a margin", &size, traded, &slack);
                exact(traded)
            }
        }
    }

    fn fills(&self) -> impl Iterator<Item = &'a Told> {
        self.told.iter().filter(|event| event.name == "position_filled")
    }

    fn fill(&mut self, who: &str, market: &str, legs: &[Leg], matched: bool, tip: i128) {
        let mut purse = self.purse(who);
        let around = &self.before.around;
        let done = self.house.execute(who, &mut purse, market, legs, matched, &exact(tip), around);
        self.expected.extend(done);
        self.purses.insert(who.to_owned(), purse);
    }

    #[track_caller]
    fn take_over(&mut self, by: &str, who: &str, market: &str, most: i128) {
        let around = &self.before.around;
        self.house.accrue(market, around);
        let told = self.told.iter().find(|event| event.name == "position_taken_over").expect("it is told");
        let (size, fee) = (told.number("size"), told.number("fee"));
        let held = self.house.market(market).size(who);
        let size = exact(size);
        assert!(size.is_positive() == held.is_positive() && size.abs() <= held.abs(), "MODEL taken beyond");
        let to_pool = most == 0;
        assert!(to_pool || size.abs() <= exact(most), "MODEL more is taken than wanted");
        assert_eq!(told.flag("to_pool"), to_pool, "MODEL who takes over");
        let equity = exact(fee);
        let it = TakeOver { account: who, liquidator: by, market, size, to_pool, equity };
        let due = self.house.take_over(&it, &mut self.purses, around);
        assert!(exact(fee) <= due.clone() + ratio(1, 1_000), "MODEL fee {fee} above {}", to_f64(&due));
        // What is charged less than due is all that the account had.
        let live = around.quotes.values().all(|quote| quote.status == PriceStatus::Live);
        if let (Some(summary), true) = (&self.before.holders[who].summary, live) {
            let had = exact(summary.equity.max(0)) / ratio(self.before.settlement_price, 10i128.pow(14));
            let owed = due.min(had);
            near("fee of a take-over", &owed, fee, &exact(UNITS));
        }
        self.write_off(who, market);
        // The cash that moves is rounded down for who is liquidated: that unit is the liquidator's.
        self.given += exact(1);
        let state = &self.after.markets[market].0.state;
        if to_pool {
            // How far the pool sold on is a root: that it went toward the index, not past it, and along the curve, is checked.
            let at = self.house.market(market);
            let (x, before) = (exact(state.base_reserve), at.curve.clone());
            let moved = &x - &before.x;
            let index = super::funding::price(around.quotes[market].mid);
            at.curve = before.moved_to(&x);
            let inside = moved.is_zero() || super::curve::reaches(&before.mark(), &at.curve.mark(), &index);
            assert!(inside, "MODEL the pool sold past the index of {market}");
            // Of what it had before, or took now: both go toward the index.
            at.inventory -= &moved;
        }
    }

    /// What realises a bad debt: nothing is left that could pay it.
    fn write_off(&mut self, who: &str, market: &str) {
        let before = &self.before.holders[who].entry;
        let settlement = self.before.settlement.clone();
        let others = before.deposits.keys().iter().any(|asset| asset != settlement);
        let purse = &self.purses[who];
        let owes = purse.debt.is_positive();
        let empty = !others && purse.deposit < ratio(1, 1_000) && self.house.holds_nothing(who);
        if owes && empty {
            let mut purse = self.purse(who);
            self.house.write_off(&mut purse, market, &self.before.around);
            self.purses.insert(who.to_owned(), purse);
            // The debt that is forgiven had been rounded up.
            self.given += exact(2);
        }
        // What lenders lose when the settlement asset itself cannot be repaid.
        for lost in self.told.iter().filter(|event| event.name == "bad_debt" && !event.flag("perp")) {
            self.house.buckets.lp -= exact(lost.number("from_providers"));
            self.house.buckets.insurance -= exact(lost.number("from_insurance"));
        }
    }

    #[track_caller]
    fn repeg(&mut self, name: &str) {
        let around = &self.before.around;
        self.house.accrue(name, around);
        let state = &self.after.markets[name].0.state;
        let x = exact(state.base_reserve);
        let mark = self.house.market(name).curve.mark();
        let index = super::funding::price(around.quotes[name].mid);
        let had = self.house.buckets.fees.clone();
        let cost = self.house.repeg(name, &x, around);
        assert!(cost <= had, "MODEL a repeg of {name} cost more than there is");
        let after = self.house.market(name).curve.mark();
        assert!(super::curve::reaches(&mark, &after, &index), "MODEL a repeg of {name} past the index");
        assert!(super::curve::within(&after, &mark, 50), "MODEL a repeg of {name} too far");
    }

    /// What of the pool's shares was minted, rounded down, or burnt.
    #[track_caller]
    fn shares_agree(&self, change: &Exact) {
        if let (Some(before), Some(after)) = (self.before.pool_shares, self.after.pool_shares) {
            let slack = exact(2) + change.abs() * ratio(1, 1_000_000_000);
            near("shares of the pool", change, after - before, &slack);
        }
    }
}

/// `actual` within `slack` of what was expected.
#[track_caller]
fn near(what: &str, expected: &Exact, actual: i128, slack: &Exact) {
    between(what, expected, actual, &-slack, slack);
}

/// `actual` less what was expected lies between two bounds.
#[track_caller]
fn between(what: &str, expected: &Exact, actual: i128, least: &Exact, most: &Exact) {
    let off = exact(actual) - expected;
    assert!(
        off >= *least && off <= *most,
        "MODEL {what}: expected {} and found {actual}, off by {} where {} to {} is rounding",
        to_f64(expected),
        to_f64(&off),
        to_f64(least),
        to_f64(most)
    );
}
