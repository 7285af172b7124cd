//! What comes for a while: a market that is opened, traded in and wound down with open positions, and an asset that is listed,
//! used, emptied and retired.

use crate::moves::{Cast, Outcome, Played};
use margin_interface::{Asset, ClearingChange, ClearingError, LedgerError, MarketStage};
use margin_math::position::Position;
use margin_math::units::{BASE, PRICE, USD};
use margin_tests::accounts::DAY;
use margin_tests::actor::Actor;
use margin_tests::fixture::market_config;
use margin_tests::listed::Listed;
use margin_tests::money::Coin;
use margin_tests::prices::Prices;
use margin_tests::random::Dice;
use soroban_sdk::{BytesN, IntoVal, Symbol};

/// A market that there is in some lives, and not to their end; and its index.
pub const PASSING: (&str, &str) = ("XLM_USD", "XLM");
/// Whole lumens of its curve.
const DEPTH: i128 = 10_000_000;
/// Whole tokens that the lender brings of an asset, and as many to pay for others.
const LENT: i128 = 10_000;

/// An asset that is listed for a while.
pub struct Visitor(Listed);

impl Cast<'_> {
    fn passing(&self) -> Symbol {
        self.f.symbol(PASSING.0)
    }

    /// In which stage the market is that comes and goes; nothing before it was opened.
    pub fn stage(&self) -> Option<MarketStage> {
        self.f.clearing().try_house(&self.passing()).ok()?.ok().map(|house| house.stage)
    }

    /// The admin opens it, announced: others provide already.
    pub fn open_market(&self) {
        let (f, index) = (self.f, Asset::Stellar(self.f.token(Coin::Xlm).clone()));
        let quote_reserve = DEPTH * (Prices::genesis(PASSING.1) / (PRICE / USD));
        let config = market_config(index, DEPTH);
        let change = ClearingChange::Open(self.passing(), config, DEPTH * BASE, quote_reserve);
        self.wait_for(&f.contracts().clearing, change);
        assert_eq!(self.stage(), Some(MarketStage::Normal));
    }

    fn holders(&self) -> Vec<&Actor> {
        let market = self.passing();
        let holds = |who: &&Actor| self.f.clearing().position(&who.address, &market).is_some();
        self.everybody.iter().filter(holds).collect()
    }

    /// Everybody who holds something in it is given one price.
    pub fn wind_down(&self, _: &mut Dice) -> Option<Played> {
        let holders = self.holders();
        if self.stage()? != MarketStage::Normal || holders.len() < 2 {
            return None;
        }
        let (f, clearing, market) = (self.f, &self.f.contracts().clearing, self.passing());
        let id: BytesN<32> = f.admin.calls(clearing, "wind_down", (&market,).into_val(&f.env)).ok();
        f.pass(DAY);
        let execute = f.admin.calls::<()>(clearing, "execute", (id,).into_val(&f.env));
        let played = self.submit("wind down", format!("{} positions", holders.len()), execute);
        assert_eq!(self.stage(), Some(MarketStage::WindDown));
        assert_eq!(f.ledger().market(&market).state.clearing_price, f.prices.get(PASSING.1));
        // Nobody trades any more, whatever for.
        let smart = |who: &&&Actor| self.smart.iter().any(|smart| smart.address == who.address);
        if let Some(who) = holders.iter().find(|who| !smart(who)) {
            self.refused(&who.close_position(PASSING.0), ClearingError::WrongStage);
        }
        played
    }

    /// Losers from the start, winners a day later: at the one price, whatever the index is by now.
    pub fn settle_position(&self, dice: &mut Dice) -> Option<Played> {
        if self.stage()? != MarketStage::WindDown {
            return None;
        }
        let (f, market, holders) = (self.f, self.passing(), self.holders());
        if holders.is_empty() {
            return None;
        }
        let who = *dice.pick(&holders);
        let (held, house) = (f.clearing().position(&who.address, &market)?, f.clearing().house(&market));
        let position = Position { entry: held.entry, funding_index: held.funding_index, size: held.size };
        let state = f.ledger().market(&market).state;
        let funding = position.funding_owed(state.funding_long, state.funding_short).expect("fits");
        let gained = position.pnl_at(state.clearing_price).expect("fits");
        let args = (&who.address, &market).into_val(&f.env);
        let settles = self.anyone::<i128>(&f.contracts().clearing, "settle_position", args);
        if gained - funding > 0 && f.now() < house.since + DAY {
            self.refused(&settles, ClearingError::TooEarly);
            f.pass(DAY);
        }
        let (had, claims) = (self.cash(who), f.clearing().buckets().claims);
        let played =
            self.submit("settle_position", format!("{} {gained} less {funding}", who.name), settles)?;
        if let Outcome::Done = played.outcome {
            assert_eq!(f.clearing().position(&who.address, &market), None);
            let inventory = f.clearing().house(&market).inventory;
            assert_eq!(inventory, house.inventory + held.size, "the pool is the other side");
            let plain = claims == 0 && f.clearing().buckets().claims == 0 && !f.lost.get();
            let off = self.cash(who) - had - (gained - funding);
            assert!(!plain || off.abs() <= 4, "{} changed by {off} more", played.detail);
        }
        Some(played)
    }

    /// What an account has and is owed of the settlement asset, less what it owes for perpetuals.
    fn cash(&self, who: &Actor) -> i128 {
        let (breakdown, settlement) = (self.f.ledger().breakdown(&who.address), self.f.token(Coin::Usdc));
        let deposit = breakdown.deposits.iter().find(|held| &held.asset == settlement);
        let pending = self.f.ledger().account(&who.address).pending.amount;
        deposit.map_or(0, |held| held.amount) - breakdown.perp_debt + pending
    }

    // ---- an asset ---------------------------------------------------------------------------------------------------

    /// An asset comes, or goes.
    pub fn visit(&self, dice: &mut Dice) -> Option<Played> {
        match self.visitor.take() {
            None => self.arrives(dice),
            Some(visitor) => self.leaves(visitor),
        }
    }

    /// Listed under a name of its own; the lender lends it, somebody borrows it.
    fn arrives(&self, dice: &mut Dice) -> Option<Played> {
        let f = self.f;
        let alias = Asset::Other(f.symbol(&format!("VISITOR_{}", self.next_number())));
        let named = (&alias, f.prices.asset("USDT")).into_val(&f.env);
        f.admin.calls::<()>(&f.contracts().oracle, "add_alias", named).ok();
        let decimals = *dice.pick(&[2, 6, 12]);
        let token = Listed::with(f, Coin::Usdt, decimals, |config| config.index = alias);
        token.fund(f, &f.lender, token.whole(2 * LENT));
        token.deposit(f, &f.lender, token.whole(LENT)).ok();
        let who = self.anybody(dice);
        let loan = token.whole((self.free_value(who, 125) / USD / 2).min(LENT / 2));
        let name = "a visitor";
        let detail = format!("{decimals} decimals, {} borrows {loan}", who.name);
        let played = if loan > 0 {
            self.submit(name, detail, token.borrow(f, who, loan))
        } else {
            Self::done(name, detail)
        };
        self.visitor.replace(Some(Visitor(token)));
        played
    }

    /// While somebody uses it, it stays. Then all is repaid, withdrawn and paid out.
    fn leaves(&self, visitor: Visitor) -> Option<Played> {
        let (f, token) = (self.f, &visitor.0);
        let retire =
            || f.admin.calls::<()>(&f.contracts().ledger, "retire_asset", (&token.address,).into_val(&f.env));
        self.refused(&retire(), LedgerError::AssetInUse);
        for who in f.people() {
            let owed = token.held(f, &who).1;
            if owed > 0 {
                token.repay_for(f, &f.lender, &who, owed).ok();
            }
        }
        token.withdraw(f, &f.lender, i128::MAX, &f.lender.address).ok();
        self.earnings(&token.address, f.ledger().asset(&token.address).totals.reserves);
        let played = self.submit("retire_asset", format!("{} decimals", token.decimals), retire());
        assert!(!f.ledger().assets().contains(&token.address));
        played
    }
}
