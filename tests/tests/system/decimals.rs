//! A dollar is a dollar, in however many decimals its token counts.

use margin_interface::{AccountSummary, Asset, Liquidation, Receive};
use margin_tests::actor::Actor;
use margin_tests::auth::Invocation;
use margin_tests::fixture::{asset_config, test_token, Fixture};
use margin_tests::money::{price, usdc, Coin};
use margin_tests::tx::Tx;
use soroban_sdk::{Address, IntoVal};

crate::in_both_modes!(six_seven_and_eighteen_decimals_give_the_same_values);

/// An ether-like token.
struct Token {
    address: Address,
    decimals: u32,
}

impl Token {
    fn listed(f: &Fixture, decimals: u32) -> Self {
        let address = test_token(&f.world, &f.admin, decimals, "ETHx");
        let mut config = asset_config(Coin::Eth, Asset::Stellar(f.token(Coin::Eth).clone()));
        config.supply_cap = 1_000_000 * 10i128.pow(decimals);
        config.borrow_cap = config.supply_cap;
        f.admin.calls::<()>(&f.contracts().ledger, "list_asset", (&address, config).into_val(&f.env)).ok();
        Self { address, decimals }
    }

    fn milli(&self, thousandths: i128) -> i128 {
        thousandths * 10i128.pow(self.decimals) / 1_000
    }

    fn fund(&self, f: &Fixture, actor: &Actor, thousandths: i128) {
        let args = (&actor.address, self.milli(thousandths)).into_val(&f.env);
        f.admin.calls::<()>(&self.address, "mint", args).ok();
    }

    fn deposit(&self, f: &Fixture, actor: &Actor, thousandths: i128) -> Tx<i128> {
        let (vault, amount) = (&f.contracts().vault, self.milli(thousandths));
        let transfer =
            Invocation::new(&self.address, "transfer", (&actor.address, vault, amount).into_val(&f.env));
        let args = (&actor.address, &actor.address, &self.address, amount).into_val(&f.env);
        actor.submits(Invocation::new(vault, "deposit", args).with(transfer))
    }

    fn borrow(&self, f: &Fixture, actor: &Actor, thousandths: i128) -> Tx<()> {
        let args = (&actor.address, &self.address, self.milli(thousandths)).into_val(&f.env);
        actor.calls(&f.contracts().vault, "borrow", args)
    }
}

/// Who takes part in the story of one token.
struct Trio<'a> {
    token: &'a Token,
    holder: Actor,
    debtor: Actor,
    keeper: Actor,
}

impl<'a> Trio<'a> {
    /// The holder deposits 1.5 ether and borrows 1,800 USDC; the debtor deposits 2,000 USDC and borrows half an ether.
    fn borrowed(f: &Fixture, token: &'a Token) -> Self {
        let named = |role: &str| f.key_account(&format!("{role} of {}", token.decimals));
        let (holder, debtor, keeper) = (named("holder"), named("debtor"), named("keeper"));
        token.fund(f, &holder, 1_500);
        token.deposit(f, &holder, 1_500).ok();
        f.fund(&debtor, usdc(2_000));
        debtor.deposit(usdc(2_000)).ok();
        token.borrow(f, &debtor, 500).ok();
        holder.borrow(usdc(1_800)).ok();
        f.fund(&keeper, usdc(1_800));
        Self { token, holder, debtor, keeper }
    }

    fn liquidate(&self, f: &Fixture) -> Liquidation {
        let vault = &f.contracts().vault;
        let max_repay = usdc(1_800);
        let (keeper, holder) = (&self.keeper.address, &self.holder.address);
        let (debt, collateral) = (f.token(Coin::Usdc), &self.token.address);
        let args =
            (keeper, holder, debt, collateral, max_repay.units, 0i128, Receive::Tokens).into_val(&f.env);
        let call = Invocation::new(vault, "liquidate", args);
        self.keeper.submits(call.with(self.keeper.transfer_call(vault, max_repay))).ok()
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
    let tokens = [6, 7, 18].map(|decimals| Token::listed(f, decimals));
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
