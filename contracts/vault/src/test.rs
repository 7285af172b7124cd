//! What the vault does with tokens, and in which order. The books are a fake that records what it is told and answers
//! what it was set to: the real ledger behind the vault is tested in `tests/`.

mod batch;
mod governance;

use crate::Vault;
use margin_interface::{
    AccountStatus, AccountSummary, Action, Asset, Breakdown, Holding, LedgerConfig, LedgerError, Liquidation,
    PokeOutcome, Receive, VaultClient, VaultConfig, VaultError,
};
use soroban_sdk::{
    contract, contractimpl, contracttype,
    testutils::{
        Address as _, AuthorizedFunction, AuthorizedInvocation, EnvTestConfig, Events as _, Ledger as _,
    },
    vec, Address, Env, IntoVal, InvokeError, Map, String, Symbol, Val, Vec,
};
use test_token::{TestToken, TestTokenClient};

/// Settings and records of the fake.
#[contracttype]
enum Key {
    /// What it answers to a call that moves an amount.
    Answer,
    /// Number of calls that wrote.
    Writes,
    /// What it answers to a read.
    Summary,
    Breakdown,
    /// Account and payer of the last batch.
    Batch,
    Permission(Address, Address),
    /// Number of assets poked.
    Poked,
    Settlement,
    /// The most that a deleverage was to repay.
    Asked,
}

#[contract]
struct FakeLedger;

fn write(env: &Env) -> i128 {
    let writes: u32 = env.storage().instance().get(&Key::Writes).unwrap_or(0);
    env.storage().instance().set(&Key::Writes, &(writes + 1));
    answer(env)
}

fn answer(env: &Env) -> i128 {
    env.storage().instance().get(&Key::Answer).unwrap_or(0)
}

/// Repayments need the answer, everything else is as it was asked for.
fn moved(env: &Env, actions: &Vec<Action>) -> Vec<i128> {
    let mut moved = Vec::new(env);
    for action in actions.iter() {
        moved.push_back(match action {
            Action::Repay(..) | Action::RepayWithCollateral(..) => answer(env),
            Action::Deposit(_, amount) | Action::Withdraw(_, amount) | Action::Borrow(_, amount) => amount,
            _ => panic!("no action of the vault"),
        });
    }
    moved
}

#[contractimpl]
impl FakeLedger {
    pub fn set(env: Env, answer: i128) {
        env.storage().instance().set(&Key::Answer, &answer);
    }

    pub fn set_reads(env: Env, summary: AccountSummary, breakdown: Breakdown) {
        env.storage().instance().set(&Key::Summary, &summary);
        env.storage().instance().set(&Key::Breakdown, &breakdown);
    }

    pub fn writes(env: Env) -> u32 {
        env.storage().instance().get(&Key::Writes).unwrap_or(0)
    }

    pub fn credit(env: Env, _from: Address, _account: Address, _asset: Address, amount: i128) -> i128 {
        write(&env);
        amount * 1_000_000
    }

    pub fn debit(env: Env, _account: Address, _asset: Address, _amount: i128) -> Result<i128, LedgerError> {
        let answer = write(&env);
        if answer < 0 {
            return Err(LedgerError::InsufficientMargin);
        }
        Ok(answer)
    }

    pub fn dry_credit(_env: Env, _from: Address, _account: Address, _asset: Address, amount: i128) -> i128 {
        amount * 1_000_000
    }

    pub fn dry_batch(env: Env, _account: Address, _from: Address, actions: Vec<Action>) -> Vec<i128> {
        moved(&env, &actions)
    }

    pub fn dry_liquidate(
        env: Env,
        _liquidator: Address,
        _account: Address,
        _debt_asset: Address,
        _collateral_asset: Address,
        max_repay: i128,
        min_seized: i128,
        _receive: Receive,
    ) -> Liquidation {
        Liquidation { repaid: max_repay.min(answer(&env)), seized: min_seized }
    }

    pub fn batch(env: Env, account: Address, from: Address, actions: Vec<Action>) -> Vec<i128> {
        write(&env);
        env.storage().instance().set(&Key::Batch, &(account, from));
        moved(&env, &actions)
    }

    /// Account and payer of the last batch.
    pub fn last_batch(env: Env) -> Option<(Address, Address)> {
        env.storage().instance().get(&Key::Batch)
    }

    pub fn deleverage(
        env: Env,
        _keeper: Address,
        _account: Address,
        _debt_asset: Address,
        _collateral_asset: Address,
        max_repay: i128,
    ) -> Liquidation {
        env.storage().instance().set(&Key::Asked, &max_repay);
        Liquidation { repaid: write(&env), seized: 70 }
    }

