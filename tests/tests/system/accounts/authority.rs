//! Whose signature counts, and for how much.

use super::{furnished, of_each_tier, LITTLE};
use margin_interface::AccountError::{
    self, InsufficientSignatures, InvalidSignature, OperationNotAllowed, UnauthorizedSigner,
};
use margin_interface::{AccountConfig, AccountType};
use margin_tests::actor::{key_of, Actor};
use margin_tests::auth::{list_value, Shape};
use margin_tests::fixture::Fixture;
use margin_tests::money::{usdc, Coin};
use margin_tests::outer;
use margin_tests::refusal::assert_refused;
use margin_tests::signer::{Passkey, Signer};
use soroban_sdk::xdr::{ScMap, ScMapEntry, ScSymbol, ScVal};
use soroban_sdk::{Bytes, Vec as HostVec};

crate::in_both_modes!(
    p01_a_delegate_in_the_credentials_counts_for_nothing,
    p02_nothing_in_a_signature_chooses_a_role,
    p03_an_entry_is_worthless_to_a_sibling_with_the_same_keys,
    p04_a_key_counts_once,
    p05_a_key_has_one_form,
    p06_nobody_is_not_enough,
    p07_an_outsider_spoils_the_entry,
    p07_what_is_no_signature_is_refused_with_a_code,
);

/// The host offers delegates that a caller may list as he likes. An account that asked one of them by `require_auth` would
/// let the contract that is asking authorise itself.
fn p01_a_delegate_in_the_credentials_counts_for_nothing(f: &Fixture) {
    let stranger = f.key_account("stranger");
    for account in of_each_tier(f) {
        let owner = f.owner_of(&account.name);
        let vault = Actor::at(&f.world, "the vault", f.contracts().vault.clone(), vec![]);
        for delegate in [&owner, &stranger, &vault, &account] {
            let delegated = account.borrow(LITTLE).delegated_to(&[delegate]).signed_by(&[]);
            assert_refused(delegated, &account, InsufficientSignatures);
        }
        // Beside a signature that suffices they are ignored.
        account.borrow(LITTLE).delegated_to(&[&stranger]).ok();
    }
}

/// A signature is not covered by itself: what it carries besides is the caller's choice.
fn p02_nothing_in_a_signature_chooses_a_role(f: &Fixture) {
    for account in of_each_tier(f) {
        let stranger = Signer::from(key_of("stranger"));
        for (name, value) in [("role", 0), ("rule_ids", 1), ("weight", 20), ("threshold", 1)] {
            let claiming = account.borrow(LITTLE).answered(|payload| {
                let ScVal::Map(Some(ScMap(fields))) = stranger.sign(payload) else { unreachable!() };
                let mut fields = fields.to_vec();
                fields.push(ScMapEntry {
                    key: ScVal::Symbol(ScSymbol(name.try_into().unwrap())),
                    val: ScVal::U32(value),
                });
                fields.sort_by(|a, b| a.key.cmp(&b.key));
                list_value([ScVal::Map(Some(ScMap(fields.try_into().unwrap())))].into_iter())
            });
            assert_refused(claiming, &account, UnauthorizedSigner);
        }
    }
}

/// The payload of the first kind of credentials does not name the account. What was signed for one account is presented as
/// the consent of a twin: same tier, same keys.
fn p03_an_entry_is_worthless_to_a_sibling_with_the_same_keys(f: &Fixture) {
    for tier in [AccountType::Basic, AccountType::Pro, AccountType::Institutional] {
        let keys = ["shared 1", "shared 2", "shared 3"].map(key_of);
        let [one, two] = ["one", "two"].map(|name| {
            let account = f.smart_account_with(&format!("{name} of {tier:?}"), |config| {
                config.account_type = tier;
                config.signers = f.keys(&keys.each_ref().map(Signer::from));
            });
            furnished(f, Actor::at(&f.world, &account.name, account.address, keys.to_vec()))
        });
        for shape in Shape::ALL {
            one.shape.set(shape);
            two.shape.set(shape);
            // Everything an account may sign names it.
            let calls = [
                one.borrow_call(LITTLE),
                one.deposit_call(&one, usdc(1)),
                one.transfer_call(&f.lender.address, usdc(1)),
                one.open_call("BTC_USD", true, usdc(500), 100),
            ];
            for call in calls {
                // The twin's consent to a call about `one`, made where only `one` is asked.
                let stolen = outer::all(&f.world, std::slice::from_ref(&call))
                    .consent(&one, call.tree(&f.env))
                    .on_behalf_of(&two.address);
                let failure = stolen.changes_nothing();
                assert_eq!(failure.refused_by, None, "the twin was not even asked: {failure}");
                // As part of what the twin really consents to.
                let smuggled = two.borrow(LITTLE).also_signing(call);
                assert_refused(smuggled, &two, OperationNotAllowed);
            }
            // What names nobody would suit both.
            assert_refused(f.knocks_at(&two), &two, OperationNotAllowed);
        }
    }
}

