//! Batches, delegates, governance and views.
extern crate std;

use crate::test_world::{index, market_config, told, usdc_config, World, LATER, NO_CAP, T0};
use margin_interface::{
    permissions, Action, Asset, AssetConfig, ClearingChange, ClearingError, ClearingRequest,
    ConditionalOrder, GovernanceError, LedgerChange, LedgerError, Limits, MarginLedgerAdminClient,
    MarketConfig, MarketStage, OpenAction, PriceStatus, TradeAction, VaultError, MAX_ACTIONS,
};
use margin_math::{
    defaults::LP_COOL_DOWN,
    units::{BASE, PRICE, USD},
};
use soroban_sdk::{
    symbol_short,
    testutils::{Address as _, AuthorizedFunction, AuthorizedInvocation},
    token, vec, Address, Error, IntoVal, Symbol, Val, Vec,
};

fn size(world: &World, account: &Address) -> i128 {
    world.clearing.position(account, &world.btc).map_or(0, |position| position.size)
}

fn trade(world: &World, units: i128) -> ClearingRequest {
    let limit_price = if units > 0 { NO_CAP } else { 1 };
    let market = world.btc.clone();
    ClearingRequest::Act(Action::Trade(TradeAction { limit_price, market, size_delta: units * BASE }))
}

fn act(action: Action) -> ClearingRequest {
    ClearingRequest::Act(action)
}

fn order(world: &World, account: &Address, signer: &Address, nonce: u64) -> ConditionalOrder {
    ConditionalOrder {
        acceptable_price: NO_CAP,
        account: account.clone(),
        conditions: vec![&world.env],
        epoch: 0,
        expires_at: LATER,
        market: world.btc.clone(),
        max_fee: 0,
        nonce,
        reduce_only: false,
        referrer: None,
        require_verified: true,
        signer: signer.clone(),
        size_delta: BASE,
        tracking_code: symbol_short!("test"),
        trusted_executor: None,
    }
}

/// The error of whichever contract refused.
fn refused(world: &World, sender: &Address, account: &Address, requests: &[ClearingRequest]) -> Error {
    let before = (world.ledger.account(account), world.clearing.orders(account));
    let requests = Vec::from_slice(&world.env, requests);
    let result = world.clearing.try_submit(sender, account, &requests, &LATER);
    assert_eq!((world.ledger.account(account), world.clearing.orders(account)), before);
    match result.expect_err("refused") {
        Ok(error) => error.into(),
        Err(invoke) => match invoke {
            soroban_sdk::InvokeError::Contract(code) => Error::from_contract_error(code),
            soroban_sdk::InvokeError::Abort => panic!("no typed error"),
        },
    }
}

fn own(error: ClearingError) -> Error {
    error.into()
}

#[test]
fn a_batch_is_its_calls_one_after_the_other() {
    let (world, twin) = (World::new(), World::new());
    let requests = |world: &World, account: &Address| {
        vec![
            &world.env,
            act(Action::Refresh(vec![&world.env])),
            act(Action::Deposit(world.usdc.clone(), 5_000 * USD)),
            trade(world, 20),
            act(Action::AddLiquidity(1_000 * USD, 0)),
            ClearingRequest::PlaceOrder(order(world, account, account, 1)),
            ClearingRequest::PlaceOrder(order(world, account, account, 2)),
            ClearingRequest::CancelOrder(1),
            trade(world, -5),
            act(Action::Withdraw(world.usdc.clone(), 500 * USD)),
        ]
    };
    let alice = world.wallet(5_000);
    let moved = world.clearing.submit(&alice, &alice, &requests(&world, &alice), &LATER);
    world.conserved();

    let bob = twin.wallet(5_000);
    twin.vault.deposit(&bob, &bob, &twin.usdc, &(5_000 * USD));
    let bought = twin.clearing.trade(&bob, &twin.btc, &(20 * BASE), &NO_CAP, &false, &LATER);
    let shares = twin.clearing.add_liquidity(&bob, &(1_000 * USD), &0);
    twin.clearing.place_order(&order(&twin, &bob, &bob, 1));
    twin.clearing.place_order(&order(&twin, &bob, &bob, 2));
    twin.clearing.cancel_order(&bob, &1);
    let sold = twin.clearing.trade(&bob, &twin.btc, &(-5 * BASE), &1, &false, &LATER);
    twin.vault.withdraw(&bob, &twin.usdc, &(500 * USD), &bob);

    let expected = [5_000 * USD, bought.quote_delta, shares, 0, 0, 0, sold.quote_delta, 500 * USD];
    assert_eq!(moved.iter().skip(1).collect::<std::vec::Vec<_>>(), expected[1..]);
    let here = world.clearing.position(&alice, &world.btc).unwrap();
    assert_eq!(here, twin.clearing.position(&bob, &twin.btc).unwrap());
    assert_eq!(world.ledger.summary(&alice).collateral_value, twin.ledger.summary(&bob).collateral_value);
    assert_eq!(world.clearing.buckets().lp, twin.clearing.buckets().lp);
    assert_eq!(token::TokenClient::new(&world.env, &world.usdc).balance(&alice), 500 * USD);
    assert!(world.clearing.orders(&alice).resting.contains_key(2));
    assert_eq!(world.clearing.orders(&alice).resting.len(), 1);
}