    pub fn settle_in_kind(
        env: Env,
        _payer: Address,
        _account: Address,
        _asset: Address,
        _max_repay: i128,
    ) -> Liquidation {
        Liquidation { repaid: write(&env), seized: 70 }
    }

    /// The most that a deleverage was to repay.
    pub fn asked(env: Env) -> i128 {
        env.storage().instance().get(&Key::Asked).unwrap()
    }

    pub fn transfer_account(env: Env, from: Address, to: Address) {
        write(&env);
        env.storage().instance().set(&Key::Batch, &(from, to));
    }

    /// As much as it is told.
    pub fn sync(env: Env, _asset: Address, balance: i128) -> i128 {
        write(&env);
        balance
    }

    pub fn set_settlement(env: Env, asset: Address) {
        env.storage().instance().set(&Key::Settlement, &asset);
    }

    pub fn settlement_asset(env: Env) -> Address {
        env.storage().instance().get(&Key::Settlement).unwrap()
    }

    pub fn set_permission(env: Env, account: Address, delegate: Address, bits: u32) {
        env.storage().instance().set(&Key::Permission(account, delegate), &bits);
    }

    pub fn permission(env: Env, account: Address, delegate: Address) -> u32 {
        env.storage().instance().get(&Key::Permission(account, delegate)).unwrap_or(0)
    }

    /// It is its own oracle.
    pub fn config(env: Env) -> LedgerConfig {
        let here = env.current_contract_address();
        LedgerConfig {
            factory: here.clone(),
            oracle: here.clone(),
            perp_clearing: here.clone(),
            settlement: here.clone(),
            vault: here,
        }
    }

    pub fn poke(env: Env, assets: Vec<Asset>) -> Vec<PokeOutcome> {
        let poked: u32 = env.storage().instance().get(&Key::Poked).unwrap_or(0);
        env.storage().instance().set(&Key::Poked, &(poked + assets.len()));
        Vec::new(&env)
    }

    /// Number of assets poked.
    pub fn poked(env: Env) -> u32 {
        env.storage().instance().get(&Key::Poked).unwrap_or(0)
    }

    pub fn is_liquidatable(_env: Env, _account: Address) -> bool {
        true
    }

    pub fn borrow(env: Env, _account: Address, _asset: Address, amount: i128) -> i128 {
        write(&env);
        amount
    }

    pub fn repay(env: Env, _account: Address, _asset: Address, _amount: i128) -> i128 {
        write(&env)
    }

    pub fn repay_with_collateral(env: Env, _account: Address, _asset: Address, _amount: i128) -> i128 {
        write(&env)
    }

    pub fn liquidate(
        env: Env,
        _liquidator: Address,
        _account: Address,
        _debt_asset: Address,
        _collateral_asset: Address,
        _max_repay: i128,
        _min_seized: i128,
        _receive: Receive,
    ) -> Liquidation {
        Liquidation { repaid: write(&env), seized: 70 }
    }

    /// Leverage is the number of writes, so that who reads during a transfer can tell what was booked before it.
    pub fn summary(env: Env, _account: Address) -> AccountSummary {
        let writes = Self::writes(env.clone());
        let summary = env.storage().instance().get(&Key::Summary).unwrap_or_else(|| figures(&env));
        AccountSummary { leverage: if writes > 0 { writes } else { summary.leverage }, ..summary }
    }

    pub fn breakdown(env: Env, _account: Address) -> Breakdown {
        env.storage().instance().get(&Key::Breakdown).unwrap()
    }
}

fn figures(env: &Env) -> AccountSummary {
    AccountSummary {
        collateral_value: 11,
        debt_value: 22,
        effective_margin: 33,
        equity: 44,
        exposures: Map::new(env),
        health_factor: 55,
        leverage: 66,
        liquidation_ok: true,
        margin_call_ok: true,
        opening_ok: true,
        perp_notional: 77,
        required_margin: 88,
        status: AccountStatus::Normal,
        unrealized_pnl: 99,
    }
}

struct Fixture {
    env: Env,
    vault: VaultClient<'static>,
    ledger: FakeLedgerClient<'static>,
    token: TestTokenClient<'static>,
    user: Address,
    admin: Address,
    guardian: Address,
}

