//! How an account restores its own health, cheapest first: money from its wallet, deposits of the asset it owes, smaller
//! positions, and, if a keeper brings the money, collateral. Anybody may ask for it; nobody but the account decides what is
//! done.

use crate::audit;
use crate::calls::{attempt, read_ledger};
use crate::state::Profile;
use crate::storage;
use crate::tier::Tier;
use margin_interface::{
    AccountError, ClearingError, DeleverageReport, Deleveraged, Holding, Liquidation, OpenPosition,
    TradeQuote,
};
use margin_math::deleverage::{
    base_of, fill_cost_bps, given_up_bps, notional_floor, units_floor, value_floor, worst_price, Health,
    Reduction,
};
use margin_math::fixed::{abs, add, bps_floor, mul_div_ceil, sub};
use margin_math::units::{BPS, QUOTE_SCALE, SETTLEMENT_DECIMALS, USD};
use margin_math::MathError;
use soroban_sdk::{
    auth::{ContractContext, InvokerContractAuthEntry, SubContractInvocation},
    contracttype, symbol_short, vec,
    xdr::ToXdr,
    Address, Env, IntoVal, InvokeError, Symbol, TryFromVal, Val, Vec,
};

/// Health that a deleverage restores, bps: 1.5.
pub const TARGET_BPS: u32 = 15_000;
/// Seconds between two deleverages of an account.
pub const COOLDOWN_SECONDS: u64 = 60;
/// Smallest step, USD 1e7: $10, unless it settles a debt, closes a position or restores the target.
pub const MIN_STEP: i128 = 10 * USD;
/// Positions reduced at most by one call; it bounds the cost.
pub const MAX_REDUCTIONS: u32 = 3;

// The parts of the ledger's `Breakdown` that are looked at.
#[contracttype]
struct Picture {
    debts: Vec<Holding>,
    deposits: Vec<Holding>,
    perp_debt: i128,
    positions: Vec<OpenPosition>,
    settlement: Address,
    settlement_price: i128,
    summary: Condition,
}

#[contracttype]
struct Condition {
    effective_margin: i128,
    health_factor: u32,
    required_margin: i128,
}

/// What a keeper offers for collateral.
struct Offer {
    keeper: Address,
    debt: Address,
    collateral: Address,
    /// Most that the keeper pays, units of the debt.
    max_repay: i128,
}

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
    execute::<T>(env, Some(Offer { keeper, debt, collateral, max_repay }))
}

fn execute<T: Tier>(env: &Env, offer: Option<Offer>) -> Result<DeleverageReport, AccountError> {
    let mut profile = storage::load(env)?;
    let before = read(env, &profile)?;
    let health_before = before.summary.health_factor;
    if health_before >= profile.limits.min_health {
        return Err(AccountError::NothingToDeleverage);
    }
    let now = env.ledger().timestamp();
    if profile.deleveraged_at != 0 && now < profile.deleveraged_at + COOLDOWN_SECONDS {
        return Err(AccountError::Cooldown);
    }
    let mut run = Run::new(env, &profile, &before);
    let (repaid_from_wallet, repaid_from_deposits) = run.repay_debts(&before).map_err(arithmetic)?;
    let mut now_at = run.look_again(health_before)?;
    let mut reduced = 0;
    for _ in 0..MAX_REDUCTIONS {
        let Some((position, cut)) = run.reduce_a_position(&now_at).map_err(arithmetic)? else { break };
        now_at = run.look_again(now_at.summary.health_factor)?;
        if !is_smaller(&position, &now_at.positions) {
            return Err(AccountError::OperationNotAllowed);
        }
        reduced = add(reduced, cut).map_err(arithmetic)?;
    }
    let mut swapped = 0;
    if let Some(offer) = offer {
        swapped = run.swap(&now_at, &offer).map_err(arithmetic)?;
        now_at = run.look_again(now_at.summary.health_factor)?;
    }
    if repaid_from_wallet == 0 && repaid_from_deposits == 0 && reduced == 0 && swapped == 0 {
        return Err(AccountError::NothingToDeleverage);
    }
    profile.deleveraged_at = now;
    storage::save(env, &profile);
    let report = DeleverageReport {
        health_after: now_at.summary.health_factor,
        health_before,
        repaid_from_wallet,
        repaid_from_deposits,
        reduced,
        swapped,
    };
    if T::MULTISIG {
        let digest = env.crypto().sha256(&report.clone().to_xdr(env)).to_bytes();
        audit::record(env, Symbol::new(env, "auto_deleverage"), Vec::new(env), digest);
    }
    Deleveraged { report: report.clone() }.publish(env);
    Ok(report)
}

