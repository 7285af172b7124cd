//! Session keys: what they can never do, what each limit counts, and how long it remembers.

use super::{furnished, LITTLE};
use margin_interface::AccountError::{
    self, DailyLimitExceeded, ExceedsSessionLimit, ExcessiveLeverage, InvalidConfig, OperationNotAllowed,
    SessionExpired, StalePrice, Unauthorized, UnauthorizedSigner,
};
use margin_interface::{Market, Receive, Scope, SessionGrant};
use margin_tests::accounts::DAY;
use margin_tests::actor::{key_of, Actor};
use margin_tests::auth::{list_value, Invocation, Shape};
use margin_tests::fixture::{Fixture, BTC_USD, ETH_USD};
use margin_tests::money::{milli_base, price, usd, usdc, usdt, Coin, Money};
use margin_tests::operations::Order;
use margin_tests::outer;
use margin_tests::prices::MAX_AGE;
use margin_tests::refusal::assert_refused;
use margin_tests::signer::{Passkey, Signer};
use margin_tests::world::Mode;
use soroban_sdk::{IntoVal, Vec as HostVec};

crate::in_both_modes!(
    a_session_trades_within_its_limits,
    p07_a_session_does_not_sign_beside_an_owner,
    p09_a_session_never_administers,
    p10_a_session_makes_one_call,
    p11_a_ledger_has_a_limit_of_its_own,
    p12_a_session_moves_nothing_out,
    p12_a_nested_transfer_is_exactly_the_deposit,
    p15_limits_are_in_dollars_whatever_the_asset,
    p16_a_day_is_any_24_hours,
    p16_a_session_trades_to_its_limit_and_over_midnight,
    p17_dust_fills_nothing_up,
    p18_a_missing_entry_is_no_session,
    p19_a_session_ends_by_the_clock,
    p20_a_new_grant_inherits_what_was_spent,
    p22_a_key_has_one_role,
    p24_the_lists_are_bounded,
    p32_nothing_is_used_up,
    p33_a_failed_call_costs_nothing,
    p33_a_call_that_is_tried_twice_is_counted_once,
    p38_a_dead_oracle_stops_opening_and_not_closing,
    a_session_has_functions_markets_and_leverage,
    a_number_of_entries_is_a_limit_too,
    a_session_ends_itself_and_nobody_elses,
    sessions_are_revoked_one_by_one_or_all_together,
    a_grant_outside_the_bounds_is_refused,
    the_seeds_grant_has_no_other_limits,
);

/// A Pro account and an institution with a session each.
fn agents(f: &Fixture, change: impl Fn(&mut SessionGrant)) -> [(Actor, Actor); 2] {
    [f.pro_account("petra"), f.institution("inge", 3)].map(|account| {
        let account = furnished(f, account);
        let agent = f.session(&account, &format!("agent of {}", account.name), &change);
        (account, agent)
    })
}

/// One Pro account with a session.
fn agent(f: &Fixture, change: impl Fn(&mut SessionGrant)) -> (Actor, Actor) {
    let [first, _] = agents(f, change);
    first
}

/// What is left of the only session: in this ledger, and in 24 hours.
fn left(f: &Fixture, account: &Actor) -> (i128, i128) {
    let session = f.pro(account).get_session_keys().first().expect("a session");
    (session.left_in_ledger, session.left_today)
}

fn a_session_trades_within_its_limits(f: &Fixture) {
    for (account, agent) in agents(f, |_| ()) {
        agent.borrow(usdt(600)).ok();
        assert_eq!(left(f, &account), (usd(400), usd(1_400)));
        f.pass(5);
        assert_eq!(left(f, &account), (usd(1_000), usd(1_400)));
        assert_refused(agent.borrow(usdt(1_001)), &account, ExceedsSessionLimit);
        agent.borrow(usdt(1_000)).ok();
        f.pass(5);
        assert_refused(agent.borrow(usdt(401)), &account, DailyLimitExceeded);
        agent.trade(Order::market(BTC_USD, milli_base(7)).at(price(50_100))).ok();
        assert!((usd(40)..=usd(50)).contains(&left(f, &account).1), "350 dollars more");
        // What lowers the risk costs no more than it may lose: seven dollars, 2% of 350.
        agent.repay(usdt(100)).ok();
        assert!((usd(40)..=usd(50)).contains(&left(f, &account).1));
        assert_refused(agent.close_position(BTC_USD), &account, DailyLimitExceeded);
        agent.close_at(f.symbol(BTC_USD), price(49_000)).ok();
        assert!((usd(30)..=usd(43)).contains(&left(f, &account).1));
    }
}

