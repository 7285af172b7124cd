use super::{client, fixture, grant, granted, invalid, names, session, with_session};
use account_core::state::Session;
use account_core::storage;
use account_core::testing::{public, refused, secret, Fixture, Refusal, NOW};
use core::slice;
use ed25519_dalek::SigningKey;
use margin_interface::lifetime::BUMP;
use margin_interface::{AccountError, Action, Market, ProAccountClient, Scope, SessionGrant, SessionKey};
use margin_math::units::{BASE, PRICE};
use proptest::prelude::*;
use soroban_sdk::auth::Context;
use soroban_sdk::testutils::{storage::Persistent as _, Address as _, Events as _};
use soroban_sdk::{symbol_short, vec, Address, Bytes, BytesN, IntoVal, InvokeError};
use std::vec::Vec as List;

const DAY: u64 = 86_400;

fn check(f: &Fixture, contexts: &[Context]) -> Result<(), Refusal> {
    f.check_by(&[&session()], contexts)
}

#[test]
fn the_seeds_form_grants_everything_but_what_it_limits() {
    let f = fixture();
    let key = public(&f.env, &session());
    let ops = names(&f, &["borrow"]);
    let args = (key.clone(), NOW + 60, 500_i128, 1_000_i128, ops.clone());
    assert_eq!(f.administer("add_session_key", args), Ok(()));
    let expected = SessionGrant {
        allowed_ops: ops,
        daily_limit: 1_000,
        expires_at: NOW + 60,
        key,
        markets: Scope::All,
        max_leverage: 1_000,
        max_ops_per_day: u32::MAX,
        max_per_ledger: 500,
        max_per_tx: 500,
    };
    let all = client(&f).get_session_keys();
    let whole =
        SessionKey { grant: expected, left_in_ledger: 500, left_today: 1_000, ops_left_today: u32::MAX };
    assert_eq!(all, vec![&f.env, whole]);
    assert_eq!(check(&f, &[f.borrow(500)]), Ok(()));
}

#[test]
fn a_session_is_over_at_its_expiry() {
    let f = with_session();
    f.pass(7 * DAY - 1);
    assert_eq!(check(&f, &[f.borrow(1)]), Ok(()));
    f.pass(1);
    assert_eq!(check(&f, &[f.borrow(1)]), refused(AccountError::SessionExpired));
    assert_eq!(check(&f, &[f.trade(-1, true)]), refused(AccountError::SessionExpired), "not even reductions");
}

#[test]
fn limits_hold_per_entry_per_ledger_and_per_day() {
    let f = with_session();
    assert_eq!(check(&f, &[f.borrow(501)]), refused(AccountError::ExceedsSessionLimit));
    assert_eq!(check(&f, &[f.borrow(300)]), Ok(()));
    assert_eq!(client(&f).get_session_keys().first().unwrap().left_in_ledger, 200);
    // Another entry of the same transaction, or of the same ledger.
    assert_eq!(check(&f, &[f.borrow(201)]), refused(AccountError::ExceedsSessionLimit));
    assert_eq!(check(&f, &[f.borrow(200)]), Ok(()));
    f.pass(5);
    assert_eq!(check(&f, &[f.borrow(500)]), Ok(()));
    f.pass(5);
    assert_eq!(check(&f, &[f.borrow(1)]), refused(AccountError::DailyLimitExceeded));
    let left = client(&f).get_session_keys().first().unwrap();
    assert_eq!((left.left_in_ledger, left.left_today, left.ops_left_today), (500, 0, 97));
}

#[test]
fn the_ledger_limit_may_be_wider_than_the_entrys() {
    let f = fixture();
    granted(&f, SessionGrant { max_per_ledger: 800, ..grant(&f) });
    assert_eq!(check(&f, &[f.borrow(500)]), Ok(()));
    assert_eq!(check(&f, &[f.borrow(301)]), refused(AccountError::ExceedsSessionLimit));
    assert_eq!(check(&f, &[f.borrow(300)]), Ok(()));
}

