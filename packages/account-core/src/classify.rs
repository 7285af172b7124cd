//! What is signed: every context is recognised completely, or refused.

use margin_interface::operations::{Argument, ArgumentType, Effect, Kind, Operation, Venue, OPERATIONS};
use margin_interface::{AccountError, Action, OpenAction, Protocol, Receive, TradeAction};
use soroban_sdk::{
    auth::{Context, ContractContext},
    Address, Env, MuxedAddress, Symbol, TryFromVal, Val, Vec,
};

/// What a context means to the policy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Operated {
    /// What it adds to the account's risk. Whatever lowers risk is worth nothing here: the host passes every node of the
    /// signed tree, whether it will be executed or not.
    pub action: Option<Action>,
    /// Whether value may leave for somebody else, which only owner signers may decide.
    pub transfers: bool,
}

/// Recognises one context of an entry that owner signers signed.
///
/// # Errors
/// * [`AccountError::OperationNotAllowed`] - anything unknown: contract, function, number or type of arguments, contract
///   creation in every shape; every call of the ledger and of the account itself; an account other than this one
pub fn classify(env: &Env, protocol: &Protocol, context: &Context) -> Result<Operated, AccountError> {
    recognise(env, protocol, context).ok_or(AccountError::OperationNotAllowed)
}

fn recognise(env: &Env, protocol: &Protocol, context: &Context) -> Option<Operated> {
    // Contract creation is refused whatever the executable is.
    let Context::Contract(call) = context else {
        return None;
    };
    let this = env.current_contract_address();
    if call.contract == protocol.vault {
        of_venue(env, &this, Venue::Vault, call)
    } else if call.contract == protocol.perp_clearing {
        of_venue(env, &this, Venue::PerpClearing, call)
    } else if call.contract == protocol.ledger || call.contract == this {
        // Limits change through the account's own functions, and those ask the owner, not the account.
        None
    } else {
        of_token(env, &this, call)
    }
}

fn of_venue(env: &Env, this: &Address, venue: Venue, call: &ContractContext) -> Option<Operated> {
    let operation = OPERATIONS
        .iter()
        .find(|operation| operation.venue == venue && call.fn_name == Symbol::new(env, operation.function))?;
    if usize::try_from(call.args.len()) != Ok(operation.arguments.len())
        || !operation
            .arguments
            .iter()
            .zip(call.args.iter())
            .all(|(argument, value)| fits(env, argument, &value))
        || argument::<Address>(env, &call.args, 0)? != *this
    {
        return None;
    }
    let foreign = match operation.beneficiary {
        Some(place) => argument::<Address>(env, &call.args, place)? != *this,
        None => false,
    };
    Some(Operated {
        action: action(env, operation, &call.args)?,
        transfers: foreign || operation.kind == Kind::Transfer,
    })
}

/// The action to preview, `Some(None)` when there is nothing to preview, `None` when the arguments make no sense.
fn action(env: &Env, operation: &Operation, args: &Vec<Val>) -> Option<Option<Action>> {
    Some(match operation.effect {
        Effect::Nothing => None,
        Effect::Withdraw => Some(Action::Withdraw(argument(env, args, 1)?, argument(env, args, 2)?)),
        Effect::Borrow => Some(Action::Borrow(argument(env, args, 1)?, argument(env, args, 2)?)),
        Effect::MoveSettlement => Some(Action::MoveSettlement(argument(env, args, 1)?)),
        Effect::Open => Some(Action::Open(OpenAction {
            is_long: argument(env, args, 2)?,
            leverage: argument(env, args, 4)?,
            margin: argument(env, args, 3)?,
            market: argument(env, args, 1)?,
        })),
        Effect::Trade if argument(env, args, 4)? => None,
        Effect::Trade => Some(Action::Trade(TradeAction {
            limit_price: argument(env, args, 3)?,
            market: argument(env, args, 1)?,
            size_delta: argument(env, args, 2)?,
        })),
    })
}

/// Any other contract is taken for a token, and only what moves this account's own balance of it is accepted.
fn of_token(env: &Env, this: &Address, call: &ContractContext) -> Option<Operated> {
    let (args, name) = (&call.args, &call.fn_name);
    let amount: i128 = if *name == Symbol::new(env, "transfer") && args.len() == 3 {
        let _to: MuxedAddress = argument(env, args, 1)?;
        argument(env, args, 2)?
    } else if *name == Symbol::new(env, "approve") && args.len() == 4 {
        let _spender: Address = argument(env, args, 1)?;
        let _expiration_ledger: u32 = argument(env, args, 3)?;
        argument(env, args, 2)?
    } else if *name == Symbol::new(env, "burn") && args.len() == 2 {
        argument(env, args, 1)?
    } else {
        return None;
    };
    let own = argument::<Address>(env, args, 0)? == *this;
    (own && amount >= 0).then_some(Operated { action: None, transfers: true })
}

fn fits(env: &Env, argument: &Argument, value: &Val) -> bool {
    match argument.kind {
        ArgumentType::Address => Address::try_from_val(env, value).is_ok(),
        ArgumentType::Bool => bool::try_from_val(env, value).is_ok(),
        ArgumentType::I128 => {
            i128::try_from_val(env, value).is_ok_and(|amount| amount > 0 || !argument.positive)
        }
        ArgumentType::Receive => Receive::try_from_val(env, value).is_ok(),
        ArgumentType::Symbol => Symbol::try_from_val(env, value).is_ok(),
        ArgumentType::U32 => u32::try_from_val(env, value).is_ok(),
        ArgumentType::U64 => u64::try_from_val(env, value).is_ok(),
    }
}

fn argument<T: TryFromVal<Env, Val>>(env: &Env, args: &Vec<Val>, place: u32) -> Option<T> {
    T::try_from_val(env, &args.get(place)?).ok()
}