fn p07_a_session_does_not_sign_beside_an_owner(f: &Fixture) {
    for (account, agent) in agents(f, |_| ()) {
        let mut both = account.signers();
        both.extend(agent.signers());
        both.sort_by_key(Signer::public);
        assert_refused(account.borrow(LITTLE).signed_with(&both), &account, UnauthorizedSigner);
        let second = f.session(&account, "second agent", |_| ());
        let mut two = [agent.signers(), second.signers()].concat();
        two.sort_by_key(Signer::public);
        assert_refused(account.borrow(LITTLE).signed_with(&two), &account, UnauthorizedSigner);
        agent.borrow(LITTLE).ok();
        second.borrow(LITTLE).ok();
    }
}

fn p09_a_session_never_administers(f: &Fixture) {
    let [(petra, agent_of_petra), (inge, agent)] = agents(f, |_| ());
    let thief = f.key(&key_of("thief"));
    let env = &f.env;
    let epoch = f.account(&inge).standing().epoch;
    let grant = SessionGrant { daily_limit: i128::MAX, ..f.grant(&Signer::from(agent.key())) };
    let everything: Vec<(&str, HostVec<soroban_sdk::Val>)> = vec![
        ("add_signer", (thief.clone(),).into_val(env)),
        ("remove_signer", (f.key(&inge.keys[0]),).into_val(env)),
        ("rotate_signer", (f.key(&inge.keys[0]), thief.clone()).into_val(env)),
        ("transfer_ownership", (&f.lender.address,).into_val(env)),
        ("grant_delegate", (&f.lender.address, 63u32, u64::MAX).into_val(env)),
        ("propose_upgrade", (soroban_sdk::BytesN::<32>::from_array(env, &[7; 32]),).into_val(env)),
        ("unfreeze", ().into_val(env)),
        ("update_params", (Some(1_000u32), None::<u32>, None::<i128>, None::<i128>).into_val(env)),
        ("allow_contract", (&f.lender.address,).into_val(env)),
        ("grant_session", (grant,).into_val(env)),
        ("revoke_all_sessions", ().into_val(env)),
        (
            "set_trading_hours",
            (margin_interface::TradingHours { start: 0, end: 0, weekdays: 127 },).into_val(env),
        ),
    ];
    for (function, args) in everything {
        let mut authorised = HostVec::from_array(env, [inge.address.to_val(), epoch.into()]);
        authorised.append(&args);
        let consent = Invocation::new(&inge.address, function, authorised);
        let call = Invocation::new(&inge.address, function, args.clone());
        let by_agent = margin_tests::tx::Tx::<()>::new(&f.world, call).consent(&agent, consent.tree(env));
        let failure = by_agent.changes_nothing();
        let refused = failure.refused_by.as_ref().map(|(_, code)| code.clone());
        let expected = soroban_sdk::xdr::ScError::Contract(OperationNotAllowed as u32);
        assert_eq!(refused, Some(expected), "{function}: {failure}");
        // Of a Pro account the owner is asked, not the account: whoever signs for the account says nothing.
        let unheard = f.by_itself(&agent_of_petra, function, args).changes_nothing();
        assert_eq!(unheard.refused_by, None, "{function}: {unheard}");
    }
    // Hidden under a call that it may make.
    let hidden = Invocation::new(&petra.address, "add_signer", (&petra.address, thief).into_val(env));
    assert_refused(agent_of_petra.borrow(LITTLE).also_signing(hidden), &petra, OperationNotAllowed);
    let freeze = Invocation::new(&petra.address, "freeze", (&petra.address,).into_val(env));
    assert_refused(agent_of_petra.borrow(LITTLE).also_signing(freeze), &petra, OperationNotAllowed);
    assert_refused(f.by_itself(&agent, "freeze", ()), &inge, OperationNotAllowed);
}

