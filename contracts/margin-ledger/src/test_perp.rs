//! Positions, buckets, take-overs and previews, native, with the venues' authorisation mocked. Amounts read as a ledger:
//! reserves 1,000 : 100,000, so the mark is 100; conservation and the sums over positions are asserted after every step.
extern crate std;

use crate::{holdings, storage, MarginLedger, MarginLedgerClient};
use margin_interface::{
    Action, Asset, AssetConfig, Bucket, FillReceipt, LedgerError, Limits, MarginLedgerAdminClient, Market,
    MarketConfig, MarketState, OpenAction, PriceStatus, Quote, RateCurve, TakeOver, TradeAction,
};
use margin_math::{
    curve, defaults,
    fixed::{bps_ceil, div_floor},
    funding::{self, Funding},
    units::{BASE, INDEX, PRICE, USD},
};
use soroban_sdk::{
    contract, contractimpl, symbol_short,
    testutils::{Address as _, EnvTestConfig, Ledger as _},
    vec, Address, Env, Symbol, Vec,
};

/// Answers what it was told.
#[contract]
struct ToldOracle;

#[contractimpl]
impl ToldOracle {
    pub fn set(env: Env, asset: Asset, quote: Quote) {
        env.storage().instance().set(&asset, &quote);
    }

    /// From now on it answers nothing.
    pub fn fail(env: Env) {
        env.storage().instance().set(&symbol_short!("fails"), &true);
    }

    pub fn quotes(env: Env, assets: Vec<Asset>) -> Vec<Quote> {
        assert!(!env.storage().instance().has(&symbol_short!("fails")), "a broken oracle");
        let mut quotes = Vec::new(&env);
        for asset in assets.iter() {
            quotes.push_back(env.storage().instance().get(&asset).unwrap());
        }
        quotes
    }
}

pub const BTC: Symbol = symbol_short!("BTC_USD");

pub struct World {
    pub env: Env,
    pub ledger: MarginLedgerClient<'static>,
    pub oracle: ToldOracleClient<'static>,
    pub usdc: Address,
    pub alice: Address,
    pub bob: Address,
    pub keeper: Address,
    pub provider: Address,
}

pub fn index() -> Asset {
    Asset::Other(symbol_short!("BTC"))
}

pub fn market_config() -> MarketConfig {
    MarketConfig {
        band_bps: defaults::BAND_BPS,
        fee_bps: defaults::TAKER_FEE_BPS,
        gap_bps: defaults::GAP_BPS,
        impact_bps: defaults::IMPACT_BPS,
        imr_bps: defaults::INITIAL_MARGIN_BPS,
        index: index(),
        max_open_interest: 1_000 * BASE,
        max_position_bps: defaults::POSITION_BPS,
        min_notional: defaults::MIN_NOTIONAL,
        mmr_bps: defaults::MAINTENANCE_MARGIN_BPS,
        sigma_bps: defaults::SIGMA_BPS,
        size_scaling_bps: defaults::SIZE_SCALING_BPS,
    }
}

pub fn usdc_config(index: Asset) -> AssetConfig {
    AssetConfig {
        borrow_cap: 1_000_000_000 * USD,
        enabled: true,
        index,
        liquidation_bps: 10_000,
        lw_bps: 10_000,
        ltv_bps: 10_000,
        margin_call_bps: 10_000,
        max_bonus_bps: 0,
        max_utilisation_bps: 9_500,
        min_deposit_seconds: 0,
        opening_bps: 10_250,
        outflow_bps: 10_000,
        rate: RateCurve {
            base_bps: 100,
            slope1_bps: 400,
            slope2_bps: 6_000,
            target_bps: 8_000,
            reactivity: 20_000,
        },
        reserve_factor_bps: 1_000,
        supply_cap: 1_000_000_000 * USD,
    }
}

impl World {
    /// A market with reserves 1,000 : 100,000, index 100, and 10,000 of liquidity.
    pub fn new() -> World {
        let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
        env.mock_all_auths();
        env.ledger().with_mut(|ledger| {
            ledger.timestamp = 1_790_000_000;
            ledger.sequence_number = 1_000;
            ledger.max_entry_ttl = 3_110_400;
        });
        env.cost_estimate().budget().reset_unlimited();
        let oracle = env.register(ToldOracle, ());
        let usdc = env.register_stellar_asset_contract_v2(Address::generate(&env)).address();
        let any = || Address::generate(&env);
        let ledger = env.register(MarginLedger, (any(), any(), oracle.clone(), usdc.clone()));
        let admin = MarginLedgerAdminClient::new(&env, &ledger);
        let world = World {
            ledger: MarginLedgerClient::new(&env, &ledger),
            oracle: ToldOracleClient::new(&env, &oracle),
            alice: any(),
            bob: any(),
            keeper: any(),
            provider: any(),
            usdc: usdc.clone(),
            env: env.clone(),
        };
        world.price(&Asset::Stellar(usdc.clone()), PRICE, PriceStatus::Live);
        world.index_at(100);
        admin.set_venues(&any(), &any(), &any());
        admin.list_asset(&usdc, &usdc_config(Asset::Stellar(usdc.clone())));
        world.ledger.open_market(&BTC, &market_config(), &(1_000 * BASE), &(100_000 * USD));
        world.give(&world.provider, 20_000);
        world.ledger.move_bucket(&world.provider, &Bucket::Lp, &(10_000 * USD));
        world.holds();
        world
    }

