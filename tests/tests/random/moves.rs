//! What actors do at random: bounded by what they have, so that most of it succeeds.

use crate::ends::{Visitor, PASSING};
use crate::feeds::Press;
use margin_interface::{AccountStatus, ClearingError, ConditionalOrder, MarketStage, Receive};
use margin_math::defaults::LP_COOL_DOWN;
use margin_math::units::{BASE, PRICE, USD};
use margin_tests::actor::Actor;
use margin_tests::auth::{Invocation, Shape};
use margin_tests::fixture::{Fixture, BTC_USD, ETH_USD};
use margin_tests::listed::Listed;
use margin_tests::money::{usdc, Coin, Money};
use margin_tests::operations::Order;
use margin_tests::orders::{execute_signed, order};
use margin_tests::random::Dice;
use margin_tests::refusal::Failure;
use margin_tests::tx::Tx;
use soroban_sdk::xdr::{LedgerEntry, LedgerKey};
use soroban_sdk::{Env, IntoVal, TryFromVal, Val, Vec as HostVec};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The markets of every life, and their indices.
const MARKETS: [(&str, &str); 2] = [(BTC_USD, "BTC"), (ETH_USD, "ETH")];
/// What everybody starts with, in dollars per coin.
const PURSE: i128 = 20_000;
/// Least worth moving, in dollars.
const LEAST: i128 = 20;

/// What became of a move.
#[derive(Debug)]
pub enum Outcome {
    /// It happened.
    Done,
    /// It was refused with a typed error, and changed nothing.
    Refused(String),
}

/// One move.
pub struct Played {
    /// Kind of move.
    pub name: &'static str,
    /// Who and how much.
    pub detail: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What happens beside the books.
pub enum News {
    /// The issuer took so much of the regulated asset from the vault; below zero, it gave it back.
    Clawed(i128),
    /// Everything that the first account had is the second's, by their names.
    Moved(String, String),
}

/// The actors of one sequence.
pub struct Cast<'a> {
    pub f: &'a Fixture,
    pub smart: Vec<Actor>,
    pub everybody: Vec<Actor>,
    pub arbitrageur: Actor,
    /// The account of five signers.
    pub bank: Actor,
    /// What its issuer may take back.
    pub regulated: Listed,
    /// Key accounts that have nothing yet.
    pub heirs: RefCell<Vec<Actor>>,
    /// Who has come with the last move.
    pub joining: RefCell<Vec<Actor>>,
    /// What the invariants have to know of the last move.
    pub news: Cell<Option<News>>,
    /// Whether upgrades are over.
    pub code_is_final: Cell<bool>,
    /// Entries that calls found archived and restored.
    pub restored: Cell<u32>,
    /// The protocol's own account, and whether the ledger knows it.
    pub treasury: Actor,
    pub treasury_named: Cell<bool>,
    /// An asset that is listed for a while.
    pub visitor: RefCell<Option<Visitor>>,
    /// Who signs reports of prices.
    pub press: Press,
    numbers: Cell<u64>,
}

/// Every entry of the ledger with its lifetime.
type Entries = BTreeMap<Rc<LedgerKey>, (Rc<LedgerEntry>, Option<u32>)>;

type Move<'a> = fn(&Cast<'a>, &mut Dice) -> Option<Played>;