/// The sum of a session's entry is the sum of one call: a second is not weighed, it is refused.
fn p10_a_session_makes_one_call(f: &Fixture) {
    for (account, agent) in agents(f, |_| ()) {
        let two = agent.borrow(LITTLE).also_signing(agent.borrow_call(LITTLE));
        assert_refused(two, &account, OperationNotAllowed);
        let reducing = agent.borrow(LITTLE).also_signing(agent.deposit_call(&account, usdc(1)));
        assert_refused(reducing, &account, OperationNotAllowed);
        agent.open_position(BTC_USD, true, usdc(500), 100).ok();
    }
}

/// "Per transaction" would be per entry, and a transaction may hold several.
fn p11_a_ledger_has_a_limit_of_its_own(f: &Fixture) {
    for (account, agent) in agents(f, |_| ()) {
        let call = agent.borrow_call(usdt(600));
        let twice = outer::all(&f.world, &[call.clone(), call.clone()])
            .consent(&agent, call.tree(&f.env))
            .consent(&agent, call.tree(&f.env));
        assert_refused(twice, &account, ExceedsSessionLimit);
        agent.borrow(usdt(600)).ok();
        assert_refused(agent.borrow(usdt(401)), &account, ExceedsSessionLimit);
        agent.borrow(usdt(400)).ok();
        assert_refused(agent.borrow(Coin::Usdt.units(1)), &account, ExceedsSessionLimit);
        f.advance(5);
        agent.borrow(Coin::Usdt.units(1)).ok();
    }
}

fn p12_a_session_moves_nothing_out(f: &Fixture) {
    let everything = |grant: &mut SessionGrant| {
        for name in ["withdraw", "add_liquidity", "remove_liquidity", "repay_with_collateral"] {
            grant.allowed_ops.push_back(f.symbol(name));
        }
    };
    for (account, agent) in agents(f, everything) {
        let thief = &f.lender;
        let refused = |call: Invocation| {
            let function = call.function.clone();
            let failure = agent.submits::<soroban_sdk::Val>(call).changes_nothing();
            let code = failure.refused_by.as_ref().map(|(_, code)| code.clone());
            let expected = soroban_sdk::xdr::ScError::Contract(OperationNotAllowed as u32);
            assert_eq!(code, Some(expected), "{function}: {failure}");
        };
        refused(agent.transfer_call(&thief.address, usdc(1)));
        refused(agent.transfer_call(&account.address, usdc(1)));
        refused(super::approve_call(f, &agent, thief, usdc(1)));
        refused(super::approve_call(f, &agent, thief, usdc(0)));
        refused(Invocation::new(
            f.token(Coin::Usdc),
            "burn",
            (&account.address, usdc(1).units).into_val(&f.env),
        ));
        refused(agent.withdraw_call(&thief.address, usdc(1)));
        refused(agent.deposit_call(thief, usdc(1)));
        refused(Invocation::new(
            &f.contracts().clearing,
            "fund_insurance",
            (&account.address, usdc(1).units).into_val(&f.env),
        ));
        for function in ["fund_insurance", "liquidate", "transfer", "approve", "add_signer", "flash_loan"] {
            let mut grant = f.grant(&Signer::from(&key_of("another")));
            grant.allowed_ops.push_back(f.symbol(function));
            f.administer::<()>(&account, "grant_session", (grant,)).fails(InvalidConfig);
        }
        let robbed = agent.liquidate(&f.lender, usdc(1), Coin::Eth, Receive::Tokens);
        assert_refused(robbed, &account, OperationNotAllowed);
        // To itself it may.
        agent.withdraw(usdc(1)).ok();
    }
}

