//! A third party's contract trades for its users by delegation: what it can do, what it cannot, and what its strategist,
//! strangers and its users' own limits have to say about it.

use margin_interface::{
    permissions, AccountType, Action, ClearingError, ClearingRequest, LedgerError, Limits, TradeAction,
};
use margin_math::units::BASE;
use margin_tests::accounts::DAY;
use margin_tests::actor::Actor;
use margin_tests::auth::{Invocation, Shape};
use margin_tests::fixture::{install, Fixture, BTC_USD, ETH_USD};
use margin_tests::money::{milli_base, price, usdc, Coin};
use margin_tests::operations::Order;
use margin_tests::outer::Outer;
use margin_tests::refusal::Failure;
use margin_tests::tx::Tx;
use soroban_sdk::xdr::{ScAddress, ScError, ScVal};
use soroban_sdk::{vec as list, IntoVal, Symbol, Val, Vec as HostVec};
use strategy::{Strategy, StrategyClient, StrategyError, Terms};

crate::in_both_modes!(
    it_keeps_exposure_for_accounts_of_every_kind,
    without_a_living_grant_it_does_nothing,
    a_grant_to_reduce_is_enough_to_be_stopped,
    the_strategist_moves_nobody_beyond_terms_and_limits,
    nobody_has_it_trade_at_his_price,
    a_grant_to_trade_takes_nothing_out,
    a_stop_reads_the_ledger_while_the_venue_executes,
    nothing_but_a_stop_is_done_in_its_name,
);

/// The contract, as somebody with an address and without keys.
struct Desk {
    actor: Actor,
    strategist: Actor,
}

impl Desk {
    fn new(f: &Fixture) -> Self {
        let strategist = f.key_account("strategist");
        let contracts = f.contracts();
        let args = (&strategist.address, &contracts.ledger, &contracts.clearing, f.symbol(BTC_USD));
        let address = install(f, "strategy", Strategy, args);
        Self { actor: Actor::at(&f.world, "strategy", address, vec![]), strategist }
    }

    fn reads<'a>(&self, f: &'a Fixture) -> StrategyClient<'a> {
        StrategyClient::new(&f.env, &self.actor.address)
    }

    fn set_weight(&self, f: &Fixture, weight_bps: i32) -> Tx<()> {
        self.strategist.calls(&self.actor.address, "set_weight", (weight_bps,).into_val(&f.env))
    }

    fn join(&self, f: &Fixture, user: &Actor, terms: &Terms) -> Tx<()> {
        user.calls(&self.actor.address, "join", (&user.address, terms.clone()).into_val(&f.env))
    }

    /// Anybody has it rebalance: nobody signs.
    fn rebalance(&self, f: &Fixture, user: &Actor) -> Tx<()> {
        let args = (&user.address,).into_val(&f.env);
        Tx::new(&f.world, Invocation::new(&self.actor.address, "rebalance", args))
    }

    /// Anybody has the clearing-house carry out requests in its name.
    fn in_its_name(&self, f: &Fixture, user: &Actor, requests: &[ClearingRequest]) -> Tx<HostVec<i128>> {
        let list = HostVec::from_slice(&f.env, requests);
        let args = (&self.actor.address, &user.address, list, f.now() + 60).into_val(&f.env);
        let call = Invocation::new(&f.contracts().clearing, "submit", args);
        Tx::new(&f.world, call).by(&self.actor).signature(ScVal::Void)
    }

    #[track_caller]
    fn refuses<T: soroban_sdk::TryFromVal<soroban_sdk::Env, Val>>(
        &self,
        tx: Tx<T>,
        code: StrategyError,
    ) -> Failure {
        let failure = tx.changes_nothing();
        let expected = (ScAddress::from(self.actor.address.clone()), ScError::Contract(code as u32));
        assert_eq!(failure.refused_by, Some(expected), "{failure}");
        failure
    }
}

/// At most three times, one percent from the index, one trade a minute.
const TERMS: Terms =
    Terms { cool_down: 60, max_leverage: 300, min_health: 12_000, slippage_bps: 100, stop_health: 11_000 };

fn size(f: &Fixture, user: &Actor) -> i128 {
    f.clearing().position(&user.address, &f.symbol(BTC_USD)).map_or(0, |position| position.size)
}

fn sell(f: &Fixture, milli: i128, limit: i128) -> ClearingRequest {
    trade(f, BTC_USD, -milli_base(milli), limit)
}

