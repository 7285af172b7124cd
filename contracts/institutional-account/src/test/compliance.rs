use super::views::order;
use super::{all, client, fixture, some};
use account_core::testing::fakes::FakeClearingClient;
use account_core::testing::{refused, Fixture, NOW};
use core::slice;
use margin_interface::{AccountError, Action, ClearingRequest, ConditionalOrder, Market, TradingHours};
use soroban_sdk::auth::Context;
use soroban_sdk::testutils::{Address as _, Ledger as _};
use soroban_sdk::{symbol_short, vec, Address};

fn check(f: &Fixture, context: Context) -> Result<(), account_core::testing::Refusal> {
    f.check_by(&some(f, 3), &[context])
}

#[test]
fn no_new_risk_in_a_blacklisted_market() {
    let f = fixture();
    let asset = Address::generate(&f.env);
    let markets = [Market::Asset(asset.clone()), Market::Perp(symbol_short!("BTC_USD"))];
    for market in &markets {
        assert_eq!(all(&f, "blacklist_market", (market.clone(),)), Ok(()));
    }
    let (this, vault) = (&f.account, &f.protocol.vault);
    let listed = refused(AccountError::BlacklistedMarket);
    assert_eq!(check(&f, f.borrow_of(&asset, 1)), listed);
    assert_eq!(check(&f, f.call(vault, "withdraw", (this, &asset, 1_i128, this))), listed);
    assert_eq!(check(&f, f.trade(1, false)), listed);
    assert_eq!(check(&f, f.open(1, 100)), listed);
    let requests =
        vec![&f.env, Action::Borrow(Address::generate(&f.env), 1), Action::Borrow(asset.clone(), 1)];
    assert_eq!(check(&f, f.call(vault, "submit", (this, this, requests))), listed);
    let amounts = (this, vec![&f.env, asset.clone()], vec![&f.env, 1_i128]);
    assert_eq!(check(&f, f.call(vault, "borrow_multiple", amounts)), listed);
    // Reductions and other markets.
    assert_eq!(check(&f, f.borrow(1)), Ok(()));
    assert_eq!(check(&f, f.trade(-1, true)), Ok(()));
    assert_eq!(f.check_by(&some(&f, 3), &[f.trade(-1, true), f.borrow(1)]), Ok(()));
    assert_eq!(check(&f, f.call(vault, "repay", (this, this, &asset, 1_i128))), Ok(()));
    assert_eq!(check(&f, f.call(vault, "deposit", (this, this, &asset, 1_i128))), Ok(()));
    for market in &markets {
        assert_eq!(all(&f, "unblacklist_market", (market.clone(),)), Ok(()));
    }
    assert_eq!(check(&f, f.borrow_of(&asset, 1)), Ok(()));
    assert_eq!(check(&f, f.trade(1, false)), Ok(()));
}

/// Whoever liquidates takes the position over: risk like any other, if nobody knows how much.
#[test]
fn no_liquidation_takes_over_what_is_blacklisted_or_closed() {
    let f = fixture();
    let market = symbol_short!("BTC_USD");
    let take_over = f.call(&f.protocol.perp_clearing, "liquidate", (&f.account, &f.owner, &market, 1_i128));
    let everybody = || f.check_by(&some(&f, 5), slice::from_ref(&take_over));
    assert_eq!(everybody(), Ok(()));
    for (other, result) in [
        (Market::Perp(symbol_short!("ETH_USD")), Ok(())),
        (Market::Perp(market.clone()), refused(AccountError::BlacklistedMarket)),
    ] {
        assert_eq!(all(&f, "blacklist_market", (other.clone(),)), Ok(()));
        assert_eq!(everybody(), result);
        assert_eq!(all(&f, "unblacklist_market", (other,)), Ok(()));
    }
    let minute = u32::try_from(NOW % 86_400 / 60).unwrap();
    let over = TradingHours { start: minute - 60, end: minute, weekdays: 0b111_1111 };
    assert_eq!(all(&f, "set_trading_hours", (over,)), Ok(()));
    assert_eq!(everybody(), refused(AccountError::OutsideTradingHours));
}

#[test]
fn the_blacklist_is_a_bounded_set() {
    let f = fixture();
    let market = Market::Perp(symbol_short!("BTC_USD"));
    let invalid = Err(Some(AccountError::InvalidConfig));
    assert_eq!(all(&f, "unblacklist_market", (market.clone(),)), invalid);
    assert_eq!(all(&f, "blacklist_market", (market.clone(),)), Ok(()));
    assert_eq!(all(&f, "blacklist_market", (market.clone(),)), invalid);
    for _ in 1..32 {
        assert_eq!(all(&f, "blacklist_market", (Market::Asset(Address::generate(&f.env)),)), Ok(()));
    }
    assert_eq!(all(&f, "blacklist_market", (Market::Asset(Address::generate(&f.env)),)), invalid);
    assert_eq!(client(&f).blacklist().len(), 32);
    assert_eq!(f.institutes(&some(&f, 4), "unblacklist_market", (market,)), Err(None));
}

