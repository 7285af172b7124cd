//! Orders, matches and batches, each with the authorisation trees that its signers would sign.

use crate::accounts::DAY;
use crate::actor::Actor;
use crate::auth::Invocation;
use crate::fixture::BTC_USD;
use crate::money::price;
use crate::operations::ANY_PRICE_TO_SELL;
use crate::tx::Tx;
use crate::world::World;
use margin_interface::{Action, ClearingRequest, ConditionalOrder, Fill, MatchedFill};
use margin_math::units::USD;
use soroban_sdk::{symbol_short, vec, Address, IntoVal, Vec as HostVec};

/// Everyone may execute it, a purchase up to 51,000.
pub fn order(f: &World, account: &Actor, nonce: u64, size_delta: i128) -> ConditionalOrder {
    ConditionalOrder {
        acceptable_price: if size_delta > 0 { price(51_000) } else { ANY_PRICE_TO_SELL },
        account: account.address.clone(),
        conditions: vec![&f.env],
        epoch: 0,
        expires_at: f.now() + DAY,
        market: f.symbol(BTC_USD),
        max_fee: USD,
        nonce,
        reduce_only: false,
        referrer: None,
        require_verified: true,
        signer: account.address.clone(),
        size_delta,
        tracking_code: symbol_short!("story"),
        trusted_executor: None,
    }
}

/// What the signer of an order signs.
pub fn consent(f: &World, function: &'static str, order: &ConditionalOrder) -> Invocation {
    Invocation::new(&f.contracts().clearing, function, (order.clone(),).into_val(&f.env))
}

/// `executor` executes a stored order.
pub fn execute(f: &World, executor: &Actor, order: &ConditionalOrder) -> Tx<Fill> {
    let args = (&executor.address, order.clone()).into_val(&f.env);
    executor.calls(&f.contracts().clearing, "execute_order", args)
}

/// `executor` executes an order that `signer` signs for it.
pub fn execute_signed(f: &World, executor: &Actor, signer: &Actor, order: &ConditionalOrder) -> Tx<Fill> {
    execute(f, executor, order).consent(signer, consent(f, "execute_order", order).tree(&f.env))
}

/// `signer` stores an order.
pub fn place(f: &World, signer: &Actor, order: &ConditionalOrder) -> Tx<()> {
    signer.submits(consent(f, "place_order", order))
}

/// The operator's part of a match.
pub fn match_call(f: &World, operator: &Actor, fills: &[MatchedFill]) -> Tx<()> {
    let fills = HostVec::from_slice(&f.env, fills);
    operator.calls(&f.contracts().clearing, "settle_match", (&operator.address, fills).into_val(&f.env))
}

/// A batch with the trees of its vault legs below it.
pub fn submit(f: &World, sender: &Actor, account: &Actor, requests: &[ClearingRequest]) -> Tx<HostVec<i128>> {
    let (env, contracts) = (&f.env, f.contracts());
    let (clearing, vault): (&Address, &Address) = (&contracts.clearing, &contracts.vault);
    let list = HostVec::from_slice(env, requests);
    let args = (&sender.address, &account.address, list, f.now() + 60).into_val(env);
    let mut batch = Invocation::new(clearing, "submit", args);
    for request in requests {
        let ClearingRequest::Act(action @ (Action::Deposit(asset, amount) | Action::Withdraw(asset, amount))) =
            request
        else {
            continue;
        };
        let args = (&sender.address, &account.address, vec![env, action.clone()]).into_val(env);
        let mut leg = Invocation::new(vault, "submit", args);
        if matches!(action, Action::Deposit(..)) {
            let args = (&sender.address, vault, *amount).into_val(env);
            leg = leg.with(Invocation::new(asset, "transfer", args));
        }
        batch = batch.with(leg);
    }
    sender.submits(batch)
}