#[test]
fn midnight_resets_nothing() {
    let f = with_session();
    let midnight = NOW - NOW % DAY + DAY;
    f.pass(midnight - NOW - 60);
    assert_eq!(check(&f, &[f.borrow(500)]), Ok(()));
    f.pass(5);
    assert_eq!(check(&f, &[f.borrow(500)]), Ok(()));
    f.pass(120);
    assert_eq!(check(&f, &[f.borrow(1)]), refused(AccountError::DailyLimitExceeded));
    f.pass(DAY - 200);
    assert_eq!(client(&f).get_session_keys().first().unwrap().left_today, 0);
    f.pass(3_600);
    assert_eq!(check(&f, &[f.borrow(500)]), Ok(()));
}

#[test]
fn the_number_of_entries_is_limited_too() {
    let f = fixture();
    granted(&f, SessionGrant { max_ops_per_day: 2, ..grant(&f) });
    for _ in 0..2 {
        assert_eq!(check(&f, &[f.borrow(1)]), Ok(()));
    }
    assert_eq!(check(&f, &[f.borrow(1)]), refused(AccountError::DailyLimitExceeded));
}

/// An account that is long a base unit at $100, a sale of `size` of it, and a purchase.
fn long_at_100() -> Fixture {
    let f = with_session();
    f.ledger().set_upper(&(100 * PRICE));
    f.ledger().hold(&BASE);
    f
}

fn reduce(f: &Fixture, size: i128, limit: i128) -> Context {
    let args = (f.account.clone(), symbol_short!("BTC_USD"), size, limit, true, NOW);
    f.call(&f.protocol.perp_clearing, "trade", args)
}

fn close(f: &Fixture, limit: i128) -> Context {
    let args = (f.account.clone(), symbol_short!("BTC_USD"), limit, NOW);
    f.call(&f.protocol.perp_clearing, "close_position", args)
}

fn left(f: &Fixture) -> (i128, u32) {
    let left = client(f).get_session_keys().first().unwrap();
    (left.left_today, left.ops_left_today)
}

#[test]
fn a_reduction_counts_by_what_it_may_lose() {
    // 500 units per entry: a sale of 1e-7 of the base unit at nothing loses 100 units.
    let small = BASE / 10_000_000;
    for (size, limit, loss) in [
        (-small, 100 * PRICE, 0),
        (-small, 101 * PRICE, 0),
        (-small, 99 * PRICE, 1),
        (-small, 1, 100),
        (-small - 1, 99 * PRICE, 2),
        (small, 50 * PRICE, 0),
        (small, 49 * PRICE, 0),
        (small, 51 * PRICE, 1),
        (small, 550 * PRICE, 500),
    ] {
        let f = long_at_100();
        assert_eq!(check(&f, &[reduce(&f, size, limit)]), Ok(()), "{size} {limit}");
        assert_eq!(left(&f), (1_000 - loss, 99), "{size} {limit}");
    }
    let f = long_at_100();
    assert_eq!(check(&f, &[reduce(&f, small, 551 * PRICE)]), refused(AccountError::ExceedsSessionLimit));
    assert_eq!(check(&f, &[reduce(&f, -BASE, 99 * PRICE)]), refused(AccountError::ExceedsSessionLimit));
    assert_eq!(check(&f, &[reduce(&f, i128::MIN, PRICE)]), refused(AccountError::ArithmeticOverflow));
    assert_eq!(left(&f), (1_000, 100));
}