fn trade(f: &Fixture, market: &str, size_delta: i128, limit_price: i128) -> ClearingRequest {
    ClearingRequest::Act(Action::Trade(TradeAction { limit_price, market: f.symbol(market), size_delta }))
}

/// A key account with 20,000 USDC deposited that has joined and granted the right to trade.
fn user(f: &Fixture, desk: &Desk, name: &str, terms: &Terms) -> Actor {
    let user = f.funded(f.key_account(name), &[usdc(20_000)]);
    user.deposit(usdc(20_000)).ok();
    desk.join(f, &user, terms).ok();
    user.grant(&desk.actor, permissions::TRADE, f.now() + DAY).ok();
    user
}

/// An account of a tier with 20,000 USDC deposited, of which nobody knows anything yet.
fn account(f: &Fixture, name: &str, tier: AccountType) -> Actor {
    let account = match tier {
        AccountType::Basic => f.smart_account(name),
        AccountType::Pro => f.pro_account(name),
        AccountType::Institutional => f.institution(name, 3),
    };
    let account = f.funded(account, &[usdc(20_000)]);
    account.deposit(usdc(20_000)).ok();
    account
}

fn it_keeps_exposure_for_accounts_of_every_kind(f: &Fixture) {
    let desk = Desk::new(f);
    desk.set_weight(f, 15_000).ok();
    let mut users = vec![user(f, &desk, "karl", &TERMS)];
    for (name, tier) in
        [("alice", AccountType::Basic), ("paul", AccountType::Pro), ("ines", AccountType::Institutional)]
    {
        let account = account(f, name, tier);
        // A smart account refuses contracts that its owner did not allow, and grants through itself.
        assert!(desk.join(f, &account, &TERMS).changes_nothing().refused_by.is_some());
        f.administer::<()>(&account, "allow_contract", (&desk.actor.address,)).ok();
        desk.join(f, &account, &TERMS).ok();
        let grant = (&desk.actor.address, permissions::TRADE, f.now() + DAY);
        f.administer::<()>(&account, "grant_delegate", grant).ok();
        users.push(account);
    }
    for user in &users {
        desk.rebalance(f, user).ok();
        // One and a half times 20,000 dollars at 50,000.
        assert_eq!(size(f, user), milli_base(600));
        let risk = f.ledger().summary(&user.address);
        assert!((149..=153).contains(&risk.leverage), "{}", risk.leverage);
        desk.rebalance(f, user).fails(StrategyError::CoolDown);
    }
    // Bitcoin falls by 3%: exposure by as much, equity by 4.5%. Too much exposure is sold.
    f.set_price("BTC", price(48_500));
    f.pass(60);
    for user in &users {
        desk.rebalance(f, user).ok();
        assert!(size(f, user) < milli_base(600));
        let risk = f.ledger().summary(&user.address);
        assert!((149..=153).contains(&risk.leverage), "{}", risk.leverage);
    }
    // And the other way around, through nothing.
    desk.set_weight(f, -10_000).ok();
    f.pass(60);
    let [karl, ..] = &users[..] else { unreachable!() };
    desk.rebalance(f, karl).ok();
    assert!(size(f, karl) < -milli_base(300));
    // Who leaves is left alone.
    karl.calls::<()>(&desk.actor.address, "leave", (&karl.address,).into_val(&f.env)).ok();
    f.pass(60);
    desk.rebalance(f, karl).fails(StrategyError::NotJoined);
}

fn without_a_living_grant_it_does_nothing(f: &Fixture) {
    let desk = Desk::new(f);
    desk.set_weight(f, 10_000).ok();
    let karl = f.funded(f.key_account("karl"), &[usdc(20_000)]);
    karl.deposit(usdc(20_000)).ok();
    karl.grant(&desk.actor, permissions::TRADE, f.now() + DAY).ok();
    // A grant without terms.
    desk.rebalance(f, &karl).fails(StrategyError::NotJoined);
    desk.join(f, &karl, &TERMS).ok();
    karl.revoke(&desk.actor).ok();
    // Terms without a grant.
    desk.rebalance(f, &karl).fails(ClearingError::NotPermitted);
    karl.grant(&desk.actor, permissions::ALL & !permissions::TRADE & !permissions::ADMIN, f.now() + DAY).ok();
    desk.rebalance(f, &karl).fails(ClearingError::ReduceOnly);
    // The last second of a grant, and the first without it.
    karl.grant(&desk.actor, permissions::TRADE, f.now() + 3_600).ok();
    f.pass(3_599);
    desk.rebalance(f, &karl).ok();
    desk.set_weight(f, 5_000).ok();
    f.pass(60);
    desk.rebalance(f, &karl).fails(ClearingError::NotPermitted);
    // Whoever joins for another one does not.
    let mallory = f.key_account("mallory");
    let args = (&karl.address, Terms { slippage_bps: 500, ..TERMS }).into_val(&f.env);
    let failure = mallory.calls::<()>(&desk.actor.address, "join", args).changes_nothing();
    assert_eq!(failure.code, None, "{failure}");
    assert_eq!(desk.reads(f).terms(&karl.address), TERMS);
}

