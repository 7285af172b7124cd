//! Scripted contracts around the account: a ledger that previews by a rule simple enough to read, and venues that take
//! the account's authority as the real ones do.

use margin_interface::*;
use margin_math::deleverage::{value_ceil, value_floor};
use margin_math::fixed::mul_div_ceil;
use margin_math::units::{BASE, BPS, PRICE, QUOTE_SCALE};
use soroban_sdk::auth::{ContractContext, InvokerContractAuthEntry, SubContractInvocation};
use soroban_sdk::{contract, contractimpl, contracttype, vec, Address, Env, IntoVal, Map, Symbol, Val, Vec};

#[contracttype]
enum Key {
    Base,
    Breakdown,
    Clearing,
    Epoch,
    Failure,
    Held,
    Limits,
    Previewed,
    Steady,
    Unlisted,
    Upper,
}

/// What an account reads of a `PerpView`.
#[contracttype]
pub struct FakeView {
    pub index: Quote,
    pub position: Position,
}

#[contract]
pub struct FakeLedger;

#[contractimpl]
impl FakeLedger {
    pub fn set_limits(env: Env, account: Address, limits: Limits) -> Result<(), LedgerError> {
        account.require_auth();
        failing(&env)?;
        env.storage().instance().set(&Key::Limits, &limits);
        Ok(())
    }

    pub fn grant(env: Env, account: Address, delegate: Address, permissions: u32, expires_at: u64) {
        account.require_auth();
        env.storage().persistent().set(&delegate, &(epoch(&env), permissions, expires_at));
    }

    pub fn revoke(env: Env, account: Address, delegate: Address) {
        account.require_auth();
        env.storage().persistent().remove(&delegate);
    }

    pub fn revoke_all(env: Env, account: Address) {
        account.require_auth();
        env.storage().instance().set(&Key::Epoch, &(epoch(&env) + 1));
    }

    /// Permissions and expiry of a delegate.
    pub fn granted(env: Env, delegate: Address) -> Option<(u32, u64)> {
        let (of, permissions, expires_at): (u32, u32, u64) = env.storage().persistent().get(&delegate)?;
        (of == epoch(&env)).then_some((permissions, expires_at))
    }

    pub fn stored_limits(env: Env) -> Limits {
        env.storage().instance().get(&Key::Limits).unwrap()
    }

    /// What a preview starts from.
    pub fn script(env: Env, base: AccountSummary) {
        env.storage().instance().set(&Key::Base, &base);
    }

    /// From now on no action changes the leverage.
    pub fn hold_steady(env: Env) {
        env.storage().instance().set(&Key::Steady, &true);
    }

    /// Sets the upper index of every market, 1e14.
    pub fn set_upper(env: Env, hi: i128) {
        env.storage().instance().set(&Key::Upper, &hi);
    }

    /// From now on an asset has no price.
    pub fn unlist(env: Env, asset: Address) {
        env.storage().instance().set(&Key::Unlisted, &asset);
    }

    /// Sets the account's position in every market.
    pub fn hold(env: Env, size: i128) {
        env.storage().instance().set(&Key::Held, &size);
    }

    /// The index lies between half the upper one and the upper one.
    pub fn perp_view(env: Env, _account: Address, _market: Symbol) -> Result<FakeView, LedgerError> {
        failing(&env)?;
        let (hi, status) = (upper(&env), PriceStatus::Live);
        let index = Quote { hi, lo: hi / 2, mid: 1, status, stable: 1, timestamp: 0 };
        let size = env.storage().instance().get(&Key::Held).unwrap_or(0);
        let position = Position { entry: 0, funding_index: 0, size };
        Ok(FakeView { index, position })
    }

    /// Makes every read fail, and every change of limits; 0 traps.
    pub fn fail(env: Env, code: u32) {
        env.storage().instance().set(&Key::Failure, &code);
    }

    /// From now on nothing fails.
    pub fn heal(env: Env) {
        env.storage().instance().remove(&Key::Failure);
    }

    /// The actions of every preview so far.
    pub fn previewed(env: Env) -> Vec<Vec<Action>> {
        env.storage().instance().get(&Key::Previewed).unwrap_or(Vec::new(&env))
    }

