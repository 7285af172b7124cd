//! Lending liquidation: one debt, one collateral, at call time on current state.
//!
//! Nothing is stored between calls, so nothing goes stale and the owner may always repay first. `margin-math` sizes
//! it; what is seized follows from the debt that was really extinguished.

use crate::{
    book::{emit, Book},
    checked::*,
    holdings, lending,
    lending::Paid,
    limits, settlement, standing,
    valuation::{self, Quotes, Sheet, Valuation},
};
use margin_interface::{AccountState, LedgerError, Liquidated, Liquidation, Receive, ALL};
use margin_math::{
    lending_liquidation::{self as sizing, HeldSide, OwedSide, Plan, Seizure, Standing},
    status::may_seize,
    units::BPS,
};
use soroban_sdk::{Address, Env};

/// The two sides of a liquidation, priced.
struct Pair {
    standing: Standing,
    owed: OwedSide,
    held: HeldSide,
    /// Perpetual debt is liquidated before lending debt of the same asset, as it is repaid.
    perp: bool,
}

/// What a liquidator asks for.
pub struct Order {
    /// Who repays and receives.
    pub liquidator: Address,
    /// Who is liquidated.
    pub account: Address,
    /// What is repaid.
    pub debt: Address,
    /// What is seized.
    pub collateral: Address,
    /// Most units of the debt; the vault holds them and returns what is not used.
    pub max_repay: i128,
    /// Fewest units of the collateral.
    pub min_seized: i128,
    /// As shares or as tokens.
    pub receive: Receive,
}

/// Sizes and books a liquidation.
pub fn liquidate(book: &mut Book, order: &Order) -> Liquidation {
    let env = &book.env.clone();
    let Order { liquidator, account, max_repay, min_seized, .. } = order;
    let (debt_asset, collateral_asset) = (&order.debt, &order.collateral);
    require_positive(env, *max_repay);
    if liquidator == account {
        fail(env, LedgerError::SelfLiquidation);
    }
    let owner = book.account(account);
    let (sheet, quotes) = valuation::sheet(book, &owner);
    let pair = pair(book, &owner, &sheet, &quotes, debt_asset, collateral_asset);

    let (paid, seizure) = if debt_asset == collateral_asset {
        // The account could do the same itself: nobody is paid for it.
        lending::net(book, account, debt_asset, *max_repay);
        (Paid::NOTHING, Seizure { fee: 0, seized: 0 })
    } else {
        let plan = plan(env, &sheet, &pair, *max_repay);
        require_positive(env, plan.repay);
        let paid = lending::extinguish(book, account, debt_asset, plan.repay);
        increase(env, &mut book.asset_mut(debt_asset).totals.cash, paid.total());
        let seizure = sizing::seizure(&pair.owed, &pair.held, plan.bonus_bps, paid.total()).or_fail(env);
        seize(book, order, &seizure, pair.held.amount);
        (paid, seizure)
    };
    if seizure.seized < *min_seized {
        fail(env, LedgerError::SlippageExceeded);
    }
    settlement::realize_bad_debt(book, account);
    emit!(
        book,
        Liquidated {
            account: account.clone(),
            liquidator: liquidator.clone(),
            account_seq: book.account(account).seq,
            collateral_asset: collateral_asset.clone(),
            collateral_seq: book.asset(collateral_asset).totals.seq,
            debt_asset: debt_asset.clone(),
            debt_seq: book.asset(debt_asset).totals.seq,
            fee: seizure.fee,
            liquidator_seq: book.account(liquidator).seq,
            perp: pair.perp,
            repaid: paid.total(),
            receive: order.receive,
            seized: seizure.seized,
        }
    );
    Liquidation { repaid: paid.total(), seized: seizure.seized }
}