#[test]
fn a_close_counts_by_the_position_it_closes() {
    let small = BASE / 10_000_000;
    for (held, limit, loss) in [
        (small, 100 * PRICE, 0),
        (small, 98 * PRICE, 2),
        (-small, 50 * PRICE, 0),
        (-small, 53 * PRICE, 3),
        (0, 1, 0),
    ] {
        let f = long_at_100();
        f.ledger().hold(&held);
        assert_eq!(check(&f, &[close(&f, limit)]), Ok(()), "{held} {limit}");
        assert_eq!(left(&f), (1_000 - loss, 99), "{held} {limit}");
    }
    let f = long_at_100();
    assert_eq!(check(&f, &[close(&f, 99 * PRICE)]), refused(AccountError::ExceedsSessionLimit));
}

/// Who holds a session's key opens and closes at the worst price that the venue permits, again and again.
#[test]
fn a_thief_cannot_trade_the_account_away() {
    let f = long_at_100();
    let small = BASE / 10_000_000;
    for _ in 0..20 {
        // 95% of the index: the edge of the band.
        assert_eq!(check(&f, &[reduce(&f, -10 * small, 95 * PRICE)]), Ok(()));
        f.pass(5);
    }
    assert_eq!(check(&f, &[reduce(&f, -10 * small, 95 * PRICE)]), refused(AccountError::DailyLimitExceeded));
    // The owner's reductions ask nobody.
    f.ledger().fail(&0);
    assert_eq!(f.check(&[reduce(&f, -BASE, 1), close(&f, 1)]), Ok(()));
}

#[test]
fn a_notional_is_rounded_up() {
    let f = fixture();
    granted(&f, SessionGrant { max_per_tx: 1, ..grant(&f) });
    assert_eq!(check(&f, &[f.open(1, 101)]), refused(AccountError::ExceedsSessionLimit));
    assert_eq!(check(&f, &[f.open(1, 100)]), Ok(()));
}

#[test]
fn whatever_a_session_does_counts_by_number() {
    let f = fixture();
    granted(&f, SessionGrant { max_ops_per_day: 2, ..grant(&f) });
    let token = Address::generate(&f.env);
    let deposit = f.call(&f.protocol.vault, "deposit", (&f.account, &f.account, &token, 5_i128));
    assert_eq!(check(&f, &[f.trade(-1, true)]), Ok(()));
    assert_eq!(check(&f, slice::from_ref(&deposit)), Ok(()));
    assert_eq!(check(&f, &[deposit]), refused(AccountError::DailyLimitExceeded));
    assert_eq!(check(&f, &[f.trade(-1, true)]), refused(AccountError::DailyLimitExceeded));
    assert_eq!(f.check(&[f.trade(-1, true)]), Ok(()));
}

#[test]
fn what_has_no_price_is_refused() {
    let f = with_session();
    let asset = Address::generate(&f.env);
    f.ledger().unlist(&asset);
    assert_eq!(check(&f, &[f.borrow_of(&asset, 1)]), refused(AccountError::StalePrice));
    // The whole deposit: its amount is not in the arguments.
    let args = (f.account.clone(), asset.clone(), i128::MAX, f.account.clone());
    let everything = f.call(&f.protocol.vault, "withdraw", args);
    assert_eq!(check(&f, &[everything]), refused(AccountError::StalePrice));
    f.ledger().fail(&612);
    assert_eq!(check(&f, &[f.borrow(1)]), refused(AccountError::StalePrice));
}

#[test]
fn sums_that_do_not_fit_are_no_missing_prices() {
    let f = fixture();
    granted(&f, SessionGrant { allowed_ops: names(&f, &["submit", "borrow", "trade"]), ..grant(&f) });
    let token = Address::generate(&f.env);
    let requests = vec![&f.env, Action::Borrow(token.clone(), i128::MAX), Action::Borrow(token, 1)];
    let batch = f.call(&f.protocol.vault, "submit", (&f.account, &f.account, requests));
    assert_eq!(check(&f, &[batch]), refused(AccountError::ArithmeticOverflow));
    f.ledger().set_upper(&i128::MAX);
    assert_eq!(check(&f, &[f.trade(i128::MAX, false)]), refused(AccountError::ArithmeticOverflow));
    assert_eq!(check(&f, &[reduce(&f, -i128::MAX, 1)]), refused(AccountError::ArithmeticOverflow));
    // Nor is one that does not fit in the ledger.
    f.ledger().fail(&626);
    assert_eq!(check(&f, &[reduce(&f, -1, 1)]), refused(AccountError::ArithmeticOverflow));
}

