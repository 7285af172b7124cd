//! What an indexer may rely on: a change of an account or of a market is told, with its number.
extern crate std;

use crate::test_perp::{World, BTC};
use margin_interface::{permissions, Bucket, Limits};
use margin_math::units::{BASE, USD};
use soroban_sdk::{
    testutils::Events as _,
    vec,
    xdr::{ContractEventBody, ScVal},
    Address, TryFromVal,
};
use std::vec::Vec;

/// One event: its topics and the numbers of its fields `*_seq`.
struct Told {
    topics: Vec<ScVal>,
    seqs: Vec<u64>,
}

fn last_told(w: &World) -> Vec<Told> {
    let read = |event: &soroban_sdk::xdr::ContractEvent| {
        let ContractEventBody::V0(body) = &event.body;
        let ScVal::Map(Some(data)) = &body.data else { panic!("an event without fields") };
        let seqs = data.iter().filter_map(|entry| match (&entry.key, &entry.val) {
            (ScVal::Symbol(name), ScVal::U64(seq)) if name.to_utf8_string_lossy().ends_with("_seq") => {
                Some(*seq)
            }
            _ => None,
        });
        Told { topics: body.topics.to_vec(), seqs: seqs.collect() }
    };
    w.env.events().all().events().iter().map(read).collect()
}

/// The numbers of whatever a mirror follows: the four accounts, and the market.
fn numbers(w: &World) -> Vec<(ScVal, u64)> {
    let of = |address: &Address| {
        let name = ScVal::try_from_val(&w.env, &address.to_val()).unwrap();
        (name, w.ledger.account(address).seq)
    };
    let mut numbers: Vec<_> = [&w.alice, &w.bob, &w.keeper, &w.provider].map(of).into();
    let market = ScVal::try_from_val(&w.env, &BTC.to_val()).unwrap();
    numbers.push((market, w.ledger.market(&BTC).seq));
    numbers
}

/// Each number rises by one at most, and where it does an event that names its owner carries it.
fn is_told<T>(w: &World, name: &str, call: impl FnOnce() -> T) -> T {
    let before = numbers(w);
    let result = call();
    let told = last_told(w);
    let mut changed = 0;
    for ((owner, old), (_, new)) in before.iter().zip(numbers(w)) {
        if *old == new {
            continue;
        }
        changed += 1;
        assert_eq!(new, old + 1, "{name}: one call, one number");
        let carried = told.iter().any(|event| event.topics.contains(owner) && event.seqs.contains(&new));
        assert!(carried, "{name}: {owner:?} has {new}, and nobody was told");
    }
    assert!(changed > 0, "{name} changed nothing");
    result
}

/// `asset_seq` and `settlement_seq` are not promised: a fill moves totals and buckets, and tells neither.
#[test]
fn every_change_of_an_account_and_of_a_market_is_told_with_its_number() {
    let w = World::new();
    let ledger = &w.ledger;
    let usdc = w.usdc.clone();
    is_told(&w, "credit", || ledger.credit(&w.alice, &w.alice, &usdc, &(2_000 * USD)));
    is_told(&w, "debit", || ledger.debit(&w.alice, &usdc, &USD));
    w.give(&w.bob, 5_000);
    w.give(&w.keeper, 50_000);
    let totals = (ledger.asset(&usdc).totals.seq, ledger.totals().seq);
    is_told(&w, "open", || {
        let state = w.state();
        ledger.apply_fill(&w.alice, &BTC, &(10 * BASE), &(-1_001 * USD), &USD, &state)
    });
    assert_eq!((ledger.asset(&usdc).totals.seq, ledger.totals().seq), (totals.0 + 1, totals.1 + 1));
    is_told(&w, "reduce", || ledger.apply_fill(&w.alice, &BTC, &-BASE, &(100 * USD), &USD, &w.state()));
    is_told(&w, "push", || ledger.push_market(&BTC, &w.state()));
    is_told(&w, "settle", || ledger.settle(&w.alice, &BTC, &0, &w.state()));
    is_told(&w, "pool", || ledger.move_bucket(&w.provider, &Bucket::Lp, &USD));
    is_told(&w, "leave", || ledger.move_bucket(&w.provider, &Bucket::Lp, &-USD));
    is_told(&w, "insure", || ledger.move_bucket(&w.keeper, &Bucket::Insurance, &(100 * USD)));
    is_told(&w, "tip", || ledger.pay_executor(&w.alice, &w.keeper, &USD));
    is_told(&w, "limits", || ledger.set_limits(&w.alice, &Limits::NONE));
    is_told(&w, "in kind", || ledger.set_in_kind(&w.alice, &vec![&w.env, usdc.clone()]));
    let soon = w.env.ledger().timestamp() + 100;
    is_told(&w, "grant", || ledger.grant(&w.alice, &w.bob, &permissions::TRADE, &soon));
    is_told(&w, "revoke", || ledger.revoke(&w.alice, &w.bob));
    is_told(&w, "revoke all", || ledger.revoke_all(&w.alice));
    is_told(&w, "borrow", || ledger.borrow(&w.bob, &usdc, &(10 * USD)));
    is_told(&w, "repay", || ledger.repay(&w.bob, &usdc, &USD));
    is_told(&w, "net", || ledger.repay_with_collateral(&w.bob, &usdc, &(100 * USD)));
    // 2,000 less a little against a position of 9: at nothing it owes; then everything of it goes, and the rest is lost.
    is_told(&w, "leave most", || ledger.debit(&w.alice, &usdc, &(1_780 * USD)));
    w.index_at(77);
    is_told(&w, "call", || ledger.margin_call(&w.alice));
    w.index_at(60);
    is_told(&w, "flag", || ledger.flag(&w.alice));
    is_told(&w, "take over", || {
        let all = i128::MAX;
        ledger.take_over(&w.keeper, &w.alice, &BTC, &all, &false, &w.state())
    });
    is_told(&w, "wind down", || ledger.settle(&w.keeper, &BTC, &(60 * 10_i128.pow(14)), &w.state()));
}
