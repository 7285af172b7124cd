use super::thresholds::needed;
use super::{adopt, all, client, fixture, other, some, USD};
use account_core::testing::{public, refused, secret, Fixture, NOW};
use core::slice;
use margin_interface::operations::{Argument, ArgumentType, Effect, Kind, Operation, Venue, OPERATIONS};
use margin_interface::Proposer::{Guardians, Signers};
use margin_interface::{
    AccountError, Action, ClearingRequest, ConditionalOrder, Receive, Scope, SessionGrant,
};
use soroban_sdk::auth::Context;
use soroban_sdk::testutils::Address as _;
use soroban_sdk::{symbol_short, vec, Address, IntoVal, Symbol, Val, Vec};

const MARKET: Symbol = symbol_short!("BTC_USD");

/// Two of five, four above $1,000; three recover and veto.
fn institution() -> Fixture {
    let f = fixture();
    adopt(&f, &other(&f));
    f
}

/// An operation of `dollars`, for the account itself.
fn call(f: &Fixture, operation: &Operation, dollars: i128) -> Context {
    let mut args: Vec<Val> = vec![&f.env];
    for Argument { kind, .. } in operation.arguments {
        args.push_back(argument(f, *kind, dollars));
    }
    let contract = match operation.venue {
        Venue::Vault => &f.protocol.vault,
        Venue::PerpClearing => &f.protocol.perp_clearing,
    };
    if operation.effect == Effect::Trade {
        args.set(2, base(dollars).into_val(&f.env));
    }
    f.call(contract, operation.function, args)
}

/// At the index of one dollar.
fn base(dollars: i128) -> i128 {
    dollars * 100_000_000_000_000
}

fn argument(f: &Fixture, kind: ArgumentType, dollars: i128) -> Val {
    let (env, account, amount) = (&f.env, &f.account, dollars * USD);
    match kind {
        ArgumentType::Actions => vec![env, Action::Borrow(account.clone(), amount)].into_val(env),
        ArgumentType::Address => account.to_val(),
        ArgumentType::Addresses => vec![env, account.clone()].into_val(env),
        ArgumentType::Amounts => vec![env, amount].into_val(env),
        ArgumentType::Bool => false.into_val(env),
        ArgumentType::ClearingRequests => {
            vec![env, ClearingRequest::PlaceOrder(order(f, dollars))].into_val(env)
        }
        ArgumentType::I128 => amount.into_val(env),
        ArgumentType::Order => order(f, dollars).into_val(env),
        ArgumentType::Receive => Receive::Shares.into_val(env),
        ArgumentType::Symbol => MARKET.into_val(env),
        ArgumentType::U32 => 100_u32.into_val(env),
        ArgumentType::U64 => NOW.into_val(env),
        ArgumentType::U64s => vec![env, 7_u64].into_val(env),
    }
}

pub(super) fn order(f: &Fixture, dollars: i128) -> ConditionalOrder {
    ConditionalOrder {
        acceptable_price: 1,
        account: f.account.clone(),
        conditions: vec![&f.env],
        epoch: 0,
        expires_at: NOW + 60,
        market: MARKET,
        max_fee: 0,
        nonce: 1,
        reduce_only: false,
        referrer: None,
        require_verified: true,
        signer: f.account.clone(),
        size_delta: base(dollars),
        tracking_code: symbol_short!("web"),
        trusted_executor: None,
    }
}

/// The view and the write path agree.
fn agree(f: &Fixture, function: &str, amount: i128, context: &Context) -> usize {
    let asked = f.client().required_signatures(&Symbol::new(&f.env, function), &amount);
    let needed = needed(f, slice::from_ref(context));
    assert_eq!(usize::try_from(asked).unwrap(), needed, "{function} of {amount}");
    needed
}