#[inline(never)]
fn read(env: &Env, profile: &Profile) -> Result<Picture, AccountError> {
    read_ledger(env, profile, "breakdown", vec![env, env.current_contract_address().to_val()])
}

fn arithmetic(error: MathError) -> AccountError {
    match error {
        MathError::DivisionByZero => AccountError::DivisionByZero,
        _ => AccountError::ArithmeticOverflow,
    }
}

/// Where the money of a repayment comes from.
#[derive(Clone, Copy)]
enum Source {
    Wallet,
    Deposits,
}

/// One deleverage in progress.
struct Run<'a> {
    env: &'a Env,
    profile: &'a Profile,
    account: Address,
    target: u32,
    health: Health,
}

impl<'a> Run<'a> {
    fn new(env: &'a Env, profile: &'a Profile, breakdown: &Picture) -> Run<'a> {
        Run {
            env,
            profile,
            account: env.current_contract_address(),
            target: TARGET_BPS.max(profile.limits.min_health),
            health: health_of(breakdown),
        }
    }

    /// The account after a step, which must not have lowered its health.
    fn look_again(&self, health: u32) -> Result<Picture, AccountError> {
        let breakdown = read(self.env, self.profile)?;
        if breakdown.summary.health_factor < health {
            return Err(AccountError::InsufficientHealth);
        }
        Ok(breakdown)
    }

    /// Repays from the wallet, then from deposits. Returns the value of each.
    ///
    /// Reads every balance that a step may use before the first one acts. What a step reads and writes besides depends on
    /// whether it runs, so a keeper simulates at the price it sends at.
    fn repay_debts(&mut self, breakdown: &Picture) -> Result<(i128, i128), MathError> {
        let mut owed = owed_by(self.env, breakdown);
        // A balance supports nothing yet: as a holding its weight is 0.
        let mut wallet = Vec::new(self.env);
        for debt in owed.iter() {
            if find(&wallet, &debt.asset).is_none() {
                // A token that cannot be read blocks itself alone.
                let args = vec![self.env, self.account.to_val()];
                let amount = self.amount(attempt(self.env, &debt.asset, "balance", args)).unwrap_or_default();
                wallet.push_back(Holding { amount, weight_bps: 0, ..debt });
            }
        }
        let from_wallet = self.repay(&mut owed, wallet, Source::Wallet)?;
        let from_deposits = self.repay(&mut owed, breakdown.deposits.clone(), Source::Deposits)?;
        Ok((from_wallet, from_deposits))
    }

    /// Repays what is `owed` with `funds`, asset by asset. Returns the value.
    #[inline(never)]
    fn repay(
        &mut self,
        owed: &mut Vec<Holding>,
        mut funds: Vec<Holding>,
        source: Source,
    ) -> Result<i128, MathError> {
        let mut total = 0;
        for place in 0..owed.len() {
            let Some(mut debt) = owed.get(place) else { break };
            let Some((at, mut fund)) = find(&funds, &debt.asset) else { continue };
            let needed = self.health.repay(self.target, debt.weight_bps, fund.weight_bps)?;
            let Some(amount) = step(&debt, needed, fund.amount)? else { continue };
            let Some(repaid) = self.pay(source, &debt.asset, amount) else { continue };
            let value = value_floor(repaid, debt.price, debt.decimals)?;
            self.health.repaid(value, debt.weight_bps, fund.weight_bps)?;
            total = add(total, value)?;
            debt.amount -= repaid;
            owed.set(place, debt);
            fund.amount -= repaid;
            funds.set(at, fund);
        }
        Ok(total)
    }

    /// Has the vault take `amount` from the source. `None` if it does not.
    fn pay(&self, source: Source, asset: &Address, amount: i128) -> Option<i128> {
        let (env, vault, account) = (self.env, &self.profile.protocol.vault, self.account.to_val());
        let value: Val = amount.into_val(env);
        let result = match source {
            Source::Wallet => {
                // The vault pulls exactly this in the very next call; no signature is needed because the account is the
                // invoker.
                let context = ContractContext {
                    contract: asset.clone(),
                    fn_name: symbol_short!("transfer"),
                    args: vec![env, account, vault.to_val(), value],
                };
                let transfer = SubContractInvocation { context, sub_invocations: vec![env] };
                env.authorize_as_current_contract(vec![env, InvokerContractAuthEntry::Contract(transfer)]);
                attempt(env, vault, "repay", vec![env, account, account, asset.to_val(), value])
            }
            Source::Deposits => {
                attempt(env, vault, "repay_with_collateral", vec![env, account, asset.to_val(), value])
            }
        };
        self.amount(result)
    }

    fn amount(&self, result: Result<Val, InvokeError>) -> Option<i128> {
        i128::try_from_val(self.env, &result.ok()?).ok()
    }

    /// Has a keeper repay debt for collateral, no more than the target needs. Returns the value repaid.
    fn swap(&mut self, breakdown: &Picture, offer: &Offer) -> Result<i128, MathError> {
        let (env, Offer { keeper, debt, collateral, max_repay }) = (self.env, offer);
        self.health = health_of(breakdown);
        let Some((_, held)) = find(&breakdown.deposits, collateral) else { return Ok(0) };
        let given_bps = given_up_bps(held.weight_bps)?;
        let (mut wanted, mut price, mut decimals) = (0, 0, 0);
        for owed in owed_by(env, breakdown).iter().filter(|owed| owed.asset == *debt) {
            let needed = self.health.repay(self.target, owed.weight_bps, given_bps)?;
            let Some(amount) = step(&owed, needed, sub(*max_repay, wanted)?)? else { continue };
            let value = value_floor(amount, owed.price, owed.decimals)?;
            self.health.repaid(value, owed.weight_bps, given_bps)?;
            wanted = add(wanted, amount)?;
            (price, decimals) = (owed.price, owed.decimals);
        }
        if wanted == 0 {
            return Ok(0);
        }
        let args = vec![
            env,
            keeper.to_val(),
            self.account.to_val(),
            debt.to_val(),
            collateral.to_val(),
            max_repay.into_val(env),
            wanted.into_val(env),
        ];
        let swap = attempt(env, &self.profile.protocol.vault, "deleverage", args).ok();
        match swap.and_then(|swap| Liquidation::try_from_val(env, &swap).ok()) {
            Some(swap) => value_floor(swap.repaid, price, decimals),
            None => Ok(0),
        }
    }

    /// Reduces the position that frees most margin. Returns it as it was and the notional, `None` if nothing was reduced.
    fn reduce_a_position(&mut self, breakdown: &Picture) -> Result<Option<(OpenPosition, i128)>, MathError> {
        self.health = health_of(breakdown);
        if !self.health.is_below(self.target)? {
            return Ok(None);
        }
        let Some((position, notional)) = heaviest(&breakdown.positions)? else { return Ok(None) };
        let Some((mut size, limit)) = self.size_of_reduction(breakdown, &position, notional)? else {
            return Ok(None);
        };
        let mut result = self.trade(&position, size, limit);
        if result == Err(InvokeError::Contract(ClearingError::BelowMinimum as u32)) {
            // A rest below the market's minimum must not remain.
            size = abs(position.size)?;
            result = self.trade(&position, size, limit);
        }
        if result.is_err() {
            return Ok(None);
        }
        let cut = notional_floor(size, position.index)?;
        Ok(Some((position, cut)))
    }

    /// Trades `size` of a position away. The fill is not looked at: the ledger is read again instead.
    #[inline(never)]
    fn trade(&self, position: &OpenPosition, size: i128, limit: i128) -> Result<(), InvokeError> {
        let env = self.env;
        let args = vec![
            env,
            self.account.to_val(),
            position.market.to_val(),
            against(position, size).into_val(env),
            limit.into_val(env),
            true.into(),
            env.ledger().timestamp().into_val(env),
        ];
        self.clearing("trade", args).map(|_| ())
    }

    fn clearing(&self, function: &str, args: Vec<Val>) -> Result<Val, InvokeError> {
        attempt(self.env, &self.profile.protocol.perp_clearing, function, args)
    }

    /// Base to trade away, and the worst price: first sized by the index, then once more by what the curve would really
    /// charge for that.
    ///
    /// Whoever asks for the deleverage could have moved the curve just before. So the fill is measured by what cannot be
    /// moved within a ledger: the index, and the premium that the market has averaged over its window, which is measured
    /// anew here. Beyond that a reduction pays for its own impact and a little more.
    fn size_of_reduction(
        &self,
        breakdown: &Picture,
        position: &OpenPosition,
        notional: i128,
    ) -> Result<Option<(i128, i128)>, MathError> {
        let (env, market, is_long) = (self.env, position.market.to_val(), position.size > 0);
        let mut reduction = Reduction {
            cost_bps: 0,
            deposit: find(&breakdown.deposits, &breakdown.settlement).map_or(0, |(_, deposit)| deposit.value),
            loss: (-position.pnl).max(0),
            mmr_bps: position.mmr_bps,
            notional,
        };
        let first = self.health.reduce(self.target, &reduction)?;
        let base = base_of(first, position.index, position.size)?;
        if base <= 0 {
            return Ok(None);
        }
        let premium =
            self.amount(self.clearing("update_funding_rate", vec![env, market])).unwrap_or_default();
        let args = vec![env, market, against(position, base).into_val(env)];
        let quote = self.clearing("quote_trade", args).ok();
        let Some(quote) = quote.and_then(|quote| TradeQuote::try_from_val(env, &quote).ok()) else {
            return Ok(None);
        };
        // From the average to the end of a fill is as far as from its beginning to the average.
        let impact = abs(sub(quote.mark, quote.price)?)?;
        let limit = worst_price(is_long, position.index, premium, impact)?;
        let cut = notional_floor(base, position.index)?.max(1);
        reduction.cost_bps = fill_cost_bps(is_long, cut, abs(quote.quote_delta)?, quote.fee)?;
        let cut = self.health.reduce(self.target, &reduction)?;
        let base = base_of(cut, position.index, position.size)?;
        Ok((base > 0 && (cut == notional || cut >= MIN_STEP)).then_some((base, limit)))
    }
}

