//! Actions as they travel: a name, then what it holds.
//!
//! Most hold an asset and an amount. Decoded kind by kind, as a generated conversion does, they cost more code than
//! carrying them out.

use crate::checked::*;
use margin_interface::{Action, LedgerError};
use soroban_sdk::{Address, Env, EnvBase, Symbol, TryFromVal, Val, Vec};

const NAMES: &[&str] = &[
    "Deposit",
    "Withdraw",
    "Borrow",
    "Repay",
    "RepayWithCollateral",
    "AddLiquidity",
    "RemoveLiquidity",
    "MoveSettlement",
    "Open",
    "Trade",
    "Refresh",
];

/// Reads actions one after the other, or fails with [`LedgerError::InvalidAction`].
pub fn read<'a>(env: &'a Env, actions: &Vec<Action>) -> impl Iterator<Item = Action> + 'a {
    actions.to_vals().into_iter().map(|action| decoded(env, &action).unwrap_or_else(|| malformed(env)))
}

fn malformed(env: &Env) -> ! {
    fail(env, LedgerError::InvalidAction)
}

#[inline(never)] // for size, measured
fn decoded(env: &Env, action: &Val) -> Option<Action> {
    let parts: Vec<Val> = Vec::try_from_val(env, action).ok()?;
    let name: Symbol = part(env, &parts, 0)?;
    let kind = u32::from(env.symbol_index_in_strs(name.to_symbol_val(), NAMES).ok()?);
    let holds = if kind < 7 { 2 } else { 1 };
    if parts.len() != holds + 1 {
        return None;
    }
    if kind < 5 {
        let (asset, amount): (Address, i128) = (part(env, &parts, 1)?, part(env, &parts, 2)?);
        return Some(match kind {
            0 => Action::Deposit(asset, amount),
            1 => Action::Withdraw(asset, amount),
            2 => Action::Borrow(asset, amount),
            3 => Action::Repay(asset, amount),
            _ => Action::RepayWithCollateral(asset, amount),
        });
    }
    Some(match kind {
        5 => Action::AddLiquidity(part(env, &parts, 1)?, part(env, &parts, 2)?),
        6 => Action::RemoveLiquidity(part(env, &parts, 1)?, part(env, &parts, 2)?),
        7 => Action::MoveSettlement(part(env, &parts, 1)?),
        8 => Action::Open(part(env, &parts, 1)?),
        9 => Action::Trade(part(env, &parts, 1)?),
        _ => Action::Refresh(part(env, &parts, 1)?),
    })
}

fn part<T: TryFromVal<Env, Val>>(env: &Env, parts: &Vec<Val>, place: u32) -> Option<T> {
    T::try_from_val(env, &parts.get(place)?).ok()
}
