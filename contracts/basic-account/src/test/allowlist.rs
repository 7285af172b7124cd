use super::fixture;
use account_core::testing::{public, refused};
use margin_interface::AccountError;
use soroban_sdk::testutils::Address as _;
use soroban_sdk::{vec, Address, InvokeError};

const INVALID: Result<(), AccountError> = Err(AccountError::InvalidConfig);

#[test]
fn a_foreign_contract_must_be_allowed_and_name_the_account() {
    let f = fixture();
    let foreign = Address::generate(&f.env);
    let named = || f.call(&foreign, "stake", (7_u32, &f.account));
    let nested = f.call(&foreign, "stake", (vec![&f.env, f.account.clone()],));
    let not_allowed = refused(AccountError::OperationNotAllowed);
    assert_eq!(f.check(&[named()]), not_allowed);
    assert_eq!(f.administer("allow_contract", (foreign.clone(),)), Ok(()));
    assert_eq!(f.check(&[named()]), Ok(()));
    assert_eq!(f.check(&[nested]), not_allowed, "not as a whole argument");
    assert_eq!(f.check(&[f.call(&foreign, "stake", (7_u32, &f.owner))]), not_allowed, "a sibling's");
    // Nobody sends the account's money without being the account.
    assert_eq!(f.check(&[f.call(&foreign, "transfer", (&f.owner, &f.owner, 1_i128))]), not_allowed);
    assert_eq!(f.client().standing().allowed, vec![&f.env, foreign.clone()]);
    assert_eq!(f.administer("disallow_contract", (foreign.clone(),)), Ok(()));
    assert_eq!(f.check(&[named()]), not_allowed);
}

#[test]
fn the_list_is_bounded_and_holds_nothing_of_the_protocol() {
    let f = fixture();
    let protocol = &f.protocol;
    for reserved in
        [&protocol.factory, &protocol.ledger, &protocol.perp_clearing, &protocol.vault, &f.account]
    {
        assert_eq!(f.administer("allow_contract", (reserved.clone(),)), INVALID);
    }
    let first = Address::generate(&f.env);
    assert_eq!(f.administer("disallow_contract", (first.clone(),)), INVALID);
    assert_eq!(f.administer("allow_contract", (first.clone(),)), Ok(()));
    assert_eq!(f.administer("allow_contract", (first.clone(),)), INVALID, "twice");
    for _ in 1..16 {
        assert_eq!(f.administer("allow_contract", (Address::generate(&f.env),)), Ok(()));
    }
    assert_eq!(f.administer("allow_contract", (Address::generate(&f.env),)), INVALID);
    assert_eq!(
        f.client().try_allow_contract(&Address::generate(&f.env)).err(),
        Some(Err(InvokeError::Abort))
    );
    assert_eq!(f.client().try_disallow_contract(&first).err(), Some(Err(InvokeError::Abort)));
    assert_eq!(f.client().standing().allowed.len(), 16);
}

#[test]
fn a_signer_is_rotated_in_its_place() {
    let f = fixture();
    let [old, other] = [public(&f.env, &f.keys[0]), public(&f.env, &f.keys[1])];
    let new = public(&f.env, &f.outsider);
    assert_eq!(f.administer("rotate_signer", (old.clone(), other.clone())), INVALID);
    assert_eq!(f.administer("rotate_signer", (old.clone(), new.clone())), Ok(()));
    assert_eq!(f.client().signers(), vec![&f.env, new.clone(), other]);
    let gone = Err(AccountError::UnauthorizedSigner);
    assert_eq!(f.administer("rotate_signer", (old.clone(), new)), gone);
    assert_eq!(f.check(&[f.trade(-1, true)]), refused(AccountError::UnauthorizedSigner));
    assert!(f.client().try_rotate_signer(&old, &old).is_err());
}

#[test]
fn the_protocols_other_contracts_are_refused_whatever_is_allowed() {
    let f = fixture();
    for contract in [&f.protocol.ledger, &f.protocol.factory] {
        for function in ["transfer", "grant", "create_account"] {
            let call = f.call(contract, function, (&f.account, &f.owner, 1_i128));
            assert_eq!(f.check(&[call]), refused(AccountError::OperationNotAllowed), "{function}");
        }
    }
}
