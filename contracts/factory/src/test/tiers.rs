//! Another tier at the same address.

use super::*;
use account_core::storage::{HOURS, PENDING_MULTISIG, POLICIES, THRESHOLDS};
use account_core::testing::{node, public, publics, secret, signed};
use ed25519_dalek::SigningKey;
use margin_interface::{
    AccountError, AmountTier, InstitutionalAccountClient, Limits, Market, MultisigConfig, ProAccountClient,
    Proposer, TierChanged, TokenPolicy, TradingHours,
};
use soroban_sdk::testutils::Events as _;
use soroban_sdk::xdr::SorobanAuthorizedInvocation;
use soroban_sdk::{map, symbol_short, Event as _};
use std::cell::Cell;

fn limits(max_leverage: u32) -> Limits {
    Limits { max_leverage, market_exposure: 7, min_health: 12_500, total_borrow: 9 }
}

fn params(w: &World, max_leverage: u32, signers: &[u8]) -> TierParams {
    TierParams { limits: limits(max_leverage), signers: w.keys(signers) }
}

fn stored(w: &World) -> Limits {
    FakeLedgerClient::new(&w.env, &w.ledger).stored_limits()
}

fn refused(error: AccountError) -> Result<(), Option<u32>> {
    Err(Some(error as u32))
}

const RULE: TokenPolicy = TokenPolicy { max_debt: 1, max_outflow: 1 };

/// The owner calls a function of its account.
fn owner(w: &World, account: &Address, function: &str, args: impl IntoVal<Env, Vec<Val>>) -> Result<(), ()> {
    let wallet = WalletClient::new(&w.env, &w.user);
    let call =
        wallet.try_call(account, &Symbol::new(&w.env, function), &args.into_val(&w.env), &vec![&w.env]);
    call.map(|_| ()).map_err(|_| ())
}

#[test]
fn up_and_down_at_the_same_address_with_the_same_state() {
    let w = World::new();
    let account = w.deployed(AccountType::Basic);
    let allowed = Address::generate(&w.env);
    assert_eq!(owner(&w, &account, "allow_contract", (&allowed,)), Ok(()));

    let up = params(&w, 1_000, &[7, 8]);
    assert!(w.upgrade(&account, AccountType::Pro, &up).is_ok());
    assert_eq!(w.env.events().all().filter_by_contract(&w.factory).events().len(), 1);
    let told = TierChanged { account_type: AccountType::Pro, limits: up.limits.clone() };
    assert_eq!(w.env.events().all().filter_by_contract(&account), [told.to_xdr(&w.env, &account)]);
    let client = w.account(&account);
    assert_eq!((client.account_type(), client.get_owner()), (AccountType::Pro, w.user.clone()));
    assert_eq!((client.limits(), client.signers()), (up.limits.clone(), up.signers));
    assert_eq!(stored(&w), up.limits, "the ledger follows");
    assert_eq!(client.standing().allowed, vec![&w.env, allowed.clone()], "storage is carried over");
    assert_eq!(w.factory().account_type(&account), Some(AccountType::Pro));
    let count = |tier| w.factory().account_count(&tier);
    assert_eq!((count(AccountType::Basic), count(AccountType::Pro)), (0, 1));
    assert!(ProAccountClient::new(&w.env, &account).get_session_keys().is_empty());

    let down = params(&w, 300, &[7]);
    assert!(w.upgrade(&account, AccountType::Basic, &down).is_ok());
    assert_eq!((client.account_type(), client.limits()), (AccountType::Basic, down.limits.clone()));
    assert_eq!(stored(&w), down.limits, "the ledger follows an account that it knows");
    assert_eq!(client.standing().allowed, vec![&w.env, allowed]);
    assert_eq!((count(AccountType::Basic), count(AccountType::Pro)), (1, 0));
}

#[test]
fn an_account_becomes_an_institution_that_its_owner_no_longer_rules() {
    let w = World::new();
    let account = w.deployed(AccountType::Pro);
    assert!(w.upgrade(&account, AccountType::Institutional, &params(&w, 1_000, &[1, 2, 3])).is_ok());
    let multisig = InstitutionalAccountClient::new(&w.env, &account).multisig();
    assert_eq!((multisig.threshold, multisig.tiers.get(0).unwrap().signatures), (2, 3));
    assert_eq!(owner(&w, &account, "unfreeze", ()), Err(()));
    let back = params(&w, 300, &[7]);
    assert!(w.upgrade(&account, AccountType::Pro, &back).is_err(), "nor may it lead it back");
    assert_eq!(w.account(&account).account_type(), AccountType::Institutional);
}