impl<'a> Cast<'a> {
    /// Three key accounts and four smart accounts of all tiers with money, and an arbitrageur.
    pub fn of(f: &'a Fixture, dice: &mut Dice) -> Self {
        let keys: Vec<Actor> = ["kim", "ken", "kay"].map(|name| f.key_account(name)).to_vec();
        let (pro, bank) = (f.pro_account("pia"), f.institution("bank", 5));
        let smart: Vec<Actor> = vec![f.smart_account("sam"), f.smart_account("sue"), pro, bank.clone()];
        let everybody: Vec<Actor> = keys.iter().chain(&smart).cloned().collect();
        for actor in &everybody {
            actor.shape.set(*dice.pick(&[Shape::V1, Shape::V2]));
            for coin in Coin::ALL {
                f.fund(actor, f.worth(coin, PURSE));
            }
            let coin = *dice.pick(&[Coin::Usdc, Coin::Eth]);
            actor.deposit(f.worth(coin, PURSE / 4)).ok();
        }
        let purse = Coin::ALL.map(|coin| f.worth(coin, 10 * PURSE));
        let arbitrageur = f.funded(f.key_account("arbitrageur"), &purse);
        arbitrageur.deposit(usdc(8 * PURSE)).ok();
        let regulated = Listed::stellar(f, Listed::REVOCABLE | Listed::CLAWBACK);
        for actor in &keys {
            regulated.fund(f, actor, regulated.whole(2_000));
            regulated.deposit(f, actor, regulated.whole(1_000)).ok();
        }
        let cast = Self {
            f,
            smart,
            everybody,
            arbitrageur,
            bank,
            regulated,
            heirs: RefCell::new(["hal", "hank", "hugh", "hope"].map(|name| f.key_account(name)).to_vec()),
            joining: RefCell::default(),
            news: Cell::default(),
            code_is_final: Cell::default(),
            restored: Cell::default(),
            treasury: f.key_account("treasury"),
            treasury_named: Cell::default(),
            visitor: RefCell::default(),
            press: Press::default(),
            numbers: Cell::new(1),
        };
        if dice.chance(60) {
            cast.open_market();
        }
        cast.take_risks(dice);
        if dice.chance(40) {
            cast.thin_the_pool();
        }
        cast
    }

    /// Everybody starts near the edge: that is where it is interesting.
    fn take_risks(&self, dice: &mut Dice) {
        for who in &self.everybody {
            if dice.chance(60) {
                let _ = self.borrow_by(who, dice);
            }
            let _ = self.trade_by(who, dice);
        }
    }

    /// The first provider leaves as far as the reserve test permits: winners may have to wait for their money.
    fn thin_the_pool(&self) {
        let provider = &self.f.provider;
        provider.request_exit(self.f.clearing().lp(&provider.address).shares).ok();
        self.f.pass(LP_COOL_DOWN);
        for percent in [95, 80, 60, 40, 20, 10, 5] {
            let shares = self.f.clearing().lp(&self.f.provider.address).shares;
            let _ = self.f.provider.remove_liquidity(shares * percent / 100).submit();
        }
    }

    /// Plays one move; who came with it takes part from the next.
    pub fn play(&mut self, dice: &mut Dice) -> Played {
        let played = self.play_one(dice);
        for actor in self.joining.take() {
            if self.f.factory().is_account(&actor.address) {
                self.smart.push(actor.clone());
            }
            self.everybody.push(actor);
        }
        played
    }