    pub fn price(&self, asset: &Asset, price: i128, status: PriceStatus) {
        let timestamp = self.env.ledger().timestamp();
        let quote = Quote { hi: price, lo: price, mid: price, status, stable: price, timestamp };
        self.oracle.set(asset, &quote);
    }

    pub fn index_at(&self, dollars: i128) {
        self.price(&index(), dollars * PRICE, PriceStatus::Live);
    }

    pub fn give(&self, who: &Address, dollars: i128) {
        self.ledger.credit(who, who, &self.usdc, &(dollars * USD));
    }

    /// Curve and funding as the clearing-house would have them now.
    pub fn state(&self) -> MarketState {
        let market = self.ledger.market(&BTC);
        let s = market.state;
        let stored = Funding {
            long: s.funding_long,
            short: s.funding_short,
            rate: s.funding_rate,
            price: s.funding_price,
            updated_at: s.funding_at,
        };
        let now = self.env.ledger().timestamp();
        let (long, short) = (market.totals.long_interest, market.totals.short_interest);
        let next = funding::accrue(stored, now, long, short).unwrap();
        MarketState { funding_at: now, funding_long: next.long, funding_short: next.short, ..s }
    }

    /// Trades through the curve, as the clearing-house does.
    pub fn trade(&self, who: &Address, size: i128) -> Result<FillReceipt, LedgerError> {
        let state = self.state();
        let (x, y) = (state.base_reserve, state.quote_reserve);
        let quote = curve::quote_for_base(x, y, size).unwrap();
        let (base_reserve, quote_reserve) = curve::after(x, y, size, quote).unwrap();
        self.fill(who, size, quote, MarketState { base_reserve, quote_reserve, ..state })
    }

    pub fn fill(
        &self,
        who: &Address,
        size: i128,
        quote: i128,
        state: MarketState,
    ) -> Result<FillReceipt, LedgerError> {
        let fee = bps_ceil(quote.abs(), defaults::TAKER_FEE_BPS).unwrap();
        let result = self.ledger.try_apply_fill(who, &BTC, &size, &quote, &fee, &state);
        self.holds();
        result.map(|receipt| receipt.unwrap()).map_err(|error| error.unwrap())
    }

    pub fn take_over(&self, who: &Address, max_size: i128) -> Result<TakeOver, LedgerError> {
        let result = self.ledger.try_take_over(&self.keeper, who, &BTC, &max_size, &false, &self.state());
        self.holds();
        result.map(|taken| taken.unwrap()).map_err(|error| error.unwrap())
    }

    /// Settlement deposit, units.
    pub fn deposit(&self, who: &Address) -> i128 {
        let totals = self.ledger.asset(&self.usdc).totals;
        let shares = self.ledger.account(who).deposits.get(self.usdc.clone()).unwrap_or(0);
        div_floor(shares * (totals.supplied + 1), totals.supply_shares + 1_000_000).unwrap()
    }

    /// Conservation, no bucket below zero, and the market's sums equal those over the accounts.
    pub fn holds(&self) {
        let asset = self.ledger.asset(&self.usdc).totals;
        let b = self.ledger.totals();
        assert_eq!(
            asset.cash + asset.borrowed + b.perp_borrowed,
            asset.supplied + asset.reserves + b.lp + b.insurance + b.fees + b.pending
        );
        for bucket in
            [b.lp, b.insurance, b.fees, b.pending, b.claims, b.perp_borrowed, b.lp - b.perp_borrowed]
        {
            assert!(bucket >= 0, "{b:?}");
        }
        let totals = self.ledger.market(&BTC).totals;
        let (mut n, mut q, mut long, mut short, mut a_long, mut a_short) = (0, 0, 0, 0, 0, 0);
        for who in [&self.alice, &self.bob, &self.keeper, &self.provider] {
            let Some(p) = self.ledger.account(who).positions.get(BTC) else { continue };
            let basis = div_floor(p.size.abs() * p.funding_index, BASE).unwrap();
            n += p.size;
            q += p.entry;
            if p.size > 0 {
                long += p.size;
                a_long += basis;
            } else {
                short -= p.size;
                a_short += basis;
            }
        }
        assert_eq!((totals.net_size, totals.entry), (n, q));
        assert_eq!((totals.long_interest, totals.short_interest), (long, short));
        assert_eq!((totals.long_funding, totals.short_funding), (a_long, a_short));
    }

    /// Alice after some actions.
    fn previewed(&self, actions: Vec<Action>) -> margin_interface::AccountSummary {
        self.ledger.preview(&self.alice, &actions)
    }

    pub fn summary_open(&self, who: &Address) -> margin_interface::AccountSummary {
        self.ledger.preview(who, &Vec::new(&self.env))
    }
}

