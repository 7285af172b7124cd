//! What is signed: every context is recognised completely, or refused.

use crate::intent::{Bet, Intent, Step};
use crate::state::Profile;
use crate::storage::{ALLOWED, PENDING_MULTISIG, PENDING_OWNER};
use crate::tier::Tier;
use margin_interface::operations::{ArgumentType, Effect, Kind, Operation, Venue, OPERATIONS};
use margin_interface::{AccountError, OpenAction, Receive, TradeAction};
use soroban_sdk::{
    auth::ContractContext, symbol_short, vec, Address, Bytes, Env, IntoVal, Map, MuxedAddress, Symbol,
    TryFromVal, Val, Vec,
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

/// A function of the account itself that has consent of its own, as the single context of its entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Exception {
    /// Any one signer or guardian.
    Freeze,
    /// The session of that key.
    Renounce(Bytes),
    /// More than half of the guardians.
    Recover,
    /// As many signers as the smallest amount needs: it must be possible when some have lost their keys.
    Veto,
}

/// Recognises one [`Context`](soroban_sdk::auth::Context) and adds it to the intent. It comes undecoded: contract creation
/// is refused whatever it would create, so it need not be understood.
///
/// # Errors
/// * [`AccountError::OperationNotAllowed`] - anything unknown: contract, function, number or type of arguments, contract
///   creation in every shape; every call of the ledger and the factory; an account other than this one
pub fn classify<T: Tier>(
    env: &Env,
    profile: &Profile,
    intent: &mut Intent,
    context: Val,
) -> Result<Option<Exception>, AccountError> {
    if intent.is_implied(&context) {
        return Ok(None);
    }
    recognise::<T>(env, profile, intent, context).ok_or(AccountError::OperationNotAllowed)
}

fn recognise<T: Tier>(
    env: &Env,
    profile: &Profile,
    intent: &mut Intent,
    context: Val,
) -> Option<Option<Exception>> {
    let parts = Vec::<Val>::try_from_val(env, &context).ok()?;
    if Symbol::try_from_val(env, &parts.get(0)?).ok()? != symbol_short!("Contract") {
        return None;
    }
    let call = ContractContext::try_from_val(env, &parts.get(1)?).ok()?;
    let protocol = &profile.protocol;
    let this = intent.account.clone();
    intent.roots += 1;
    // A change of tier is rooted at the factory: `upgrade_account(self, self, ..)`.
    let tier_change = call.contract == protocol.factory
        && call.fn_name == Symbol::new(env, "upgrade_account")
        && Address::try_from_val(env, &call.args.get(1)?).ok()? == this;
    if call.contract == this || tier_change {
        return of_this::<T>(env, profile, intent, &call);
    }
    if call.contract == protocol.ledger || call.contract == protocol.factory {
        // Limits and grants change through the account's own functions.
        return None;
    }
    if call.contract == protocol.vault {
        of_venue::<T>(env, intent, Venue::Vault, &call)?;
    } else if call.contract == protocol.perp_clearing {
        of_venue::<T>(env, intent, Venue::PerpClearing, &call)?;
    } else if of_token::<T>(env, intent, &call).is_none() {
        // An unlisted function is bound to this account by naming it.
        if !ALLOWED.list(env).contains(&call.contract) || !call.args.contains(this.to_val()) {
            return None;
        }
        intent.is_out_of_reach::<T>();
    }
    Some(None)
}

/// A function of the account itself. All of them lead what they authorise with the account's address.
fn of_this<T: Tier>(
    env: &Env,
    profile: &Profile,
    intent: &mut Intent,
    call: &ContractContext,
) -> Option<Option<Exception>> {
    if Address::try_from_val(env, &call.args.get(0)?).ok()? != intent.account {
        return None;
    }
    let function = &call.fn_name;
    if *function == symbol_short!("freeze") {
        return Some(Some(Exception::Freeze));
    }
    if T::SESSIONS && *function == Symbol::new(env, "renounce_session") {
        return Some(Some(Exception::Renounce(Bytes::try_from_val(env, &call.args.get(1)?).ok()?)));
    }
    if T::MULTISIG && *function == Symbol::new(env, "propose_recovery") {
        return Some(Some(Exception::Recover));
    }
    if T::MULTISIG
        && *function == Symbol::new(env, "cancel_multisig")
        && PENDING_MULTISIG.get(env).is_some_and(|pending| pending.recovery)
    {
        return Some(Some(Exception::Veto));
    }
    intent.administers = true;
    let itself = T::MULTISIG
        || profile.owner == intent.account
        || (PENDING_OWNER.get(env).as_ref() == Some(&intent.account)
            && *function == Symbol::new(env, "accept_ownership"));
    itself.then_some(None)
}

/// The arguments of a call, fetched once.
struct Arguments {
    values: [Val; MAX_ARGUMENTS],
    count: usize,
}

impl Arguments {
    fn of(call: &ContractContext) -> Option<Arguments> {
        let mut args = Arguments { values: [Val::VOID.into(); MAX_ARGUMENTS], count: 0 };
        for value in call.args.iter() {
            *args.values.get_mut(args.count)? = value;
            args.count += 1;
        }
        Some(args)
    }

    fn get<T: TryFromVal<Env, Val>>(&self, env: &Env, place: usize) -> Option<T> {
        T::try_from_val(env, self.values.get(place)?).ok()
    }
}

