//! Orders, matches and batches of the clearing-house signed by accounts of every tier: by an owner signer, by a quorum, by a
//! session.

use super::{furnished, of_each_tier};
use margin_interface::AccountError::{
    DailyLimitExceeded, ExceedsSessionLimit, ExcessiveLeverage, InsufficientSignatures, OperationNotAllowed,
};
use margin_interface::{
    Action, ClearingChange, ClearingError, ClearingRequest, ConditionalOrder, MatchedFill,
};
use margin_interface::{SessionGrant, TradeAction};
use margin_math::units::USD;
use margin_tests::actor::Actor;
use margin_tests::auth::Invocation;
use margin_tests::fixture::{Fixture, BTC_USD};
use margin_tests::money::{milli_base, price, usd, usdc, Coin};
use margin_tests::operations::Order;
use margin_tests::orders::{consent, execute, execute_signed, match_call, order, place, submit};
use margin_tests::refusal::assert_refused;
use margin_tests::signer::Signer;
use margin_tests::tx::Tx;
use soroban_sdk::{IntoVal, Vec as HostVec};

crate::in_both_modes!(
    every_tier_signs_orders,
    every_tier_is_matched,
    every_tier_sends_batches,
    a_session_signs_orders_within_its_limits,
    a_session_is_matched_within_its_limits,
    a_session_sends_batches_within_its_limits,
    p10_a_session_cannot_trade_the_account_away,
);

fn size(f: &Fixture, account: &Actor) -> i128 {
    f.clearing().position(&account.address, &f.symbol(BTC_USD)).map_or(0, |position| position.size)
}

/// Those who are enough: one signer, and of three of an institution two.
fn enough(account: &Actor) -> Vec<Signer> {
    let signers = account.signers();
    signers[..signers.len() / 2 + 1].to_vec()
}

/// Without enough signatures nothing happens, of an institution: one of two.
fn assert_quorum<T>(tx: impl Fn() -> Tx<T>, account: &Actor)
where
    T: soroban_sdk::TryFromVal<soroban_sdk::Env, soroban_sdk::Val>,
{
    let signers = enough(account);
    if signers.len() > 1 {
        assert_refused(tx().signed_with(&signers[..1]), account, InsufficientSignatures);
    }
}

/// The keeper executes an order that some of the account's signers sign.
fn executes(
    f: &Fixture,
    account: &Actor,
    order: &ConditionalOrder,
    signers: &[Signer],
) -> Tx<margin_interface::Fill> {
    execute(f, &f.keeper, order)
        .consent(account, consent(f, "execute_order", order).tree(&f.env))
        .signed_with(signers)
}

fn every_tier_signs_orders(f: &Fixture) {
    for account in of_each_tier(f) {
        let buy = order(f, &account, 1, milli_base(100));
        assert_quorum(|| place(f, &account, &buy), &account);
        place(f, &account, &buy).signed_with(&enough(&account)).ok();
        // Nobody signs again when it executes.
        execute(f, &f.keeper, &buy).ok();
        assert_eq!(size(f, &account), milli_base(100));
        // Signed for whoever executes it.
        let more = order(f, &account, 2, milli_base(100));
        let few = executes(f, &account, &more, &enough(&account)[1..]).changes_nothing();
        assert!(few.refused_by.is_some() || few.code.is_some(), "{few}");
        executes(f, &account, &more, &enough(&account)).ok();
        assert_eq!(size(f, &account), milli_base(200));
        // What only reduces is no risk, whatever the leverage; what does not is judged at once and when it executes.
        let stop = ConditionalOrder {
            acceptable_price: price(50_000),
            reduce_only: true,
            ..order(f, &account, 3, -milli_base(10_000))
        };
        if account.signers().len() > 1 {
            // But ten bitcoin are half a million, and what is fair today is given away when the price has moved.
            let few = place(f, &account, &stop).signed_with(&enough(&account));
            assert_refused(few, &account, InsufficientSignatures);
        }
        let stop = ConditionalOrder { acceptable_price: price(49_000), ..stop };
        place(f, &account, &stop).signed_with(&account.signers()).ok();
        let huge = order(f, &account, 4, milli_base(20_000));
        assert_refused(place(f, &account, &huge), &account, ExcessiveLeverage);
        execute(f, &f.keeper, &stop).ok();
        assert_eq!(size(f, &account), 0);
        // A sibling's consent is worth nothing.
        let foreign =
            ConditionalOrder { account: f.lender.address.clone(), ..order(f, &account, 5, milli_base(1)) };
        execute_signed(f, &f.keeper, &account, &foreign).fails(ClearingError::NotPermitted);
    }
}

