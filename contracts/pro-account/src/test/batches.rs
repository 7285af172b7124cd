use super::{fixture, grant, granted, names, session};
use account_core::classify::classify;
use account_core::intent::Intent;
use account_core::storage;
use account_core::testing::{refused, Fixture, Refusal, NOW};
use account_core::tier::Pro;
use core::slice;
use margin_interface::{
    AccountError, Action, Asset, ClearingRequest, ConditionalOrder, Market, Scope, SessionGrant, TradeAction,
};
use margin_math::units::PRICE;
use soroban_sdk::auth::Context;
use soroban_sdk::testutils::Address as _;
use soroban_sdk::{symbol_short, vec, Address, IntoVal, Val, Vec};

fn with(ops: &[&str]) -> Fixture {
    let f = fixture();
    granted(&f, SessionGrant { allowed_ops: names(&f, ops), ..grant(&f) });
    f
}

fn check(f: &Fixture, contexts: &[Context]) -> Result<(), Refusal> {
    f.check_by(&[&session()], contexts)
}

fn submit(f: &Fixture, requests: Vec<Action>) -> Context {
    f.call(&f.protocol.vault, "submit", (&f.account, &f.account, requests))
}

fn transfer(f: &Fixture, asset: &Address, amount: i128) -> Context {
    f.call(asset, "transfer", (&f.account, &f.protocol.vault, amount))
}

#[test]
fn a_batch_is_previewed_as_it_will_be_executed() {
    let f = fixture();
    let asset = Address::generate(&f.env);
    let index = Asset::Other(symbol_short!("USD"));
    let requests = vec![
        &f.env,
        Action::Refresh(vec![&f.env, index]),
        Action::Deposit(asset.clone(), 5),
        Action::Borrow(asset.clone(), 7),
    ];
    assert_eq!(f.check(&[submit(&f, requests.clone())]), Ok(()));
    assert_eq!(f.ledger().previewed(), vec![&f.env, requests]);
}

#[test]
fn a_batch_that_only_reduces_is_not_previewed() {
    let f = fixture();
    f.ledger().fail(&0);
    let asset = Address::generate(&f.env);
    let requests = vec![&f.env, Action::Deposit(asset.clone(), 5), Action::Repay(asset, 7)];
    assert_eq!(f.check(&[submit(&f, requests)]), Ok(()));
}

#[test]
fn a_batch_that_may_never_be_executed_buys_no_room() {
    let f = fixture();
    let asset = Address::generate(&f.env);
    let requests = vec![&f.env, Action::Deposit(asset.clone(), 5), Action::Borrow(asset, 7)];
    assert_eq!(f.check(&[submit(&f, requests), f.borrow(1)]), Ok(()));
    // Both, the loan alone; never the batch as a credit of the loan.
    let sizes: std::vec::Vec<u32> = f.ledger().previewed().iter().map(|actions| actions.len()).collect();
    assert_eq!(sizes, [3, 1]);
}

#[test]
fn the_steps_of_a_batch_are_counted_and_named_one_by_one() {
    let f = with(&["submit", "borrow", "withdraw", "deposit"]);
    let asset = Address::generate(&f.env);
    let borrow = |amount| Action::Borrow(asset.clone(), amount);
    assert_eq!(
        check(&f, &[submit(&f, vec![&f.env, borrow(250), borrow(251)])]),
        refused(AccountError::ExceedsSessionLimit)
    );
    let withdraw = Action::Withdraw(asset.clone(), 250);
    assert_eq!(check(&f, &[submit(&f, vec![&f.env, borrow(250), withdraw])]), Ok(()));
    let not_allowed = refused(AccountError::OperationNotAllowed);
    let repay = Action::Repay(asset.clone(), 1);
    assert_eq!(check(&f, &[submit(&f, vec![&f.env, repay])]), not_allowed, "repay was not granted");
    for amount in [0, -1, i128::MIN] {
        assert_eq!(check(&f, &[submit(&f, vec![&f.env, borrow(1), borrow(amount)])]), not_allowed);
        assert_eq!(f.check(&[submit(&f, vec![&f.env, borrow(1), borrow(amount)])]), not_allowed);
    }
    let f = with(&["borrow"]);
    let borrow = Action::Borrow(Address::generate(&f.env), 1);
    assert_eq!(check(&f, &[submit(&f, vec![&f.env, borrow])]), not_allowed);
}

