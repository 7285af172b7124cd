//! What the contracts say, read through their views.

use super::deed::Deed;
use super::house::Around;
use crate::money::Coin;
use crate::world::World;
use margin_interface::{
    AccountState, AccountSummary, House, MarketStage, PerpMarket, PoolValue, PriceStatus, Quote, Settlement,
};
use num_bigint::BigInt;
use num_traits::ToPrimitive;
use soroban_sdk::{Address, Symbol, Vec as HostVec};
use std::collections::BTreeMap;

/// What an account has and owes of the settlement asset.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Settlement deposit, floor.
    pub deposit: i128,
    /// Owed to the credit line, ceil.
    pub debt: i128,
    /// Its entry.
    pub entry: AccountState,
    /// Its sums, if there are prices.
    pub summary: Option<AccountSummary>,
}

/// The markets, the buckets and a few accounts at one moment.
pub struct Reading {
    /// Buckets, interest up to now.
    pub buckets: Settlement,
    /// By name.
    pub markets: BTreeMap<String, (PerpMarket, House)>,
    /// By name of account.
    pub holders: BTreeMap<String, Holder>,
    /// All shares of the pool, if there are prices; where the pool matters.
    pub pool_shares: Option<i128>,
    /// The pool's value; where it matters.
    pub pool: Option<PoolValue>,
    /// What insurance should hold; where it matters.
    pub insurance_target: Option<i128>,
    /// The settlement asset.
    pub settlement: Address,
    /// Its price, 1e14.
    pub settlement_price: i128,
    /// The names of the markets.
    pub symbols: BTreeMap<String, Symbol>,
    /// Time and prices.
    pub around: Around,
}

/// What an address is called in the model.
pub fn name_of(address: &Address) -> String {
    address.to_string().to_string()
}

impl Reading {
    /// Reads what matters to a deed, now.
    pub fn of(world: &World, deed: &Deed) -> Self {
        let who = deed.accounts();
        let pooled = matches!(deed, Deed::Enter(..) | Deed::Leave(..));
        let (ledger, clearing, env) = (world.ledger(), world.clearing(), &world.env);
        let names = ledger.markets();
        let markets: BTreeMap<_, _> = names
            .iter()
            .map(|name| (name.to_string(), (ledger.market(&name), clearing.house(&name))))
            .collect();
        let indices: Vec<_> = markets.values().map(|(record, _)| record.config.index.clone()).collect();
        let said = world.oracle().quotes(&HostVec::from_slice(env, &indices));
        let valued = markets.iter().zip(said.iter());
        let quotes =
            valued.map(|((name, (record, _)), said)| (name.clone(), worth(world, record, said))).collect();
        let buckets = ledger.totals();
        let settlement = world.token(Coin::Usdc).clone();
        let asset = ledger.asset(&settlement);
        let settlement_price = world.oracle().quote(&asset.config.index).mid;
        let totals = asset.totals;
        let backed = (totals.supplied - (totals.pending_bad_debt - totals.reserves).max(0)).max(0);
        let holders = who
            .iter()
            .map(|address| {
                let entry = ledger.account(address);
                let shares = entry.deposits.get(settlement.clone()).unwrap_or(0);
                let deposit = part(shares, backed, totals.supply_shares, false);
                let debt = part(entry.perp_debt, buckets.perp_borrowed, buckets.perp_borrow_shares, true);
                let summary = ledger.try_summary(address).ok().and_then(Result::ok);
                let debt = debt.min(buckets.perp_borrowed);
                (name_of(address), Holder { deposit, debt, entry, summary })
            })
            .collect();
        let shares = |who: &Address| clearing.try_lp(who).ok()?.ok().map(|held| held.total_shares);
        let symbols = names.iter().map(|name| (name.to_string(), name)).collect();
        Self {
            buckets,
            markets,
            holders,
            pool_shares: who.first().filter(|_| pooled).and_then(shares),
            pool: pooled.then(|| ledger.pool_value()),
            insurance_target: matches!(deed, Deed::Repeg(_)).then(|| clearing.insurance_target()),
            settlement,
            settlement_price,
            symbols,
            around: Around { now: world.now(), quotes },
        }
    }

    /// Whether every index is live and said by all sources alike, so that all valuations see the same price.
    pub fn is_plain(&self) -> bool {
        self.around
            .quotes
            .values()
            .all(|quote| quote.status == PriceStatus::Live && quote.lo == quote.mid && quote.hi == quote.mid)
    }

    /// How much of a deposit to the pool becomes depth of each curve, bps, and what of that has not left again.
    pub fn depths(&self) -> BTreeMap<String, (u32, i128)> {
        let moving = |house: &House| matches!(house.stage, MarketStage::Normal | MarketStage::ReduceOnly);
        let depth = |house: &House| (if moving(house) { house.depth_bps } else { 0 }, house.depth);
        self.markets.iter().map(|(name, (_, house))| (name.clone(), depth(house))).collect()
    }
}

/// What a market is valued at: its index as it was said, or for good the price at which it was wound down.
fn worth(world: &World, record: &PerpMarket, said: Quote) -> Quote {
    match record.state.clearing_price {
        0 => said,
        mid => {
            let (lo, hi, stable, timestamp) = (mid, mid, mid, world.now());
            Quote { hi, lo, mid, stable, status: PriceStatus::Live, timestamp }
        }
    }
}

/// What shares are worth: one unit and a million shares belong to nobody.
fn part(shares: i128, total: i128, all: i128, up: bool) -> i128 {
    let (value, scale) = (BigInt::from(shares) * (total + 1), BigInt::from(all) + 1_000_000);
    let value: BigInt = if up { (value + &scale - 1) / scale } else { value / scale };
    value.to_i128().expect("an amount")
}