fn p12_a_nested_transfer_is_exactly_the_deposit(f: &Fixture) {
    for (account, agent) in agents(f, |_| ()) {
        let (vault, env) = (&f.contracts().vault, &f.env);
        let deposit = |nested: &[Invocation]| {
            let args = (&account.address, &account.address, f.token(Coin::Usdc), usdc(5).units).into_val(env);
            let mut call = Invocation::new(vault, "deposit", args);
            for each in nested {
                call = call.with(each.clone());
            }
            agent.deposit(usdc(5)).unsigned().consent(&agent, call.tree(env))
        };
        let right = agent.transfer_call(vault, usdc(5));
        for wrong in [
            vec![agent.transfer_call(vault, usdc(6))],
            vec![agent.transfer_call(vault, usdc(4))],
            vec![agent.transfer_call(&f.lender.address, usdc(5))],
            vec![agent.transfer_call(vault, usdt(5))],
            vec![right.clone(), right.clone()],
            vec![super::approve_call(f, &agent, &f.lender, usdc(5))],
        ] {
            assert_refused(deposit(&wrong), &account, OperationNotAllowed);
        }
        deposit(&[right]).ok();
    }
}

/// Tokens of 6, 7 and 18 decimals, prices of 0.1, 1 and 2,000 dollars: the same thousand.
fn p15_limits_are_in_dollars_whatever_the_asset(f: &Fixture) {
    let (account, agent) = agent(f, |grant| {
        grant.daily_limit = usd(1_000_000);
        grant.max_per_ledger = usd(1_000_000);
    });
    for coin in [Coin::Usdt, Coin::Xlm, Coin::Eth] {
        let Money { units, .. } = f.worth(coin, 1_000);
        agent.borrow(coin.units(units)).ok();
        let a_cent = units / 100_000;
        assert_refused(agent.borrow(coin.units(units + a_cent)), &account, ExceedsSessionLimit);
        f.pass(5);
        account.repay(coin.units(units)).ok();
    }
    let order = |milli| agent.trade(Order::market(BTC_USD, milli_base(milli)).at(price(51_000)));
    assert_refused(order(21), &account, ExceedsSessionLimit);
    order(19).ok();
}

/// The hour before midnight and the hour after are one day.
fn p16_a_day_is_any_24_hours(f: &Fixture) {
    for (account, agent) in agents(f, |grant| grant.max_per_ledger = usd(2_000)) {
        // Up to ten minutes before midnight, UTC.
        f.pass(DAY - f.now() % DAY - 600);
        agent.borrow(usdt(1_000)).ok();
        agent.borrow(usdt(1_000)).ok();
        f.pass(5);
        assert_refused(agent.borrow(usdt(1)), &account, DailyLimitExceeded);
        f.pass(1_195);
        assert_eq!(f.now() % DAY, 600, "another day");
        assert_refused(agent.borrow(usdt(1)), &account, DailyLimitExceeded);
        f.pass(DAY - 1_201);
        assert_refused(agent.borrow(usdt(1)), &account, DailyLimitExceeded);
        // The buckets are hours: at most one hour more.
        f.pass(3_601);
        account.repay(usdt(2_000)).ok();
        agent.borrow(usdt(1_000)).ok();
        assert_eq!(left(f, &account).1, usd(1_000));
    }
}

/// In every kind of credentials: a signature that does not name the account buys nothing more.
fn p16_a_session_trades_to_its_limit_and_over_midnight(f: &Fixture) {
    let (account, agent) = agent(f, |_| ());
    f.pass((2 * DAY - 3 * 3_600 - f.now() % DAY) % DAY);
    // Six hundred dollars an hour, of two thousand in a day.
    let buy = || agent.trade(Order::market(ETH_USD, milli_base(300)).at(price(2_100)));
    for shape in Shape::ALL {
        agent.shape.set(shape);
        buy().ok();
        f.pass(3_600);
    }
    assert_eq!(f.now() % DAY, 0, "midnight");
    for shape in Shape::ALL {
        agent.shape.set(shape);
        assert_refused(buy(), &account, DailyLimitExceeded);
        // The way out counts by what it may lose; the owner's is always open.
        let sell = |who: &Actor| who.trade(Order::market(ETH_USD, -milli_base(110)).reducing());
        assert_refused(sell(&agent), &account, DailyLimitExceeded);
        sell(&account).ok();
    }
    f.pass(DAY - 3 * 3_600 - 1);
    assert_refused(buy(), &account, DailyLimitExceeded);
    f.pass(3_601);
    buy().ok();
    agent.close_at(f.symbol(ETH_USD), price(1_950)).ok();
}

