//! What must hold after every call, each with an id. Everything is recomputed from the entries of all accounts; nothing
//! is shared with the code under test.

use crate::actor::Actor;
use crate::money::Coin;
use crate::world::World;
use margin_interface::{AccountState, AssetState, MarketTotals, PerpMarket, Position, Settlement};
use margin_math::units::{INDEX, PRICE};
use num_bigint::BigInt;
use soroban_sdk::{Address, Map, Symbol};
use std::collections::BTreeMap;

/// What the ledger looked like, so that the next check can compare.
#[derive(Clone, Default)]
pub struct Memory {
    sequences: BTreeMap<String, u64>,
    products: BTreeMap<String, BigInt>,
    first_base: BTreeMap<String, i128>,
    minted: BTreeMap<Coin, i128>,
    pool_shares: Option<i128>,
}

/// Everything that the invariants look at.
struct Picture {
    accounts: Vec<(String, AccountState)>,
    assets: Vec<(Coin, Address, AssetState)>,
    markets: Vec<(Symbol, PerpMarket)>,
    buckets: Settlement,
}

/// Checks all invariants; panics with the id of the first that does not hold.
#[track_caller]
pub fn check(world: &World, memory: &mut Memory) {
    let picture = Picture::of(world);
    picture.conservation();
    picture.custody(world);
    picture.nothing_negative();
    picture.shares_sum();
    picture.positions_sum();
    picture.claims_sum();
    picture.curves(world, memory);
    picture.sequences(memory);
    picture.pool_shares(world, memory);
    picture.nothing_minted(world, memory);
    picture.levels_nest(world);
}

/// Checks all invariants once.
#[track_caller]
pub fn check_now(world: &World) {
    check(world, &mut Memory::default());
}

#[track_caller]
fn same(id: &str, what: &dyn std::fmt::Debug, left: i128, right: i128) {
    assert_eq!(left, right, "{id} broken for {what:?}");
}

#[track_caller]
fn holds(id: &str, what: &dyn std::fmt::Debug, condition: bool) {
    assert!(condition, "{id} broken for {what:?}");
}

impl Picture {
    fn of(world: &World) -> Self {
        let ledger = world.ledger();
        let venues = [world.contracts().clearing.clone(), world.contracts().vault.clone()];
        let people = world.people().into_iter().map(|actor| (actor.name.clone(), actor.address.clone()));
        let protocol = venues.into_iter().map(|address| ("a venue".to_string(), address));
        Self {
            accounts: people
                .chain(protocol)
                .map(|(name, address)| (name, ledger.account(&address)))
                .collect(),
            assets: Coin::ALL
                .map(|coin| (coin, world.token(coin).clone(), ledger.asset(world.token(coin))))
                .to_vec(),
            markets: ledger.markets().iter().map(|market| (market.clone(), ledger.market(&market))).collect(),
            buckets: ledger.totals(),
        }
    }

    /// CON-1, CON-2: what came in is what is owed to somebody, exactly, per asset.
    fn conservation(&self) {
        for (coin, _, asset) in &self.assets {
            let totals = &asset.totals;
            let has = totals.cash + totals.borrowed;
            let owes = totals.supplied + totals.reserves;
            if *coin == Coin::Usdc {
                let b = &self.buckets;
                let buckets = b.lp + b.insurance + b.fees + b.pending;
                same("CON-2", coin, has + b.perp_borrowed, owes + buckets);
            } else {
                same("CON-1", coin, has, owes);
            }
        }
    }

    /// CUS-1: the vault holds at least the cash of every asset.
    fn custody(&self, world: &World) {
        for (coin, _, asset) in &self.assets {
            let held = world.balance(*coin, &world.contracts().vault);
            holds("CUS-1", coin, held >= asset.totals.cash);
        }
    }

    /// NEG-1 .. NEG-3: no bucket, total or balance is ever negative.
    fn nothing_negative(&self) {
        let b = &self.buckets;
        let buckets = [b.lp, b.insurance, b.fees, b.pending, b.claims, b.perp_borrowed, b.perp_borrow_shares];
        holds("NEG-1", b, buckets.iter().all(|bucket| *bucket >= 0));
        for (coin, _, asset) in &self.assets {
            let t = &asset.totals;
            let totals = [t.cash, t.borrowed, t.supplied, t.reserves, t.borrow_shares, t.supply_shares];
            holds("NEG-2", coin, totals.iter().all(|total| *total >= 0));
        }
        for (name, account) in &self.accounts {
            let held = account.deposits.values().iter().chain(account.debts.values().iter());
            holds(
                "NEG-3",
                name,
                held.chain([account.perp_debt, account.pending.amount]).all(|shares| shares >= 0),
            );
        }
    }

    /// SUM-1 .. SUM-3: the shares of all accounts are the shares of the totals.
    fn shares_sum(&self) {
        let sum =
            |of: &dyn Fn(&AccountState) -> i128| self.accounts.iter().map(|(_, account)| of(account)).sum();
        for (coin, token, asset) in &self.assets {
            let held = |shares: &Map<Address, i128>| shares.get(token.clone()).unwrap_or(0);
            same("SUM-1", coin, sum(&|account| held(&account.deposits)), asset.totals.supply_shares);
            same("SUM-2", coin, sum(&|account| held(&account.debts)), asset.totals.borrow_shares);
        }
        same("SUM-3", &"perp debt", sum(&|account| account.perp_debt), self.buckets.perp_borrow_shares);
    }

