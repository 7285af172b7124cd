//! What is signed: every context is recognised completely, or refused.

use margin_interface::operations::{ArgumentType, Effect, Kind, Operation, Venue, OPERATIONS};
use margin_interface::{AccountError, OpenAction, Protocol, Receive, TradeAction};
use soroban_sdk::{
    auth::ContractContext, symbol_short, vec, Address, Env, IntoVal, MuxedAddress, Symbol, TryFromVal, Val,
    Vec,
};

/// Most arguments of an operation.
const MAX_ARGUMENTS: usize = 7;

/// A row of the table without the names of its arguments, which would only fill the contract.
struct Row {
    /// Its `arguments` are empty.
    operation: Operation,
    count: usize,
    shape: [Shape; MAX_ARGUMENTS],
}

/// What an argument has to be.
#[derive(Clone, Copy)]
struct Shape {
    kind: ArgumentType,
    positive: bool,
}

static ROWS: [Row; OPERATIONS.len()] = {
    const NO_SHAPE: Shape = Shape { kind: ArgumentType::Bool, positive: false };
    const NO_ROW: Row = Row { operation: OPERATIONS[0], count: 0, shape: [NO_SHAPE; MAX_ARGUMENTS] };
    let mut rows = [NO_ROW; OPERATIONS.len()];
    let mut at = 0;
    while at < rows.len() {
        let arguments = OPERATIONS[at].arguments;
        rows[at].operation = Operation { arguments: &[], ..OPERATIONS[at] };
        rows[at].count = arguments.len();
        let mut place = 0;
        while place < arguments.len() {
            rows[at].shape[place] =
                Shape { kind: arguments[place].kind, positive: arguments[place].positive };
            place += 1;
        }
        at += 1;
    }
    rows
};

/// What a context means to the policy.
#[derive(Clone, Debug)]
pub struct Operated {
    /// The [`Action`](margin_interface::Action) it adds to the account's risk, encoded for the ledger: the account itself
    /// need not read it. Whatever lowers risk is worth nothing here: the host passes every node of the signed tree, whether
    /// it will be executed or not.
    pub action: Option<Val>,
    /// Whether the action is an order, which can lower risk as well.
    pub order: bool,
    /// Whether value may leave for somebody else, which only owner signers may decide.
    pub transfers: bool,
}

/// Recognises one [`Context`](soroban_sdk::auth::Context) of an entry that owner signers signed. It comes undecoded:
/// contract creation is refused whatever it would create, so it need not be understood.
///
/// # Errors
/// * [`AccountError::OperationNotAllowed`] - anything unknown: contract, function, number or type of arguments, contract
///   creation in every shape; every call of the ledger and of the account itself; an account other than this one
pub fn classify(env: &Env, protocol: &Protocol, context: Val) -> Result<Operated, AccountError> {
    recognise(env, protocol, context).ok_or(AccountError::OperationNotAllowed)
}

fn recognise(env: &Env, protocol: &Protocol, context: Val) -> Option<Operated> {
    let parts = Vec::<Val>::try_from_val(env, &context).ok()?;
    if Symbol::try_from_val(env, &parts.get(0)?).ok()? != symbol_short!("Contract") {
        return None;
    }
    let call = ContractContext::try_from_val(env, &parts.get(1)?).ok()?;
    let mut args = Arguments { values: [Val::VOID.into(); MAX_ARGUMENTS], count: 0 };
    for value in call.args.iter() {
        *args.values.get_mut(args.count)? = value;
        args.count += 1;
    }
    let this = env.current_contract_address();
    if args.get::<Address>(env, 0)? != this {
        return None;
    }
    if call.contract == protocol.vault {
        of_venue(env, &this, Venue::Vault, &call.fn_name, &args)
    } else if call.contract == protocol.perp_clearing {
        of_venue(env, &this, Venue::PerpClearing, &call.fn_name, &args)
    } else if call.contract == protocol.ledger || call.contract == this {
        // Limits change through the account's own functions, and those ask the owner, not the account.
        None
    } else {
        of_token(env, &call.fn_name, &args)
    }
}

/// The arguments of a call, fetched once.
struct Arguments {
    values: [Val; MAX_ARGUMENTS],
    count: usize,
}

