//! What must hold after every call, each with an id. Everything is recomputed from the entries of all accounts; nothing
//! is shared with the code under test.

use crate::actor::Actor;
use crate::money::Coin;
use crate::world::World;
use margin_interface::{
    AccountState, AssetState, AssetTotals, MarketTotals, PerpMarket, Position, Settlement,
};
use margin_math::shares::Total;
use margin_math::units::{INDEX, PRICE, USD};
use num_bigint::BigInt;
use soroban_sdk::{Address, Map, Symbol};
use std::collections::BTreeMap;

/// What the ledger looked like, so that the next check can compare.
#[derive(Clone, Default)]
pub struct Memory {
    sequences: BTreeMap<String, u64>,
    debt_prices: BTreeMap<String, (BigInt, BigInt)>,
    supply_prices: BTreeMap<String, (BigInt, BigInt)>,
    surplus: BTreeMap<String, i128>,
    products: BTreeMap<String, BigInt>,
    first_base: BTreeMap<String, i128>,
    minted: BTreeMap<String, i128>,
    pool_shares: Option<i128>,
    perpetuals: crate::perp_invariants::Memory,
}

impl Memory {
    /// Somebody sent tokens to the vault that no book knows.
    pub fn donated(&mut self, token: &Address, amount: i128) {
        *self.surplus.entry(name_of(token)).or_default() += amount;
    }

    /// The issuer took tokens from the vault, and the books know what is missing: all but what had been given.
    pub fn clawed_back(&mut self, token: &Address, amount: i128) {
        let name = name_of(token);
        if let Some(all) = self.minted.get_mut(&name) {
            *all -= amount;
        }
        let surplus = self.surplus.entry(name.clone()).or_default();
        *surplus = (*surplus - amount).max(0);
        // What depositors own fell with it.
        self.supply_prices.remove(&name);
    }

    /// What one account had is another's from now on.
    pub fn moved(&mut self, from: &str, to: &str) {
        self.perpetuals.moved(from, to);
    }

    /// The books were compared with the vault: what was given to it may have filled a gap.
    pub fn synced(&mut self, token: &Address, surplus: i128) {
        let name = name_of(token);
        self.surplus.insert(name.clone(), surplus);
        self.supply_prices.remove(&name);
    }
}

fn name_of(token: &Address) -> String {
    format!("{token:?}")
}

/// Everything that the invariants look at.
struct Picture {
    accounts: Vec<(String, AccountState)>,
    assets: Vec<(String, Address, AssetState)>,
    settlement: Address,
    markets: Vec<(Symbol, PerpMarket)>,
    buckets: Settlement,
}