#[test]
fn new_risk_only_within_trading_hours() {
    let f = fixture();
    // Over midnight, on Mondays only.
    let monday = NOW - NOW % 86_400 + (7 - (NOW / 86_400 + 3) % 7) * 86_400;
    let hours = TradingHours { start: 22 * 60, end: 2 * 60, weekdays: 1 };
    assert_eq!(all(&f, "set_trading_hours", (hours.clone(),)), Ok(()));
    assert_eq!(client(&f).trading_hours(), hours);
    let (open, close) = (monday + 22 * 3_600, monday + 26 * 3_600);
    let outside = refused(AccountError::OutsideTradingHours);
    for (at, result) in
        [(open - 1, outside), (open, Ok(())), (close - 1, Ok(())), (close, outside), (open + 86_400, outside)]
    {
        f.env.ledger().set_timestamp(at);
        assert_eq!(check(&f, f.borrow(1)), result);
        assert_eq!(check(&f, f.trade(-1, true)), Ok(()), "reductions are exempt");
        assert_eq!(
            check(
                &f,
                f.call(
                    &f.protocol.vault,
                    "submit",
                    (&f.account, &f.account, vec![&f.env, Action::Repay(f.owner.clone(), 1)])
                )
            ),
            Ok(())
        );
        // What a batch does for somebody else is risk of somebody else.
        let loan = vec![&f.env, Action::Borrow(f.owner.clone(), 1)];
        let foreign = f.call(&f.protocol.vault, "submit", (&f.account, &f.owner, loan));
        assert_eq!(f.check_by(&some(&f, 5), slice::from_ref(&foreign)), Ok(()));
        assert_eq!(f.check_by(&some(&f, 5), &[f.borrow(1), foreign]), result);
    }
}

/// What rests is filled without asking: not in what is forbidden meanwhile, and not after the hours.
#[test]
fn what_rests_obeys_the_list_and_the_hours_as_well() {
    let f = fixture();
    let clearing = FakeClearingClient::new(&f.env, &f.protocol.perp_clearing);
    let market = Market::Perp(symbol_short!("ETH_USD"));
    assert_eq!(all(&f, "blacklist_market", (market.clone(),)), Ok(()));
    assert_eq!(clearing.epoch(), 1);
    assert_eq!(all(&f, "unblacklist_market", (market,)), Ok(()));
    assert_eq!(clearing.epoch(), 1, "nothing is forbidden that was permitted");

    let minute = u32::try_from(NOW % 86_400 / 60).unwrap();
    let place = |expires_at, reduce_only, batched| {
        let resting = ConditionalOrder { expires_at, reduce_only, ..order(&f, 1) };
        let clearing = &f.protocol.perp_clearing;
        let context = if batched {
            let requests = vec![&f.env, ClearingRequest::PlaceOrder(resting)];
            f.call(clearing, "submit", (&f.account, &f.account, requests, NOW))
        } else {
            f.call(clearing, "place_order", (resting,))
        };
        f.check_by(&some(&f, 5), &[context])
    };
    let always = client(&f).trading_hours();
    let hours = TradingHours { start: minute, end: minute + 60, weekdays: 0b111_1111 };
    assert_eq!(place(u64::MAX, false, false), Ok(()));
    assert_eq!(all(&f, "set_trading_hours", (hours,)), Ok(()));
    assert_eq!(clearing.epoch(), 2);
    let close = NOW - NOW % 60 + 3_600;
    let outside = refused(AccountError::OutsideTradingHours);
    for batched in [false, true] {
        assert_eq!(place(close, false, batched), Ok(()));
        assert_eq!(place(close + 1, false, batched), outside);
        assert_eq!(place(u64::MAX, true, batched), Ok(()), "reductions are exempt");
    }
    // What is filled as it is signed is judged then.
    let order = ConditionalOrder { expires_at: u64::MAX, ..order(&f, 1) };
    let at_once = f.call(&f.protocol.perp_clearing, "execute_order", (order,));
    assert_eq!(f.check_by(&some(&f, 5), &[at_once]), Ok(()));
    assert_eq!(all(&f, "set_trading_hours", (always,)), Ok(()));
    assert_eq!(clearing.epoch(), 2, "nothing is forbidden that was permitted");
}

#[test]
fn hours_that_never_open_are_refused() {
    let f = fixture();
    let every_day = TradingHours { start: 0, end: 0, weekdays: 0b111_1111 };
    assert_eq!(client(&f).trading_hours(), every_day);
    for hours in [
        TradingHours { start: 1_440, ..every_day.clone() },
        TradingHours { end: 1_440, ..every_day.clone() },
        TradingHours { weekdays: 0, ..every_day.clone() },
        TradingHours { weekdays: 128, ..every_day.clone() },
    ] {
        assert_eq!(all(&f, "set_trading_hours", (hours,)), Err(Some(AccountError::InvalidConfig)));
    }
    assert_eq!(f.institutes(&some(&f, 4), "set_trading_hours", (every_day,)), Err(None));
}