fn a_grant_to_reduce_is_enough_to_be_stopped(f: &Fixture) {
    let desk = Desk::new(f);
    desk.set_weight(f, 20_000).ok();
    let terms = Terms { min_health: 90_000, stop_health: 76_000, ..TERMS };
    let karl = user(f, &desk, "karl", &terms);
    karl.trade(Order::market(BTC_USD, milli_base(1_000)).at(price(51_000))).ok();
    karl.grant(&desk.actor, permissions::REDUCE_ONLY, f.now() + DAY).ok();
    f.set_price("BTC", price(47_600));
    let stop = desk.in_its_name(f, &karl, &[sell(f, 1_000, price(47_200))]);
    stop.ok();
    assert_eq!(size(f, &karl), 0);
    // It cannot lead back in.
    desk.rebalance(f, &karl).fails(ClearingError::ReduceOnly);
}

fn the_strategist_moves_nobody_beyond_terms_and_limits(f: &Fixture) {
    let desk = Desk::new(f);
    // Nobody else sets the weight, and there is an end to it.
    let set = f.keeper.calls::<()>(&desk.actor.address, "set_weight", (1i32,).into_val(&f.env));
    assert_eq!(set.changes_nothing().code, None);
    for weight in [100_001, -100_001, i32::MIN] {
        desk.set_weight(f, weight).fails(StrategyError::InvalidWeight);
    }
    desk.set_weight(f, 100_000).ok();
    // The terms bind: three times, not ten.
    let bound = user(f, &desk, "bound", &TERMS);
    desk.rebalance(f, &bound).ok();
    let risk = f.ledger().summary(&bound.address);
    assert!((295..=300).contains(&risk.leverage), "{}", risk.leverage);
    // They bind the account as a whole.
    let busy = user(f, &desk, "busy", &TERMS);
    busy.trade(Order::market(ETH_USD, 20 * BASE)).ok();
    desk.rebalance(f, &busy).fails(StrategyError::BeyondTerms);
    // And so does their health, where the leverage does not.
    let careful = user(f, &desk, "careful", &Terms { max_leverage: 190, min_health: 120_000, ..TERMS });
    desk.rebalance(f, &careful).fails(StrategyError::BeyondTerms);
    let karl = user(f, &desk, "karl", &Terms { max_leverage: 600, ..TERMS });
    // The account's own limits in the ledger bind, whatever it agreed to here.
    let limits = Limits { max_leverage: 300, ..Limits::NONE };
    let args = (&karl.address, limits).into_val(&f.env);
    karl.calls::<()>(&f.contracts().ledger, "set_limits", args).ok();
    desk.rebalance(f, &karl).fails(LedgerError::LimitExceeded);
    desk.set_weight(f, 20_000).ok();
    desk.rebalance(f, &karl).ok();
    assert_eq!(size(f, &karl), milli_base(800));
    // Whoever is beyond them by other means is brought nearer all the same.
    busy.trade(Order::market(BTC_USD, milli_base(400)).at(price(52_000))).ok();
    busy.trade(Order::market(ETH_USD, 15 * BASE)).ok();
    desk.set_weight(f, 0).ok();
    desk.rebalance(f, &busy).ok();
    assert_eq!(size(f, &busy), 0);
    assert!(f.ledger().summary(&busy.address).leverage > TERMS.max_leverage);
    // Turning to and fro costs its users a fee per cool-down, not per call; joining anew does not shorten it.
    desk.set_weight(f, -20_000).ok();
    desk.rebalance(f, &karl).fails(StrategyError::CoolDown);
    karl.calls::<()>(&desk.actor.address, "leave", (&karl.address,).into_val(&f.env)).ok();
    desk.join(f, &karl, &Terms { max_leverage: 1_000, ..TERMS }).ok();
    desk.rebalance(f, &karl).fails(StrategyError::CoolDown);
    // Terms that would be none.
    for terms in [
        Terms { slippage_bps: 501, ..TERMS },
        Terms { cool_down: 59, ..TERMS },
        Terms { max_leverage: 1_001, ..TERMS },
        Terms { max_leverage: 99, ..TERMS },
        Terms { stop_health: 12_000, ..TERMS },
    ] {
        desk.join(f, &karl, &terms).fails(StrategyError::InvalidTerms);
    }
}

