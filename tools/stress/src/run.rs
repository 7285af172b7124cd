//! One scenario from its first minute to its last.

use crate::account::{Account, Fate};
use crate::book::{Book, Math, ASSETS, INDEX_OF, TERMS, USDC};
use crate::dice::Dice;
use crate::feed::Feed;
use crate::keepers::{self, Appetite, Loss};
use crate::path::{Scenario, FIRST};
use crate::population::{self, Population};
use margin_math::fixed::increase;
use margin_math::margin::Valuation;
use margin_math::status::may_increase;
use margin_math::units::{PRICE, USD};

/// Unix seconds of the first minute: a Monday at midnight.
const START: u64 = 1_771_804_800;
/// Minutes between two samples.
const SAMPLE: usize = 10;
/// Dollars that can be sold elsewhere in a minute on a bad day, asset by asset.
const DEPTH: [i128; ASSETS] = [1_000_000_000, 4_000_000, 4_000_000, 600_000];

/// How large everything is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Accounts.
    pub accounts: usize,
    /// Minutes, at most those of a path.
    pub minutes: usize,
    /// Seed of population and noise.
    pub seed: u64,
}

/// A moment.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Prices elsewhere, relative to the first.
    pub prices: [f64; ASSETS],
    /// Accounts liquidated so far.
    pub liquidated: u32,
    /// Accounts that restored themselves so far.
    pub restored: u32,
    /// Bad debt so far, USD.
    pub bad_debt: f64,
    /// What the liquidity providers' shares are worth, USD.
    pub providers: f64,
    /// Insurance, USD.
    pub insurance: f64,
    /// Claims of winners that wait, USD.
    pub claims: f64,
    /// Mark of the first market relative to its price elsewhere.
    pub premium: f64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Every ten minutes.
    pub samples: Vec<Sample>,
    /// Of each account, in the order of the population.
    pub fates: Vec<Fate>,
    /// Wealth of each account at the end, USD 1e7.
    pub wealth: Vec<i128>,
    /// Wealth of all accounts at the start, USD 1e7.
    pub wealth_before: i128,
    /// Who bore bad debt.
    pub loss: Loss,
    /// Accounts that owed and had nothing.
    pub broke: u32,
    /// Minutes in which some price could not be used to take risk.
    pub guarded_minutes: u32,
    /// Open interest of the larger sides at the start, USD 1e7.
    pub interest: i128,
    /// Lending debts at the start, USD 1e7.
    pub lent: i128,
    /// Largest sum of bad debt that nobody had realised yet: value owed beyond what its debtors have, USD 1e7.
    pub unrealised: i128,
}

impl Outcome {
    /// Accounts that were liquidated.
    pub fn liquidated(&self) -> usize {
        self.fates.iter().filter(|fate| fate.liquidations > 0).count()
    }

    /// Accounts that restored themselves.
    pub fn restored(&self) -> usize {
        self.fates.iter().filter(|fate| fate.deleverages > 0).count()
    }

    /// What liquidations cost their accounts, USD 1e7.
    pub fn penalties(&self) -> i128 {
        self.fates.iter().map(|fate| fate.penalty).sum()
    }

    /// What restoring cost, USD 1e7.
    pub fn spent(&self) -> i128 {
        self.fates.iter().map(|fate| fate.spent).sum()
    }

    /// The first sample.
    pub fn first(&self) -> Sample {
        self.samples[0]
    }

    /// The last one.
    pub fn last(&self) -> Sample {
        self.samples[self.samples.len() - 1]
    }
}

/// Plays a scenario; with `guarded` every account restores its own health.
///
/// The books must balance after every minute, to the unit.
pub fn play(scenario: &Scenario, size: Size, guarded: bool) -> Math<Outcome> {
    let prices = scenario.prices(size.seed);
    let mut feeds: [Feed; ASSETS] = std::array::from_fn(|asset| {
        let hint = (FIRST[asset] * 1e8) as i128 * (PRICE / 100_000_000);
        Feed::new(TERMS[asset].class, hint, START - 3_600)
    });
    // An hour of quiet, so that every average exists.
    let mut now = START - 3_540;
    while now < START {
        poke(&mut feeds, &prices[0], now);
        now += 60;
    }
    let people = size.accounts as i128;
    let mut book = Book::new(now, &feeds, people * 6_000, people * 1_200, people * 40, people * 6_000)?;
    let mut dice = Dice::new(size.seed);
    let mut population = Population::settle(&mut book, size.accounts, &mut dice)?;
    population::balance(&mut book, USDC, 0.8)?;
    for account in &mut population.accounts {
        account.guarded = guarded;
    }
    let mut wealth_before = 0;
    for account in &population.accounts {
        increase(&mut wealth_before, account.wealth(&book)?)?;
    }
    let mut outcome = Outcome {
        samples: Vec::new(),
        fates: Vec::new(),
        wealth: Vec::new(),
        wealth_before,
        loss: Loss::default(),
        broke: 0,
        guarded_minutes: 0,
        interest: 0,
        lent: 0,
        unrealised: 0,
    };
    for (place, market) in book.markets.iter().enumerate() {
        outcome.interest += market.interest(book.quotes[INDEX_OF[place]].prices.mid)?;
    }
    for (asset, state) in book.assets.iter().enumerate() {
        let price = book.quotes[asset].prices.mid;
        outcome.lent += margin_math::margin::value_floor(state.debt.assets, crate::book::DECIMALS, price)?;
    }
    let mut moved = Moved::default();
    for minute in 0..size.minutes.min(prices.len()) {
        let spot = &prices[minute];
        poke(&mut feeds, spot, now);
        moved.between(&prices[minute.saturating_sub(1)], spot);
        book.advance(now, &feeds)?;
        outcome.guarded_minutes += u32::from(book.quotes.iter().any(|quote| !may_increase(quote.status)));
        population.arbitrage(&mut book, Some(spot))?;
        act(&mut book, &mut population, scenario, moved.sum, &mut outcome)?;
        assert_eq!(book.flaw()?, None, "minute {minute} of {}", scenario.name);
        if minute % SAMPLE == 0 {
            let sample = sample(&book, &population, spot, &outcome)?;
            outcome.samples.push(sample);
        }
        now += 60;
    }
    for account in &population.accounts {
        outcome.wealth.push(account.wealth(&book)?);
        outcome.fates.push(account.fate);
    }
    Ok(outcome)
}

