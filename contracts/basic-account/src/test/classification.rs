use super::fixture;
use account_core::classify::classify;
use account_core::intent::Intent;
use account_core::testing::{refused, Fixture, NOW};
use account_core::tier::Basic;
use margin_interface::operations::{ArgumentType, Effect, Venue, OPERATIONS};
use margin_interface::{
    AccountError, Action, ClearingRequest, ConditionalOrder, OpenAction, Receive, TradeAction,
};
use soroban_sdk::auth::{
    Context, ContractContext, ContractExecutable, ContractExecutableRef, CreateContractHostFnContext,
    CreateContractWithConstructorHostFnContext,
};
use soroban_sdk::testutils::Address as _;
use soroban_sdk::{symbol_short, vec, Address, BytesN, IntoVal, String, Symbol, TryFromVal, Val, Vec};

/// What the account made of a context, with the action decoded as the ledger decodes it.
#[derive(Debug, PartialEq)]
struct Operated {
    action: Option<Action>,
    transfers: bool,
}

fn of(f: &Fixture, context: &Context) -> Result<Operated, AccountError> {
    f.env.as_contract(&f.account, || {
        let profile = account_core::storage::load(&f.env)?;
        let mut intent = Intent::new::<Basic>(&f.env, &f.protocol.vault);
        classify::<Basic>(&f.env, &profile, &mut intent, context.into_val(&f.env))?;
        let mut actions = intent.plain.clone();
        for order in intent.orders.iter() {
            actions.append(&order);
        }
        assert!(actions.len() <= 1);
        let action = actions.first().map(|action| Action::try_from_val(&f.env, &action).unwrap());
        if let Some(action) = &action {
            let order = matches!(action, Action::Open(_) | Action::Trade(_));
            assert!(!order || !intent.orders.is_empty(), "what may lower risk as well is not plain");
        }
        Ok(Operated { action, transfers: intent.transfers })
    })
}

/// Arguments of the right types, every address being `account`.
fn arguments(f: &Fixture, types: impl Iterator<Item = ArgumentType>, account: &Address) -> Vec<Val> {
    let mut args = vec![&f.env];
    for kind in types {
        args.push_back(match kind {
            ArgumentType::Actions => vec![&f.env, Action::Borrow(account.clone(), 7)].into_val(&f.env),
            ArgumentType::Addresses => vec![&f.env, account.clone()].into_val(&f.env),
            ArgumentType::Amounts => vec![&f.env, 7_i128].into_val(&f.env),
            ArgumentType::ClearingRequests => vec![&f.env, ClearingRequest::CancelOrder(7)].into_val(&f.env),
            ArgumentType::Order => order(f, account).into_val(&f.env),
            ArgumentType::U64s => vec![&f.env, 7_u64].into_val(&f.env),
            ArgumentType::Address => account.to_val(),
            ArgumentType::Bool => false.into_val(&f.env),
            ArgumentType::I128 => 7_i128.into_val(&f.env),
            ArgumentType::Receive => Receive::Shares.into_val(&f.env),
            ArgumentType::Symbol => symbol_short!("BTC_USD").into_val(&f.env),
            ArgumentType::U32 => 300_u32.into_val(&f.env),
            ArgumentType::U64 => NOW.into_val(&f.env),
        });
    }
    args
}

/// An order that `account` consents to for itself.
fn order(f: &Fixture, account: &Address) -> ConditionalOrder {
    ConditionalOrder {
        acceptable_price: 11,
        account: account.clone(),
        conditions: vec![&f.env],
        epoch: 0,
        expires_at: NOW + 60,
        market: symbol_short!("BTC_USD"),
        max_fee: 3,
        nonce: 1,
        reduce_only: false,
        referrer: None,
        require_verified: true,
        signer: account.clone(),
        size_delta: -5,
        tracking_code: symbol_short!("web"),
        trusted_executor: None,
    }
}

fn call(f: &Fixture, venue: Venue, function: &str, args: Vec<Val>) -> Context {
    let contract = match venue {
        Venue::Vault => f.protocol.vault.clone(),
        Venue::PerpClearing => f.protocol.perp_clearing.clone(),
    };
    Context::Contract(ContractContext { contract, fn_name: Symbol::new(&f.env, function), args })
}