#[test]
fn the_wallet_signs_one_entry() {
    let world = World::new();
    let alice = world.wallet(5_000);
    let legs =
        [Action::Deposit(world.usdc.clone(), 5_000 * USD), Action::Withdraw(world.usdc.clone(), 500 * USD)];
    let requests = vec![&world.env, act(legs[0].clone()), trade(&world, 20), act(legs[1].clone())];
    world.clearing.submit(&alice, &alice, &requests, &LATER);
    let env = &world.env;
    let call = |contract: &Address, name: &str, args, sub_invocations| AuthorizedInvocation {
        function: AuthorizedFunction::Contract((contract.clone(), Symbol::new(env, name), args)),
        sub_invocations,
    };
    let vault = &world.vault.address;
    let leg = |action: &Action, below| {
        call(vault, "submit", (&alice, &alice, vec![env, action.clone()]).into_val(env), below)
    };
    let transfer = call(&world.usdc, "transfer", (&alice, vault, 5_000 * USD).into_val(env), std::vec![]);
    let whole = call(
        &world.clearing.address,
        "submit",
        (&alice, &alice, requests, LATER).into_val(env),
        std::vec![leg(&legs[0], std::vec![transfer]), leg(&legs[1], std::vec![])],
    );
    assert_eq!(env.auths(), std::vec![(alice, whole)]);
}

#[test]
fn what_is_no_step_of_a_batch_is_refused() {
    let world = World::new();
    let alice = world.trader(10_000);
    let refused = |requests: &[ClearingRequest]| refused(&world, &alice, &alice, requests);
    let refresh = || act(Action::Refresh(vec![&world.env]));
    let usdc = world.usdc.clone();
    let open = OpenAction { is_long: true, leverage: 200, margin: USD, market: world.btc.clone() };
    let invalid = own(ClearingError::InvalidRequest);
    assert_eq!(refused(&[]), invalid);
    assert_eq!(refused(&[refresh()]), invalid);
    for step in [
        refresh(),
        act(Action::Borrow(usdc.clone(), USD)),
        act(Action::Repay(usdc.clone(), USD)),
        act(Action::RepayWithCollateral(usdc.clone(), USD)),
        act(Action::MoveSettlement(USD)),
        act(Action::Open(open)),
    ] {
        assert_eq!(refused(&[trade(&world, 5), step]), invalid);
    }
    let many = std::vec![ClearingRequest::CancelOrder(1); MAX_ACTIONS as usize + 1];
    assert_eq!(refused(&many), invalid);
    world.clearing.submit(&alice, &alice, &Vec::from_slice(&world.env, &many[1..]), &LATER);
    // The last step undoes the first.
    let amount = own(ClearingError::InvalidAmount);
    assert_eq!(refused(&[trade(&world, 5), trade(&world, 0)]), amount);
    assert_eq!(refused(&[trade(&world, 5), act(Action::AddLiquidity(0, 0))]), amount);
    assert_eq!(refused(&[trade(&world, 5), act(Action::RemoveLiquidity(-1, 0))]), amount);
    let free = TradeAction { limit_price: 0, market: world.btc.clone(), size_delta: BASE };
    assert_eq!(refused(&[trade(&world, 5), act(Action::Trade(free))]), amount);
    assert_eq!(
        refused(&[trade(&world, 5), act(Action::Withdraw(usdc.clone(), -1))]),
        VaultError::InvalidAmount.into()
    );
    let short = act(Action::Withdraw(usdc, 9_990 * USD));
    assert_eq!(refused(&[trade(&world, 50), short]), LedgerError::InsufficientMargin.into());
    let late = vec![&world.env, trade(&world, 5)];
    let result = world.clearing.try_submit(&alice, &alice, &late, &(T0 - 1));
    assert_eq!(result, Err(Ok(ClearingError::DeadlineExpired)));
}