/// Bytes of the entry that holds the only session of an account.
fn session_bytes(f: &Fixture, account: &Actor) -> usize {
    use soroban_sdk::xdr::{LedgerKey, Limits, ScVal, WriteXdr};
    let of_account = |key: &LedgerKey| match key {
        LedgerKey::ContractData(data) => {
            let named = matches!(&data.key, ScVal::Vec(Some(parts))
                if matches!(parts.first(), Some(ScVal::Symbol(name)) if name.to_utf8_string_lossy() == "session"));
            named && data.contract == account.address.clone().into()
        }
        _ => false,
    };
    let all = f.everything();
    let sizes: Vec<usize> = all
        .iter()
        .filter(|(key, _)| of_account(key))
        .map(|(_, (entry, _))| entry.to_xdr(Limits::none()).expect("an entry").len())
        .collect();
    let [size] = sizes[..] else { panic!("{} sessions", sizes.len()) };
    size
}

/// A list of what was spent could be filled until it no longer fits.
fn p17_dust_fills_nothing_up(f: &Fixture) {
    let (account, agent) = agent(f, |_| ());
    agent.borrow(Coin::Usdt.units(1)).ok();
    let before = session_bytes(f, &account);
    for _ in 0..50 {
        f.pass(1_800);
        agent.borrow(Coin::Usdt.units(1)).ok();
    }
    assert_eq!(session_bytes(f, &account), before);
}

/// An archived entry has to be restored, and a lost one is not an empty one.
fn p18_a_missing_entry_is_no_session(f: &Fixture) {
    let (account, agent) = agent(f, |_| ());
    agent.borrow(usdt(600)).ok();
    let key = (f.symbol("session"), f.key(agent.key()));
    f.env.as_contract(&account.address, || {
        let storage = f.env.storage().persistent();
        assert!(storage.has(&key));
        storage.remove(&key);
    });
    assert_refused(agent.borrow(LITTLE), &account, Unauthorized);
}

/// Nobody touches anything until all entries are archived. Native: the code of five contracts is more than one transaction
/// restores.
#[test]
fn p18_an_archived_entry_comes_back_as_it_was() {
    let f = &Fixture::new(Mode::Native);
    let (account, agent) = agent(f, |grant| grant.expires_at += 365 * DAY);
    agent.borrow(usdt(600)).ok();
    let key = (f.symbol("session"), f.key(agent.key()));
    let lives_for = f.env.as_contract(&account.address, || {
        use soroban_sdk::testutils::storage::Persistent as _;
        f.env.storage().persistent().get_ttl(&key)
    });
    f.pass(u64::from(lives_for + 17_280) * 5);
    agent.borrow(usdt(600)).ok();
    assert_refused(agent.borrow(usdt(1_001)), &account, ExceedsSessionLimit);
    assert_eq!(left(f, &account), (usd(400), usd(1_400)));
    assert_refused(agent.borrow(usdt(401)), &account, ExceedsSessionLimit);
}

fn p19_a_session_ends_by_the_clock(f: &Fixture) {
    let end = f.now() + DAY;
    for (account, agent) in agents(f, |grant| grant.expires_at = end) {
        if f.now() < end - 5 {
            f.pass(end - 1 - f.now());
        }
        let last = agent.borrow(LITTLE);
        if f.now() < end {
            last.ok();
            f.pass(1);
        }
        assert_eq!(f.now(), end);
        assert_refused(agent.borrow(LITTLE), &account, SessionExpired);
        assert_refused(agent.repay(LITTLE), &account, SessionExpired);
        // Anybody may prolong the entry's life; it prolongs nothing else.
        let key = (f.symbol("session"), f.key(agent.key()));
        f.env.as_contract(&account.address, || {
            f.env.storage().persistent().extend_ttl(&key, 3_000_000, 3_000_000);
        });
        assert_refused(agent.borrow(LITTLE), &account, SessionExpired);
    }
}

