//! Who they are: the same ten thousand for every scenario, and again as twins that differ in one setting.

use crate::account::Account;
use crate::book::{Book, Math, ASSETS, INDEX_OF, MARKETS, TERMS, USDC};
use crate::dice::Dice;
use crate::trade;
use margin_math::deleverage::units_floor;
use margin_math::fixed::{decrease, increase, mul_div_floor};
use margin_math::units::{BPS, QUOTE_SCALE, USD};

/// Dollars of an arbitrageur.
const ARBITRAGE: f64 = 6_000_000.0;
/// Dollars of a keeper who takes positions over.
const KEEPER: f64 = 1_000_000.0;

/// Accounts, and those who bring capital.
pub struct Population {
    /// The simulated.
    pub accounts: Vec<Account>,
    /// They trade the mark toward the price elsewhere, and hedge there.
    pub arbitrageurs: Vec<Account>,
    /// They take over positions and sell them on.
    pub keepers: Vec<Account>,
}

fn usd(dollars: f64) -> i128 {
    (dollars * USD as f64) as i128
}

fn units(book: &Book, asset: usize, dollars: f64) -> Math<i128> {
    units_floor(usd(dollars), book.quotes[asset].prices.mid, crate::book::DECIMALS)
}

impl Population {
    /// `count` accounts with random debts and positions, as far as the protocol's own rules let them.
    pub fn settle(book: &mut Book, count: usize, dice: &mut Dice) -> Math<Self> {
        // Ten thousand are what this capital is for; fewer need less.
        let capital = count as f64 / 10_000.0;
        let rich = |book: &mut Book, dollars: f64| -> Math<Account> {
            let mut account = Account::default();
            account.deposit(book, USDC, usd(dollars * capital))?;
            Ok(account)
        };
        let arbitrageurs = (0..8).map(|_| rich(book, ARBITRAGE)).collect::<Math<Vec<_>>>()?;
        let keepers = (0..5).map(|_| rich(book, KEEPER)).collect::<Math<Vec<_>>>()?;
        let mut population = Population { accounts: Vec::with_capacity(count), arbitrageurs, keepers };
        for _ in 0..count {
            let account = match dice.unit() {
                kind if kind < 0.45 => borrower(book, dice)?,
                kind if kind < 0.55 => seller(book, dice)?,
                kind => trader(book, dice, kind > 0.95)?,
            };
            population.accounts.push(account);
            if population.accounts.len().is_multiple_of(20) {
                population.arbitrage(book, None)?;
            }
        }
        Ok(population)
    }

    /// Trades each mark toward the price elsewhere, by default the index.
    pub fn arbitrage(&mut self, book: &mut Book, elsewhere: Option<&[i128; ASSETS]>) -> Math<()> {
        for place in 0..MARKETS {
            let price =
                elsewhere.map_or(book.quotes[INDEX_OF[place]].prices.mid, |prices| prices[INDEX_OF[place]]);
            for trader in &mut self.arbitrageurs {
                let mark = book.markets[place].mark()?;
                // Closer than the fees, nobody moves.
                if trade::apart_bps(mark, price)? < 15 {
                    break;
                }
                let size = trade::toward(book, place, price)?;
                let held = trader.positions[place].size;
                let reduces = held.signum() == -size.signum();
                if reduces {
                    let part = if size.abs() < held.abs() { size } else { -held };
                    trade::reduce_by(book, trader, place, part, None)?;
                    continue;
                }
                let room = (book.markets[place].size_cap()? - held.abs()).max(0);
                for share in [10, 5, 2] {
                    let part = (size / 10 * share).clamp(-room, room);
                    if part != 0 && trade::increase_by(book, trader, place, part)? {
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Borrows dollars against something that moves; some keep a part of them.
fn borrower(book: &mut Book, dice: &mut Dice) -> Math<Account> {
    let mut account = Account::default();
    let asset = match dice.unit() {
        part if part < 0.5 => 1,
        part if part < 0.8 => 2,
        _ => 3,
    };
    let dollars = dice.pareto(1_500.0, 60_000.0);
    let amount = units(book, asset, dollars)?;
    account.deposit(book, asset, amount)?;
    // At most what the opening level permits.
    let most = f64::from(TERMS[asset].ltv_bps) / f64::from(TERMS[asset].levels.opening_bps);
    let debt = usd(dollars * most * dice.between(0.45, 0.99));
    if account.borrow(book, USDC, debt)? {
        account.wallet = if dice.chance(0.3) { (debt as f64 * dice.between(0.1, 0.8)) as i128 } else { 0 };
    }
    Ok(account)
}

/// Borrows something that moves against dollars, and has sold it.
fn seller(book: &mut Book, dice: &mut Dice) -> Math<Account> {
    let mut account = Account::default();
    let asset = match dice.unit() {
        part if part < 0.4 => 1,
        part if part < 0.6 => 2,
        _ => 3,
    };
    let dollars = dice.pareto(1_500.0, 40_000.0);
    account.deposit(book, USDC, usd(dollars))?;
    let most = f64::from(BPS) / f64::from(TERMS[asset].lw_bps) / 1.025;
    let debt = units(book, asset, dollars * most * dice.between(0.45, 0.98))?;
    account.borrow(book, asset, debt)?;
    Ok(account)
}

/// Holds a perpetual, against dollars or, `mixed`, against something that moves as well.
fn trader(book: &mut Book, dice: &mut Dice, mixed: bool) -> Math<Account> {
    let mut account = Account::default();
    let dollars = dice.pareto(1_000.0, 40_000.0);
    account.deposit(book, USDC, usd(dollars))?;
    if mixed {
        let amount = units(book, 1, dollars)?;
        account.deposit(book, 1, amount)?;
    }
    let place = usize::from(dice.chance(0.5));
    let leverage = dice.pareto(1.5, 9.5);
    let index = book.quotes[INDEX_OF[place]].prices.mid;
    let base = mul_div_floor(usd(dollars * leverage), QUOTE_SCALE, index)?;
    // Rather long, as the public is.
    let size = if dice.chance(0.54) { base } else { -base };
    trade::increase_by(book, &mut account, place, size)?;
    Ok(account)
}

/// Lenders bring dollars until as much of the asset is lent as the share says.
pub fn balance(book: &mut Book, asset: usize, lent: f64) -> Math<()> {
    let debt = book.assets[asset].debt.assets;
    let wanted = (debt as f64 / lent) as i128;
    let state = &mut book.assets[asset];
    let surplus = (state.supply.assets - wanted).clamp(0, state.cash / 2);
    let shares = state.supply.shares_ceil(surplus)?;
    decrease(&mut state.supply.assets, surplus)?;
    decrease(&mut state.supply.shares, shares)?;
    increase(&mut state.cash, -surplus)
}
