//! Batches: several requests under one authorisation, each carried out as the function of its name would.
//!
//! Requests are read as they travel, name first: decoding every kind of action costs more code than carrying out the few
//! that a batch may hold, and what the vault is asked goes to it as it came.

use crate::{
    desk::Desk,
    error::{refuse, require},
    fill::{positive, priced},
    nonces, orders, pool, storage,
};
use margin_interface::{
    lean, permissions, ClearingConfig, ClearingError, ClearingRequest, ConditionalOrder, MarginLedgerClient,
    TradeAction, MAX_ACTIONS,
};
use soroban_sdk::{vec, Address, Env, IntoVal, Symbol, TryFromVal, Val, Vec};

/// Who asks for what account.
struct Batch<'a> {
    env: &'a Env,
    config: ClearingConfig,
    ledger: MarginLedgerClient<'a>,
    sender: &'a Address,
    account: &'a Address,
    /// Bits of `permissions`.
    granted: u32,
}

/// A variant of an enum as it travels: its name, then what it holds.
struct Variant<'a> {
    env: &'a Env,
    whole: Val,
    parts: Vec<Val>,
}

impl<'a> Variant<'a> {
    fn of(env: &'a Env, whole: Val) -> Result<Self, ClearingError> {
        let parts = Vec::try_from_val(env, &whole).or(Err(ClearingError::InvalidRequest))?;
        Ok(Variant { env, whole, parts })
    }

    fn is(&self, name: &str) -> bool {
        self.get(0).is_ok_and(|own: Symbol| own == Symbol::new(self.env, name))
    }

    fn get<T: TryFromVal<Env, Val>>(&self, place: u32) -> Result<T, ClearingError> {
        let value = self.parts.get(place).ok_or(ClearingError::InvalidRequest)?;
        T::try_from_val(self.env, &value).or(Err(ClearingError::InvalidRequest))
    }

    /// What the one of that name holds first.
    fn inner(&self) -> Result<Variant<'a>, ClearingError> {
        Variant::of(self.env, self.get(1)?)
    }
}

/// Refreshes, authorises, executes. Returns what each request behind the refreshes moved.
pub fn submit(
    env: &Env,
    sender: &Address,
    account: &Address,
    requests: &Vec<ClearingRequest>,
) -> Result<Vec<i128>, ClearingError> {
    let config = storage::config(env);
    let requests = requests.to_vals();
    let behind = refresh(env, &config, &requests)?;
    sender.require_auth();
    let ledger = MarginLedgerClient::new(env, &config.ledger);
    let granted = if sender == account { permissions::ALL } else { ledger.permission(account, sender) };
    let batch = Batch { env, config, ledger, sender, account, granted };
    let mut moved = lean::list(env);
    for place in behind..requests.len() {
        moved.push_back(batch.carry_out(Variant::of(env, requests.get_unchecked(place))?)?);
    }
    Ok(moved)
}

/// Pokes the oracle for each refresh in front. Returns where the requests behind them begin.
fn refresh(env: &Env, config: &ClearingConfig, requests: &Vec<Val>) -> Result<u32, ClearingError> {
    let mut prefix = 0;
    for request in requests.iter() {
        let request = Variant::of(env, request)?;
        if !request.is("Act") || !request.inner()?.is("Refresh") {
            break;
        }
        let assets: Val = request.inner()?.get(1)?;
        env.invoke_contract::<Val>(&config.oracle, &Symbol::new(env, "poke"), vec![env, assets]);
        prefix += 1;
    }
    refuse(prefix == requests.len() || requests.len() > MAX_ACTIONS, ClearingError::InvalidRequest)?;
    Ok(prefix)
}

impl Batch<'_> {
    fn carry_out(&self, request: Variant) -> Result<i128, ClearingError> {
        if request.is("Act") {
            return self.act(request.inner()?);
        }
        if request.is("RequestExit") {
            self.needs(permissions::MODIFY_COLLATERAL)?;
            let shares = request.get(1)?;
            positive(shares)?;
            pool::request_exit(self.env, self.account, shares, self.sender == self.account)?;
        } else if request.is("PlaceOrder") {
            self.needs(permissions::SIGN_ORDERS)?;
            let order: ConditionalOrder = request.get(1)?;
            // The sender has signed it with the batch.
            refuse(
                order.signer != *self.sender || order.account != *self.account,
                ClearingError::InvalidOrder,
            )?;
            orders::place(self.env, &self.ledger, &order)?;
        } else if request.is("CancelOrder") {
            self.needs(permissions::SIGN_ORDERS)?;
            let (word, mask) = nonces::name(request.get(1)?);
            orders::cancel(self.env, self.account, word, mask)?;
        } else {
            return Err(ClearingError::InvalidRequest);
        }
        Ok(0)
    }

    fn act(&self, action: Variant) -> Result<i128, ClearingError> {
        let env = self.env;
        // The vault asks the sender itself, and knows its permissions.
        if action.is("Deposit") || action.is("Withdraw") {
            let leg = (self.sender, self.account, vec![env, action.whole]).into_val(env);
            let submit = Symbol::new(env, "submit");
            let moved: Vec<i128> = env.invoke_contract(&self.config.vault, &submit, leg);
            return moved.get(0).ok_or(ClearingError::InvalidRequest);
        }
        if action.is("Trade") {
            let TradeAction { limit_price, market, size_delta } = action.get(1)?;
            priced(limit_price)?;
            let reduces = self.needs(permissions::TRADE).is_err();
            if reduces {
                self.needs(permissions::REDUCE_ONLY)?;
            }
            let desk = Desk::open(env, self.account, &market)?;
            return Ok(desk.trade(size_delta, Some(limit_price), reduces)?.quote_delta);
        }
        let (enters, leaves) = (action.is("AddLiquidity"), action.is("RemoveLiquidity"));
        refuse(!enters && !leaves, ClearingError::InvalidRequest)?;
        self.needs(permissions::MODIFY_COLLATERAL)?;
        let (given, least) = (action.get(1)?, action.get(2)?);
        positive(given)?;
        if enters {
            pool::enter(env, &self.ledger, self.account, given, least, self.sender == self.account)
        } else {
            pool::leave(env, &self.ledger, self.account, given, least)
        }
    }

    /// Whether the sender was granted `bit`, or everything.
    fn needs(&self, bit: u32) -> Result<(), ClearingError> {
        let granted = self.granted & (bit | permissions::ADMIN) != 0;
        require(granted, ClearingError::NotPermitted)
    }
}