impl Fixture {
    /// A vault with 1,000 tokens and a user with 1,000. Authorisation is mocked: that nobody but its owner may call a
    /// function rests on `tests/system`.
    fn new() -> Fixture {
        let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
        env.ledger().set_timestamp(1_790_000_000);
        env.ledger().set_sequence_number(1000);
        env.mock_all_auths();
        let ledger = FakeLedgerClient::new(&env, &env.register(FakeLedger, ()));
        let (admin, guardian) = (Address::generate(&env), Address::generate(&env));
        let vault = env.register(Vault, (&admin, &guardian, &ledger.address));
        let vault = VaultClient::new(&env, &vault);
        let user = Address::generate(&env);
        let token = token(&env);
        token.mint(&user, &1_000);
        token.mint(&vault.address, &1_000);
        Fixture { env, vault, ledger, token, user, admin, guardian }
    }

    /// Makes the token read the ledger on each transfer.
    fn observe(&self) {
        self.token.set_observer(&self.ledger.address, &self.user);
    }

    fn balances(&self) -> (i128, i128) {
        (self.token.balance(&self.user), self.token.balance(&self.vault.address))
    }

    /// Asserts that the last call was authorised by the user alone: `function` of the vault and, inside it, the
    /// transfer of `pulled` tokens if any.
    fn assert_authorised(&self, function: &str, args: Vec<Val>, pulled: Option<i128>) {
        let transfer = |amount: i128| AuthorizedInvocation {
            function: AuthorizedFunction::Contract((
                self.token.address.clone(),
                Symbol::new(&self.env, "transfer"),
                (&self.user, &self.vault.address, amount).into_val(&self.env),
            )),
            sub_invocations: std::vec![],
        };
        let expected = AuthorizedInvocation {
            function: AuthorizedFunction::Contract((
                self.vault.address.clone(),
                Symbol::new(&self.env, function),
                args,
            )),
            sub_invocations: pulled.map(transfer).into_iter().collect(),
        };
        assert_eq!(self.env.auths(), std::vec![(self.user.clone(), expected)]);
    }
}

fn token(env: &Env) -> TestTokenClient<'static> {
    let text = String::from_str(env, "TEST");
    TestTokenClient::new(env, &env.register(TestToken, (Address::generate(env), 7u32, text.clone(), text)))
}

#[test]
fn deposit_pulls_before_it_credits() {
    let f = Fixture::new();
    f.observe();
    let account = Address::generate(&f.env);
    assert_eq!(f.vault.deposit(&f.user, &account, &f.token.address, &400), 400_000_000);
    f.assert_authorised(
        "deposit",
        (&f.user, &account, &f.token.address, 400i128).into_val(&f.env),
        Some(400),
    );
    assert_eq!(f.balances(), (600, 1_400));
    assert_eq!(f.token.observed(), Some(66), "the transfer came before the first write");
    assert_eq!(f.ledger.writes(), 1);
}

#[test]
fn a_token_that_delivers_less_is_refused() {
    let f = Fixture::new();
    f.token.set_fee_bps(&100);
    let (user, asset) = (&f.user, &f.token.address);
    let collateral = token(&f.env);
    let mismatch = VaultError::TransferMismatch;
    assert_eq!(f.vault.try_deposit(user, user, asset, &400), Err(Ok(mismatch)));
    assert_eq!(f.vault.try_repay(user, user, asset, &400), Err(Ok(mismatch)));
    let liquidation = f.vault.try_liquidate(
        user,
        &Address::generate(&f.env),
        asset,
        &collateral.address,
        &400,
        &0,
        &Receive::Shares,
    );
    assert_eq!(liquidation, Err(Ok(mismatch)));
    assert_eq!((f.balances(), f.ledger.writes()), ((1_000, 1_000), 0), "nothing happened");
}

#[test]
fn withdraw_books_before_it_pays() {
    let f = Fixture::new();
    f.observe();
    f.ledger.set(&250);
    let to = Address::generate(&f.env);
    assert_eq!(f.vault.withdraw(&f.user, &f.token.address, &i128::MAX, &to), 250);
    f.assert_authorised("withdraw", (&f.user, &f.token.address, i128::MAX, &to).into_val(&f.env), None);
    assert_eq!((f.token.balance(&to), f.balances()), (250, (1_000, 750)));
    assert_eq!(f.token.observed(), Some(1), "booked before the transfer");
}

#[test]
fn errors_of_the_ledger_keep_their_code() {
    let f = Fixture::new();
    f.ledger.set(&-1);
    let refused = f.vault.try_withdraw(&f.user, &f.token.address, &250, &f.user);
    assert_eq!(refused, Err(Err(InvokeError::Contract(LedgerError::InsufficientMargin as u32))));
    assert_eq!((f.balances(), f.ledger.writes()), ((1_000, 1_000), 0));
}

