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
/// A step may cost one part in two to this power of what debt or notional falls by: 6.25%, enough for the band around the
/// index and a fee. Of what was short of the target it may bring as much too much.
const PART_SHIFT: u32 = 4;
/// And so much of what debt or notional falls by, bps: costs are estimated in whole basis points.
const COST_BPS: i128 = 4;
/// What a token of few decimals may round away, USD 1e7.
const ROUNDING: i128 = USD;

/// The whole of something, of which parts are counted without a division.
const ALL: u32 = 1 << SHIFT;
const SHIFT: u32 = 14;

// The parts of the ledger's `Breakdown` that are looked at.
#[contracttype]
struct Picture {
    debts: Vec<Owed>,
    perp_debt: i128,
    positions: Vec<Held>,
    settlement: Address,
    summary: Condition,
}

#[contracttype]
#[derive(Clone)]
struct Owed {
    amount: i128,
    asset: Address,
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
        let Some(taken) = run.take(step) else {
            failures += 1;
            continue;
        };
        moved[taken.kind] += run.look_again(&taken)?;
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

/// A step that was taken.
struct Taken {
    kind: usize,
    /// What came from the wallet.
    paid: Option<(Address, i128)>,
    /// How much of it was asked for, of [`ALL`]; the rest is what the market does not let remain of a position.
    asked: u32,
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
        if self.at.summary.health_factor >= self.target {
            return None;
        }
        let env = self.env;
        let swap = match &self.offer {
            Some([_, terms @ ..]) => Vec::from_array(env, *terms).to_val(),
            None => Val::VOID.to_val(),
        };
        let args = vec![env, self.account, self.breakdown, self.target.into(), swap, failures.into()];
        let step = attempt(env, &self.profile.protocol.vault, "plan_deleverage", args).ok()?;
        Vec::try_from_val(env, &step).ok()
    }

    /// Takes a step as the invoker, so that nobody signs. `None` if that fails. Each calls a function that can only reduce.
    fn take(&mut self, step: Vec<Val>) -> Option<Taken> {
        let (env, vault, account) = (self.env, &self.profile.protocol.vault, self.account);
        let name = Symbol::try_from_val(env, &step.get(0)?).ok()?;
        let kind = STEPS.iter().position(|kind| *kind == name)?;
        let first = step.get(1)?;
        let mut taken = Taken { kind, paid: None, asked: ALL };
        let (function, args) = match kind {
            WALLET => {
                let (asset, amount) = (Address::try_from_val(env, &first).ok()?, step.get(2)?);
                taken.paid = Some((asset.clone(), i128::try_from_val(env, &amount).ok()?));
                // The vault pulls exactly this in the very next call.
                let context = ContractContext {
                    contract: asset,
                    fn_name: symbol_short!("transfer"),
                    args: vec![env, account, vault.to_val(), amount],
                };
                let transfer = SubContractInvocation { context, sub_invocations: vec![env] };
                env.authorize_as_current_contract(vec![env, InvokerContractAuthEntry::Contract(transfer)]);
                ("repay", vec![env, account, account, first, amount])
            }
            DEPOSITS => ("repay_with_collateral", vec![env, account, first, step.get(2)?]),
            REDUCE => {
                taken.asked = self.reduce(first, step.get(2)?, step.get(3)?)?;
                return Some(taken);
            }
            _ => {
                // The keeper consents once.
                let [keeper, debt, collateral, max_repay] = self.offer.take()?;
                ("deleverage", vec![env, keeper, account, debt, collateral, max_repay, first])
            }
        };
        attempt(env, vault, function, args).ok().map(|_| taken)
    }

    /// Reduces a position. Returns how much of what was traded was asked for, of [`ALL`].
    fn reduce(&self, market: Val, size: Val, limit: Val) -> Option<u32> {
        match self.trade(market, size, limit) {
            Ok(_) => Some(ALL),
            // A rest below the market's minimum must not remain.
            Err(InvokeError::Contract(BELOW_MINIMUM)) => {
                let held = size_in(&self.at, &Symbol::try_from_val(self.env, &market).ok()?);
                self.trade(market, (-held).into_val(self.env), limit).ok()?;
                share(i128::try_from_val(self.env, &size).ok()?, held)
            }
            Err(_) => None,
        }
    }

