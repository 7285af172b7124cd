//! How an account restores its own health. Anybody may ask for it.
//!
//! What to do next is the vault's advice: it needs an arithmetic that an account should not carry. The vault holds the
//! money, but advice is no order: the account takes each step itself, as the invoker of a function that can only reduce,
//! reads the ledger again, and undoes everything if that did not help as it should.

use crate::audit;
use crate::calls::{attempt, read_ledger};
use crate::state::Profile;
use crate::storage;
use crate::tier::Tier;
use margin_interface::{AccountError, ClearingError, DeleverageReport, Deleveraged};
use margin_math::deleverage::{MIN_STEP, TARGET_BPS};
use margin_math::units::{BPS, USD};
use soroban_sdk::{
    auth::{ContractContext, InvokerContractAuthEntry, SubContractInvocation},
    contracttype, symbol_short, vec,
    xdr::ToXdr,
    Address, Env, IntoVal, InvokeError, Symbol, TryFromVal, Val, Vec,
};

/// Seconds between two deleverages of an account.
pub const COOLDOWN_SECONDS: u64 = 60;
/// Steps of one call; it bounds the cost.
pub const MAX_STEPS: u32 = 6;
/// Steps of one call that may fail.
pub const MAX_FAILURES: u32 = 6;
/// A step may cost one part in two to this power of what debt and notional fall by: 6.25%, enough for the band around the
/// index and a fee. It may miss the target by as much: costs are known in whole basis points beforehand.
const PART_SHIFT: u32 = 4;
/// What a token of few decimals may round away, USD 1e7.
const ROUNDING: i128 = USD;

// The parts of the ledger's `Breakdown` that are looked at.
#[contracttype]
struct Picture {
    positions: Vec<Held>,
    summary: Condition,
}

#[contracttype]
#[derive(Clone)]
struct Held {
    market: Symbol,
    size: i128,
}

#[contracttype]
struct Condition {
    debt_value: i128,
    effective_margin: i128,
    equity: i128,
    health_factor: u32,
    perp_notional: i128,
    required_margin: i128,
}

/// The steps of [`DeleverageStep`](margin_interface::DeleverageStep), which need not be decoded to be taken.
const STEPS: [Symbol; 4] =
    [symbol_short!("Wallet"), symbol_short!("Deposits"), symbol_short!("Reduce"), symbol_short!("Swap")];
const WALLET: usize = 0;
const DEPOSITS: usize = 1;
const REDUCE: usize = 2;
const BELOW_MINIMUM: u32 = ClearingError::BelowMinimum as u32;

/// What a keeper offers for collateral: keeper, debt, collateral, and the most that it pays in units of the debt.
type Offer = [Val; 4];

/// [`auto_deleverage`](margin_interface::SmartAccountInterface::auto_deleverage).
pub fn auto_deleverage<T: Tier>(env: &Env) -> Result<DeleverageReport, AccountError> {
    execute::<T>(env, None)
}

/// [`auto_deleverage_with`](margin_interface::SmartAccountInterface::auto_deleverage_with).
pub fn auto_deleverage_with<T: Tier>(
    env: &Env,
    keeper: Address,
    debt: Address,
    collateral: Address,
    max_repay: i128,
) -> Result<DeleverageReport, AccountError> {
    keeper.require_auth();
    if max_repay <= 0 {
        return Err(AccountError::InvalidConfig);
    }
    execute::<T>(env, Some([keeper.to_val(), debt.to_val(), collateral.to_val(), max_repay.into_val(env)]))
}

fn execute<T: Tier>(env: &Env, offer: Option<Offer>) -> Result<DeleverageReport, AccountError> {
    let mut profile = storage::load(env)?;
    let mut run = Run::new(env, &profile, offer)?;
    let health_before = run.at.summary.health_factor;
    if health_before >= profile.limits.min_health {
        return Err(AccountError::NothingToDeleverage);
    }
    let now = env.ledger().timestamp();
    if profile.deleveraged_at != 0 && now < profile.deleveraged_at + COOLDOWN_SECONDS {
        return Err(AccountError::Cooldown);
    }
    // By kind of step.
    let mut moved = [0; 4];
    let (mut steps, mut failures) = (0, 0);
    while steps < MAX_STEPS && failures < MAX_FAILURES {
        let Some(step) = run.advice(failures) else { break };
        let Some(kind) = run.take(&step) else {
            failures += 1;
            continue;
        };
        let (repaid, reduced) = run.look_again()?;
        moved[kind] += if kind == REDUCE { reduced } else { repaid };
        steps += 1;
    }
    if steps == 0 {
        return Err(AccountError::NothingToDeleverage);
    }
    let [repaid_from_wallet, repaid_from_deposits, reduced, swapped] = moved;
    let report = DeleverageReport {
        health_after: run.at.summary.health_factor,
        health_before,
        repaid_from_wallet,
        repaid_from_deposits,
        reduced,
        swapped,
    };
    profile.deleveraged_at = now;
    storage::save(env, &profile);
    if T::MULTISIG {
        let digest = env.crypto().sha256(&report.clone().to_xdr(env)).to_bytes();
        audit::record(env, Symbol::new(env, "auto_deleverage"), Vec::new(env), digest);
    }
    Deleveraged { report: report.clone() }.publish(env);
    Ok(report)
}

/// One deleverage in progress.
struct Run<'a> {
    env: &'a Env,
    profile: &'a Profile,
    account: Val,
    target: u32,
    offer: Option<Offer>,
    /// The account as it is, whole for the vault.
    breakdown: Val,
    at: Picture,
}

