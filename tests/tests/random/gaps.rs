//! Lives of perpetuals alone, at their edges: positions as large as they may be, mostly on one side, a pool with little more than
//! the reserve test asks for, an index that jumps by 8 to 13%. Losers owe more than they have and insurance pays, winners wait
//! and are paid together, funding is owed by few to many, maintenance margins rise, oracles fail. Everybody is a key account:
//! what `can_execute` says of an order is what happens, to the code.

use super::{setting, Seen, Story, SHARDS};
use margin_interface::{
    AccountStatus, ClearingChange, ClearingError, Condition, ConditionalOrder, LedgerError, MarketConfig,
    PriceStatus,
};
use margin_math::defaults::LP_COOL_DOWN;
use margin_math::units::{BASE, PRICE, USD};
use margin_tests::accounts::DAY;
use margin_tests::actor::Actor;
use margin_tests::auth::Invocation;
use margin_tests::fixture::{Fixture, BTC_USD, ETH_USD};
use margin_tests::invariants::{check, Memory};
use margin_tests::model::perp::Witness;
use margin_tests::money::{usdc, Coin};
use margin_tests::operations::Order;
use margin_tests::orders::{execute_signed, order};
use margin_tests::perp_invariants::probes::{Prober, EVERY};
use margin_tests::random::Dice;
use margin_tests::tx::Tx;
use margin_tests::world::Mode;
use soroban_sdk::{vec, BytesN, Env, IntoVal, TryFromVal, Val};
use std::collections::BTreeMap;

const MARKETS: [(&str, &str); 2] = [(BTC_USD, "BTC"), (ETH_USD, "ETH")];
const LIVES: u64 = 16;
const STEPS: u32 = 48;
/// Seconds that the feeds' word counts.
const FRESH: u64 = 290;

/// What these lives have met.
#[derive(Debug, Default)]
struct Met {
    seen: Seen,
    /// Steps with two or more who wait for their gains.
    waiting_together: u32,
    /// Rates at which few pay to many, who are cut.
    few_pay_many: u32,
    /// Markets whose maintenance margin rose.
    ramps: u32,
    /// Faults of an index, and those that ended with a grace.
    faults: u32,
    graces: u32,
    /// Orders that were executed, and that were refused, by code.
    orders: BTreeMap<u32, u32>,
    /// What succeeded, and what was refused.
    done: BTreeMap<&'static str, (u32, u32)>,
}

impl Met {
    fn add(&mut self, other: &Met) {
        self.seen.add(&other.seen);
        self.waiting_together += other.waiting_together;
        self.few_pay_many += other.few_pay_many;
        self.ramps += other.ramps;
        self.faults += other.faults;
        self.graces += other.graces;
        for (code, times) in &other.orders {
            *self.orders.entry(*code).or_default() += times;
        }
        for (name, (done, refused)) in &other.done {
            let sum = self.done.entry(name).or_default();
            *sum = (sum.0 + done, sum.1 + refused);
        }
    }

    /// Whether a run of `make test` has met what it is for.
    fn enough(&self) -> bool {
        let followed = |kind: &str| self.seen.followed.get(kind).copied().unwrap_or(0);
        let probed = |number: u32| self.seen.probed.get(&number).copied().unwrap_or(0);
        self.seen.insurance_paid >= 10
            && self.seen.open_claims >= 15
            && self.waiting_together >= 5
            && probed(24) >= 3
            && followed("take-over") >= 40
            && followed("rate") >= 60
            && followed("funding") >= 10
            && self.few_pay_many >= 5
            && self.ramps >= 10
            && self.faults >= 6
            && self.graces >= 1
            && self.orders.get(&0).is_some_and(|done| *done >= 3)
    }
}

/// Those who live one of these lives.
struct Crowd<'a> {
    f: &'a Fixture,
    people: Vec<Actor>,
    /// Takes over, provides, insures.
    rich: Actor,
    /// To which side most of them lean.
    long: bool,
    /// How often of a hundred times the index moves in their favour: they lose more than they have, or gain more than there is.
    favour: i128,
    /// Parameters that bind existing positions a week after.
    tighter: Vec<BytesN<32>>,
    nonce: u64,
    memory: Memory,
    prober: Prober,
    met: &'a mut Met,
    story: &'a mut Story,
}