#[test]
fn required_signatures_of_every_operation_are_what_the_write_path_asks() {
    let f = institution();
    for operation in OPERATIONS {
        for dollars in [1_000, 1_001] {
            let context = call(&f, operation, dollars);
            let worth = match operation.kind {
                Kind::Reducing => 0,
                Kind::Increasing | Kind::Transfer => dollars * USD,
            };
            let signatures = agree(&f, operation.function, worth, &context);
            let expected = match (operation.kind, operation.effect) {
                (Kind::Transfer, Effect::Nothing | Effect::TakeOver) => 4,
                (Kind::Reducing, _) => 2,
                _ if dollars > 1_000 => 4,
                _ => 2,
            };
            assert_eq!(signatures, expected, "{} of {dollars}", operation.function);
        }
    }
    let (token, to) = (Address::generate(&f.env), Address::generate(&f.env));
    for amount in [1_000 * USD, 1_000 * USD + 1] {
        for (function, args) in [
            ("transfer", (&f.account, &to, amount).into_val(&f.env)),
            ("approve", (&f.account, &to, amount, 2_000_u32).into_val(&f.env)),
            ("burn", (&f.account, amount).into_val(&f.env)),
        ] {
            let args: Vec<Val> = args;
            agree(&f, function, amount, &f.call(&token, function, args));
        }
    }
    assert_eq!(all(&f, "allow_contract", (to.clone(),)), Ok(()));
    assert_eq!(agree(&f, "anything", 0, &f.call(&to, "anything", (&f.account,))), 4);
}

#[test]
fn required_signatures_of_the_accounts_own_functions_are_what_the_write_path_asks() {
    let f = institution();
    let epoch = f.client().standing().epoch;
    for function in [
        "accept_ownership",
        "add_session_key",
        "add_signer",
        "allow_contract",
        "blacklist_market",
        "cancel_upgrade",
        "change_tier",
        "disallow_contract",
        "execute_upgrade",
        "grant_delegate",
        "grant_session",
        "propose_upgrade",
        "remove_signer",
        "remove_token_policy",
        "revoke_all_sessions",
        "revoke_delegate",
        "revoke_session_key",
        "rotate_signer",
        "set_token_policy",
        "set_trading_hours",
        "transfer_ownership",
        "unblacklist_market",
        "unfreeze",
        "update_multisig",
        "update_params",
    ] {
        assert_eq!(
            agree(&f, function, 0, &f.call(&f.account, function, (&f.account, epoch))),
            4,
            "{function}"
        );
    }
    let upgrade = f.call(&f.protocol.factory, "upgrade_account", (&f.account, &f.account));
    assert_eq!(agree(&f, "upgrade_account", 0, &upgrade), 4);
    assert_eq!(agree(&f, "freeze", 0, &f.call(&f.account, "freeze", (&f.account,))), 1);
    for (function, by) in
        [("propose_recovery", Signers), ("cancel_multisig", Signers), ("cancel_multisig", Guardians)]
    {
        let context = f.call(&f.account, function, (&f.account, epoch, by));
        assert_eq!(agree(&f, function, 0, &context), 3, "{function}");
    }
    // The key of a session ends it alone, and nobody for it.
    let key = secret(71);
    let grant = SessionGrant {
        allowed_ops: vec![&f.env, symbol_short!("trade")],
        daily_limit: 1,
        expires_at: u64::MAX,
        key: public(&f.env, &key),
        markets: Scope::All,
        max_leverage: 100,
        max_ops_per_day: 1,
        max_per_ledger: 1,
        max_per_tx: 1,
    };
    assert_eq!(all(&f, "grant_session", (grant,)), Ok(()));
    let renounce = f.call(&f.account, "renounce_session", (&f.account, public(&f.env, &key)));
    assert_eq!(
        f.check_by(&some(&f, 5), slice::from_ref(&renounce)),
        refused(AccountError::OperationNotAllowed)
    );
    assert_eq!(f.check_by(&[&key], slice::from_ref(&renounce)), Ok(()));
    assert_eq!(f.client().required_signatures(&Symbol::new(&f.env, "renounce_session"), &0), 1);
}

#[test]
fn whoever_may_recover_or_veto_changes_with_the_signers_and_the_thresholds() {
    let f = fixture();
    let epoch = f.client().standing().epoch;
    let recover = f.call(&f.account, "propose_recovery", (&f.account, epoch, Signers));
    let veto = f.call(&f.account, "cancel_multisig", (&f.account, epoch, Signers));
    assert_eq!(client(&f).multisig().tiers.len(), 1, "all five for much");
    assert_eq!(agree(&f, "propose_recovery", 0, &recover), 4);
    assert_eq!(agree(&f, "cancel_multisig", 0, &veto), 3);
}
