//! One person with several accounts against the rules of a market, thousands of times: ledger, clearing-house and pool in one
//! struct, made of the functions that the contracts call. Prices of the settlement asset stay at one, and the index where it
//! is, unless a search says otherwise. The same person plays the contracts in the clearing-house's `test_adversaries`.
extern crate std;

use crate::fixed::{bps_ceil, bps_floor, mul_div_floor};
use crate::funding::{self, Funding};
use crate::margin::{initial_margin_bps, Deposit, Levels, Margin, PositionLine, Prices, Valuation};
use crate::perp_liquidation::TakeOver;
use crate::pool::{Exposure, Pool};
use crate::position::{Position, Totals};
use crate::settlement::{insurance_allowance, Buckets, Claim, Purse};
use crate::units::{BASE, INDEX, PRICE, QUOTE_SCALE, SETTLEMENT_DECIMALS, USD};
use crate::{curve, defaults, house};
use std::vec::Vec;

const LEVELS: Levels = Levels { opening_bps: 10_250, margin_call_bps: 10_000, liquidation_bps: 10_000 };
const X: i128 = 100_000 * BASE;
const Y: i128 = 1_000_000 * USD;

#[derive(Clone, Debug)]
struct Account {
    purse: Purse,
    position: Position,
}

/// A market at ten with everything behind it. What a rule refuses is `None`, and changes nothing.
#[derive(Clone)]
struct World {
    accounts: Vec<Account>,
    buckets: Buckets,
    fee_bps: u32,
    funding: Funding,
    index: i128,
    inventory: i128,
    /// The mark when the ledger began.
    ledger_mark: i128,
    now: u64,
    size_scaling_bps: u32,
    totals: Totals,
    written_off: i128,
    x: i128,
    y: i128,
}

impl World {
    fn new(deposits: &[i128], fee_bps: u32, size_scaling_bps: u32) -> World {
        let account = |dollars: &i128| Account {
            purse: Purse {
                claim: Claim { amount: 0, epoch: 0, fraction: INDEX },
                debt: 0,
                deposit: dollars * USD,
            },
            position: Position::default(),
        };
        World {
            accounts: deposits.iter().map(account).collect(),
            buckets: Buckets {
                borrowed: 0,
                claims: 0,
                claims_cut: 0,
                claims_epoch: 0,
                claims_fraction: INDEX,
                fees: 0,
                insurance: 50_000 * USD,
                lp: 300_000 * USD,
                pending: 0,
            },
            fee_bps,
            funding: Funding { long: 0, short: 0, rate: 0, price: 10 * PRICE, updated_at: 0 },
            index: 10 * PRICE,
            inventory: 0,
            ledger_mark: 10 * PRICE,
            now: 0,
            size_scaling_bps,
            totals: Totals::default(),
            written_off: 0,
            x: X,
            y: Y,
        }
    }

    fn mark(&self) -> i128 {
        curve::mark(self.x, self.y).unwrap()
    }

    /// What all accounts have, and what the buckets have: moves with nothing.
    fn tokens(&self) -> i128 {
        self.together() + self.buckets.net().unwrap()
    }

    fn together(&self) -> i128 {
        self.accounts.iter().map(|account| account.purse.deposit).sum()
    }

    fn exposure(&self) -> Exposure {
        Exposure {
            base_reserve: self.x,
            funding_long: self.funding.long,
            funding_short: self.funding.short,
            gap_bps: defaults::GAP_BPS,
            mmr_bps: defaults::MAINTENANCE_MARGIN_BPS,
            price: self.index,
            quote_reserve: self.y,
            sigma_bps: defaults::SIGMA_BPS,
            totals: self.totals,
        }
    }

    fn winners(&self) -> i128 {
        self.exposure().index_value().unwrap().max(0)
    }