#[test]
fn opens_and_closes_through_the_curve_for_the_price_of_rounding_and_fees() {
    let w = World::new();
    w.give(&w.alice, 2_000);
    let opened = w.trade(&w.alice, 10 * BASE).unwrap();
    // 1,000 * 100,000 / 990 = 101,010.1010101..: she pays 1,010.1010102.
    assert_eq!(opened.position.entry, -10_101_010_102);
    assert_eq!((opened.fee, opened.funding, opened.realized_pnl, opened.pending), (10_101_011, 0, 0, 0));
    let buckets = w.ledger.totals();
    assert_eq!(buckets.insurance, 2_020_202);
    assert_eq!(buckets.fees, 1_010_101);
    assert_eq!(buckets.lp, 10_000 * USD + 7_070_708);
    assert_eq!(w.deposit(&w.alice), 2_000 * USD - 10_101_011);

    let closed = w.trade(&w.alice, -10 * BASE).unwrap();
    assert_eq!(closed.realized_pnl, -1);
    assert_eq!(closed.position.size, 0);
    assert!(w.ledger.account(&w.alice).positions.is_empty());
    assert_eq!(w.ledger.market(&BTC).state.base_reserve, 1_000 * BASE);
}

#[test]
fn a_reduction_realises_the_proportional_part_and_a_fill_never_crosses_zero() {
    let w = World::new();
    w.give(&w.alice, 2_000);
    w.trade(&w.alice, 10 * BASE).unwrap();
    let half = w.fill(&w.alice, -5 * BASE, 500 * USD, w.state()).unwrap();
    assert_eq!(half.realized_pnl, 500 * USD - 5_050_505_051);
    assert_eq!(half.position.entry, -5_050_505_051);
    assert_eq!(w.fill(&w.alice, -6 * BASE, 600 * USD, w.state()), Err(LedgerError::InvalidFill));
    assert_eq!(w.fill(&w.alice, -BASE, -100 * USD, w.state()), Err(LedgerError::InvalidFill));
    assert_eq!(w.fill(&w.alice, 0, 0, w.state()), Err(LedgerError::InvalidFill));
}

#[test]
fn risk_needs_initial_margin_a_live_index_and_a_pool_that_can_bear_it() {
    let w = World::new();
    // 1,000 of notional: 101.1 initial margin and 10.1 of impact.
    w.give(&w.alice, 112);
    assert_eq!(w.trade(&w.alice, 10 * BASE), Err(LedgerError::InsufficientMargin));
    w.give(&w.alice, 1);
    assert!(w.trade(&w.alice, 10 * BASE).is_ok());

    w.price(&index(), 100 * PRICE, PriceStatus::Degraded);
    w.give(&w.bob, 100_000);
    assert_eq!(w.trade(&w.bob, BASE), Err(LedgerError::PriceNotUsable));
    // She may leave nevertheless.
    assert!(w.trade(&w.alice, -10 * BASE).is_ok());
    w.price(&index(), 0, PriceStatus::Unknown);
    w.index_at(100);

    // 800 short at 100: 80,000 * (7% + 6.5%) = 10,800 exceeds the pool's 10,000.
    let deep = MarketState { base_reserve: 1_000_000 * BASE, quote_reserve: 100_000_000 * USD, ..w.state() };
    assert_eq!(w.fill(&w.bob, -800 * BASE, 80_000 * USD, deep), Err(LedgerError::ReserveTestFailed));
    assert!(w.fill(&w.bob, -700 * BASE, 70_000 * USD, deep).is_ok());
    let result = w.ledger.try_move_bucket(&w.provider, &Bucket::Lp, &(-1_000 * USD));
    assert_eq!(result, Err(Ok(LedgerError::ReserveTestFailed)));
    w.ledger.move_bucket(&w.provider, &Bucket::Lp, &(-100 * USD));
    w.holds();
}

#[test]
fn an_accounts_own_limits_bind_whoever_trades() {
    let w = World::new();
    w.give(&w.alice, 2_000);
    let limits = Limits { max_leverage: 300, market_exposure: 900 * USD, min_health: 0, total_borrow: 0 };
    w.ledger.set_limits(&w.alice, &limits);
    assert_eq!(w.trade(&w.alice, 10 * BASE), Err(LedgerError::LimitExceeded));
    w.ledger.set_limits(&w.alice, &Limits { market_exposure: 1_001 * USD, ..limits.clone() });
    assert!(w.trade(&w.alice, 10 * BASE).is_ok());
    w.ledger.set_limits(&w.alice, &Limits { max_leverage: 50, ..limits });
    assert_eq!(w.trade(&w.alice, BASE / 10), Err(LedgerError::LimitExceeded));
    let negative = Limits { total_borrow: -1, ..Limits::NONE };
    assert_eq!(w.ledger.try_set_limits(&w.alice, &negative), Err(Ok(LedgerError::InvalidConfig)));
}

#[test]
fn a_loss_burns_the_deposit_then_is_lent_and_a_gain_repays_it_first() {
    let w = World::new();
    w.give(&w.alice, 200);
    w.trade(&w.alice, 10 * BASE).unwrap();
    // Half goes for 20 a piece: loses 405.05 with 198.99 in the deposit.
    let entry = -w.ledger.account(&w.alice).positions.get(BTC).unwrap().entry;
    w.index_at(20);
    let lost = w.fill(&w.alice, -5 * BASE, 100 * USD, w.state()).unwrap();
    w.index_at(100);
    assert_eq!(lost.realized_pnl, 100 * USD - entry / 2);
    let buckets = w.ledger.totals();
    let uncovered = entry / 2 - 100 * USD - (200 * USD - 10_101_011) + USD / 10;
    assert_eq!(buckets.perp_borrowed, uncovered);
    assert!(!w.ledger.account(&w.alice).deposits.contains_key(w.usdc.clone()));
    // The rest for 300 a piece: gains 994.9, first to the pool she owes.
    let won = w.fill(&w.alice, -5 * BASE, 1_500 * USD, w.state()).unwrap();
    let buckets = w.ledger.totals();
    assert_eq!((buckets.perp_borrowed, buckets.perp_borrow_shares, won.pending), (0, 0, 0));
    assert_eq!(w.deposit(&w.alice), won.realized_pnl - uncovered - won.fee);
}

