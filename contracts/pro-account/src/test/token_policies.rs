use super::batches::order;
use super::{client, fixture};
use account_core::testing::{fakes::healthy, refused, Fixture, NOW};
use core::slice;
use margin_interface::{
    AccountError, Action, ClearingRequest, ConditionalOrder, Market, TokenPolicy, TokenPolicyRemoved,
    TokenPolicySet,
};
use soroban_sdk::testutils::{Address as _, Events as _};
use soroban_sdk::{map, vec, Address, Event as _, InvokeError};

const POLICY: TokenPolicy = TokenPolicy { max_debt: 100, max_outflow: 50 };
const NOTHING: TokenPolicy = TokenPolicy { max_debt: 0, max_outflow: 0 };

fn with_policy() -> (Fixture, Address) {
    let f = fixture();
    let asset = Address::generate(&f.env);
    assert_eq!(f.administer("set_token_policy", (asset.clone(), POLICY)), Ok(()));
    let told = TokenPolicySet { asset: asset.clone(), policy: POLICY }.to_xdr(&f.env, &f.account);
    assert_eq!(f.env.events().all().filter_by_contract(&f.account), [told]);
    (f, asset)
}

#[test]
fn debts_in_a_token_are_limited() {
    let (f, asset) = with_policy();
    let mut summary = healthy(&f.env);
    for (debt, result) in [(100, Ok(())), (101, refused(AccountError::TokenPolicyExceeded))] {
        summary.exposures = map![&f.env, (Market::Asset(asset.clone()), debt)];
        f.ledger().script(&summary);
        assert_eq!(f.check(&[f.borrow_of(&asset, 1)]), result);
    }
    summary.exposures = map![&f.env, (Market::Asset(Address::generate(&f.env)), i128::MAX)];
    f.ledger().script(&summary);
    assert_eq!(f.check(&[f.borrow(1)]), Ok(()), "another token");
    assert_eq!(f.administer("set_token_policy", (asset.clone(), NOTHING)), Ok(()));
    assert_eq!(f.check(&[f.borrow(1)]), Ok(()), "of this one nothing is owed");
    assert_eq!(f.administer("remove_token_policy", (asset.clone(),)), Ok(()));
    let told = TokenPolicyRemoved { asset: asset.clone() }.to_xdr(&f.env, &f.account);
    assert_eq!(f.env.events().all().filter_by_contract(&f.account), [told]);
    summary.exposures = map![&f.env, (Market::Asset(asset.clone()), 101)];
    f.ledger().script(&summary);
    assert_eq!(f.check(&[f.borrow_of(&asset, 1)]), Ok(()));
}

#[test]
fn what_leaves_by_one_entry_is_limited_as_a_sum() {
    let (f, asset) = with_policy();
    let (this, other) = (&f.account, Address::generate(&f.env));
    let pay = |amount: i128| f.call(&asset, "transfer", (this, &other, amount));
    let withdraw = |amount: i128| f.call(&f.protocol.vault, "withdraw", (this, &asset, amount, this));
    let beyond = refused(AccountError::TokenPolicyExceeded);
    assert_eq!(f.check(&[pay(50)]), Ok(()));
    assert_eq!(f.check(&[pay(51)]), beyond);
    assert_eq!(f.check(&[withdraw(25), pay(25)]), Ok(()));
    assert_eq!(f.check(&[withdraw(25), pay(26)]), beyond);
    assert_eq!(f.check(&[f.call(&asset, "approve", (this, &other, 51_i128, 2000_u32))]), beyond);
    assert_eq!(f.check(&[f.call(&asset, "burn", (this, 51_i128))]), beyond);
    let elsewhere = f.call(&f.protocol.vault, "deposit", (this, &other, &asset, 51_i128));
    assert_eq!(f.check(&[elsewhere]), beyond);
    // What goes into the own deposit does not leave.
    let deposit = f.call(&f.protocol.vault, "deposit", (this, this, &asset, 51_i128));
    let implied = f.call(&asset, "transfer", (this, &f.protocol.vault, 51_i128));
    assert_eq!(f.check(&[deposit, implied]), Ok(()));
    // What cannot be valued is refused.
    f.ledger().unlist(&asset);
    assert_eq!(f.check(&[pay(1)]), refused(AccountError::StalePrice));
}