#[test]
fn borrow_books_before_it_pays() {
    let f = Fixture::new();
    f.observe();
    f.vault.borrow(&f.user, &f.token.address, &300);
    f.assert_authorised("borrow", (&f.user, &f.token.address, 300i128).into_val(&f.env), None);
    assert_eq!(f.balances(), (1_300, 700));
    assert_eq!(f.token.observed(), Some(1), "booked before the transfer");
}

#[test]
fn repay_returns_the_excess_to_the_payer() {
    let f = Fixture::new();
    f.observe();
    f.ledger.set(&320);
    let account = Address::generate(&f.env);
    assert_eq!(f.vault.repay(&f.user, &account, &f.token.address, &400), 320);
    f.assert_authorised("repay", (&f.user, &account, &f.token.address, 400i128).into_val(&f.env), Some(400));
    assert_eq!(f.balances(), (680, 1_320));
    assert_eq!(f.token.balance(&account), 0);
    assert_eq!(f.token.observed(), Some(1), "the refund came after the booking");
}

#[test]
fn repay_without_excess_sends_nothing_back() {
    let f = Fixture::new();
    f.observe();
    f.ledger.set(&400);
    f.vault.repay(&f.user, &f.user, &f.token.address, &400);
    assert_eq!(f.balances(), (600, 1_400));
    assert_eq!(f.token.observed(), Some(66), "one transfer only, before the booking");
}

#[test]
fn a_ledger_that_uses_more_than_arrived_is_not_believed() {
    let f = Fixture::new();
    f.ledger.set(&401);
    let refused = f.vault.try_repay(&f.user, &f.user, &f.token.address, &400);
    assert_eq!(refused, Err(Ok(VaultError::TransferMismatch)));
    assert_eq!((f.balances(), f.ledger.writes()), ((1_000, 1_000), 0));
}

#[test]
fn repay_with_collateral_moves_no_token() {
    let f = Fixture::new();
    f.observe();
    f.ledger.set(&90);
    assert_eq!(f.vault.repay_with_collateral(&f.user, &f.token.address, &100), 90);
    f.assert_authorised("repay_with_collateral", (&f.user, &f.token.address, 100i128).into_val(&f.env), None);
    assert_eq!((f.balances(), f.token.observed()), ((1_000, 1_000), None));
}

#[test]
fn liquidation_pays_for_what_was_extinguished() {
    for (receive, seized) in [(Receive::Tokens, 70), (Receive::Shares, 0)] {
        let f = Fixture::new();
        f.ledger.set(&450);
        let collateral = token(&f.env);
        collateral.mint(&f.vault.address, &500);
        let account = Address::generate(&f.env);
        let (debt, backing) = (&f.token.address, &collateral.address);
        let done = f.vault.liquidate(&f.user, &account, debt, backing, &600, &60, &receive);
        f.assert_authorised(
            "liquidate",
            (&f.user, &account, debt, backing, 600i128, 60i128, receive).into_val(&f.env),
            Some(600),
        );
        assert_eq!(done, Liquidation { repaid: 450, seized: 70 });
        assert_eq!(f.balances(), (550, 1_450));
        assert_eq!(collateral.balance(&f.user), seized);
        assert_eq!(collateral.balance(&f.vault.address), 500 - seized);
    }
}

#[test]
fn a_keeper_pays_for_what_was_extinguished_if_both_agree() {
    let f = Fixture::new();
    f.ledger.set(&450);
    let collateral = token(&f.env);
    collateral.mint(&f.vault.address, &500);
    let account = Address::generate(&f.env);
    let (debt, backing) = (&f.token.address, &collateral.address);
    let done = f.vault.deleverage(&f.user, &account, debt, backing, &600, &500);
    let auths = f.env.auths();
    let asked = |who: &Address| {
        let (_, tree) = auths.iter().find(|(by, _)| by == who).unwrap();
        match &tree.function {
            AuthorizedFunction::Contract((_, name, args)) => {
                assert_eq!(name, &Symbol::new(&f.env, "deleverage"));
                (args.clone(), tree.sub_invocations.len())
            }
            _ => panic!("a call"),
        }
    };
    // The keeper signs what it pays at most; only the account knows what it wants.
    assert_eq!(asked(&f.user), ((&f.user, &account, debt, backing, 600i128).into_val(&f.env), 1));
    assert_eq!(asked(&account), ((&f.user, &account, debt, backing, 600i128, 500i128).into_val(&f.env), 0));
    assert_eq!((auths.len(), f.ledger.asked()), (2, 500));
    assert_eq!(done, Liquidation { repaid: 450, seized: 70 });
    assert_eq!((f.balances(), collateral.balance(&f.user)), ((550, 1_450), 70));
}