/// One unit owed bears no interest that could be booked, so the clock waits for it. Who owes more later owes nothing for
/// that time.
#[test]
fn new_perpetual_debt_pays_nothing_for_the_time_before_it() {
    let w = World::new();
    w.give(&w.alice, 200);
    w.trade(&w.alice, 10 * BASE).unwrap();
    w.env.as_contract(&w.ledger.address, || {
        let mut buckets = storage::settlement(&w.env);
        let mut bob = storage::account(&w.env, &w.bob);
        let shares = holdings::credit_line(&buckets).shares_ceil(1).unwrap();
        (buckets.lp, buckets.perp_borrowed) = (buckets.lp + 1, buckets.perp_borrowed + 1);
        buckets.perp_borrow_shares += shares;
        bob.perp_debt += shares;
        storage::set_settlement(&w.env, &buckets);
        storage::set_account(&w.env, &w.bob, &bob);
    });
    w.env.ledger().with_mut(|ledger| ledger.timestamp += 300 * 86_400);
    w.price(&Asset::Stellar(w.usdc.clone()), PRICE, PriceStatus::Live);
    w.index_at(20);
    let before = w.deposit(&w.alice);
    let lost = w.fill(&w.alice, -5 * BASE, 100 * USD, w.state()).unwrap();
    let uncovered = -lost.realized_pnl + lost.funding + lost.fee - before;
    assert!(uncovered > 100 * USD);
    // The unit that was owed before has grown by the next one.
    assert_eq!(w.ledger.totals().perp_borrowed, 2 + uncovered);
}

#[test]
fn what_a_close_far_from_the_index_loses_is_not_lent() {
    let w = World::new();
    w.give(&w.alice, 200);
    w.trade(&w.alice, 10 * BASE).unwrap();
    // Within the band of 5% the pool lends what the deposit cannot pay; beyond it somebody else would be the winner.
    assert_eq!(w.fill(&w.alice, -5 * BASE, 100 * USD, w.state()), Err(LedgerError::BadDebt));
    // What the deposit covers may be closed at any price.
    assert!(w.fill(&w.alice, -BASE, 60 * USD, w.state()).is_ok());
    w.holds();
}

#[test]
fn a_voluntary_close_may_not_leave_bad_debt() {
    let w = World::new();
    w.give(&w.alice, 200);
    w.trade(&w.alice, 10 * BASE).unwrap();
    assert_eq!(w.fill(&w.alice, -10 * BASE, 100 * USD, w.state()), Err(LedgerError::BadDebt));
    assert!(w.fill(&w.alice, -10 * BASE, 900 * USD, w.state()).is_ok());
}

#[test]
fn winners_beyond_the_pools_cash_wait_in_the_pending_pool() {
    let w = World::new();
    w.give(&w.alice, 1_000);
    w.trade(&w.alice, 10 * BASE).unwrap();
    w.index_at(2_000);
    let payable = w.ledger.totals().lp;
    let won = w.fill(&w.alice, -10 * BASE, 20_000 * USD, w.state()).unwrap();
    assert_eq!(won.pending, won.realized_pnl - payable);
    let buckets = w.ledger.totals();
    assert_eq!(buckets.claims + buckets.pending, won.pending);
    assert_eq!(w.ledger.account(&w.alice).pending.amount, won.pending);
    let before = w.deposit(&w.alice);
    let first = w.ledger.claim_pending(&w.alice);
    // New liquidity pays those who wait before it earns.
    w.ledger.move_bucket(&w.provider, &Bucket::Lp, &(10_000 * USD));
    w.holds();
    let second = w.ledger.claim_pending(&w.alice);
    w.holds();
    assert_eq!(first + second, won.pending);
    assert_eq!(w.deposit(&w.alice), before + won.pending);
    let buckets = w.ledger.totals();
    assert_eq!((buckets.claims, buckets.pending, buckets.claims_epoch), (0, 0, 1));
    assert_eq!(w.ledger.claim_pending(&w.alice), 0);
}