#[test]
fn what_is_signed_is_the_tier_the_code_and_the_parameters() {
    let w = World::new();
    let account = w.deployed(AccountType::Basic);
    let (meant, tier) = (params(&w, 1_000, &[7]), AccountType::Pro);
    let [_, pro, institutional] = w.hashes.clone();
    let others: [Vec<Val>; 3] = [
        (&w.user, AccountType::Institutional, pro.clone(), meant.clone()).into_val(&w.env),
        (&w.user, tier, institutional, meant.clone()).into_val(&w.env),
        (&w.user, tier, pro, params(&w, 999, &[7])).into_val(&w.env),
    ];
    for signed in others {
        assert_eq!(w.upgrade_signed(&account, tier, &meant, signed).map(|_| ()), Err(None));
    }
    assert_eq!(w.account(&account).account_type(), AccountType::Basic);
    assert!(w.upgrade(&account, tier, &meant).is_ok());
}

#[test]
fn parameters_outside_the_new_tier_undo_everything() {
    let w = World::new();
    let account = w.deployed(AccountType::Basic);
    let before = (w.account(&account).limits(), w.account(&account).signers());
    for bad in [params(&w, 1_001, &[7]), params(&w, 1_000, &[]), params(&w, 1_000, &[7, 7])] {
        assert_eq!(
            w.upgrade(&account, AccountType::Pro, &bad).map(|_| ()),
            refused(AccountError::InvalidConfig)
        );
    }
    let same = params(&w, 300, &[7]);
    assert_eq!(
        w.upgrade(&account, AccountType::Basic, &same).map(|_| ()),
        refused(AccountError::InvalidConfig)
    );
    assert_eq!((w.account(&account).limits(), w.account(&account).signers()), before);
    assert!(FakeLedgerClient::new(&w.env, &w.ledger).try_stored_limits().is_err(), "it is still unused");
    assert_eq!(w.account(&account).account_type(), AccountType::Basic);
}

#[test]
fn a_stranger_changes_nothing() {
    let w = World::new();
    let account = w.deployed(AccountType::Basic);
    let up = params(&w, 1_000, &[9]);
    let args = (&w.admin, &account, AccountType::Pro, up.clone());
    assert_eq!(w.calls(&w.admin, "upgrade_account", args, &[]).map(|_| ()), Err(None));
    let args = (&w.user, &account, AccountType::Pro, up.clone());
    assert_eq!(w.calls(&w.admin, "upgrade_account", args, &[]).map(|_| ()), Err(None));
    let unknown = w.upgrade(&w.vault, AccountType::Pro, &up).map(|_| ());
    assert_eq!(unknown, failed(FactoryError::UnknownAccount));
    assert_eq!(w.account(&account).account_type(), AccountType::Basic);
}

#[test]
fn down_is_refused_while_a_session_or_a_rule_for_a_token_is_there() {
    let w = World::new();
    let account = w.deployed(AccountType::Pro);
    let down = params(&w, 300, &[7]);
    let change = || w.upgrade(&account, AccountType::Basic, &down).map(|_| ());
    let key = public(&w.env, &secret(77));
    let ops = vec![&w.env, Symbol::new(&w.env, "borrow")];
    assert_eq!(owner(&w, &account, "add_session_key", (key.clone(), NOW + 9, 5_i128, 9_i128, ops)), Ok(()));
    assert_eq!(change(), refused(AccountError::TierInUse));
    assert_eq!(owner(&w, &account, "revoke_session_key", (key,)), Ok(()));
    let asset = Address::generate(&w.env);
    assert_eq!(owner(&w, &account, "set_token_policy", (&asset, RULE)), Ok(()));
    assert_eq!(change(), refused(AccountError::TierInUse));
    assert_eq!(owner(&w, &account, "remove_token_policy", (&asset,)), Ok(()));
    assert_eq!(change(), Ok(()));
    assert!(!w.env.as_contract(&account, || POLICIES.is_set(&w.env)), "nothing of it is paid for");
}

