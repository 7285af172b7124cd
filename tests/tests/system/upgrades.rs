//! Code changes slowly, in public, and not at all once it is final; what it stored is carried over once.

use margin_interface::{GovernanceClient, GovernanceError, VaultChange};
use margin_tests::fixture::{upload, Fixture};
use margin_tests::money::usdc;
use margin_tests::tx::Tx;
use next_vault::{NextVault, NextVaultClient};
use soroban_sdk::{Address, BytesN, IntoVal, Val, Vec as HostVec};
use vault::Vault;

crate::in_both_modes!(
    the_vault_takes_new_code_after_a_week_and_migrates_once,
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
    assert_eq!((next.ledger(), next.is_old(), office(f).storage_version()), (None, true, 1));
    for stranger in [&f.guardian, &f.keeper] {
        stranger.calls::<()>(vault(f), "migrate", ().into_val(&f.env)).changes_nothing();
    }
    migrate(f).ok();
    assert_eq!((next.ledger(), next.is_old(), office(f).storage_version()), (Some(ledger), false, 2));
    assert_eq!(
        (office(f).admin(), office(f).guardian()),
        (f.admin.address.clone(), f.guardian.address.clone())
    );
    migrate(f).fails(GovernanceError::NothingToMigrate);
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
    assert_eq!(NextVaultClient::new(&f.env, vault(f)).ledger(), Some(f.contracts().ledger.clone()));
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