fn poke(feeds: &mut [Feed; ASSETS], prices: &[i128; ASSETS], now: u64) {
    for (feed, price) in feeds.iter_mut().zip(prices) {
        feed.poke(*price, now);
    }
}

/// How far prices have moved altogether, so that nobody far from danger is looked at every minute.
#[derive(Default)]
struct Moved {
    sum: f64,
}

impl Moved {
    fn between(&mut self, before: &[i128; ASSETS], after: &[i128; ASSETS]) {
        let largest = before.iter().zip(after).map(|(before, after)| {
            let (low, high) = (*before.min(after) as f64, *before.max(after) as f64);
            high / low - 1.0
        });
        // Interest and funding of a minute move an account as well, by far less.
        self.sum += largest.fold(0.0, f64::max) + 0.000_5;
    }
}

/// Movement of prices up to which an account cannot reach [`keepers::FLOOR_BPS`]: everything it has and owes moves against
/// it by as much at once.
fn safe_for(account: &Account, book: &Book) -> Math<f64> {
    let Some(margin) = account.margin(book, Valuation::Live)? else { return Ok(0.0) };
    let (e, r, n) = (margin.effective as f64, margin.required as f64, margin.notional as f64);
    let floor = f64::from(keepers::FLOOR_BPS) / 10_000.0;
    let slack = (e - floor * r) / (e + floor * r + (1.0 + floor) * n + 1.0);
    // A movement is a ratio, and the guard may jump by what it withheld: half of it is left unused.
    Ok((slack / 2.0).max(0.0))
}

/// A minute of everybody: liquidations first, they pay better; then those who restore themselves.
fn act(
    book: &mut Book,
    population: &mut Population,
    scenario: &Scenario,
    moved: f64,
    outcome: &mut Outcome,
) -> Math<()> {
    let mut left = scenario.keepers;
    let mut appetite: Appetite = DEPTH.map(|dollars| dollars * USD);
    let Population { accounts, keepers, .. } = population;
    let mut weak = Vec::new();
    let mut beyond = 0;
    for (place, account) in accounts.iter_mut().enumerate() {
        if !account.is_exposed() || moved < account.safe_until {
            continue;
        }
        let Some(margin) = account.margin(book, Valuation::Live)? else { continue };
        if margin.required > 0 && margin.health()? < keepers::FLOOR_BPS {
            weak.push(place);
            beyond += (-margin.equity()?).max(0);
        } else {
            account.safe_until = moved + safe_for(account, book)?;
        }
    }
    outcome.unrealised = outcome.unrealised.max(beyond);
    for place in &weak {
        let account = &mut accounts[*place];
        if left == 0 {
            break;
        }
        let mut tried = false;
        while left > 0 && keepers::liquidatable(book, account)?.is_some() {
            if !keepers::liquidate(book, account, keepers, &mut appetite)? {
                break;
            }
            left -= 1;
            tried = true;
        }
        if tried || account.is_bad_debt() {
            let loss = keepers::write_off(book, account)?;
            outcome.broke += u32::from(loss.total() > 0);
            let all = &mut outcome.loss;
            all.insurance += loss.insurance;
            all.providers += loss.providers;
            all.reserves += loss.reserves;
            all.suppliers += loss.suppliers;
        }
    }
    for place in &weak {
        let account = &mut accounts[*place];
        if left == 0 {
            break;
        }
        if account.guarded && keepers::deleverage(book, account, &mut appetite)? {
            left -= 1;
        }
    }
    for keeper in keepers {
        keepers::unwind(book, keeper)?;
    }
    Ok(())
}

fn sample(book: &Book, population: &Population, spot: &[i128; ASSETS], outcome: &Outcome) -> Math<Sample> {
    let count = |had: fn(&Fate) -> bool| {
        population.accounts.iter().filter(|account| had(&account.fate)).count() as u32
    };
    let dollars = |amount: i128| amount as f64 / USD as f64;
    let index = spot[INDEX_OF[0]] as f64;
    Ok(Sample {
        prices: std::array::from_fn(|asset| spot[asset] as f64 / PRICE as f64 / FIRST[asset]),
        liquidated: count(|fate| fate.liquidations > 0),
        restored: count(|fate| fate.deleverages > 0),
        bad_debt: dollars(outcome.loss.total()),
        providers: dollars(book.lp_value()?),
        insurance: dollars(book.buckets.insurance),
        claims: dollars(book.buckets.claims),
        premium: book.markets[0].mark()? as f64 / index - 1.0,
    })
}
