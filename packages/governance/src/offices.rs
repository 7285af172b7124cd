//! Admin and guardian.

use margin_interface::{AdminTransferOffered, AdminTransferred, GovernanceError, GuardianSet};
use soroban_sdk::{contracttype, panic_with_error, Address, Env};

#[contracttype]
#[derive(Clone)]
struct Offices {
    admin: Address,
    guardian: Address,
    /// To whom the office of admin is offered.
    successor: Option<Address>,
}

#[contracttype]
enum Key {
    Offices,
}

fn load(env: &Env) -> Offices {
    match env.storage().instance().get(&Key::Offices) {
        Some(offices) => offices,
        None => panic_with_error!(env, GovernanceError::NotGovernor),
    }
}

fn save(env: &Env, offices: &Offices) {
    env.storage().instance().set(&Key::Offices, offices);
}

/// Fills the offices. For constructors.
pub fn initialise(env: &Env, admin: Address, guardian: Address) {
    save(env, &Offices { admin, guardian, successor: None });
}

/// Who governs.
pub fn admin(env: &Env) -> Address {
    load(env).admin
}

/// Who may only halt, tighten and cancel.
pub fn guardian(env: &Env) -> Address {
    load(env).guardian
}

/// Requires the admin's authorisation.
pub fn require_admin(env: &Env) {
    load(env).admin.require_auth();
}

/// Requires the authorisation of `by`, the admin or the guardian; [`GovernanceError::NotGovernor`] for anybody else.
pub fn require_governor(env: &Env, by: &Address) {
    let offices = load(env);
    if *by != offices.admin && *by != offices.guardian {
        panic_with_error!(env, GovernanceError::NotGovernor);
    }
    by.require_auth();
}

/// [`GovernanceInterface::transfer_admin`](margin_interface::GovernanceInterface::transfer_admin).
pub fn transfer_admin(env: &Env, to: Address) {
    require_admin(env);
    save(env, &Offices { successor: Some(to.clone()), ..load(env) });
    AdminTransferOffered { to }.publish(env);
}

/// [`GovernanceInterface::accept_admin`](margin_interface::GovernanceInterface::accept_admin).
pub fn accept_admin(env: &Env) {
    let offices = load(env);
    let Some(admin) = offices.successor.clone() else {
        panic_with_error!(env, GovernanceError::NoTransfer);
    };
    admin.require_auth();
    save(env, &Offices { admin: admin.clone(), successor: None, ..offices });
    AdminTransferred { admin }.publish(env);
}

/// [`GovernanceInterface::set_guardian`](margin_interface::GovernanceInterface::set_guardian).
pub fn set_guardian(env: &Env, guardian: Address) {
    require_admin(env);
    save(env, &Offices { guardian: guardian.clone(), ..load(env) });
    GuardianSet { guardian }.publish(env);
}
