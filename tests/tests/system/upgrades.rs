//! Code changes slowly, in public, and not at all once it is final; what it stored is carried over once.

use factory::AccountFactory;
use margin_interface::{
    GovernanceClient, GovernanceError, Upgrade, UpgraderError, VaultChange, VaultClient, VaultError,
};
use margin_ledger::MarginLedger;
use margin_tests::actor::Actor;
use margin_tests::auth::Invocation;
use margin_tests::fixture::{install, upload, Fixture};
use margin_tests::money::{usdc, Coin};
use margin_tests::tx::Tx;
use next_vault::{NextVault, NextVaultClient};
use oracle::Oracle;
use perp_clearing::PerpClearing;
use soroban_sdk::{symbol_short, xdr::ToXdr, Address, BytesN, Executable, IntoVal, Val, Vec as HostVec};
use vault::Vault;

crate::in_both_modes!(
    the_vault_takes_new_code_after_a_week_and_migrates_once,
    new_code_does_nothing_with_old_storage,
    the_upgrader_leaves_no_gap,
    a_migration_that_fails_takes_the_upgrade_back,
    the_upgrader_takes_nothing_but_what_was_announced,
    every_contract_is_upgraded_at_once_or_none,
    the_vault_never_goes_back_to_older_storage,
    the_vault_takes_no_code_once_it_is_final,
    a_guardian_takes_office_after_two_days_and_leaves_it_at_once,
);

const DAY: u64 = 86_400;
const WEEK: u64 = 7 * DAY;

fn vault(f: &Fixture) -> &Address {
    &f.contracts().vault
}

fn office(f: &Fixture) -> GovernanceClient<'_> {
    GovernanceClient::new(&f.env, vault(f))
}

fn propose(f: &Fixture, code: BytesN<32>, version: u32) -> BytesN<32> {
    let change: HostVec<Val> = (VaultChange::Upgrade(code, version),).into_val(&f.env);
    f.guardian.calls::<BytesN<32>>(vault(f), "propose", change.clone()).changes_nothing();
    f.admin.calls(vault(f), "propose", change).ok()
}

fn propose_next(f: &Fixture) -> BytesN<32> {
    propose(f, upload(&f.world, "next-vault", NextVault), 2)
}

fn execute(f: &Fixture, id: &BytesN<32>) -> Tx<()> {
    f.admin.calls(vault(f), "execute", (id,).into_val(&f.env))
}

fn migrate(f: &Fixture) -> Tx<()> {
    f.admin.calls(vault(f), "migrate", ().into_val(&f.env))
}

fn the_vault_takes_new_code_after_a_week_and_migrates_once(f: &Fixture) {
    assert_eq!(office(f).storage_version(), 1);
    let ledger = f.vault().config().ledger;
    let id = propose_next(f);
    f.advance(WEEK - 1);
    execute(f, &id).fails(GovernanceError::TooEarly);
    migrate(f).changes_nothing();
    // Whoever does not like what is announced has left by now; the code is still the old one.
    f.prices.report();
    f.lender.withdraw(usdc(1)).ok();
    f.advance(5);
    f.keeper.calls::<Val>(vault(f), "execute", (&id,).into_val(&f.env)).changes_nothing();
    execute(f, &id).ok();

    let next = NextVaultClient::new(&f.env, vault(f));
    assert_eq!((next.is_old(), office(f).storage_version()), (true, 1));
    for stranger in [&f.guardian, &f.keeper] {
        stranger.calls::<()>(vault(f), "migrate", ().into_val(&f.env)).changes_nothing();
    }
    migrate(f).ok();
    assert_eq!((next.ledger(), next.is_old(), office(f).storage_version()), (ledger, false, 2));
    assert_eq!(
        (office(f).admin(), office(f).guardian()),
        (f.admin.address.clone(), f.guardian.address.clone())
    );
    migrate(f).fails(GovernanceError::NothingToMigrate);
}

/// Who executes and migrates in two transactions leaves a gap: what comes between is refused.
fn new_code_does_nothing_with_old_storage(f: &Fixture) {
    let id = propose_next(f);
    f.advance(WEEK);
    execute(f, &id).ok();
    let next = NextVaultClient::new(&f.env, vault(f));
    sync(f).fails(GovernanceError::NotMigrated);
    assert_eq!((next.syncs(), next.is_old()), (0, true));
    migrate(f).ok();
    sync(f).ok();
    assert_eq!(next.syncs(), 1);
}

