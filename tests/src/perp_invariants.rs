//! What must hold of the perpetuals after every call, by the numbers of the design's research (`docs/perpetuals.md`). What
//! belongs to the ledger as a whole is in `invariants`. Everything is recomputed; nothing is shared with the code under
//! test.

pub mod health;
pub mod probes;
pub mod steps;

use crate::actor::Actor;
use crate::model::perp::maintenance;
use crate::world::World;
use margin_interface::{
    AccountState, AccountStatus, House, MarketStage, PerpMarket, PriceStatus, Settlement,
};
use margin_math::units::INDEX;
use num_bigint::BigInt;
use soroban_sdk::{vec, Address, Symbol};
use std::collections::BTreeMap;

/// What the perpetuals looked like, so that the next check can compare.
#[derive(Clone, Default)]
pub struct Memory {
    accounts: BTreeMap<String, AccountState>,
    markets: BTreeMap<String, PerpMarket>,
    /// Of each curve since it was last moved otherwise than by trades: the quote reserve without positions.
    left_in_curve: BTreeMap<String, BigInt>,
    buckets: Option<Settlement>,
}

impl Memory {
    /// What one account had is another's from now on.
    pub(crate) fn moved(&mut self, from: &str, to: &str) {
        if let Some(had) = self.accounts.remove(from) {
            self.accounts.insert(to.into(), had);
        }
    }
}

#[track_caller]
pub(crate) fn holds(number: u32, what: &dyn std::fmt::Debug, condition: bool) {
    assert!(condition, "perpetual invariant {number} broken for {what:?}");
}

/// Checks all of them; panics with the number of the first that does not hold.
#[track_caller]
pub fn check(world: &World, memory: &mut Memory) {
    let ledger = world.ledger();
    let markets: Vec<(Symbol, PerpMarket)> =
        ledger.markets().iter().map(|market| (market.clone(), ledger.market(&market))).collect();
    for (market, record) in &markets {
        let house = world.clearing().house(market);
        traders_never_beat_the_curve(market, record, &house, memory);
        if let Some(before) = memory.markets.get(&format!("{market:?}")) {
            receivers_never_get_more(market, before, record);
            margins_rise_slowly(market, before, record);
        }
        stage_is_final(market, record, &house);
    }
    for actor in world.people() {
        let account = ledger.account(&actor.address);
        if let Some(before) = memory.accounts.get(&actor.name) {
            for (market, record) in &markets {
                let (old, new) = (size(before, market), size(&account, market));
                no_dust(world, &(&actor.name, market), record, old, new);
                a_flag_only_shrinks(&(&actor.name, market), before, &account, old, new);
                // At a doubtful price only take-overs add to a position, and the oracle of this moment values no opening.
                let status = world.oracle().quote(&record.config.index).status;
                let doubtful = matches!(status, PriceStatus::Degraded | PriceStatus::Tripped);
                if !doubtful && (new.abs() > old.abs() || (new != 0 && old.signum() == -new.signum())) {
                    let summary = ledger.preview(&actor.address, &vec![&world.env]);
                    holds(16, &(&actor.name, market, old, new, &summary), summary.opening_ok);
                }
            }
            orders_die_with_a_flag(world, &actor.name, before, &account);
            withdrawals_are_covered(world, &actor, before, &account);
        }
        no_empty_position(&actor.name, &account);
        memory.accounts.insert(actor.name.clone(), account);
    }
    let buckets = ledger.totals();
    if let Some(before) = memory.buckets.replace(buckets.clone()) {
        insurance_is_rationed(&before, &buckets);
    }
    memory.markets = markets.into_iter().map(|(market, record)| (format!("{market:?}"), record)).collect();
}

fn size(account: &AccountState, market: &Symbol) -> i128 {
    account.positions.get(market.clone()).map_or(0, |position| position.size)
}

/// 5: what the curve would hold if all traders, and the pool with its inventory, left through it now, never falls: together
/// they never got anything out of it.
fn traders_never_beat_the_curve(market: &Symbol, record: &PerpMarket, house: &House, memory: &mut Memory) {
    let (x, y) = (record.state.base_reserve, record.state.quote_reserve);
    let sold = record.totals.net_size + house.inventory;
    let left = BigInt::from(y) - BigInt::from(y) * sold / (BigInt::from(x) + sold);
    let key = format!("{market:?} {} {}", house.repegged_at, x + sold);
    let before = memory.left_in_curve.insert(key, left.clone()).unwrap_or_default();
    // Up to the unit in which this division is rounded.
    holds(5, &(market, &before, &left), left >= &before - 1);
}