#[test]
fn settlement_in_kind_is_paid_in_the_settlement_asset() {
    let f = Fixture::new();
    f.ledger.set(&450);
    f.ledger.set_settlement(&f.token.address);
    let collateral = token(&f.env);
    collateral.mint(&f.vault.address, &500);
    let account = Address::generate(&f.env);
    let done = f.vault.settle_in_kind(&f.user, &account, &collateral.address, &600);
    let args = (&f.user, &account, &collateral.address, 600i128);
    f.assert_authorised("settle_in_kind", args.into_val(&f.env), Some(600));
    assert_eq!(done, Liquidation { repaid: 450, seized: 70 });
    assert_eq!((f.balances(), collateral.balance(&f.user)), ((550, 1_450), 70));
}

#[test]
fn positions_move_if_both_ends_agree() {
    let f = Fixture::new();
    let to = Address::generate(&f.env);
    f.vault.transfer_positions(&f.user, &to);
    let asked: std::vec::Vec<Address> = f.env.auths().into_iter().map(|(who, _)| who).collect();
    assert!(asked.contains(&f.user) && asked.contains(&to) && asked.len() == 2);
    assert_eq!(f.ledger.last_batch(), Some((f.user.clone(), to.clone())));

    // The factory, here the ledger itself, stands for an account that it deployed.
    f.vault.migrate_positions(&f.user, &to);
    let asked: std::vec::Vec<Address> = f.env.auths().into_iter().map(|(who, _)| who).collect();
    assert!(asked.contains(&f.user) && asked.contains(&f.ledger.address) && asked.len() == 2);
    assert_eq!(f.ledger.writes(), 2);
}

#[test]
fn the_ledger_learns_what_is_really_there() {
    let f = Fixture::new();
    f.env.set_auths(&[]);
    assert_eq!(f.vault.sync(&f.token.address), 1_000);
    assert_eq!(f.ledger.writes(), 1);
}

#[test]
fn amounts_are_positive() {
    let f = Fixture::new();
    let (user, asset) = (&f.user, &f.token.address);
    for amount in [0, -1, i128::MIN] {
        let invalid = VaultError::InvalidAmount;
        assert_eq!(f.vault.try_deposit(user, user, asset, &amount), Err(Ok(invalid)));
        assert_eq!(f.vault.try_withdraw(user, asset, &amount, user), Err(Ok(invalid)));
        assert_eq!(f.vault.try_borrow(user, asset, &amount), Err(Ok(invalid)));
        assert_eq!(f.vault.try_repay(user, user, asset, &amount), Err(Ok(invalid)));
        assert_eq!(f.vault.try_repay_with_collateral(user, asset, &amount), Err(Ok(invalid)));
        let other = Address::generate(&f.env);
        let liquidation = f.vault.try_liquidate(user, &other, asset, asset, &amount, &0, &Receive::Shares);
        assert_eq!(liquidation, Err(Ok(invalid)));
        assert_eq!(f.vault.try_deleverage(user, &other, asset, asset, &amount, &1), Err(Ok(invalid)));
        assert_eq!(f.vault.try_deleverage(user, &other, asset, asset, &1, &amount), Err(Ok(invalid)));
        f.ledger.set_settlement(asset);
        assert_eq!(f.vault.try_settle_in_kind(user, &other, asset, &amount), Err(Ok(invalid)));
    }
    assert_eq!(f.ledger.writes(), 0);
}

