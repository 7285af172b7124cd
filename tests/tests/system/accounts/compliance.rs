//! An institution's own rules: markets, hours, and a trail that proves itself.

use super::{furnished, LITTLE};
use margin_interface::AccountError::{BlacklistedMarket, InvalidConfig, OutsideTradingHours};
use margin_interface::{ClearingError, ConditionalOrder, Market, TradingHours};
use margin_tests::accounts::DAY;
use margin_tests::actor::Actor;
use margin_tests::audit;
use margin_tests::fixture::{Fixture, BTC_USD, ETH_USD};
use margin_tests::money::{milli_base, price, usdc, usdt, Coin};
use margin_tests::operations::Order;
use margin_tests::orders::{execute, order, place};
use margin_tests::refusal::assert_refused;

crate::in_both_modes!(
    p35_hours_run_over_midnight_and_weekdays,
    p35_hours_that_mean_nothing_are_refused,
    p36_a_blacklist_names_what_the_venue_names,
    p36_what_rests_obeys_the_list_and_the_hours,
    the_audit_trail_is_verified_from_its_events,
    a_reader_notices_a_missing_and_an_altered_record,
);

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

fn bank(f: &Fixture) -> Actor {
    furnished(f, f.institution("bank", 3))
}

/// Lets time pass until the given weekday (0 is Monday) and second of the day, UTC.
fn wait_for(f: &Fixture, weekday: u64, second: u64) {
    // The epoch was a Thursday.
    let now = (f.now() + 3 * DAY) % (7 * DAY);
    let wanted = weekday * DAY + second;
    f.pass((wanted + 7 * DAY - now) % (7 * DAY));
    assert_eq!((f.now() / DAY + 3) % 7, weekday);
}

/// From 22:00 until 02:00 of the next day, Monday to Friday: Saturday morning belongs to Friday, Monday morning to nobody.
fn p35_hours_run_over_midnight_and_weekdays(f: &Fixture) {
    let bank = bank(f);
    let agent = f.session(&bank, "agent", |grant| grant.expires_at = f.now() + 60 * DAY);
    bank.borrow(usdt(10)).ok();
    let hours = TradingHours { start: 22 * 60, end: 2 * 60, weekdays: 0b001_1111 };
    f.administer::<()>(&bank, "set_trading_hours", (hours.clone(),)).ok();
    assert_eq!(f.institutional(&bank).trading_hours(), hours);
    let moments = [
        (0, 0, false),
        (0, 2 * HOUR - 1, false),
        (0, 22 * HOUR - 1, false),
        (0, 22 * HOUR, true),
        (1, 0, true),
        (1, 2 * HOUR - 1, true),
        (1, 2 * HOUR, false),
        (4, 22 * HOUR, true),
        (5, 2 * HOUR - 1, true),
        (5, 2 * HOUR, false),
        (5, 23 * HOUR, false),
        (6, HOUR, false),
        (6, 23 * HOUR, false),
    ];
    for (weekday, second, open) in moments {
        wait_for(f, weekday, second);
        for who in [&bank, &agent] {
            let borrow = who.borrow(LITTLE);
            let trade = who.trade(Order::market(BTC_USD, milli_base(1)).at(price(51_000)));
            if open {
                borrow.ok();
                trade.ok();
            } else {
                assert_refused(borrow, &bank, OutsideTradingHours);
                assert_refused(trade, &bank, OutsideTradingHours);
                assert_refused(who.open_position(BTC_USD, true, usdc(100), 100), &bank, OutsideTradingHours);
            }
        }
        // What lowers the risk, and the account's own business, has no hours.
        bank.repay(Coin::Usdt.units(1)).ok();
        agent.deposit(usdc(1)).ok();
        f.administer::<()>(&bank, "set_trading_hours", (hours.clone(),)).ok();
    }
    wait_for(f, 6, 12 * HOUR);
    bank.trade(Order::market(BTC_USD, -milli_base(1)).reducing()).ok();
    agent.close_at(f.symbol(BTC_USD), price(49_000)).ok();
}

