//! Orders that rest: what was signed once and is filled when a thief decides. They end with the authority of whoever signed them.

use super::{furnished, of_each_tier};
use margin_interface::AccountError::{ExceedsSessionLimit, InsufficientSignatures};
use margin_interface::{
    AccountType, ClearingError, ConditionalOrder, Limits, MultisigConfig, Proposer, TierParams,
};
use margin_tests::accounts::DAY;
use margin_tests::actor::{key_of, Actor};
use margin_tests::auth::Invocation;
use margin_tests::fixture::{Fixture, BTC_USD};
use margin_tests::money::{milli_base, price};
use margin_tests::operations::Order;
use margin_tests::orders::{execute, execute_signed, order, place};
use margin_tests::refusal::assert_refused;
use margin_tests::signer::Signer;
use margin_tests::tx::Tx;
use soroban_sdk::{Bytes, IntoVal, Vec as HostVec};

crate::in_both_modes!(
    a_frozen_account_gives_nothing_away_by_what_rests,
    no_order_outlives_the_session_that_signed_it,
    no_order_outlives_the_signer_who_signed_it,
    no_order_outlives_a_configuration,
    no_order_outlives_the_signers_of_another_tier,
    nobody_saves_up_orders_beyond_what_a_day_counts,
);

/// Whoever stole a key left an order that only reduces, at whatever price the band permits, for himself to fill.
fn stolen(f: &Fixture, account: &Actor, thief: &Actor, nonce: u64) -> ConditionalOrder {
    ConditionalOrder {
        acceptable_price: 1,
        epoch: f.clearing().orders(&account.address).epoch,
        expires_at: f.now() + DAY,
        max_fee: 0,
        reduce_only: true,
        require_verified: false,
        trusted_executor: Some(thief.address.clone()),
        ..order(f, account, nonce, -milli_base(10))
    }
}

/// The thief places an order by `key`; `end` ends it; he fills nothing.
fn ends(f: &Fixture, key: &Actor, nonce: u64, end: impl FnOnce()) {
    let thief = f.key_account(&format!("thief {nonce}"));
    let order = stolen(f, key, &thief, nonce);
    place(f, key, &order).ok();
    assert_eq!(f.clearing().orders(&key.address).resting.len(), 1);
    end();
    assert_eq!(f.clearing().orders(&key.address).resting.len(), 0, "an order rests");
    execute(f, &thief, &order).changes_nothing();
}

/// An account with half a bitcoin.
fn invested(account: &Actor) {
    account.trade(Order::market(BTC_USD, milli_base(500)).at(price(51_000))).ok();
}

fn freeze(f: &Fixture, account: &Actor) {
    f.by_itself(account, "freeze", ()).signed_by(&[account.key()]).ok();
}

fn a_frozen_account_gives_nothing_away_by_what_rests(f: &Fixture) {
    for account in of_each_tier(f) {
        invested(&account);
        let thief = f.key_account("thief");
        // What he fills while nobody has noticed.
        let first = stolen(f, &account, &thief, 1);
        place(f, &account, &first).ok();
        execute(f, &thief, &first).ok();
        ends(f, &account, 2, || freeze(f, &account));
        // Nor by what was signed before and kept.
        let old = ConditionalOrder { epoch: 0, ..stolen(f, &account, &thief, 3) };
        execute_signed(f, &thief, &account, &old).fails(ClearingError::WrongEpoch);
        // Who signs reduces now as well, by an order of the new epoch.
        let stop = stolen(f, &account, &thief, 4);
        place(f, &account, &stop).ok();
        execute(f, &thief, &stop).ok();
    }
}

fn no_order_outlives_the_session_that_signed_it(f: &Fixture) {
    for account in [f.pro_account("petra"), f.institution("inge", 3)] {
        let account = furnished(f, account);
        invested(&account);
        let agent = || {
            f.session(&account, &format!("agent of {}", account.name), |grant| {
                grant.allowed_ops = HostVec::from_array(&f.env, [f.symbol("place_order")]);
            })
        };
        let first = agent();
        let key = f.key(first.key());
        ends(f, &first, 1, || f.administer::<()>(&account, "revoke_session_key", (key,)).ok());
        f.pass(5);
        ends(f, &agent(), 2, || f.administer::<()>(&account, "revoke_all_sessions", ()).ok());
    }
}

fn no_order_outlives_the_signer_who_signed_it(f: &Fixture) {
    for account in [f.smart_account("basil"), f.pro_account("petra")] {
        let account = furnished(f, account);
        invested(&account);
        let spare = key_of("spare");
        ends(f, &account, 1, || {
            let change = (f.key(account.key()), f.key(&spare));
            f.administer::<()>(&account, "rotate_signer", change).ok();
        });
        let account = Actor::at(&f.world, &account.name, account.address.clone(), vec![spare.clone()]);
        f.administer::<()>(&account, "add_signer", (f.key(&key_of("another")),)).ok();
        ends(f, &account, 2, || f.administer::<()>(&account, "remove_signer", (f.key(&spare),)).ok());
    }
}