#[test]
fn a_delegate_does_what_it_was_granted_and_nothing_else() {
    let world = World::new();
    let (alice, delegate) = (world.trader(10_000), world.wallet(1_000));
    let usdc = world.usdc.clone();
    world.buy(&alice, 10);
    let steps = [
        (permissions::TRADE, trade(&world, 1)),
        (permissions::TRADE, trade(&world, -1)),
        (permissions::REDUCE_ONLY, trade(&world, -1)),
        (permissions::MODIFY_COLLATERAL, act(Action::AddLiquidity(USD, 0))),
        (permissions::MODIFY_COLLATERAL, ClearingRequest::RequestExit(1)),
        (permissions::MODIFY_COLLATERAL, act(Action::Deposit(usdc.clone(), USD))),
        (permissions::WITHDRAW, act(Action::Withdraw(usdc.clone(), USD))),
        (permissions::SIGN_ORDERS, ClearingRequest::PlaceOrder(order(&world, &alice, &delegate, 1))),
        (permissions::SIGN_ORDERS, ClearingRequest::CancelOrder(1)),
    ];
    let denied = |step: &ClearingRequest| match step {
        ClearingRequest::Act(Action::Deposit(..) | Action::Withdraw(..)) => VaultError::NotPermitted.into(),
        _ => own(ClearingError::NotPermitted),
    };
    for (_, step) in &steps {
        assert_eq!(refused(&world, &delegate, &alice, std::slice::from_ref(step)), denied(step));
    }
    for (needed, step) in &steps {
        let mut others = permissions::ALL & !permissions::ADMIN & !needed;
        if matches!(step, ClearingRequest::Act(Action::Trade(trade)) if trade.size_delta < 0) {
            others &= !(permissions::TRADE | permissions::REDUCE_ONLY);
        }
        if *needed == permissions::TRADE {
            others &= !permissions::REDUCE_ONLY;
        }
        world.ledger.grant(&alice, &delegate, &others, &LATER);
        assert_eq!(refused(&world, &delegate, &alice, std::slice::from_ref(step)), denied(step));
        world.ledger.grant(&alice, &delegate, needed, &LATER);
        world.clearing.submit(&delegate, &alice, &vec![&world.env, step.clone()], &LATER);
        world.conserved();
    }
    // Reducing is all that reducing permits: no increase, no crossing.
    world.ledger.grant(&alice, &delegate, &permissions::REDUCE_ONLY, &LATER);
    let reduce_only = own(ClearingError::ReduceOnly);
    assert_eq!(refused(&world, &delegate, &alice, &[trade(&world, 1)]), reduce_only);
    assert_eq!(refused(&world, &delegate, &alice, &[trade(&world, -50)]), reduce_only);
    // An order is signed by whoever sends it, for the account of the batch.
    world.ledger.grant(&alice, &delegate, &permissions::ADMIN, &LATER);
    let invalid = own(ClearingError::InvalidOrder);
    let foreign = ClearingRequest::PlaceOrder(order(&world, &alice, &alice, 5));
    assert_eq!(refused(&world, &delegate, &alice, &[foreign]), invalid);
    let elsewhere = ClearingRequest::PlaceOrder(order(&world, &delegate, &delegate, 5));
    assert_eq!(refused(&world, &delegate, &alice, &[elsewhere]), invalid);
    // The account's own limits bind whoever acts.
    world.ledger.set_limits(&alice, &Limits { market_exposure: 1_500 * USD, ..Limits::NONE });
    assert_eq!(refused(&world, &delegate, &alice, &[trade(&world, 20)]), LedgerError::LimitExceeded.into());
    world.ledger.revoke(&alice, &delegate);
    assert_eq!(refused(&world, &delegate, &alice, &[trade(&world, -1)]), own(ClearingError::NotPermitted));
}

