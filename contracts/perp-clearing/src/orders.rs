//! Orders: consented to in advance, executed by somebody else.
//!
//! [`ready`] decides for executions, matches and [`can_execute`] alike. An order is dead once its nonce is used up; what a
//! match left open of it is kept by nonce and digest.

use crate::{
    conditions,
    desk::{Desk, Plan},
    error::{bounded, refuse, OrRefuse},
    fill, nonces,
    raw::Raw,
    storage::{self, Part},
};
use margin_interface::{
    lean, permissions, ClearingError, ConditionalOrder, EpochBumped, Fill, MarginLedgerClient, OrderBook,
    OrderCheck, OrderFilled, OrderPlaced, OrdersCancelled, MAX_RESTING,
};
use margin_math::{
    defaults::EXECUTOR_FEE_BPS,
    fixed::{abs, add, bps_floor, sub},
};
use soroban_sdk::{xdr::ToXdr, Address, BytesN, Env, IntoVal};

/// An order that may execute now, as far as it alone decides.
pub struct Ready<'a> {
    /// The account's business.
    pub desk: Desk<'a>,
    order: &'a ConditionalOrder,
    part: Part,
    /// What is open of it, signed base 1e14.
    pub open: i128,
}

/// Requires the signer's authorisation of exactly this order, unless it is stored, or the signer is the `caller`, who has
/// authorised a call with this very order in it.
pub fn require_consent(env: &Env, caller: &Address, order: &ConditionalOrder) {
    let stored = storage::orders(env, &order.account).resting.get(order.nonce);
    if order.signer != *caller && stored.as_ref() != Some(order) {
        require_signature(env, order);
    }
}

/// Requires the signer's authorisation of exactly this order.
pub fn require_signature(env: &Env, order: &ConditionalOrder) {
    order.signer.require_auth_for_args((order.clone(),).into_val(env));
}

fn digest(env: &Env, order: &ConditionalOrder) -> BytesN<32> {
    env.crypto().sha256(&order.clone().to_xdr(env)).to_bytes()
}

/// The epoch of an account: one more with each bump, and with each flag, so that no order outlives either.
fn epoch(book: &OrderBook, flags: u32) -> u64 {
    book.epoch.saturating_add(flags.into())
}

fn flags(env: &Env, ledger: &MarginLedgerClient, account: &Address) -> u32 {
    Raw::ask(env, &ledger.address, "account", (account,).into_val(env)).get("flags")
}

/// What an account has standing.
pub fn standing(env: &Env, ledger: &MarginLedgerClient, account: &Address) -> OrderBook {
    let book = storage::orders(env, account);
    OrderBook { epoch: epoch(&book, flags(env, ledger, account)), ..book }
}

/// Whether an order makes sense, and is not dead.
fn check(
    env: &Env,
    ledger: &MarginLedgerClient,
    order: &ConditionalOrder,
    epoch: u64,
) -> Result<(), ClearingError> {
    let executable = order.require_verified || order.trusted_executor.is_some();
    refuse(
        order.size_delta == 0
            || bounded(order.size_delta).is_err()
            || order.acceptable_price <= 0
            || order.max_fee < 0
            || !executable
            || !conditions::bounded(&order.conditions),
        ClearingError::InvalidOrder,
    )?;
    refuse(env.ledger().timestamp() >= order.expires_at, ClearingError::OrderExpired)?;
    refuse(order.epoch != epoch, ClearingError::WrongEpoch)?;
    refuse(nonces::is_used(env, &order.account, order.nonce), ClearingError::NonceUsed)?;
    if order.signer != order.account {
        let granted = ledger.permission(&order.account, &order.signer);
        refuse(granted & (permissions::ADMIN | permissions::SIGN_ORDERS) == 0, ClearingError::NotPermitted)?;
        // What an executor is paid leaves the account: who may not withdraw may not promise it, to itself least of all.
        refuse(
            order.max_fee > 0 && granted & (permissions::ADMIN | permissions::WITHDRAW) == 0,
            ClearingError::NotPermitted,
        )?;
    }
    Ok(())
}