#[test]
fn a_batch_implies_one_transfer_per_asset() {
    let f = with(&["submit", "deposit", "repay"]);
    let (one, two) = (Address::generate(&f.env), Address::generate(&f.env));
    let requests = vec![
        &f.env,
        Action::Deposit(one.clone(), 5),
        Action::Repay(two.clone(), 7),
        Action::Repay(one.clone(), 6),
    ];
    let batch = submit(&f, requests);
    assert_eq!(check(&f, &[batch.clone(), transfer(&f, &one, 11), transfer(&f, &two, 7)]), Ok(()));
    assert_eq!(check(&f, &[batch.clone(), transfer(&f, &two, 7), transfer(&f, &one, 11)]), Ok(()));
    let not_allowed = refused(AccountError::OperationNotAllowed);
    for wrong in [transfer(&f, &one, 5), transfer(&f, &one, 12), transfer(&f, &two, 11)] {
        assert_eq!(check(&f, &[batch.clone(), wrong]), not_allowed);
    }
    let [of_one, of_two] = [transfer(&f, &one, 11), transfer(&f, &two, 7)];
    assert_eq!(check(&f, &[batch, of_one.clone(), of_two, of_one]), not_allowed, "once");
}

#[test]
fn loans_of_several_assets_are_one_entry() {
    let f = with(&["borrow_multiple"]);
    let assets = vec![&f.env, Address::generate(&f.env), Address::generate(&f.env)];
    let borrow = |amounts: Vec<i128>| {
        f.call(&f.protocol.vault, "borrow_multiple", (&f.account, assets.clone(), amounts))
    };
    assert_eq!(check(&f, &[borrow(vec![&f.env, 250, 251])]), refused(AccountError::ExceedsSessionLimit));
    assert_eq!(check(&f, &[borrow(vec![&f.env, 250, 250])]), Ok(()));
    for amounts in [vec![&f.env, 1], vec![&f.env, 1, 1, 1], vec![&f.env, 1, -1], vec![&f.env, 0, 1]] {
        assert_eq!(f.check(&[borrow(amounts)]), refused(AccountError::OperationNotAllowed));
    }
    assert_eq!(f.ledger().previewed().last().unwrap().len(), 2);
}

#[test]
fn what_a_batch_does_not_know_is_refused() {
    let f = fixture();
    let trade = TradeAction { limit_price: 1, market: symbol_short!("BTC_USD"), size_delta: 1 };
    let unknown = vec![&f.env, Action::MoveSettlement(1)];
    assert_eq!(f.check(&[submit(&f, unknown)]), refused(AccountError::OperationNotAllowed));
    // The vault refuses a trade; the account sizes it all the same.
    assert_eq!(f.check(&[submit(&f, vec![&f.env, Action::Trade(trade)])]), Ok(()));
    let garbage = f.call(&f.protocol.vault, "submit", (&f.account, &f.account, vec![&f.env, 1_u32]));
    assert_eq!(f.check(&[garbage]), refused(AccountError::OperationNotAllowed));
}

#[test]
fn a_clearing_batch_implies_a_vault_batch_for_each_leg_of_the_vault() {
    let f = fixture();
    let asset = Address::generate(&f.env);
    let legs = [Action::Deposit(asset.clone(), 5), Action::Withdraw(asset.clone(), 3)];
    let trade = TradeAction { limit_price: 1, market: symbol_short!("BTC_USD"), size_delta: 1 };
    let requests = vec![
        &f.env,
        ClearingRequest::Act(legs[0].clone()),
        ClearingRequest::Act(Action::Trade(trade.clone())),
        ClearingRequest::Act(legs[1].clone()),
        ClearingRequest::CancelOrder(7),
    ];
    f.env.as_contract(&f.account, || {
        let profile = storage::load(&f.env).unwrap();
        let mut intent = Intent::new::<Pro>(&f.env, &f.protocol.vault);
        let this = &f.account;
        assert_eq!(intent.batch::<Pro>(&f.env, this, requests.into_val(&f.env), true), Some(()));
        // What is previewed is what the ledger knows of it, as one block.
        let block = vec![&f.env, legs[0].clone(), Action::Trade(trade), legs[1].clone()];
        let blocks: std::vec::Vec<Vec<Action>> = intent
            .orders
            .iter()
            .map(|block| block.into_val(&f.env))
            .map(|block: Val| block.into_val(&f.env))
            .collect();
        assert_eq!(blocks, [block]);
        let implied = [
            submit(&f, vec![&f.env, legs[0].clone()]),
            transfer(&f, &asset, 5),
            submit(&f, vec![&f.env, legs[1].clone()]),
        ];
        for context in &implied {
            assert_eq!(classify::<Pro>(&f.env, &profile, &mut intent, context.into_val(&f.env)), Ok(None));
        }
        assert_eq!((intent.roots, intent.transfers, intent.orders.len()), (0, false, 1), "they add nothing");
        // Once: then they are a batch like any other, with its own transfer.
        for context in &implied {
            assert_eq!(classify::<Pro>(&f.env, &profile, &mut intent, context.into_val(&f.env)), Ok(None));
        }
        assert_eq!((intent.roots, intent.transfers, intent.orders.len()), (2, false, 2));
    });
}

