//! The same offices, delays and final word in every contract, really signed.

use margin_interface::{GovernanceClient, GovernanceError, Schedule};
use margin_tests::actor::Actor;
use margin_tests::fixture::Fixture;
use margin_tests::spec::Spec;
use margin_tests::tx::Tx;
use soroban_sdk::{symbol_short, Address, BytesN, Executable, IntoVal, Val, Vec as HostVec};

crate::in_both_modes!(
    a_change_is_proposed_waits_and_is_executed_cancelled_or_lapses,
    the_office_of_admin_is_offered_and_accepted,
    code_is_final_for_good,
);

const DAY: u64 = 86_400;
const WEEK: u64 = 7 * DAY;
/// How long a change may be executed.
const OPEN_FOR: u64 = 14 * DAY;

fn contracts(f: &Fixture) -> [(&'static str, Address); 5] {
    let c = f.contracts();
    [
        ("oracle", c.oracle.clone()),
        ("margin-ledger", c.ledger.clone()),
        ("vault", c.vault.clone()),
        ("perp-clearing", c.clearing.clone()),
        ("factory", c.factory.clone()),
    ]
}

fn office<'a>(f: &'a Fixture, contract: &Address) -> GovernanceClient<'a> {
    GovernanceClient::new(&f.env, contract)
}

/// Announces the code that runs already: whatever it is, it waits like any other.
fn propose(f: &Fixture, by: &Actor, contract: &Address) -> Tx<BytesN<32>> {
    let Some(Executable::Wasm(code)) = contract.executable() else { panic!("a contract of ours") };
    let change: Val = (symbol_short!("Upgrade"), code, 1_u32).into_val(&f.env);
    by.calls(contract, "propose", HostVec::from_array(&f.env, [change]))
}

fn execute(f: &Fixture, by: &Actor, contract: &Address, id: &BytesN<32>) -> Tx<()> {
    by.calls(contract, "execute", (id,).into_val(&f.env))
}

fn cancel(f: &Fixture, by: &Actor, contract: &Address, id: &BytesN<32>) -> Tx<()> {
    by.calls(contract, "cancel", (&by.address, id).into_val(&f.env))
}

fn a_change_is_proposed_waits_and_is_executed_cancelled_or_lapses(f: &Fixture) {
    let (start, mut ids) = (f.now(), Vec::new());
    for (name, contract) in contracts(f) {
        for stranger in [&f.guardian, &f.keeper] {
            propose(f, stranger, &contract).changes_nothing();
        }
        let id = propose(f, &f.admin, &contract).ok();
        let expected = Schedule { expires_at: start + WEEK + OPEN_FOR, ready_at: start + WEEK };
        assert_eq!(office(f, &contract).scheduled(&id), Some(expected), "{name}");
        propose(f, &f.admin, &contract).fails(GovernanceError::AlreadyScheduled);
        // The guardian, or the admin, withdraws it; nobody else.
        cancel(f, &f.keeper, &contract, &id).fails(GovernanceError::NotGovernor);
        for by in [&f.guardian, &f.admin] {
            cancel(f, by, &contract, &id).ok();
            execute(f, &f.admin, &contract, &id).fails(GovernanceError::NotScheduled);
            propose(f, &f.admin, &contract).ok();
        }
        ids.push((contract, id));
    }
    f.advance(WEEK - 1);
    for (contract, id) in &ids {
        execute(f, &f.admin, contract, id).fails(GovernanceError::TooEarly);
    }
    f.advance(OPEN_FOR + 1);
    for (contract, id) in &ids {
        execute(f, &f.admin, contract, id).fails(GovernanceError::Expired);
        propose(f, &f.admin, contract).ok();
    }
    f.advance(WEEK);
    for (contract, id) in &ids {
        for stranger in [&f.guardian, &f.keeper] {
            execute(f, stranger, contract, id).changes_nothing();
        }
        execute(f, &f.admin, contract, id).ok();
        execute(f, &f.admin, contract, id).fails(GovernanceError::NotScheduled);
    }
    f.prices.report();
}

fn the_office_of_admin_is_offered_and_accepted(f: &Fixture) {
    let next = f.key_account("next admin");
    for (name, contract) in contracts(f) {
        let offer = |by: &Actor, to: &Actor| {
            by.calls::<()>(&contract, "transfer_admin", (&to.address,).into_val(&f.env))
        };
        let accept = |by: &Actor| by.calls::<()>(&contract, "accept_admin", HostVec::new(&f.env));
        accept(&next).fails(GovernanceError::NoTransfer);
        offer(&f.guardian, &next).changes_nothing();
        offer(&next, &next).changes_nothing();
        offer(&f.admin, &next).ok();
        assert_eq!(office(f, &contract).admin(), f.admin.address, "{name}: offered, not given");
        propose(f, &next, &contract).changes_nothing();
        accept(&f.guardian).changes_nothing();
        accept(&f.admin).changes_nothing();
        accept(&next).ok();
        assert_eq!(office(f, &contract).admin(), next.address, "{name}");
        propose(f, &f.admin, &contract).changes_nothing();
        propose(f, &next, &contract).ok();
        offer(&next, &f.admin).ok();
        accept(&f.admin).ok();
        assert_eq!(office(f, &contract).guardian(), f.guardian.address, "{name}");
    }
}

fn code_is_final_for_good(f: &Fixture) {
    let ids = contracts(f).map(|(_, contract)| propose(f, &f.admin, &contract).ok());
    f.advance(WEEK);
    for ((name, contract), id) in contracts(f).into_iter().zip(ids) {
        let freeze = |by: &Actor| by.calls::<()>(&contract, "freeze_upgrades", HostVec::new(&f.env));
        for stranger in [&f.guardian, &f.keeper] {
            freeze(stranger).changes_nothing();
        }
        freeze(&f.admin).ok();
        execute(f, &f.admin, &contract, &id).fails(GovernanceError::UpgradesFrozen);
        // Saying so again undoes nothing, and no function does.
        freeze(&f.admin).ok();
        execute(f, &f.admin, &contract, &id).fails(GovernanceError::UpgradesFrozen);
        let functions = Spec::of(name);
        let names = functions.functions().map(|function| function.name.to_utf8_string_lossy());
        let about_upgrades: Vec<String> = names.filter(|name| name.contains("upgrades")).collect();
        assert_eq!(about_upgrades, ["freeze_upgrades"], "{name}");
    }
    f.prices.report();
}
