//! A dollar is a dollar, in however many decimals its token counts.

use margin_interface::{AccountSummary, Action, LedgerError, Liquidation, Receive, VaultError};
use margin_tests::actor::Actor;
use margin_tests::fixture::Fixture;
use margin_tests::listed::Listed;
use margin_tests::money::{price, usd, usdc, Coin};

crate::in_both_modes!(
    six_seven_and_eighteen_decimals_give_the_same_values,
    coarse_tokens_round_against_whoever_acts,
    a_token_that_delivers_another_amount_is_refused,
    decimals_are_those_at_the_listing,
);

/// Who takes part in the story of one token.
struct Trio<'a> {
    token: &'a Listed,
    holder: Actor,
    debtor: Actor,
    keeper: Actor,
}

impl<'a> Trio<'a> {
    /// The holder deposits 1.5 ether and borrows 1,800 USDC; the debtor deposits 2,000 USDC and borrows half an ether.
    fn borrowed(f: &Fixture, token: &'a Listed) -> Self {
        let named = |role: &str| f.key_account(&format!("{role} of {}", token.decimals));
        let (holder, debtor, keeper) = (named("holder"), named("debtor"), named("keeper"));
        token.fund(f, &holder, token.milli(1_500));
        token.deposit(f, &holder, token.milli(1_500)).ok();
        f.fund(&debtor, usdc(2_000));
        debtor.deposit(usdc(2_000)).ok();
        token.borrow(f, &debtor, token.milli(500)).ok();
        holder.borrow(usdc(1_800)).ok();
        f.fund(&keeper, usdc(1_800));
        Self { token, holder, debtor, keeper }
    }

    fn liquidate(&self, f: &Fixture) -> Liquidation {
        self.token.liquidate(f, &self.keeper, &self.holder, usdc(1_800).units, Receive::Tokens).ok()
    }

    /// All values of both accounts.
    fn figures(&self, f: &Fixture) -> Vec<AccountFigures> {
        [&self.holder, &self.debtor].map(|actor| figures(&f.ledger().summary(&actor.address))).to_vec()
    }
}

/// Values in USD 1e7, then ratios.
type AccountFigures = ([i128; 5], [u32; 2]);

fn figures(s: &AccountSummary) -> AccountFigures {
    (
        [s.collateral_value, s.debt_value, s.effective_margin, s.required_margin, s.equity],
        [s.health_factor, s.leverage],
    )
}

/// Two of the smallest units of the coarsest token: what rounding interest up to a unit may cost, USD 1e7.
const TWO_UNITS: i128 = 2 * 2_000 * 10_000_000 / 1_000_000;

#[track_caller]
fn all_the_same(when: &str, each: &[Vec<AccountFigures>]) {
    for (one, other) in each.iter().zip(&each[1..]).flat_map(|(one, other)| one.iter().zip(other)) {
        let values = one.0.iter().zip(&other.0).all(|(a, b)| (a - b).abs() <= TWO_UNITS);
        let ratios = one.1.iter().zip(&other.1).all(|(a, b)| a.abs_diff(*b) <= 1);
        assert!(values && ratios, "{when}: {one:?} and {other:?}");
    }
}

fn six_seven_and_eighteen_decimals_give_the_same_values(f: &Fixture) {
    let tokens = [6, 7, 18].map(|decimals| Listed::like(f, Coin::Eth, decimals));
    let trios = tokens.each_ref().map(|token| Trio::borrowed(f, token));
    let all = || trios.iter().map(|trio| trio.figures(f)).collect::<Vec<_>>();
    all_the_same("borrowed", &all());

    f.set_price("ETH", price(1_600));
    all_the_same("after a fall", &all());

    let taken: Vec<Liquidation> = trios.iter().map(|trio| trio.liquidate(f)).collect();
    all_the_same("liquidated", &all());
    let micro = |(trio, taken): (&Trio, &Liquidation)| taken.seized / 10i128.pow(trio.token.decimals - 6);
    let seized: Vec<i128> = trios.iter().zip(&taken).map(micro).collect();
    assert!(seized.iter().all(|millionths| (millionths - seized[0]).abs() <= 1), "{seized:?}");
    assert!(taken.iter().all(|each| (each.repaid - taken[0].repaid).abs() <= TWO_UNITS), "{taken:?}");
}