impl Arguments {
    fn get<T: TryFromVal<Env, Val>>(&self, env: &Env, place: usize) -> Option<T> {
        T::try_from_val(env, self.values.get(place)?).ok()
    }
}

fn of_venue(
    env: &Env,
    this: &Address,
    venue: Venue,
    function: &Symbol,
    args: &Arguments,
) -> Option<Operated> {
    // The number of arguments before the name: it costs nothing, a name has to be built.
    let row = ROWS.iter().find(|row| {
        row.operation.venue == venue
            && row.count == args.count
            && *function == Symbol::new(env, row.operation.function)
    })?;
    if !row.shape.iter().zip(&args.values).take(row.count).all(|(shape, value)| fits(env, *shape, value)) {
        return None;
    }
    let operation = &row.operation;
    let foreign = match operation.beneficiary {
        Some(place) => args.get::<Address>(env, usize::try_from(place).ok()?)? != *this,
        None => false,
    };
    Some(Operated {
        action: action(env, operation.effect, args)?,
        order: matches!(operation.effect, Effect::Open | Effect::Trade),
        transfers: foreign || operation.kind == Kind::Transfer,
    })
}

/// The action to preview, `Some(None)` when there is nothing to preview, `None` when the arguments make no sense.
fn action(env: &Env, effect: Effect, args: &Arguments) -> Option<Option<Val>> {
    let [_, first, second, ..] = args.values;
    Some(Some(match effect {
        Effect::Nothing => return Some(None),
        Effect::Withdraw => variant(env, "Withdraw", &[first, second]),
        Effect::Borrow => variant(env, "Borrow", &[first, second]),
        Effect::MoveSettlement => variant(env, "MoveSettlement", &[first]),
        Effect::Open => {
            let open = OpenAction {
                is_long: args.get(env, 2)?,
                leverage: args.get(env, 4)?,
                margin: args.get(env, 3)?,
                market: args.get(env, 1)?,
            };
            variant(env, "Open", &[open.into_val(env)])
        }
        Effect::Trade if args.get(env, 4)? => return Some(None),
        Effect::Trade => {
            let trade = TradeAction {
                limit_price: args.get(env, 3)?,
                market: args.get(env, 1)?,
                size_delta: args.get(env, 2)?,
            };
            variant(env, "Trade", &[trade.into_val(env)])
        }
    }))
}

/// A variant of `Action` as the SDK encodes it. Its fields are arguments whose types the table has checked.
fn variant(env: &Env, name: &str, fields: &[Val]) -> Val {
    let mut parts = vec![env, Symbol::new(env, name).to_val()];
    parts.extend_from_slice(fields);
    parts.to_val()
}

/// Any other contract is taken for a token, and only what moves this account's own balance of it is accepted.
fn of_token(env: &Env, function: &Symbol, args: &Arguments) -> Option<Operated> {
    let amount: i128 = if *function == symbol_short!("transfer") && args.count == 3 {
        let _to: MuxedAddress = args.get(env, 1)?;
        args.get(env, 2)?
    } else if *function == symbol_short!("approve") && args.count == 4 {
        let _spender: Address = args.get(env, 1)?;
        let _expiration_ledger: u32 = args.get(env, 3)?;
        args.get(env, 2)?
    } else if *function == symbol_short!("burn") && args.count == 2 {
        args.get(env, 1)?
    } else {
        return None;
    };
    (amount >= 0).then_some(Operated { action: None, order: false, transfers: true })
}

fn fits(env: &Env, shape: Shape, value: &Val) -> bool {
    match shape.kind {
        ArgumentType::Address => Address::try_from_val(env, value).is_ok(),
        ArgumentType::Bool => bool::try_from_val(env, value).is_ok(),
        ArgumentType::I128 => {
            i128::try_from_val(env, value).is_ok_and(|amount| amount > 0 || !shape.positive)
        }
        ArgumentType::Receive => Receive::try_from_val(env, value).is_ok(),
        ArgumentType::Symbol => Symbol::try_from_val(env, value).is_ok(),
        ArgumentType::U32 => u32::try_from_val(env, value).is_ok(),
        ArgumentType::U64 => u64::try_from_val(env, value).is_ok(),
    }
}