fn nobody_has_it_trade_at_his_price(f: &Fixture) {
    let desk = Desk::new(f);
    desk.set_weight(f, 15_000).ok();
    let karl = user(f, &desk, "karl", &TERMS);
    // Somebody buys first, and hopes to sell to it.
    let mallory = f.funded(f.key_account("mallory"), &[usdc(200_000)]);
    mallory.deposit(usdc(200_000)).ok();
    mallory.trade(Order::market(BTC_USD, milli_base(9_000))).ok();
    desk.rebalance(f, &karl).fails(ClearingError::SlippageExceeded);
    assert_eq!(size(f, &karl), 0);
    // Nor at a price of yesterday.
    f.advance(600);
    desk.rebalance(f, &karl).fails(StrategyError::PriceNotLive);
}

fn a_grant_to_trade_takes_nothing_out(f: &Fixture) {
    let env = &f.env;
    // A contract that does what it is told, by whoever tells it.
    let rogue = Actor::at(&f.world, "rogue", env.register(Outer, ()), vec![]);
    let karl = f.funded(f.key_account("karl"), &[usdc(20_000)]);
    karl.deposit(usdc(20_000)).ok();
    karl.grant(&rogue, permissions::TRADE, f.now() + DAY).ok();
    let (clearing, vault, ledger) = (&f.contracts().clearing, &f.contracts().vault, &f.contracts().ledger);
    let token = f.token(Coin::Usdc).clone();
    let (me, victim) = (&rogue.address, &karl.address);
    let out = Action::Withdraw(token.clone(), 1);
    let batch = |request: ClearingRequest| {
        let args: HostVec<Val> = (me, victim, list![env, request], f.now() + 60).into_val(env);
        (clearing.clone(), Symbol::new(env, "submit"), args)
    };
    let direct = |contract: &soroban_sdk::Address, function: &str, args: HostVec<Val>| {
        (contract.clone(), Symbol::new(env, function), args)
    };
    let all = u32::MAX >> 1;
    let calls = list![
        env,
        batch(ClearingRequest::Act(out.clone())),
        batch(ClearingRequest::Act(Action::AddLiquidity(1_000_000, 0))),
        batch(ClearingRequest::Act(Action::MoveSettlement(1))),
        batch(ClearingRequest::PlaceOrder(margin_tests::orders::order(f, &karl, 1, milli_base(10)))),
        direct(vault, "submit", (me, victim, list![env, out]).into_val(env)),
        direct(vault, "submit", (me, victim, list![env, Action::Borrow(token.clone(), 1)]).into_val(env)),
        direct(vault, "withdraw", (victim, &token, 1i128, me).into_val(env)),
        direct(vault, "borrow", (victim, &token, 1i128).into_val(env)),
        direct(clearing, "fund_insurance", (victim, 1i128).into_val(env)),
        direct(ledger, "debit", (victim, &token, 1i128).into_val(env)),
        direct(ledger, "set_limits", (victim, Limits::NONE).into_val(env)),
        direct(ledger, "grant", (victim, me, permissions::ALL & all, f.now() + DAY).into_val(env)),
        // The one thing that was granted.
        batch(trade(f, BTC_USD, milli_base(10), price(51_000))),
    ];
    let each = Invocation::new(me, "each", (calls,).into_val(env));
    let done: HostVec<bool> = Tx::new(&f.world, each).ok();
    let done: Vec<bool> = done.iter().collect();
    assert_eq!(done.iter().filter(|done| **done).count(), 1, "{done:?}");
    assert_eq!(done.last(), Some(&true));
    assert_eq!(f.balance(Coin::Usdc, me), 0);
}