#[test]
fn a_stranger_does_not_turn_funding_that_counts_into_a_claim_that_does_not() {
    let w = World::new();
    w.give(&w.alice, 1_000);
    w.give(&w.bob, 1_000);
    w.trade(&w.bob, -10 * BASE).unwrap();
    w.trade(&w.alice, 10 * BASE).unwrap();
    // Alice wins more than the pool has, so winners wait; one unit of hers stays open and pays funding to Bob.
    w.index_at(2_000);
    assert!(w.fill(&w.alice, -9 * BASE, 18_000 * USD, w.state()).unwrap().pending > 0);
    w.index_at(100);
    assert!(w.ledger.totals().claims > 0);
    let state = MarketState { funding_rate: INDEX / 100, funding_price: 100 * PRICE, ..w.state() };
    w.ledger.push_market(&BTC, &state);
    w.env.ledger().with_mut(|ledger| ledger.timestamp += 3_600);
    w.index_at(100);
    let health = w.ledger.summary(&w.bob).health_factor;
    let refused = w.ledger.try_settle(&w.bob, &BTC, &0, &w.state());
    assert_eq!(refused, Err(Ok(LedgerError::InsufficientBucket)));
    assert_eq!(w.ledger.summary(&w.bob).health_factor, health);
    // Who pays may be settled by anybody.
    assert!(w.ledger.settle(&w.alice, &BTC, &0, &w.state()) > 0);
    w.holds();
}

#[test]
fn funding_is_paid_by_longs_to_shorts_and_settles_once() {
    let w = World::new();
    w.give(&w.alice, 1_000);
    w.give(&w.bob, 1_000);
    w.trade(&w.alice, 10 * BASE).unwrap();
    w.trade(&w.bob, -10 * BASE).unwrap();
    // 8% per 8 hours on a price of 100: a dollar per unit and hour.
    let state = MarketState { funding_rate: 8 * INDEX / 100, funding_price: 100 * PRICE, ..w.state() };
    w.ledger.push_market(&BTC, &state);
    w.env.ledger().with_mut(|ledger| ledger.timestamp += 3_600);
    w.index_at(100);
    // The view knows it before anybody settles.
    assert_eq!(
        w.ledger.breakdown(&w.alice).positions.get(0).unwrap().pnl,
        -10_101_010_102 + 1_000 * USD - 10 * USD
    );
    assert_eq!(w.ledger.settle(&w.alice, &BTC, &0, &w.state()), 10 * USD);
    w.holds();
    assert_eq!(w.ledger.settle(&w.bob, &BTC, &0, &w.state()), -10 * USD);
    w.holds();
    assert_eq!(w.ledger.settle(&w.alice, &BTC, &0, &w.state()), 0);
    w.holds();
}

#[test]
fn a_take_over_restores_the_target_and_leaves_curve_and_net_size_alone() {
    let w = World::new();
    w.give(&w.alice, 200);
    w.give(&w.keeper, 5_000);
    w.trade(&w.alice, 10 * BASE).unwrap();
    w.index_at(86);
    assert_eq!(w.take_over(&w.alice, i128::MAX), Err(LedgerError::NotLiquidatable));
    w.index_at(85);
    let before = w.ledger.market(&BTC);
    let keeper_before = w.deposit(&w.keeper);
    let taken = w.take_over(&w.alice, i128::MAX).unwrap();
    let after = w.ledger.market(&BTC);
    assert_eq!(after.totals.net_size, before.totals.net_size);
    assert_eq!(after.state.base_reserve, before.state.base_reserve);
    assert_eq!(taken.price, 85 * PRICE);
    assert!((12_000..=12_001).contains(&w.ledger.summary(&w.alice).health_factor));
    assert_eq!(w.ledger.account(&w.keeper).positions.get(BTC).unwrap().size, taken.size);
    assert_eq!(w.deposit(&w.keeper), keeper_before + taken.fee / 2);
    // Healthy now.
    assert_eq!(w.take_over(&w.alice, i128::MAX), Err(LedgerError::NotLiquidatable));
}

/// Who hands a position to the pool is paid half of the fee, and needs no margin: nothing else would stand in the way.
#[test]
fn nobody_takes_over_their_own_position() {
    let w = World::new();
    w.give(&w.alice, 200);
    w.trade(&w.alice, 10 * BASE).unwrap();
    w.index_at(85);
    let by = |who: &Address, to_pool: bool| {
        let result = w.ledger.try_take_over(who, &w.alice, &BTC, &BASE, &to_pool, &w.state());
        w.holds();
        result.map(|taken| taken.unwrap().size).map_err(|error| error.unwrap())
    };
    for to_pool in [false, true] {
        assert_eq!(by(&w.alice, to_pool), Err(LedgerError::SelfLiquidation));
    }
    assert_eq!(by(&w.keeper, true), Ok(BASE));
}

/// In the grace after a refused price, and while there is none, the owner could not act either.
#[test]
fn nobody_is_taken_over_in_the_grace_of_an_index() {
    let w = World::new();
    w.give(&w.alice, 200);
    w.give(&w.keeper, 5_000);
    w.trade(&w.alice, 10 * BASE).unwrap();
    for status in [PriceStatus::Grace, PriceStatus::Stale, PriceStatus::Halted, PriceStatus::Warming] {
        w.price(&index(), 85 * PRICE, status);
        assert!(w.ledger.is_liquidatable(&w.alice), "the price alone would do");
        assert_eq!(w.take_over(&w.alice, BASE), Err(LedgerError::PriceNotUsable), "{status:?}");
        let to_pool = w.ledger.try_take_over(&w.keeper, &w.alice, &BTC, &BASE, &true, &w.state());
        assert_eq!(to_pool, Err(Ok(LedgerError::PriceNotUsable)), "{status:?}");
    }
    w.index_at(85);
    assert_eq!(w.take_over(&w.alice, BASE).unwrap().size, BASE);
}