#[test]
fn what_a_delegate_takes_out_goes_to_the_account() {
    let world = World::new();
    let (alice, delegate) = (world.trader(10_000), world.wallet(1_000));
    world.ledger.grant(&alice, &delegate, &permissions::ALL, &LATER);
    let usdc = world.usdc.clone();
    let legs =
        [act(Action::Deposit(usdc.clone(), 300 * USD)), act(Action::Withdraw(usdc.clone(), 100 * USD))];
    world.clearing.submit(&delegate, &alice, &Vec::from_slice(&world.env, &legs), &LATER);
    let balance = |who: &Address| token::TokenClient::new(&world.env, &usdc).balance(who);
    assert_eq!((balance(&alice), balance(&delegate)), (100 * USD, 700 * USD));
    let shares = world.clearing.submit(
        &delegate,
        &alice,
        &vec![&world.env, act(Action::AddLiquidity(500 * USD, 0))],
        &LATER,
    );
    assert_eq!(world.clearing.lp(&alice).shares, shares.first().unwrap());
    world.clearing.request_exit(&alice, &shares.first().unwrap());
    world.pass(LP_COOL_DOWN);
    let leave = act(Action::RemoveLiquidity(shares.first().unwrap(), 0));
    let before = world.ledger.summary(&alice).collateral_value;
    let cash = world.clearing.submit(&delegate, &alice, &vec![&world.env, leave], &LATER).first().unwrap();
    assert_eq!(world.ledger.summary(&alice).collateral_value - before, cash);
    assert_eq!(world.clearing.lp(&alice).shares, 0);
}

/// Who may change collateral may bring more to the pool and announce exits, but not keep the provider from leaving.
#[test]
fn a_delegate_holds_no_provider_back() {
    let world = World::new();
    let (alice, delegate) = (world.trader(10_000), world.wallet(0));
    world.ledger.grant(&alice, &delegate, &permissions::MODIFY_COLLATERAL, &LATER);
    let shares = world.clearing.add_liquidity(&alice, &(9_000 * USD), &0);
    world.clearing.request_exit(&alice, &shares);
    world.pass(LP_COOL_DOWN);
    let announced = world.clearing.lp(&alice);
    let dust = act(Action::AddLiquidity(USD / 1_000, 0));
    let exit = ClearingRequest::RequestExit(1);
    let denied = own(ClearingError::NotPermitted);
    assert_eq!(refused(&world, &delegate, &alice, std::slice::from_ref(&dust)), denied);
    assert_eq!(refused(&world, &delegate, &alice, std::slice::from_ref(&exit)), denied);
    assert_eq!(world.clearing.lp(&alice), announced);
    world.clearing.remove_liquidity(&alice, &shares, &0);
    world.conserved();
    // Nothing is announced: what a delegate brings keeps no exit that is announced after it.
    let shares = world.clearing.add_liquidity(&alice, &(8_000 * USD), &0);
    world.pass(LP_COOL_DOWN);
    world.clearing.submit(&delegate, &alice, &vec![&world.env, dust], &LATER);
    let exit_at = world.clearing.request_exit(&alice, &shares);
    assert!(world.clearing.lp(&alice).unlocked_at <= exit_at);
    world.pass(LP_COOL_DOWN);
    world.clearing.remove_liquidity(&alice, &shares, &0);
    world.clearing.submit(&delegate, &alice, &vec![&world.env, exit], &LATER);
}