#[test]
fn trades_count_by_the_upper_index_and_openings_by_their_notional() {
    let f = with_session();
    const BASE: i128 = 100_000_000_000_000;
    // One unit of base is worth 100 dollars, 1e7 each.
    f.ledger().set_upper(&(100 * BASE));
    granted(
        &f,
        SessionGrant {
            max_per_tx: 1_000_000_000,
            max_per_ledger: i128::MAX,
            daily_limit: i128::MAX,
            ..grant(&f)
        },
    );
    assert_eq!(check(&f, &[f.trade(BASE, false)]), Ok(()));
    assert_eq!(check(&f, &[f.trade(BASE + 1, false)]), refused(AccountError::ExceedsSessionLimit));
    // A sale at any limit price counts the same: the limit is a floor there.
    assert_eq!(check(&f, &[f.trade(-BASE - 1, false)]), refused(AccountError::ExceedsSessionLimit));
    assert_eq!(check(&f, &[f.trade(i128::MIN, false)]), refused(AccountError::OperationNotAllowed));
    assert_eq!(check(&f, &[f.open(400_000_000, 250)]), Ok(()));
    assert_eq!(check(&f, &[f.open(400_000_001, 250)]), refused(AccountError::ExceedsSessionLimit));
    f.ledger().set_upper(&0);
    assert_eq!(check(&f, &[f.trade(1, false)]), refused(AccountError::StalePrice));
}

#[test]
fn only_granted_functions_and_markets() {
    let f = fixture();
    let (one, other) = (Address::generate(&f.env), Address::generate(&f.env));
    let markets = vec![&f.env, Market::Asset(one.clone()), Market::Perp(symbol_short!("ETH_USD"))];
    granted(
        &f,
        SessionGrant {
            allowed_ops: names(&f, &["borrow", "trade", "repay_with_collateral"]),
            markets: Scope::Only(markets),
            ..grant(&f)
        },
    );
    let not_allowed = refused(AccountError::OperationNotAllowed);
    assert_eq!(check(&f, &[f.borrow_of(&one, 1)]), Ok(()));
    assert_eq!(check(&f, &[f.borrow_of(&other, 1)]), not_allowed);
    assert_eq!(check(&f, &[f.trade(-1, true)]), not_allowed, "another market, even to reduce");
    let net =
        |asset: &Address| f.call(&f.protocol.vault, "repay_with_collateral", (&f.account, asset, 1_i128));
    assert_eq!(check(&f, &[net(&one)]), Ok(()));
    assert_eq!(check(&f, &[net(&other)]), not_allowed);
    let args = (f.account.clone(), one.clone(), 1_i128, f.account.clone());
    assert_eq!(check(&f, &[f.call(&f.protocol.vault, "withdraw", args)]), not_allowed);
    // The owners are not bound by it.
    assert_eq!(f.check(&[f.borrow_of(&other, 1)]), Ok(()));
}

#[test]
fn a_sessions_own_leverage_binds_below_the_accounts() {
    let f = fixture();
    granted(&f, SessionGrant { max_leverage: 200, ..grant(&f) });
    let mut summary = account_core::testing::fakes::healthy(&f.env);
    for (leverage, result) in [(200, Ok(())), (201, refused(AccountError::ExcessiveLeverage))] {
        summary.leverage = leverage;
        f.ledger().script(&summary);
        assert_eq!(check(&f, &[f.borrow(1)]), result);
        assert_eq!(f.check(&[f.borrow(1)]), Ok(()));
    }
    // Nor does a session lift the account's own.
    granted(&f, SessionGrant { max_leverage: 1_000, ..grant(&f) });
    let args = (Some(200_u32), None::<u32>, None::<i128>, None::<i128>);
    assert_eq!(f.administer("update_params", args), Ok(()));
    assert_eq!(check(&f, &[f.borrow(1)]), refused(AccountError::ExcessiveLeverage));
}

