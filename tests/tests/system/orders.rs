//! Orders, matches and batches with real signatures: who consents to what, and that it happens once.

use margin_interface::{
    permissions, AccountError, Action, Asset, ClearingChange, ClearingError, ClearingRequest, Condition,
    ConditionalOrder, GovernanceError, LedgerError, MatchedFill, TradeAction, VaultError,
};
use margin_math::units::USD;
use margin_tests::actor::Actor;
use margin_tests::fixture::{Fixture, BTC_USD};
use margin_tests::money::{milli_base, price, usdc, Coin};
use margin_tests::operations::{Order, ANY_PRICE_TO_SELL};
use margin_tests::orders::{consent, execute, execute_signed, match_call, order, place, submit};
use margin_tests::refusal::assert_refused;
use soroban_sdk::{vec, IntoVal};

crate::in_both_modes!(
    anybody_executes_a_signed_order_once,
    a_policy_decides_over_an_order_as_over_a_trade,
    a_stored_stop_loss_needs_no_signature_and_dies_with_a_flag,
    a_delegate_signs_orders_until_it_is_revoked,
    an_operator_alone_moves_nothing,
    two_accounts_of_one_person_match_no_loss_onto_the_pool,
    a_batch_takes_one_signature,
    a_batch_of_a_delegate_stays_within_its_permissions,
);

fn size(f: &Fixture, account: &Actor) -> i128 {
    f.clearing().position(&account.address, &f.symbol(BTC_USD)).map_or(0, |position| position.size)
}

/// A key account and a Basic account, each with 20,000 USDC deposited.
fn traders(f: &Fixture) -> [Actor; 2] {
    [f.key_account("karl"), f.smart_account("alice")].map(|trader| {
        let trader = f.funded(trader, &[usdc(20_000)]);
        trader.deposit(usdc(20_000)).ok();
        trader
    })
}

fn anybody_executes_a_signed_order_once(f: &Fixture) {
    for trader in traders(f) {
        let buy = order(f, &trader, 7, milli_base(100));
        // Without the trader's signature there is nothing, and neither with one for something else.
        assert_eq!(execute(f, &f.keeper, &buy).changes_nothing().code, None);
        let larger = ConditionalOrder { size_delta: milli_base(200), ..buy.clone() };
        let forged =
            execute(f, &f.keeper, &larger).consent(&trader, consent(f, "execute_order", &buy).tree(&f.env));
        assert_eq!(forged.changes_nothing().code, None);
        let stored =
            execute(f, &f.keeper, &buy).consent(&trader, consent(f, "place_order", &buy).tree(&f.env));
        assert_eq!(stored.changes_nothing().code, None);

        let executed = execute_signed(f, &f.keeper, &trader, &buy);
        let entries = executed.entries();
        let fill = executed.ok();
        assert_eq!((fill.size_delta, size(f, &trader)), (milli_base(100), milli_base(100)));
        // The same entries are spent, and a new signature finds the nonce used.
        let replay = execute_signed(f, &f.keeper, &trader, &buy);
        assert!(replay.submit_with(&entries).is_err());
        replay.fails(ClearingError::NonceUsed);
        execute_signed(f, &f.keeper, &trader, &larger).fails(ClearingError::NonceUsed);
        assert_eq!(size(f, &trader), milli_base(100));
    }
    // A dollar from each.
    assert_eq!(f.ledger().summary(&f.keeper.address).collateral_value, 2 * USD);
}