/// 6: what accrued since the last look is owed by one side at least as much as it is owed to the other; the rate is at most
/// 10% per period.
fn receivers_never_get_more(market: &Symbol, before: &PerpMarket, after: &PerpMarket) {
    let grown = |long: i128, old: i128, interest: i128| BigInt::from(long - old) * interest;
    let owed = grown(after.state.funding_long, before.state.funding_long, before.totals.long_interest)
        + grown(after.state.funding_short, before.state.funding_short, before.totals.short_interest);
    holds(6, &(market, before, after), owed >= BigInt::from(0));
    holds(6, &(market, after.state.funding_rate), after.state.funding_rate.abs() <= INDEX / 10);
}

/// 30: when the maintenance margin of a market changes, that of existing positions does not jump up: it begins where it was.
fn margins_rise_slowly(market: &Symbol, before: &PerpMarket, after: &PerpMarket) {
    let changed = before.config.mmr_bps != after.config.mmr_bps;
    let (was, is) = (maintenance(before, after.mmr_since), maintenance(after, after.mmr_since));
    holds(
        30,
        &(market, before, after),
        if changed { is == was.min(after.config.mmr_bps) } else { is == was },
    );
}

/// 14: whatever changed a position left none that is worth less than the market's minimum.
fn no_dust(world: &World, what: &dyn std::fmt::Debug, record: &PerpMarket, old: i128, new: i128) {
    if old == new || new == 0 {
        return;
    }
    let index = world.oracle().quote(&record.config.index);
    if matches!(index.status, PriceStatus::Live | PriceStatus::Degraded) {
        let notional = BigInt::from(new.abs()) * index.mid / BigInt::from(10).pow(21);
        holds(14, &(what, new, index.mid), notional >= BigInt::from(record.config.min_notional));
    }
}

/// 14: a position of nothing is none.
fn no_empty_position(name: &str, account: &AccountState) {
    for (market, position) in account.positions.iter() {
        holds(14, &(name, market), position.size != 0);
    }
}

/// 17: whoever took a deposit out, and changed nothing else, has enough without any gain that is not realised or not paid.
fn withdrawals_are_covered(world: &World, actor: &Actor, before: &AccountState, after: &AccountState) {
    let fell = |(asset, shares): (Address, i128)| after.deposits.get(asset).unwrap_or(0) < shares;
    let alone = before.positions == after.positions
        && before.debts == after.debts
        && before.perp_debt == after.perp_debt;
    let exposed = !after.positions.is_empty() || !after.debts.is_empty() || after.perp_debt > 0;
    if alone && exposed && before.deposits.iter().any(fell) {
        if let Some(covered) = health::opens_without_gains(world, &actor.address) {
            holds(17, &(&actor.name, before, after), covered);
        }
    }
}

/// 33: who is flagged may only shrink.
fn a_flag_only_shrinks(
    what: &dyn std::fmt::Debug,
    before: &AccountState,
    after: &AccountState,
    old: i128,
    new: i128,
) {
    if before.status == AccountStatus::Flagged && after.status == AccountStatus::Flagged {
        holds(33, &(what, old, new), new.abs() <= old.abs() && (new == 0 || new.signum() == old.signum()));
    }
}

/// 33: with a flag a new epoch begins, and none ever comes back.
fn orders_die_with_a_flag(world: &World, name: &str, before: &AccountState, after: &AccountState) {
    let flagged = before.status != AccountStatus::Flagged && after.status == AccountStatus::Flagged;
    holds(33, &(name, before.flags, after.flags), after.flags >= before.flags + u32::from(flagged));
    if flagged {
        let people = world.people();
        let Some(actor) = people.iter().find(|actor| actor.name == name) else { return };
        let book = world.clearing().orders(&actor.address);
        holds(33, &(name, book.epoch), book.epoch >= u64::from(after.flags));
    }
}

/// 23: nothing a call does costs insurance more than its part of what there is: a tenth for an account, a fifth for a market
/// in a day, a quarter for the backstop of lending.
fn insurance_is_rationed(before: &Settlement, after: &Settlement) {
    let spent = before.insurance - after.insurance;
    holds(23, &(before, after), spent <= before.insurance / 4 + 1);
    if after.insurance_spent > 0 && after.insurance_day == before.insurance_day {
        let day = after.insurance_spent - before.insurance_spent;
        holds(23, &(before, after), day <= before.insurance / 10 + 1);
        holds(
            23,
            &(before, after),
            2 * after.insurance_spent <= before.insurance + before.insurance_spent + 1,
        );
        for (market, spent) in after.insurance_markets.iter() {
            let more = spent > before.insurance_markets.get(market).unwrap_or(0);
            let allowed = 5 * spent <= before.insurance + before.insurance_spent + 5;
            holds(23, &(before, after), !more || allowed);
        }
    }
}

/// 25: a market that was wound down has one price, and keeps it.
fn stage_is_final(market: &Symbol, record: &PerpMarket, house: &House) {
    let priced = record.state.clearing_price > 0;
    holds(25, &(market, house), (house.stage == MarketStage::WindDown) == priced);
}
