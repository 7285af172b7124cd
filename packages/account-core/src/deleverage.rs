//! How an account restores its own health, cheapest first: money from its wallet, deposits of the asset it owes,
//! smaller positions. Anybody may ask for it; nobody but the account decides what is done.

use crate::policy::refusal;
use crate::state::Profile;
use crate::storage;
use margin_interface::{
    AccountError, Breakdown, ClearingError, DeleverageReport, Deleveraged, Holding, MarginLedgerClient,
    OpenPosition, PerpClearingClient, VaultClient,
};
use margin_math::deleverage::{
    base_of, fill_cost_bps, units_floor, value_floor, worst_price, Health, Reduction,
};
use margin_math::fixed::{abs, add, mul_div_ceil, mul_div_floor, sub};
use margin_math::units::{BPS, QUOTE_SCALE, SETTLEMENT_DECIMALS, USD};
use margin_math::MathError;
use soroban_sdk::{
    auth::{ContractContext, InvokerContractAuthEntry, SubContractInvocation},
    symbol_short,
    token::TokenClient,
    vec, Address, Env, IntoVal, Map, Symbol, Val, Vec,
};

/// Health that a deleverage restores, bps: 1.5.
pub const TARGET_BPS: u32 = 15_000;
/// Seconds between two deleverages of an account.
pub const COOLDOWN_SECONDS: u64 = 60;
/// Smallest step, USD 1e7: $10, unless it settles a debt, closes a position or restores the target.
pub const MIN_STEP: i128 = 10 * USD;
/// Positions reduced at most by one call; it bounds the cost.
pub const MAX_REDUCTIONS: u32 = 3;
/// How far beyond the index a reduction may be filled, bps.
pub const PRICE_BAND_BPS: u32 = 500;

/// Restores health from below the account's threshold to the target and no further.
///
/// # Errors
/// * [`AccountError::NothingToDeleverage`] - not below the threshold, or no means that help
/// * [`AccountError::Cooldown`]
/// * [`AccountError::StalePrice`] - the ledger has no usable price
/// * [`AccountError::InsufficientHealth`] - health would have fallen; everything is undone
///
/// # Events
/// * [`Deleveraged`]
pub fn auto_deleverage(env: &Env) -> Result<DeleverageReport, AccountError> {
    let mut profile = storage::load(env)?;
    let before = read(env, &profile)?;
    if before.summary.health_factor >= profile.limits.min_health {
        return Err(AccountError::NothingToDeleverage);
    }
    let now = env.ledger().timestamp();
    if profile.deleveraged_at != 0 && now < profile.deleveraged_at + COOLDOWN_SECONDS {
        return Err(AccountError::Cooldown);
    }
    let mut run = Run::new(env, &profile, &before)?;
    run.repay_from_wallet()?;
    run.repay_from_deposits(&before.deposits)?;
    let mut after = read(env, &profile)?;
    let mut fell = after.summary.health_factor < before.summary.health_factor;
    for _ in 0..MAX_REDUCTIONS {
        if fell || !run.reduce_a_position(&after)? {
            break;
        }
        let health = after.summary.health_factor;
        after = read(env, &profile)?;
        fell = after.summary.health_factor < health;
    }
    if fell {
        return Err(AccountError::InsufficientHealth);
    }
    let report = DeleverageReport {
        health_after: after.summary.health_factor,
        health_before: before.summary.health_factor,
        repaid_from_wallet: run.from_wallet,
        repaid_from_deposits: run.from_deposits,
        reduced: run.reduced,
    };
    if report.repaid_from_wallet == 0 && report.repaid_from_deposits == 0 && report.reduced == 0 {
        return Err(AccountError::NothingToDeleverage);
    }
    profile.deleveraged_at = now;
    storage::save(env, &profile);
    Deleveraged { report: report.clone() }.publish(env);
    Ok(report)
}

fn read(env: &Env, profile: &Profile) -> Result<Breakdown, AccountError> {
    match MarginLedgerClient::new(env, &profile.protocol.ledger)
        .try_breakdown(&env.current_contract_address())
    {
        Ok(Ok(breakdown)) => Ok(breakdown),
        Err(failure) => Err(refusal(failure)),
        Ok(Err(_)) => Err(AccountError::InsufficientHealth),
    }
}

fn arithmetic(error: MathError) -> AccountError {
    match error {
        MathError::DivisionByZero => AccountError::DivisionByZero,
        _ => AccountError::ArithmeticOverflow,
    }
}

/// One deleverage: what is owed and what has been done about it.
struct Run<'a> {
    env: &'a Env,
    profile: &'a Profile,
    account: Address,
    target: u32,
    health: Health,
    /// Everything owed; debt to the credit line, which a repayment of the settlement asset settles first, leads.
    owed: Vec<Holding>,
    wallet: Map<Address, i128>,
    from_wallet: i128,
    from_deposits: i128,
    reduced: i128,
}