fn no_order_outlives_a_configuration(f: &Fixture) {
    let bank = furnished(f, f.institution("bank", 3));
    invested(&bank);
    let execute = || {
        let by = (Proposer::Signers,).into_val(&f.env);
        Tx::<()>::new(&f.world, Invocation::new(&bank.address, "execute_multisig", by))
    };
    // Two of three for everything, so that one may be removed.
    let config = MultisigConfig { tiers: HostVec::new(&f.env), ..f.institutional(&bank).multisig() };
    f.administer::<()>(&bank, "update_multisig", (config.clone(),)).ok();
    f.pass(DAY - 60);
    ends(f, &bank, 1, || {
        f.pass(60);
        execute().ok();
    });
    // Signers who recover.
    f.by_itself(&bank, "freeze", ()).signed_by(&[&bank.keys[0]]).ok();
    let recover = f.administer::<()>(&bank, "propose_recovery", (Proposer::Signers, config));
    recover.signed_with(&bank.signers()[..2]).ok();
    f.pass(7 * DAY - 60);
    ends(f, &bank, 2, || {
        f.pass(60);
        execute().ok();
    });
    ends(f, &bank, 3, || {
        f.administer::<()>(&bank, "remove_signer", (f.key(&bank.keys[0]),)).ok();
    });
}

fn no_order_outlives_the_signers_of_another_tier(f: &Fixture) {
    let basil = furnished(f, f.smart_account("basil"));
    invested(&basil);
    let limits: Limits = f.account(&basil).limits();
    let same = f.account(&basil).signers();
    let owner = f.owner_of("basil");
    let upgrade = |tier, signers: HostVec<Bytes>| {
        f.upgrades_account(&owner, &basil, tier, &TierParams { limits: limits.clone(), signers })
    };
    let thief = f.key_account("thief");
    // Who signs is the same: so are the orders.
    let kept = stolen(f, &basil, &thief, 1);
    place(f, &basil, &kept).ok();
    upgrade(AccountType::Pro, same).ok();
    assert_eq!(f.clearing().orders(&basil.address).resting.len(), 1);
    f.administer::<()>(&basil, "revoke_all_sessions", ()).ok();
    ends(f, &basil, 2, || upgrade(AccountType::Basic, f.keys(&[Signer::from(key_of("heir"))])).ok());
}

/// A limit counts what is signed in a day. Orders of many days, filled in one moment, would be many times as much.
fn nobody_saves_up_orders_beyond_what_a_day_counts(f: &Fixture) {
    let thief = f.key_account("thief");
    let forever =
        |who: &Actor, nonce| ConditionalOrder { expires_at: u64::MAX, ..stolen(f, who, &thief, nonce) };
    let petra = furnished(f, f.pro_account("petra"));
    let agent = f.session(&petra, "agent", |grant| {
        grant.allowed_ops = HostVec::from_array(&f.env, [f.symbol("place_order")]);
        grant.expires_at = f.now() + DAY + 3_600;
    });
    invested(&petra);
    assert_refused(place(f, &agent, &forever(&agent, 1)), &petra, ExceedsSessionLimit);
    let first = stolen(f, &agent, &thief, 1);
    place(f, &agent, &first).ok();
    f.pass(DAY);
    execute(f, &thief, &first).fails(ClearingError::OrderExpired);
    // Nor does one outlast the session itself, whoever forgets to revoke it.
    assert_refused(place(f, &agent, &stolen(f, &agent, &thief, 2)), &petra, ExceedsSessionLimit);
    let last = ConditionalOrder { expires_at: f.now() + 3_600, ..stolen(f, &agent, &thief, 2) };
    place(f, &agent, &last).ok();
    f.pass(3_600);
    execute(f, &thief, &last).fails(ClearingError::OrderExpired);

    // Fewer signers than the most are bound by a day as well; all of them are not.
    let inge = furnished(f, f.institution("inge", 3));
    invested(&inge);
    let few = |order: &ConditionalOrder| place(f, &inge, order).signed_with(&inge.signers()[..2]);
    assert_refused(few(&forever(&inge, 1)), &inge, InsufficientSignatures);
    let [short, long] = [stolen(f, &inge, &thief, 1), forever(&inge, 2)];
    few(&short).ok();
    place(f, &inge, &long).ok();
    f.pass(DAY);
    execute(f, &thief, &short).fails(ClearingError::OrderExpired);
    execute(f, &thief, &long).ok();
}