/// As thin as parameters may be that fit each other: 50 times, and 1% of maintenance.
fn thin(config: MarketConfig) -> MarketConfig {
    MarketConfig {
        band_bps: 190,
        gap_bps: 800,
        impact_bps: 40,
        imr_bps: 200,
        mmr_bps: 100,
        sigma_bps: 290,
        size_scaling_bps: 0,
        ..config
    }
}

impl<'a> Crowd<'a> {
    fn of(f: &'a Fixture, dice: &mut Dice, met: &'a mut Met, story: &'a mut Story) -> Self {
        let prober = Prober::new(f);
        let is_thin = dice.chance(60);
        let tighter = MARKETS.map(|(name, _)| {
            let market = f.symbol(name);
            let config = f.ledger().market(&market).config;
            let config = if is_thin { thin(config) } else { config };
            if is_thin {
                let id = announced(f, ClearingChange::Market(market.clone(), config.clone()));
                f.pass(DAY);
                f.admin.calls::<()>(&f.contracts().clearing, "execute", (id,).into_val(&f.env)).ok();
            }
            let mmr_bps = config.mmr_bps * 18 / 10;
            announced(f, ClearingChange::Market(market, MarketConfig { mmr_bps, ..config }))
        });
        f.pass(DAY);
        let people = ["ann", "ben", "cid", "dee", "eve", "fay"].map(|name| {
            let actor = f.funded(f.key_account(name), &[usdc(100_000)]);
            let dollars = dice.between(1_500, 6_000) * if is_thin { 1 } else { 4 };
            actor.deposit(usdc(dollars)).ok();
            actor
        });
        let rich = f.funded(f.key_account("rich"), &[usdc(3_000_000)]);
        rich.deposit(usdc(2_000_000)).ok();
        let provider = &f.provider;
        let shares = f.clearing().lp(&provider.address).shares;
        provider.request_exit(shares).ok();
        f.pass(LP_COOL_DOWN);
        provider.remove_liquidity(shares / 1_000 * dice.between(910, 970)).ok();
        f.witness.replace(Some(Witness::default()));
        let mut memory = Memory::default();
        check(f, &mut memory);
        let (long, favour) = (dice.chance(50), *dice.pick(&[45, 90]));
        let tighter = tighter.to_vec();
        Self { f, people: people.to_vec(), rich, long, favour, tighter, nonce: 1, memory, prober, met, story }
    }

    fn play(&mut self, dice: &mut Dice) {
        if self.f.clearing().buckets().claims > 0 && dice.chance(40) {
            return self.run(dice);
        }
        match dice.between(1, 100) {
            1..=32 => self.lean(dice),
            33..=38 => self.close(dice),
            39..=51 => self.gap(dice),
            52..=69 => self.liquidate(dice),
            70..=74 => self.claim(),
            75..=77 => self.pays_in(dice),
            78..=84 => self.funding(dice),
            85..=87 => self.settle(dice),
            88 => self.repeg(dice),
            89..=91 => self.tighten(dice),
            92..=93 => self.fault(dice),
            _ => self.order(dice),
        }
    }

    /// Submits it; whatever comes of it, the invariants hold.
    fn submit<T: TryFromVal<Env, Val>>(
        &mut self,
        name: &'static str,
        detail: String,
        tx: Tx<T>,
    ) -> Option<u32> {
        let before = self.f.clearing().buckets();
        let outcome = tx.submit();
        self.story.told.push(format!("{name} {detail} -> {:?}", outcome.as_ref().map(|_| ())));
        let sum = self.met.done.entry(name).or_default();
        let refusal = match outcome {
            Ok(_) => {
                sum.0 += 1;
                None
            }
            Err(failure) => {
                sum.1 += 1;
                Some(failure.code.unwrap_or_else(|| panic!("no typed error: {failure}")))
            }
        };
        check(self.f, &mut self.memory);
        self.met.seen.note(&before, &self.f.clearing().buckets());
        refusal
    }

    fn anyone(&mut self, name: &'static str, function: &str, args: soroban_sdk::Vec<Val>) -> Option<u32> {
        let call = Invocation::new(&self.f.contracts().clearing, function, args);
        self.submit(name, String::new(), Tx::<Val>::new(self.f, call))
    }