    /// One that makes no sense now is replaced by another.
    fn play_one(&self, dice: &mut Dice) -> Played {
        let moves: [(i128, Move<'a>); 62] = [
            (5, Cast::deposit),
            (6, Cast::withdraw),
            (12, Cast::borrow),
            (5, Cast::repay),
            (3, Cast::repay_with_collateral),
            (8, Cast::open_position),
            (10, Cast::trade),
            (6, Cast::order),
            (5, Cast::close_position),
            (5, Cast::arbitrage),
            (4, Cast::add_liquidity),
            (5, Cast::remove_liquidity),
            (1, Cast::repeg),
            (1, Cast::fund_insurance),
            (3, Cast::settle_funding),
            (4, Cast::update_funding),
            (2, Cast::claim_pending),
            (12, Cast::liquidate),
            (14, Cast::take_over),
            (9, Cast::deleverage),
            (12, Cast::price_moves),
            (6, Cast::crash),
            (6, Cast::time_passes),
            (3, Cast::increase),
            (2, Cast::borrow_two),
            (4, Cast::batch),
            (5, Cast::stored_order),
            (2, Cast::matched),
            (2, Cast::delegate),
            (2, Cast::upkeep),
            (10, Cast::call_for_margin),
            (1, Cast::keys),
            (1, Cast::settings),
            (1, Cast::freeze),
            (2, Cast::session),
            (1, Cast::compliance),
            (9, Cast::deleverage_with),
            (1, Cast::newcomer),
            (1, Cast::change_of_mind),
            (1, Cast::pause),
            (1, Cast::same_parameters),
            (1, Cast::release),
            (1, Cast::guardians),
            (1, Cast::code_of_accounts),
            (4, Cast::another_tier),
            (2, Cast::move_in),
            (1, Cast::move_out),
            (1, Cast::hand_over),
            (4, Cast::claw_back),
            (2, Cast::wind_down),
            (12, Cast::settle_position),
            (3, Cast::visit),
            (6, Cast::backstop),
            (3, Cast::settle_in_kind),
            (1, Cast::pay_out),
            (1, Cast::recovery),
            (2, Cast::publish),
            (1, Cast::publisher_leaves),
            (1, Cast::halt),
            (1, Cast::outage),
            (1, Cast::source_replaced),
            (1, Cast::limits),
        ];
        if dice.between(1, 300) == 1 {
            if let Some(played) = self.silence(dice) {
                return played;
            }
        }
        loop {
            let total: i128 = moves.iter().map(|(weight, _)| weight).sum();
            let mut ticket = dice.between(1, total);
            for (weight, one) in &moves {
                ticket -= weight;
                if ticket <= 0 {
                    if let Some(played) = one(self, dice) {
                        return played;
                    }
                    break;
                }
            }
        }
    }

    pub fn submit<T: TryFromVal<Env, Val>>(
        &self,
        name: &'static str,
        detail: String,
        tx: Tx<T>,
    ) -> Option<Played> {
        let before = self.f.everything();
        let outcome = match tx.submit() {
            Ok(_) => {
                self.note_restored(&before);
                Outcome::Done
            }
            Err(failure) => {
                assert!(self.unchanged(&before), "a failed {name} changed the ledger");
                Outcome::Refused(reason(&failure))
            }
        };
        Some(Played { name, detail, outcome })
    }

    /// Submits what must be refused, and change nothing.
    #[track_caller]
    pub fn refusal<T: TryFromVal<Env, Val>>(&self, tx: &Tx<T>) -> Failure {
        let before = self.f.everything();
        let Err(failure) = tx.submit() else { panic!("it should be refused, but succeeded") };
        assert!(self.unchanged(&before), "{failure} changed the ledger");
        failure
    }

    /// [`Self::refusal`] with an error of a contract.
    #[track_caller]
    pub fn refused<T: TryFromVal<Env, Val>>(&self, tx: &Tx<T>, code: impl Into<soroban_sdk::Error>) {
        let failure = self.refusal(tx);
        assert_eq!(failure.code, Some(code.into().get_code()), "{failure}");
    }

    /// Counts the entries that were archived and live again.
    fn note_restored(&self, before: &Entries) {
        let now = self.f.env.ledger().sequence();
        let archived: Vec<_> =
            before.iter().filter(|(_, (_, lifetime))| lifetime.is_some_and(|until| until < now)).collect();
        if !archived.is_empty() {
            let after = self.f.everything();
            let lives = |key| after.get(key).is_some_and(|(_, until)| until.is_none_or(|until| until >= now));
            let restored = archived.iter().filter(|(key, _)| lives(*key)).count();
            self.restored.set(self.restored.get() + u32::try_from(restored).expect("few"));
        }
    }

    /// Whether every entry is what it was, and lives as long. One that was archived may have been restored for the call: the
    /// host of the tests does that before it knows how the call ends.
    fn unchanged(&self, before: &Entries) -> bool {
        let after = self.f.everything();
        let now = self.f.env.ledger().sequence();
        let archived = |key: &Rc<LedgerKey>| {
            before.get(key).is_some_and(|(_, lifetime)| lifetime.is_some_and(|until| until < now))
        };
        let same = |key: &Rc<LedgerKey>| match (before.get(key), after.get(key)) {
            (Some((old, _)), Some((new, _))) if archived(key) => old.data == new.data,
            (old, new) => old == new || (archived(key) && new.is_none()),
        };
        before.keys().chain(after.keys()).all(same)
    }

    pub fn anybody(&self, dice: &mut Dice) -> &Actor {
        dice.pick(&self.everybody)
    }

    /// A tenth to a half of what there is, if that is worth moving.
    fn part(&self, dice: &mut Dice, coin: Coin, available: i128) -> Option<Money> {
        let units = available * dice.between(10, 50) / 100;
        (units >= self.f.worth(coin, LEAST).units).then(|| coin.units(units))
    }

    /// A third to nearly all of it: near the edge, where it is interesting.
    fn most(&self, dice: &mut Dice, coin: Coin, available: i128) -> Option<Money> {
        let units = available * dice.between(33, 98) / 100;
        (units >= self.f.worth(coin, LEAST).units).then(|| coin.units(units))
    }

    /// A number that was not used in this sequence.
    pub fn next_number(&self) -> u64 {
        self.numbers.replace(self.numbers.get() + 1)
    }

    /// A market in which there is trade, and its index.
    fn market(&self, dice: &mut Dice) -> (&'static str, &'static str) {
        let passing = self.stage() == Some(MarketStage::Normal);
        let open: Vec<_> = MARKETS.into_iter().chain(passing.then_some(PASSING)).collect();
        *dice.pick(&open)
    }

    /// Whether a small trade to that side keeps the mark inside the band around the index.
    pub fn near_index(&self, market: &str, long: bool) -> bool {
        let known = MARKETS.into_iter().chain([PASSING]).find(|(name, _)| *name == market);
        let (mark, index) = (self.mark(market), self.f.prices.get(known.expect("a market").1));
        let apart = (mark - index) * 10_000 / index;
        if long {
            apart < 400
        } else {
            apart > -400
        }
    }

    /// Whether band and reserve have room for a small trade to that side.
    fn takes_risk(&self, market: &str, long: bool) -> bool {
        self.near_index(market, long) && self.f.clearing().reserve_headroom() > 0
    }

    fn price(&self, coin: Coin) -> i128 {
        self.f.prices.get(coin.ticker())
    }

    // ---- lending ----------------------------------------------------------------------------------------------------

    fn deposit(&self, dice: &mut Dice) -> Option<Played> {
        let (who, coin) = (self.anybody(dice), *dice.pick(&Coin::ALL));
        let money = self.part(dice, coin, self.f.balance(coin, &who.address) / 3)?;
        self.submit("deposit", format!("{} {money:?}", who.name), who.deposit(money))
    }

    fn withdraw(&self, dice: &mut Dice) -> Option<Played> {
        let who = self.anybody(dice);
        let breakdown = self.f.ledger().breakdown(&who.address);
        if breakdown.deposits.is_empty() {
            return None;
        }
        let place = u32::try_from(dice.between(0, i128::from(breakdown.deposits.len()) - 1)).ok()?;
        let held = breakdown.deposits.get(place)?;
        let coin = Coin::ALL.into_iter().find(|coin| self.f.token(*coin) == &held.asset)?;
        let bound = breakdown.summary.required_margin > 0;
        let available =
            if bound { self.free_value(who, 100) * held.amount / held.value.max(1) } else { held.amount };
        let money = self.most(dice, coin, available.min(held.amount))?;
        self.submit("withdraw", format!("{} {money:?}", who.name), who.withdraw(money))
    }

    /// Dollars (1e7) of additional debt that the account can surely carry, at a weight.
    pub fn free_value(&self, who: &Actor, weight_percent: i128) -> i128 {
        let env = &self.f.env;
        let s = self.f.ledger().preview(&who.address, &HostVec::new(env));
        let by_level = (s.effective_margin * 100 / 126 - s.required_margin) * 100 / weight_percent;
        let smart = self.smart.iter().any(|account| account.address == who.address);
        // Three times: debt and notional stay below three quarters of what an account with neither would have.
        let exposure = s.debt_value + s.perp_notional;
        let by_leverage = if smart { (s.equity * 28 / 10 - exposure) / 4 } else { i128::MAX };
        by_level.min(by_leverage)
    }

    fn borrow(&self, dice: &mut Dice) -> Option<Played> {
        self.borrow_by(self.anybody(dice), dice)
    }

    fn borrow_by(&self, who: &Actor, dice: &mut Dice) -> Option<Played> {
        let coin = *dice.pick(&Coin::ALL);
        let value = self.free_value(who, 125);
        let available = value.max(0) * 10i128.pow(coin.decimals().min(9)) / USD
            * margin_tests::money::price(1)
            / self.price(coin)
            * 10i128.pow(coin.decimals() - coin.decimals().min(9));
        let money = self.most(dice, coin, available)?;
        self.submit("borrow", format!("{} {money:?}", who.name), who.borrow(money))
    }

    pub fn debt_of(&self, dice: &mut Dice, who: &Actor) -> Option<(Coin, i128)> {
        let debts = self.f.ledger().breakdown(&who.address).debts;
        if debts.is_empty() {
            return None;
        }
        let debt = debts.get(u32::try_from(dice.between(0, i128::from(debts.len()) - 1)).ok()?)?;
        let coin = Coin::ALL.into_iter().find(|coin| self.f.token(*coin) == &debt.asset)?;
        Some((coin, debt.amount))
    }

    fn repay(&self, dice: &mut Dice) -> Option<Played> {
        let who = self.anybody(dice);
        let payer = if dice.chance(20) { self.anybody(dice) } else { who };
        let (coin, owed) = self.debt_of(dice, who)?;
        // Sometimes more than is owed: the rest must come back.
        let wanted = if dice.chance(30) { owed + owed / 10 } else { owed * dice.between(10, 90) / 100 };
        let money = coin.units(wanted.min(self.f.balance(coin, &payer.address)));
        if money.units == 0 {
            return None;
        }
        self.submit(
            "repay",
            format!("{} for {} {money:?}", payer.name, who.name),
            payer.repay_for(who, money),
        )
    }

    fn repay_with_collateral(&self, dice: &mut Dice) -> Option<Played> {
        let who = self.anybody(dice);
        let (coin, owed) = self.debt_of(dice, who)?;
        let deposits = self.f.ledger().breakdown(&who.address).deposits;
        let held = deposits.iter().find(|held| &held.asset == self.f.token(coin))?;
        let money = coin.units((owed * dice.between(10, 100) / 100).min(held.amount));
        if money.units == 0 {
            return None;
        }
        self.submit(
            "repay_with_collateral",
            format!("{} {money:?}", who.name),
            who.repay_with_collateral(money),
        )
    }

    fn liquidate(&self, dice: &mut Dice) -> Option<Played> {
        let who = self.everybody.iter().find(|actor| self.f.vault().is_liquidatable(&actor.address))?;
        let by = &self.arbitrageur;
        let (coin, owed) = self.debt_of(dice, who)?;
        let deposits = self.f.ledger().breakdown(&who.address).deposits;
        let largest = deposits.iter().max_by_key(|held| held.value)?;
        let collateral = Coin::ALL.into_iter().find(|coin| self.f.token(*coin) == &largest.asset)?;
        let receive = *dice.pick(&[Receive::Shares, Receive::Tokens]);
        let max_repay = coin.units(owed.min(self.f.balance(coin, &by.address)));
        if max_repay.units == 0 {
            return None;
        }
        let detail = format!("{} of {} {max_repay:?} for {collateral:?}", by.name, who.name);
        self.submit("liquidate", detail, by.liquidate(who, max_repay, collateral, receive))
    }

    fn deleverage(&self, _: &mut Dice) -> Option<Played> {
        let who = self.smart.iter().find(|actor| self.f.vault().get_margin_ratio(&actor.address) < 12_000)?;
        let call = Invocation::new(&who.address, "auto_deleverage", HostVec::new(&self.f.env));
        self.submit("auto_deleverage", who.name.clone(), Tx::<Val>::new(self.f, call))
    }

    // ---- perpetuals -------------------------------------------------------------------------------------------------

    fn open_position(&self, dice: &mut Dice) -> Option<Played> {
        let (who, (market, ticker)) = (self.anybody(dice), self.market(dice));
        let held = self.f.clearing().position(&who.address, &self.f.symbol(market));
        let cheap = self.mark(market) < self.f.prices.get(ticker);
        let long = held.map_or(cheap, |position| position.size > 0);
        // Now and then where the band or the reserve refuses it.
        if !dice.chance(10) && !self.takes_risk(market, long) {
            return None;
        }
        let margin =
            self.part(dice, Coin::Usdc, self.f.balance(Coin::Usdc, &who.address).min(usdc(4_000).units))?;
        let leverage = u32::try_from(dice.between(100, 240)).ok()?;
        let detail = format!("{} {market} long {long} {margin:?} at {leverage}", who.name);
        self.submit("open_position", detail, who.open_position(market, long, margin, leverage))
    }

    fn trade(&self, dice: &mut Dice) -> Option<Played> {
        self.trade_by(self.anybody(dice), dice)
    }

    fn trade_by(&self, who: &Actor, dice: &mut Dice) -> Option<Played> {
        let (market, ticker) = self.market(dice);
        let held = self.f.clearing().position(&who.address, &self.f.symbol(market)).map_or(0, |p| p.size);
        let index = self.f.prices.get(ticker);
        // Mostly toward the index: the other way ends at the band.
        let long = if dice.chance(60) { self.mark(market) < index } else { dice.chance(50) };
        let reduces = held != 0 && long != (held > 0);
        if !reduces && !dice.chance(10) && !self.takes_risk(market, long) {
            return None;
        }
        let size = if reduces && dice.chance(60) {
            held.abs() * dice.between(10, 90) / 100
        } else {
            let value = (self.free_value(who, 13) * dice.between(30, 95) / 100).min(4 * PURSE * USD);
            if value < LEAST * USD {
                return None;
            }
            base_worth(value, index)
        };
        let (size, limit) = if long { (size, index * 107 / 100) } else { (-size, index * 93 / 100) };
        let order =
            Order { reduce_only: reduces && dice.chance(30), ..Order::market(market, size).at(limit) };
        self.submit("trade", format!("{} {order:?}", who.name), who.trade(order))
    }

    /// Somebody signs an order that a keeper executes. What `can_execute` said is what happens, to the code; a smart
    /// account's own policy comes on top.
    fn order(&self, dice: &mut Dice) -> Option<Played> {
        let who = self.anybody(dice);
        let held = self.f.clearing().position(&who.address, &self.f.symbol(BTC_USD)).map_or(0, |p| p.size);
        let index = self.f.prices.get("BTC");
        let value = (self.free_value(who, 13) * dice.between(20, 90) / 100).min(2 * PURSE * USD);
        let closes = held != 0 && dice.chance(50);
        let size = if closes {
            -held * dice.between(10, 120) / 100
        } else if value > LEAST * USD {
            let size = base_worth(value, index);
            if self.mark(BTC_USD) < index {
                size
            } else {
                -size
            }
        } else {
            return None;
        };
        let order = ConditionalOrder {
            acceptable_price: if size > 0 { index * 107 / 100 } else { index * 93 / 100 },
            epoch: self.f.clearing().orders(&who.address).epoch,
            reduce_only: closes,
            ..order(self.f, who, dice.between(0, i128::from(u32::MAX)) as u64, size)
        };
        let said = self.f.clearing().can_execute(&order).error;
        let detail = format!("{} {size} said {said}", who.name);
        let played =
            self.submit("execute_order", detail, execute_signed(self.f, &self.f.keeper, who, &order))?;
        let own_policy = self.smart.iter().any(|account| account.address == who.address);
        let done = matches!(played.outcome, Outcome::Done);
        assert!(done == (said == 0) || own_policy, "{} {:?}", played.detail, played.outcome);
        assert!(said == 0 || !done, "{}", played.detail);
        if done {
            self.is_dead(&order);
        }
        Some(played)
    }

    /// Invariant 29: what was filled, cancelled or left behind by an epoch never executes again, whoever asks.
    pub fn is_dead(&self, order: &ConditionalOrder) {
        let said = self.f.clearing().can_execute(order).error;
        let dead = [ClearingError::NonceUsed as u32, ClearingError::WrongEpoch as u32];
        assert!(dead.contains(&said), "perpetual invariant 29 broken for {said} {order:?}");
    }

    /// Trades the mark toward the index, as far as one ledger permits: what keeps a curve near its index.
    fn arbitrage(&self, dice: &mut Dice) -> Option<Played> {
        let (market, ticker) = self.market(dice);
        let x = self.f.ledger().market(&self.f.symbol(market)).state.base_reserve;
        let (mark, index) = (self.mark(market), self.f.prices.get(ticker));
        // Near the index, half of the relative distance is the relative change of x.
        let gap_bps = (index - mark) * 10_000 / mark;
        let size = x / 10_000 * (gap_bps / 2).clamp(-90, 90);
        if gap_bps.abs() < 20 || self.f.clearing().reserve_headroom() < 0 {
            return None;
        }
        self.submit(
            "arbitrage",
            format!("{market} {gap_bps} bps"),
            self.arbitrageur.trade(Order::market(market, size)),
        )
    }

    /// Price at the margin of the curve, y / x.
    fn mark(&self, market: &str) -> i128 {
        let state = self.f.ledger().market(&self.f.symbol(market)).state;
        state.quote_reserve * (PRICE / USD) / (state.base_reserve / BASE)
    }

    pub fn close_position(&self, dice: &mut Dice) -> Option<Played> {
        let (who, (market, _)) = (self.anybody(dice), self.market(dice));
        self.f.clearing().position(&who.address, &self.f.symbol(market))?;
        self.submit("close_position", format!("{} {market}", who.name), who.close_position(market))
    }

    fn take_over(&self, dice: &mut Dice) -> Option<Played> {
        let (market, _) = self.market(dice);
        let symbol = self.f.symbol(market);
        let who = self.everybody.iter().find(|actor| {
            self.f.clearing().position(&actor.address, &symbol).is_some()
                && self.f.vault().is_liquidatable(&actor.address)
        })?;
        if dice.chance(40) {
            return self.taken_by_the_pool(who, market);
        }
        let by = &self.arbitrageur;
        let size = self.f.clearing().position(&who.address, &symbol)?.size.abs();
        let size = size * dice.between(50, 100) / 100;
        self.submit(
            "take_over",
            format!("{} of {} {market} {size}", by.name, who.name),
            by.take_over(who, market, size),
        )
    }

    /// Flags the account, and has the pool take over once the minute for others is over.
    fn taken_by_the_pool(&self, who: &Actor, market: &str) -> Option<Played> {
        let state = self.f.ledger().account(&who.address);
        if state.status != AccountStatus::Flagged {
            let args = (&who.address,).into_val(&self.f.env);
            let call = Invocation::new(&self.f.contracts().ledger, "flag", args);
            return self.submit("flag", who.name.clone(), Tx::<()>::new(self.f, call));
        }
        if self.f.now() < state.since + 60 {
            return None;
        }
        let by = &self.f.keeper;
        self.submit("take_over by the pool", format!("{} {market}", who.name), by.take_over(who, market, 0))
    }

    fn settle_funding(&self, dice: &mut Dice) -> Option<Played> {
        let (who, (market, _)) = (self.anybody(dice), self.market(dice));
        let symbol = self.f.symbol(market);
        self.f.clearing().position(&who.address, &symbol)?;
        let args = (&who.address, symbol).into_val(&self.f.env);
        let call = Invocation::new(&self.f.contracts().clearing, "settle_funding", args);
        self.submit("settle_funding", format!("{} {market}", who.name), Tx::<i128>::new(self.f, call))
    }

    fn update_funding(&self, dice: &mut Dice) -> Option<Played> {
        let (market, _) = self.market(dice);
        let name = *dice.pick(&["update_funding_rate", "update_mark_price"]);
        let args = (self.f.symbol(market),).into_val(&self.f.env);
        let call = Invocation::new(&self.f.contracts().clearing, name, args);
        self.submit(name, market.into(), Tx::<i128>::new(self.f, call))
    }

    fn claim_pending(&self, dice: &mut Dice) -> Option<Played> {
        let waiting = |actor: &&Actor| self.f.ledger().account(&actor.address).pending.amount > 0;
        let who = match self.everybody.iter().find(waiting) {
            Some(who) => who,
            None if dice.chance(20) => self.anybody(dice),
            None => return None,
        };
        let args = (&who.address,).into_val(&self.f.env);
        let call = Invocation::new(&self.f.contracts().clearing, "claim_pending", args);
        self.submit("claim_pending", who.name.clone(), Tx::<i128>::new(self.f, call))
    }

    // ---- the pool ---------------------------------------------------------------------------------------------------

    fn settlement_deposit(&self, who: &Actor) -> i128 {
        let deposits = self.f.ledger().breakdown(&who.address).deposits;
        deposits.iter().find(|held| &held.asset == self.f.token(Coin::Usdc)).map_or(0, |held| held.amount)
    }

    fn add_liquidity(&self, dice: &mut Dice) -> Option<Played> {
        let who = self.anybody(dice);
        let free = self.free_value(who, 100).min(self.settlement_deposit(who));
        let money = self.part(dice, Coin::Usdc, free)?;
        self.submit("add_liquidity", format!("{} {money:?}", who.name), who.add_liquidity(money))
    }

    fn remove_liquidity(&self, dice: &mut Dice) -> Option<Played> {
        let who = if dice.chance(30) { &self.f.provider } else { self.anybody(dice) };
        let held = self.f.clearing().lp(&who.address);
        if held.shares == 0 {
            return None;
        }
        // The first provider leaves slowly: others trade against that money.
        let most = if who.address == self.f.provider.address { 20 } else { 100 };
        let now = self.f.now();
        let announced = held.exiting > 0 && now < held.exit_at + LP_COOL_DOWN;
        if !announced {
            let shares = held.shares * dice.between(5, most) / 100;
            return self.submit("request_exit", format!("{} {shares}", who.name), who.request_exit(shares));
        }
        if now < held.exit_at.max(held.unlocked_at) {
            return None;
        }
        let shares = held.exiting * dice.between(5, 100) / 100;
        self.submit("remove_liquidity", format!("{} {shares}", who.name), who.remove_liquidity(shares))
    }

    fn repeg(&self, dice: &mut Dice) -> Option<Played> {
        let (market, _) = self.market(dice);
        let args = (self.f.symbol(market),).into_val(&self.f.env);
        let call = Invocation::new(&self.f.contracts().clearing, "repeg", args);
        self.submit("repeg", market.into(), Tx::<i128>::new(self.f, call))
    }

    fn fund_insurance(&self, dice: &mut Dice) -> Option<Played> {
        let who = self.anybody(dice);
        let free = self.free_value(who, 100).min(self.settlement_deposit(who)).min(usdc(200).units);
        let money = self.part(dice, Coin::Usdc, free)?;
        self.submit("fund_insurance", format!("{} {money:?}", who.name), who.fund_insurance(money))
    }

    // ---- the world --------------------------------------------------------------------------------------------------

    fn price_moves(&self, dice: &mut Dice) -> Option<Played> {
        let ticker = *dice.pick(&["BTC", "ETH", "XLM"]);
        let bps = if dice.chance(35) { dice.between(-2_000, 1_800) } else { dice.between(-250, 250) };
        // Eight decimals, so that every source says the same.
        let price = self.f.prices.get(ticker) * (10_000 + bps) / 10_000 / 1_000_000 * 1_000_000;
        self.f.set_price(ticker, price);
        Some(Played { name: "price", detail: format!("{ticker} {bps} bps"), outcome: Outcome::Done })
    }

    /// Everything falls at once.
    fn crash(&self, dice: &mut Dice) -> Option<Played> {
        let bps = dice.between(800, 2_500);
        for ticker in ["BTC", "ETH", "XLM"] {
            self.f.set_price(
                ticker,
                self.f.prices.get(ticker) * (10_000 - bps) / 10_000 / 1_000_000 * 1_000_000,
            );
        }
        Some(Played { name: "crash", detail: format!("-{bps} bps"), outcome: Outcome::Done })
    }

    fn time_passes(&self, dice: &mut Dice) -> Option<Played> {
        let seconds = if dice.chance(20) { dice.between(3_600, 40_000) } else { dice.between(5, 290) };
        self.f.pass(u64::try_from(seconds).ok()?);
        Some(Played { name: "time", detail: format!("{seconds} s"), outcome: Outcome::Done })
    }
}

/// Base that dollars (1e7) buy at a price.
fn base_worth(value: i128, price: i128) -> i128 {
    value * (BASE / USD) * PRICE / price
}

/// The typed error; anything else is a bug.
fn reason(failure: &Failure) -> String {
    match (&failure.refused_by, failure.code) {
        (Some((_, error)), _) => format!("account {error:?}"),
        (None, Some(code)) => code.to_string(),
        (None, None) => panic!("no typed error: {failure}"),
    }
}