impl<'a> Run<'a> {
    /// Reads every balance that any step may use, whichever steps the prices then call for: the footprint does not depend
    /// on them.
    fn new(env: &'a Env, profile: &'a Profile, breakdown: &Breakdown) -> Result<Run<'a>, AccountError> {
        let account = env.current_contract_address();
        let mut owed = Vec::new(env);
        if breakdown.perp_debt > 0 {
            owed.push_back(Holding {
                amount: breakdown.perp_debt,
                asset: breakdown.settlement.clone(),
                decimals: SETTLEMENT_DECIMALS,
                weight_bps: BPS,
                price: breakdown.settlement_price,
                value: value_floor(breakdown.perp_debt, breakdown.settlement_price, SETTLEMENT_DECIMALS)
                    .map_err(arithmetic)?,
            });
        }
        owed.append(&breakdown.debts);
        let mut wallet = Map::new(env);
        for debt in owed.iter() {
            if !wallet.contains_key(debt.asset.clone()) {
                // A token that cannot be read blocks itself alone.
                let balance = TokenClient::new(env, &debt.asset).try_balance(&account);
                wallet.set(debt.asset, balance.ok().and_then(Result::ok).unwrap_or_default());
            }
        }
        Ok(Run {
            env,
            profile,
            account,
            target: TARGET_BPS.max(profile.limits.min_health),
            health: health_of(breakdown),
            owed,
            wallet,
            from_wallet: 0,
            from_deposits: 0,
            reduced: 0,
        })
    }

    fn repay_from_wallet(&mut self) -> Result<(), AccountError> {
        for place in 0..self.owed.len() {
            let Some(debt) = self.owed.get(place) else { break };
            let needed = self.health.repay_from_wallet(self.target, debt.weight_bps).map_err(arithmetic)?;
            let available = self.wallet.get(debt.asset.clone()).unwrap_or_default();
            let Some(amount) = step(&debt, needed, available)? else { continue };
            self.authorise_transfer(&debt.asset, amount);
            let vault = VaultClient::new(self.env, &self.profile.protocol.vault);
            let Ok(Ok(repaid)) = vault.try_repay(&self.account, &self.account, &debt.asset, &amount) else {
                continue;
            };
            self.wallet.set(debt.asset.clone(), available - repaid);
            let value = self.settle(place, debt, repaid, 0)?;
            self.from_wallet = add(self.from_wallet, value).map_err(arithmetic)?;
        }
        Ok(())
    }

    fn repay_from_deposits(&mut self, deposits: &Vec<Holding>) -> Result<(), AccountError> {
        let mut left: Map<Address, i128> = Map::new(self.env);
        for place in 0..self.owed.len() {
            let Some(debt) = self.owed.get(place) else { break };
            let Some(deposit) = deposits.iter().find(|deposit| deposit.asset == debt.asset) else { continue };
            let needed = self
                .health
                .repay_from_deposit(self.target, debt.weight_bps, deposit.weight_bps)
                .map_err(arithmetic)?;
            let available = left.get(debt.asset.clone()).unwrap_or(deposit.amount);
            let Some(amount) = step(&debt, needed, available)? else { continue };
            let vault = VaultClient::new(self.env, &self.profile.protocol.vault);
            let result = vault.try_repay_with_collateral(&self.account, &debt.asset, &amount);
            let Ok(Ok(repaid)) = result else { continue };
            left.set(debt.asset.clone(), available - repaid);
            let value = self.settle(place, debt, repaid, deposit.weight_bps)?;
            self.from_deposits = add(self.from_deposits, value).map_err(arithmetic)?;
        }
        Ok(())
    }

    /// Books a repayment in the running figures. `given_up_bps` is the weight that the money had as a deposit.
    fn settle(
        &mut self,
        place: u32,
        debt: Holding,
        repaid: i128,
        given_up_bps: u32,
    ) -> Result<i128, AccountError> {
        let value = value_floor(repaid, debt.price, debt.decimals).map_err(arithmetic)?;
        let relief =
            mul_div_floor(value, i128::from(debt.weight_bps), i128::from(BPS)).map_err(arithmetic)?;
        let given_up = mul_div_ceil(value, i128::from(given_up_bps), i128::from(BPS)).map_err(arithmetic)?;
        self.health.required = sub(self.health.required, relief).map_err(arithmetic)?;
        self.health.effective = sub(self.health.effective, given_up).map_err(arithmetic)?;
        self.owed.set(place, Holding { amount: debt.amount - repaid, ..debt });
        Ok(value)
    }

    /// The vault pulls exactly `amount` in the very next call; no signature is needed because the account is the invoker.
    fn authorise_transfer(&self, asset: &Address, amount: i128) {
        let context = ContractContext {
            contract: asset.clone(),
            fn_name: Symbol::new(self.env, "transfer"),
            args: (self.account.clone(), self.profile.protocol.vault.clone(), amount).into_val(self.env),
        };
        let transfer = SubContractInvocation { context, sub_invocations: vec![self.env] };
        self.env.authorize_as_current_contract(vec![self.env, InvokerContractAuthEntry::Contract(transfer)]);
    }

    /// Reduces the position that frees most margin. Returns whether it did and health may still be below the target.
    fn reduce_a_position(&mut self, breakdown: &Breakdown) -> Result<bool, AccountError> {
        self.health = health_of(breakdown);
        if !self.health.is_below(self.target).map_err(arithmetic)? {
            return Ok(false);
        }
        let Some((position, notional)) = heaviest(&breakdown.positions)? else { return Ok(false) };
        let Some(size) = self.size_of_reduction(breakdown, &position, notional)? else { return Ok(false) };
        let whole = abs(position.size).map_err(arithmetic)?;
        let traded = match self.trade(&position, size)? {
            // A rest below the market's minimum must not remain.
            Err(ClearingError::BelowMinimum) => self.trade(&position, whole)?.map(|()| whole),
            result => result.map(|()| size),
        };
        let Ok(size) = traded else { return Ok(false) };
        let cut = mul_div_floor(size, position.index, QUOTE_SCALE).map_err(arithmetic)?;
        self.reduced = add(self.reduced, cut).map_err(arithmetic)?;
        Ok(true)
    }

    /// Trades `size` of a position away. The fill is not looked at, hence not decoded: the ledger is read again instead.
    fn trade(&self, position: &OpenPosition, size: i128) -> Result<Result<(), ClearingError>, AccountError> {
        let long = position.size > 0;
        let limit = worst_price(long, position.index, PRICE_BAND_BPS).map_err(arithmetic)?;
        let delta = if long { -size } else { size };
        let now = self.env.ledger().timestamp();
        let args =
            (self.account.clone(), position.market.clone(), delta, limit, true, now).into_val(self.env);
        let clearing = &self.profile.protocol.perp_clearing;
        let result =
            self.env.try_invoke_contract::<Val, ClearingError>(clearing, &symbol_short!("trade"), args);
        Ok(match result {
            Ok(_) => Ok(()),
            Err(failure) => Err(failure.unwrap_or(ClearingError::InvalidAmount)),
        })
    }

    /// Base to trade away: first sized by the index, then once more by what the curve would really charge for that.
    fn size_of_reduction(
        &self,
        breakdown: &Breakdown,
        position: &OpenPosition,
        notional: i128,
    ) -> Result<Option<i128>, AccountError> {
        let deposit = breakdown
            .deposits
            .iter()
            .find(|deposit| deposit.asset == breakdown.settlement)
            .map_or(0, |deposit| deposit.value);
        let long = position.size > 0;
        let mut reduction = Reduction {
            cost_bps: 0,
            deposit,
            loss: (-position.pnl).max(0),
            mmr_bps: position.mmr_bps,
            notional,
        };
        let first = self.health.reduce(self.target, &reduction).map_err(arithmetic)?;
        let base = base_of(first, position.index, position.size).map_err(arithmetic)?;
        if base <= 0 {
            return Ok(None);
        }
        let clearing = PerpClearingClient::new(self.env, &self.profile.protocol.perp_clearing);
        let delta = if long { -base } else { base };
        let Ok(Ok(quote)) = clearing.try_quote_trade(&position.market, &delta) else { return Ok(None) };
        let cash = abs(quote.quote_delta).map_err(arithmetic)?;
        let cut = mul_div_floor(base, position.index, QUOTE_SCALE).map_err(arithmetic)?.max(1);
        reduction.cost_bps = fill_cost_bps(long, cut, cash, quote.fee).map_err(arithmetic)?;
        let cut = self.health.reduce(self.target, &reduction).map_err(arithmetic)?;
        let base = base_of(cut, position.index, position.size).map_err(arithmetic)?;
        Ok((base > 0 && (cut == notional || cut >= MIN_STEP)).then_some(base))
    }
}