fn p35_hours_that_mean_nothing_are_refused(f: &Fixture) {
    let bank = bank(f);
    let set = |start, end, weekdays| {
        f.administer::<()>(&bank, "set_trading_hours", (TradingHours { start, end, weekdays },))
    };
    set(1_440, 0, 127).fails(InvalidConfig);
    set(0, 1_440, 127).fails(InvalidConfig);
    set(0, 60, 0).fails(InvalidConfig);
    set(0, 60, 128).fails(InvalidConfig);
    // Equal ends: the whole day.
    set(600, 600, 127).ok();
    bank.borrow(LITTLE).ok();
}

fn p36_a_blacklist_names_what_the_venue_names(f: &Fixture) {
    let bank = bank(f);
    let agent = f.session(&bank, "agent", |_| ());
    bank.borrow(Coin::Eth.milli(20)).ok();
    bank.trade(Order::market(ETH_USD, milli_base(100)).at(price(2_010))).ok();
    let perp = Market::Perp(f.symbol(ETH_USD));
    let asset = Market::Asset(f.token(Coin::Eth).clone());
    let trade = |who: &Actor| who.trade(Order::market(ETH_USD, milli_base(10)).at(price(2_010)));
    let set = |function, market: &Market| f.administer::<()>(&bank, function, (market.clone(),));

    set("blacklist_market", &perp).ok();
    for who in [&bank, &agent] {
        assert_refused(trade(who), &bank, BlacklistedMarket);
        assert_refused(who.open_position(ETH_USD, false, usdc(100), 100), &bank, BlacklistedMarket);
        // Beside something harmless, and where it will never be executed.
        assert_refused(
            bank.borrow(LITTLE)
                .also_signing(bank.trade_call(Order::market(ETH_USD, milli_base(10)).at(price(2_010)))),
            &bank,
            BlacklistedMarket,
        );
        // The asset is another market, and so is bitcoin.
        who.borrow(LITTLE).ok();
        who.trade(Order::market(BTC_USD, milli_base(1)).at(price(51_000))).ok();
    }
    bank.trade(Order::market(ETH_USD, -milli_base(10)).reducing()).ok();

    set("blacklist_market", &asset).ok();
    for who in [&bank, &agent] {
        assert_refused(who.borrow(LITTLE), &bank, BlacklistedMarket);
        who.repay(LITTLE).ok();
    }
    agent.close_at(f.symbol(ETH_USD), price(1_950)).ok();
    assert_eq!(f.institutional(&bank).blacklist().len(), 2);
    set("blacklist_market", &asset).fails(InvalidConfig);
    set("unblacklist_market", &perp).ok();
    set("unblacklist_market", &perp).fails(InvalidConfig);
    set("unblacklist_market", &asset).ok();
    agent.borrow(LITTLE).ok();
    trade(&bank).ok();
    // The list is bounded.
    for place in 0..32 {
        set("blacklist_market", &Market::Perp(f.symbol(&format!("M{place}")))).ok();
    }
    set("blacklist_market", &perp).fails(InvalidConfig);
}

/// Everything the institution authorised in this story, from the events alone.
fn told(f: &Fixture, bank: &Actor) -> Vec<audit::Record> {
    let agent = f.session(bank, "agent", |_| ());
    let mut records = Vec::new();
    let mut note = || records.extend(audit::of_last_call(&f.world, &bank.address));
    note();
    bank.borrow(LITTLE).ok();
    note();
    agent.borrow(LITTLE).ok();
    note();
    f.pass(5);
    bank.pay(&f.lender.address, usdc(1)).ok();
    note();
    for _ in 0..8 {
        agent.borrow(LITTLE).ok();
        note();
    }
    f.by_itself(&agent, "renounce_session", (f.key(agent.key()),)).ok();
    note();
    records
}