#[test]
fn a_session_signs_one_venue_call_and_what_it_implies() {
    let f = with_session();
    let (this, vault, usdc) = (&f.account, &f.protocol.vault, Address::generate(&f.env));
    let deposit = f.call(vault, "deposit", (this, this, &usdc, 9_i128));
    let transfer = |to: &Address, amount: i128| f.call(&usdc, "transfer", (this, to, amount));
    assert_eq!(check(&f, &[deposit.clone(), transfer(vault, 9)]), Ok(()));
    assert_eq!(check(&f, &[f.open(9, 100), deposit.clone(), transfer(vault, 9)]), Ok(()));
    let stranger = Address::generate(&f.env);
    let other = f.call(&stranger, "transfer", (this, vault, 9_i128));
    let wider = [
        std::vec![f.borrow(1), f.borrow(1)],
        std::vec![f.borrow(1), f.trade(-1, true)],
        std::vec![transfer(vault, 9), deposit.clone()],
        std::vec![deposit.clone(), transfer(vault, 10)],
        std::vec![deposit.clone(), transfer(vault, 8)],
        std::vec![deposit.clone(), transfer(&stranger, 9)],
        std::vec![deposit.clone(), transfer(vault, 9), transfer(vault, 9)],
        std::vec![deposit.clone(), other],
        std::vec![deposit.clone(), deposit.clone(), transfer(vault, 9), transfer(vault, 9)],
        std::vec![f.open(8, 100), deposit.clone(), transfer(vault, 9)],
        std::vec![f.open(9, 100), deposit.clone(), deposit.clone(), transfer(vault, 9), transfer(vault, 9)],
        std::vec![f.borrow(1), transfer(vault, 1)],
    ];
    for contexts in wider {
        assert_eq!(check(&f, &contexts), refused(AccountError::OperationNotAllowed), "{contexts:?}");
        assert_eq!(f.check(&contexts), Ok(()), "owners may");
    }
}

#[test]
fn a_session_never_sends_anything_away_and_never_administers() {
    let f = with_session();
    let every = [
        "deposit",
        "withdraw",
        "borrow",
        "repay",
        "repay_with_collateral",
        "open_position",
        "trade",
        "close_position",
        "add_liquidity",
        "remove_liquidity",
        "submit",
        "borrow_multiple",
    ];
    granted(&f, SessionGrant { allowed_ops: names(&f, &every), ..grant(&f) });
    let (this, vault, perp) = (&f.account, &f.protocol.vault, &f.protocol.perp_clearing);
    let (asset, other) = (Address::generate(&f.env), Address::generate(&f.env));
    assert_eq!(f.administer("allow_contract", (asset.clone(),)), Ok(()));
    let batch = vec![&f.env, Action::Deposit(asset.clone(), 1)];
    let never = [
        f.call(vault, "withdraw", (this, &asset, 1_i128, &other)),
        f.call(vault, "deposit", (this, &other, &asset, 1_i128)),
        f.call(vault, "repay", (this, &other, &asset, 1_i128)),
        f.call(vault, "settle_in_kind", (this, &other, &asset, 1_i128)),
        f.call(vault, "submit", (this, &other, batch)),
        f.call(perp, "fund_insurance", (this, 1_i128)),
        f.call(perp, "liquidate", (this, &other, symbol_short!("BTC_USD"), 1_i128)),
        f.call(&asset, "transfer", (this, &other, 1_i128)),
        f.call(&asset, "approve", (this, &other, 1_i128, 2000_u32)),
        f.call(&asset, "burn", (this, 1_i128)),
        f.call(&asset, "anything", (this, 1_i128)),
        f.call(this, "add_signer", (this, public(&f.env, &session()))),
        f.call(this, "grant_session", (this, grant(&f))),
        f.call(this, "propose_upgrade", (this, BytesN::from_array(&f.env, &[1; 32]))),
        f.call(this, "freeze", (this,)),
        f.call(this, "renounce_session", (this, public(&f.env, &secret(78)))),
    ];
    for context in never {
        assert_eq!(
            check(&f, slice::from_ref(&context)),
            refused(AccountError::OperationNotAllowed),
            "{context:?}"
        );
    }
}