/// All debts. That to the credit line, which a repayment of the settlement asset settles first, leads.
fn owed_by(env: &Env, breakdown: &Picture) -> Vec<Holding> {
    let mut owed = Vec::new(env);
    if breakdown.perp_debt > 0 {
        owed.push_back(Holding {
            amount: breakdown.perp_debt,
            asset: breakdown.settlement.clone(),
            decimals: SETTLEMENT_DECIMALS,
            weight_bps: BPS,
            price: breakdown.settlement_price,
            value: 0,
        });
    }
    owed.append(&breakdown.debts);
    owed
}

/// Whether a position lies on the same side as before and is smaller, or is gone.
fn is_smaller(before: &OpenPosition, positions: &Vec<OpenPosition>) -> bool {
    let now = positions.iter().find(|position| position.market == before.market);
    now.is_none_or(|now| {
        now.size.signum() == before.size.signum() && now.size.unsigned_abs() < before.size.unsigned_abs()
    })
}

/// The signed size of a trade that takes `size` off a position.
fn against(position: &OpenPosition, size: i128) -> i128 {
    if position.size > 0 {
        -size
    } else {
        size
    }
}

fn health_of(breakdown: &Picture) -> Health {
    Health { effective: breakdown.summary.effective_margin, required: breakdown.summary.required_margin }
}