fn a_policy_decides_over_an_order_as_over_a_trade(f: &Fixture) {
    let [_, alice] = traders(f);
    // 3x of 20,000 is 60,000: 1.3 bitcoins at 50,000 are more.
    let large = order(f, &alice, 1, milli_base(1_300));
    let refused = AccountError::ExcessiveLeverage;
    assert_refused(execute_signed(f, &f.keeper, &alice, &large), &alice, refused);
    assert_refused(place(f, &alice, &large), &alice, refused);
    // Each of two is within the limits when it is signed, both together are not when they execute: no policy runs then,
    // but the account's limits in the ledger bind.
    let of = |nonce: u64| order(f, &alice, nonce, milli_base(600));
    place(f, &alice, &of(1)).ok();
    place(f, &alice, &of(2)).ok();
    execute(f, &f.keeper, &of(1)).ok();
    assert_eq!(size(f, &alice), milli_base(600));
    execute(f, &f.keeper, &of(2)).fails(LedgerError::LimitExceeded);
}

fn a_stored_stop_loss_needs_no_signature_and_dies_with_a_flag(f: &Fixture) {
    let [karl, alice] = traders(f);
    for trader in [&karl, &alice] {
        trader.trade(Order::market(BTC_USD, milli_base(500)).at(price(51_000))).ok();
        let stop = ConditionalOrder {
            conditions: vec![&f.env, Condition::IndexBelow(price(48_000))],
            reduce_only: true,
            ..order(f, trader, 1, -milli_base(5_000))
        };
        place(f, trader, &stop).ok();
        execute(f, &f.keeper, &stop).fails(ClearingError::ConditionNotMet);
        assert_eq!(f.clearing().can_execute(&stop).error, ClearingError::ConditionNotMet as u32);
    }
    f.set_price("BTC", price(47_900));
    let stop = f.clearing().orders(&karl.address).resting.get(1).expect("stored");
    assert_eq!(f.clearing().can_execute(&stop).error, 0);
    execute(f, &f.keeper, &stop).ok();
    assert_eq!(size(f, &karl), 0, "no more than the position");
    assert!(f.clearing().orders(&karl.address).resting.is_empty());
    execute_signed(f, &f.keeper, &karl, &stop).fails(ClearingError::NonceUsed);
    // Too late for the other one: it is being liquidated.
    f.set_price("BTC", price(10_200));
    f.ledger().flag(&alice.address);
    let stop = f.clearing().orders(&alice.address).resting.get(1).expect("stored");
    execute(f, &f.keeper, &stop).fails(ClearingError::AccountFlagged);
}

fn a_delegate_signs_orders_until_it_is_revoked(f: &Fixture) {
    let [karl, _] = traders(f);
    let desk = f.key_account("desk");
    let by = |nonce: u64| ConditionalOrder {
        signer: desk.address.clone(),
        max_fee: 0,
        ..order(f, &karl, nonce, milli_base(10))
    };
    execute_signed(f, &f.keeper, &desk, &by(1)).fails(ClearingError::NotPermitted);
    karl.grant(&desk, permissions::SIGN_ORDERS, f.now() + 86_400).ok();
    // It may sign, but not promise karl's money to whoever executes.
    let paying = ConditionalOrder { max_fee: 1, ..by(1) };
    execute_signed(f, &f.keeper, &desk, &paying).fails(ClearingError::NotPermitted);
    execute_signed(f, &f.keeper, &desk, &by(1)).ok();
    place(f, &desk, &by(2)).ok();
    // The account's signature does not stand in for the signer's.
    assert_eq!(execute_signed(f, &f.keeper, &karl, &by(3)).changes_nothing().code, None);
    karl.revoke(&desk).ok();
    execute(f, &f.keeper, &by(2)).fails(ClearingError::NotPermitted);
    // And whatever was signed until now dies with the epoch.
    place(f, &karl, &order(f, &karl, 9, milli_base(10))).ok();
    let bump = (&karl.address,).into_val(&f.env);
    let epoch: u64 = karl.calls(&f.contracts().clearing, "bump_epoch", bump).ok();
    assert_eq!(epoch, 1);
    let signed = order(f, &karl, 9, milli_base(10));
    execute_signed(f, &f.keeper, &karl, &signed).fails(ClearingError::WrongEpoch);
}