fn the_audit_trail_is_verified_from_its_events(f: &Fixture) {
    let bank = bank(f);
    let before = f.institutional(&bank).audit_head();
    let records = told(f, &bank);
    let head = f.institutional(&bank).audit_head();
    assert_eq!(records.len(), 13, "each authorised entry once");
    assert_eq!(head.seq, before.seq + 13);
    assert_eq!(audit::verify(before.hash.to_array(), &records), Ok(head.hash.to_array()));
    let actions: Vec<&str> = records.iter().map(|record| record.action.as_str()).collect();
    assert_eq!(actions[..4], ["grant_session", "borrow", "borrow", "transfer"]);
    assert_eq!(records[1].actors.len(), 3, "who signed");
    assert_eq!(records[2].actors.len(), 1);

    // What is refused leaves no record; what stays on chain is the end of the same chain.
    assert_refused(
        bank.borrow(LITTLE).signed_by(&[bank.key()]),
        &bank,
        margin_interface::AccountError::InsufficientSignatures,
    );
    assert_eq!(f.institutional(&bank).audit_head(), head);
    let kept = f.institutional(&bank).audit_log(&0, &100);
    let last: Vec<[u8; 32]> = kept.iter().map(|record| record.hash.to_array()).collect();
    let told: Vec<[u8; 32]> = records.iter().map(|record| record.hash).collect();
    assert_eq!(last[..], told[told.len() - last.len()..]);
    assert_eq!(f.institutional(&bank).audit_log(&head.seq, &5).len(), 1);
    assert_eq!(f.institutional(&bank).audit_log(&(head.seq + 1), &5).len(), 0);
    assert_eq!(f.institutional(&bank).audit_log(&(head.seq - 3), &2).len(), 2);
}

fn a_reader_notices_a_missing_and_an_altered_record(f: &Fixture) {
    let bank = bank(f);
    let before = f.institutional(&bank).audit_head().hash.to_array();
    let records = told(f, &bank);
    let verify = |records: &[audit::Record]| audit::verify(before, records);
    assert!(verify(&records).is_ok());
    for place in 0..records.len() {
        let with = |change: &dyn Fn(&mut audit::Record)| {
            let mut altered = records.clone();
            change(&mut altered[place]);
            altered
        };
        assert!(verify(&with(&|record| record.at += 1)).is_err());
        assert!(verify(&with(&|record| record.action.push('x'))).is_err());
        assert!(verify(&with(&|record| record.actors.clear())).is_err());
        assert!(verify(&with(&|record| record.digest[0] ^= 1)).is_err());
        assert!(verify(&with(&|record| record.seq += 1)).is_err());
        if place + 1 < records.len() {
            let mut missing = records.clone();
            missing.remove(place);
            assert!(verify(&missing).is_err());
            let mut swapped = records.clone();
            swapped.swap(place, place + 1);
            assert!(verify(&swapped).is_err());
        }
    }
}

/// A resting order is filled without asking the account: not in a market that was forbidden meanwhile, and not after the hours.
fn p36_what_rests_obeys_the_list_and_the_hours(f: &Fixture) {
    let bank = bank(f);
    let next = |nonce| ConditionalOrder {
        epoch: f.clearing().orders(&bank.address).epoch,
        ..order(f, &bank, nonce, milli_base(10))
    };
    let first = next(1);
    place(f, &bank, &first).ok();
    f.administer::<()>(&bank, "blacklist_market", (Market::Perp(f.symbol(BTC_USD)),)).ok();
    execute(f, &f.keeper, &first).changes_nothing();
    f.administer::<()>(&bank, "unblacklist_market", (Market::Perp(f.symbol(BTC_USD)),)).ok();

    wait_for(f, 1, 10 * HOUR);
    let second = next(2);
    place(f, &bank, &second).ok();
    let hours = TradingHours { start: 9 * 60, end: 17 * 60, weekdays: 0b001_1111 };
    f.administer::<()>(&bank, "set_trading_hours", (hours,)).ok();
    execute(f, &f.keeper, &second).changes_nothing();
    let until = |hours: u64| ConditionalOrder { expires_at: f.now() + hours * HOUR, ..next(3) };
    assert_refused(place(f, &bank, &until(8)), &bank, OutsideTradingHours);
    let third = until(7);
    place(f, &bank, &third).ok();
    wait_for(f, 1, 17 * HOUR);
    execute(f, &f.keeper, &third).fails(ClearingError::OrderExpired);
}