    fn margin(&self, who: usize, valuation: Valuation) -> Margin {
        let Account { purse, position } = &self.accounts[who];
        let mut margin = Margin::new(valuation, Prices::flat(PRICE), LEVELS);
        let (amount, prices) = (purse.deposit, Prices::flat(PRICE));
        let deposit =
            Deposit { amount, decimals: SETTLEMENT_DECIMALS, levels: LEVELS, ltv_bps: 10_000, prices };
        margin.deposit(&deposit).unwrap();
        margin.perp_debt(purse.debt).unwrap();
        let (entry, size) = (position.entry, position.size);
        if size != 0 {
            let imr = initial_margin_bps(defaults::INITIAL_MARGIN_BPS, self.size_scaling_bps, size, self.x);
            let line = PositionLine {
                entry,
                exit: curve::exit_value(self.x, self.y, size).unwrap(),
                funding: position.funding_owed(self.funding.long, self.funding.short).unwrap(),
                imr_bps: imr.unwrap(),
                index: Prices::flat(self.index),
                mmr_bps: defaults::MAINTENANCE_MARGIN_BPS,
                size,
            };
            margin.position(&line).unwrap();
        }
        margin
    }

    /// What the accounts may take with them, leaving behind those that owe more than they have.
    fn take(&self) -> i128 {
        let equity = |who: usize| self.margin(who, Valuation::Live).equity().unwrap().max(0);
        (0..self.accounts.len()).map(equity).sum()
    }

    fn replace(&mut self, who: usize, position: Position) {
        self.totals = self.totals.replace(&self.accounts[who].position, &position).unwrap();
        self.accounts[who].position = position;
    }

    /// One fill that crosses nothing, as the ledger settles it.
    fn settle(&mut self, who: usize, size: i128, quote: i128, fee: i128) -> Option<()> {
        let old = self.accounts[who].position;
        let filled = old.fill(size, quote, self.funding.long, self.funding.short).ok()?;
        self.replace(who, filled.position);
        let winners = self.winners();
        let (buckets, purse) = (&mut self.buckets, &mut self.accounts[who].purse);
        let cash = filled.realized - filled.funding;
        if cash < 0 {
            buckets.lose(purse, -cash).unwrap();
        } else {
            buckets.gain(purse, cash, winners).unwrap();
        }
        buckets.charge(purse, fee).unwrap();
        buckets.relieve(winners).unwrap();
        Some(())
    }

    fn may_open(&self, who: usize) -> Option<()> {
        let mut pool = Pool::new(self.buckets.payable().unwrap(), self.buckets.claims);
        pool.market(&self.exposure()).unwrap();
        let holds = self.margin(who, Valuation::Open).opening_ok() && pool.headroom().unwrap() >= 0;
        holds.then_some(())
    }

    /// A fill as the ledger takes it: an increase within the margins and the reserve, a reduction that its owner pays.
    fn fill(&mut self, who: usize, size: i128, quote: i128) -> Option<()> {
        let increases = self.accounts[who].position.size.signum() != -size.signum();
        let fee = bps_ceil(quote.abs(), self.fee_bps).unwrap();
        self.settle(who, size, quote, fee)?;
        if increases {
            return self.may_open(who);
        }
        let Account { purse, position } = &self.accounts[who];
        let worth = mul_div_floor(size, self.index, QUOTE_SCALE).unwrap();
        let (gained, covered) = (worth + quote, purse.debt <= purse.deposit);
        let bad = purse.debt > 0 && purse.deposit == 0 && position.size == 0;
        if bad && purse.claim.amount < USD {
            return None;
        }
        let margin = self.margin(who, Valuation::Liquidation);
        let near = gained >= -bps_floor(worth.abs(), defaults::BAND_BPS).unwrap();
        let bears = near && margin.liquidation_ok() || covered && margin.equity().unwrap() >= 0;
        (covered && position.size == 0 || gained >= 0 || bears).then_some(())
    }

    fn is_minimum(&self, who: usize) -> Option<()> {
        let size = self.accounts[who].position.size;
        let notional = curve::notional_floor(size, self.index).unwrap();
        (size == 0 || notional >= defaults::MIN_NOTIONAL).then_some(())
    }

    fn on_curve(&mut self, who: usize, size: i128) -> Option<()> {
        let quote = curve::quote_for_base(self.x, self.y, size).ok()?;
        (self.x, self.y) = curve::after(self.x, self.y, size, quote).ok()?;
        self.fill(who, size, quote)
    }

    /// What is closed of `size`, and what is opened.
    fn split(&self, who: usize, size: i128) -> (i128, i128) {
        let held = self.accounts[who].position.size;
        match held.signum() == -size.signum() {
            false => (0, size),
            true if size.abs() <= held.abs() => (size, 0),
            true => (-held, size + held),
        }
    }

