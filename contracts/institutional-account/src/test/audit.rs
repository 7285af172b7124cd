use super::{client, fixture, some, USD};
use account_core::testing::fakes::{healthy, FakeToken, FakeTokenClient, FakeVaultClient};
use account_core::testing::Fixture;
use margin_interface::{AuditHead, AuditRecord, Breakdown, DeleverageStep, Holding};
use margin_math::units::PRICE;
use soroban_sdk::testutils::{Address as _, Events as _};
use soroban_sdk::xdr::ToXdr;
use soroban_sdk::{symbol_short, vec, Address, Bytes, BytesN, Symbol};

/// The trail from its records, whole: every hash is that of the one before and of the record.
fn verified(f: &Fixture, records: &soroban_sdk::Vec<AuditRecord>) -> AuditHead {
    let mut hash = BytesN::from_array(&f.env, &[0; 32]);
    for (seq, record) in (1..).zip(records.iter()) {
        let mut link = Bytes::from(hash);
        link.append(&(seq, record.at, record.action, record.actors, record.digest).to_xdr(&f.env));
        hash = f.env.crypto().sha256(&link).to_bytes();
        assert_eq!((record.seq, record.hash), (seq, hash.clone()));
    }
    AuditHead { hash, seq: records.len().into() }
}

#[test]
fn a_deleverage_is_on_the_trail_though_nobody_signs_it() {
    let f = fixture();
    let token = f.env.register(FakeToken, ());
    FakeTokenClient::new(&f.env, &token).mint(&f.account, &(300 * USD));
    let holding = |asset: &Address, dollars: i128| Holding {
        amount: dollars * USD,
        asset: asset.clone(),
        decimals: 7,
        price: PRICE,
        value: 0,
        weight_bps: 10_000,
    };
    f.ledger().set_breakdown(&Breakdown {
        debts: vec![&f.env, holding(&token, 1_000)],
        deposits: vec![&f.env, holding(&Address::generate(&f.env), 1_100)],
        perp_debt: 0,
        positions: vec![&f.env],
        settlement: token.clone(),
        settlement_price: PRICE,
        summary: healthy(&f.env),
    });
    let steps = vec![&f.env, DeleverageStep::Wallet(token, 267 * USD)];
    FakeVaultClient::new(&f.env, &f.protocol.vault).advise(&steps);
    assert_eq!(f.check_by(&some(&f, 3), &[f.borrow(1)]), Ok(()));
    f.pass(60);
    let report = f.client().auto_deleverage();
    let told = f.env.events().all().filter_by_contract(&f.account).events().len();
    assert_eq!(told, 2, "the record, and the deleverage");
    assert_eq!(report.repaid_from_wallet, 267 * USD);
    let records = client(&f).audit_log(&0, &10);
    assert_eq!(client(&f).audit_head(), verified(&f, &records));
    let [signed, unsigned] = [records.get_unchecked(0), records.get_unchecked(1)];
    assert_eq!((signed.action, signed.actors.len()), (symbol_short!("borrow"), 3));
    assert_eq!(signed.digest, f.payload);
    assert_eq!((unsigned.action, unsigned.actors.len()), (Symbol::new(&f.env, "auto_deleverage"), 0));
    assert_eq!(unsigned.digest, f.env.crypto().sha256(&report.to_xdr(&f.env)).to_bytes());
    assert_eq!(unsigned.at, signed.at + 60);
}

#[test]
fn the_last_eight_records_stay_readable() {
    let f = fixture();
    assert_eq!(client(&f).audit_head(), verified(&f, &vec![&f.env]));
    for _ in 0..10 {
        assert_eq!(f.check_by(&some(&f, 3), &[f.borrow(1)]), Ok(()));
    }
    assert_eq!(client(&f).audit_head().seq, 10);
    for (from, n, expected) in [
        (0, 20, std::vec![3, 4, 5, 6, 7, 8, 9, 10]),
        (5, 2, std::vec![5, 6]),
        (10, 1, std::vec![10]),
        (11, 1, std::vec![]),
        (0, 0, std::vec![]),
    ] {
        let log = client(&f).audit_log(&from, &n);
        assert_eq!(log.iter().map(|record| record.seq).collect::<std::vec::Vec<u64>>(), expected);
    }
}