    /// Borrows and trades add their amount to the leverage; the margin of an order takes its own off.
    pub fn assess(
        env: Env,
        account: Address,
        actions: Vec<Action>,
        amounts: Vec<(Market, i128)>,
    ) -> Result<(AccountSummary, Option<i128>), LedgerError> {
        failing(&env)?;
        if account != env.current_contract_address() {
            let mut all = Self::previewed(env.clone());
            all.push_back(actions.clone());
            env.storage().instance().set(&Key::Previewed, &all);
        }
        let mut summary: AccountSummary = env.storage().instance().get(&Key::Base).unwrap();
        let value = match worth(&env, amounts) {
            Err(LedgerError::UnknownAsset | LedgerError::PriceNotUsable) => None,
            value => Some(value?),
        };
        if env.storage().instance().has(&Key::Steady) {
            return Ok((summary, value));
        }
        let mut leverage = i128::from(summary.leverage);
        for action in actions.iter() {
            leverage += match action {
                Action::Borrow(_, amount) | Action::Withdraw(_, amount) | Action::MoveSettlement(amount) => {
                    amount
                }
                Action::Trade(trade) => trade.size_delta,
                Action::Open(open) => i128::from(open.leverage) - open.margin,
                _ => panic!("a credit reached the preview"),
            };
        }
        summary.leverage = u32::try_from(leverage.max(0)).unwrap();
        Ok((summary, value))
    }

    pub fn set_breakdown(env: Env, breakdown: Breakdown) {
        env.storage().instance().set(&Key::Breakdown, &weighed(breakdown));
    }

    pub fn config(env: Env) -> LedgerConfig {
        let any = env.current_contract_address();
        let perp_clearing = env.storage().instance().get(&Key::Clearing).unwrap();
        LedgerConfig {
            factory: any.clone(),
            oracle: any.clone(),
            perp_clearing,
            settlement: any.clone(),
            vault: any,
        }
    }

    /// Where perpetuals are traded.
    pub fn set_clearing(env: Env, clearing: Address) {
        env.storage().instance().set(&Key::Clearing, &clearing);
    }

    pub fn breakdown(env: Env, _account: Address) -> Result<Breakdown, LedgerError> {
        failing(&env)?;
        Ok(env.storage().instance().get(&Key::Breakdown).unwrap())
    }
}

/// A unit of every asset is worth a unit of the dollar.
fn worth(env: &Env, amounts: Vec<(Market, i128)>) -> Result<i128, LedgerError> {
    failing(env)?;
    let unlisted: Option<Address> = env.storage().instance().get(&Key::Unlisted);
    let mut sum: i128 = 0;
    for (of, amount) in amounts.iter() {
        let value = match of {
            Market::Asset(asset) if unlisted.as_ref() == Some(&asset) => {
                return Err(LedgerError::UnknownAsset)
            }
            Market::Asset(_) => amount,
            Market::Perp(_) if upper(env) == 0 => return Err(LedgerError::PriceNotUsable),
            Market::Perp(_) => {
                mul_div_ceil(amount, upper(env), QUOTE_SCALE).map_err(|_| LedgerError::Overflow)?
            }
        };
        sum = sum.checked_add(value).ok_or(LedgerError::Overflow)?;
    }
    Ok(sum)
}

/// How often all grants were taken back.
fn epoch(env: &Env) -> u32 {
    env.storage().instance().get(&Key::Epoch).unwrap_or(0)
}

/// The upper index of every market.
fn upper(env: &Env) -> i128 {
    env.storage().instance().get(&Key::Upper).unwrap_or(PRICE)
}

fn failing(env: &Env) -> Result<(), LedgerError> {
    match env.storage().instance().get::<_, u32>(&Key::Failure) {
        None => Ok(()),
        Some(612) => Err(LedgerError::PriceNotUsable),
        Some(602) => Err(LedgerError::UnknownAsset),
        Some(626) => Err(LedgerError::Overflow),
        Some(_) => panic!("the ledger traps"),
    }
}