#[test]
fn a_liquidator_that_could_not_open_it_cannot_take_it_over() {
    let w = World::new();
    w.give(&w.alice, 200);
    w.trade(&w.alice, 10 * BASE).unwrap();
    w.index_at(80);
    assert_eq!(w.take_over(&w.alice, i128::MAX), Err(LedgerError::InsufficientMargin));
    // An opposite position is closed first, then turned.
    w.give(&w.keeper, 5_000);
    w.trade(&w.keeper, -2 * BASE).unwrap();
    let taken = w.take_over(&w.alice, i128::MAX).unwrap();
    assert_eq!(w.ledger.account(&w.keeper).positions.get(BTC).unwrap().size, taken.size - 2 * BASE);
}

#[test]
fn a_take_over_leaves_its_liquidator_no_dust() {
    let w = World::new();
    w.give(&w.alice, 200);
    w.give(&w.keeper, 5_000);
    w.trade(&w.alice, 10 * BASE).unwrap();
    w.trade(&w.keeper, -BASE).unwrap();
    w.index_at(83);
    // All but a unit of what the keeper is short; a unit more than that.
    assert_eq!(w.take_over(&w.alice, BASE - 1), Err(LedgerError::InvalidAmount));
    assert_eq!(w.take_over(&w.alice, BASE + 1), Err(LedgerError::InvalidAmount));
    w.take_over(&w.alice, BASE).unwrap();
    assert!(w.ledger.account(&w.keeper).positions.is_empty());
    assert_eq!(w.take_over(&w.alice, 1), Err(LedgerError::InvalidAmount));
    // What adds to a position is none.
    w.take_over(&w.alice, BASE).unwrap();
    w.take_over(&w.alice, 1).unwrap();
    assert_eq!(w.ledger.account(&w.keeper).positions.get(BTC).unwrap().size, BASE + 1);
}

#[test]
fn a_doubtful_price_stops_no_liquidator_who_bears_its_worse_end() {
    let w = World::new();
    w.give(&w.alice, 200);
    w.give(&w.keeper, 150);
    w.trade(&w.alice, 10 * BASE).unwrap();
    let between = |lo: i128, hi: i128, status| {
        let (lo, hi, timestamp) = (lo * PRICE, hi * PRICE, w.env.ledger().timestamp());
        w.oracle.set(&index(), &Quote { hi, lo, mid: hi, stable: hi, status, timestamp });
    };
    for status in [PriceStatus::Degraded, PriceStatus::Tripped] {
        // He takes ten at 80, and must bear that they are worth 60.
        between(60, 80, status);
        assert_eq!(w.take_over(&w.alice, i128::MAX), Err(LedgerError::InsufficientMargin));
    }
    // Nothing else opens at such a price.
    between(80, 80, PriceStatus::Degraded);
    assert_eq!(w.trade(&w.keeper, BASE), Err(LedgerError::PriceNotUsable));
    let taken = w.take_over(&w.alice, i128::MAX).unwrap();
    assert_eq!((taken.size, taken.price), (10 * BASE, 80 * PRICE));
}

#[test]
fn no_index_moves_who_is_owed_something_in_a_market_that_was_wound_down() {
    let w = World::new();
    w.give(&w.alice, 200);
    w.give(&w.bob, 200);
    w.trade(&w.alice, 10 * BASE).unwrap();
    w.trade(&w.bob, -9 * BASE).unwrap();
    w.ledger.push_market(&BTC, &MarketState { clearing_price: 101 * PRICE, ..w.state() });
    let seen = || {
        let pnl = |who| w.ledger.breakdown(who).positions.get(0).unwrap().pnl;
        let pool = w.ledger.pool_value();
        (pnl(&w.alice), pnl(&w.bob), pool.winners, pool.index_value, w.ledger.summary(&w.alice).health_factor)
    };
    let fair = seen();
    for (price, status) in [
        (60 * PRICE, PriceStatus::Live),
        (200 * PRICE, PriceStatus::Live),
        (60 * PRICE, PriceStatus::Stale),
        (0, PriceStatus::Unknown),
    ] {
        w.price(&index(), price, status);
        assert_eq!(seen(), fair);
        for who in [&w.alice, &w.bob] {
            assert!(!w.ledger.is_liquidatable(who));
            assert_eq!(w.ledger.try_flag(who), Err(Ok(LedgerError::NotLiquidatable)));
        }
    }
}

#[test]
fn bad_debt_is_borne_by_insurance_then_by_liquidity() {
    let w = World::new();
    w.give(&w.alice, 200);
    w.give(&w.keeper, 5_000);
    w.trade(&w.alice, 10 * BASE).unwrap();
    w.ledger.move_bucket(&w.provider, &Bucket::Insurance, &(50 * USD));
    let before = w.ledger.totals();
    w.index_at(70);
    let taken = w.take_over(&w.alice, i128::MAX).unwrap();
    assert_eq!((taken.size, taken.fee), (10 * BASE, 0));
    let after = w.ledger.totals();
    let loss = 10_101_010_102 - 700 * USD;
    let paid = 200 * USD - 10_101_011;
    // One account takes a tenth of insurance at most.
    let insured = before.insurance / 10;
    assert_eq!((after.insurance, after.perp_borrowed), (before.insurance - insured, 0));
    assert_eq!(after.insurance_spent, insured);
    assert_eq!(after.lp, before.lp + paid + insured);
    assert!(loss - paid > before.insurance);
    let alice = w.ledger.account(&w.alice);
    assert!(alice.perp_debt == 0 && alice.deposits.is_empty() && alice.positions.is_empty());
}

