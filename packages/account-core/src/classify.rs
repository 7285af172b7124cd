//! What is signed: every context is recognised completely, or refused.

use crate::intent::{Bet, Intent, Step};
use crate::state::Profile;
use crate::storage::{ALLOWED, PENDING_OWNER};
use crate::tier::Tier;
use margin_interface::operations::{ArgumentType, Effect, Kind, Operation, Venue, OPERATIONS};
use margin_interface::{AccountError, Market, OpenAction, Proposer, Receive, TradeAction};
use soroban_sdk::{
    auth::ContractContext, symbol_short, vec, Address, Bytes, Env, IntoVal, Map, MuxedAddress, Symbol,
    TryFromVal, Val, Vec,
};

/// Most arguments of an operation.
const MAX_ARGUMENTS: usize = 7;

/// A row of the table as the contract carries it: without the names of its arguments, one nibble for the type of each.
struct Row {
    function: &'static str,
    venue: Venue,
    kind: Kind,
    effect: Effect,
    /// [`NOBODY`]: nobody but the account.
    beneficiary: u8,
    count: u8,
    /// The first argument lowest; [`POSITIVE`] for an amount above zero.
    shapes: u32,
}

const NOBODY: u8 = u8::MAX;
const POSITIVE: u32 = 15;

static ROWS: [Row; OPERATIONS.len()] = {
    const NO_ROW: Row = row(&OPERATIONS[0]);
    let mut rows = [NO_ROW; OPERATIONS.len()];
    let mut at = 0;
    while at < rows.len() {
        rows[at] = row(&OPERATIONS[at]);
        at += 1;
    }
    rows
};

const fn row(operation: &Operation) -> Row {
    let arguments = operation.arguments;
    assert!(arguments.len() <= MAX_ARGUMENTS);
    let (mut shapes, mut place) = (0, 0);
    while place < arguments.len() {
        let shape = if arguments[place].positive { POSITIVE } else { arguments[place].kind as u32 };
        shapes |= shape << (4 * place);
        place += 1;
    }
    Row {
        function: operation.function,
        venue: operation.venue,
        kind: operation.kind,
        effect: operation.effect,
        beneficiary: match operation.beneficiary {
            Some(place) => place as u8,
            None => NOBODY,
        },
        count: arguments.len() as u8,
        shapes,
    }
}

/// Whether an operation is for somebody else and cannot be priced.
pub fn is_out_of_reach(kind: Kind, effect: Effect) -> bool {
    kind == Kind::Transfer && matches!(effect, Effect::Nothing | Effect::TakeOver)
}

/// A function of the account itself that has consent of its own, as the single context of its entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Exception {
    /// Any one signer or guardian.
    Freeze,
    /// The session of that key.
    Renounce(Bytes),
    /// Most of the guardians, or of the signers: it must be possible when some have lost their keys.
    Recover(Proposer),
    /// More than half of the signers; or of the guardians, where signers recover.
    Veto(Proposer),
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
        return Some(Some(Exception::Recover(Proposer::try_from_val(env, &call.args.get(2)?).ok()?)));
    }
    if T::MULTISIG && *function == Symbol::new(env, "cancel_multisig") {
        return Some(Some(Exception::Veto(Proposer::try_from_val(env, &call.args.get(2)?).ok()?)));
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
    intent.ventures = true;
    let function = &call.fn_name;
    let args = Arguments::of(call)?;
    // The number of arguments before the name: it costs nothing, a name has to be built.
    let row = ROWS.iter().find(|row| {
        row.venue == venue
            && usize::from(row.count) == args.count
            && *function == Symbol::new(env, row.function)
    })?;
    for (place, value) in args.values.iter().take(args.count).enumerate() {
        if !fits(env, row.shapes >> (4 * place) & 15, value) {
            return None;
        }
    }
    if !matches!(row.effect, Effect::Order | Effect::Rest) && args.get::<Address>(env, 0)? != intent.account {
        return None;
    }
    let foreign = row.beneficiary != NOBODY
        && args.get::<Address>(env, usize::from(row.beneficiary))? != intent.account;
    intent.transfers |= foreign;
    if row.kind == Kind::Transfer {
        intent.gives::<T>(!is_out_of_reach(row.kind, row.effect));
    }
    if *function == symbol_short!("deposit") && !foreign && intent.deposits(args.get(env, 3)?) {
        // The margin of an opening: what it pays is in the opening already.
        intent.roots -= 1;
    } else {
        intent.names::<T>(function.clone());
    }
    apply::<T>(env, intent, row.effect, &args, foreign, venue == Venue::PerpClearing)
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
        Effect::TakeOver => intent.touches::<T>(Market::Perp(args.get(env, 2)?), true),
        Effect::PayIn => intent.pays_in::<T>(env, second, third, foreign)?,
        Effect::Net => intent.step::<T>(env, Step::Net, first, second, false)?,
        Effect::Withdraw => intent.takes::<T>(env, Step::Withdraw, first, second)?,
        Effect::Borrow => intent.takes::<T>(env, Step::Borrow, first, second)?,
        Effect::BorrowEach => borrow_each::<T>(env, intent, first, second)?,
        Effect::MoveSettlement => {
            intent.step::<T>(env, Step::MoveSettlement, first, first, false)?;
            intent.plain.push_back(variant(env, "MoveSettlement", &[first]));
        }
        Effect::Open => open::<T>(env, intent, args)?,
        Effect::Trade => trade::<T>(env, intent, args)?,
        Effect::Close => {
            intent.bets::<T>(Bet {
                market: args.get(env, 1)?,
                size: 0,
                limit: args.get(env, 2)?,
                reduces: true,
            })?;
        }
        Effect::Batch => {
            intent.batch::<T>(env, &args.get(env, 1)?, second, clearing)?;
        }
        Effect::Order | Effect::Rest => {
            let rests = effect == Effect::Rest;
            if let Some(trade) = intent.consents::<T>(env, args.values[0], rests)? {
                intent.orders.push_back(vec![env, trade]);
            }
        }
    }
    Some(())
}

