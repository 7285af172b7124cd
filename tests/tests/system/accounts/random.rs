//! Random entries in random states: whatever an account lets through, its own limits hold after it was executed, and a
//! session has not spent more than it may by anybody's count. Random administration, in every tier, keeps what must hold.
//!
//! `FUZZ_SEQUENCES=n FUZZ_SEED=s` plays others.

use margin_interface::{
    AccountError, AccountType, AmountTier, Limits, MultisigConfig, Proposer, SessionGrant,
};
use margin_math::units::BASE;
use margin_tests::accounts::DAY;
use margin_tests::actor::{key_of, Actor};
use margin_tests::auth::Invocation;
use margin_tests::fixture::{Fixture, BTC_USD, ETH_USD};
use margin_tests::money::{eth, milli_base, price, usd, usdc, usdt, Coin};
use margin_tests::operations::Order;
use margin_tests::random::Dice;
use margin_tests::refusal::Failure;
use margin_tests::signer::Signer;
use margin_tests::tx::Tx;
use margin_tests::world::Mode;
use soroban_sdk::{Address, Bytes, Env, IntoVal, Symbol, TryFromVal, Val, Vec as HostVec};
use std::collections::BTreeMap;

const STEPS: u32 = 64;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// Plays `sequences` stories of [`STEPS`] steps, each from a seed of its own.
fn play(sequences: u64, story: impl Fn(&mut Dice)) {
    let seed = setting("FUZZ_SEED", 2026);
    for sequence in 0..setting("FUZZ_SEQUENCES", sequences) {
        story(&mut Dice::new(seed.wrapping_mul(1_000_003).wrapping_add(sequence)));
    }
}

/// What moves the world besides the account.
fn something_happens(f: &Fixture, dice: &mut Dice) {
    match dice.between(0, 9) {
        0 => f.set_price("ETH", price(dice.between(1_700, 2_300))),
        1 => f.set_price("BTC", price(dice.between(46_000, 54_000))),
        2 => f.pass(u64::try_from(dice.between(600, 20_000)).unwrap()),
        _ => f.pass(u64::try_from(dice.between(5, 60)).unwrap()),
    }
}

/// A call of `who`, with whether it may raise the risk.
fn any_call(f: &Fixture, who: &Actor, dice: &mut Dice) -> (Invocation, bool) {
    let dollars = dice.between(1, 6_000);
    let size = milli_base(dice.between(1, 300));
    let size = if dice.chance(50) { size } else { -size };
    let market = *dice.pick(&[BTC_USD, ETH_USD]);
    let any = if size > 0 { price(90_000) } else { price(1) };
    match dice.between(0, 9) {
        0 => (who.borrow_call(usdt(dollars)), true),
        1 => (who.borrow_call(f.worth(Coin::Eth, dollars)), true),
        2 => (who.borrow_call(f.worth(Coin::Xlm, dollars)), true),
        3 => (who.withdraw_call(&who.address, usdc(dollars)), true),
        4 | 5 => (who.trade_call(Order::market(market, size).at(any)), true),
        6 => {
            (who.open_call(market, size > 0, usdc(dollars / 10 + 20), dice.between(100, 1_000) as u32), true)
        }
        7 => (who.trade_call(Order::market(market, size).at(any).reducing()), false),
        8 => (who.deposit_call(who, usdc(dollars / 10 + 1)), false),
        _ => {
            let repay = Invocation::new(
                &f.contracts().vault,
                "repay",
                (&who.address, &who.address, f.token(Coin::Usdt), usdt(dollars).units).into_val(&f.env),
            );
            (repay.with(who.transfer_call(&f.contracts().vault, usdt(dollars))), false)
        }
    }
}

fn submit(f: &Fixture, who: &Actor, call: &Invocation, signed: &Invocation) -> Result<Val, Failure> {
    Tx::<Val>::new(&f.world, call.clone()).consent(who, signed.tree(&f.env)).submit()
}

fn refused_with(failure: &Failure) -> Option<u32> {
    match &failure.refused_by {
        Some((_, soroban_sdk::xdr::ScError::Contract(code))) => Some(*code),
        _ => None,
    }
}

/// The account's own limits, against the ledger as it is now.
fn assert_within(f: &Fixture, account: &Actor, limits: &Limits, what: &str) {
    let now = f.ledger().summary(&account.address);
    let held = now.leverage <= limits.max_leverage
        && now.health_factor >= limits.min_health
        && now.debt_value <= limits.total_borrow
        && now.exposures.values().iter().all(|exposure| exposure <= limits.market_exposure);
    assert!(held, "{what} of {} went beyond {limits:?}: {now:?}", account.name);
}