fn p04_a_key_counts_once(f: &Fixture) {
    let bank = furnished(f, f.institution("bank", 3));
    let [a, b, c] = [0, 1, 2].map(|place| Signer::from(&bank.keys[place]));
    // Two of three are needed.
    bank.borrow(LITTLE).signed_with(&[a.clone(), b.clone()]).ok();
    for twice in [
        vec![a.clone(), a.clone()],
        vec![b.clone(), a.clone()],
        vec![a.clone(), b.clone(), b.clone()],
        vec![a.clone(), b.clone(), a.clone()],
        vec![c, b, a],
    ] {
        assert_refused(bank.borrow(LITTLE).signed_with(&twice), &bank, InvalidSignature);
    }
}

/// One key under two names would be two signatures of one person.
fn p05_a_key_has_one_form(f: &Fixture) {
    for account in of_each_tier(f) {
        let key = Signer::from(account.key());
        let mut longer = key.public();
        longer.push(0);
        let longer = Bytes::from_slice(&f.env, &longer);
        let passkey = Signer::from(&Passkey::of("phone"));
        // The same point, compressed.
        let mut compressed = passkey.public()[..33].to_vec();
        compressed[0] = 2 + (passkey.public()[64] & 1);
        let compressed = Bytes::from_slice(&f.env, &compressed);
        for bad in
            [key.bytes(&f.env), longer, compressed, Bytes::new(&f.env), Bytes::from_array(&f.env, &[0; 32])]
        {
            f.administer::<()>(&account, "add_signer", (bad,)).fails(AccountError::InvalidConfig);
        }
    }
}

fn p06_nobody_is_not_enough(f: &Fixture) {
    for account in of_each_tier(f) {
        for shape in Shape::ALL {
            account.shape.set(shape);
            assert_refused(account.borrow(LITTLE).signed_by(&[]), &account, InsufficientSignatures);
            assert_refused(account.deposit(usdc(1)).signed_by(&[]), &account, InsufficientSignatures);
            let transfer = account.pay(&f.lender.address, Coin::Usdc.units(0)).signed_by(&[]);
            assert_refused(transfer, &account, InsufficientSignatures);
        }
        // Nor may an account come to have nobody.
        let owner = f.owner_of("nobody");
        let config = AccountConfig {
            account_type: f.account(&account).account_type(),
            auto_deleverage_threshold: 12_000,
            max_leverage: 300,
            owner: owner.address.clone(),
            signers: HostVec::new(&f.env),
        };
        owner.create_account(&config, &f.next_salt()).changes_nothing();
        for key in account.keys.iter().skip(1) {
            let _ = f.administer::<()>(&account, "remove_signer", (f.key(key),)).submit();
        }
        let last = f.account(&account).signers().first().expect("somebody");
        f.administer::<()>(&account, "remove_signer", (last,)).changes_nothing();
        assert!(!f.account(&account).signers().is_empty());
    }
}

/// A signature that is skipped instead of refused is a way to make the account work for others.
fn p07_an_outsider_spoils_the_entry(f: &Fixture) {
    let stranger = key_of("stranger");
    for account in of_each_tier(f) {
        assert_refused(account.borrow(LITTLE).signed_by(&[&stranger]), &account, UnauthorizedSigner);
        let mut signers: Vec<Signer> = account.signers();
        signers.push(Signer::from(&stranger));
        signers.sort_by_key(Signer::public);
        assert_refused(account.borrow(LITTLE).signed_with(&signers), &account, UnauthorizedSigner);
        // Before anything is verified: what the outsider sends instead of a signature does not matter.
        let forged = account.borrow(LITTLE).answered(|payload| {
            let mut parts: Vec<(Vec<u8>, ScVal)> =
                account.signers().iter().map(|signer| (signer.public(), signer.sign(&[7; 32]))).collect();
            parts.push((Signer::from(&stranger).public(), Signer::from(&stranger).sign(payload)));
            parts.sort_by(|a, b| a.0.cmp(&b.0));
            list_value(parts.into_iter().map(|(_, part)| part))
        });
        assert_refused(forged, &account, UnauthorizedSigner);
    }
}

/// What a wallet sends by mistake, such as an entry that nobody signed yet, comes back with a code.
fn p07_what_is_no_signature_is_refused_with_a_code(f: &Fixture) {
    let number: ScVal = ScVal::U32(7);
    for account in of_each_tier(f) {
        let shapes = [
            ScVal::Void,
            number.clone(),
            ScVal::Map(Some(ScMap::default())),
            list_value([number.clone()].into_iter()),
            list_value([ScVal::Void].into_iter()),
            list_value([ScVal::Map(Some(ScMap::default()))].into_iter()),
        ];
        for shape in shapes {
            assert_refused(account.borrow(LITTLE).signature(shape), &account, InvalidSignature);
        }
    }
}