fn of_venue<T: Tier>(env: &Env, intent: &mut Intent, venue: Venue, call: &ContractContext) -> Option<()> {
    let function = &call.fn_name;
    let args = Arguments::of(call)?;
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
    if operation.effect != Effect::Order && args.get::<Address>(env, 0)? != intent.account {
        return None;
    }
    let foreign = match operation.beneficiary {
        Some(place) => args.get::<Address>(env, usize::try_from(place).ok()?)? != intent.account,
        None => false,
    };
    intent.transfers |= foreign || operation.kind == Kind::Transfer;
    if operation.kind == Kind::Transfer && operation.effect == Effect::Nothing {
        intent.is_out_of_reach::<T>();
    }
    if *function == symbol_short!("deposit") && !foreign && intent.deposits(args.get(env, 3)?) {
        // The margin of an opening: what it pays is in the opening already.
        intent.roots -= 1;
    } else {
        intent.names::<T>(function.clone());
    }
    apply::<T>(env, intent, operation.effect, &args, foreign, venue == Venue::PerpClearing)
}

/// Adds what an operation does. `None` when the arguments make no sense.
fn apply<T: Tier>(
    env: &Env,
    intent: &mut Intent,
    effect: Effect,
    args: &Arguments,
    foreign: bool,
    clearing: bool,
) -> Option<()> {
    let [_, first, second, third, ..] = args.values;
    match effect {
        Effect::Nothing => {}
        Effect::PayIn => intent.pays_in::<T>(env, second, third, foreign)?,
        Effect::Net => intent.step::<T>(env, Step::Net, first, second, false)?,
        Effect::Withdraw => intent.takes::<T>(env, Step::Withdraw, first, second, foreign)?,
        Effect::Borrow => intent.takes::<T>(env, Step::Borrow, first, second, false)?,
        Effect::BorrowEach => {
            let assets = Vec::<Val>::try_from_val(env, &first).ok()?;
            let amounts = Vec::<Val>::try_from_val(env, &second).ok()?;
            if assets.len() != amounts.len() {
                return None;
            }
            for (asset, amount) in assets.iter().zip(amounts.iter()) {
                intent.takes::<T>(env, Step::Borrow, asset, amount, false)?;
            }
        }
        Effect::MoveSettlement => {
            intent.step::<T>(env, Step::MoveSettlement, first, first, false)?;
            intent.plain.push_back(variant(env, "MoveSettlement", &[first]));
        }
        Effect::Open => {
            let open = OpenAction {
                is_long: args.get(env, 2)?,
                leverage: args.get(env, 4)?,
                margin: args.get(env, 3)?,
                market: args.get(env, 1)?,
            };
            intent.opens::<T>(open.market.clone(), open.margin, open.leverage)?;
            intent.orders.push_back(vec![env, variant(env, "Open", &[open.into_val(env)])]);
        }
        Effect::Trade => {
            let (market, size, reduces) = (args.get::<Symbol>(env, 1)?, args.get(env, 2)?, args.get(env, 4)?);
            intent.bets::<T>(Bet { market: market.clone(), size, reduces })?;
            if !reduces {
                let trade = TradeAction { limit_price: args.get(env, 3)?, market, size_delta: size };
                intent.orders.push_back(vec![env, variant(env, "Trade", &[trade.into_val(env)])]);
            }
        }
        Effect::Close => {
            intent.bets::<T>(Bet { market: args.get(env, 1)?, size: 0, reduces: true })?;
        }
        Effect::Batch => {
            intent.batch::<T>(env, &args.get(env, 1)?, second, clearing)?;
        }
        Effect::Order => {
            if let Some(trade) = intent.consents::<T>(env, args.values[0])? {
                intent.orders.push_back(vec![env, trade]);
            }
        }
    }
    Some(())
}

/// A variant of `Action` as the SDK encodes it. Its fields are arguments whose types the table has checked.
fn variant(env: &Env, name: &str, fields: &[Val]) -> Val {
    let mut parts = vec![env, Symbol::new(env, name).to_val()];
    parts.extend_from_slice(fields);
    parts.to_val()
}

/// Any other contract is first taken for a token: what moves this account's own balance of it is accepted.
fn of_token<T: Tier>(env: &Env, intent: &mut Intent, call: &ContractContext) -> Option<()> {
    let args = Arguments::of(call)?;
    let function = &call.fn_name;
    if args.get::<Address>(env, 0)? != intent.account {
        return None;
    }
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
    intent.pays::<T>(call.contract.clone(), amount)
}

fn fits(env: &Env, shape: Shape, value: &Val) -> bool {
    match shape.kind {
        ArgumentType::Address => Address::try_from_val(env, value).is_ok(),
        ArgumentType::Bool => bool::try_from_val(env, value).is_ok(),
        ArgumentType::I128 => {
            i128::try_from_val(env, value).is_ok_and(|amount| amount > 0 || !shape.positive)
        }
        // Looked into where they are sized.
        ArgumentType::Actions
        | ArgumentType::ClearingRequests
        | ArgumentType::Addresses
        | ArgumentType::Amounts
        | ArgumentType::U64s => Vec::<Val>::try_from_val(env, value).is_ok(),
        ArgumentType::Order => Map::<Val, Val>::try_from_val(env, value).is_ok(),
        ArgumentType::Receive => Receive::try_from_val(env, value).is_ok(),
        ArgumentType::Symbol => Symbol::try_from_val(env, value).is_ok(),
        ArgumentType::U32 => u32::try_from_val(env, value).is_ok(),
        ArgumentType::U64 => u64::try_from_val(env, value).is_ok(),
    }
}