impl<'a> Run<'a> {
    fn new(env: &'a Env, profile: &'a Profile, offer: Option<Offer>) -> Result<Run<'a>, AccountError> {
        let (breakdown, at) = look(env, profile)?;
        let target = TARGET_BPS.max(profile.limits.min_health);
        Ok(Run {
            env,
            profile,
            account: env.current_contract_address().to_val(),
            target,
            offer,
            breakdown,
            at,
        })
    }

    /// What the vault advises, a [`DeleverageStep`] as the SDK encodes it. `None`: nothing.
    fn advice(&self, failures: u32) -> Option<Vec<Val>> {
        let env = self.env;
        let swap = match &self.offer {
            Some([_, terms @ ..]) => Vec::from_array(env, *terms).to_val(),
            None => Val::VOID.to_val(),
        };
        let args = vec![env, self.account, self.breakdown, self.target.into(), swap, failures.into()];
        let step = attempt(env, &self.profile.protocol.vault, "plan_deleverage", args).ok()?;
        Vec::try_from_val(env, &step).ok()
    }

    /// Takes a step as the invoker, so that nobody signs; its kind. `None` if that fails. Each calls a function that can
    /// only reduce.
    fn take(&mut self, step: &Vec<Val>) -> Option<usize> {
        let (env, vault, account) = (self.env, &self.profile.protocol.vault, self.account);
        let name = Symbol::try_from_val(env, &step.get(0)?).ok()?;
        let kind = STEPS.iter().position(|kind| *kind == name)?;
        let first = step.get(1)?;
        let (function, args) = match kind {
            WALLET => {
                let amount = step.get(2)?;
                // The vault pulls exactly this in the very next call.
                let context = ContractContext {
                    contract: Address::try_from_val(env, &first).ok()?,
                    fn_name: symbol_short!("transfer"),
                    args: vec![env, account, vault.to_val(), amount],
                };
                let transfer = SubContractInvocation { context, sub_invocations: vec![env] };
                env.authorize_as_current_contract(vec![env, InvokerContractAuthEntry::Contract(transfer)]);
                ("repay", vec![env, account, account, first, amount])
            }
            DEPOSITS => ("repay_with_collateral", vec![env, account, first, step.get(2)?]),
            REDUCE => return self.reduce(first, step.get(2)?, step.get(3)?).ok().map(|_| kind),
            _ => {
                // The keeper consents once.
                let [keeper, debt, collateral, max_repay] = self.offer.take()?;
                ("deleverage", vec![env, keeper, account, debt, collateral, max_repay, first])
            }
        };
        attempt(env, vault, function, args).ok().map(|_| kind)
    }

    fn reduce(&self, market: Val, size: Val, limit: Val) -> Result<Val, InvokeError> {
        let result = self.trade(market, size, limit);
        match result {
            // A rest below the market's minimum must not remain.
            Err(InvokeError::Contract(BELOW_MINIMUM)) => {
                let market_name = Symbol::try_from_val(self.env, &market).map_err(|_| InvokeError::Abort)?;
                let whole = -size_in(&self.at, &market_name);
                self.trade(market, whole.into_val(self.env), limit)
            }
            _ => result,
        }
    }

    #[inline(never)]
    fn trade(&self, market: Val, size: Val, limit: Val) -> Result<Val, InvokeError> {
        let env = self.env;
        let now = env.ledger().timestamp().into_val(env);
        let args = vec![env, self.account, market, size, limit, true.into(), now];
        attempt(env, &self.profile.protocol.perp_clearing, "trade", args)
    }

    /// The account after a step. Returns by how much debt and notional fell, USD 1e7.
    ///
    /// # Errors
    /// * [`AccountError::InsufficientHealth`] - health fell
    /// * [`AccountError::OperationNotAllowed`] - nothing fell, or a position grew; it cost more than a reduction may; it went
    ///   beyond the target by more than the smallest step and that part, although no position closed
    fn look_again(&mut self) -> Result<(i128, i128), AccountError> {
        let (breakdown, now) = look(self.env, self.profile)?;
        let (before, after) = (&self.at.summary, &now.summary);
        if after.health_factor < before.health_factor {
            return Err(AccountError::InsufficientHealth);
        }
        let fell = (before.debt_value - after.debt_value, before.perp_notional - after.perp_notional);
        let fall = fell.0 + fell.1;
        let smaller = now.positions.iter().all(|Held { market, size }| {
            let was = size_in(&self.at, &market);
            size.signum() == was.signum() && size.unsigned_abs() <= was.unsigned_abs()
        });
        let part = fall >> PART_SHIFT;
        let dear = before.equity - after.equity > part + ROUNDING;
        let closed = now.positions.len() < self.at.positions.len();
        let beyond = after.effective_margin * i128::from(BPS)
            > (after.required_margin + MIN_STEP + part) * i128::from(self.target);
        if fall <= 0 || !smaller || dear || (beyond && !closed) {
            return Err(AccountError::OperationNotAllowed);
        }
        (self.breakdown, self.at) = (breakdown, now);
        Ok(fell)
    }
}

#[inline(never)]
fn look(env: &Env, profile: &Profile) -> Result<(Val, Picture), AccountError> {
    let breakdown: Val =
        read_ledger(env, profile, "breakdown", vec![env, env.current_contract_address().to_val()])?;
    let picture = Picture::try_from_val(env, &breakdown).map_err(|_| AccountError::InsufficientHealth)?;
    Ok((breakdown, picture))
}

/// Base of a position, 0 without one.
fn size_in(picture: &Picture, market: &Symbol) -> i128 {
    picture.positions.iter().find(|held| held.market == *market).map_or(0, |held| held.size)
}