fn p20_a_new_grant_inherits_what_was_spent(f: &Fixture) {
    for (account, agent) in agents(f, |_| ()) {
        agent.borrow(usdt(1_000)).ok();
        f.pass(5);
        agent.borrow(usdt(900)).ok();
        let grant = f.grant(&Signer::from(agent.key()));
        // Granted again, over the old one.
        f.administer::<()>(&account, "grant_session", (grant.clone(),)).ok();
        assert_eq!(left(f, &account), (usd(100), usd(100)));
        // Revoked, and granted again.
        f.administer::<()>(&account, "revoke_session_key", (f.key(agent.key()),)).ok();
        assert_refused(agent.borrow(LITTLE), &account, UnauthorizedSigner);
        f.administer::<()>(&account, "grant_session", (grant,)).ok();
        assert_eq!(left(f, &account), (usd(100), usd(100)));
        assert_refused(agent.borrow(usdt(101)), &account, ExceedsSessionLimit);
        f.pass(5);
        assert_refused(agent.borrow(usdt(101)), &account, DailyLimitExceeded);
        agent.borrow(usdt(100)).ok();
    }
}

fn p22_a_key_has_one_role(f: &Fixture) {
    for (account, agent) in agents(f, |_| ()) {
        let signer = f.grant(&Signer::from(account.key()));
        f.administer::<()>(&account, "grant_session", (signer,)).fails(InvalidConfig);
        f.administer::<()>(&account, "add_signer", (f.key(agent.key()),)).fails(InvalidConfig);
        f.administer::<()>(&account, "rotate_signer", (f.key(account.key()), f.key(agent.key())))
            .fails(InvalidConfig);
    }
}

fn p24_the_lists_are_bounded(f: &Fixture) {
    let (account, _) = agent(f, |_| ());
    for place in 1..16 {
        f.session(&account, &format!("agent {place}"), |_| ());
    }
    assert_eq!(f.pro(&account).get_session_keys().len(), 16);
    let another = f.grant(&Signer::from(&key_of("one more")));
    f.administer::<()>(&account, "grant_session", (another.clone(),)).fails(InvalidConfig);
    // In place of an old one it fits.
    f.session(&account, "agent 3", |grant| grant.daily_limit = usd(1));
    let many: Vec<_> = (0..33).map(|place| Market::Perp(f.symbol(&format!("M{place}")))).collect();
    let crowded = SessionGrant {
        markets: Scope::Only(HostVec::from_slice(&f.env, &many)),
        ..f.grant(&Signer::from(&key_of("agent 3")))
    };
    f.administer::<()>(&account, "grant_session", (crowded,)).fails(InvalidConfig);
}

/// Sessions are named by their keys: there is no counter that could run out.
fn p32_nothing_is_used_up(f: &Fixture) {
    let (account, agent) = agent(f, |_| ());
    for _ in 0..40 {
        let key = f.key(agent.key());
        f.administer::<()>(&account, "revoke_session_key", (key,)).ok();
        f.administer::<()>(&account, "grant_session", (f.grant(&Signer::from(agent.key())),)).ok();
    }
    assert_eq!(f.pro(&account).get_session_keys().len(), 1);
    agent.borrow(LITTLE).ok();
}

fn p33_a_failed_call_costs_nothing(f: &Fixture) {
    for (account, agent) in agents(f, |_| ()) {
        // The policy permits it; the clearing-house does not find the price.
        let unlucky = agent.trade(Order::market(BTC_USD, milli_base(10)).at(price(49_000)));
        let failure = unlucky.changes_nothing();
        assert_eq!(failure.refused_by, None, "{failure}");
        assert_eq!(left(f, &account), (usd(1_000), usd(2_000)));
    }
}