fn operator(f: &Fixture) -> Actor {
    let operator = f.key_account("operator");
    let clearing = &f.contracts().clearing;
    let change = ClearingChange::Operator(operator.address.clone());
    let id: soroban_sdk::BytesN<32> = f.admin.calls(clearing, "propose", (change,).into_val(&f.env)).ok();
    f.pass(2 * 86_400);
    f.admin.calls::<()>(clearing, "execute", (&id,).into_val(&f.env)).ok();
    operator
}

/// Two sides of a hundredth of a bitcoin at 50,000.
fn sides(buy: &ConditionalOrder, sell: &ConditionalOrder) -> [MatchedFill; 2] {
    let side = |order: &ConditionalOrder, sign: i128| MatchedFill {
        order: order.clone(),
        quote_delta: -sign * 500 * USD,
        size_delta: sign * milli_base(10),
    };
    [side(sell, -1), side(buy, 1)]
}

fn every_tier_is_matched(f: &Fixture) {
    let operator = operator(f);
    let karl = furnished(f, f.key_account("karl"));
    for (nonce, account) in (1..).zip(of_each_tier(f)) {
        let buy = order(f, &account, 1, milli_base(10));
        let sell = order(f, &karl, nonce, -milli_base(10));
        let matched = |signers: &[Signer]| {
            match_call(f, &operator, &sides(&buy, &sell))
                .consent(&karl, consent(f, "settle_match", &sell).tree(&f.env))
                .consent(&account, consent(f, "settle_match", &buy).tree(&f.env))
                .signed_with(signers)
        };
        matched(&[]).changes_nothing();
        matched(&enough(&account)[1..]).changes_nothing();
        matched(&enough(&account)).ok();
        assert_eq!(size(f, &account), milli_base(10));
    }
}

fn trade(f: &Fixture, milli: i128) -> ClearingRequest {
    let limit_price = if milli > 0 { price(51_000) } else { price(49_000) };
    let market = f.symbol(BTC_USD);
    ClearingRequest::Act(Action::Trade(TradeAction { limit_price, market, size_delta: milli_base(milli) }))
}

fn paid_in(f: &Fixture, dollars: i128) -> ClearingRequest {
    ClearingRequest::Act(Action::Deposit(f.token(Coin::Usdc).clone(), usdc(dollars).units))
}

fn every_tier_sends_batches(f: &Fixture) {
    for account in of_each_tier(f) {
        let stop = ConditionalOrder { reduce_only: true, ..order(f, &account, 1, -milli_base(100)) };
        let requests = [paid_in(f, 100), trade(f, 100), ClearingRequest::PlaceOrder(stop.clone())];
        let batch = || submit(f, &account, &account, &requests);
        assert_quorum(batch, &account);
        batch().signed_with(&enough(&account)).ok();
        assert_eq!(size(f, &account), milli_base(100));
        execute(f, &f.keeper, &stop).ok();
        assert_eq!(size(f, &account), 0);
        let huge = [paid_in(f, 100), trade(f, 20_000)];
        assert_refused(submit(f, &account, &account, &huge), &account, ExcessiveLeverage);
    }
}

/// A Pro account and an institution, each with a session for orders and batches.
fn agents(f: &Fixture, change: impl Fn(&mut SessionGrant)) -> [(Actor, Actor); 2] {
    let names =
        ["execute_order", "place_order", "cancel_order", "settle_match", "submit", "deposit", "trade"];
    let names = names.map(|name| f.symbol(name));
    [f.pro_account("petra"), f.institution("inge", 3)].map(|account| {
        let account = furnished(f, account);
        let agent = f.session(&account, &format!("agent of {}", account.name), |grant| {
            grant.allowed_ops = HostVec::from_slice(&f.env, &names);
            change(grant);
        });
        (account, agent)
    })
}