/// The holding of `asset` and its place.
#[inline(never)]
fn find(holdings: &Vec<Holding>, asset: &Address) -> Option<(u32, Holding)> {
    (0..).zip(holdings.iter()).find(|(_, holding)| holding.asset == *asset)
}

/// Token units of one repayment: what is needed, available and owed, whichever is least. `None` if it is not worth a step.
fn step(debt: &Holding, needed: i128, available: i128) -> Result<Option<i128>, MathError> {
    let wanted = units_floor(needed, debt.price, debt.decimals)?;
    let amount = wanted.min(available).min(debt.amount);
    let worth = amount == wanted
        || amount == debt.amount
        || value_floor(amount, debt.price, debt.decimals)? >= MIN_STEP;
    Ok((amount > 0 && worth).then_some(amount))
}

/// The position whose maintenance margin is largest, with its notional at the index.
fn heaviest(positions: &Vec<OpenPosition>) -> Result<Option<(OpenPosition, i128)>, MathError> {
    let mut best = None;
    let mut most = -1;
    for position in positions.iter() {
        let notional = mul_div_ceil(abs(position.size)?, position.index, QUOTE_SCALE)?;
        let margin = bps_floor(notional, position.mmr_bps)?;
        if notional > 0 && margin > most {
            most = margin;
            best = Some((position, notional));
        }
    }
    Ok(best)
}
