//! Debts repaid by somebody else, who takes collateral for it: one debt, one collateral, at call time on current state.
//!
//! Nothing is stored between calls, so nothing goes stale and the owner may always repay first. `margin-math` sizes
//! it; what is seized follows from the debt that was really extinguished.

use crate::{
    book::{emit, Book},
    checked::*,
    holdings, lending, limits, settlement, standing, storage,
    valuation::{self, Owned, Quotes, Sheet, Valuation, Valued},
};
use margin_interface::{
    AccountStatus, Bucket, InKindSet, LedgerError, Liquidated, Liquidation, Receive, Taking, ALL,
    MAX_HOLDINGS,
};
use margin_math::{
    lending_liquidation::{
        self as sizing, HeldSide, OwedSide, Plan, Seizure, Standing, DELEVERAGE_BONUS_BPS, IN_KIND_BONUS_BPS,
    },
    margin::value_floor,
    status::may_seize,
    units::{BPS, SECONDS_PER_DAY},
};
use soroban_sdk::{Address, Env, Vec};

/// Seconds that others have to liquidate a flagged account before insurance may.
const BACKSTOP_AFTER: u64 = 600;
/// What insurance may pay for liquidations in a day, bps of the fund.
const BACKSTOP_DAILY_BPS: u32 = 2_500;

/// The two sides of a repayment, priced.
struct Pair {
    owed: OwedSide,
    held: HeldSide,
    /// Perpetual debt is repaid before lending debt of the same asset.
    perp: bool,
}

/// What somebody offers.
pub struct Order {
    /// Who repays and receives.
    pub liquidator: Address,
    /// Whose debt.
    pub account: Address,
    /// What is repaid.
    pub debt: Address,
    /// What is taken.
    pub collateral: Address,
    /// Most units of the debt; the vault holds them and returns what is not used.
    pub max_repay: i128,
    /// Fewest units of the collateral.
    pub min_seized: i128,
    /// As shares or as tokens.
    pub receive: Receive,
}

/// Liquidates an account that may be, down to its target.
pub fn liquidate(book: &mut Book, order: &Order) -> Liquidation {
    execute(book, order, Taking::Liquidation)
}

/// Has insurance take what nobody else did.
pub fn backstop(book: &mut Book, account: Address, collateral: Address, max_repay: i128) -> Liquidation {
    let env = &book.env.clone();
    let fund = storage::protocol_account(env, Bucket::Insurance);
    let liquidator = fund.unwrap_or_else(|| fail(env, LedgerError::VenuesNotSet));
    let (owner, now) = (book.account(&account), book.now());
    let waited = owner.status == AccountStatus::Flagged && now >= owner.since + BACKSTOP_AFTER;
    require(env, waited, LedgerError::NotLiquidatable);
    let (paid, at) = storage::backstop(env);
    let left = SECONDS_PER_DAY.saturating_sub(now.saturating_sub(at));
    let faded = mul_div_floor(env, paid, i128::from(left), i128::from(SECONDS_PER_DAY));
    let most = bps_floor(env, book.settlement().insurance, BACKSTOP_DAILY_BPS);
    let max_repay = max_repay.min(sub(env, most, faded));
    require(env, max_repay > 0, LedgerError::InsufficientBucket);
    let (debt, receive) = (book.config.settlement.clone(), Receive::Shares);
    let order = Order { liquidator, account, debt, collateral, max_repay, min_seized: 0, receive };
    let done = execute(book, &order, Taking::Backstop);
    storage::set_backstop(env, &(add(env, faded, done.repaid), now));
    done
}

fn execute(book: &mut Book, order: &Order, kind: Taking) -> Liquidation {
    let env = &book.env.clone();
    let owner = book.account(&order.account);
    let (sheet, quotes) = valuation::sheet(book, &owner);
    let valued = sheet.value(env, &quotes, Valuation::Liquidation);
    require(env, standing::liquidatable(&owner, &valued.margin, book.now()), LedgerError::NotLiquidatable);
    let pair = pair(book, &sheet, &quotes, order, Valuation::Liquidation);
    let done = if order.debt == order.collateral {
        // The account could do the same itself: nobody is paid for it.
        lending::pay_with_collateral(book, &order.account, &order.debt, order.max_repay);
        book_taking(book, order, &pair, 0, &Seizure { fee: 0, seized: 0 }, kind)
    } else {
        let plan = plan(env, &sheet, &quotes, &valued, &pair, order.max_repay);
        take(book, order, &pair, &plan, kind)
    };
    settlement::touch_debts(book, &owner);
    settlement::realize_bad_debt(book, &order.account);
    done
}