    fn market(&self, dice: &mut Dice) -> (&'static str, &'static str) {
        MARKETS[usize::from(dice.chance(25))]
    }

    fn size(&self, who: &Actor, market: &str) -> i128 {
        self.f.clearing().position(&who.address, &self.f.symbol(market)).map_or(0, |held| held.size)
    }

    /// The most that somebody may trade to a side, signed.
    fn most(&self, who: &Actor, market: &str, long: bool) -> i128 {
        let most = self.f.clearing().try_max_trade(&who.address, &self.f.symbol(market), &long);
        most.ok().and_then(Result::ok).unwrap_or(0)
    }

    /// By how much the mark is above the index, bps.
    fn apart(&self, market: &str) -> i128 {
        let record = self.f.ledger().market(&self.f.symbol(market));
        let index = self.f.oracle().quote(&record.config.index).mid;
        let mark = record.state.quote_reserve * (PRICE / USD) / (record.state.base_reserve / BASE);
        (mark - index) * 10_000 / index
    }

    // ---- what they do -----------------------------------------------------------------------------------------------

    /// Somebody takes most of the risk that he may.
    fn lean(&mut self, dice: &mut Dice) {
        let (who, (market, _)) = (dice.pick(&self.people).clone(), self.market(dice));
        let held = self.size(&who, market);
        // Where the mark is far from the index only the way back to it is open.
        let apart = self.apart(market);
        let long = match (apart.abs() > 120, held) {
            (true, _) => apart < 0,
            (false, 0) => dice.chance(80) == self.long,
            (false, held) => held > 0,
        };
        if self.f.vault().try_is_liquidatable(&who.address) != Ok(Ok(false)) {
            return;
        }
        self.f.advance(5);
        let size = self.most(&who, market, long) * dice.between(60, 100) / 100;
        let missing = -self.f.clearing().reserve_headroom();
        if size.abs() < BASE / 1_000 && missing > 0 && self.favour > 50 {
            // The pool is what it is: those who have gained want it now.
            self.run(dice);
        } else if size.abs() < BASE / 1_000 && missing > 0 {
            let amount = Coin::Usdc.units(missing * dice.between(50, 200) / 100);
            let tx = self.rich.add_liquidity(amount);
            self.submit("provide", format!("{amount:?}"), tx);
        } else if size.abs() < BASE / 1_000 {
            let dollars = usdc(dice.between(500, 4_000));
            self.submit("deposit", format!("{} {dollars:?}", who.name), who.deposit(dollars));
        } else {
            self.submit(
                "lean",
                format!("{} {market} {size}", who.name),
                who.trade(Order::market(market, size)),
            );
        }
    }

    fn close(&mut self, dice: &mut Dice) {
        let (who, (market, _)) = (dice.pick(&self.people).clone(), self.market(dice));
        let held = self.size(&who, market);
        if held != 0 {
            let size = -held * dice.between(25, 100) / 100;
            self.submit(
                "close",
                format!("{} {market} {size}", who.name),
                who.trade(Order::market(market, size)),
            );
        }
    }

    /// While somebody waits for his gain, another one wants his.
    fn run(&mut self, dice: &mut Dice) {
        let (market, _) = self.market(dice);
        let waits = |who: &Actor| self.f.ledger().account(&who.address).pending.amount > 0;
        let others: Vec<Actor> =
            self.people.iter().filter(|who| self.size(who, market) != 0 && !waits(who)).cloned().collect();
        if others.is_empty() {
            return self.pays_in(dice);
        }
        let who = dice.pick(&others).clone();
        let size = -self.size(&who, market) * dice.between(25, 100) / 100;
        self.submit("run", format!("{} {market} {size}", who.name), who.trade(Order::market(market, size)));
    }

    /// The index jumps, mostly in favour of most.
    fn gap(&mut self, dice: &mut Dice) {
        let up = dice.chance(self.favour) == self.long;
        let bps = dice.between(800, 1_300) * if up { 1 } else { -1 };
        for (_, ticker) in MARKETS {
            if ticker == "BTC" || dice.chance(70) {
                let price = self.f.prices.get(ticker) * (10_000 + bps) / 10_000 / 1_000_000 * 1_000_000;
                self.f.set_price(ticker, price);
            }
        }
        self.story.told.push(format!("gap {bps}"));
        check(self.f, &mut self.memory);
    }