fn a_stop_reads_the_ledger_while_the_venue_executes(f: &Fixture) {
    let desk = Desk::new(f);
    desk.set_weight(f, 25_000).ok();
    let terms = Terms { min_health: 61_000, stop_health: 60_000, ..TERMS };
    let karl = user(f, &desk, "karl", &terms);
    desk.rebalance(f, &karl).ok();
    assert_eq!(size(f, &karl), BASE);
    let health = || f.ledger().summary(&karl.address).health_factor;

    // As long as karl is healthy, nobody closes his position in its name, in credentials of no kind.
    assert!(health() > terms.stop_health);
    for shape in Shape::ALL {
        let calm = desk.in_its_name(f, &karl, &[sell(f, 1_000, price(49_600))]).shape(shape);
        desk.refuses(calm, StrategyError::Calm);
    }
    f.set_price("BTC", price(47_600));
    assert!(health() < terms.stop_health);
    // Neither at any price.
    let cheap = desk.in_its_name(f, &karl, &[sell(f, 1_000, price(47_000))]);
    desk.refuses(cheap, StrategyError::BeyondTerms);
    // Nor by a price that is none any more.
    f.advance(600);
    assert_ne!(f.oracle().quote(&f.prices.feed_name("BTC")).status as u32, 0);
    let stale = desk.in_its_name(f, &karl, &[sell(f, 1_000, price(47_200))]);
    desk.refuses(stale, StrategyError::PriceNotLive);
    f.pass(5);
    // A part, and the rest: nobody signs.
    desk.in_its_name(f, &karl, &[sell(f, 400, price(47_200))]).ok();
    assert_eq!(size(f, &karl), milli_base(600));
    // What was sold made him healthy.
    let more = desk.in_its_name(f, &karl, &[sell(f, 600, price(47_200))]);
    desk.refuses(more, StrategyError::Calm);
}

fn nothing_but_a_stop_is_done_in_its_name(f: &Fixture) {
    let desk = Desk::new(f);
    let terms = Terms { min_health: 77_000, stop_health: 76_000, ..TERMS };
    let karl = user(f, &desk, "karl", &terms);
    karl.trade(Order::market(BTC_USD, BASE).at(price(51_000))).ok();
    karl.trade(Order::market(ETH_USD, BASE)).ok();
    f.set_price("BTC", price(47_600));
    let enough = price(47_200);
    let stop = || sell(f, 1_000, enough);
    let name = |requests: &[ClearingRequest]| desk.in_its_name(f, &karl, requests);

    for requests in [
        vec![stop(), stop()],
        vec![sell(f, 1_001, enough)],
        vec![trade(f, BTC_USD, BASE, price(48_000))],
        vec![trade(f, BTC_USD, 0, enough)],
        vec![trade(f, ETH_USD, -BASE, price(1_990))],
        vec![ClearingRequest::Act(Action::Withdraw(f.token(Coin::Usdc).clone(), 1))],
        vec![ClearingRequest::CancelOrder(1)],
    ] {
        desk.refuses(name(&requests), StrategyError::NotAStop);
    }
    // A second consent under the first, a call of something else, one that looks like it elsewhere.
    let pay = desk.actor.transfer_call(&karl.address, usdc(1));
    desk.refuses(name(&[stop()]).also_signing(pay.clone()), StrategyError::NotAStop);
    let args = (&desk.actor.address, f.symbol(BTC_USD), -BASE, enough, true, f.now() + 60);
    let own = Invocation::new(&f.contracts().clearing, "trade", args.into_val(&f.env));
    let own = Tx::<()>::new(&f.world, own).by(&desk.actor).signature(ScVal::Void);
    desk.refuses(own, StrategyError::NotAStop);
    let paid = Tx::<()>::new(&f.world, pay).by(&desk.actor).signature(ScVal::Void);
    desk.refuses(paid, StrategyError::NotAStop);
    let args =
        (&desk.actor.address, &karl.address, list![&f.env, Action::Repay(f.token(Coin::Usdc).clone(), 1)]);
    let vault = Invocation::new(&f.contracts().vault, "submit", args.into_val(&f.env));
    let vault = Tx::<HostVec<i128>>::new(&f.world, vault).by(&desk.actor).signature(ScVal::Void);
    desk.refuses(vault, StrategyError::NotAStop);
    // For somebody who never joined.
    let stranger = f.key_account("stranger");
    desk.refuses(desk.in_its_name(f, &stranger, &[stop()]), StrategyError::NotJoined);
    // Without the grant the consent of the strategy is worth nothing, and with it the same call is done.
    karl.revoke(&desk.actor).ok();
    name(&[stop()]).fails(ClearingError::NotPermitted);
    karl.grant(&desk.actor, permissions::TRADE, f.now() + DAY).ok();
    name(&[stop()]).ok();
    assert_eq!(size(f, &karl), 0);
}