#[test]
fn down_is_refused_while_the_account_is_beyond_the_new_limits() {
    let w = World::new();
    let account = w.deployed(AccountType::Pro);
    let down = params(&w, 300, &[7]);
    let args = (Some(1_000_u32), None::<u32>, Some(i128::MAX), None::<i128>);
    assert_eq!(owner(&w, &account, "update_params", args), Ok(()));
    let ledger = FakeLedgerClient::new(&w.env, &w.ledger);
    let fine = AccountSummary { leverage: 300, health_factor: 12_500, ..healthy(&w.env) };
    ledger.script(&AccountSummary { leverage: 301, ..fine.clone() });
    assert_eq!(w.upgrade(&account, AccountType::Basic, &down).map(|_| ()), refused(AccountError::TierInUse));
    ledger.script(&fine);
    let asked = ledger.previewed().len();
    assert!(w.upgrade(&account, AccountType::Basic, &down).is_ok());
    assert_eq!(ledger.previewed().len(), asked + 1, "of the account itself");
}

/// The ledger permits no new risk beyond the new limits. What there is already is no reason to stay in a lower tier.
#[test]
fn up_is_no_question_of_risk_and_rules_come_along() {
    let w = World::new();
    let account = w.deployed(AccountType::Pro);
    let asset = Address::generate(&w.env);
    assert_eq!(owner(&w, &account, "set_token_policy", (&asset, RULE)), Ok(()));
    let beyond = AccountSummary { leverage: 301, ..healthy(&w.env) };
    FakeLedgerClient::new(&w.env, &w.ledger).script(&beyond);
    assert!(w.upgrade(&account, AccountType::Institutional, &params(&w, 300, &[7])).is_ok());
    assert_eq!(ProAccountClient::new(&w.env, &account).token_policies(), map![&w.env, (asset, RULE)]);
}

/// An institution that one key decides for, until it has another configuration.
struct Institution<'a> {
    w: &'a World,
    account: Address,
    nonces: Cell<i64>,
}

impl Institution<'_> {
    fn of(w: &World) -> Institution<'_> {
        let signers = publics(&w.env, &[&secret(7)]);
        let config = AccountConfig { signers, ..w.config(AccountType::Institutional) };
        Institution { w, account: w.create(&config, 1).unwrap(), nonces: Cell::new(0) }
    }

    fn client(&self) -> InstitutionalAccountClient<'_> {
        InstitutionalAccountClient::new(&self.w.env, &self.account)
    }

    /// What the account authorises by a function of its own: for this epoch.
    fn consent(&self, function: &str, args: &Vec<Val>) -> SorobanAuthorizedInvocation {
        let epoch = self.w.account(&self.account).standing().epoch;
        let mut all = vec![&self.w.env, self.account.to_val(), epoch.into()];
        all.append(args);
        node(&self.account, function, &all, &[])
    }

    /// Keys sign the tree of a call.
    fn calls(
        &self,
        keys: &[&SigningKey],
        tree: SorobanAuthorizedInvocation,
        contract: &Address,
        function: &str,
        args: Vec<Val>,
    ) -> Result<(), Option<u32>> {
        let env = &self.w.env;
        self.nonces.set(self.nonces.get() + 1);
        env.set_auths(&[signed(env, &self.account, keys, self.nonces.get(), tree)]);
        let call = env.try_invoke_contract::<Val, InvokeError>(contract, &Symbol::new(env, function), args);
        env.set_auths(&[]);
        match call {
            Ok(_) => Ok(()),
            Err(Ok(InvokeError::Contract(code)) | Err(InvokeError::Contract(code))) => Err(Some(code)),
            Err(_) => Err(None),
        }
    }

    fn administers(&self, function: &str, args: impl IntoVal<Env, Vec<Val>>) {
        let args = args.into_val(&self.w.env);
        let tree = self.consent(function, &args);
        assert_eq!(self.calls(&[&secret(7)], tree, &self.account, function, args), Ok(()), "{function}");
    }

    fn adopts(&self, config: &MultisigConfig) {
        self.administers("update_multisig", (config.clone(),));
        self.w.env.ledger().with_mut(|ledger| ledger.timestamp += 86_400);
        self.client().execute_multisig(&Proposer::Signers);
    }

    /// It leaves for Pro.
    fn leaves(&self, keys: &[&SigningKey]) -> Result<(), Option<u32>> {
        let (env, tier, hash) = (&self.w.env, AccountType::Pro, &self.w.hashes[AccountType::Pro as usize]);
        let params = params(self.w, 300, &[7]);
        let handed = self.consent("change_tier", &(tier, hash, params.clone()).into_val(env));
        let args: Vec<Val> = (&self.account, &self.account, tier, params).into_val(env);
        let tree = node(&self.w.factory, "upgrade_account", &args, &[handed]);
        self.calls(keys, tree, &self.w.factory, "upgrade_account", args)
    }
}