/// Attack: a large stake whose exit stands open enters a little before a price that is known, and leaves as much after it.
#[test]
fn an_open_exit_is_no_way_around_the_lock_of_an_entry() {
    let world = World::new();
    let alice = world.trader(10_000);
    let shares = world.clearing.add_liquidity(&alice, &(9_000 * USD), &0);
    world.clearing.request_exit(&alice, &shares);
    world.pass(LP_COOL_DOWN);
    world.clearing.add_liquidity(&alice, &USD, &0);
    world.pass(LP_COOL_DOWN - 1);
    let leave = || world.clearing.try_remove_liquidity(&alice, &shares, &0).err();
    assert_eq!(leave(), Some(Ok(ClearingError::CoolDown)));
    world.pass(1);
    assert_eq!(leave(), Some(Ok(ClearingError::ExitNotRequested)));
}

#[test]
fn increasing_needs_a_position_of_that_side() {
    let world = World::new();
    let alice = world.wallet(3_000);
    let add = |is_long: bool| {
        world.clearing.try_increase_position(
            &alice,
            &world.btc,
            &is_long,
            &(1_000 * USD),
            &200,
            &if is_long { 0 } else { 1_000 * BASE },
            &LATER,
        )
    };
    assert_eq!(add(true), Err(Ok(ClearingError::NoPosition)));
    world.clearing.open_position(&alice, &world.btc, &true, &(1_000 * USD), &200, &0, &LATER);
    let held = size(&world, &alice);
    assert_eq!(add(false), Err(Ok(ClearingError::NoPosition)));
    let fill = add(true).unwrap().unwrap();
    assert_eq!(size(&world, &alice), held + fill.size_delta);
    assert!(fill.size_delta > 19 * BASE);
}

// ---- governance -----------------------------------------------------------------------------------------------------

#[test]
fn tightening_acts_at_once_and_the_rest_is_announced() {
    let world = World::new();
    let governed = world.governance();
    let guardian = governed.guardian();
    let update = |config: &MarketConfig| match world.clearing.try_update_market(&guardian, &world.btc, config)
    {
        Ok(_) => 0,
        Err(Ok(error)) => error as u32,
        Err(Err(soroban_sdk::InvokeError::Contract(code))) => code,
        Err(Err(soroban_sdk::InvokeError::Abort)) => panic!("no typed error"),
    };
    let now = market_config();
    let late = GovernanceError::NeedsTimelock as u32;
    type Change = fn(&mut MarketConfig, u32);
    // Each field, one step towards safety and one away from it.
    let fields: [(Change, bool); 8] = [
        (|c, to| c.band_bps = c.band_bps + 1 - to, false),
        (|c, to| c.impact_bps = c.impact_bps + 1 - to, false),
        (|c, to| c.max_position_bps = c.max_position_bps + 1 - to, false),
        (|c, to| c.max_open_interest += 1 - i128::from(to), false),
        (|c, to| c.gap_bps = c.gap_bps + 1 - to, true),
        (|c, to| c.imr_bps = c.imr_bps + 1 - to, true),
        (|c, to| c.min_notional += 1 - i128::from(to), true),
        (|c, to| c.sigma_bps = c.sigma_bps + 1 - to, true),
    ];
    let mut expected = now.clone();
    for (change, up_is_tight) in fields {
        let mut loose = expected.clone();
        change(&mut loose, if up_is_tight { 2 } else { 0 });
        assert_eq!(update(&loose), late);
        change(&mut expected, if up_is_tight { 0 } else { 2 });
        assert_eq!(update(&expected), 0);
        assert_eq!(world.clearing.market(&world.btc).config, expected);
    }
    let mut steeper = expected.clone();
    steeper.size_scaling_bps += 1;
    assert_eq!(update(&steeper), 0);
    assert_eq!(update(&expected), late);
    // Fee and maintenance margin: announced in both directions.
    for by in [-1_i32, 1] {
        let fee_bps = steeper.fee_bps.checked_add_signed(by).unwrap();
        assert_eq!(update(&MarketConfig { fee_bps, ..steeper.clone() }), late);
        let mmr_bps = steeper.mmr_bps.checked_add_signed(by).unwrap();
        assert_eq!(update(&MarketConfig { mmr_bps, ..steeper.clone() }), late);
    }
    let stranger = Address::generate(&world.env);
    assert_eq!(
        told(world.clearing.try_update_market(&stranger, &world.btc, &steeper)),
        GovernanceError::NotGovernor as u32
    );

    let id = world.clearing.propose(&ClearingChange::Market(world.btc.clone(), now.clone()));
    assert_eq!(told(world.clearing.try_execute(&id)), GovernanceError::TooEarly as u32);
    world.pass(86_400);
    world.clearing.execute(&id);
    assert_eq!(world.clearing.market(&world.btc).config, now);
    // Another index never, and no parameter beyond its bounds.
    let index = margin_interface::Asset::Other(symbol_short!("ETH"));
    let moved = MarketConfig { index, ..now.clone() };
    assert_eq!(update(&moved), ClearingError::InvalidConfig as u32);
    for (bad, error) in [
        (moved, ClearingError::InvalidConfig as u32),
        (MarketConfig { mmr_bps: now.imr_bps, ..now }, LedgerError::InvalidConfig as u32),
    ] {
        let id = world.clearing.propose(&ClearingChange::Market(world.btc.clone(), bad));
        world.pass(86_400);
        let code = match world.clearing.try_execute(&id) {
            Err(Ok(own)) => own as u32,
            Err(Err(soroban_sdk::InvokeError::Contract(code))) => code,
            _ => panic!("refused"),
        };
        assert_eq!(code, error);
    }
}