/// Any debt of an account that asks for it: at mid prices that are live, for whom a doubtful price would favour here is
/// not the account's to lose.
pub fn deleverage(book: &mut Book, order: &Order) -> Liquidation {
    agreed(book, order, DELEVERAGE_BONUS_BPS, Taking::Deleverage)
}

/// The perpetual debt of an account that has named the asset before.
pub fn settle_in_kind(book: &mut Book, order: &Order) -> Liquidation {
    let env = &book.env.clone();
    let named = storage::in_kind(env, &order.account).contains(&order.collateral);
    require(env, named, LedgerError::NotInKind);
    let owes = book.account(&order.account).perp_debt > 0;
    require(env, owes, LedgerError::NothingOwed);
    agreed(book, order, IN_KIND_BONUS_BPS, Taking::InKind)
}

/// Names the assets that may be taken in kind.
pub fn set_in_kind(book: &mut Book, account: &Address, assets: &Vec<Address>) {
    account.require_auth();
    let env = &book.env.clone();
    require(env, assets.len() <= MAX_HOLDINGS, LedgerError::TooManyHoldings);
    storage::set_in_kind(env, account, assets);
    let owner = book.account(account);
    let account_seq = book.put_account(account, &owner);
    InKindSet { account: account.clone(), account_seq, assets: assets.clone() }.publish(env);
}

fn agreed(book: &mut Book, order: &Order, bonus_bps: u32, kind: Taking) -> Liquidation {
    let env = &book.env.clone();
    require(env, order.debt != order.collateral, LedgerError::LiquidationUnhelpful);
    let owner = book.account(&order.account);
    let (sheet, quotes) = valuation::sheet(book, &owner);
    let before = sheet.value(env, &quotes, Valuation::Live).margin;
    let pair = pair(book, &sheet, &quotes, order, Valuation::Live);
    let plan = sizing::plan_agreed(&pair.owed, &pair.held, bonus_bps, order.max_repay).or_fail(env);
    let done = take(book, order, &pair, &plan, kind);
    let owner = book.account(&order.account);
    let after = Sheet::of(book, &owner).value(env, &quotes, Valuation::Live).margin;
    // Better than before is never without collateral, so no bad debt comes to light here.
    require(env, before.improves_to(&after).or_fail(env), LedgerError::LiquidationUnhelpful);
    done
}

/// Both sides in a valuation, if both exist and their prices serve.
fn pair(book: &mut Book, sheet: &Sheet, quotes: &Quotes, order: &Order, valuation: Valuation) -> Pair {
    let env = &book.env.clone();
    require_positive(env, order.max_repay);
    require(env, order.liquidator != order.account, LedgerError::SelfLiquidation);
    let now = book.now();
    let perp = order.debt == book.config.settlement && sheet.perp_debt > 0;
    let lending = sheet.debts.iter().find(|line| line.asset == order.debt);
    require(env, perp || lending.is_some(), LedgerError::NothingOwed);
    let line = sheet.deposits.iter().find(|line| line.asset == order.collateral);
    let line = line.unwrap_or_else(|| fail(env, LedgerError::InsufficientBalance));
    let debt = book.asset(&order.debt);
    let priced = |quote| {
        // Live prices only, where the account has a choice.
        let usable = valuation == Valuation::Liquidation || valuation::allows_increase(quote);
        require(env, usable, LedgerError::PriceNotUsable);
        valuation::prices(env, quote, valuation)
    };
    let prices = priced(quotes.get(&debt.config.index));
    let (amount, price, lw_bps) = match lending {
        Some(lending) if !perp => (lending.amount, prices.owed(valuation), lending.live(now).lw_bps),
        _ => (sheet.perp_debt, prices.settled(valuation), BPS),
    };
    let owed = OwedSide { amount, decimals: debt.decimals, price, lw_bps };
    let held = HeldSide {
        amount: line.amount,
        decimals: line.state.decimals,
        price: priced(quotes.get(&line.state.config.index)).owned(valuation),
        ltv_bps: line.live(now).ltv_bps,
        opening_bps: line.state.config.opening_bps,
        max_bonus_bps: line.state.config.max_bonus_bps,
    };
    // What is worth next to nothing even at the account's better end needs no trust, and must not keep a lost debt alive.
    let worth = || value_floor(held.amount, held.decimals, held.price).or_fail(env);
    let seizable = is_trusted(line, quotes) || worth() < settlement::DUST;
    require(env, seizable, LedgerError::PriceNotUsable);
    Pair { owed, held, perp }
}

/// Whether the price of a deposit is trusted as far as seizing it.
fn is_trusted(line: &Owned, quotes: &Quotes) -> bool {
    may_seize(valuation::status(quotes.get(&line.state.config.index).status))
}

