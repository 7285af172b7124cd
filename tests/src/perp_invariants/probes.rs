//! Relations between what could happen next, by the same numbers, probed where a random life has led: two contracts that nobody
//! else knows trade, look, and everything they did is undone.

use super::holds;
use crate::fixture::{Door, Fixture};
use crate::model::perp::{Deed, Reading};
use crate::money::{usdc, Coin};
use crate::operations::{ANY_PRICE_TO_BUY, ANY_PRICE_TO_SELL};
use crate::world::World;
use margin_interface::{Action, ClearingRequest, Fill, TradeAction};
use margin_math::units::{BASE, PRICE, USD};
use num_bigint::BigInt;
use soroban_sdk::auth::{ContractContext, InvokerContractAuthEntry, SubContractInvocation};
use soroban_sdk::{panic_with_error, vec, Address, Error, IntoVal, Symbol, Val, Vec as HostVec};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Between two probes lie so many steps.
pub const EVERY: u32 = 4;
/// What a prober has, in dollars.
const PURSE: i128 = 200_000;
/// The ledger's error for an account that is well.
const NOT_LIQUIDATABLE: u32 = 616;

/// Whoever probes.
pub struct Prober {
    world: World,
    one: Address,
    other: Address,
    turn: u32,
    seen: RefCell<BTreeMap<u32, u32>>,
}

/// An account and all markets, after something was done.
struct Sight(Reading);

impl Sight {
    /// Deposit, debt and claim of whom it is about.
    fn wealth(&self) -> i128 {
        let owned =
            |holder: &crate::model::perp::Holder| holder.deposit - holder.debt + holder.entry.pending.amount;
        self.0.holders.values().map(owned).sum()
    }

    /// Everything that two ways to the same end have in common: markets, buckets, and the account but for how often it changed.
    fn end(&self) -> impl PartialEq + std::fmt::Debug {
        let markets: Vec<_> = self
            .0
            .markets
            .values()
            .map(|(record, house)| (record.state, record.totals, house.inventory))
            .collect();
        let b = &self.0.buckets;
        let buckets = (b.lp, b.insurance, b.fees, b.pending, b.claims, b.perp_borrowed);
        let owner: Vec<_> = self
            .0
            .holders
            .values()
            .map(|held| (held.deposit, held.debt, held.entry.positions.clone()))
            .collect();
        (markets, buckets, owner)
    }
}

impl Prober {
    /// Two probers with money, in a story that has not begun.
    pub fn new(f: &Fixture) -> Self {
        let [one, other] = [(); 2].map(|()| f.env.register(Door, ()));
        for prober in [&one, &other] {
            f.admin.mint(prober, usdc(PURSE)).ok();
        }
        Self { world: f.world.clone(), one, other, turn: 0, seen: RefCell::default() }
    }

    /// Probes one relation after the other, beginning somewhere else in each story.
    #[track_caller]
    pub fn probe(&mut self, story: u64) {
        let turn = self.turn + (story % 10) as u32;
        self.turn += 1;
        self.claiming();
        let markets = self.world.ledger().markets();
        let market = markets.get(turn / 10 % markets.len()).expect("a market");
        let index = self.world.oracle().quote(&self.world.ledger().market(&market).config.index);
        if index.mid == 0 {
            return;
        }
        // Mostly to the side on which a trade is possible.
        let state = self.world.ledger().market(&market).state;
        let mark = BigInt::from(state.quote_reserve) * (PRICE / USD) * BASE / state.base_reserve;
        let side = if (mark < BigInt::from(index.mid)) != turn.is_multiple_of(3) { 1 } else { -1 };
        let size = |dollars: i128| side * (dollars * BASE / (index.mid / (PRICE / 1_000)) * 1_000);
        match turn % 10 {
            0 => self.round_trip(&market, size(2_000 + 100 * i128::from(turn % 7))),
            1 => self.splitting(&market, size(3_000)),
            2 => self.inverse(&market, side > 0, 1_000 * USD + 7 * i128::from(turn)),
            3 => self.reversal(&market, size(1_000), size(1_700)),
            4 => self.order_free(&market, size(1_500)),
            5 => self.one_person(&market, size(1_200)),
            6 => self.batch(&market, size(900)),
            7 => self.liquidations(&market),
            8 => self.entering(),
            _ => self.settling(&market),
        }
    }

