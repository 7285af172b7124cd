//! What the oracle hears, and from whom: publishers who come, report and leave, sources that fall silent or are replaced, limits
//! and halts.

use crate::moves::{Cast, Played};
use ed25519_dalek::SigningKey;
use margin_interface::{
    AssetLimits, GovernanceError, HaltScope, OracleAdminClient, OracleChange, OracleError,
    OraclePublisherClient, PriceSource, PriceStatus, Sep40Client, SourceRole,
};
use margin_tests::actor::key_of;
use margin_tests::money::Coin;
use margin_tests::prices::{fresh_source, TICKERS};
use margin_tests::publishers::{self, public};
use margin_tests::random::Dice;
use margin_tests::tx::Tx;
use soroban_sdk::IntoVal;
use std::cell::{Cell, RefCell};

/// So many publishers are appointed.
const PUBLISHERS: usize = 4;
/// And so many must sign.
const QUORUM: u32 = 3;
/// The publishers as a group of sources.
const GROUP: u32 = 9;

/// The publishers of one life.
#[derive(Default)]
pub struct Press {
    keys: RefCell<Vec<SigningKey>>,
    /// Of the last report.
    round: Cell<u64>,
}

impl Cast<'_> {
    // ---- publishers -------------------------------------------------------------------------------------------------

    /// Those who are missing are appointed: at once before the first report, announced later. Then all report.
    pub fn publish(&self, _: &mut Dice) -> Option<Played> {
        let (f, oracle) = (self.f, &self.f.contracts().oracle);
        let count = self.press.keys.borrow().len();
        for _ in count..PUBLISHERS {
            let key = key_of(&format!("publisher {}", self.next_number()));
            let public = public(f, &key);
            if self.press.round.get() == 0 {
                f.admin.calls::<()>(oracle, "add_publisher", (public,).into_val(&f.env)).ok();
            } else {
                self.wait_for(oracle, OracleChange::Publisher(public));
            }
            self.press.keys.borrow_mut().push(key);
        }
        f.admin.calls::<()>(oracle, "set_quorum", (QUORUM,).into_val(&f.env)).ok();
        self.report();
        Self::done("publish", format!("{count} and new ones"))
    }

    fn epoch(&self) -> u32 {
        OraclePublisherClient::new(&self.f.env, &self.f.contracts().oracle).publishers().epoch
    }

    /// What these keys say of all prices a moment later, relayed by nobody in particular.
    fn signed_by(&self, keys: &[SigningKey], epoch: u32) -> Tx<bool> {
        let (f, oracle) = (self.f, &self.f.contracts().oracle);
        let assets = Sep40Client::new(&f.env, oracle).assets();
        let place = |ticker: &str| assets.first_index_of(f.prices.asset(ticker)).expect("listed");
        let mut observed = TICKERS.map(|ticker| (place(ticker), f.prices.get(ticker)));
        observed.sort_unstable();
        let report = publishers::report(f, keys, epoch, self.press.round.get() + 1, &observed);
        self.anyone(oracle, "submit", report.into_val(&f.env))
    }

    fn report(&self) {
        self.f.advance(5);
        assert!(self.signed_by(&self.press.keys.borrow(), self.epoch()).ok(), "a new round");
        self.press.round.set(self.press.round.get() + 1);
        // The same again is nothing new.
        assert!(!self.signed_again().ok());
        self.f.prices.report();
    }

    /// The last round, once more.
    fn signed_again(&self) -> Tx<bool> {
        let round = self.press.round.replace(self.press.round.get() - 1);
        let again = self.signed_by(&self.press.keys.borrow(), self.epoch());
        self.press.round.set(round);
        again
    }

    /// One whose key leaked takes it out, or the guardian does: nothing that it signed counts any more.
    pub fn publisher_leaves(&self, dice: &mut Dice) -> Option<Played> {
        let (f, oracle) = (self.f, &self.f.contracts().oracle);
        let all = self.press.keys.borrow().clone();
        if all.len() < PUBLISHERS {
            return None;
        }
        let epoch = self.epoch();
        let key = dice.pick(&all).clone();
        self.press.keys.borrow_mut().retain(|other| *other != key);
        let itself = dice.chance(50);
        if itself {
            let args = (public(f, &key), publishers::revocation(f, &key)).into_val(&f.env);
            self.anyone::<()>(oracle, "revoke_publisher", args).ok();
        } else {
            let args = (&f.guardian.address, public(f, &key)).into_val(&f.env);
            f.guardian.calls::<()>(oracle, "remove_publisher", args).ok();
        }
        f.advance(5);
        self.refused(&self.signed_by(&all, epoch), OracleError::InvalidReport);
        self.refused(&self.signed_by(&all, self.epoch()), OracleError::UnknownSigner);
        self.report();
        Self::done("a publisher leaves", format!("by itself {itself}"))
    }

    // ---- sources ----------------------------------------------------------------------------------------------------

    fn feeds(&self, ticker: &str) -> Vec<PriceSource> {
        let oracle = OracleAdminClient::new(&self.f.env, &self.f.contracts().oracle);
        oracle.price_feeds(&self.f.prices.asset(ticker)).iter().collect()
    }

    /// What all say is the price.
    #[track_caller]
    fn is_priced(&self, ticker: &str, status: PriceStatus) {
        let quote = self.f.oracle().quote(&self.f.prices.asset(ticker));
        let said = (status, self.f.prices.get(ticker));
        assert_eq!((quote.status, quote.mid), said, "{ticker}: {quote:?}");
    }

    /// Two of three sources are halted, and the publishers stand in: there is a price, good enough to reduce risk.
    pub fn outage(&self, dice: &mut Dice) -> Option<Played> {
        let (f, oracle) = (self.f, &self.f.contracts().oracle);
        if self.press.keys.borrow().len() < PUBLISHERS - 1 {
            return None;
        }
        let ticker = *dice.pick(&["BTC", "ETH", "XLM"]);
        let asset = f.prices.asset(ticker);
        if !self.feeds(ticker).iter().any(|source| &source.contract == oracle) {
            let source = fresh_source(asset.clone(), oracle.clone(), GROUP);
            let source = PriceSource { role: SourceRole::Fallback, ..source };
            self.wait_for(oracle, OracleChange::Source(asset.clone(), source));
        }
        let silent: Vec<_> = f.contracts().sources[1..]
            .iter()
            .map(|source| HaltScope::Source(asset.clone(), source.clone()))
            .collect();
        for scope in &silent {
            self.halts(scope);
        }
        f.advance(5);
        f.prices.report();
        self.report();
        self.is_priced(ticker, PriceStatus::Degraded);
        let played = self.close_position(dice).or_else(|| Self::done("outage", ticker));
        for scope in silent {
            self.wait_for(oracle, OracleChange::Resume(scope));
        }
        f.pass(5);
        played
    }

    fn halts(&self, scope: &HaltScope) {
        let (by, env) = (&self.f.guardian, &self.f.env);
        let args = (&by.address, scope.clone()).into_val(env);
        by.calls::<()>(&self.f.contracts().oracle, "halt", args).ok();
    }

    /// The guardian takes a source away: the other two are enough until it is back.
    pub fn source_replaced(&self, dice: &mut Dice) -> Option<Played> {
        let (f, oracle) = (self.f, &self.f.contracts().oracle);
        let (ticker, contract) = (*dice.pick(&TICKERS), dice.pick(&f.contracts().sources));
        let feeds = self.feeds(ticker);
        let source = feeds.iter().find(|source| &source.contract == contract)?.clone();
        let asset = f.prices.asset(ticker);
        let args = (&f.guardian.address, asset.clone(), contract).into_val(&f.env);
        f.guardian.calls::<()>(oracle, "remove_price_feed", args).ok();
        f.pass(5);
        self.is_priced(ticker, PriceStatus::Live);
        self.wait_for(oracle, OracleChange::Source(asset, source));
        assert_eq!(self.feeds(ticker).len(), feeds.len());
        Self::done("a source replaced", ticker)
    }

    // ---- limits and halts -------------------------------------------------------------------------------------------

    /// Tighter at once, looser a day later.
    pub fn limits(&self, dice: &mut Dice) -> Option<Played> {
        let (f, oracle) = (self.f, &self.f.contracts().oracle);
        let (ticker, client) = (*dice.pick(&TICKERS), OracleAdminClient::new(&f.env, oracle));
        let asset = f.prices.asset(ticker);
        let old = client.limits(&asset)?;
        let sets = |limits: &AssetLimits| {
            let args = (asset.clone(), limits.clone()).into_val(&f.env);
            f.admin.calls::<()>(oracle, "set_limits", args)
        };
        // An end of the band is a price: another one is announced.
        let narrower = AssetLimits { floor: old.floor + 1, ..old.clone() };
        self.refused(&sets(&narrower), GovernanceError::NeedsTimelock);
        let tighter = AssetLimits { budget_bps: old.budget_bps - 1, ..old.clone() };
        sets(&tighter).ok();
        assert_eq!(client.limits(&asset), Some(tighter));
        if dice.chance(50) {
            self.wait_for(oracle, OracleChange::Limits(asset.clone(), old));
        }
        Self::done("limits", ticker)
    }

    /// One price, or all, and the lifting of it two days later. Without a price nobody borrows, and everybody may repay.
    pub fn halt(&self, dice: &mut Dice) -> Option<Played> {
        let (f, oracle) = (self.f, &self.f.contracts().oracle);
        let (coin, who) = (*dice.pick(&Coin::ALL), self.anybody(dice));
        let (asset, debt) = (f.prices.asset(coin.ticker()), self.debt_of(dice, who));
        let scope = if dice.chance(50) { HaltScope::All } else { HaltScope::Asset(asset.clone()) };
        self.halts(&scope);
        f.pass(5);
        assert_eq!(f.oracle().quote(&asset).status, PriceStatus::Halted);
        let _ = self.refusal(&who.borrow(f.worth(coin, 1)));
        let played = debt.and_then(|(coin, owed)| {
            let money = coin.units((owed / 10).min(f.balance(coin, &who.address)));
            let repays =
                || self.submit("repay", format!("{} {money:?} in a halt", who.name), who.repay(money));
            (money.units > 0).then(repays).flatten()
        });
        self.wait_for(oracle, OracleChange::Resume(scope));
        f.pass(5);
        self.is_priced(coin.ticker(), PriceStatus::Live);
        played.or_else(|| Self::done("halt", format!("{coin:?}")))
    }
}