// ---- views ----------------------------------------------------------------------------------------------------------

#[test]
fn at_the_liquidation_price_the_account_may_be_liquidated_and_not_before() {
    let world = World::new();
    let (long, short) = (world.trader(1_100), world.trader(1_100));
    world.buy(&long, 90);
    world.pass(5);
    world.sell(&short, 80);
    for (account, good) in [(&long, 1), (&short, -1)] {
        let price = world.clearing.liquidation_price(account, &world.btc);
        let at = |price: i128| {
            world.oracle.set(&crate::test_world::index(), &price, &PriceStatus::Live);
            world.ledger.is_liquidatable(account)
        };
        assert!(at(price));
        assert!(!at(price + good));
        at(100 * PRICE);
    }
    let rich = world.trader(100_000);
    world.buy(&rich, 10);
    assert_eq!(world.clearing.liquidation_price(&rich, &world.btc), 0);
    let none = world.clearing.try_liquidation_price(&world.provider, &world.btc);
    assert_eq!(none, Err(Ok(ClearingError::NoPosition)));
}

#[test]
fn the_largest_trade_is_accepted_and_little_more_is_not() {
    let world = World::new();
    let alice = world.trader(1_000);
    // A part in 4,096 of what the market's rules permit.
    let step = |most: i128| most.signum() * BASE / 4;
    for is_long in [true, false] {
        let most = world.clearing.max_trade(&alice, &world.btc, &is_long);
        assert_eq!(most > 0, is_long);
        let limit = if is_long { NO_CAP } else { 1 };
        let trade = |size: i128| world.clearing.try_trade(&alice, &world.btc, &size, &limit, &false, &LATER);
        assert_eq!(told(trade(most + step(most))), LedgerError::InsufficientMargin as u32);
        assert!(trade(most).is_ok());
        // Out again, for the other side.
        world.pass(5);
        world.clearing.close_position(&alice, &world.btc, &if is_long { 1 } else { NO_CAP }, &LATER);
        world.pass(5);
    }
    // What the market permits at most: 2% of impact in one ledger.
    let rich = world.trader(1_000_000);
    let most = world.clearing.max_trade(&rich, &world.btc, &true);
    assert!((980 * BASE..1_000 * BASE).contains(&most));
    world.clearing.trade(&rich, &world.btc, &most, &NO_CAP, &false, &LATER);
    assert_eq!(world.refused(&rich, BASE, false), ClearingError::ImpactExceeded);
    assert_eq!(world.clearing.max_trade(&rich, &world.btc, &true), 0);
    // The account's own limits count.
    let modest = world.trader(1_000);
    world.ledger.set_limits(&modest, &Limits { max_leverage: 200, ..Limits::NONE });
    world.pass(5);
    let most = world.clearing.max_trade(&modest, &world.btc, &false);
    assert!(most < -15 * BASE && most > -20 * BASE, "{most}");
    assert_eq!(world.clearing.max_trade(&world.wallet(1_000), &world.btc, &true), 0);
}

