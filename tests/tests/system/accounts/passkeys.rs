//! Passkeys: secp256r1 behind an authenticator, alone and beside plain keys.

use super::{furnished, LITTLE};
use margin_interface::AccountError::{InsufficientSignatures, InvalidSignature, UnauthorizedSigner};
use margin_interface::AccountType;
use margin_tests::actor::{key_of, Actor};
use margin_tests::auth::{list_value, Shape};
use margin_tests::fixture::Fixture;
use margin_tests::money::{usdc, usdt};
use margin_tests::refusal::{assert_refused, assert_refused_by_host, bad_signature};
use margin_tests::signer::{Ceremony, Passkey, Signer, PRESENT, VERIFIED};
use soroban_sdk::xdr::ScVal;

crate::in_both_modes!(
    a_passkey_signs_in_every_tier,
    a_quorum_of_both_kinds,
    a_passkey_may_be_a_session,
    p31_only_an_answer_to_this_payload_counts,
    p31_the_kinds_of_keys_do_not_stand_in_for_each_other,
    p31_a_forged_assertion_is_refused_by_the_host,
);

/// An account of `tier` whose signers are a plain key and two passkeys.
fn account(f: &Fixture, tier: AccountType) -> (Actor, Signer, [Passkey; 2]) {
    let plain = Signer::from(key_of("paper"));
    let passkeys = [Passkey::of("phone"), Passkey::of("laptop")];
    let signers = [plain.clone(), Signer::from(&passkeys[0]), Signer::from(&passkeys[1])];
    let name = format!("{tier:?}");
    let account = f.smart_account_with(&name, |config| {
        config.account_type = tier;
        config.signers = f.keys(&signers);
    });
    let account = Actor::at(&f.world, &name, account.address, vec![key_of("paper")]);
    f.fund(&account, usdc(25_000));
    let quorum = sorted(&signers);
    account.deposit(usdc(20_000)).signed_with(&quorum).ok();
    (account, plain, passkeys)
}

fn sorted(signers: &[Signer]) -> Vec<Signer> {
    let mut signers = signers.to_vec();
    signers.sort_by_key(Signer::public);
    signers
}

const TIERS: [AccountType; 3] = [AccountType::Basic, AccountType::Pro, AccountType::Institutional];

fn a_passkey_signs_in_every_tier(f: &Fixture) {
    for tier in TIERS {
        let (account, _, [phone, laptop]) = account(f, tier);
        for shape in Shape::ALL {
            account.shape.set(shape);
            let borrow = |signers: &[&Passkey]| {
                let signers: Vec<Signer> = signers.iter().map(|key| Signer::from(*key)).collect();
                account.borrow(LITTLE).signed_with(&sorted(&signers))
            };
            borrow(&[&phone, &laptop]).ok();
            match tier {
                AccountType::Institutional => {
                    assert_refused(borrow(&[&phone]), &account, InsufficientSignatures);
                }
                _ => {
                    borrow(&[&phone]).ok();
                    borrow(&[&laptop]).ok();
                }
            }
            assert_refused(borrow(&[&Passkey::of("stolen")]), &account, UnauthorizedSigner);
        }
    }
}

fn a_quorum_of_both_kinds(f: &Fixture) {
    let (bank, plain, [phone, laptop]) = account(f, AccountType::Institutional);
    let mixed = sorted(&[plain.clone(), Signer::from(&phone)]);
    bank.borrow(usdt(100)).signed_with(&mixed).ok();
    assert_refused(
        bank.borrow(usdt(100)).signed_with(std::slice::from_ref(&plain)),
        &bank,
        InsufficientSignatures,
    );
    let backwards: Vec<Signer> = mixed.iter().rev().cloned().collect();
    assert_refused(bank.borrow(usdt(100)).signed_with(&backwards), &bank, InvalidSignature);
    let all = sorted(&[plain, Signer::from(&phone), Signer::from(&laptop)]);
    bank.borrow(usdt(100)).signed_with(&all).ok();
}

