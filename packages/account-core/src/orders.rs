//! Orders that rest with the clearing-house. They are filled when somebody else decides, long after they were signed, and ask
//! the account nothing then: so they end with the authority of whoever signed them.

use crate::calls::attempt;
use crate::state::Profile;
use crate::storage::UNUSED;
use margin_interface::OrdersRemain;
use soroban_sdk::{vec, Env};

/// Seconds for which an order may rest that limits of a day have counted: what was signed in a day is over a day later.
const COUNTED_FOR: u64 = 24 * 3_600;

/// When an order has to end that is signed now, if a limit of a day counts it.
pub fn counted_until(env: &Env) -> u64 {
    env.ledger().timestamp().saturating_add(COUNTED_FOR)
}

/// Ends every order of the account. It is the direct invoker, so no signature is needed.
///
/// An attempt, because no venue may stand in the way of a stop or of a revocation. One that fails says so; one that never ends
/// fails with the whole transaction, and nothing that an account could do would help.
pub fn end(env: &Env, profile: &Profile) {
    // Who went to no venue has none.
    if UNUSED.is_set(env) {
        return;
    }
    let account = env.current_contract_address();
    if attempt(env, &profile.protocol.perp_clearing, "bump_epoch", vec![env, account.to_val()]).is_err() {
        OrdersRemain {}.publish(env);
    }
}