fn share(amount: i128, bps: u32) -> i128 {
    amount * i128::from(bps) / i128::from(BPS)
}

/// The breakdown with values and health by the formulas of the ledger.
pub fn weighed(mut breakdown: Breakdown) -> Breakdown {
    let (mut effective, mut required) = (0, breakdown.perp_debt);
    let (mut collateral, mut debt, mut notionals, mut pnl) = (0, breakdown.perp_debt, 0, 0);
    for (place, item) in breakdown.deposits.clone().iter().enumerate() {
        let value = value_floor(item.amount, item.price, item.decimals).unwrap();
        effective += share(value, item.weight_bps);
        collateral += value;
        breakdown.deposits.set(u32::try_from(place).unwrap(), Holding { value, ..item });
    }
    for (place, item) in breakdown.debts.clone().iter().enumerate() {
        let value = value_ceil(item.amount, item.price, item.decimals).unwrap();
        required += share(value, item.weight_bps);
        debt += value;
        breakdown.debts.set(u32::try_from(place).unwrap(), Holding { value, ..item });
    }
    for item in breakdown.positions.iter() {
        let notional = item.size.abs() * (item.index / 10_000_000) / (QUOTE_SCALE / 10_000_000);
        effective += item.pnl.max(0);
        required += share(notional, item.mmr_bps) - item.pnl.min(0);
        notionals += notional;
        pnl += item.pnl;
    }
    breakdown.summary.collateral_value = collateral;
    breakdown.summary.debt_value = debt;
    breakdown.summary.equity = collateral - debt + pnl;
    breakdown.summary.perp_notional = notionals;
    breakdown.summary.effective_margin = effective;
    breakdown.summary.required_margin = required;
    breakdown.summary.health_factor = match required {
        0 => u32::MAX,
        required => u32::try_from(effective * 10_000 / required).unwrap(),
    };
    breakdown
}

#[contracttype]
enum VenueKey {
    Advice,
    Adviser,
    Broken,
    Elsewhere,
    Epoch,
    Instead,
    Jammed,
    Left,
    Ledger,
    Premium,
    Pushed,
}

fn ledger(env: &Env) -> FakeLedgerClient<'_> {
    FakeLedgerClient::new(env, &env.storage().instance().get(&VenueKey::Ledger).unwrap())
}

fn replace(list: &mut Vec<Holding>, asset: &Address, amount: i128) -> i128 {
    let place = list.iter().position(|item| item.asset == *asset).unwrap();
    let place = u32::try_from(place).unwrap();
    let item = list.get(place).unwrap();
    let paid = amount.min(item.amount);
    list.set(place, Holding { amount: item.amount - paid, ..item });
    paid
}

/// Pays the credit line first, then the debt.
fn pay(breakdown: &mut Breakdown, asset: &Address, amount: i128) -> i128 {
    let line = if *asset == breakdown.settlement { amount.min(breakdown.perp_debt) } else { 0 };
    breakdown.perp_debt -= line;
    if amount == line {
        return line;
    }
    line + replace(&mut breakdown.debts, asset, amount - line)
}

#[contract]
pub struct FakeVault;

#[contractimpl]
impl FakeVault {
    pub fn __constructor(env: Env, ledger: Address) {
        env.storage().instance().set(&VenueKey::Ledger, &ledger);
    }

    /// Has the real vault advise.
    pub fn advised_by(env: Env, vault: Address) {
        env.storage().instance().set(&VenueKey::Adviser, &vault);
    }

    /// From now on this is the advice, one step after the other.
    pub fn advise(env: Env, steps: Vec<DeleverageStep>) {
        env.storage().instance().set(&VenueKey::Advice, &steps);
    }

    /// From now on this is all that a repayment settles, whatever it takes.
    pub fn settle_instead(env: Env, asset: Address, amount: i128) {
        env.storage().instance().set(&VenueKey::Instead, &(asset, amount));
    }