/// To the target if the pair helps; in full if no pair of the account could now; else refused.
fn plan(env: &Env, sheet: &Sheet, quotes: &Quotes, valued: &Valued, pair: &Pair, max_repay: i128) -> Plan {
    let Pair { owed, held, .. } = pair;
    let margin = &valued.margin;
    let standing = &Standing {
        effective: margin.effective,
        effective_liquidation: margin.effective_liquidation,
        effective_opening: margin.effective_opening,
        required: margin.required,
    };
    if let Some(bonus_bps) = sizing::bonus_bps(standing, owed, held).or_fail(env) {
        return sizing::plan(standing, owed, held, bonus_bps, max_repay).or_fail(env);
    }
    let now = env.ledger().timestamp();
    // The best pair is the collateral that supports least against the debt that weighs most. Dust helps nobody, and anybody
    // can send some again and again.
    let mut ltv_bps = BPS;
    for (line, value) in sheet.deposits.iter().zip(&valued.deposits) {
        if *value >= settlement::DUST && is_trusted(line, quotes) {
            ltv_bps = ltv_bps.min(line.live(now).ltv_bps);
        }
    }
    let mut lw_bps = owed.lw_bps;
    for (line, value) in sheet.debts.iter().zip(&valued.debts) {
        if *value >= settlement::DUST {
            lw_bps = lw_bps.max(line.live(now).lw_bps);
        }
    }
    let helps = sizing::helps(standing, lw_bps, ltv_bps).or_fail(env);
    require(env, !helps, LedgerError::LiquidationUnhelpful);
    sizing::plan_insolvent(owed, held, max_repay).or_fail(env)
}

/// Extinguishes what is planned, and takes what that fetches.
fn take(book: &mut Book, order: &Order, pair: &Pair, plan: &Plan, kind: Taking) -> Liquidation {
    let env = &book.env.clone();
    require_positive(env, plan.repay);
    let repaid = lending::extinguish(book, &order.account, &order.debt, plan.repay).total();
    if kind == Taking::Backstop {
        decrease(env, &mut book.settlement_mut().insurance, repaid);
    } else {
        increase(env, &mut book.asset_mut(&order.debt).totals.cash, repaid);
    }
    let seizure = sizing::seizure(&pair.owed, &pair.held, plan, repaid).or_fail(env);
    seize(book, order, &seizure, pair.held.amount);
    book_taking(book, order, pair, repaid, &seizure, kind)
}

fn book_taking(
    book: &mut Book,
    order: &Order,
    pair: &Pair,
    repaid: i128,
    seizure: &Seizure,
    kind: Taking,
) -> Liquidation {
    let seized = seizure.seized;
    require(&book.env, seized >= order.min_seized, LedgerError::SlippageExceeded);
    emit!(
        book,
        Liquidated {
            account: order.account.clone(),
            liquidator: order.liquidator.clone(),
            account_seq: book.account(&order.account).seq,
            collateral_asset: order.collateral.clone(),
            collateral_seq: book.asset(&order.collateral).totals.seq,
            debt_asset: order.debt.clone(),
            debt_seq: book.asset(&order.debt).totals.seq,
            fee: seizure.fee,
            kind,
            liquidator_seq: book.account(&order.liquidator).seq,
            perp: pair.perp,
            repaid,
            receive: order.receive,
            seized,
        }
    );
    Liquidation { repaid, seized }
}

/// Takes the collateral and hands it out: the protocol's part to insurance or reserves, the rest to the liquidator.
fn seize(book: &mut Book, order: &Order, seizure: &Seizure, held: i128) {
    let env = &book.env.clone();
    let Order { liquidator, account, collateral: asset, .. } = order;
    let mut owner = book.account(account);
    let state = book.asset_mut(asset);
    let total = seizure.seized + seizure.fee;
    if total == held {
        holdings::take_deposit(state, &mut owner, asset, ALL);
    } else if total > 0 {
        holdings::take_deposit(state, &mut owner, asset, total);
    }
    book.put_account(account, &owner);
    if asset == &book.config.settlement {
        increase(env, &mut book.settlement_mut().insurance, seizure.fee);
    } else {
        increase(env, &mut book.asset_mut(asset).totals.reserves, seizure.fee);
    }
    match order.receive {
        Receive::Tokens => lending::pay_out(book, asset, seizure.seized),
        Receive::Shares => {
            let mut buyer = book.account(liquidator);
            if seizure.seized > 0 {
                holdings::add_deposit(book.asset_mut(asset), &mut buyer, asset, seizure.seized);
            }
            book.put_account(liquidator, &buyer);
            if holdings::exposed(&buyer) {
                limits::require_opening(book, liquidator, &buyer);
            }
        }
    }
}