/// An account that settles matches, two days after it was announced.
fn operator(f: &Fixture) -> Actor {
    let operator = f.key_account("operator");
    let clearing = &f.contracts().clearing;
    let change = ClearingChange::Operator(operator.address.clone());
    let id: soroban_sdk::BytesN<32> = f.admin.calls(clearing, "propose", (change,).into_val(&f.env)).ok();
    f.admin.calls::<()>(clearing, "execute", (&id,).into_val(&f.env)).fails(GovernanceError::TooEarly);
    f.pass(2 * 86_400);
    f.admin.calls::<()>(clearing, "execute", (&id,).into_val(&f.env)).ok();
    operator
}

/// Karl is long a bitcoin at 50,000 with 5,950, Kate is short; both are one person. At 45,000 he sells her most of it for
/// 43,500 a piece, inside the band: 6,435 lost, 485 more than he has, which the pool would lend him and Kate would keep.
fn two_accounts_of_one_person_match_no_loss_onto_the_pool(f: &Fixture) {
    let [karl, kate] = [("karl", 6_000), ("kate", 30_000)].map(|(name, dollars)| {
        let trader = f.funded(f.key_account(name), &[usdc(dollars)]);
        trader.deposit(usdc(dollars)).ok();
        trader
    });
    let operator = operator(f);
    let matched = |buyer: &Actor, seller: &Actor, nonce: u64, milli: i128, dollars: i128| {
        let sell = order(f, seller, nonce, -milli_base(milli));
        let buy = order(f, buyer, nonce, milli_base(milli));
        let (sold, bought) = (consent(f, "settle_match", &sell), consent(f, "settle_match", &buy));
        let side = |order: ConditionalOrder, quote_delta: i128| {
            let size_delta = order.size_delta;
            MatchedFill { order, quote_delta, size_delta }
        };
        let fills = [side(sell, dollars * USD), side(buy, -dollars * USD)];
        match_call(f, &operator, &fills)
            .consent(seller, sold.tree(&f.env))
            .consent(buyer, bought.tree(&f.env))
    };
    matched(&karl, &kate, 1, 1_000, 50_000).ok();
    let before = f.ledger().totals();
    f.set_price("BTC", price(45_000));
    matched(&kate, &karl, 2, 990, 43_065).fails(LedgerError::BadDebt);
    // At the index he may leave, and pays for it himself.
    matched(&kate, &karl, 3, 990, 44_550).ok();
    let after = f.ledger().totals();
    assert_eq!((size(f, &karl), after.perp_borrowed), (milli_base(10), 0));
    assert!(after.lp >= before.lp && after.insurance >= before.insurance);
}

fn an_operator_alone_moves_nothing(f: &Fixture) {
    let [karl, alice] = traders(f);
    let operator = operator(f);
    let buy = order(f, &alice, 1, milli_base(400));
    let sell = order(f, &karl, 1, -milli_base(400));
    let side = |order: &ConditionalOrder, milli: i128, dollars: i128| MatchedFill {
        order: order.clone(),
        quote_delta: dollars * USD,
        size_delta: milli_base(milli),
    };
    let fills = [side(&sell, -400, 20_100), side(&buy, 400, -20_100)];
    let sells = consent(f, "settle_match", &sell).tree(&f.env);
    let buys = consent(f, "settle_match", &buy).tree(&f.env);
    assert_eq!(match_call(f, &operator, &fills).changes_nothing().code, None);
    let half = match_call(f, &operator, &fills).consent(&karl, sells.clone());
    assert_eq!(half.changes_nothing().code, None);
    let both = |by: &Actor, fills: &[MatchedFill]| {
        match_call(f, by, fills).consent(&karl, sells.clone()).consent(&alice, buys.clone())
    };
    both(&f.keeper, &fills).fails(ClearingError::NotOperator);
    both(&operator, &[side(&sell, -400, 20_500), side(&buy, 400, -20_500)])
        .fails(ClearingError::SlippageExceeded);

    let curve = f.clearing().market(&f.symbol(BTC_USD)).state;
    both(&operator, &fills).ok();
    assert_eq!((size(f, &karl), size(f, &alice)), (-milli_base(400), milli_base(400)));
    let after = f.clearing().market(&f.symbol(BTC_USD)).state;
    assert_eq!((after.base_reserve, after.quote_reserve), (curve.base_reserve, curve.quote_reserve));
    both(&operator, &fills).fails(ClearingError::NonceUsed);
}