#[test]
fn an_institution_is_not_left_while_its_rules_bind_somebody() {
    let w = World::new();
    let bank = Institution::of(&w);
    let (key, second) = (&secret(7), &secret(8));
    let alone = bank.client().multisig();
    let in_use = refused(AccountError::TierInUse);

    let guardians = publics(&w.env, &[&secret(9)]);
    bank.adopts(&MultisigConfig { guardians, ..alone.clone() });
    assert_eq!(bank.leaves(&[key]), in_use, "guardians");
    bank.adopts(&alone);

    let market = Market::Perp(symbol_short!("BTC_USD"));
    bank.administers("blacklist_market", (market.clone(),));
    assert_eq!(bank.leaves(&[key]), in_use, "a blacklist");
    bank.administers("unblacklist_market", (market,));

    let always = bank.client().trading_hours();
    bank.administers("set_trading_hours", (TradingHours { start: 60, ..always.clone() },));
    assert_eq!(bank.leaves(&[key]), in_use, "trading hours");
    bank.administers("set_trading_hours", (always,));

    let both = publics(&w.env, &[key, second]);
    let tiers = vec![&w.env, AmountTier { above: 1, signatures: 2 }];
    bank.adopts(&MultisigConfig { signers: both, tiers, ..alone });
    assert_eq!(bank.leaves(&[key, second]), in_use, "two signatures for large amounts");
    assert_eq!(w.account(&bank.account).account_type(), AccountType::Institutional);
}

#[test]
fn an_institution_is_left_with_its_sessions_and_without_what_it_announced() {
    let w = World::new();
    let bank = Institution::of(&w);
    let (key, agent) = (&secret(7), public(&w.env, &secret(77)));
    let ops = vec![&w.env, Symbol::new(&w.env, "borrow")];
    bank.administers("add_session_key", (&agent, NOW + 9, 5_i128, 9_i128, ops));
    bank.administers("set_trading_hours", (bank.client().trading_hours(),));
    bank.administers("update_multisig", (bank.client().multisig(),));
    assert_eq!(bank.leaves(&[key]), Ok(()));
    let client = w.account(&bank.account);
    assert_eq!(client.account_type(), AccountType::Pro);
    assert_eq!(ProAccountClient::new(&w.env, &bank.account).get_session_keys().len(), 1);
    w.env.as_contract(&bank.account, || {
        assert!(!THRESHOLDS.is_set(&w.env) && !HOURS.is_set(&w.env) && !PENDING_MULTISIG.is_set(&w.env));
    });

    assert!(w.upgrade(&bank.account, AccountType::Institutional, &params(&w, 300, &[7])).is_ok());
    let lost = bank.client().try_pending_multisig(&Proposer::Signers);
    assert_eq!(lost, Err(Ok(AccountError::NothingPending)));
}

#[test]
fn announced_code_does_not_survive_a_change_of_tier() {
    let w = World::new();
    let account = w.deployed(AccountType::Basic);
    assert_eq!(owner(&w, &account, "propose_upgrade", (&w.hashes[0],)), Ok(()));
    assert!(w.upgrade(&account, AccountType::Pro, &params(&w, 1_000, &[7])).is_ok());
    w.env.ledger().with_mut(|ledger| ledger.timestamp += 7 * 86_400);
    assert_eq!(owner(&w, &account, "execute_upgrade", ()), Err(()));
    assert_eq!(w.account(&account).account_type(), AccountType::Pro);
}