    /// How often each relation was there to be seen.
    pub fn seen(&self) -> BTreeMap<u32, u32> {
        self.seen.borrow().clone()
    }

    fn note(&self, number: u32) {
        *self.seen.borrow_mut().entry(number).or_default() += 1;
    }

    // ---- what a prober does -----------------------------------------------------------------------------------------

    /// Does something as the first prober, and undoes it. What it asserts has to be asserted outside: here panics are caught.
    fn undone<T>(&self, act: impl FnOnce() -> T) -> T {
        let env = &self.world.env;
        let mut seen = None;
        let ended = env.try_as_contract::<(), Error>(&self.one, || {
            seen = Some(act());
            panic_with_error!(env, Error::from_contract_error(1))
        });
        assert!(ended.is_err(), "a probe is undone");
        seen.expect("a probe that comes to its end")
    }

    fn sight(&self) -> Sight {
        Sight(Reading::of(&self.world, &Deed::Claim(self.one.clone())))
    }

    /// The transfer of a deposit, which the prober consents to as its contract.
    fn transfer(&self, who: &Address, units: i128) -> InvokerContractAuthEntry {
        let env = &self.world.env;
        let vault = &self.world.contracts().vault;
        InvokerContractAuthEntry::Contract(SubContractInvocation {
            context: ContractContext {
                contract: self.world.token(Coin::Usdc).clone(),
                fn_name: Symbol::new(env, "transfer"),
                args: (who, vault, units).into_val(env),
            },
            sub_invocations: vec![env],
        })
    }

    fn deposits(&self, who: &Address, dollars: i128) {
        let env = &self.world.env;
        let units = dollars * USD;
        env.authorize_as_current_contract(vec![env, self.transfer(who, units)]);
        self.world.vault().deposit(who, who, self.world.token(Coin::Usdc), &units);
    }

    fn trades(&self, who: &Address, market: &Symbol, size: i128) -> Option<Fill> {
        let limit = if size > 0 { ANY_PRICE_TO_BUY } else { ANY_PRICE_TO_SELL };
        let deadline = self.world.now() + 60;
        self.world.clearing().try_trade(who, market, &size, &limit, &false, &deadline).ok()?.ok()
    }

    /// What trades of these sizes, one after the other, lead to; nothing if one of them is refused.
    fn after_trades(&self, market: &Symbol, sizes: &[i128]) -> Option<(Sight, Vec<Fill>)> {
        self.undone(|| {
            self.deposits(&self.one, PURSE / 2);
            let fills: Option<Vec<Fill>> =
                sizes.iter().map(|size| self.trades(&self.one, market, *size)).collect();
            fills.map(|fills| (self.sight(), fills))
        })
    }

    // ---- the relations ----------------------------------------------------------------------------------------------

    /// 9: whoever opens and closes has no more than before. 26: and those who provide have no less.
    fn round_trip(&self, market: &Symbol, size: i128) {
        let Some((before, _)) = self.after_trades(market, &[]) else { return };
        let value = self.world.ledger().pool_value();
        let after = self.undone(|| {
            self.deposits(&self.one, PURSE / 2);
            self.trades(&self.one, market, size)?;
            self.trades(&self.one, market, -size)?;
            Some((self.sight(), self.world.ledger().pool_value()))
        });
        let Some((after, left)) = after else { return };
        self.note(9);
        holds(9, &(market, size, before.wealth(), after.wealth()), after.wealth() <= before.wealth());
        if value.live && left.live {
            self.note(26);
            let own = |pool: &margin_interface::PoolValue| {
                pool.payable + pool.lent - pool.claims - pool.index_value
            };
            holds(26, &(market, size, &value, &left), own(&left) >= own(&value) - 2);
        }
    }

    /// 10: a trade in two parts costs at least what it costs in one.
    fn splitting(&self, market: &Symbol, size: i128) {
        let cost = |fills: &[Fill]| fills.iter().map(|fill| fill.fee - fill.quote_delta).sum::<i128>();
        let Some((_, whole)) = self.after_trades(market, &[size]) else { return };
        let Some((_, parts)) = self.after_trades(market, &[size / 3, size - size / 3]) else { return };
        self.note(10);
        holds(10, &(market, size, cost(&whole), cost(&parts)), cost(&parts) >= cost(&whole) - 2);
    }