#[test]
fn every_operation_is_accepted_only_in_its_exact_shape_and_for_this_account() {
    let f = fixture();
    let stranger = Address::generate(&f.env);
    let not_allowed = Err(AccountError::OperationNotAllowed);
    for operation in OPERATIONS {
        let types = || operation.arguments.iter().map(|argument| argument.kind);
        let args = arguments(&f, types(), &f.account);
        let name = operation.function;
        assert!(of(&f, &call(&f, operation.venue, name, args.clone())).is_ok(), "{name}");
        // A sibling account with the same key.
        let mut sibling = args.clone();
        sibling.set(
            0,
            match operation.effect {
                Effect::Order | Effect::Rest => order(&f, &stranger).into_val(&f.env),
                _ => stranger.to_val(),
            },
        );
        assert_eq!(of(&f, &call(&f, operation.venue, name, sibling)), not_allowed, "{name}");
        // One argument too many, one too few.
        let mut longer = args.clone();
        longer.push_back(7_i128.into_val(&f.env));
        assert_eq!(of(&f, &call(&f, operation.venue, name, longer)), not_allowed, "{name}");
        let mut shorter = args.clone();
        shorter.pop_back();
        assert_eq!(of(&f, &call(&f, operation.venue, name, shorter)), not_allowed, "{name}");
        // A wrong type in every place; zero and negative where an amount is meant.
        for (place, argument) in (0..).zip(operation.arguments) {
            let mut wrong = args.clone();
            wrong.set(place, ().into_val(&f.env));
            assert_eq!(of(&f, &call(&f, operation.venue, name, wrong)), not_allowed, "{name} {place}");
            for amount in [0_i128, -1, i128::MIN] {
                if argument.positive {
                    let mut negative = args.clone();
                    negative.set(place, amount.into_val(&f.env));
                    assert_eq!(
                        of(&f, &call(&f, operation.venue, name, negative)),
                        not_allowed,
                        "{name} {place}"
                    );
                }
            }
        }
        // The other venue does not have it, nor does any other contract.
        let other = if operation.venue == Venue::Vault { Venue::PerpClearing } else { Venue::Vault };
        if !OPERATIONS.iter().any(|row| row.venue == other && row.function == name) {
            assert_eq!(of(&f, &call(&f, other, name, args.clone())), not_allowed, "{name}");
        }
        assert_eq!(of(&f, &f.call(&stranger, name, args)), not_allowed, "{name}");
    }
}

#[test]
fn risk_is_sized_by_the_arguments_it_is_authorised_with() {
    let f = fixture();
    let (this, asset, market) = (f.account.clone(), Address::generate(&f.env), symbol_short!("BTC_USD"));
    let (vault, perp) = (&f.protocol.vault, &f.protocol.perp_clearing);
    let open = OpenAction { is_long: false, leverage: 250, margin: 9, market: market.clone() };
    let trade = TradeAction { limit_price: 11, market: market.clone(), size_delta: -5 };
    let sized = [
        (f.call(vault, "borrow", (&this, &asset, 5_i128)), Action::Borrow(asset.clone(), 5)),
        (f.call(vault, "withdraw", (&this, &asset, 6_i128, &this)), Action::Withdraw(asset.clone(), 6)),
        (
            f.call(perp, "open_position", (&this, &market, false, 9_i128, 250_u32, 1_i128, NOW)),
            Action::Open(open),
        ),
        (f.call(perp, "trade", (&this, &market, -5_i128, 11_i128, false, NOW)), Action::Trade(trade)),
        (f.call(perp, "add_liquidity", (&this, 8_i128, 0_i128)), Action::MoveSettlement(8)),
    ];
    for (context, action) in sized {
        assert_eq!(of(&f, &context), Ok(Operated { action: Some(action), transfers: false }));
    }
}

#[test]
fn what_lowers_risk_is_worth_nothing() {
    let f = fixture();
    let (this, asset, market) = (f.account.clone(), Address::generate(&f.env), symbol_short!("BTC_USD"));
    let (vault, perp) = (&f.protocol.vault, &f.protocol.perp_clearing);
    let reducing = [
        f.call(vault, "deposit", (&this, &this, &asset, 1_i128)),
        f.call(vault, "repay", (&this, &this, &asset, 1_i128)),
        f.call(vault, "repay_with_collateral", (&this, &asset, 1_i128)),
        f.call(perp, "trade", (&this, &market, -5_i128, 11_i128, true, NOW)),
        f.call(perp, "close_position", (&this, &market, 0_i128, NOW)),
        f.call(perp, "remove_liquidity", (&this, 1_i128, 0_i128)),
    ];
    for context in reducing {
        assert_eq!(of(&f, &context), Ok(Operated { action: None, transfers: false }));
    }
}

#[test]
fn what_benefits_somebody_else_is_a_transfer() {
    let f = fixture();
    let (this, asset, other) = (f.account.clone(), Address::generate(&f.env), Address::generate(&f.env));
    let (vault, perp) = (&f.protocol.vault, &f.protocol.perp_clearing);
    let transfers = [
        (f.call(vault, "deposit", (&this, &other, &asset, 1_i128)), None),
        (f.call(vault, "repay", (&this, &other, &asset, 1_i128)), None),
        (
            f.call(vault, "withdraw", (&this, &asset, 1_i128, &other)),
            Some(Action::Withdraw(asset.clone(), 1)),
        ),
        (f.call(perp, "fund_insurance", (&this, 1_i128)), Some(Action::MoveSettlement(1))),
        (f.call(perp, "liquidate", (&this, &other, symbol_short!("BTC_USD"), 1_i128)), None),
    ];
    for (context, action) in transfers {
        assert_eq!(of(&f, &context), Ok(Operated { action, transfers: true }));
    }
}

