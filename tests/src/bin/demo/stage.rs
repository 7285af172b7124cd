//! Where the story is played: every transaction is really signed, and after each the invariants are checked.

use crate::market::Market;
use crate::record::{Record, Sample, Step};
use crate::transcript::Transcript;
use margin_interface::{AccountError, PriceStatus};
use margin_tests::actor::Actor;
use margin_tests::costs::Cost;
use margin_tests::fixture::{Fixture, BTC_USD};
use margin_tests::invariants::{check, Memory};
use margin_tests::money::Coin;
use margin_tests::refusal::assert_refused;
use margin_tests::tx::Tx;
use margin_tests::world::World;
use soroban_sdk::{Env, Error, TryFromVal, Val};
use std::fmt::Debug;
use std::ops::Deref;

/// See the module.
pub struct Stage {
    /// The protocol.
    pub fixture: Fixture,
    /// The price sources.
    pub market: Market,
    /// What the report is drawn from.
    pub record: Record,
    /// Standard output.
    pub out: Transcript,
    /// The two traders whose health is drawn.
    pub traders: Vec<Actor>,
    memory: Memory,
    began: u64,
}

impl Deref for Stage {
    type Target = World;
    fn deref(&self) -> &World {
        &self.fixture.world
    }
}

impl Stage {
    /// An empty stage over a protocol in use.
    pub fn new(fixture: Fixture, out: Transcript) -> Self {
        let began = fixture.now();
        let market = Market::new(&fixture);
        let (record, memory) = (Record::default(), Memory::default());
        Self { fixture, market, record, out, traders: Vec::new(), memory, began }
    }

    /// A new chapter.
    pub fn section(&mut self, title: &str) {
        self.record.sections.push(title.into());
        self.out.section(self.record.sections.len(), title);
    }

    /// A transaction that must succeed.
    pub fn does<T: TryFromVal<Env, Val>>(&mut self, signer: &str, text: &str, tx: Tx<T>) -> T {
        let value = tx.ok();
        self.done(signer, text);
        value
    }

    /// Books the last transaction, which was accepted.
    pub fn done(&mut self, signer: &str, text: &str) {
        let cost = Cost::of_last_call(self);
        self.out.done(text, signer, &cost);
        self.booked(signer, text, Ok(cost));
    }

    /// A transaction that `account` must refuse, changing nothing.
    pub fn refused<T: TryFromVal<Env, Val>>(
        &mut self,
        signer: &str,
        text: &str,
        tx: Tx<T>,
        account: &Actor,
        code: AccountError,
    ) {
        assert_refused(tx, account, code);
        self.denied(signer, text, format!("{}'s account: {code:?} ({})", account.name, code as u32));
    }

    /// A transaction that `contract` must refuse with its own error, changing nothing.
    pub fn fails<T: TryFromVal<Env, Val>>(
        &mut self,
        signer: &str,
        text: &str,
        tx: Tx<T>,
        contract: &str,
        error: impl Into<Error> + Debug,
    ) {
        let name = format!("{error:?}");
        let failure = tx.fails(error);
        let code = failure.code.unwrap_or_default();
        self.denied(signer, text, format!("{contract}: {name} ({code})"));
    }

    fn denied(&mut self, signer: &str, text: &str, reason: String) {
        self.out.refused(text, signer, &reason);
        self.booked(signer, text, Err(reason));
    }

    fn booked(&mut self, signer: &str, text: &str, outcome: Result<Cost, String>) {
        let section = self.record.sections.len();
        self.record.steps.push(Step { section, text: text.into(), signer: signer.into(), outcome });
        self.look();
    }

    /// Checks every invariant and takes a sample; both need prices, so what happens without waits for the next look.
    pub fn look(&mut self) {
        if self.oracle().quote(&self.fixture.prices.asset("USDC")).status != PriceStatus::Live {
            return;
        }
        check(&self.fixture.world, &mut self.memory);
        if self.traders.len() == 2 {
            let sample = self.sample();
            self.record.samples.push(sample);
        }
    }

    /// Forgets how many tokens there were: somebody was given some.
    pub fn recount(&mut self) {
        self.memory = Memory::default();
    }

    /// A line about what can be seen now.
    pub fn note(&self, text: &str) {
        self.out.note(text);
    }

    fn sample(&self) -> Sample {
        let bitcoin = self.oracle().quote(&self.fixture.prices.asset("BTC"));
        let ether = self.oracle().quote(&self.fixture.prices.asset("ETH"));
        let market = self.symbol(BTC_USD);
        let state = self.ledger().market(&market).state;
        let funding = self.clearing().funding(&market);
        let buckets = self.clearing().buckets();
        let health = |actor: &Actor| Some(self.health(actor)).filter(|bps| *bps != u32::MAX);
        Sample {
            section: self.record.sections.len(),
            seconds: self.now() - self.began,
            bitcoin: [bitcoin.lo, bitcoin.mid, bitcoin.hi],
            ether: [ether.lo, ether.mid, ether.hi],
            mark: state.quote_reserve * 10i128.pow(21) / state.base_reserve,
            health: [health(&self.traders[0]), health(&self.traders[1])],
            rate: funding.rate,
            funding: [funding.long_index, funding.short_index],
            buckets: [buckets.lp, buckets.insurance, buckets.fees, buckets.pending],
        }
    }

    /// Health factor in the Live valuation, bps.
    pub fn health(&self, actor: &Actor) -> u32 {
        self.vault().get_margin_ratio(&actor.address)
    }

    /// What an actor owes in one asset, USD 1e7.
    pub fn owes(&self, actor: &Actor, coin: Coin) -> i128 {
        self.vault().get_market_borrow(&actor.address, self.token(coin))
    }

    /// Prices move, one ledger later.
    pub fn moves(&mut self, prices: &[(&'static str, i128)]) {
        self.advance(5);
        for (ticker, price) in prices {
            self.market.set(ticker, *price);
        }
        self.market.report(&self.fixture);
        self.look();
    }

    /// Time passes, and the sources report what they reported before.
    pub fn pass(&mut self, seconds: u64) {
        self.advance(seconds);
        self.market.report(&self.fixture);
    }
}