    /// 11: what a margin buys costs at most its notional, what is sold for it brings at least as much; by a unit.
    fn inverse(&self, market: &Symbol, long: bool, margin: i128) {
        let env = &self.world.env;
        let deadline = self.world.now() + 60;
        let least = if long { 0 } else { i128::MAX };
        let fill = self.undone(|| {
            self.deposits(&self.one, PURSE / 2);
            let token = self.world.token(Coin::Usdc);
            let InvokerContractAuthEntry::Contract(transfer) = self.transfer(&self.one, margin) else {
                return None;
            };
            let deposit = SubContractInvocation {
                context: ContractContext {
                    contract: self.world.contracts().vault.clone(),
                    fn_name: Symbol::new(env, "deposit"),
                    args: (&self.one, &self.one, token, margin).into_val(env),
                },
                sub_invocations: vec![env, InvokerContractAuthEntry::Contract(transfer)],
            };
            env.authorize_as_current_contract(vec![env, InvokerContractAuthEntry::Contract(deposit)]);
            let opened = self
                .world
                .clearing()
                .try_open_position(&self.one, market, &long, &margin, &100, &least, &deadline);
            opened.ok()?.ok()
        });
        let Some(fill) = fill else { return };
        self.note(11);
        let over = if long { fill.quote_delta + margin } else { fill.quote_delta - margin };
        holds(11, &(market, long, margin, &fill), (0..=1).contains(&over));
    }

    /// 13: a reversal is a close and an opening, to the unit.
    fn reversal(&self, market: &Symbol, first: i128, then: i128) {
        let Some((at_once, _)) = self.after_trades(market, &[first, -first - then]) else { return };
        let Some((in_steps, _)) = self.after_trades(market, &[first, -first, -then]) else { return };
        self.note(13);
        holds(13, &(market, at_once.end(), in_steps.end()), at_once.end() == in_steps.end());
    }

    /// 15: in how many parts a position is closed makes no difference to what it cost: what is realised beyond the cash of the
    /// fills is its entry, whole, to the unit of each part.
    fn order_free(&self, market: &Symbol, size: i128) {
        let basis =
            |fills: &[Fill]| fills[1..].iter().map(|fill| fill.realized_pnl - fill.quote_delta).sum::<i128>();
        let Some((_, whole)) = self.after_trades(market, &[size, -size]) else { return };
        let Some((_, parts)) = self.after_trades(market, &[size, -size / 4, size / 4 - size]) else { return };
        self.note(15);
        let (whole, parts) = (basis(&whole), basis(&parts));
        holds(15, &(market, size, whole, parts), (whole - parts).abs() <= 2);
    }

    /// 21: what accounts of one person do with each other brings them nothing.
    fn one_person(&self, market: &Symbol, size: i128) {
        let env = &self.world.env;
        let both = || {
            let own = |who: &Address| Sight(Reading::of(&self.world, &Deed::Claim(who.clone()))).wealth();
            own(&self.one) + own(&self.other)
        };
        let totals = self.undone(|| {
            self.deposits(&self.one, PURSE / 2);
            env.as_contract(&self.other, || self.deposits(&self.other, PURSE / 2));
            let before = both();
            self.trades(&self.one, market, size)?;
            env.as_contract(&self.other, || self.trades(&self.other, market, -size))?;
            self.trades(&self.one, market, -size)?;
            env.as_contract(&self.other, || self.trades(&self.other, market, size))?;
            Some((before, both()))
        });
        let Some((before, after)) = totals else { return };
        self.note(21);
        holds(21, &(market, size, before, after), after <= before);
    }