    /// POS-1 .. POS-6: N, Q, open interest and A of each market are the sums over its positions.
    fn positions_sum(&self) {
        for (market, record) in &self.markets {
            let positions: Vec<Position> = self
                .accounts
                .iter()
                .filter_map(|(_, account)| account.positions.get(market.clone()))
                .collect();
            let over = |side: fn(&Position) -> bool, of: fn(&Position) -> i128| -> i128 {
                positions.iter().filter(|p| side(p)).map(of).sum()
            };
            let all: fn(&Position) -> bool = |_| true;
            let long: fn(&Position) -> bool = |p| p.size > 0;
            let short: fn(&Position) -> bool = |p| p.size < 0;
            let MarketTotals { entry, long_funding, long_interest, net_size, short_funding, short_interest } =
                record.totals.clone();
            same("POS-1", market, over(all, |p| p.size), net_size);
            same("POS-2", market, over(all, |p| p.entry), entry);
            same("POS-3", market, over(long, |p| p.size), long_interest);
            same("POS-4", market, over(short, |p| -p.size), short_interest);
            same("POS-5", market, over(long, entry_funding), long_funding);
            same("POS-6", market, over(short, entry_funding), short_funding);
        }
    }

    /// CLM-1, CLM-2: what accounts may still claim is what the pool knows of, up to a unit of rounding each.
    fn claims_sum(&self) {
        let b = &self.buckets;
        holds("CLM-1", b, (0..=INDEX).contains(&b.claims_fraction));
        let open = self.accounts.iter().filter(|(_, account)| account.pending.amount > 0);
        let open: Vec<_> = open.map(|(_, account)| &account.pending).collect();
        let current: BigInt = open
            .iter()
            .filter(|claim| claim.epoch == b.claims_epoch)
            .map(|claim| BigInt::from(claim.amount) * b.claims_fraction / claim.fraction)
            .sum();
        let slack = BigInt::from(open.len() + 1);
        let claims = BigInt::from(b.claims);
        holds("CLM-2", &(b, &open), current <= &claims + &slack * 64);
    }

    /// CRV-1: a trade never lowers x*y. CRV-2: what traders and the pool's inventory hold came out of the curve: x + N + it is
    /// constant between repegs.
    fn curves(&self, world: &World, memory: &mut Memory) {
        for (market, record) in &self.markets {
            let house = world.clearing().house(market);
            let key = format!("{market:?} {}", house.repegged_at);
            let state = &record.state;
            let product = BigInt::from(state.base_reserve) * state.quote_reserve;
            let before = memory.products.insert(key.clone(), product.clone()).unwrap_or_default();
            holds("CRV-1", market, product >= before);
            let base = state.base_reserve + record.totals.net_size + house.inventory;
            same("CRV-2", market, base, *memory.first_base.entry(key).or_insert(base));
        }
    }

    /// SEQ-1: sequence numbers never fall.
    fn sequences(&self, memory: &mut Memory) {
        let accounts = self.accounts.iter().map(|(name, account)| (name.clone(), account.seq));
        let assets = self.assets.iter().map(|(coin, _, asset)| (format!("{coin:?}"), asset.totals.seq));
        let markets = self.markets.iter().map(|(market, record)| (format!("{market:?}"), record.seq));
        let settlement = [("settlement".to_string(), self.buckets.seq)];
        for (what, seq) in accounts.chain(assets).chain(markets).chain(settlement) {
            let before = memory.sequences.insert(what.clone(), seq).unwrap_or(0);
            holds("SEQ-1", &what, seq >= before);
        }
    }

    /// LPS-1: the providers' shares are all shares. Summed whenever their number changed; nothing to sum without prices.
    fn pool_shares(&self, world: &World, memory: &mut Memory) {
        let clearing = world.clearing();
        let lp = |actor: &Actor| clearing.try_lp(&actor.address).ok()?.ok();
        let people = world.people();
        let Some(total) = people.first().and_then(lp).map(|position| position.total_shares) else { return };
        if memory.pool_shares.replace(total) != Some(total) {
            same("LPS-1", &"pool", people.iter().filter_map(lp).map(|position| position.shares).sum(), total);
        }
    }

    /// TOK-1: the protocol moves tokens, it never makes or loses any: wallets plus vault stay what they were.
    fn nothing_minted(&self, world: &World, memory: &mut Memory) {
        for coin in Coin::ALL {
            let wallets: i128 = world.people().iter().map(|actor| world.balance(coin, &actor.address)).sum();
            let all = wallets + world.balance(coin, &world.contracts().vault);
            same("TOK-1", &coin, all, *memory.minted.entry(coin).or_insert(all));
        }
    }

    /// LVL-1: whoever satisfies a level satisfies those below it. Nothing to compare without prices.
    fn levels_nest(&self, world: &World) {
        for actor in world.people() {
            let Ok(Ok(summary)) = world.ledger().try_summary(&actor.address) else { continue };
            let nested = (!summary.opening_ok || summary.margin_call_ok)
                && (!summary.margin_call_ok || summary.liquidation_ok);
            holds("LVL-1", &(actor.name, &summary), nested);
        }
    }
}

/// `floor(|size| * index at entry / 1e14)`.
fn entry_funding(position: &Position) -> i128 {
    let product = BigInt::from(position.size.abs()) * position.funding_index;
    let quotient = floor_div(product, BigInt::from(PRICE));
    i128::try_from(quotient).expect("fits")
}

fn floor_div(numerator: BigInt, denominator: BigInt) -> BigInt {
    let quotient = &numerator / &denominator;
    let exact = &quotient * &denominator == numerator;
    if exact || numerator >= BigInt::from(0) {
        quotient
    } else {
        quotient - 1
    }
}