#[test]
fn a_session_never_mixes_with_owners_or_another_session() {
    let f = with_session();
    granted(&f, SessionGrant { key: public(&f.env, &secret(78)), ..grant(&f) });
    let call = [f.trade(-1, true)];
    assert_eq!(check(&f, &call), Ok(()));
    let outsiders = refused(AccountError::UnauthorizedSigner);
    assert_eq!(f.check_by(&[&session(), &f.keys[0]], &call), outsiders);
    assert_eq!(f.check_by(&[&session(), &secret(78)], &call), outsiders);
    assert_eq!(f.check_by(&[&session(), &f.outsider], &call), outsiders);
}

#[test]
fn a_frozen_account_has_no_sessions() {
    let f = with_session();
    freeze(&f);
    assert_eq!(check(&f, &[f.trade(-1, true)]), refused(AccountError::Frozen));
    assert_eq!(f.check(&[f.trade(-1, true)]), Ok(()));
    assert_eq!(f.check(&[f.borrow(1)]), refused(AccountError::Frozen));
}

/// Writes what `freeze` writes.
fn freeze(f: &Fixture) {
    f.env.as_contract(&f.account, || {
        let profile = storage::load(&f.env).unwrap();
        storage::save(&f.env, &account_core::state::Profile { frozen: true, ..profile });
    });
}

#[test]
fn a_key_that_is_granted_anew_has_spent_what_it_has_spent() {
    let f = with_session();
    assert_eq!(check(&f, &[f.borrow(400)]), Ok(()));
    assert_eq!(f.administer("revoke_session_key", (public(&f.env, &session()),)), Ok(()));
    assert_eq!(check(&f, &[f.trade(-1, true)]), refused(AccountError::UnauthorizedSigner));
    assert_eq!(client(&f).get_session_keys(), vec![&f.env]);
    granted(&f, grant(&f));
    assert_eq!(client(&f).get_session_keys().first().unwrap().left_today, 600);
    assert_eq!(check(&f, &[f.borrow(101)]), refused(AccountError::ExceedsSessionLimit), "of the same ledger");
    f.pass(5);
    assert_eq!(check(&f, &[f.borrow(500)]), Ok(()));
    f.pass(5);
    // Nor does changing it while it is in force.
    granted(&f, SessionGrant { max_per_tx: 1_000, max_per_ledger: 1_000, ..grant(&f) });
    assert_eq!(check(&f, &[f.borrow(101)]), refused(AccountError::DailyLimitExceeded));
    assert_eq!(check(&f, &[f.borrow(100)]), Ok(()));
    assert_eq!(client(&f).get_session_keys().len(), 1);
}

#[test]
fn a_session_ends_itself_and_nobody_elses() {
    let f = with_session();
    granted(&f, SessionGrant { key: public(&f.env, &secret(78)), ..grant(&f) });
    let renounce = |by: &SigningKey, key: &SigningKey| {
        let key = public(&f.env, key);
        f.by_itself(&[by], "renounce_session", (key.clone(),), (key,))
    };
    assert!(renounce(&session(), &secret(78)).is_err());
    assert!(renounce(&f.keys[0], &session()).is_err(), "an owner signer revokes through the owner");
    assert_eq!(renounce(&session(), &session()), Ok(()));
    let left = client(&f).get_session_keys();
    assert_eq!(left.len(), 1);
    assert_eq!(left.first().unwrap().grant.key, public(&f.env, &secret(78)));
    // Only as the single context of its entry.
    let key = public(&f.env, &secret(78));
    let own = f.call(&f.account, "renounce_session", (&f.account, key));
    assert_eq!(f.check_by(&[&secret(78)], slice::from_ref(&own)), Ok(()));
    let both = [own, f.trade(-1, true)];
    assert_eq!(f.check_by(&[&secret(78)], &both), refused(AccountError::OperationNotAllowed));
}