/// An outer contract survives the first failure and tries again with the same entry: the account is asked again, and what
/// it counted the first time was undone.
fn p33_a_call_that_is_tried_twice_is_counted_once(f: &Fixture) {
    let bear = f.funded(f.key_account("bear"), &[usdc(50_000)]);
    bear.deposit(usdc(50_000)).ok();
    let (account, agent) = agent(f, |_| ());
    let quote = f.clearing().quote_trade(&f.symbol(BTC_USD), &milli_base(10));
    let call = agent.trade_call(Order::market(BTC_USD, milli_base(10)).at(quote.price - price(10)));
    let push = bear.trade_call(Order::market(BTC_USD, -milli_base(1_000)));
    let calls = [call.clone(), push.clone(), call.clone()];
    let outcome = outer::each(&f.world, &calls)
        .consent(&agent, call.tree(&f.env))
        .consent(&bear, push.tree(&f.env))
        .ok();
    assert_eq!(outcome.iter().collect::<Vec<_>>(), [false, true, true]);
    let (_, today) = left(f, &account);
    assert!((usd(1_450)..usd(1_550)).contains(&today), "500 dollars once: {today}");
}

fn p38_a_dead_oracle_stops_opening_and_not_closing(f: &Fixture) {
    for (account, agent) in agents(f, |_| ()) {
        f.pass(5);
        agent.borrow(usdt(100)).ok();
        agent.trade(Order::market(BTC_USD, milli_base(5)).at(price(50_100))).ok();
        f.advance(MAX_AGE + 60);
        assert_refused(agent.borrow(LITTLE), &account, StalePrice);
        assert_refused(
            agent.trade(Order::market(BTC_USD, milli_base(1)).at(price(50_100))),
            &account,
            StalePrice,
        );
        // A session pays for a reduction by the price, which may be anything now.
        assert_refused(agent.close_at(f.symbol(BTC_USD), price(49_000)), &account, ExceedsSessionLimit);
        let failure = account.close_position(BTC_USD).submit();
        if let Err(failure) = failure {
            assert_eq!(failure.refused_by, None, "the account lets it through: {failure}");
        }
        agent.repay(usdt(50)).ok();
        agent.deposit(usdc(10)).ok();
        account.repay(usdt(50)).ok();
    }
}

fn a_session_has_functions_markets_and_leverage(f: &Fixture) {
    let only_bitcoin = |grant: &mut SessionGrant| {
        let markets = [Market::Perp(f.symbol(BTC_USD)), Market::Asset(f.token(Coin::Usdt).clone())];
        grant.markets = Scope::Only(HostVec::from_array(&f.env, markets));
        grant.allowed_ops = HostVec::from_array(&f.env, [f.symbol("trade"), f.symbol("borrow")]);
        grant.max_leverage = 100;
        grant.max_per_tx = usd(100_000);
        grant.max_per_ledger = usd(100_000);
        grant.daily_limit = usd(100_000);
    };
    for (account, agent) in agents(f, only_bitcoin) {
        agent.borrow(usdt(100)).ok();
        assert_refused(agent.repay(usdt(100)), &account, OperationNotAllowed);
        assert_refused(agent.borrow(LITTLE), &account, OperationNotAllowed);
        agent.trade(Order::market(BTC_USD, milli_base(10)).at(price(50_100))).ok();
        let ether = agent.trade(Order::market(ETH_USD, milli_base(10)).at(price(2_010)));
        assert_refused(ether, &account, OperationNotAllowed);
        assert_refused(agent.close_position(BTC_USD), &account, OperationNotAllowed);
        // The account may go to ten times, the session to once.
        let more = || agent.trade(Order::market(BTC_USD, milli_base(450)).at(price(50_300)));
        assert_refused(more(), &account, ExcessiveLeverage);
        account.trade(Order::market(BTC_USD, milli_base(450)).at(price(50_300))).ok();
    }
}

fn a_number_of_entries_is_a_limit_too(f: &Fixture) {
    for (account, agent) in agents(f, |grant| grant.max_ops_per_day = 2) {
        agent.borrow(LITTLE).ok();
        agent.borrow(LITTLE).ok();
        f.pass(3_600);
        assert_refused(agent.borrow(LITTLE), &account, DailyLimitExceeded);
        assert_refused(agent.repay(LITTLE), &account, DailyLimitExceeded);
        account.repay(LITTLE).ok();
        f.pass(DAY + 3_600);
        agent.borrow(LITTLE).ok();
    }
}