#[test]
fn the_rule_of_a_token_asks_for_no_price_of_another() {
    let (f, asset) = with_policy();
    let pay = |token: &Address, amount: i128| f.call(token, "transfer", (&f.account, &f.owner, amount));
    let another = pay(&Address::generate(&f.env), 51);
    assert_eq!(f.check(&[another.clone(), pay(&asset, 50)]), Ok(()));
    // Whatever the reason: a price that is not there is missing.
    for code in [612, 602, 0] {
        f.ledger().fail(&code);
        assert_eq!(f.check(slice::from_ref(&another)), Ok(()));
        assert_eq!(f.check(&[pay(&asset, 1)]), refused(AccountError::StalePrice));
    }
}

/// While a token has a rule, nothing leaves of which no rule knows how much: the whole deposit, or what stands below a contract
/// that decides what becomes of it.
#[test]
fn nothing_leaves_uncounted_while_a_token_has_a_rule() {
    let f = fixture();
    let (asset, other) = (Address::generate(&f.env), Address::generate(&f.env));
    let (this, vault, perp) = (&f.account, &f.protocol.vault, &f.protocol.perp_clearing);
    assert_eq!(f.administer("allow_contract", (other.clone(),)), Ok(()));
    let loan = vec![&f.env, Action::Borrow(asset.clone(), 1)];
    let nothing = f.call(&other, "approve", (this, &other, 0_i128, 2000_u32));
    let deposit = f.call(vault, "deposit", (this, this, &asset, 1_i128));
    let implied = f.call(&asset, "transfer", (this, vault, 1_i128));
    // What an executor is paid leaves the deposit.
    let paying = |max_fee| ConditionalOrder { max_fee, ..order(&f) };
    let batched = |order| vec![&f.env, ClearingRequest::PlaceOrder(order)];
    let uncounted = [
        std::vec![f.call(vault, "transfer_positions", (this, &other))],
        std::vec![f.call(vault, "migrate_positions", (this, &other))],
        std::vec![f.call(perp, "fund_insurance", (this, 1_i128))],
        std::vec![f.call(vault, "submit", (this, &other, loan))],
        std::vec![f.call(&other, "anything", (this,))],
        std::vec![nothing.clone(), deposit.clone(), implied.clone()],
        std::vec![nothing.clone(), nothing.clone(), deposit.clone(), implied.clone()],
        std::vec![nothing.clone(), f.call(&other, "transfer", (this, &other, 1_i128))],
        std::vec![f.call(perp, "place_order", (paying(3),))],
        std::vec![f.call(perp, "execute_order", (paying(3),))],
        std::vec![f.call(perp, "submit", (this, this, batched(paying(3)), NOW))],
    ];
    let counted = [
        std::vec![nothing],
        std::vec![deposit, implied],
        std::vec![f.call(perp, "add_liquidity", (this, 1_i128, 0_i128))],
        std::vec![f.call(perp, "place_order", (paying(0),))],
        std::vec![f.call(perp, "submit", (this, this, batched(paying(0)), NOW))],
    ];
    let check = |result| {
        for contexts in &uncounted {
            assert_eq!(f.check(contexts), result, "{contexts:?}");
        }
        for contexts in &counted {
            assert_eq!(f.check(contexts), Ok(()), "{contexts:?}");
        }
    };
    check(Ok(()));
    let rule = TokenPolicy { max_debt: i128::MAX, max_outflow: 0 };
    assert_eq!(f.administer("set_token_policy", (asset.clone(), rule)), Ok(()));
    check(refused(AccountError::TokenPolicyExceeded));
    assert_eq!(f.administer("remove_token_policy", (asset.clone(),)), Ok(()));
    check(Ok(()));
}

#[test]
fn bad_policies_are_refused_and_only_the_owner_sets_them() {
    let (f, asset) = with_policy();
    for policy in [TokenPolicy { max_debt: -1, ..POLICY }, TokenPolicy { max_outflow: -1, ..POLICY }] {
        let set = f.administer("set_token_policy", (asset.clone(), policy));
        assert_eq!(set, Err(AccountError::InvalidConfig));
    }
    let unknown = Address::generate(&f.env);
    assert_eq!(f.administer("remove_token_policy", (unknown,)), Err(AccountError::InvalidConfig));
    assert_eq!(client(&f).try_set_token_policy(&asset, &POLICY).err(), Some(Err(InvokeError::Abort)));
    assert_eq!(client(&f).try_remove_token_policy(&asset).err(), Some(Err(InvokeError::Abort)));
    assert_eq!(client(&f).token_policies(), map![&f.env, (asset, POLICY)]);
    for _ in 1..16 {
        let asset = Address::generate(&f.env);
        assert_eq!(f.administer("set_token_policy", (asset, NOTHING)), Ok(()));
    }
    let one_more = f.administer("set_token_policy", (Address::generate(&f.env), POLICY));
    assert_eq!(one_more, Err(AccountError::InvalidConfig));
}