    pub fn plan_deleverage(
        env: Env,
        account: Address,
        breakdown: Breakdown,
        target: u32,
        swap: Option<(Address, Address, i128)>,
        skip: u32,
    ) -> Option<DeleverageStep> {
        if let Some(mut steps) = env.storage().instance().get::<_, Vec<DeleverageStep>>(&VenueKey::Advice) {
            let step = steps.pop_front();
            Self::advise(env, steps);
            return step;
        }
        let adviser = env.storage().instance().get(&VenueKey::Adviser).unwrap();
        VaultClient::new(&env, &adviser).plan_deleverage(&account, &breakdown, &target, &swap, &skip)
    }

    pub fn repay(
        env: Env,
        from: Address,
        account: Address,
        asset: Address,
        amount: i128,
    ) -> Result<i128, VaultError> {
        from.require_auth();
        FakeTokenClient::new(&env, &asset).transfer(&from, &env.current_contract_address(), &amount);
        let mut breakdown = ledger(&env).breakdown(&account);
        if let Some((asset, amount)) = env.storage().instance().get::<_, (Address, i128)>(&VenueKey::Instead)
        {
            pay(&mut breakdown, &asset, amount);
            ledger(&env).set_breakdown(&breakdown);
            return Ok(amount);
        }
        let paid = pay(&mut breakdown, &asset, amount);
        assert_eq!(paid, amount, "never more than is owed");
        ledger(&env).set_breakdown(&breakdown);
        Ok(paid)
    }

    pub fn repay_with_collateral(
        env: Env,
        account: Address,
        asset: Address,
        amount: i128,
    ) -> Result<i128, VaultError> {
        account.require_auth();
        let mut breakdown = ledger(&env).breakdown(&account);
        let paid = pay(&mut breakdown, &asset, amount);
        assert_eq!(paid, amount, "never more than is owed");
        assert_eq!(replace(&mut breakdown.deposits, &asset, amount), amount, "never more than is deposited");
        ledger(&env).set_breakdown(&breakdown);
        Ok(paid)
    }

    /// Both assets at a dollar; half a percent for the keeper.
    pub fn deleverage(
        env: Env,
        keeper: Address,
        account: Address,
        debt_asset: Address,
        collateral_asset: Address,
        max_repay: i128,
        wanted: i128,
    ) -> Result<Liquidation, VaultError> {
        account.require_auth();
        let signed = (&keeper, &account, &debt_asset, &collateral_asset, max_repay);
        keeper.require_auth_for_args(signed.into_val(&env));
        assert!(max_repay > 0 && wanted > 0);
        let vault = env.current_contract_address();
        let token = FakeTokenClient::new(&env, &debt_asset);
        token.transfer(&keeper, &vault, &max_repay);
        let mut breakdown = ledger(&env).breakdown(&account);
        let repaid = pay(&mut breakdown, &debt_asset, wanted.min(max_repay));
        let seized = replace(&mut breakdown.deposits, &collateral_asset, share(repaid, 10_050));
        ledger(&env).set_breakdown(&breakdown);
        token.transfer(&vault, &keeper, &(max_repay - repaid));
        Ok(Liquidation { repaid, seized })
    }
}

/// Adds to the settlement deposit, or takes from it and then from the credit line.
fn settle(breakdown: &mut Breakdown, amount: i128) {
    let settlement = breakdown.settlement.clone();
    let place = breakdown.deposits.iter().position(|item| item.asset == settlement);
    let place = place.map(|place| u32::try_from(place).unwrap());
    let held = place.map_or(0, |place| breakdown.deposits.get(place).unwrap().amount);
    let left = held + amount;
    breakdown.perp_debt -= left.min(0);
    let item = Holding {
        amount: left.max(0),
        asset: settlement,
        decimals: 7,
        price: breakdown.settlement_price,
        value: 0,
        weight_bps: BPS,
    };
    match place {
        Some(place) => breakdown.deposits.set(place, item),
        None => breakdown.deposits.push_back(item),
    }
}

fn pushed(env: &Env, price: i128) -> i128 {
    let bps: i128 = env.storage().instance().get(&VenueKey::Pushed).unwrap_or(0);
    price + price / 10_000 * bps
}

/// Smallest position that may remain.
const MIN_BASE: i128 = BASE / 10;