/// Whether `order` may execute now, by its trusted executor if `executor` is not known.
pub fn ready<'a>(
    env: &'a Env,
    ledger: &MarginLedgerClient,
    order: &'a ConditionalOrder,
    executor: Option<&Address>,
) -> Result<Ready<'a>, ClearingError> {
    let account = &order.account;
    let desk = Desk::open(env, account, &order.market)?;
    refuse(desk.is_flagged(), ClearingError::AccountFlagged)?;
    check(env, ledger, order, epoch(&storage::orders(env, account), desk.flags()))?;
    let trusted = executor.is_none() || executor == order.trusted_executor.as_ref();
    refuse(!order.require_verified && !trusted, ClearingError::NotExecutor)?;
    let digest = digest(env, order);
    let part = match storage::part(env, account, order.nonce) {
        Some(part) => {
            refuse(part.digest != digest, ClearingError::NonceUsed)?;
            part
        }
        None => Part { digest, filled: 0 },
    };
    let open = sub(order.size_delta, part.filled).on_curve()?;
    if order.require_verified {
        conditions::check(env, &desk, &order.conditions)?;
    }
    Ok(Ready { desk, order, part, open })
}

impl Ready<'_> {
    /// What executing all that is open of it through the curve does; a reduce-only order stops where the position ends.
    fn plan(&self) -> Result<Plan, ClearingError> {
        let order = self.order;
        let size = if order.reduce_only {
            let (closing, _) = fill::split(self.desk.held()?, self.open)?;
            refuse(closing == 0, ClearingError::ReduceOnly)?;
            closing
        } else {
            self.open
        };
        self.desk.plan(size, Some(order.acceptable_price), order.reduce_only)
    }

    /// Fills it through the curve, which completes it.
    pub fn execute(mut self, env: &Env, executor: &Address) -> Result<Fill, ClearingError> {
        let plan = self.plan()?;
        complete(env, self.order);
        let tip = self.tip(&plan)?;
        let (fill, executor_fee) = self.desk.fill(&plan, Some((executor, tip)))?;
        publish(env, self.order, executor, executor_fee, &fill, 0);
        Ok(fill)
    }

    /// The most that an executor is paid for a plan.
    fn tip(&self, plan: &Plan) -> Result<i128, ClearingError> {
        let most = bps_floor(abs(plan.quote).on_curve()?, EXECUTOR_FEE_BPS).on_curve()?;
        Ok(self.order.max_fee.min(most))
    }

    /// Fills a part of it at what an operator matched; the curve does not move.
    pub fn settle(
        self,
        env: &Env,
        operator: &Address,
        size_delta: i128,
        quote_delta: i128,
    ) -> Result<(), ClearingError> {
        let Ready { desk, order, part, open } = self;
        let mut rest = sub(open, size_delta).on_curve()?;
        // On the order's side, and not beyond it.
        refuse(
            (size_delta > 0) != (open > 0) || (rest != 0 && (rest > 0) != (open > 0)),
            ClearingError::InvalidMatch,
        )?;
        let plan = desk.plan_at(size_delta, quote_delta, order.acceptable_price, order.reduce_only)?;
        if order.reduce_only && add(desk.size(), size_delta).on_curve()? == 0 {
            // What was to end a position must not wait for the next one.
            rest = 0;
        }
        if rest == 0 {
            complete(env, order);
        } else {
            let filled = add(part.filled, size_delta).on_curve()?;
            storage::set_part(env, &order.account, order.nonce, &Part { filled, ..part });
        }
        let (fill, _) = desk.book(&plan, None)?;
        publish(env, order, operator, 0, &fill, rest);
        Ok(())
    }
}