fn borrow_each<T: Tier>(env: &Env, intent: &mut Intent, assets: Val, amounts: Val) -> Option<()> {
    let assets = Vec::<Val>::try_from_val(env, &assets).ok()?;
    let amounts = Vec::<Val>::try_from_val(env, &amounts).ok()?;
    if assets.len() != amounts.len() {
        return None;
    }
    for (asset, amount) in assets.iter().zip(amounts.iter()) {
        intent.takes::<T>(env, Step::Borrow, asset, amount)?;
    }
    Some(())
}

fn open<T: Tier>(env: &Env, intent: &mut Intent, args: &Arguments) -> Option<()> {
    let open = OpenAction {
        is_long: args.get(env, 2)?,
        leverage: args.get(env, 4)?,
        margin: args.get(env, 3)?,
        market: args.get(env, 1)?,
    };
    intent.opens::<T>(open.market.clone(), open.margin, open.leverage)?;
    intent.orders.push_back(vec![env, variant(env, "Open", &[open.into_val(env)])]);
    Some(())
}

fn trade<T: Tier>(env: &Env, intent: &mut Intent, args: &Arguments) -> Option<()> {
    let (market, size, reduces) = (args.get::<Symbol>(env, 1)?, args.get(env, 2)?, args.get(env, 4)?);
    let limit = args.get(env, 3)?;
    intent.bets::<T>(Bet { market: market.clone(), size, limit, reduces })?;
    if !reduces {
        let trade = TradeAction { limit_price: limit, market, size_delta: size };
        intent.orders.push_back(vec![env, variant(env, "Trade", &[trade.into_val(env)])]);
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

fn fits(env: &Env, shape: u32, value: &Val) -> bool {
    const ADDRESS: u32 = ArgumentType::Address as u32;
    const BOOL: u32 = ArgumentType::Bool as u32;
    const I128: u32 = ArgumentType::I128 as u32;
    const ORDER: u32 = ArgumentType::Order as u32;
    const RECEIVE: u32 = ArgumentType::Receive as u32;
    const SYMBOL: u32 = ArgumentType::Symbol as u32;
    const U32: u32 = ArgumentType::U32 as u32;
    const U64: u32 = ArgumentType::U64 as u32;
    match shape {
        ADDRESS => Address::try_from_val(env, value).is_ok(),
        BOOL => bool::try_from_val(env, value).is_ok(),
        I128 => i128::try_from_val(env, value).is_ok(),
        POSITIVE => i128::try_from_val(env, value).is_ok_and(|amount| amount > 0),
        ORDER => Map::<Val, Val>::try_from_val(env, value).is_ok(),
        RECEIVE => Receive::try_from_val(env, value).is_ok(),
        SYMBOL => Symbol::try_from_val(env, value).is_ok(),
        U32 => u32::try_from_val(env, value).is_ok(),
        U64 => u64::try_from_val(env, value).is_ok(),
        // The vectors: looked into where they are sized.
        _ => Vec::<Val>::try_from_val(env, value).is_ok(),
    }
}