    /// 31: a batch is its calls one after another, and all of it fails with one of them.
    fn batch(&self, market: &Symbol, size: i128) {
        let env = &self.world.env;
        let trade = |size_delta: i128| {
            let limit_price = if size_delta > 0 { ANY_PRICE_TO_BUY } else { ANY_PRICE_TO_SELL };
            ClearingRequest::Act(Action::Trade(TradeAction {
                limit_price,
                market: market.clone(),
                size_delta,
            }))
        };
        let submitted = |sizes: &[i128]| {
            self.undone(|| {
                self.deposits(&self.one, PURSE / 2);
                let before = self.sight();
                let mut requests = HostVec::new(env);
                sizes.iter().for_each(|size| requests.push_back(trade(*size)));
                let deadline = self.world.now() + 60;
                let done = self.world.clearing().try_submit(&self.one, &self.one, &requests, &deadline);
                (done.is_ok_and(|done| done.is_ok()), before, self.sight())
            })
        };
        let sizes = [size, size / 2, -size];
        let Some((calls, _)) = self.after_trades(market, &sizes) else { return };
        let (done, _, batch) = submitted(&sizes);
        self.note(31);
        holds(31, &(market, done, batch.end(), calls.end()), done && batch.end() == calls.end());
        // Nobody has so much.
        let (done, before, after) = submitted(&[size, size * 1_000]);
        holds(31, &(market, done), !done && before.end() == after.end());
    }

    /// 18: who is taken over is below the maintenance level by the numbers of the interface, and who is not is not.
    fn liquidations(&self, market: &Symbol) {
        let reading = self.sight().0;
        if !reading.is_plain() {
            return;
        }
        for person in self.world.people() {
            let Some(held) = self.world.clearing().position(&person.address, market) else { continue };
            let Some(short) = super::health::short(&self.world, &person.address) else { continue };
            let before = reading.markets[&market.to_string()].0.state;
            let (refused, after) = self.undone(|| {
                self.deposits(&self.one, PURSE / 2);
                let args = (&self.one, &person.address, market, held.size.abs()).into_val(&self.world.env);
                let clearing = &self.world.contracts().clearing;
                let call = Symbol::new(&self.world.env, "liquidate");
                let done = self.world.env.try_invoke_contract::<Val, Error>(clearing, &call, args);
                let refused = match done {
                    Ok(_) => None,
                    Err(Ok(error)) => Some(error.get_code()),
                    Err(Err(_)) => Some(0),
                };
                (refused, self.world.ledger().market(market).state)
            });
            self.note(18);
            // Each of a few values is rounded by a unit.
            let slack = BigInt::from(16);
            let what = (&person.name, market, &held, &short, refused);
            match refused {
                None => {
                    holds(18, &what, short > -&slack);
                    self.note(22);
                    let stays = (before.base_reserve, before.quote_reserve);
                    holds(22, &what, stays == (after.base_reserve, after.quote_reserve));
                }
                Some(NOT_LIQUIDATABLE) => holds(18, &what, short < slack),
                Some(_) => {}
            }
        }
    }

    /// 27: what enters the pool is not worth more at once.
    fn entering(&self) {
        let amount = 5_000 * USD;
        let value = self.undone(|| {
            self.deposits(&self.one, PURSE / 2);
            self.world.clearing().try_add_liquidity(&self.one, &amount, &0).ok()?.ok()?;
            Some(self.world.clearing().lp(&self.one).value)
        });
        let Some(value) = value else { return };
        self.note(27);
        holds(27, &(amount, value), value <= amount);
    }

    /// 6: settled twice in one ledger is settled once.
    fn settling(&self, market: &Symbol) {
        let people = self.world.people();
        let clearing = || self.world.clearing();
        let holders: Vec<_> =
            people.iter().filter(|who| clearing().position(&who.address, market).is_some()).collect();
        if let Some(holder) = holders.get(self.turn as usize % holders.len().max(1)) {
            let twice = self.undone(|| {
                let settled = || clearing().try_settle_funding(&holder.address, market).ok()?.ok();
                Some((settled()?, settled()?))
            });
            if let Some((first, second)) = twice {
                self.note(6);
                holds(6, &(market, &holder.name, first, second), second == 0);
            }
        }
    }

    /// 24: who claims first is paid what he would be paid last.
    pub fn claiming(&self) {
        if self.world.ledger().totals().pending == 0 {
            return;
        }
        let people = self.world.people();
        let waiting: Vec<_> = people
            .iter()
            .filter(|who| self.world.ledger().account(&who.address).pending.amount > 0)
            .collect();
        if let [first, second, ..] = waiting[..] {
            let paid = |order: [&Address; 2]| {
                self.undone(|| order.map(|who| self.world.clearing().claim_pending(who)))
            };
            let [one, two] = paid([&first.address, &second.address]);
            let [two_first, one_last] = paid([&second.address, &first.address]);
            self.note(24);
            holds(24, &(one, two, one_last, two_first), (one, two) == (one_last, two_first));
        }
    }
}