#[test]
fn buying_power_is_free_margin_over_the_initial_margin() {
    let world = World::new();
    let alice = world.trader(1_000);
    assert_eq!(world.clearing.buying_power(&alice, &world.btc), 10_000 * USD);
    world.buy(&alice, 50);
    let left = world.clearing.buying_power(&alice, &world.btc);
    // 5,000 of notional take 500, the fee 5, and the exit of the curve a little.
    assert!((4_900 * USD..4_950 * USD).contains(&left), "{left}");
    assert_eq!(world.clearing.buying_power(&world.wallet(1_000), &world.btc), 0);
}

/// An account with so many dollars' worth of something of which 80% support, at levels of 125, 120 and 110%.
fn with_ether(world: &World, dollars: i128) -> Address {
    let env = &world.env;
    let (account, issuer) = (Address::generate(env), Address::generate(env));
    let ether = env.register_stellar_asset_contract_v2(issuer).address();
    let index = Asset::Stellar(ether.clone());
    world.oracle.set(&index, &PRICE, &PriceStatus::Live);
    let config = AssetConfig {
        index,
        liquidation_bps: 11_000,
        ltv_bps: 8_000,
        lw_bps: 11_000,
        margin_call_bps: 12_000,
        opening_bps: 12_500,
        ..usdc_config(&ether)
    };
    MarginLedgerAdminClient::new(env, &world.ledger.address).list_asset(&ether, &config);
    token::StellarAssetClient::new(env, &ether).mint(&account, &(dollars * USD));
    world.vault.deposit(&account, &account, &ether, &(dollars * USD));
    account
}

#[test]
fn a_flagged_account_is_told_the_price_at_which_it_is_liquidated() {
    let world = World::new();
    let long = with_ether(&world, 1_000);
    world.buy(&long, 60);
    let liquidatable_at = |price: i128| {
        world.oracle.set(&index(), &price, &PriceStatus::Live);
        world.ledger.is_liquidatable(&long)
    };
    let unit = PRICE / 1_000_000;
    let before = world.clearing.liquidation_price(&long, &world.btc);
    assert!(!liquidatable_at(before + unit) && liquidatable_at(before - unit));
    world.ledger.flag(&long);
    let flagged = world.clearing.liquidation_price(&long, &world.btc);
    assert!(flagged > before + PRICE);
    assert!(!liquidatable_at(flagged + unit) && liquidatable_at(flagged - unit));
}

/// Half of the week in which higher levels reach existing accounts is over.
#[test]
fn the_liquidation_price_follows_levels_on_their_way() {
    let world = World::new();
    let long = with_ether(&world, 1_000);
    world.buy(&long, 60);
    let ether = world.ledger.account(&long).deposits.keys().first().unwrap();
    let config = AssetConfig {
        liquidation_bps: 13_000,
        margin_call_bps: 14_000,
        opening_bps: 15_000,
        ..world.ledger.asset(&ether).config
    };
    let admin = MarginLedgerAdminClient::new(&world.env, &world.ledger.address);
    let id = admin.propose(&LedgerChange::Asset(ether, config));
    world.pass(2 * 86_400);
    let before = world.clearing.liquidation_price(&long, &world.btc);
    admin.execute(&id);
    let (at_once, unit) = (world.clearing.liquidation_price(&long, &world.btc), PRICE / 1_000_000);
    assert!((at_once - before).abs() < unit, "{before} {at_once}");
    world.pass(7 * 43_200);
    let price = world.clearing.liquidation_price(&long, &world.btc);
    assert!(price > before + PRICE / 10, "{before} {price}");
    let liquidatable_at = |price: i128| {
        world.oracle.set(&index(), &price, &PriceStatus::Live);
        world.ledger.is_liquidatable(&long)
    };
    assert!(!liquidatable_at(price + unit) && liquidatable_at(price - unit));
}