fn the_upgrader_leaves_no_gap(f: &Fixture) {
    let next_code = upload(&f.world, "next-vault", NextVault);
    let old_code = vault(f).executable();
    let id = propose(f, next_code.clone(), 2);
    let release = [upgrade(vault(f), &next_code, 2)];
    f.advance(WEEK - 1);
    upgrades(f, &release, &[true]).fails(GovernanceError::TooEarly);
    f.advance(1);
    // Nobody but the admin; nor the admin who consented to less than all of it.
    for stranger in [&f.guardian, &f.keeper] {
        upgrades_by(f, stranger, &release, &[true]).changes_nothing();
        upgrades(f, &release, &[true]).signed_by(&[stranger.key()]).changes_nothing();
    }
    upgrades(f, &release, &[false]).changes_nothing();
    // What the admin signed is good for the whole alone: whoever sees it cannot have the first half of it.
    let whole = upgrades(f, &release, &[true]);
    Tx::<()>::new(f, execute_call(f, vault(f), &id))
        .consent(&f.admin, whole_call(f, &f.admin, &release, &[true]).tree(&f.env))
        .changes_nothing();
    assert_eq!(vault(f).executable(), old_code);

    whole.ok();
    let next = NextVaultClient::new(&f.env, vault(f));
    assert_eq!((next.ledger(), next.is_old()), (f.contracts().ledger.clone(), false));
    assert_eq!(office(f).storage_version(), 2);
    assert_eq!(vault(f).executable(), Some(Executable::Wasm(next_code)));
    sync(f).ok();
    upgrades(f, &release, &[true]).fails(GovernanceError::NotScheduled);
}

/// A vault that is not the ledger's: its successor does not take over what it holds.
fn a_migration_that_fails_takes_the_upgrade_back(f: &Fixture) {
    let args = (&f.admin.address, &f.guardian.address, &f.contracts().ledger);
    let other = install(&f.world, "vault", Vault, args);
    let next_code = upload(&f.world, "next-vault", NextVault);
    let change: HostVec<Val> = (VaultChange::Upgrade(next_code.clone(), 2),).into_val(&f.env);
    let id: BytesN<32> = f.admin.calls(&other, "propose", change).ok();
    let old_code = other.executable();
    f.advance(WEEK);
    upgrades(f, &[upgrade(&other, &next_code, 2)], &[true]).fails(VaultError::NotPermitted);
    assert_eq!(other.executable(), old_code);
    assert_eq!(VaultClient::new(&f.env, &other).config().ledger, f.contracts().ledger);
    assert!(GovernanceClient::new(&f.env, &other).scheduled(&id).is_some(), "it may be tried again");
}

/// Neither code nor version may be others than were announced, and the code has to agree.
fn the_upgrader_takes_nothing_but_what_was_announced(f: &Fixture) {
    let (next_code, code) = (upload(&f.world, "next-vault", NextVault), upload(&f.world, "vault", Vault));
    propose(f, next_code.clone(), 3);
    f.advance(WEEK);
    upgrades(f, &[upgrade(vault(f), &code, 3)], &[true]).fails(GovernanceError::NotScheduled);
    upgrades(f, &[upgrade(vault(f), &next_code, 1)], &[true]).fails(GovernanceError::NotScheduled);
    // Announced for storage that the code does not have.
    upgrades(f, &[upgrade(vault(f), &next_code, 3)], &[true]).fails(UpgraderError::WrongVersion);
    assert_eq!((f.vault().config().ledger, office(f).storage_version()), (f.contracts().ledger.clone(), 1));
}

/// A release of all contracts in one transaction; if one of them fails, none of them is.
fn every_contract_is_upgraded_at_once_or_none(f: &Fixture) {
    let c = f.contracts();
    let codes = [
        (&c.oracle, upload(&f.world, "oracle", Oracle)),
        (&c.ledger, upload(&f.world, "margin-ledger", MarginLedger)),
        (&c.vault, upload(&f.world, "next-vault", NextVault)),
        (&c.clearing, upload(&f.world, "perp-clearing", PerpClearing)),
        (&c.factory, upload(&f.world, "factory", AccountFactory)),
    ];
    let migrates = codes.each_ref().map(|(contract, _)| *contract == vault(f));
    let release = codes
        .each_ref()
        .map(|(contract, code)| upgrade(contract, code, if *contract == vault(f) { 2 } else { 1 }));
    let ids = release.each_ref().map(|upgrade| {
        let change = (symbol_short!("Upgrade"), &upgrade.wasm, upgrade.version);
        f.admin.calls::<BytesN<32>>(&upgrade.target, "propose", (change,).into_val(&f.env)).ok()
    });
    f.advance(WEEK);
    f.guardian.calls::<()>(&c.factory, "cancel", (&f.guardian.address, &ids[4]).into_val(&f.env)).ok();
    upgrades(f, &release, &migrates).fails(GovernanceError::NotScheduled);
    assert_eq!(f.vault().config().ledger, c.ledger);
    upgrades(f, &release[..4], &migrates[..4]).ok();
    for (contract, code) in &codes[..4] {
        assert_eq!(contract.executable(), Some(Executable::Wasm(code.clone())));
    }
    assert_eq!(NextVaultClient::new(&f.env, vault(f)).ledger(), c.ledger);
    f.prices.report();
    sync(f).ok();
}