fn a_session_signs_orders_within_its_limits(f: &Fixture) {
    for (account, agent) in agents(f, |_| ()) {
        // $500 and a dollar for whoever executes, of $1,000 in a ledger and $2,000 in a day.
        let buy = |nonce, milli| order(f, &agent, nonce, milli_base(milli));
        let first = buy(1, 10);
        place(f, &agent, &first).ok();
        assert_refused(place(f, &agent, &buy(2, 10)), &account, ExceedsSessionLimit);
        f.pass(5);
        assert_refused(executes(f, &agent, &buy(2, 30), &agent.signers()), &account, ExceedsSessionLimit);
        executes(f, &agent, &buy(2, 10), &agent.signers()).ok();
        execute(f, &f.keeper, &first).ok();
        assert_eq!(size(f, &account), milli_base(20));
        // What the order may pay its executor counts, even if it only reduces, and all of its size: it rests.
        f.pass(5);
        let stop = |max_fee, milli| ConditionalOrder {
            acceptable_price: price(50_000),
            max_fee,
            reduce_only: true,
            ..order(f, &agent, 3, -milli_base(milli))
        };
        assert_refused(place(f, &agent, &stop(usd(501), 10)), &account, ExceedsSessionLimit);
        assert_refused(place(f, &agent, &stop(usd(1), 20)), &account, ExceedsSessionLimit);
        place(f, &agent, &stop(usd(1), 10)).ok();
        // For somebody else it signs nothing, and owners and other sessions are not it.
        let foreign = ConditionalOrder { account: f.lender.address.clone(), ..buy(4, 1) };
        assert_refused(executes(f, &agent, &foreign, &agent.signers()), &account, OperationNotAllowed);
        let narrow = f.session(&account, "narrow", |grant| {
            grant.allowed_ops = HostVec::from_array(&f.env, [f.symbol("place_order")]);
        });
        assert_refused(executes(f, &narrow, &buy(4, 1), &narrow.signers()), &account, OperationNotAllowed);
    }
}

fn a_session_is_matched_within_its_limits(f: &Fixture) {
    let operator = operator(f);
    let karl = furnished(f, f.key_account("karl"));
    for (nonce, (account, agent)) in (1..).zip(agents(f, |grant| grant.max_per_tx = usd(600))) {
        let sell = order(f, &karl, nonce, -milli_base(10));
        let matched = |buy: &ConditionalOrder| {
            match_call(f, &operator, &sides(buy, &sell))
                .consent(&karl, consent(f, "settle_match", &sell).tree(&f.env))
                .consent(&agent, consent(f, "settle_match", buy).tree(&f.env))
        };
        // The whole order is consented to, however little of it is filled.
        assert_refused(matched(&order(f, &agent, 1, milli_base(20))), &account, ExceedsSessionLimit);
        matched(&order(f, &agent, 1, milli_base(10))).ok();
        assert_eq!(size(f, &account), milli_base(10));
    }
}

fn a_session_sends_batches_within_its_limits(f: &Fixture) {
    for (account, agent) in agents(f, |_| ()) {
        let stop = ConditionalOrder {
            acceptable_price: price(49_900),
            reduce_only: true,
            ..order(f, &agent, 1, -milli_base(5))
        };
        let requests = [paid_in(f, 100), trade(f, 10), ClearingRequest::PlaceOrder(stop.clone())];
        submit(f, &agent, &agent, &requests).ok();
        assert_eq!(size(f, &account), milli_base(10));
        f.pass(5);
        // Its steps are summed: no more than $1,000.
        let twice = [trade(f, 11), trade(f, 11)];
        assert_refused(submit(f, &agent, &agent, &twice), &account, ExceedsSessionLimit);
        // Each step by its own name.
        let unnamed = ClearingRequest::Act(Action::Borrow(f.token(Coin::Usdt).clone(), 1));
        assert_refused(submit(f, &agent, &agent, &[unnamed]), &account, OperationNotAllowed);
        let none = Invocation::new(
            &f.contracts().clearing,
            "cancel_order",
            (&account.address, stop.nonce).into_val(&f.env),
        );
        agent.submits::<()>(none).ok();
    }
}

/// Whoever holds a session's key opens and closes at the edge of what the venue permits, and takes the other side.
fn p10_a_session_cannot_trade_the_account_away(f: &Fixture) {
    for (account, agent) in agents(f, |grant| grant.max_ops_per_day = 6) {
        account.trade(Order::market(BTC_USD, milli_base(1_000)).at(price(51_000))).ok();
        // A sale of half a bitcoin, 5% below the index: it may lose $1,250.
        let churn = |milli, dollars: i128| {
            agent.trade(Order::market(BTC_USD, -milli_base(milli)).at(price(dollars)).reducing())
        };
        assert_refused(churn(500, 47_500), &account, ExceedsSessionLimit);
        assert_refused(churn(500, 1), &account, ExceedsSessionLimit);
        // A tenth of it, as often as $2,000 a day and six entries permit.
        for _ in 0..6 {
            churn(100, 47_600).ok();
            f.pass(5);
        }
        assert_refused(churn(100, 47_600), &account, DailyLimitExceeded);
        assert_refused(churn(1, 49_999), &account, DailyLimitExceeded);
        assert_eq!(size(f, &account), milli_base(400));
        // Who owns the account closes at whatever price, and asks nobody.
        account.close_position(BTC_USD).ok();
        assert_eq!(size(f, &account), 0);
    }
}