#[test]
fn what_an_account_lets_through_stays_within_its_limits() {
    let (done, refused) = (std::cell::Cell::new(0), std::cell::RefCell::new(BTreeMap::<u32, u32>::new()));
    play(12, |dice| {
        let f = &Fixture::new(Mode::Native);
        let tier = *dice.pick(&[AccountType::Basic, AccountType::Pro, AccountType::Institutional]);
        let account = match tier {
            AccountType::Basic => f.smart_account("account"),
            AccountType::Pro => f.pro_account("account"),
            AccountType::Institutional => f.institution("account", 3),
        };
        let account = f.funded(account, &[usdc(20_000), eth(5), usdt(5_000)]);
        account.deposit(usdc(4_000)).ok();
        account.deposit(eth(2)).ok();
        let most = if tier == AccountType::Basic { 300 } else { 1_000 };
        let limits = (
            Some(u32::try_from(dice.between(150, most)).unwrap()),
            Some(u32::try_from(dice.between(10_500, 14_000)).unwrap()),
            Some(usd(dice.between(1_000, 20_000))),
            Some(usd(dice.between(1_000, 12_000))),
        );
        f.administer::<()>(&account, "update_params", limits).ok();
        for _ in 0..STEPS {
            something_happens(f, dice);
            let limits = f.account(&account).limits();
            let (call, increases) = any_call(f, &account, dice);
            // Often beside something that is signed and never made.
            let signed = if dice.chance(30) {
                let (other, _) = any_call(f, &account, dice);
                call.clone().with(other)
            } else {
                call.clone()
            };
            match submit(f, &account, &call, &signed) {
                Ok(_) => {
                    done.set(done.get() + 1);
                    if increases {
                        assert_within(f, &account, &limits, &call.function);
                    }
                }
                Err(failure) => {
                    let code = refused_with(&failure).unwrap_or(0);
                    *refused.borrow_mut().entry(code).or_default() += 1;
                }
            }
        }
    });
    println!("{} done, refused by code {:?}", done.get(), refused.borrow());
    let refused = refused.borrow();
    assert!(done.get() > 100, "only {}", done.get());
    for code in [
        AccountError::ExcessiveLeverage,
        AccountError::InsufficientHealth,
        AccountError::TotalBorrowExceeded,
        AccountError::MarketConcentration,
    ] {
        assert!(refused.contains_key(&(code as u32)), "no story reached {code:?}: {refused:?}");
    }
}

/// What one call is worth at the price of the sources, which no valuation of it undercuts: dollars, 1e7.
fn worth(f: &Fixture, call: &Invocation) -> i128 {
    fn argument<T: TryFromVal<Env, Val>>(f: &Fixture, call: &Invocation, place: u32) -> T {
        let value = call.args.get(place).expect("an argument");
        T::try_from_val(&f.env, &value).unwrap_or_else(|_| panic!("another type"))
    }
    // A price has 1e14, a dollar 1e7.
    let valued = |units: i128, ticker: &str, scale: i128| units * f.prices.get(ticker) / scale / 10_000_000;
    match call.function.as_str() {
        "borrow" | "withdraw" => {
            let asset: Address = argument(f, call, 1);
            let coin = Coin::ALL.into_iter().find(|coin| *f.token(*coin) == asset).expect("a coin");
            valued(argument(f, call, 2), coin.ticker(), 10i128.pow(coin.decimals()))
        }
        "trade" => {
            let market: Symbol = argument(f, call, 1);
            let ticker = if market == f.symbol(BTC_USD) { "BTC" } else { "ETH" };
            let (size, limit): (i128, i128) = (argument(f, call, 2), argument(f, call, 3));
            if argument(f, call, 4) {
                // What a reduction may lose at the price that it names.
                let given = (limit - f.prices.get(ticker)) * size.signum();
                return given.max(0) / 10_000_000 * size.abs() / BASE;
            }
            valued(size.abs(), ticker, BASE)
        }
        "deposit" | "repay" => 0,
        "open_position" => argument::<i128>(f, call, 3) * i128::from(argument::<u32>(f, call, 4)) / 100,
        other => panic!("{other} is not played"),
    }
}

/// Sums what was spent from `since` on.
fn spent(book: &[(u64, u32, i128)], since: u64) -> i128 {
    book.iter().filter(|(at, ..)| *at >= since).map(|(.., amount)| amount).sum()
}

