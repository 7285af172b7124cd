//! Batches: what is pulled, what is paid, and for whom.

use super::{token, Fixture};
use margin_interface::{permissions, Action, Asset, OpenAction, VaultError, MAX_ACTIONS};
use soroban_sdk::{
    testutils::{Address as _, AuthorizedFunction, Events as _},
    vec, Address, IntoVal, Symbol, Vec,
};
use test_token::TestTokenClient;

impl Fixture {
    fn batch<const N: usize>(&self, requests: [Action; N]) -> Vec<Action> {
        Vec::from_array(&self.env, requests)
    }

    fn refresh(&self) -> Action {
        Action::Refresh(vec![&self.env, Asset::Stellar(self.token.address.clone())])
    }

    fn other_token(&self) -> TestTokenClient<'static> {
        let other = token(&self.env);
        other.mint(&self.user, &1_000);
        other.mint(&self.vault.address, &1_000);
        other
    }

    fn transfers_of(&self, token: &TestTokenClient) -> usize {
        self.env.events().all().filter_by_contract(&token.address).events().len()
    }
}

#[test]
fn pulls_gross_and_pays_net_per_token() {
    let f = Fixture::new();
    let other = f.other_token();
    f.ledger.set(&40);
    let (a, b) = (f.token.address.clone(), other.address.clone());
    let requests = f.batch([
        Action::Deposit(a.clone(), 100),
        Action::Withdraw(a.clone(), 30),
        Action::Repay(b.clone(), 50),
        Action::Borrow(a.clone(), 20),
        Action::Deposit(a.clone(), 11),
        Action::Withdraw(b.clone(), 5),
        Action::RepayWithCollateral(a.clone(), 9),
    ]);
    let booked = f.vault.submit(&f.user, &f.user, &requests);
    assert_eq!((f.transfers_of(&f.token), f.transfers_of(&other)), (2, 2), "one in, one out");
    assert_eq!(booked, vec![&f.env, 100, 30, 40, 20, 11, 5, 40]);
    assert_eq!(f.balances(), (1_000 - 111 + 50, 1_000 + 111 - 50));
    assert_eq!(other.balance(&f.user), 1_000 - 50 + 10 + 5);
    assert_eq!((f.ledger.writes(), f.ledger.last_batch()), (1, Some((f.user.clone(), f.user.clone()))));
}

#[test]
fn pulls_before_it_books_and_pays_after() {
    let f = Fixture::new();
    f.observe();
    let asset = f.token.address.clone();
    f.vault.submit(&f.user, &f.user, &f.batch([Action::Deposit(asset.clone(), 1)]));
    assert_eq!(f.token.observed(), Some(66), "the transfer came before the first write");
    f.vault.submit(&f.user, &f.user, &f.batch([Action::Withdraw(asset, 1)]));
    assert_eq!(f.token.observed(), Some(2), "booked before the transfer");
}

#[test]
fn one_consent_covers_the_batch_and_its_sums() {
    let f = Fixture::new();
    let asset = f.token.address.clone();
    let requests = f.batch([Action::Deposit(asset.clone(), 100), Action::Deposit(asset, 11)]);
    f.vault.submit(&f.user, &f.user, &requests);
    f.assert_authorised("submit", (&f.user, &f.user, &requests).into_val(&f.env), Some(111));
}

#[test]
fn a_delegate_pays_and_the_account_receives() {
    let f = Fixture::new();
    let account = Address::generate(&f.env);
    f.ledger.set(&40);
    f.ledger.set_permission(&account, &f.user, &permissions::ADMIN);
    let asset = f.token.address.clone();
    let requests = f.batch([
        Action::Deposit(asset.clone(), 100),
        Action::Repay(asset.clone(), 50),
        Action::Withdraw(asset.clone(), 30),
        Action::Borrow(asset, 20),
    ]);
    f.vault.submit(&f.user, &account, &requests);
    assert_eq!(f.token.balance(&f.user), 1_000 - 150 + 10, "what the repayment did not need is the payer's");
    assert_eq!(f.token.balance(&account), 50, "what leaves the account is the account's");
    assert_eq!(f.ledger.last_batch(), Some((account, f.user.clone())));
}