/// Fills where the curve was pushed, without a fee.
#[contract]
pub struct FakeClearing;

#[contractimpl]
impl FakeClearing {
    pub fn __constructor(env: Env, ledger: Address) {
        env.storage().instance().set(&VenueKey::Ledger, &ledger);
    }

    /// From now on a fill destroys the collateral.
    pub fn break_down(env: Env) {
        env.storage().instance().set(&VenueKey::Broken, &true);
    }

    /// From now on a fill leaves this size, whatever was asked for.
    pub fn leave(env: Env, size: i128) {
        env.storage().instance().set(&VenueKey::Left, &size);
    }

    /// From now on a fill leaves the account with this position as well.
    pub fn also_leave(env: Env, position: OpenPosition) {
        env.storage().instance().set(&VenueKey::Elsewhere, &position);
    }

    /// Moves the curve away from the index, bps.
    pub fn push(env: Env, bps: i128) {
        env.storage().instance().set(&VenueKey::Pushed, &bps);
    }

    /// The premium that the market has averaged, 1e18.
    pub fn set_premium(env: Env, premium: i128) {
        env.storage().instance().set(&VenueKey::Premium, &premium);
    }

    /// From now on no order can be ended.
    pub fn jam(env: Env) {
        env.storage().instance().set(&VenueKey::Jammed, &true);
    }

    pub fn bump_epoch(env: Env, account: Address) -> Result<u64, ClearingError> {
        account.require_auth();
        if env.storage().instance().has(&VenueKey::Jammed) {
            return Err(ClearingError::Overflow);
        }
        let epoch = Self::epoch(env.clone()) + 1;
        env.storage().instance().set(&VenueKey::Epoch, &epoch);
        Ok(epoch)
    }

    /// How often orders were ended.
    pub fn epoch(env: Env) -> u64 {
        env.storage().instance().get(&VenueKey::Epoch).unwrap_or(0)
    }

    pub fn update_funding_rate(env: Env, _market: Symbol) -> Result<i128, ClearingError> {
        Ok(env.storage().instance().get(&VenueKey::Premium).unwrap_or(0))
    }

    pub fn quote_trade(env: Env, market: Symbol, size_delta: i128) -> Result<TradeQuote, ClearingError> {
        let breakdown = ledger(&env).breakdown(&env.current_contract_address());
        let index = breakdown.positions.iter().find(|item| item.market == market).unwrap().index;
        let price = pushed(&env, index);
        let quote_delta = -(size_delta * (price / 10_000_000) / (QUOTE_SCALE / 10_000_000));
        Ok(TradeQuote { fee: 0, mark: price, price, quote_delta })
    }

    pub fn trade(
        env: Env,
        trader: Address,
        market: Symbol,
        size_delta: i128,
        limit_price: i128,
        reduce_only: bool,
        deadline: u64,
    ) -> Result<Fill, ClearingError> {
        trader.require_auth();
        assert!(reduce_only && deadline == env.ledger().timestamp());
        let mut breakdown = ledger(&env).breakdown(&trader);
        let place = breakdown.positions.iter().position(|item| item.market == market).unwrap();
        let place = u32::try_from(place).unwrap();
        let item = breakdown.positions.get(place).unwrap();
        assert!(size_delta.signum() == -item.size.signum() && size_delta.abs() <= item.size.abs());
        let (item_index, price) = (item.index, pushed(&env, item.index));
        if if size_delta < 0 { price < limit_price } else { price > limit_price } {
            return Err(ClearingError::SlippageExceeded);
        }
        let size = env.storage().instance().get(&VenueKey::Left).unwrap_or(item.size + size_delta);
        if size != 0 && size.abs() < MIN_BASE {
            return Err(ClearingError::BelowMinimum);
        }
        if size == 0 {
            breakdown.positions.remove(place);
        } else {
            breakdown
                .positions
                .set(place, OpenPosition { size, pnl: item.pnl * size / item.size, ..item.clone() });
        }
        // What the fill is worse than the index, and the loss of what was closed, is paid or owed.
        let slippage = size_delta * ((price - item_index) / 10_000_000) / (QUOTE_SCALE / 10_000_000);
        settle(&mut breakdown, item.pnl - item.pnl * size / item.size - slippage);
        if env.storage().instance().has(&VenueKey::Broken) {
            breakdown.deposits = Vec::new(&env);
        }
        if let Some(other) = env.storage().instance().get::<_, OpenPosition>(&VenueKey::Elsewhere) {
            let place = breakdown.positions.iter().position(|item| item.market == other.market).unwrap();
            breakdown.positions.set(u32::try_from(place).unwrap(), other);
        }
        ledger(&env).set_breakdown(&breakdown);
        let position = Position { entry: 0, funding_index: 0, size };
        Ok(Fill {
            fee: 0,
            funding: 0,
            position,
            price: item.index,
            quote_delta: 0,
            realized_pnl: 0,
            size_delta,
        })
    }
}