    fn trade(&self, who: usize, size: i128) -> Option<World> {
        if size == 0 {
            return None;
        }
        let mut next = self.clone();
        let (closing, opening) = self.split(who, size);
        let before = self.mark();
        if closing != 0 {
            next.reduce(who, closing, before)?;
        }
        if opening != 0 {
            next.on_curve(who, opening)?;
            let after = next.mark();
            let inside = curve::within(after, self.index, defaults::BAND_BPS).unwrap();
            let calm = curve::within(after, self.ledger_mark, defaults::IMPACT_BPS).unwrap();
            let most = bps_floor(next.x, defaults::POSITION_BPS).unwrap();
            let small = next.accounts[who].position.size.abs() <= most;
            if !calm || !small || !inside && !curve::approaches(before, after, self.index) {
                return None;
            }
        }
        next.is_minimum(who)?;
        Some(next)
    }

    fn reduce(&mut self, who: usize, size: i128, before: i128) -> Option<()> {
        let mut on_curve = self.clone();
        let done = on_curve.on_curve(who, size);
        let after = on_curve.mark();
        let cap = house::inventory_cap(self.buckets.payable().unwrap(), self.index).unwrap();
        let room = house::room(self.inventory, size, size.abs(), cap).unwrap();
        if room < size.abs()
            || curve::within(after, self.index, defaults::BAND_BPS).unwrap()
            || curve::approaches(before, after, self.index)
        {
            *self = on_curve;
            return done;
        }
        let quote =
            house::reduction((self.x, self.y), self.inventory, size, (self.index, self.index)).ok()?;
        self.inventory -= size;
        self.fill(who, size, quote)
    }

    /// Two accounts trade with each other at a price inside the band.
    fn matched(&self, buyer: usize, seller: usize, size: i128, price: i128) -> Option<World> {
        if size == 0 || buyer == seller || !curve::within(price, self.index, defaults::BAND_BPS).unwrap() {
            return None;
        }
        let mut next = self.clone();
        let quote = mul_div_floor(size, price, QUOTE_SCALE).unwrap();
        for (who, size, quote) in [(buyer, size, -quote), (seller, -size, quote)] {
            let (closing, opening) = next.split(who, size);
            let part = mul_div_floor(quote, closing, size).unwrap();
            for (size, quote) in [(closing, part), (opening, quote - part)] {
                if size != 0 {
                    next.fill(who, size, quote)?;
                }
            }
            next.is_minimum(who)?;
        }
        Some(next)
    }

    fn pass(&mut self, seconds: u64) {
        self.now += seconds;
        let (long, short) = (self.totals.long_interest, self.totals.short_interest);
        self.funding = funding::accrue(self.funding, self.now, long, short).unwrap();
        self.funding.rate = funding::rate(self.mark(), self.index).unwrap();
        self.funding.price = self.index;
        self.ledger_mark = self.mark();
    }

    /// `by` takes over what restores the target of an account that may be liquidated: into its own position, or for the pool.
    fn liquidate(&self, by: usize, who: usize, to_pool: bool) -> Option<World> {
        let margin = self.margin(who, Valuation::Liquidation);
        let position = self.accounts[who].position;
        if by == who || position.size == 0 || margin.liquidation_ok() {
            return None;
        }
        let take_over = TakeOver {
            buckets: self.buckets,
            effective: margin.effective,
            equity: margin.equity().unwrap(),
            index_long: self.funding.long,
            index_short: self.funding.short,
            market_value: self.exposure().index_value().unwrap(),
            min_notional: defaults::MIN_NOTIONAL,
            mmr_bps: defaults::MAINTENANCE_MARGIN_BPS,
            other_winners: 0,
            position,
            price: self.index,
            purse: self.accounts[who].purse,
            required: margin.required,
            settlement: Prices::flat(PRICE),
            settlement_ltv_bps: 10_000,
        };
        let done = take_over.outcome(take_over.size().ok()?).ok()?;
        let mut next = self.clone();
        next.buckets = done.buckets;
        next.accounts[who].purse = done.purse;
        next.replace(who, done.position);
        next.accounts[by].purse.deposit += done.liquidator_fee;
        if to_pool {
            let cap = house::inventory_cap(self.buckets.payable().unwrap(), self.index).unwrap();
            if house::room(self.inventory, -done.size, done.size.abs(), cap).unwrap() < done.size.abs() {
                return None;
            }
            next.inventory += done.size;
            let base = house::to_mark(next.x, next.y, next.index).unwrap();
            let sold = base.clamp(next.inventory.min(0), next.inventory.max(0));
            next.inventory -= sold;
            (next.x, next.y) = house::moved(next.x, next.y, sold).unwrap();
        } else {
            let (closing, opening) = next.split(by, done.size);
            let part = mul_div_floor(-done.quote, closing, done.size).unwrap();
            for (size, quote) in [(closing, part), (opening, -done.quote - part)] {
                if size != 0 {
                    next.settle(by, size, quote, 0)?;
                }
            }
            next.may_open(by)?;
        }
        next.write_off(who);
        Some(next)
    }