/// A sale of next to nothing.
pub(super) fn order(f: &Fixture) -> ConditionalOrder {
    ConditionalOrder {
        acceptable_price: 11,
        account: f.account.clone(),
        conditions: vec![&f.env],
        epoch: 0,
        expires_at: NOW + 60,
        market: symbol_short!("BTC_USD"),
        max_fee: 3,
        nonce: 1,
        reduce_only: false,
        referrer: None,
        require_verified: true,
        signer: f.account.clone(),
        size_delta: -5,
        tracking_code: symbol_short!("web"),
        trusted_executor: None,
    }
}

/// A batch for the clearing-house.
fn clear(f: &Fixture, requests: Vec<ClearingRequest>) -> Context {
    f.call(&f.protocol.perp_clearing, "submit", (&f.account, &f.account, requests, NOW))
}

fn trade(size_delta: i128) -> ClearingRequest {
    let market = symbol_short!("BTC_USD");
    ClearingRequest::Act(Action::Trade(TradeAction { limit_price: 1, market, size_delta }))
}

#[test]
fn the_requests_of_a_clearing_batch_are_named_one_by_one() {
    let act = ClearingRequest::Act;
    for (name, request) in [
        ("place_order", ClearingRequest::PlaceOrder(order(&fixture()))),
        ("cancel_order", ClearingRequest::CancelOrder(7)),
        ("request_exit", ClearingRequest::RequestExit(7)),
        ("trade", trade(1)),
        ("add_liquidity", act(Action::AddLiquidity(7, 0))),
        ("remove_liquidity", act(Action::RemoveLiquidity(7, 0))),
    ] {
        let f = with(&["submit"]);
        // Addresses are of one environment.
        let request = match request {
            ClearingRequest::PlaceOrder(_) => ClearingRequest::PlaceOrder(order(&f)),
            request => request,
        };
        let batch = [clear(&f, vec![&f.env, request])];
        assert_eq!(check(&f, &batch), refused(AccountError::OperationNotAllowed), "{name}");
        granted(&f, SessionGrant { allowed_ops: names(&f, &["submit", name]), ..grant(&f) });
        assert_eq!(check(&f, &batch), Ok(()), "{name}");
    }
}

#[test]
fn the_trades_of_a_clearing_batch_are_sized_and_previewed() {
    const MICRO: i128 = 10_000_000;
    let f = with(&["submit", "trade", "place_order"]);
    let placed = ClearingRequest::PlaceOrder(order(&f));
    assert_eq!(check(&f, &[clear(&f, vec![&f.env, placed])]), Ok(()));
    let previewed = TradeAction { limit_price: 11, market: symbol_short!("BTC_USD"), size_delta: -5 };
    assert_eq!(f.ledger().previewed().last().unwrap(), vec![&f.env, Action::Trade(previewed)]);
    f.pass(5);
    let sized = |size| check(&f, &[clear(&f, vec![&f.env, trade(size)])]);
    assert_eq!(sized(501 * MICRO), refused(AccountError::ExceedsSessionLimit));
    assert_eq!(sized(500 * MICRO), Ok(()));
    let elsewhere = Scope::Only(vec![&f.env, Market::Perp(symbol_short!("ETH_USD"))]);
    let allowed_ops = names(&f, &["submit", "trade"]);
    granted(&f, SessionGrant { allowed_ops, markets: elsewhere, ..grant(&f) });
    assert_eq!(sized(1), refused(AccountError::OperationNotAllowed));
}