/// Nobody is there to liquidate what the end of a market settles: what cannot be paid is lost in the same call.
#[test]
fn what_a_wound_down_market_leaves_unpaid_is_written_off_at_once() {
    let w = World::new();
    w.give(&w.alice, 200);
    w.trade(&w.alice, 10 * BASE).unwrap();
    w.ledger.move_bucket(&w.provider, &Bucket::Insurance, &(50 * USD));
    let end = MarketState { clearing_price: 70 * PRICE, ..w.state() };
    w.ledger.push_market(&BTC, &end);
    let before = w.ledger.totals();
    w.ledger.settle(&w.alice, &BTC, &end.clearing_price, &end);
    w.holds();
    let (after, alice) = (w.ledger.totals(), w.ledger.account(&w.alice));
    assert_eq!((alice.perp_debt, after.perp_borrowed), (0, 0));
    assert!(alice.deposits.is_empty() && alice.positions.is_empty());
    assert_eq!(after.insurance, before.insurance - before.insurance / 10, "what one account may cost");
}

/// A loan beside the position: at one price the account fails and the loan is written off, at the other a part is taken over.
#[test]
fn what_a_take_over_writes_does_not_depend_on_the_price() {
    let written = |dollars: i128, settled: bool| {
        let w = World::new();
        let other = w.env.register_stellar_asset_contract_v2(Address::generate(&w.env)).address();
        let index = Asset::Stellar(other.clone());
        w.price(&index, PRICE, PriceStatus::Live);
        let admin = MarginLedgerAdminClient::new(&w.env, &w.ledger.address);
        crate::test_world::list(&admin, &other, &crate::test_world::xlm_config(&other));
        w.index_at(100);
        w.ledger.push_market(&BTC, &w.state());
        w.ledger.credit(&w.bob, &w.bob, &other, &(1_000 * USD));
        w.give(&w.alice, 200);
        w.give(&w.keeper, 5_000);
        w.ledger.borrow(&w.alice, &other, &(20 * USD));
        w.trade(&w.alice, 10 * BASE).unwrap();
        w.index_at(dollars);
        if settled {
            let state = MarketState { clearing_price: dollars * PRICE, ..w.state() };
            w.ledger.settle(&w.alice, &BTC, &(dollars * PRICE), &state);
        } else {
            w.ledger.take_over(&w.keeper, &w.alice, &BTC, &i128::MAX, &false, &w.state());
        }
        // Of the call before: nothing is asked in between.
        let writes = w.env.cost_estimate().resources().write_entries;
        (writes, w.ledger.account(&w.alice).debts.is_empty())
    };
    for settled in [false, true] {
        let ((some, some_failed), (all, all_failed)) = (written(86, settled), written(60, settled));
        assert_eq!((some, some_failed, all_failed), (all, false, true), "{settled}");
    }
}

/// Three accounts fail in one market in a day, a tenth each: the third finds what is left of the market's fifth, the first of
/// another market a tenth again.
#[test]
fn one_market_takes_no_more_than_its_part_of_insurance() {
    let w = World::new();
    w.give(&w.keeper, 20_000);
    let eth = Asset::Other(symbol_short!("ETH"));
    let other = symbol_short!("ETH_USD");
    w.price(&eth, 100 * PRICE, PriceStatus::Live);
    let config = MarketConfig { index: eth.clone(), ..market_config() };
    w.ledger.open_market(&other, &config, &(1_000 * BASE), &(100_000 * USD));
    w.ledger.move_bucket(&w.provider, &Bucket::Insurance, &(500 * USD));
    let fail = || {
        w.index_at(100);
        w.give(&w.alice, 115);
        w.fill(&w.alice, 10 * BASE, -1_000 * USD, w.state()).unwrap();
        let before = w.ledger.totals().insurance;
        w.index_at(70);
        w.take_over(&w.alice, i128::MAX).unwrap();
        w.ledger.apply_fill(&w.keeper, &BTC, &(-10 * BASE), &(700 * USD), &0, &w.state());
        (before, before - w.ledger.totals().insurance)
    };
    let (all, first) = fail();
    let (_, second) = fail();
    let (rest, third) = fail();
    assert_eq!(first, all / 10);
    assert!(
        (first + second + third - all / 5).abs() < USD / 10 && third < rest / 50,
        "{first} {second} {third}"
    );
    let by_market = |market: &Symbol| w.ledger.totals().insurance_markets.get(market.clone()).unwrap_or(0);
    assert_eq!((by_market(&BTC), by_market(&other)), (w.ledger.totals().insurance_spent, 0));

    w.give(&w.alice, 115);
    let state = w.ledger.market(&other).state;
    w.ledger.apply_fill(&w.alice, &other, &(10 * BASE), &(-1_000 * USD), &0, &state);
    w.price(&eth, 70 * PRICE, PriceStatus::Live);
    let before = w.ledger.totals();
    w.ledger.take_over(&w.keeper, &w.alice, &other, &i128::MAX, &false, &state);
    assert_eq!(before.insurance - w.ledger.totals().insurance, before.insurance / 10);
    assert_eq!(by_market(&other), before.insurance / 10);
    // The next day begins anew.
    w.env.ledger().with_mut(|ledger| ledger.timestamp += 86_400);
    let (all, next) = fail();
    assert_eq!((next, by_market(&BTC), by_market(&other)), (all / 10, all / 10, 0));
}