#[test]
fn whose_rights_are_spent_must_authorise() {
    let f = Fixture::new();
    f.env.set_auths(&[]);
    let (user, asset) = (&f.user, &f.token.address);
    let other = &Address::generate(&f.env);
    // A call that nobody authorised must be stopped by the host, not by an error of the vault or the ledger.
    assert!(matches!(f.vault.try_deposit(user, other, asset, &1), Err(Err(_))));
    assert!(matches!(f.vault.try_withdraw(user, asset, &1, other), Err(Err(_))));
    assert!(matches!(f.vault.try_borrow(user, asset, &1), Err(Err(_))));
    assert!(matches!(f.vault.try_repay(user, other, asset, &1), Err(Err(_))));
    assert!(matches!(f.vault.try_repay_with_collateral(user, asset, &1), Err(Err(_))));
    let liquidation = f.vault.try_liquidate(user, other, asset, asset, &1, &0, &Receive::Shares);
    assert!(matches!(liquidation, Err(Err(_))));
    assert!(matches!(f.vault.try_deleverage(user, other, asset, asset, &1, &1), Err(Err(_))));
    f.ledger.set_settlement(asset);
    assert!(matches!(f.vault.try_settle_in_kind(user, other, asset, &1), Err(Err(_))));
    // Not even an amount that would be refused is looked at before.
    assert!(matches!(f.vault.try_borrow(user, asset, &0), Err(Err(_))));
    assert_eq!((f.balances(), f.ledger.writes()), ((1_000, 1_000), 0));
}

#[test]
fn reads_are_the_ledgers_figures() {
    let f = Fixture::new();
    let user = &f.user;
    let debt = Holding {
        amount: 5,
        asset: f.token.address.clone(),
        decimals: 7,
        price: 6,
        value: 123,
        weight_bps: 11_000,
    };
    let breakdown = Breakdown {
        debts: vec![&f.env, debt],
        deposits: Vec::new(&f.env),
        perp_debt: 0,
        positions: Vec::new(&f.env),
        settlement: f.token.address.clone(),
        settlement_price: 1,
        summary: figures(&f.env),
    };
    f.ledger.set_reads(&figures(&f.env), &breakdown);
    assert_eq!(f.vault.get_collateral_value(user), 11);
    assert_eq!(f.vault.get_borrow_value(user), 22);
    assert_eq!(f.vault.get_effective_margin(user), 33);
    assert_eq!(f.vault.get_margin_ratio(user), 55);
    assert_eq!(f.vault.get_user_leverage(user), 66);
    assert_eq!((f.vault.is_margin_call(user), f.vault.is_liquidatable(user)), (false, true));
    assert_eq!(f.vault.get_market_borrow(user, &f.token.address), 123);
    assert_eq!(f.vault.get_market_borrow(user, &Address::generate(&f.env)), 0);
    let VaultConfig { ledger } = f.vault.config();
    assert_eq!(ledger, f.ledger.address);
}

#[test]
fn previews_are_what_the_ledger_would_do() {
    let f = Fixture::new();
    f.ledger.set(&40);
    let (user, asset) = (&f.user, &f.token.address);
    assert_eq!(f.vault.preview_deposit(user, user, asset, &7), 7_000_000);
    assert_eq!(f.vault.preview_withdraw(user, asset, &7), 7);
    assert_eq!(f.vault.preview_borrow(user, asset, &7), 7);
    assert_eq!(f.vault.preview_repay(user, asset, &100), 40);
    let done = f.vault.preview_liquidate(user, user, asset, asset, &100, &3, &Receive::Shares);
    assert_eq!(done, Liquidation { repaid: 40, seized: 3 });
    for amount in [0, -1] {
        let invalid = Err(Ok(VaultError::InvalidAmount));
        assert_eq!(f.vault.try_preview_deposit(user, user, asset, &amount), invalid);
        assert_eq!(f.vault.try_preview_withdraw(user, asset, &amount), invalid);
        assert_eq!(f.vault.try_preview_borrow(user, asset, &amount), invalid);
        assert_eq!(f.vault.try_preview_repay(user, asset, &amount), invalid);
        let liquidation =
            f.vault.try_preview_liquidate(user, user, asset, asset, &amount, &0, &Receive::Shares);
        assert_eq!(liquidation, Err(Ok(VaultError::InvalidAmount)));
    }
    assert_eq!((f.balances(), f.ledger.writes()), ((1_000, 1_000), 0));
}

#[test]
fn smart_accounts_run_wasm() {
    let f = Fixture::new();
    let asset_contract = f.env.register_stellar_asset_contract_v2(f.user.clone()).address();
    assert!(f.vault.is_smart_account(&f.vault.address));
    assert!(!f.vault.is_smart_account(&asset_contract), "a built-in contract is none");
    assert!(!f.vault.is_smart_account(&f.user), "nothing is there");
}

#[test]
fn the_ledger_and_the_token_speak_for_the_vault() {
    let f = Fixture::new();
    f.vault.deposit(&f.user, &f.user, &f.token.address, &400);
    let by_vault = f.env.events().all().filter_by_contract(&f.vault.address);
    assert_eq!(by_vault.events().len(), 0);
}