#[test]
fn what_the_opening_level_holds_is_no_buying_power() {
    let world = World::new();
    let alice = with_ether(&world, 1_000);
    let before = world.clearing.buying_power(&alice, &world.btc);
    assert!(before > 0);
    // 800 support 640 at the opening level: nothing may be added to such a debt.
    world.trader(100_000);
    world.vault.borrow(&alice, &world.usdc, &(640 * USD));
    assert_eq!(world.clearing.max_trade(&alice, &world.btc, &true), 0);
    assert_eq!(world.clearing.buying_power(&alice, &world.btc), 0);
}

#[test]
fn a_close_is_a_trade_that_may_be_the_only_one() {
    let world = World::new();
    let alice = world.trader(10_000);
    // 11 dollars: all of it may be sold, and no part that leaves less than 10.
    world.clearing.trade(&alice, &world.btc, &(BASE * 11 / 100), &NO_CAP, &false, &LATER);
    let stage = MarketStage::ReduceOnly;
    world.clearing.set_market_state(&world.governance().guardian(), &world.btc, &stage);
    assert_eq!(world.clearing.max_trade(&alice, &world.btc, &false), -BASE * 11 / 100);
    assert_eq!(world.clearing.max_trade(&alice, &world.btc, &true), 0);
}

#[test]
fn the_configuration_is_readable() {
    let world = World::new();
    let operator = world.operator();
    let config = world.clearing.config();
    assert_eq!((config.ledger, config.vault), (world.ledger.address.clone(), world.vault.address.clone()));
    assert_eq!((config.oracle, config.settlement), (world.oracle.address.clone(), world.usdc.clone()));
    assert_eq!(config.operator, Some(operator));
}

/// Requests are read as they travel: what is none is refused by name, whatever it looks like.
#[test]
fn what_is_no_request_is_refused() {
    let world = World::new();
    let env = &world.env;
    let alice = world.trader(1_000);
    let name = |name: &str| Symbol::new(env, name).to_val();
    let act = |action: Vec<Val>| vec![env, name("Act"), action.to_val()];
    let dollar = USD.into_val(env);
    for bad in [
        vec![env],
        vec![env, 5u64.into_val(env)],
        vec![env, name("Kill"), 5u64.into_val(env)],
        vec![env, name("CancelOrder")],
        vec![env, name("CancelOrder"), dollar],
        vec![env, name("PlaceOrder"), dollar],
        vec![env, name("RequestExit"), 5u64.into_val(env)],
        vec![env, name("Act"), dollar],
        act(vec![env]),
        act(vec![env, name("Borrow"), world.usdc.to_val(), dollar]),
        act(vec![env, name("Trade"), dollar]),
        act(vec![env, name("AddLiquidity"), dollar]),
        act(vec![env, name("Refresh")]),
        act(vec![env, name("TakeLiquidity"), dollar, 0i128.into_val(env)]),
    ] {
        let requests = vec![env, bad.to_val()];
        let submit = Symbol::new(env, "submit");
        let args = (&alice, &alice, requests, LATER).into_val(env);
        let result = env.try_invoke_contract::<Val, Error>(&world.clearing.address, &submit, args);
        assert_eq!(result.err(), Some(Ok(own(ClearingError::InvalidRequest))), "{bad:?}");
    }
    assert_eq!(world.clearing.orders(&alice).resting.len(), 0);
}