fn a_passkey_may_be_a_session(f: &Fixture) {
    let petra = furnished(f, f.pro_account("petra"));
    let watch = Passkey::of("watch");
    let grant = f.grant(&Signer::from(&watch));
    f.administer::<()>(&petra, "grant_session", (grant,)).ok();
    petra.borrow(usdt(100)).signed_with(&[Signer::from(&watch)]).ok();
    let too_much = petra.borrow(usdt(1_001)).signed_with(&[Signer::from(&watch)]);
    assert_refused(too_much, &petra, margin_interface::AccountError::ExceedsSessionLimit);
}

fn p31_only_an_answer_to_this_payload_counts(f: &Fixture) {
    for tier in [AccountType::Basic, AccountType::Pro] {
        let (account, _, [phone, _]) = account(f, tier);
        let answered = |change: &dyn Fn(&mut Ceremony)| {
            account.borrow(LITTLE).answered(|payload| {
                let mut ceremony = Ceremony::of(payload);
                change(&mut ceremony);
                list_value([phone.assertion(&ceremony)].into_iter())
            })
        };
        answered(&|_| ()).ok();
        let wrong: [&dyn Fn(&mut Ceremony); 12] = [
            // Of another payload, of none, of more than this one.
            &|c| c.challenge = Ceremony::of(&[7; 32]).challenge,
            &|c| c.challenge.clear(),
            &|c| c.challenge.push('A'),
            &|c| c.challenge.push('='),
            &|c| c.challenge = c.challenge.to_lowercase(),
            &|c| c.challenge = format!(r#"x","challenge":"{}"#, c.challenge),
            // For another purpose.
            &|c| c.kind = "webauthn.create".into(),
            &|c| c.kind = r#"webauthn.create","type":"webauthn.get"#.into(),
            // Nobody there, or nobody known.
            &|c| c.flags = 0,
            &|c| c.flags = PRESENT,
            &|c| c.flags = VERIFIED,
            // More data than there is.
            &|c| c.flags |= 0x40,
        ];
        for change in wrong {
            assert_refused(answered(change), &account, InvalidSignature);
        }
    }
}

fn p31_the_kinds_of_keys_do_not_stand_in_for_each_other(f: &Fixture) {
    let (account, plain, [phone, _]) = account(f, AccountType::Basic);
    // The curve's signature of the payload, without the ceremony that proves the user.
    let bare = account.borrow(LITTLE).answered(|payload| list_value([phone.bare(payload)].into_iter()));
    assert_refused(bare, &account, InvalidSignature);
    // A plain key beside an authenticator's answer.
    let dressed = account.borrow(LITTLE).answered(|payload| {
        let (ScVal::Map(Some(own)), ScVal::Map(Some(answer))) =
            (plain.sign(payload), phone.assertion(&Ceremony::of(payload)))
        else {
            unreachable!()
        };
        let fields = [own[0].clone(), own[1].clone(), answer[2].clone()];
        let fields = soroban_sdk::xdr::ScMap(fields.to_vec().try_into().expect("three fields"));
        list_value([ScVal::Map(Some(fields))].into_iter())
    });
    assert_refused(dressed, &account, InvalidSignature);
}

fn p31_a_forged_assertion_is_refused_by_the_host(f: &Fixture) {
    let (account, _, [phone, laptop]) = account(f, AccountType::Basic);
    let forged = account.borrow(LITTLE).answered(|payload| {
        let ceremony = Ceremony::of(payload);
        let (ScVal::Map(Some(one)), ScVal::Map(Some(other))) =
            (phone.assertion(&ceremony), laptop.assertion(&ceremony))
        else {
            unreachable!()
        };
        let fields = [one[0].clone(), other[1].clone(), one[2].clone()];
        let fields = soroban_sdk::xdr::ScMap(fields.to_vec().try_into().expect("three fields"));
        list_value([ScVal::Map(Some(fields))].into_iter())
    });
    assert_refused_by_host(forged, &account, bad_signature());
    // The second signature that every signature of this curve has.
    let high = account
        .borrow(LITTLE)
        .answered(|payload| list_value([phone.with_high_s(&Ceremony::of(payload))].into_iter()));
    assert_refused_by_host(high, &account, bad_signature());
}