#[test]
fn preview_of_an_opening_is_what_execution_makes_of_it() {
    let w = World::new();
    w.give(&w.alice, 300);
    let open = OpenAction { is_long: false, leverage: 300, margin: 500 * USD, market: BTC };
    let expected = w.previewed(vec![&w.env, Action::Open(open.clone())]);
    let both = w.previewed(vec![&w.env, Action::Open(open.clone()), Action::Open(open)]);
    w.give(&w.alice, 500);
    let state = w.state();
    let size = curve::base_for_quote(state.base_reserve, state.quote_reserve, 1_500 * USD, false).unwrap();
    w.trade(&w.alice, size).unwrap();
    assert_eq!(w.summary_open(&w.alice), expected);
    assert!(expected.opening_ok && both.perp_notional > 2 * expected.perp_notional - USD);
}

#[test]
fn preview_of_a_reversal_closes_then_opens_at_the_limit() {
    let w = World::new();
    w.give(&w.alice, 2_000);
    w.trade(&w.alice, 5 * BASE).unwrap();
    let action = TradeAction { limit_price: 99 * PRICE, market: BTC, size_delta: -8 * BASE };
    let expected = w.previewed(vec![&w.env, Action::Trade(action)]);
    w.fill_at_limit(-5 * BASE, 99);
    w.fill_at_limit(-3 * BASE, 99);
    let executed = w.summary_open(&w.alice);
    assert_eq!(executed.perp_notional, expected.perp_notional);
    // The fee of a sale counts at the better of limit and curve, so the preview is never the optimistic one.
    assert!(executed.equity >= expected.equity && executed.equity - expected.equity < USD / 10);
}

#[test]
fn amounts_are_valued_beside_a_preview_at_the_upper_price() {
    let w = World::new();
    w.give(&w.alice, 2_000);
    let traded = (Market::Perp(BTC), 8 * BASE + 1);
    let amounts = vec![&w.env, traded, (Market::Asset(w.usdc.clone()), 100 * USD)];
    let (summary, value) = w.ledger.assess(&w.alice, &vec![&w.env], &amounts);
    assert_eq!((summary, value), (w.summary_open(&w.alice), Some(900 * USD + 1)), "rounded up");
}

impl World {
    fn fill_at_limit(&self, size: i128, dollars: i128) {
        let state = self.state();
        let (x, y) = (state.base_reserve, state.quote_reserve);
        let quote = curve::quote_for_base(x, y, size).unwrap();
        let (base_reserve, quote_reserve) = curve::after(x, y, size, quote).unwrap();
        let cash = -size / BASE * dollars * USD;
        self.fill(&self.alice, size, cash, MarketState { base_reserve, quote_reserve, ..state }).unwrap();
    }
}

#[test]
fn a_trade_below_nothing_has_no_preview() {
    let w = World::new();
    w.give(&w.alice, 2_000);
    let action = TradeAction { limit_price: -1, market: BTC, size_delta: BASE };
    let call = w.ledger.try_preview(&w.alice, &vec![&w.env, Action::Trade(action)]);
    assert_eq!(call, Err(Ok(LedgerError::InvalidAmount)));
}

#[test]
fn an_account_without_risk_previews_its_exit_without_a_price() {
    let w = World::new();
    w.give(&w.alice, 100);
    w.price(&Asset::Stellar(w.usdc.clone()), PRICE, PriceStatus::Stale);
    let out = vec![&w.env, Action::Withdraw(w.usdc.clone(), 100 * USD)];
    let summary = w.previewed(out);
    assert_eq!((summary.leverage, summary.health_factor), (0, u32::MAX));
    let borrow = vec![&w.env, Action::Borrow(w.usdc.clone(), USD)];
    assert_eq!(w.ledger.try_preview(&w.alice, &borrow), Err(Ok(LedgerError::PriceNotUsable)));
}

#[test]
fn markets_open_once_and_within_bounds() {
    let w = World::new();
    let open = |market: Symbol, config: &MarketConfig| {
        w.ledger.try_open_market(&market, config, &BASE, &USD).map_err(|error| error.unwrap()).map(|_| ())
    };
    let eth = symbol_short!("ETH_USD");
    assert_eq!(open(BTC, &market_config()), Err(LedgerError::AlreadyListed));
    for config in [
        MarketConfig { mmr_bps: 49, ..market_config() },
        MarketConfig { imr_bps: 99, mmr_bps: 50, ..market_config() },
        MarketConfig { mmr_bps: 1_000, ..market_config() },
        MarketConfig { fee_bps: 101, ..market_config() },
        MarketConfig { band_bps: 0, ..market_config() },
        MarketConfig { min_notional: USD - 1, ..market_config() },
    ] {
        assert_eq!(open(eth.clone(), &config), Err(LedgerError::InvalidConfig));
    }
    assert_eq!(open(eth, &market_config()), Ok(()));
    assert_eq!(w.ledger.markets().len(), 2);
}