/// Both sides in the Liquidation valuation, if the account may be liquidated and both exist.
fn pair(
    book: &mut Book,
    owner: &AccountState,
    sheet: &Sheet,
    quotes: &Quotes,
    debt_asset: &Address,
    collateral_asset: &Address,
) -> Pair {
    let env = &book.env.clone();
    let margin = sheet.value(env, quotes, Valuation::Liquidation).margin;
    require(env, standing::liquidatable(owner, &margin, book.now()), LedgerError::NotLiquidatable);
    let perp = debt_asset == &book.config.settlement && sheet.perp_debt > 0;
    let lending = sheet.debts.iter().find(|line| &line.asset == debt_asset);
    if !perp && lending.is_none() {
        fail(env, LedgerError::NothingOwed);
    }
    let line = sheet.deposits.iter().find(|line| &line.asset == collateral_asset);
    let line = line.unwrap_or_else(|| fail(env, LedgerError::InsufficientBalance));
    let debt = book.asset(debt_asset);
    let prices = valuation::prices(env, quotes.get(env, &debt.config.index), Valuation::Liquidation);
    let owed = match lending {
        Some(lending) if !perp => OwedSide {
            amount: lending.amount,
            decimals: debt.decimals,
            price: prices.owed(Valuation::Liquidation),
            lw_bps: debt.config.lw_bps,
        },
        _ => OwedSide {
            amount: sheet.perp_debt,
            decimals: debt.decimals,
            price: prices.settled(Valuation::Liquidation),
            lw_bps: BPS,
        },
    };
    let quote = quotes.get(env, &line.config.index);
    if !may_seize(valuation::status(quote.status)) {
        fail(env, LedgerError::PriceNotUsable);
    }
    let held = HeldSide {
        amount: line.amount,
        decimals: line.decimals,
        price: valuation::prices(env, quote, Valuation::Liquidation).owned(Valuation::Liquidation),
        ltv_bps: line.config.ltv_bps,
        opening_bps: line.config.opening_bps,
        max_bonus_bps: line.config.max_bonus_bps,
    };
    let standing = Standing {
        effective: margin.effective,
        effective_liquidation: margin.effective_liquidation,
        effective_opening: margin.effective_opening,
        required: margin.required,
    };
    Pair { standing, owed, held, perp }
}

/// To the target if the pair helps; in full if no pair of the account could; else refused.
fn plan(env: &Env, sheet: &Sheet, pair: &Pair, max_repay: i128) -> Plan {
    let Pair { standing, owed, held, .. } = pair;
    if let Some(bonus_bps) = sizing::bonus_bps(standing, owed, held).or_fail(env) {
        return sizing::plan(standing, owed, held, bonus_bps, max_repay).or_fail(env);
    }
    // The best pair is the collateral that supports least against the debt that weighs most.
    let ltv_bps = sheet.deposits.iter().map(|line| line.config.ltv_bps).min().unwrap_or(BPS);
    let heaviest = sheet.debts.iter().map(|line| line.config.lw_bps).max();
    let lw_bps = heaviest.unwrap_or(BPS).max(owed.lw_bps);
    if sizing::helps(standing, lw_bps, ltv_bps).or_fail(env) {
        fail(env, LedgerError::LiquidationUnhelpful);
    }
    sizing::plan_insolvent(owed, held, max_repay).or_fail(env)
}

/// Takes the collateral and hands it out: the protocol's part to insurance or reserves, the rest to the liquidator.
fn seize(book: &mut Book, order: &Order, seizure: &Seizure, held: i128) {
    let env = &book.env.clone();
    let Order { liquidator, account, collateral: asset, .. } = order;
    let mut owner = book.account(account);
    let state = book.asset_mut(asset);
    let total = add(env, seizure.seized, seizure.fee);
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
        _ if seizure.seized == 0 => {}
        Receive::Tokens => {
            lending::pay_out(book, asset, seizure.seized);
        }
        Receive::Shares => {
            let mut buyer = book.account(liquidator);
            holdings::add_deposit(book.asset_mut(asset), &mut buyer, asset, seizure.seized);
            book.put_account(liquidator, &buyer);
            if holdings::exposed(&buyer) {
                limits::require_opening(book, liquidator, &buyer);
            }
        }
    }
}