/// A session would otherwise leave orders at the index of today to an accomplice who waits for a better one.
#[test]
fn a_resting_reduction_counts_with_its_size() {
    const MICRO: i128 = 10_000_000;
    // No more than 500 units, of which the executor's pay is three.
    for (size, fits) in [(-4, true), (4, true), (-5, false), (5, false)] {
        let f = with(&["submit", "place_order"]);
        f.ledger().set_upper(&(100 * PRICE));
        let order = ConditionalOrder {
            acceptable_price: if size < 0 { 100 * PRICE } else { 1 },
            reduce_only: true,
            size_delta: size * MICRO,
            ..order(&f)
        };
        let batch = clear(&f, vec![&f.env, ClearingRequest::PlaceOrder(order.clone())]);
        let alone = f.call(&f.protocol.perp_clearing, "place_order", (order,));
        let expected = if fits { Ok(()) } else { refused(AccountError::ExceedsSessionLimit) };
        for context in [batch, alone] {
            f.pass(5);
            assert_eq!(check(&f, slice::from_ref(&context)), expected, "{size}");
            assert_eq!(f.check(&[context]), Ok(()), "an owner signer is asked for no amount");
        }
        assert!(f.ledger().previewed().is_empty(), "no risk");
    }
}

#[test]
fn liquidity_is_no_leg_of_the_vault() {
    let f = with(&["submit", "add_liquidity"]);
    let add = Action::AddLiquidity(7, 0);
    let batch = clear(&f, vec![&f.env, ClearingRequest::Act(add.clone())]);
    let leg = submit(&f, vec![&f.env, add]);
    assert_eq!(check(&f, &[batch.clone(), leg]), refused(AccountError::OperationNotAllowed));
    assert_eq!(check(&f, &[batch]), Ok(()));
}

#[test]
fn while_frozen_no_batch_hides_new_risk() {
    let f = fixture();
    assert_eq!(f.by_itself(&[&f.keys[0]], "freeze", (), ()), Ok(()));
    let asset = Address::generate(&f.env);
    let reducing = submit(&f, vec![&f.env, Action::RepayWithCollateral(asset.clone(), 1)]);
    let borrowing = submit(&f, vec![&f.env, Action::Borrow(asset, 1)]);
    let providing = clear(&f, vec![&f.env, ClearingRequest::Act(Action::AddLiquidity(7, 0))]);
    let provide = f.call(&f.protocol.perp_clearing, "add_liquidity", (&f.account, 7_i128, 0_i128));
    assert_eq!(f.check(slice::from_ref(&reducing)), Ok(()));
    for contexts in [
        std::vec![f.borrow(1), reducing.clone()],
        std::vec![f.borrow(1), borrowing.clone()],
        std::vec![reducing, borrowing],
        std::vec![providing],
        std::vec![provide],
    ] {
        assert_eq!(f.check(&contexts), refused(AccountError::Frozen));
    }
}

#[test]
fn orders_are_sized_wherever_they_come() {
    let f = fixture();
    let order = order(&f);
    let sized = |order: ConditionalOrder, batched: bool| {
        let mut intent = Intent::new::<Pro>(&f.env, &f.protocol.vault);
        if batched {
            let requests = vec![&f.env, ClearingRequest::PlaceOrder(order)].into_val(&f.env);
            intent.batch::<Pro>(&f.env, &f.account, requests, true)?;
        } else {
            intent.consents::<Pro>(&f.env, order.into_val(&f.env), false)?;
        }
        let footprint = intent.footprint.unwrap();
        assert_eq!(footprint.touched.len(), u32::from(!footprint.unpriced));
        Some((footprint.usd, footprint.amounts.len(), footprint.unpriced, intent.increases))
    };
    f.env.as_contract(&f.account, || {
        for batched in [false, true] {
            assert_eq!(sized(order.clone(), batched), Some((3, 1, false, true)));
            // What its executor is paid counts even when it only reduces, and all of its size.
            let reducing = ConditionalOrder { reduce_only: true, ..order.clone() };
            assert_eq!(sized(reducing, batched), Some((3, 1, false, false)));
            // As a delegate, for somebody else.
            let foreign = ConditionalOrder { account: f.owner.clone(), ..order.clone() };
            assert_eq!(sized(foreign, batched), Some((0, 0, true, false)));
            let stranger = ConditionalOrder { signer: f.owner.clone(), ..order.clone() };
            assert_eq!(sized(stranger, batched), None);
            assert_eq!(sized(ConditionalOrder { max_fee: -1, ..order.clone() }, batched), None);
            assert_eq!(sized(ConditionalOrder { size_delta: i128::MIN, ..order.clone() }, batched), None);
        }
    });
}