#[test]
fn p16_no_24_hours_of_a_session_exceed_its_limit() {
    const PER_TX: i128 = 3_000;
    const PER_LEDGER: i128 = 4_000;
    const DAILY: i128 = 9_000;
    let tally = std::cell::RefCell::new(BTreeMap::<u32, u32>::new());
    play(12, |dice| {
        let f = &Fixture::new(Mode::Native);
        let account = if dice.chance(50) { f.pro_account("account") } else { f.institution("account", 3) };
        let account = f.funded(account, &[usdc(400_000), usdt(50_000)]);
        account.deposit(usdc(300_000)).ok();
        account.borrow(usdt(100)).ok();
        let agent = f.session(&account, "agent", |grant| {
            grant.allowed_ops.push_back(f.symbol("withdraw"));
            *grant = SessionGrant {
                daily_limit: usd(DAILY),
                expires_at: f.now() + 365 * DAY,
                max_per_ledger: usd(PER_LEDGER),
                max_per_tx: usd(PER_TX),
                max_ops_per_day: u32::MAX,
                ..grant.clone()
            };
        });
        let mut book: Vec<(u64, u32, i128)> = Vec::new();
        for _ in 0..STEPS {
            match dice.between(0, 5) {
                0 => {}
                1 => f.pass(u64::try_from(dice.between(5, 60)).unwrap()),
                2 => something_happens(f, dice),
                _ => f.pass(u64::try_from(dice.between(60, 14_000)).unwrap()),
            }
            let (call, _) = any_call(f, &account, dice);
            let (now, ledger) = (f.now(), f.env.ledger().sequence());
            let amount = worth(f, &call);
            let in_ledger: i128 =
                book.iter().filter(|(_, at, _)| *at == ledger).map(|(.., amount)| amount).sum();
            // What is charged is at the upper price, at most two in a hundred more.
            let at_most = |amount: i128| amount + amount / 50 + 1;
            let code = match submit(f, &agent, &call, &call) {
                Ok(_) => {
                    book.push((now, ledger, amount));
                    assert!(amount <= usd(PER_TX), "{} of {amount}", call.function);
                    assert!(in_ledger + amount <= usd(PER_LEDGER));
                    assert!(spent(&book, now - DAY) <= usd(DAILY), "24 hours: {book:?}");
                    0
                }
                Err(failure) => refused_with(&failure).unwrap_or(1_000),
            };
            if code == AccountError::ExceedsSessionLimit as u32 {
                assert!(
                    at_most(amount) > usd(PER_TX) || at_most(in_ledger + amount) > usd(PER_LEDGER),
                    "refused {amount} for nothing"
                );
            }
            if code == AccountError::DailyLimitExceeded as u32 {
                let remembered = spent(&book, now.saturating_sub(DAY + 3_600));
                assert!(at_most(remembered + amount) > usd(DAILY), "refused {amount} after {remembered}");
            }
            *tally.borrow_mut().entry(code).or_default() += 1;
        }
    });
    println!("{:?}", tally.borrow());
    let tally = tally.borrow();
    for code in [0, AccountError::ExceedsSessionLimit as u32, AccountError::DailyLimitExceeded as u32] {
        assert!(tally.get(&code).is_some_and(|count| *count > 20), "{code}: {tally:?}");
    }
}

/// A random change of an account's configuration, sensible or not.
fn any_change(f: &Fixture, account: &Actor, dice: &mut Dice) -> Tx<()> {
    let key = |dice: &mut Dice| f.key(&key_of(&format!("key {}", dice.between(0, 24))));
    let some = |dice: &mut Dice, low, high| dice.chance(50).then(|| dice.between(low, high));
    let change = |function: &str, args: HostVec<Val>| f.administer::<()>(account, function, args);
    let env = &f.env;
    match dice.between(0, 12) {
        0 | 1 => change("add_signer", (key(dice),).into_val(env)),
        2 | 3 => change("remove_signer", (key(dice),).into_val(env)),
        4 => change("rotate_signer", (key(dice), key(dice)).into_val(env)),
        5 => {
            let leverage = some(dice, 50, 1_100).map(|value| value as u32);
            let threshold = some(dice, 10_000, 21_000).map(|value| value as u32);
            let limits = (leverage, threshold, some(dice, -1, 10), some(dice, -1, 10));
            change("update_params", limits.into_val(env))
        }
        6 | 7 => {
            let grant = SessionGrant { key: key(dice), ..f.grant(&Signer::from(key_of("any"))) };
            change("grant_session", (grant,).into_val(env))
        }
        8 => change("revoke_session_key", (key(dice),).into_val(env)),
        9 => change("transfer_ownership", (&f.lender.address,).into_val(env)),
        10 | 11 => {
            let n = dice.between(0, 7);
            let signers: Vec<Bytes> = (0..n).map(|_| key(dice)).collect();
            let guardians: Vec<Bytes> = (0..dice.between(0, 2)).map(|_| key(dice)).collect();
            let tiers: Vec<AmountTier> = (0..dice.between(0, 2))
                .map(|place| AmountTier {
                    above: usd(dice.between(0, 5) + place),
                    signatures: dice.between(0, 8) as u32,
                })
                .collect();
            let config = MultisigConfig {
                guardians: HostVec::from_slice(env, &guardians),
                signers: HostVec::from_slice(env, &signers),
                threshold: dice.between(0, 5) as u32,
                tiers: HostVec::from_slice(env, &tiers),
            };
            change("update_multisig", (config,).into_val(env))
        }
        _ => {
            f.pass(DAY);
            Tx::new(
                &f.world,
                Invocation::new(&account.address, "execute_multisig", (Proposer::Signers,).into_val(env)),
            )
        }
    }
}