#[test]
fn a_delegate_does_what_its_bits_say() {
    let f = Fixture::new();
    let account = Address::generate(&f.env);
    let asset = f.token.address.clone();
    let requests = [
        (Action::Deposit(asset.clone(), 1), permissions::MODIFY_COLLATERAL),
        (Action::Withdraw(asset.clone(), 1), permissions::WITHDRAW),
        (Action::Borrow(asset.clone(), 1), permissions::WITHDRAW),
        (Action::Repay(asset.clone(), 1), permissions::REDUCE_ONLY),
        (Action::RepayWithCollateral(asset.clone(), 1), permissions::REDUCE_ONLY),
    ];
    for (request, needed) in requests {
        for granted in
            (0..6).map(|place| 1 << place).chain([0, permissions::ALL & !needed & !permissions::ADMIN])
        {
            f.ledger.set_permission(&account, &f.user, &granted);
            let done = f.vault.try_submit(&f.user, &account, &f.batch([request.clone()]));
            let permitted = granted == needed || granted == permissions::ADMIN;
            let refused = done == Err(Ok(VaultError::NotPermitted));
            assert_eq!((done.is_ok(), refused), (permitted, !permitted), "{request:?} with {granted:b}");
        }
    }
    // A batch needs the bits of all of it.
    let two = f.batch([Action::Deposit(asset.clone(), 1), Action::Repay(asset, 1)]);
    f.ledger.set_permission(&account, &f.user, &permissions::REDUCE_ONLY);
    assert_eq!(f.vault.try_submit(&f.user, &account, &two), Err(Ok(VaultError::NotPermitted)));
    let both = permissions::REDUCE_ONLY | permissions::MODIFY_COLLATERAL;
    f.ledger.set_permission(&account, &f.user, &both);
    assert!(f.vault.try_submit(&f.user, &account, &two).is_ok());
}

#[test]
fn refreshes_come_first() {
    let f = Fixture::new();
    let deposit = Action::Deposit(f.token.address.clone(), 1);
    let booked = f.vault.submit(&f.user, &f.user, &f.batch([f.refresh(), f.refresh(), deposit.clone()]));
    assert_eq!((booked, f.ledger.poked()), (vec![&f.env, 1], 2));
    let invalid = Err(Ok(VaultError::InvalidBatch));
    let late = f.batch([f.refresh(), deposit.clone(), f.refresh()]);
    assert_eq!(f.vault.try_submit(&f.user, &f.user, &late), invalid);
    assert_eq!(f.vault.try_submit(&f.user, &f.user, &f.batch([f.refresh()])), invalid);
    assert_eq!(f.vault.try_submit(&f.user, &f.user, &f.batch([])), invalid);
    assert_eq!(f.ledger.poked(), 2);
}

#[test]
fn too_many_requests_are_refused_before_anything_is_pulled() {
    let f = Fixture::new();
    let deposits = |count: u32| {
        let mut requests = f.batch([f.refresh()]);
        for _ in 0..count {
            requests.push_back(Action::Deposit(f.token.address.clone(), 1));
        }
        requests
    };
    let refused = f.vault.try_submit(&f.user, &f.user, &deposits(MAX_ACTIONS + 1));
    assert_eq!(refused, Err(Ok(VaultError::InvalidBatch)));
    assert_eq!((f.balances(), f.ledger.writes(), f.token.observed()), ((1_000, 1_000), 0, None));
    assert_eq!(f.vault.submit(&f.user, &f.user, &deposits(MAX_ACTIONS)).len(), MAX_ACTIONS);
}

#[test]
fn the_vault_trades_nothing() {
    let f = Fixture::new();
    let open = OpenAction { is_long: true, leverage: 200, margin: 5, market: Symbol::new(&f.env, "BTC_USD") };
    let foreign = [
        Action::Open(open),
        Action::MoveSettlement(5),
        Action::AddLiquidity(5, 0),
        Action::RemoveLiquidity(5, 0),
    ];
    for request in foreign {
        let refused = f.vault.try_submit(&f.user, &f.user, &f.batch([request]));
        assert_eq!(refused, Err(Ok(VaultError::InvalidBatch)));
    }
    assert_eq!(f.ledger.writes(), 0);
}