    #[inline(never)]
    fn trade(&self, market: Val, size: Val, limit: Val) -> Result<Val, InvokeError> {
        let env = self.env;
        let now = env.ledger().timestamp().into_val(env);
        let args = vec![env, self.account, market, size, limit, true.into(), now];
        attempt(env, &self.profile.protocol.perp_clearing, "trade", args)
    }

    /// The account after a step. Returns by how much the notional fell, or else the debt, USD 1e7.
    ///
    /// # Errors
    /// * [`AccountError::InsufficientHealth`] - health fell
    /// * [`AccountError::OperationNotAllowed`] - that did not fall, or a position grew; it cost more than a reduction may; the
    ///   wallet gave more than the debt fell by; it went too far beyond the target
    fn look_again(&mut self, taken: &Taken) -> Result<i128, AccountError> {
        let (breakdown, now) = look(self.env, self.profile)?;
        let (before, after) = (&self.at.summary, &now.summary);
        if after.health_factor < before.health_factor {
            return Err(AccountError::InsufficientHealth);
        }
        // A loss that is realised may be new debt: what a reduction costs shows in the equity.
        let fall = match taken.kind {
            REDUCE => before.perp_notional - after.perp_notional,
            _ => before.debt_value - after.debt_value,
        };
        let smaller = now.positions.iter().all(|Held { market, size }| {
            let was = size_in(&self.at, &market);
            size.signum() == was.signum() && size.unsigned_abs() <= was.unsigned_abs()
        });
        let dear = before.equity - after.equity > (fall >> PART_SHIFT) + ROUNDING;
        // No more could leave the wallet than was authorised. A debt is rounded to whole units.
        let lost = taken.paid.as_ref().is_some_and(|(asset, paid)| {
            paid - 1 > owed_in(&self.at, asset).saturating_sub(owed_in(&now, asset))
        });
        if fall <= 0 || !smaller || dear || lost || self.is_beyond(after, fall, taken.asked) {
            return Err(AccountError::OperationNotAllowed);
        }
        (self.breakdown, self.at) = (breakdown, now);
        Ok(fall)
    }

    /// Whether a step was larger than the target needs: by more than the smallest step, a part of it, and what could not be
    /// known of its costs. Of a position that was closed because no rest could remain only what was asked for counts.
    fn is_beyond(&self, after: &Condition, fall: i128, asked: u32) -> bool {
        let (bps, target) = (i128::from(BPS), i128::from(self.target));
        let before = &self.at.summary;
        let short = |of: &Condition| (of.required_margin * target - of.effective_margin * bps) >> SHIFT;
        let needed = short(before);
        let brought = needed - short(after);
        // Costs that turn out to be paid, not owed, count once instead of with the target.
        let cost = (before.equity - after.equity).max(0);
        let unknown = (cost * (target - bps) + fall * COST_BPS) >> SHIFT;
        let beyond = ((brought * i128::from(asked)) >> SHIFT) - needed - (needed >> PART_SHIFT) - unknown;
        beyond * fall > brought * MIN_STEP
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

/// Token units that are owed in an asset, to lenders and to the credit line.
fn owed_in(picture: &Picture, asset: &Address) -> i128 {
    let lent = picture.debts.iter().find(|owed| owed.asset == *asset).map_or(0, |owed| owed.amount);
    let line = if picture.settlement == *asset { picture.perp_debt } else { 0 };
    lent + line
}

/// `part` of `whole`, whatever their signs, of [`ALL`]; `None` of nothing.
fn share(part: i128, whole: i128) -> Option<u32> {
    let (part, whole) = (part.unsigned_abs().min(whole.unsigned_abs()), whole.unsigned_abs());
    // 48 bits are precise enough, and their quotient is one instruction.
    let shift = 80_u32.saturating_sub(whole.leading_zeros());
    let [part, whole] = [part, whole].map(|size| (size >> shift) as u64);
    u32::try_from((part << SHIFT).checked_div(whole)?).ok()
}