    fn liquidatable(&self) -> Option<(Actor, &'static str)> {
        let all = self.people.iter().flat_map(|who| MARKETS.map(|(market, _)| (who.clone(), market)));
        let mut due = all.filter(|(who, market)| {
            self.size(who, market) != 0 && self.f.vault().try_is_liquidatable(&who.address) == Ok(Ok(true))
        });
        due.next()
    }

    /// Whoever must be is taken over, by capital or by the pool.
    fn liquidate(&mut self, dice: &mut Dice) {
        let Some((who, market)) = self.liquidatable() else { return };
        let size = self.size(&who, market).abs();
        if dice.chance(60) {
            let most = if dice.chance(70) { size } else { size * dice.between(10, 90) / 100 };
            let tx = self.rich.take_over(&who, market, most);
            self.submit("take over", format!("{} {market} {most}", who.name), tx);
            return;
        }
        if self.f.ledger().account(&who.address).status != AccountStatus::Flagged {
            let call =
                Invocation::new(&self.f.contracts().ledger, "flag", (&who.address,).into_val(&self.f.env));
            self.submit("flag", who.name.clone(), Tx::<()>::new(self.f, call));
            self.f.pass(60);
        }
        let tx = self.f.keeper.take_over(&who, market, 0);
        self.submit("take over by the pool", format!("{} {market}", who.name), tx);
    }

    /// Whoever waits asks; not always the first.
    fn claim(&mut self) {
        let pending = |who: &&Actor| self.f.ledger().account(&who.address).pending.amount > 0;
        if let Some(who) = self.people.iter().rev().find(pending).cloned() {
            self.anyone("claim", "claim_pending", (&who.address,).into_val(&self.f.env));
        }
    }

    /// Money comes in, for those who wait first.
    fn pays_in(&mut self, dice: &mut Dice) {
        let claims = self.f.clearing().buckets().claims;
        let amount = Coin::Usdc.units(claims * dice.between(10, 150) / 100 + dice.between(10, 1_000) * USD);
        let rich = self.rich.clone();
        if dice.chance(50) {
            self.submit("fund insurance", format!("{amount:?}"), rich.fund_insurance(amount));
        } else {
            self.submit("provide", format!("{amount:?}"), rich.add_liquidity(amount));
        }
    }

    /// Hours in which funding is owed, at a rate of the last quarter of an hour.
    fn funding(&mut self, dice: &mut Dice) {
        // An average needs a word in every age of a price.
        (0..4).for_each(|_| self.f.pass(FRESH));
        for (market, _) in MARKETS {
            self.anyone("mark", "update_mark_price", (self.f.symbol(market),).into_val(&self.f.env));
            self.anyone("rate", "update_funding_rate", (self.f.symbol(market),).into_val(&self.f.env));
            let record = self.f.ledger().market(&self.f.symbol(market));
            let (long, short) = (record.totals.long_interest, record.totals.short_interest);
            let (payers, receivers) =
                if record.state.funding_rate > 0 { (long, short) } else { (short, long) };
            let cut = record.state.funding_rate != 0 && payers > 0 && receivers > payers;
            self.met.few_pay_many += u32::from(cut);
        }
        let most = if dice.chance(15) { 3 * DAY } else { 30_000 };
        self.f.pass(u64::try_from(dice.between(600, most.into())).expect("a time"));
    }

    fn settle(&mut self, dice: &mut Dice) {
        let (market, _) = self.market(dice);
        let holders: Vec<Actor> =
            self.people.iter().filter(|who| self.size(who, market) != 0).cloned().collect();
        if !holders.is_empty() {
            let who = dice.pick(&holders).clone();
            let args = (&who.address, self.f.symbol(market)).into_val(&self.f.env);
            self.anyone("settle", "settle_funding", args);
        }
    }

    fn repeg(&mut self, dice: &mut Dice) {
        let (market, _) = self.market(dice);
        self.f.advance(5);
        self.f.prices.report();
        self.anyone("repeg", "repeg", (self.f.symbol(market),).into_val(&self.f.env));
    }