    /// Realises what nothing is left to pay.
    fn write_off(&mut self, who: usize) {
        let Account { purse, position } = &mut self.accounts[who];
        if purse.debt == 0 || purse.deposit > 0 || position.size != 0 {
            return;
        }
        self.buckets.offset(purse).unwrap();
        let allowed = insurance_allowance(self.buckets.insurance, 0, 0).unwrap();
        self.buckets.write_off(purse.debt, allowed).unwrap();
        self.written_off += core::mem::take(&mut purse.debt);
    }

    /// Everybody out, by whatever way there is.
    fn all_out(&mut self) {
        for _ in 0..20 {
            for who in 0..self.accounts.len() {
                let held = self.accounts[who].position.size;
                if held == 0 {
                    continue;
                }
                let other = (who + 1) % self.accounts.len();
                let next = self.trade(who, -held).or_else(|| self.liquidate(other, who, true));
                if let Some(next) = next {
                    *self = next;
                }
                self.pass(5);
            }
        }
        for who in 0..self.accounts.len() {
            assert_eq!(self.accounts[who].position.size, 0, "everybody can leave");
            self.buckets.collect(&mut self.accounts[who].purse).unwrap();
        }
    }

    /// Nothing was made or lost, no bucket is below zero, and the sums are those over the accounts.
    fn holds(&self, tokens: i128) {
        let b = &self.buckets;
        assert_eq!(self.tokens(), tokens);
        for bucket in [b.lp, b.insurance, b.fees, b.pending, b.claims, b.borrowed, b.payable().unwrap()] {
            assert!(bucket >= 0, "{b:?}");
        }
        let sum = |of: fn(&Account) -> i128| self.accounts.iter().map(of).sum::<i128>();
        assert_eq!(self.totals.net_size, sum(|account| account.position.size));
        assert_eq!(self.totals.entry, sum(|account| account.position.entry));
        assert_eq!(b.borrowed, sum(|account| account.purse.debt));
        assert_eq!(self.x + self.totals.net_size + self.inventory, X);
    }
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> i128 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i128::from((self.0 >> 33) % bound)
    }
}

/// What a search met.
#[derive(Debug, Default)]
struct Met {
    best: i128,
    bad_debts: u32,
    /// Trades, matches, own take-overs, the keeper's.
    done: [u32; 4],
}