/// Checks all invariants; panics with the id of the first that does not hold.
#[track_caller]
pub fn check(world: &World, memory: &mut Memory) {
    let picture = Picture::of(world);
    picture.conservation();
    picture.custody(world, memory);
    picture.claims_fit();
    picture.share_prices(world, memory);
    picture.no_share_is_inflated();
    picture.no_lost_debt();
    picture.nothing_negative();
    picture.shares_sum();
    picture.positions_sum();
    picture.claims_sum();
    picture.curves(world, memory);
    picture.sequences(memory);
    picture.pool_shares(world, memory);
    picture.nothing_minted(world, memory);
    picture.levels_nest(world);
    crate::perp_invariants::check(world, &mut memory.perpetuals);
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
            assets: ledger
                .assets()
                .iter()
                .map(|token| (name_of(&token), token.clone(), ledger.asset(&token)))
                .collect(),
            settlement: world.token(Coin::Usdc).clone(),
            markets: ledger.markets().iter().map(|market| (market.clone(), ledger.market(&market))).collect(),
            buckets: ledger.totals(),
        }
    }

    /// I1: what came in is what is owed to somebody, exactly, per asset.
    fn conservation(&self) {
        for (name, token, asset) in &self.assets {
            let totals = &asset.totals;
            let has = totals.cash + totals.borrowed + totals.pending_bad_debt;
            let owes = totals.supplied + totals.reserves;
            if *token == self.settlement {
                let b = &self.buckets;
                let buckets = b.lp + b.insurance + b.fees + b.pending;
                same("I1", name, has + b.perp_borrowed, owes + buckets);
            } else {
                same("I1", name, has, owes);
            }
        }
    }

    /// I2, I5: the vault holds the cash of every asset and what was given to it for nothing, exactly: what it paid and
    /// received is what was booked.
    fn custody(&self, world: &World, memory: &mut Memory) {
        for (name, token, asset) in &self.assets {
            let held = world.held(token, &world.contracts().vault);
            let surplus = held - asset.totals.cash;
            holds("I2", &(name, surplus), surplus >= 0);
            same("I5", name, surplus, *memory.surplus.entry(name.clone()).or_insert(surplus));
        }
    }

    /// I4: what depositors may take is there, and what borrowers will pay is all that is owed, up to the unit that nobody
    /// owns or owes.
    fn claims_fit(&self) {
        for (name, token, asset) in &self.assets {
            let t = &asset.totals;
            let of = |shares: &Map<Address, i128>, total: i128, all: i128, up: bool| {
                let shares = BigInt::from(shares.get(token.clone()).unwrap_or(0));
                let (value, scale) = (shares * (total + 1), BigInt::from(all) + 1_000_000);
                if up {
                    -floor_div(-value, scale)
                } else {
                    floor_div(value, scale)
                }
            };
            let claims: BigInt = self
                .accounts
                .iter()
                .map(|(_, a)| of(&a.deposits, Self::backed(t), t.supply_shares, false))
                .sum();
            holds("I4", name, claims <= BigInt::from(Self::backed(t)));
            let debts: BigInt =
                self.accounts.iter().map(|(_, a)| of(&a.debts, t.borrowed, t.borrow_shares, true)).sum();
            let nobodys =
                BigInt::from(1_000_000) * (t.borrowed + 1) / (BigInt::from(t.borrow_shares) + 1_000_000) + 1;
            holds("I4", name, debts + nobodys >= BigInt::from(t.borrowed));
        }
    }

    /// What depositors own: not what the vault misses beyond the reserves.
    fn backed(totals: &AssetTotals) -> i128 {
        (totals.supplied - (totals.pending_bad_debt - totals.reserves).max(0)).max(0)
    }

    /// I6: what a debt share owes never falls. I7: what a supply share is worth falls only where a debt was lost. Up to the
    /// unit of a repayment, and the few that virtual shares leave behind.
    fn share_prices(&self, world: &World, memory: &mut Memory) {
        let lost = world.lost.replace(false);
        let fell = |(old_assets, old_shares): &(BigInt, BigInt), assets: &BigInt, shares: &BigInt| {
            // In units of all the shares there are now.
            (old_assets * shares - assets * old_shares) / old_shares
        };
        for (name, _, asset) in &self.assets {
            let t = &asset.totals;
            let price =
                |assets: i128, shares: i128| (BigInt::from(assets) + 1, BigInt::from(shares) + 1_000_000);
            let debt = price(t.borrowed, t.borrow_shares);
            if let Some(old) = memory.debt_prices.insert(name.clone(), debt.clone()) {
                holds(
                    "I6",
                    &(name, &old, &debt),
                    t.borrow_shares == 0 || fell(&old, &debt.0, &debt.1) <= 2.into(),
                );
            }
            let supply = price(Self::backed(t), t.supply_shares);
            if let Some(old) = memory.supply_prices.insert(name.clone(), supply.clone()) {
                holds("I7", &(name, &old, &supply), lost || fell(&old, &supply.0, &supply.1) <= 4.into());
            }
        }
    }

    /// I10: whatever was deposited, given, earned or lost before, who deposits a million units and leaves loses one at most.
    fn no_share_is_inflated(&self) {
        const PROBE: i128 = 1_000_000;
        for (name, _, asset) in &self.assets {
            let before = Total { assets: Self::backed(&asset.totals), shares: asset.totals.supply_shares };
            let shares = before.shares_floor(PROBE).expect("fits");
            let after = Total { assets: before.assets + PROBE, shares: before.shares + shares };
            holds("I10", &(name, &before), after.assets_floor(shares).expect("fits") >= PROBE - 1);
        }
    }

    /// I21, I22: a debt that nothing can pay any more is no debt any more: it was written off in the call that found it, and
    /// accrues nothing. A claim below a dollar pays nothing; that a closing leaves no dust of a deposit is looked at there.
    fn no_lost_debt(&self) {
        for (name, account) in &self.accounts {
            let owes = account.perp_debt > 0 || !account.debts.is_empty();
            let has = !account.deposits.is_empty()
                || !account.positions.is_empty()
                || account.pending.amount >= USD;
            holds("I21", &(name, account), !owes || has);
        }
    }

    /// NEG-1 .. NEG-3: no bucket, total or balance is ever negative.
    fn nothing_negative(&self) {
        let b = &self.buckets;
        let buckets = [b.lp, b.insurance, b.fees, b.pending, b.claims, b.perp_borrowed, b.perp_borrow_shares];
        holds("NEG-1", b, buckets.iter().all(|bucket| *bucket >= 0));
        for (coin, _, asset) in &self.assets {
            let t = &asset.totals;
            let totals = [
                t.cash,
                t.borrowed,
                t.supplied,
                t.reserves,
                t.borrow_shares,
                t.supply_shares,
                t.pending_bad_debt,
            ];
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

    /// I3: the shares of all accounts are the shares of the totals.
    fn shares_sum(&self) {
        let sum =
            |of: &dyn Fn(&AccountState) -> i128| self.accounts.iter().map(|(_, account)| of(account)).sum();
        for (coin, token, asset) in &self.assets {
            let held = |shares: &Map<Address, i128>| shares.get(token.clone()).unwrap_or(0);
            same("I3", coin, sum(&|account| held(&account.deposits)), asset.totals.supply_shares);
            same("I3", coin, sum(&|account| held(&account.debts)), asset.totals.borrow_shares);
        }
        same("I3", &"perp debt", sum(&|account| account.perp_debt), self.buckets.perp_borrow_shares);
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
                record.totals;
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
        holds("CLM-1", b, (0..=INDEX).contains(&b.claims_fraction) && (0..=INDEX).contains(&b.claims_cut));
        holds("CLM-1", b, b.claims > 0 || b.claims_cut == 0);
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
        let assets = self.assets.iter().map(|(name, _, asset)| (name.clone(), asset.totals.seq));
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
        for (name, token, _) in &self.assets {
            let wallets: i128 = world.people().iter().map(|actor| world.held(token, &actor.address)).sum();
            let all = wallets + world.held(token, &world.contracts().vault);
            same("TOK-1", name, all, *memory.minted.entry(name.clone()).or_insert(all));
        }
    }

    /// I15: whoever satisfies a level satisfies those below it. Nothing to compare without prices.
    fn levels_nest(&self, world: &World) {
        // Nothing is required of who owes and risks nothing.
        let exposed = |account: &AccountState| {
            account.perp_debt > 0 || !account.debts.is_empty() || !account.positions.is_empty()
        };
        for (actor, (_, account)) in world.people().into_iter().zip(&self.accounts) {
            if !exposed(account) {
                continue;
            }
            let Ok(Ok(summary)) = world.ledger().try_summary(&actor.address) else { continue };
            let nested = (!summary.opening_ok || summary.margin_call_ok)
                && (!summary.margin_call_ok || summary.liquidation_ok);
            holds("I15", &(actor.name, &summary), nested);
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
