//! Code changes slowly, in public, and not at all once it is final.

use margin_interface::{GovernanceError, VaultChange};
use margin_tests::fixture::{upload, Fixture};
use margin_tests::money::usdc;
use margin_tests::tx::Tx;
use soroban_sdk::{BytesN, IntoVal, Val, Vec as HostVec};
use test_token::TestTokenClient;

crate::in_both_modes!(the_vault_takes_new_code_after_a_week, the_vault_takes_no_code_once_it_is_final);

const WEEK: u64 = 7 * 86_400;

fn propose(f: &Fixture) -> BytesN<32> {
    let code = upload(&f.world, "test-token", test_token::TestToken);
    let change: HostVec<Val> = (VaultChange::Upgrade(code),).into_val(&f.env);
    f.guardian.calls::<BytesN<32>>(&f.contracts().vault, "propose", change.clone()).changes_nothing();
    f.admin.calls(&f.contracts().vault, "propose", change).ok()
}

fn execute(f: &Fixture, id: &BytesN<32>) -> Tx<()> {
    f.admin.calls(&f.contracts().vault, "execute", (id,).into_val(&f.env))
}

fn the_vault_takes_new_code_after_a_week(f: &Fixture) {
    let (id, vault) = (propose(f), &f.contracts().vault);
    f.advance(WEEK - 1);
    execute(f, &id).fails(GovernanceError::TooEarly);
    // Whoever does not like what is announced has left by now; the code is still the old one.
    f.prices.report();
    f.lender.withdraw(usdc(1)).ok();
    f.advance(5);
    f.keeper.calls::<Val>(vault, "execute", (&id,).into_val(&f.env)).changes_nothing();
    execute(f, &id).ok();
    assert_eq!(TestTokenClient::new(&f.env, vault).observed(), None, "the new code answers");
}

fn the_vault_takes_no_code_once_it_is_final(f: &Fixture) {
    let (id, vault) = (propose(f), &f.contracts().vault);
    f.advance(WEEK);
    f.guardian.calls::<()>(vault, "freeze_upgrades", ().into_val(&f.env)).changes_nothing();
    f.admin.calls::<()>(vault, "freeze_upgrades", ().into_val(&f.env)).ok();
    execute(f, &id).fails(GovernanceError::UpgradesFrozen);
}
