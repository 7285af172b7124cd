//! Admin and guardian.

use crate::timelock::{propose, take_announced, Delay, LIFETIME};
use margin_interface::{AdminTransferOffered, AdminTransferred, GovernanceError, GuardianSet};
use soroban_sdk::{panic_with_error, symbol_short, Address, BytesN, Env, Symbol};

const ADMIN: Symbol = symbol_short!("Admin");
const GUARDIAN: Symbol = symbol_short!("Guardian");
/// To whom the office of admin is offered.
const SUCCESSOR: Symbol = symbol_short!("Successor");
/// With whom: until when it may still cancel, dismissed as guardian.
const FORMER: Symbol = symbol_short!("Former");

fn holder(env: &Env, office: Symbol) -> Option<Address> {
    env.storage().instance().get(&office)
}

fn fill(env: &Env, office: Symbol, with: &Address) {
    env.storage().instance().set(&office, with);
}

fn filled(env: &Env, office: Symbol) -> Address {
    match holder(env, office) {
        Some(address) => address,
        None => panic_with_error!(env, GovernanceError::NotGovernor),
    }
}

/// Fills the offices. For constructors.
pub fn initialise(env: &Env, admin: Address, guardian: Address) {
    fill(env, ADMIN, &admin);
    fill(env, GUARDIAN, &guardian);
}

/// Who governs.
pub fn admin(env: &Env) -> Address {
    filled(env, ADMIN)
}

/// Who may only halt, tighten and cancel.
pub fn guardian(env: &Env) -> Address {
    filled(env, GUARDIAN)
}

/// Requires the admin's authorisation.
pub fn require_admin(env: &Env) {
    admin(env).require_auth();
}

/// Requires the authorisation of `by`, the admin or the guardian; [`GovernanceError::NotGovernor`] for anybody else.
pub fn require_governor(env: &Env, by: &Address) {
    if *by != admin(env) && *by != guardian(env) {
        panic_with_error!(env, GovernanceError::NotGovernor);
    }
    by.require_auth();
}

/// Requires the authorisation of `by`, who may cancel: a governor, or a guardian who was dismissed less than the longest
/// delay ago. Whoever steals the admin's key is not rid of the veto by dismissing it.
pub fn require_veto(env: &Env, by: &Address) {
    match env.storage().temporary().get(&(FORMER, by)) {
        Some(until) if env.ledger().timestamp() < until => by.require_auth(),
        _ => require_governor(env, by),
    }
}

/// [`GovernanceInterface::transfer_admin`](margin_interface::GovernanceInterface::transfer_admin).
pub fn transfer_admin(env: &Env, to: Address) {
    require_admin(env);
    fill(env, SUCCESSOR, &to);
    AdminTransferOffered { to }.publish(env);
}

/// [`GovernanceInterface::accept_admin`](margin_interface::GovernanceInterface::accept_admin).
pub fn accept_admin(env: &Env) {
    let Some(successor) = holder(env, SUCCESSOR) else {
        panic_with_error!(env, GovernanceError::NoTransfer);
    };
    successor.require_auth();
    // Who is its own guardian leaves both offices.
    if guardian(env) == admin(env) {
        enter_guardian(env, successor.clone());
    }
    fill(env, ADMIN, &successor);
    env.storage().instance().remove(&SUCCESSOR);
    AdminTransferred { admin: successor }.publish(env);
}

/// [`GovernanceInterface::propose_guardian`](margin_interface::GovernanceInterface::propose_guardian).
pub fn propose_guardian(env: &Env, guardian: Address) -> BytesN<32> {
    propose(env, guardian, Delay::Venue)
}

/// [`GovernanceInterface::set_guardian`](margin_interface::GovernanceInterface::set_guardian).
pub fn set_guardian(env: &Env, guardian: Address) {
    let (admin, dismissed) = (admin(env), self::guardian(env));
    if guardian == admin {
        require_admin(env);
    } else {
        take_announced(env, &guardian);
    }
    // The admin may cancel anyway, for as long as it is the admin.
    if dismissed != admin {
        let key = (FORMER, dismissed);
        env.storage().temporary().set(&key, &(env.ledger().timestamp() + Delay::Code.seconds()));
        env.storage().temporary().extend_ttl(&key, LIFETIME, LIFETIME);
    }
    enter_guardian(env, guardian);
}

fn enter_guardian(env: &Env, guardian: Address) {
    fill(env, GUARDIAN, &guardian);
    GuardianSet { guardian }.publish(env);
}