#[test]
fn all_sessions_end_at_once() {
    let f = with_session();
    granted(&f, SessionGrant { key: public(&f.env, &secret(78)), ..grant(&f) });
    assert_eq!(f.administer("revoke_all_sessions", ()), Ok(()));
    assert_eq!(f.env.events().all().filter_by_contract(&f.account).events().len(), 2);
    assert_eq!(client(&f).get_session_keys(), vec![&f.env]);
    for key in [session(), secret(78)] {
        assert_eq!(f.check_by(&[&key], &[f.trade(-1, true)]), refused(AccountError::UnauthorizedSigner));
    }
}

#[test]
fn a_missing_entry_refuses() {
    let f = with_session();
    f.env.as_contract(&f.account, || {
        let key = (symbol_short!("session"), public(&f.env, &session()));
        assert!(f.env.storage().persistent().has(&key));
        f.env.storage().persistent().remove(&key);
    });
    assert_eq!(check(&f, &[f.borrow(1)]), refused(AccountError::Unauthorized));
}

#[test]
fn an_entry_outlives_its_window_by_months() {
    let f = with_session();
    let left = || {
        f.env.as_contract(&f.account, || {
            let key = (symbol_short!("session"), public(&f.env, &session()));
            f.env.storage().persistent().get_ttl(&key)
        })
    };
    assert_eq!(left(), BUMP);
    f.pass(5 * DAY);
    assert_eq!(check(&f, &[f.borrow(1)]), Ok(()));
    assert_eq!(left(), BUMP - 5 * 17_280, "it is long enough");
}

#[test]
fn a_refused_entry_books_nothing() {
    let f = with_session();
    let stored = || -> Session {
        f.env.as_contract(&f.account, || storage::session(&f.env, &public(&f.env, &session())).unwrap())
    };
    let before = stored();
    assert_eq!(check(&f, &[f.borrow(501)]), refused(AccountError::ExceedsSessionLimit));
    assert_eq!(check(&f, &[f.borrow(1), f.borrow(1)]), refused(AccountError::OperationNotAllowed));
    assert_eq!(stored(), before);
    assert_eq!(check(&f, &[f.borrow(1)]), Ok(()));
    assert_ne!(stored(), before);
}

#[test]
fn every_bad_grant_is_refused() {
    let f = fixture();
    let good = grant(&f);
    let signer = public(&f.env, &f.keys[0]);
    for key in [
        signer,
        Bytes::from_array(&f.env, &[0; 32]),
        Bytes::from_array(&f.env, &[1; 31]),
        Bytes::from_array(&f.env, &[1; 64]),
    ] {
        invalid(&f, SessionGrant { key, ..good.clone() });
    }
    invalid(&f, SessionGrant { expires_at: NOW, ..good.clone() });
    invalid(&f, SessionGrant { max_per_tx: -1, ..good.clone() });
    invalid(&f, SessionGrant { max_per_ledger: -1, ..good.clone() });
    invalid(&f, SessionGrant { daily_limit: -1, ..good.clone() });
    invalid(&f, SessionGrant { max_leverage: 1_001, ..good.clone() });
    invalid(&f, SessionGrant { max_leverage: 99, ..good.clone() });
    for ops in [&[][..], &["liquidate"], &["borrow", "fund_insurance"], &["add_signer"], &["transfer"]] {
        invalid(&f, SessionGrant { allowed_ops: names(&f, ops), ..good.clone() });
    }
    let many = std::vec!["borrow"; 33];
    invalid(&f, SessionGrant { allowed_ops: names(&f, &many), ..good.clone() });
    let mut markets = vec![&f.env];
    for _ in 0..33 {
        markets.push_back(Market::Asset(Address::generate(&f.env)));
    }
    invalid(&f, SessionGrant { markets: Scope::Only(markets), ..good.clone() });
    assert_eq!(client(&f).get_session_keys(), vec![&f.env]);
    granted(&f, good);
}