/// Plays `sequences`; `gap_bps` of zero leaves the index where it is. The last account is an honest keeper's, who comes once an
/// hour and closes with the pool's capital whatever may be liquidated and the person's own accounts have not taken.
fn search(persons: usize, (fee_bps, scaling_bps): (u32, u32), gap_bps: u64, sequences: u64) -> Met {
    let mut met = Met { best: i128::MIN, ..Met::default() };
    for seed in 0..sequences {
        let mut dice = Dice(seed);
        let mut deposits: Vec<i128> = (0..persons).map(|_| 200 + dice.below(4_000)).collect();
        deposits.push(0);
        let mut world = World::new(&deposits, fee_bps, scaling_bps);
        let keeper = persons;
        let (tokens, start, insurance) = (world.tokens(), world.together(), world.buckets.insurance);
        for _ in 0..8 + dice.below(24) {
            let who = dice.below(persons as u64) as usize;
            let other = dice.below(persons as u64) as usize;
            let held = world.accounts[who].position.size;
            let (kind, next) = match dice.below(10) {
                0..=3 => {
                    // At ten a unit and ten times the margin: as many units as dollars. Mostly on one side, so that
                    // somebody pays funding.
                    let most = world.accounts[who].purse.deposit / USD * (30 + dice.below(70)) / 100;
                    let long = (dice.below(4) != 0) == (seed % 2 == 0);
                    (0, world.trade(who, most.min(950) * if long { BASE } else { -BASE }))
                }
                4 => (0, world.trade(who, -held * dice.below(101) / 100)),
                5..=6 => {
                    let end = [9_500, 9_510, 10_490, 10_500, 9_500 + dice.below(1_001)];
                    let price = world.index * end[dice.below(5) as usize] / 10_000;
                    let size = [held.abs(), (1 + dice.below(500)) * BASE][dice.below(2) as usize];
                    (1, world.matched(who, other, size, price))
                }
                7 => (2, world.liquidate(who, other, dice.below(2) == 0)),
                _ => {
                    if gap_bps > 0 && dice.below(2) == 0 {
                        let moved = dice.below(2 * gap_bps + 1) - i128::from(gap_bps);
                        world.index += world.index * moved / 10_000;
                        // The person is faster than the keeper.
                        continue;
                    }
                    for _ in 0..1 + dice.below(24) {
                        world.pass(3_600);
                        for who in 0..persons {
                            let by = dice.below(persons as u64) as usize;
                            let first =
                                if dice.below(2) == 0 { world.liquidate(by, who, false) } else { None };
                            if let Some(next) = first {
                                (world, met.done[2]) = (next, met.done[2] + 1);
                            }
                            if let Some(next) = world.liquidate(keeper, who, true) {
                                (world, met.done[3]) = (next, met.done[3] + 1);
                            }
                            world.holds(tokens);
                        }
                    }
                    continue;
                }
            };
            if let Some(next) = next {
                // What two accounts of one person trade with each other adds to nothing, if one of them is left with its debts.
                let more = if kind == 1 { next.take() - world.take() } else { 0 };
                assert!(more <= 4, "seed {seed}: {more} taken out of the pool");
                world = next;
                met.done[kind] += 1;
            }
            world.holds(tokens);
            if dice.below(2) == 0 {
                world.pass(5);
            }
        }
        if gap_bps > 0 {
            met.bad_debts += u32::from(world.written_off > 0);
            continue;
        }
        world.all_out();
        world.holds(tokens);
        let fees = world.accounts[keeper].purse.deposit;
        let profit = world.together() - fees - start;
        let lost = world.buckets.borrowed > 0 || world.written_off > 0 || world.buckets.insurance < insurance;
        if profit > 0 || lost {
            std::println!("seed {seed}: profit {profit}, written off {}", world.written_off);
        }
        met.best = met.best.max(profit);
        met.bad_debts += u32::from(lost);
    }
    std::println!("{persons} accounts, {sequences} sequences: {met:?}");
    met
}

fn sequences(by_default: u64) -> u64 {
    std::env::var("FUZZ_SEQUENCES").ok().and_then(|n| n.parse().ok()).unwrap_or(by_default)
}

#[test]
fn two_accounts_never_gain_at_a_constant_index() {
    let met = search(2, (defaults::TAKER_FEE_BPS, defaults::SIZE_SCALING_BPS), 0, sequences(4_000));
    assert!(met.best <= 0 && met.bad_debts == 0, "{met:?}");
    assert!(met.done.iter().all(|&done| done > 10), "not a story of refusals: {met:?}");
}

#[test]
fn four_accounts_never_gain_without_fees() {
    let met = search(4, (0, 0), 0, sequences(4_000));
    assert!(met.best <= 0 && met.bad_debts == 0, "{met:?}");
    assert!(met.done.iter().all(|&done| done > 10), "not a story of refusals: {met:?}");
}

#[test]
fn gaps_empty_no_bucket_below_zero() {
    let met = search(4, (defaults::TAKER_FEE_BPS, 0), 2_500, sequences(4_000));
    assert!(met.bad_debts > 10 && met.done.iter().all(|&done| done > 10), "{met:?}");
}