fn trade(f: &Fixture, milli: i128) -> ClearingRequest {
    let limit_price = if milli > 0 { price(51_000) } else { ANY_PRICE_TO_SELL };
    let market = f.symbol(BTC_USD);
    ClearingRequest::Act(Action::Trade(TradeAction { limit_price, market, size_delta: milli_base(milli) }))
}

fn a_batch_takes_one_signature(f: &Fixture) {
    let usdc_token = f.token(Coin::Usdc).clone();
    for trader in [f.key_account("karl"), f.smart_account("alice")] {
        let trader = f.funded(trader, &[usdc(20_000)]);
        let stop = ConditionalOrder { reduce_only: true, ..order(f, &trader, 1, -milli_base(500)) };
        let requests = [
            ClearingRequest::Act(Action::Refresh(vec![&f.env, Asset::Other(f.symbol("BTC"))])),
            ClearingRequest::Act(Action::Deposit(usdc_token.clone(), usdc(20_000).units)),
            trade(f, 500),
            ClearingRequest::PlaceOrder(stop.clone()),
            ClearingRequest::Act(Action::Withdraw(usdc_token.clone(), usdc(1_000).units)),
        ];
        let moved = submit(f, &trader, &trader, &requests).ok();
        assert_eq!(moved.len(), 4);
        assert_eq!(size(f, &trader), milli_base(500));
        execute(f, &f.keeper, &stop).ok();
        assert_eq!(size(f, &trader), 0);
        // The last step fails: nothing of the batch remains.
        let greedy =
            [trade(f, 500), ClearingRequest::Act(Action::Withdraw(usdc_token.clone(), usdc(18_500).units))];
        let failure = submit(f, &trader, &trader, &greedy).changes_nothing();
        assert!(failure.code.is_some() || failure.refused_by.is_some());
    }
    let alice = f.funded(f.smart_account("amelia"), &[usdc(10_000)]);
    let requests =
        [ClearingRequest::Act(Action::Deposit(usdc_token.clone(), usdc(10_000).units)), trade(f, 700)];
    assert_refused(submit(f, &alice, &alice, &requests), &alice, AccountError::ExcessiveLeverage);
}

fn a_batch_of_a_delegate_stays_within_its_permissions(f: &Fixture) {
    let [karl, _] = traders(f);
    let desk = f.key_account("desk");
    submit(f, &desk, &karl, &[trade(f, 100)]).fails(ClearingError::NotPermitted);
    karl.grant(&desk, permissions::TRADE, f.now() + 86_400).ok();
    submit(f, &desk, &karl, &[trade(f, 100)]).ok();
    let withdrawal = ClearingRequest::Act(Action::Withdraw(f.token(Coin::Usdc).clone(), USD));
    submit(f, &desk, &karl, &[trade(f, 100), withdrawal.clone()]).fails(VaultError::NotPermitted);
    assert_eq!(size(f, &karl), milli_base(100));
    karl.grant(&desk, permissions::REDUCE_ONLY | permissions::WITHDRAW, f.now() + 86_400).ok();
    submit(f, &desk, &karl, &[trade(f, 100)]).fails(ClearingError::ReduceOnly);
    submit(f, &desk, &karl, &[trade(f, -100), withdrawal]).ok();
    assert_eq!(size(f, &karl), 0);
    f.pass(86_400);
    submit(f, &desk, &karl, &[trade(f, -100)]).fails(ClearingError::NotPermitted);
}