#[test]
fn a_session_key_never_becomes_a_signer_and_sixteen_are_enough() {
    let f = with_session();
    let key = public(&f.env, &session());
    assert_eq!(f.administer("add_signer", (key,)), Err(AccountError::InvalidConfig));
    for seed in 100..115 {
        granted(&f, SessionGrant { key: public(&f.env, &secret(seed)), ..grant(&f) });
    }
    invalid(&f, SessionGrant { key: public(&f.env, &secret(115)), ..grant(&f) });
    assert_eq!(client(&f).get_session_keys().len(), 16);
}

#[test]
fn nobody_but_the_owner_grants() {
    let f = with_session();
    let client: ProAccountClient<'_> = client(&f);
    let other = SessionGrant { key: public(&f.env, &secret(78)), ..grant(&f) };
    assert_eq!(client.try_grant_session(&other).err(), Some(Err(InvokeError::Abort)));
    assert_eq!(
        client.try_revoke_session_key(&public(&f.env, &session())).err(),
        Some(Err(InvokeError::Abort))
    );
    assert_eq!(client.try_revoke_all_sessions().err(), Some(Err(InvokeError::Abort)));
    // Not even all owner signers together.
    let keys = [&f.keys[0], &f.keys[1]];
    let args: soroban_sdk::Vec<soroban_sdk::Val> = (other.clone(),).into_val(&f.env);
    assert!(f.by_itself(&keys, "grant_session", args.clone(), args).is_err());
    assert_eq!(client.get_session_keys().len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The account against a model that remembers every operation: what is accepted, and what is left.
    #[test]
    fn random_streams_spend_as_a_model_that_remembers_everything(
        stream in prop::collection::vec((0u64..4, 0i128..700), 1..40),
    ) {
        const PAUSES: [u64; 4] = [0, 5, 3_605, 30_000];
        let f = fixture();
        let week = 7 * DAY;
        granted(&f, SessionGrant { max_per_ledger: 800, max_ops_per_day: 6, expires_at: NOW + 8 * week, ..grant(&f) });
        let mut spent: List<(u64, u32, i128)> = List::new();
        for (pause, amount) in stream {
            f.pass(PAUSES[usize::try_from(pause).unwrap()]);
            let (now, ledger) = (f.env.ledger().timestamp(), f.env.ledger().sequence());
            let today: List<_> = spent.iter().filter(|(at, ..)| now / 3_600 - at / 3_600 <= 24).collect();
            let sum: i128 = today.iter().map(|(.., amount)| amount).sum();
            let here: i128 = spent.iter().filter(|(_, at, _)| *at == ledger).map(|(.., amount)| amount).sum();
            let expected = if amount == 0 {
                refused(AccountError::OperationNotAllowed)
            } else if amount > 500 || here + amount > 800 {
                refused(AccountError::ExceedsSessionLimit)
            } else if sum + amount > 1_000 || today.len() >= 6 {
                refused(AccountError::DailyLimitExceeded)
            } else {
                Ok(())
            };
            prop_assert_eq!(check(&f, &[f.borrow(amount)]), expected);
            if expected == Ok(()) {
                spent.push((now, ledger, amount));
                let left = client(&f).get_session_keys().first().unwrap();
                prop_assert_eq!((left.left_today, left.left_in_ledger), (1_000 - sum - amount, 800 - here - amount));
            }
        }
    }
}