    /// What was announced long ago begins to bind.
    fn tighten(&mut self, dice: &mut Dice) {
        if self.tighter.is_empty() {
            return;
        }
        let id = self.tighter.remove(usize::from(dice.chance(50)) % self.tighter.len());
        let args = (id,).into_val(&self.f.env);
        let tx = self.f.admin.calls::<()>(&self.f.contracts().clearing, "execute", args);
        if self.submit("tighten", String::new(), tx).is_none() {
            self.met.ramps += 1;
            self.f.pass(u64::try_from(dice.between(600, 3 * i128::from(DAY))).expect("a time"));
        }
    }

    // ---- faults -----------------------------------------------------------------------------------------------------

    /// An index that is not live makes its market reduce-only by itself; after one that was refused, nobody is liquidated until
    /// its owner could act; then everything is as it was.
    fn fault(&mut self, dice: &mut Dice) {
        let (market, ticker) = self.market(dice);
        let said = self.f.prices.get(ticker);
        if dice.chance(50) {
            self.f.advance(400);
        } else {
            self.f.set_price(ticker, said * 5 / 2);
        }
        self.met.faults += 1;
        assert!(self.status(market) != PriceStatus::Live, "a fault");
        self.reduces_only(market, dice);
        self.f.set_price(ticker, said);
        for _ in 0..4 {
            if self.status(market) == PriceStatus::Grace {
                break;
            }
            self.f.pass(60);
        }
        if self.status(market) == PriceStatus::Grace {
            self.met.graces += 1;
            self.reduces_only(market, dice);
            if let Some(who) = self.people.iter().find(|who| self.size(who, market) != 0).cloned() {
                let size = self.size(&who, market).abs();
                let tx = self.rich.take_over(&who, market, size);
                let refusal = self.submit("take over in grace", who.name.clone(), tx);
                assert_eq!(refusal, Some(LedgerError::PriceNotUsable as u32), "liquidated in grace");
            }
            self.f.pass(FRESH);
            self.f.pass(FRESH);
        }
        assert_eq!(self.status(market), PriceStatus::Live, "a fault that ends");
        if let Some(refusal) = self.increases(market) {
            assert_ne!(refusal, ClearingError::PriceNotUsable as u32, "no risk after a fault");
        }
    }

    fn status(&self, market: &str) -> PriceStatus {
        let index = self.f.ledger().market(&self.f.symbol(market)).config.index;
        self.f.oracle().quote(&index).status
    }

    /// Why somebody may not add a little to what he has, if so.
    fn increases(&mut self, market: &'static str) -> Option<u32> {
        let who = self.people.iter().find(|who| self.size(who, market) != 0).cloned()?;
        let size = self.size(&who, market) / 100;
        self.submit("add", format!("{} {market}", who.name), who.trade(Order::market(market, size)))
    }

    fn reduces_only(&mut self, market: &'static str, dice: &mut Dice) {
        let Some(who) = self.people.iter().find(|who| self.size(who, market) != 0).cloned() else { return };
        let refusal = self.increases(market);
        assert_eq!(refusal, Some(ClearingError::PriceNotUsable as u32), "risk at a price that is not live");
        let size = -self.size(&who, market) * dice.between(10, 40) / 100;
        let refusal =
            self.submit("reduce", format!("{} {market}", who.name), who.trade(Order::market(market, size)));
        // What the account itself cannot pay nobody else does; nothing else may stand in the way.
        let own = [LedgerError::BadDebt as u32, ClearingError::BelowMinimum as u32];
        assert!(refusal.is_none_or(|code| own.contains(&code)), "reduce-only: {refusal:?}");
    }

    // ---- orders -----------------------------------------------------------------------------------------------------