/// What holds after every change, of an account of any tier.
fn assert_sound(f: &Fixture, account: &Actor) {
    let client = f.account(account);
    let tier = client.account_type();
    let limits = client.limits();
    let signers: Vec<Bytes> = client.signers().iter().collect();
    let mut keys = signers.clone();
    assert!((1..=20).contains(&signers.len()), "N: {}", signers.len());
    let cap = if tier == AccountType::Basic { 300 } else { 1_000 };
    assert!((100..=cap).contains(&limits.max_leverage), "leverage: {limits:?}");
    assert!((10_500..=20_000).contains(&limits.min_health), "threshold: {limits:?}");
    assert!(limits.market_exposure >= 0 && limits.total_borrow >= 0, "limits: {limits:?}");
    let books = f.ledger().account(&account.address);
    let unused = books.limits == Limits::NONE && books.seq == 0;
    assert!(unused || books.limits == limits, "the ledger follows: {books:?}");
    if tier != AccountType::Basic {
        let sessions = f.pro(account).get_session_keys();
        assert!(sessions.len() <= 16);
        keys.extend(sessions.iter().map(|session| session.grant.key));
    }
    if tier == AccountType::Institutional {
        let MultisigConfig { guardians, signers: of_config, threshold, tiers } =
            f.institutional(account).multisig();
        assert_eq!(of_config.iter().collect::<Vec<_>>(), signers);
        let needed: Vec<u32> =
            std::iter::once(threshold).chain(tiers.iter().map(|tier| tier.signatures)).collect();
        assert!(threshold >= 1 && needed.is_sorted(), "thresholds: {needed:?}");
        assert!(*needed.last().expect("one") as usize <= signers.len(), "M <= N: {needed:?}");
        let amounts: Vec<i128> = tiers.iter().map(|tier| tier.above).collect();
        assert!(amounts.is_sorted() && amounts.iter().all(|above| *above >= 0));
        keys.extend(guardians.iter());
    }
    let distinct: std::collections::BTreeSet<Vec<u8>> =
        keys.iter().map(|key| key.iter().collect::<Vec<u8>>()).collect();
    assert_eq!(distinct.len(), keys.len(), "a key in two roles");
    assert!(distinct.iter().all(|key| key.iter().any(|byte| *byte != 0)));
}

#[test]
fn p22_random_administration_keeps_every_invariant() {
    let (done, failed) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    play(12, |dice| {
        let f = &Fixture::new(Mode::Native);
        let tier = *dice.pick(&[AccountType::Basic, AccountType::Pro, AccountType::Institutional]);
        let account = f.smart_account_with("account", |config| {
            config.account_type = tier;
            config.signers =
                f.keys(&(0..3).map(|n| Signer::from(key_of(&format!("key {n}")))).collect::<Vec<_>>());
        });
        let all: Vec<_> = (0..=24).map(|n| key_of(&format!("key {n}"))).collect();
        for _ in 0..STEPS {
            // Whoever signs today.
            let signers = f.account(&account).signers();
            let keys: Vec<_> = all.iter().filter(|key| signers.contains(f.key(key))).cloned().collect();
            assert_eq!(keys.len(), signers.len() as usize, "nobody unknown");
            let today = Actor::at(&f.world, "account", account.address.clone(), keys);
            match any_change(f, &today, dice).submit() {
                Ok(()) => done.set(done.get() + 1),
                Err(_) => failed.set(failed.get() + 1),
            }
            assert_sound(f, &account);
        }
        // And it still does what it is for.
        let signers = f.account(&account).signers();
        let keys: Vec<_> = all.iter().filter(|key| signers.contains(f.key(key))).cloned().collect();
        let today = Actor::at(&f.world, "account", account.address.clone(), keys);
        f.pass(5);
        f.fund(&today, usdc(10));
        today.deposit(usdc(10)).ok();
        f.administer::<()>(&today, "update_params", (Some(200u32), None::<u32>, None::<i128>, None::<i128>))
            .ok();
    });
    println!("{} done, {} refused", done.get(), failed.get());
    assert!(done.get() > 150 && failed.get() > 150, "{} done, {} refused", done.get(), failed.get());
}