#[test]
fn tokens_move_only_this_accounts_balance() {
    let f = fixture();
    let (this, other, token) = (f.account.clone(), Address::generate(&f.env), Address::generate(&f.env));
    let accepted = [
        f.call(&token, "transfer", (&this, &other, 5_i128)),
        f.call(&token, "approve", (&this, &other, 0_i128, 2000_u32)),
        f.call(&token, "burn", (&this, 5_i128)),
    ];
    for context in accepted {
        assert_eq!(of(&f, &context), Ok(Operated { action: None, transfers: true }));
    }
    let not_allowed = [
        f.call(&token, "transfer", (&other, &this, 5_i128)),
        f.call(&token, "transfer", (&this, &other, -5_i128)),
        f.call(&token, "transfer", (&this, 5_i128, &other)),
        f.call(&token, "transfer", (&this, &other, 5_i128, 5_i128)),
        f.call(&token, "approve", (&other, &this, 5_i128, 2000_u32)),
        f.call(&token, "approve", (&this, &other, 5_i128)),
        f.call(&token, "approve", (&this, &other, 5_i128, 2000_u64)),
        f.call(&token, "burn", (&other, 5_i128)),
        f.call(&token, "burn", (&this, &other, 5_i128)),
        f.call(&token, "burn", (&this, 5_i128, 5_i128)),
        f.call(&token, "grant", (&this, &other, 5_i128, 2000_u32)),
        f.call(&token, "transfer_from", (&this, &other, &this, 5_i128)),
        f.call(&token, "mint", (&this, 5_i128)),
    ];
    for context in not_allowed {
        assert_eq!(of(&f, &context), Err(AccountError::OperationNotAllowed));
    }
    // The protocol's own contracts and the account are no tokens.
    for contract in [&f.protocol.vault, &f.protocol.perp_clearing, &f.protocol.ledger, &this] {
        let context = f.call(contract, "transfer", (&this, &other, 5_i128));
        assert_eq!(of(&f, &context), Err(AccountError::OperationNotAllowed));
    }
}

#[test]
fn the_ledger_and_the_account_itself_are_refused_in_every_form() {
    let f = fixture();
    let ledger = &f.protocol.ledger;
    let key = account_core::testing::public(&f.env, &f.outsider);
    let contexts = [
        f.call(ledger, "set_limits", (&f.account, margin_interface::Limits::NONE)),
        f.call(ledger, "grant", (&f.account, &f.owner, 1_u32, NOW)),
        f.call(&f.account, "add_signer", (&f.account, key)),
        f.call(&f.account, "update_params", (&f.account, Some(300_u32))),
        f.call(&f.account, "auto_deleverage", ()),
    ];
    for context in contexts {
        assert_eq!(f.check(&[context]), refused(AccountError::OperationNotAllowed));
    }
}

#[test]
fn contract_creation_is_refused_in_every_shape() {
    let f = fixture();
    let hash = BytesN::from_array(&f.env, &[3; 32]);
    let reference = ContractExecutableRef { owner: f.account.clone(), tag: String::from_str(&f.env, "wasm") };
    for executable in [ContractExecutable::Wasm(hash.clone()), ContractExecutable::ExternalRef(reference)] {
        let plain = CreateContractHostFnContext { executable: executable.clone(), salt: hash.clone() };
        let constructed = CreateContractWithConstructorHostFnContext {
            executable,
            salt: hash.clone(),
            constructor_args: vec![&f.env],
        };
        for context in
            [Context::CreateContractHostFn(plain), Context::CreateContractWithCtorHostFn(constructed)]
        {
            assert_eq!(f.check(core::slice::from_ref(&context)), refused(AccountError::OperationNotAllowed));
            assert_eq!(f.check(&[f.trade(-1, true), context]), refused(AccountError::OperationNotAllowed));
        }
    }
}

#[test]
fn the_margin_of_an_opening_comes_from_the_wallet_in_the_same_tree() {
    let f = fixture();
    let (this, usdc) = (f.account.clone(), Address::generate(&f.env));
    let tree = [
        f.open(9, 250),
        f.call(&f.protocol.vault, "deposit", (&this, &this, &usdc, 9_i128)),
        f.call(&usdc, "transfer", (&this, &f.protocol.vault, 9_i128)),
    ];
    f.env.as_contract(&f.account, || {
        let profile = account_core::storage::load(&f.env).unwrap();
        let mut intent = Intent::new::<Basic>(&f.env, &f.protocol.vault);
        for context in &tree {
            assert_eq!(classify::<Basic>(&f.env, &profile, &mut intent, context.into_val(&f.env)), Ok(None));
        }
        assert_eq!((intent.roots, intent.transfers, intent.orders.len()), (1, false, 1));
    });
}