    /// What `can_execute` says is what happens, to the code; and it happens once.
    fn order(&mut self, dice: &mut Dice) {
        let (who, (market, ticker)) = (dice.pick(&self.people).clone(), self.market(dice));
        let (held, index) = (self.size(&who, market), self.f.prices.get(ticker));
        let long = dice.chance(50);
        let size = match dice.between(1, 3) {
            1 if held != 0 => -held * dice.between(5, 150) / 100,
            2 => self.most(&who, market, long) * dice.between(50, 120) / 100,
            _ => dice.between(1, 300) * BASE / 1_000 * if long { 1 } else { -1 },
        };
        let near = |dice: &mut Dice| index * dice.between(9_000, 11_000) / 10_000;
        let conditions = match dice.between(1, 8) {
            1 => vec![&self.f.env, Condition::IndexAbove(near(dice))],
            2 => vec![&self.f.env, Condition::MarkBelow(near(dice))],
            3 => vec![&self.f.env, Condition::PositionAbove(0), Condition::MarketOpen],
            _ => vec![&self.f.env],
        };
        self.nonce += 1;
        let order = ConditionalOrder {
            acceptable_price: if dice.chance(60) {
                if size > 0 {
                    index * 2
                } else {
                    PRICE
                }
            } else {
                near(dice)
            },
            conditions,
            epoch: self.f.clearing().orders(&who.address).epoch + u64::from(dice.chance(5)),
            expires_at: self.f.now() + if dice.chance(5) { 0 } else { DAY },
            market: self.f.symbol(market),
            max_fee: dice.between(0, 5) * USD,
            nonce: if dice.chance(10) { self.nonce - 1 } else { self.nonce },
            reduce_only: dice.chance(30),
            ..order(self.f, &who, 0, size)
        };
        if dice.chance(15) {
            self.f.advance(400);
        }
        let check = self.f.clearing().can_execute(&order);
        let tx = execute_signed(self.f, &self.f.keeper, &who, &order);
        let refusal = self.submit("order", format!("{} {order:?}", who.name), tx);
        assert_eq!(refusal.unwrap_or(0), check.error, "`can_execute` said otherwise of {order:?}");
        *self.met.orders.entry(check.error).or_default() += 1;
        if refusal.is_none() {
            let dead = self.f.clearing().can_execute(&order).error;
            assert!(dead == ClearingError::NonceUsed as u32, "perpetual invariant 29 broken: {dead}");
            let tx = execute_signed(self.f, &self.rich, &who, &order);
            let again = self.submit("order again", who.name.clone(), tx);
            assert_eq!(again, Some(ClearingError::NonceUsed as u32), "perpetual invariant 29 broken");
        }
        self.f.prices.report();
    }
}

fn announced(f: &Fixture, change: ClearingChange) -> BytesN<32> {
    f.admin.calls(&f.contracts().clearing, "propose", (change,).into_val(&f.env)).ok()
}

fn live(seed: u64, met: &mut Met) {
    let mut story = Story { seed, told: Vec::new() };
    let fixture = Fixture::new(Mode::Native);
    let mut dice = Dice::new(seed);
    let mut crowd = Crowd::of(&fixture, &mut dice, met, &mut story);
    for _ in 0..2 * crowd.people.len() {
        crowd.lean(&mut dice);
    }
    for step in 0..STEPS {
        crowd.play(&mut dice);
        let waiting = |who: &&Actor| fixture.ledger().account(&who.address).pending.amount > 0;
        crowd.met.waiting_together += u32::from(crowd.people.iter().filter(waiting).count() > 1);
        crowd.prober.claiming();
        if (step + 1) % EVERY == 0 {
            crowd.prober.probe(seed);
        }
    }
    let probed = crowd.prober.seen();
    met.seen.probed(&probed);
    if let Some(witness) = fixture.witness.take() {
        met.seen.witnessed(&witness.count);
    }
    fixture.end();
    story.told.clear();
}

#[test]
fn lives_at_the_edge() {
    let (lives, seed) = (setting("FUZZ_SEQUENCES", LIVES), setting("FUZZ_SEED", 2026));
    let shard = move |shard: u64| {
        let mut met = Met::default();
        for life in (0..lives).filter(|life| life % SHARDS == shard) {
            live(seed.wrapping_mul(1_000_003).wrapping_add(life), &mut met);
        }
        met
    };
    let shards: Vec<_> = (0..SHARDS).map(|number| std::thread::spawn(move || shard(number))).collect();
    let mut all = Met::default();
    for shard in shards {
        all.add(&shard.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
    }
    println!("{all:#?}");
    assert!(all.seen.resynced.is_empty(), "the model of perpetuals begins anew: {:?}", all.seen.resynced);
    assert!(lives < LIVES || all.enough(), "too rare: {all:?}");
}