fn a_session_ends_itself_and_nobody_elses(f: &Fixture) {
    for (account, agent) in agents(f, |_| ()) {
        let other = f.session(&account, "other agent", |_| ());
        let key = f.key(agent.key());
        let renounce =
            |by: &Actor, key: &soroban_sdk::Bytes| f.by_itself(by, "renounce_session", (key.clone(),));
        assert_refused(renounce(&other, &key), &account, OperationNotAllowed);
        assert_refused(renounce(&account, &key), &account, OperationNotAllowed);
        let accompanied = renounce(&agent, &key).also_signing(agent.borrow_call(LITTLE));
        assert_refused(accompanied, &account, OperationNotAllowed);
        renounce(&agent, &key).ok();
        assert_refused(agent.borrow(LITTLE), &account, UnauthorizedSigner);
        other.borrow(LITTLE).ok();
    }
}

fn sessions_are_revoked_one_by_one_or_all_together(f: &Fixture) {
    for (account, first) in agents(f, |_| ()) {
        let [second, third] = ["second", "third"].map(|name| f.session(&account, name, |_| ()));
        f.administer::<()>(&account, "revoke_session_key", (f.key(first.key()),)).ok();
        assert_refused(first.borrow(LITTLE), &account, UnauthorizedSigner);
        f.administer::<()>(&account, "revoke_session_key", (f.key(first.key()),)).fails(UnauthorizedSigner);
        second.borrow(LITTLE).ok();
        f.administer::<()>(&account, "revoke_all_sessions", ()).ok();
        for gone in [&second, &third] {
            assert_refused(gone.borrow(LITTLE), &account, UnauthorizedSigner);
        }
        assert_eq!(f.pro(&account).get_session_keys().len(), 0);
        account.borrow(LITTLE).ok();
    }
}

fn a_grant_outside_the_bounds_is_refused(f: &Fixture) {
    let (account, _) = agent(f, |_| ());
    let good = || f.grant(&Signer::from(&key_of("another")));
    let none = HostVec::new(&f.env);
    let bad = [
        SessionGrant { expires_at: f.now(), ..good() },
        SessionGrant { max_per_tx: -1, ..good() },
        SessionGrant { max_per_ledger: -1, ..good() },
        SessionGrant { daily_limit: -1, ..good() },
        SessionGrant { max_leverage: 99, ..good() },
        SessionGrant { max_leverage: 1_001, ..good() },
        SessionGrant { allowed_ops: none, ..good() },
        SessionGrant { key: soroban_sdk::Bytes::from_array(&f.env, &[1; 31]), ..good() },
        SessionGrant { key: soroban_sdk::Bytes::from_array(&f.env, &[0; 32]), ..good() },
    ];
    for grant in bad {
        f.administer::<()>(&account, "grant_session", (grant,)).fails(InvalidConfig);
    }
    f.administer::<()>(&account, "grant_session", (good(),)).ok();
}

fn the_seeds_grant_has_no_other_limits(f: &Fixture) {
    for account in [f.pro_account("petra"), f.institution("inge", 3)] {
        let account = furnished(f, account);
        let phone = Passkey::of("phone");
        let key = Signer::from(&phone).bytes(&f.env);
        let operations = HostVec::from_array(&f.env, [f.symbol("borrow")]);
        let args = (key, f.now() + DAY, usd(500), usd(800), operations);
        f.administer::<()>(&account, "add_session_key", args).ok();
        let session = f.pro(&account).get_session_keys().first().expect("a session");
        assert_eq!(session.grant.markets, Scope::All);
        assert_eq!(session.grant.max_per_ledger, usd(500), "several entries do not multiply it");
        assert_eq!((session.left_today, session.ops_left_today), (usd(800), u32::MAX));
        let borrow = |amount| {
            account
                .borrow(amount)
                .answered(|payload| list_value([Signer::from(&phone).sign(payload)].into_iter()))
        };
        borrow(usdt(500)).ok();
        assert_refused(borrow(usdt(1)), &account, AccountError::ExceedsSessionLimit);
    }
}