/// A token that anybody may mint.
#[contract]
pub struct FakeToken;

#[contractimpl]
impl FakeToken {
    pub fn mint(env: Env, to: Address, amount: i128) {
        let balance = Self::balance(env.clone(), to.clone());
        env.storage().persistent().set(&to, &(balance + amount));
    }

    pub fn balance(env: Env, id: Address) -> i128 {
        env.storage().persistent().get(&id).unwrap_or(0)
    }

    /// From now on nothing is transferred.
    pub fn freeze(env: Env) {
        env.storage().instance().set(&VenueKey::Broken, &true);
    }

    pub fn transfer(env: Env, from: Address, to: Address, amount: i128) {
        from.require_auth();
        assert!(!env.storage().instance().has(&VenueKey::Broken));
        let left = Self::balance(env.clone(), from.clone()) - amount;
        assert!(left >= 0);
        env.storage().persistent().set(&from, &left);
        Self::mint(env, to, amount);
    }
}

/// A contract that owns the account: the direct invoker needs no signature.
#[contract]
pub struct FakeOwner;

#[contractimpl]
impl FakeOwner {
    pub fn administer(env: Env, account: Address, function: Symbol, args: Vec<Val>) -> Val {
        env.invoke_contract(&account, &function, args)
    }
}

/// A contract that deleverages accounts with its own tokens: it authorises what the vault asks of it beforehand.
#[contract]
pub struct FakeKeeper;

#[contractimpl]
impl FakeKeeper {
    pub fn deleverage(
        env: Env,
        account: Address,
        vault: Address,
        debt: Address,
        collateral: Address,
        max_repay: i128,
    ) -> DeleverageReport {
        let keeper = env.current_contract_address();
        let call = |contract: &Address, name: &str, args: Vec<Val>| ContractContext {
            contract: contract.clone(),
            fn_name: Symbol::new(&env, name),
            args,
        };
        let transfer = SubContractInvocation {
            context: call(&debt, "transfer", (&keeper, &vault, max_repay).into_val(&env)),
            sub_invocations: Vec::new(&env),
        };
        let swap = SubContractInvocation {
            context: call(
                &vault,
                "deleverage",
                (&keeper, &account, &debt, &collateral, max_repay).into_val(&env),
            ),
            sub_invocations: vec![&env, InvokerContractAuthEntry::Contract(transfer)],
        };
        env.authorize_as_current_contract(vec![&env, InvokerContractAuthEntry::Contract(swap)]);
        let account = SmartAccountClient::new(&env, &account);
        account.auto_deleverage_with(&keeper, &debt, &collateral, &max_repay)
    }
}

/// An account without debts and positions, at a health of 1.2.
pub fn healthy(env: &Env) -> AccountSummary {
    AccountSummary {
        collateral_value: 0,
        debt_value: 0,
        effective_margin: 0,
        equity: 0,
        exposures: no_exposures(env),
        health_factor: 12_000,
        leverage: 0,
        liquidation_ok: true,
        margin_call_ok: true,
        opening_ok: true,
        perp_notional: 0,
        required_margin: 0,
        status: AccountStatus::Normal,
        unrealized_pnl: 0,
    }
}

pub fn no_exposures(env: &Env) -> Map<Market, i128> {
    Map::new(env)
}