#[test]
fn amounts_in_a_batch_are_positive_and_their_sums_fit() {
    let f = Fixture::new();
    let asset = || f.token.address.clone();
    for amount in [0, -1, i128::MIN] {
        let requests = [
            Action::Deposit(asset(), amount),
            Action::Withdraw(asset(), amount),
            Action::Borrow(asset(), amount),
            Action::Repay(asset(), amount),
            Action::RepayWithCollateral(asset(), amount),
        ];
        for request in requests {
            let requests = f.batch([Action::Deposit(asset(), 1), request]);
            let refused = f.vault.try_submit(&f.user, &f.user, &requests);
            assert_eq!(refused, Err(Ok(VaultError::InvalidAmount)));
        }
        let assets = vec![&f.env, asset(), asset()];
        let refused = f.vault.try_borrow_multiple(&f.user, &assets, &vec![&f.env, 1, amount]);
        assert_eq!(refused, Err(Ok(VaultError::InvalidAmount)));
    }
    let most = f.batch([Action::Deposit(asset(), i128::MAX), Action::Repay(asset(), i128::MAX)]);
    assert_eq!(f.vault.try_submit(&f.user, &f.user, &most), Err(Ok(VaultError::InvalidAmount)));
    assert_eq!((f.balances(), f.ledger.writes()), ((1_000, 1_000), 0));
}

#[test]
fn a_token_that_delivers_less_spoils_the_batch() {
    let f = Fixture::new();
    let other = f.other_token();
    other.set_fee_bps(&100);
    let requests =
        f.batch([Action::Deposit(f.token.address.clone(), 100), Action::Repay(other.address.clone(), 100)]);
    let refused = f.vault.try_submit(&f.user, &f.user, &requests);
    assert_eq!(refused, Err(Ok(VaultError::TransferMismatch)));
    assert_eq!((f.balances(), f.ledger.writes()), ((1_000, 1_000), 0), "nothing happened");
}

#[test]
fn a_ledger_that_uses_more_than_a_batch_brought_is_not_believed() {
    let f = Fixture::new();
    f.ledger.set(&51);
    let requests = f.batch([Action::Repay(f.token.address.clone(), 50)]);
    let refused = f.vault.try_submit(&f.user, &f.user, &requests);
    assert_eq!(refused, Err(Ok(VaultError::TransferMismatch)));
    assert_eq!((f.balances(), f.ledger.writes()), ((1_000, 1_000), 0));
}

#[test]
fn several_loans_are_one_batch() {
    let f = Fixture::new();
    let other = f.other_token();
    let assets = vec![&f.env, f.token.address.clone(), other.address.clone()];
    let amounts = vec![&f.env, 300, 200];
    f.vault.borrow_multiple(&f.user, &assets, &amounts);
    f.assert_authorised("borrow_multiple", (&f.user, &assets, &amounts).into_val(&f.env), None);
    assert_eq!((f.balances(), other.balance(&f.user)), ((1_300, 700), 1_200));
    assert_eq!((f.ledger.writes(), f.ledger.last_batch()), (1, Some((f.user.clone(), f.user.clone()))));

    let invalid = Err(Ok(VaultError::InvalidBatch));
    assert_eq!(f.vault.try_borrow_multiple(&f.user, &assets, &vec![&f.env, 300]), invalid);
    assert_eq!(f.vault.try_borrow_multiple(&f.user, &vec![&f.env], &vec![&f.env]), invalid);
}

#[test]
fn nobody_sends_a_batch_for_another() {
    let f = Fixture::new();
    let asset = f.token.address.clone();
    let account = Address::generate(&f.env);
    f.ledger.set_permission(&account, &f.user, &permissions::ALL);
    f.env.set_auths(&[]);
    let requests = f.batch([Action::Borrow(asset.clone(), 1)]);
    assert!(matches!(f.vault.try_submit(&f.user, &f.user, &requests), Err(Err(_))));
    assert!(matches!(f.vault.try_submit(&f.user, &account, &requests), Err(Err(_))));
    let (assets, amounts) = (vec![&f.env, asset], vec![&f.env, 1]);
    assert!(matches!(f.vault.try_borrow_multiple(&f.user, &assets, &amounts), Err(Err(_))));
    // Not even an amount that would be refused is looked at before.
    let refused = f.batch([Action::Borrow(f.token.address.clone(), 0)]);
    assert!(matches!(f.vault.try_submit(&f.user, &f.user, &refused), Err(Err(_))));
    assert_eq!(f.ledger.writes(), 0);
}

#[test]
fn the_delegate_consents_and_not_the_account() {
    let f = Fixture::new();
    let account = Address::generate(&f.env);
    f.ledger.set_permission(&account, &f.user, &permissions::WITHDRAW);
    f.vault.submit(&f.user, &account, &f.batch([Action::Withdraw(f.token.address.clone(), 1)]));
    let auths = f.env.auths();
    assert_eq!(auths.len(), 1);
    assert_eq!(auths[0].0, f.user);
    assert!(
        matches!(&auths[0].1.function, AuthorizedFunction::Contract((_, name, _)) if *name == Symbol::new(&f.env, "submit"))
    );
}