/// The decision of [`Ready::execute`] for the executor of the order, and the ledger's.
pub fn can_execute(env: &Env, ledger: &MarginLedgerClient, order: &ConditionalOrder) -> OrderCheck {
    let decided = ready(env, ledger, order, None).and_then(|ready| {
        let plan = ready.plan()?;
        let error = ready.desk.refusal(&plan, ready.tip(&plan)?);
        Ok(OrderCheck { error, price: plan.price, size_delta: plan.size })
    });
    match decided {
        Ok(check) if check.error == 0 => check,
        Ok(OrderCheck { error, .. }) => refused(error),
        Err(error) => refused(error as u32),
    }
}

fn refused(error: u32) -> OrderCheck {
    OrderCheck { error, price: 0, size_delta: 0 }
}

/// Stores an order that its signer consented to.
pub fn place(env: &Env, ledger: &MarginLedgerClient, order: &ConditionalOrder) -> Result<(), ClearingError> {
    let account = &order.account;
    let mut book = storage::orders(env, account);
    let epoch = epoch(&book, flags(env, ledger, account));
    check(env, ledger, order, epoch)?;
    let now = env.ledger().timestamp();
    retain(env, &mut book, |_, stored| now < stored.expires_at && stored.epoch == epoch);
    refuse(book.resting.contains_key(order.nonce), ClearingError::NonceUsed)?;
    refuse(book.resting.len() >= MAX_RESTING, ClearingError::TooManyOrders)?;
    book.resting.set(order.nonce, order.clone());
    storage::set_orders(env, account, &book);
    OrderPlaced { account: account.clone(), order: order.clone() }.publish(env);
    Ok(())
}

/// Uses up the nonces of `word` that are in `mask`.
pub fn cancel(env: &Env, account: &Address, word: u64, mask: u64) -> Result<(), ClearingError> {
    refuse(mask == 0 || word > nonces::name(u64::MAX).0, ClearingError::InvalidAmount)?;
    nonces::cancel(env, account, word, mask);
    forget(env, account, |nonce| nonces::names(word, mask, nonce));
    OrdersCancelled { account: account.clone(), mask, word }.publish(env);
    Ok(())
}

/// Begins a new epoch.
pub fn bump_epoch(env: &Env, ledger: &MarginLedgerClient, account: &Address) -> Result<u64, ClearingError> {
    let bumps = storage::orders(env, account).epoch.checked_add(1).ok_or(ClearingError::Overflow)?;
    storage::set_orders(env, account, &OrderBook { epoch: bumps, resting: lean::map(env) });
    let epoch = standing(env, ledger, account).epoch;
    EpochBumped { account: account.clone(), epoch }.publish(env);
    Ok(epoch)
}

/// Nothing is open of the order any more.
fn complete(env: &Env, order: &ConditionalOrder) {
    nonces::fill(env, &order.account, order.nonce);
    storage::remove_part(env, &order.account, order.nonce);
    forget(env, &order.account, |nonce| nonce == order.nonce);
}

/// Removes stored orders by their nonce.
fn forget(env: &Env, account: &Address, dead: impl Fn(u64) -> bool) {
    let mut book = storage::orders(env, account);
    let before = book.resting.len();
    retain(env, &mut book, |nonce, _| !dead(nonce));
    if book.resting.len() < before {
        storage::set_orders(env, account, &book);
    }
}

fn retain(env: &Env, book: &mut OrderBook, keep: impl Fn(u64, &ConditionalOrder) -> bool) {
    let mut kept = lean::map(env);
    for (nonce, order) in book.resting.iter() {
        if keep(nonce, &order) {
            kept.set(nonce, order);
        }
    }
    book.resting = kept;
}

fn publish(
    env: &Env,
    order: &ConditionalOrder,
    executor: &Address,
    executor_fee: i128,
    fill: &Fill,
    remaining: i128,
) {
    OrderFilled {
        account: order.account.clone(),
        executor: executor.clone(),
        executor_fee,
        nonce: order.nonce,
        price: fill.price,
        referrer: order.referrer.clone(),
        remaining,
        size_delta: fill.size_delta,
        tracking_code: order.tracking_code.clone(),
    }
    .publish(env);
}