fn health_of(breakdown: &Breakdown) -> Health {
    Health { effective: breakdown.summary.effective_margin, required: breakdown.summary.required_margin }
}

/// Token units of one repayment: what is needed, available and owed, whichever is least. `None` if it is not worth a step.
fn step(debt: &Holding, needed: i128, available: i128) -> Result<Option<i128>, AccountError> {
    let wanted = units_floor(needed, debt.price, debt.decimals).map_err(arithmetic)?;
    let amount = wanted.min(available).min(debt.amount);
    let worth = amount == wanted
        || amount == debt.amount
        || value_floor(amount, debt.price, debt.decimals).map_err(arithmetic)? >= MIN_STEP;
    Ok((amount > 0 && worth).then_some(amount))
}

/// The position whose maintenance margin is largest, with its notional at the index.
fn heaviest(positions: &Vec<OpenPosition>) -> Result<Option<(OpenPosition, i128)>, AccountError> {
    let mut best: Option<(OpenPosition, i128, i128)> = None;
    for position in positions.iter() {
        let size = abs(position.size).map_err(arithmetic)?;
        let notional = mul_div_ceil(size, position.index, QUOTE_SCALE).map_err(arithmetic)?;
        let margin =
            mul_div_floor(notional, i128::from(position.mmr_bps), i128::from(BPS)).map_err(arithmetic)?;
        if notional > 0 && best.as_ref().is_none_or(|(_, _, most)| margin > *most) {
            best = Some((position, notional, margin));
        }
    }
    Ok(best.map(|(position, notional, _)| (position, notional)))
}