fn sync(f: &Fixture) -> Tx<i128> {
    Tx::new(f, Invocation::new(vault(f), "sync", (f.token(Coin::Usdc),).into_val(&f.env)))
}

fn upgrade(target: &Address, wasm: &BytesN<32>, version: u32) -> Upgrade {
    Upgrade { target: target.clone(), version, wasm: wasm.clone() }
}

fn execute_call(f: &Fixture, contract: &Address, id: &BytesN<32>) -> Invocation {
    Invocation::new(contract, "execute", (id,).into_val(&f.env))
}

/// `upgrader.upgrade(..)` with what it calls: an `execute` each, and a `migrate` where there is one.
fn whole_call(f: &Fixture, by: &Actor, release: &[Upgrade], migrates: &[bool]) -> Invocation {
    let listed = HostVec::from_slice(&f.env, release);
    let args = (&by.address, listed).into_val(&f.env);
    let mut call = Invocation::new(&f.contracts().upgrader, "upgrade", args);
    for (upgrade, migrates) in release.iter().zip(migrates) {
        let change: Val = (symbol_short!("Upgrade"), &upgrade.wasm, upgrade.version).into_val(&f.env);
        let id = f.env.crypto().sha256(&change.to_xdr(&f.env)).to_bytes();
        call = call.with(execute_call(f, &upgrade.target, &id));
        if *migrates {
            call = call.with(Invocation::new(&upgrade.target, "migrate", ().into_val(&f.env)));
        }
    }
    call
}

fn upgrades_by(f: &Fixture, by: &Actor, release: &[Upgrade], migrates: &[bool]) -> Tx<()> {
    by.submits(whole_call(f, by, release, migrates))
}

fn upgrades(f: &Fixture, release: &[Upgrade], migrates: &[bool]) -> Tx<()> {
    upgrades_by(f, &f.admin, release, migrates)
}

fn the_vault_never_goes_back_to_older_storage(f: &Fixture) {
    let id = propose_next(f);
    f.advance(WEEK);
    execute(f, &id).ok();
    // Before the migration nothing is lost by going back.
    let back = propose(f, upload(&f.world, "vault", Vault), 1);
    migrate(f).ok();
    f.advance(WEEK);
    execute(f, &back).fails(GovernanceError::Downgrade);
    assert_eq!(NextVaultClient::new(&f.env, vault(f)).ledger(), f.contracts().ledger);
}

fn the_vault_takes_no_code_once_it_is_final(f: &Fixture) {
    let id = propose_next(f);
    f.advance(WEEK);
    f.guardian.calls::<()>(vault(f), "freeze_upgrades", ().into_val(&f.env)).changes_nothing();
    f.admin.calls::<()>(vault(f), "freeze_upgrades", ().into_val(&f.env)).ok();
    execute(f, &id).fails(GovernanceError::UpgradesFrozen);
}

/// In every contract.
fn a_guardian_takes_office_after_two_days_and_leaves_it_at_once(f: &Fixture) {
    let c = f.contracts();
    let next = f.key_account("next guardian");
    let contracts = [&c.oracle, &c.ledger, &c.vault, &c.clearing, &c.factory];
    let named = |who: &Address| -> HostVec<Val> { (who,).into_val(&f.env) };
    for contract in contracts {
        let set = |who: &Address| f.admin.calls::<()>(contract, "set_guardian", named(who));
        set(&next.address).fails(GovernanceError::NotScheduled);
        f.guardian.calls::<Val>(contract, "propose_guardian", named(&next.address)).changes_nothing();
        f.admin.calls::<Val>(contract, "propose_guardian", named(&next.address)).ok();
        set(&next.address).fails(GovernanceError::TooEarly);
    }
    f.advance(2 * DAY);
    for contract in contracts {
        let office = GovernanceClient::new(&f.env, contract);
        let set = |who: &Address| f.admin.calls::<()>(contract, "set_guardian", named(who));
        assert_eq!(office.guardian(), f.guardian.address);
        set(&next.address).ok();
        assert_eq!(office.guardian(), next.address);
        next.calls::<()>(contract, "set_guardian", named(&f.admin.address)).changes_nothing();
        set(&f.admin.address).ok();
        assert_eq!(office.guardian(), f.admin.address);
    }
    f.prices.report();
}