/// Tokens of 0 and 2 decimals, 2,000 dollars each: a unit is worth 2,000 and 20 dollars.
fn coarse_tokens_round_against_whoever_acts(f: &Fixture) {
    for decimals in [0, 2] {
        f.set_price("ETH", price(2_000));
        let token = Listed::like(f, Coin::Eth, decimals);
        let named = |role: &str| f.key_account(&format!("{role} of {decimals}"));
        let (holder, debtor, keeper) = (named("holder"), named("debtor"), named("keeper"));
        token.fund(f, &holder, token.whole(150));
        token.deposit(f, &holder, token.whole(150)).ok();
        f.fund(&debtor, usdc(40_000));
        debtor.deposit(usdc(40_000)).ok();
        token.borrow(f, &debtor, token.whole(10)).ok();
        holder.borrow(usdc(180_000)).ok();
        let summary = |who: &Actor| f.ledger().summary(&who.address);
        assert_eq!(summary(&holder).collateral_value, usd(300_000));
        assert_eq!(summary(&debtor).debt_value, usd(20_000));

        // Interest of less than a unit waits and is charged when it is one, never less than was lent.
        f.pass(86_400);
        f.pass(5);
        let (_, owed) = token.held(f, &debtor);
        assert!((token.whole(10)..=token.whole(10) + 1).contains(&owed), "{owed}");
        token.fund(f, &debtor, 1);
        assert_eq!(token.repay(f, &debtor, owed).ok(), owed);

        f.set_price("ETH", price(1_600));
        f.fund(&keeper, usdc(180_000));
        let done = token.liquidate(f, &keeper, &holder, usdc(180_000).units, Receive::Tokens).ok();
        // At most what was repaid is worth with the largest bonus, at least that less a unit with none.
        let unit = 1_600 * 10_000_000 / 10i128.pow(decimals);
        let worth = done.seized * unit;
        assert!(worth <= done.repaid * 108 / 100 && worth > done.repaid - unit, "{done:?}");
        let (held, _) = token.held(f, &holder);
        let reserves = f.ledger().asset(&token.address).totals.reserves;
        assert!(token.whole(150) - held - done.seized <= reserves + 1, "the rest of it is the protocol's");
    }
}

/// One takes a fee, one delivers nothing and says that it did, one delivers more than it was told to.
fn a_token_that_delivers_another_amount_is_refused(f: &Fixture) {
    let token = Listed::like(f, Coin::Usdt, 6);
    let mallory = f.funded(f.key_account("mallory"), &[usdc(1_000)]);
    token.fund(f, &mallory, token.whole(1_000));
    mallory.deposit(usdc(1_000)).ok();
    token.deposit(f, &mallory, token.whole(100)).ok();
    token.borrow(f, &mallory, token.whole(50)).ok();
    for (switch, bps) in
        [("set_fee_bps", 1), ("set_fee_bps", 10_000), ("set_surplus_bps", 1), ("set_surplus_bps", 10_000)]
    {
        token.set(f, switch, bps);
        token.deposit(f, &mallory, token.whole(10)).fails(VaultError::TransferMismatch);
        token.repay(f, &mallory, token.whole(10)).fails(VaultError::TransferMismatch);
        let batch = [Action::Deposit(token.address.clone(), token.whole(10))];
        mallory.submit(&batch).fails(VaultError::TransferMismatch);
        token.set(f, switch, 0);
    }
    token.deposit(f, &mallory, token.whole(10)).ok();
    token.repay(f, &mallory, token.whole(10)).ok();
}

/// A token that says later that it has others changes no value.
fn decimals_are_those_at_the_listing(f: &Fixture) {
    let token = Listed::like(f, Coin::Usdt, 6);
    let mallory = f.key_account("mallory");
    token.fund(f, &mallory, token.whole(1_000));
    token.deposit(f, &mallory, token.whole(1_000)).ok();
    let before = f.ledger().summary(&mallory.address);
    token.set(f, "set_decimals", 2);
    assert_eq!(f.ledger().summary(&mallory.address), before);
    mallory.borrow(usdc(1_000)).fails(LedgerError::InsufficientMargin);
}
