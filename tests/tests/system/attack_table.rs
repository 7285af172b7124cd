//! Attacks on lending systems that are known from elsewhere, one row each; `docs/vault.md` has the table.

use margin_interface::{Action, LedgerError, Liquidation, Receive};
use margin_tests::actor::Actor;
use margin_tests::auth::Invocation;
use margin_tests::fixture::Fixture;
use margin_tests::listed::Listed;
use margin_tests::money::{eth, price, usd, usdc, usdt, Coin};
use margin_tests::prices::Prices;
use margin_tests::tx::Tx;
use soroban_sdk::IntoVal;

crate::in_both_modes!(
    row_01_a_price_pumped_in_one_ledger_buys_next_to_nothing,
    row_02_no_gift_leaves_a_debt_uncovered,
    row_03_the_first_depositor_cannot_inflate_a_share,
    row_04_a_donation_counts_for_no_cap_and_no_margin,
    row_05_rounding_pays_nobody_however_often,
    row_06_liquidating_oneself_pays_nothing,
    row_07_a_deposit_that_came_in_a_flash_cannot_leave_in_one,
    row_08_a_loss_is_shared_in_the_call_that_finds_it,
    row_09_an_account_on_both_sides_of_a_liquidation_is_booked_once,
    row_10_utilisation_is_that_of_the_end,
    row_11_no_path_borrows_a_disabled_asset,
    row_12_a_liquidation_takes_the_account_as_it_is,
    row_13_an_asset_named_twice_is_one_debt,
    row_14_no_liquidation_leaves_dust,
    row_15_one_huge_share_is_liquidated_in_part,
    row_17_a_tiny_repayment_in_front_blocks_no_full_one,
    row_18_a_liquidation_never_worsens_the_health,
    row_19_previews_are_what_happens,
    row_20_a_token_that_calls_back_is_refused,
);

/// Everything of an account at its Live value, USD 1e7: wallet included.
fn worth(f: &Fixture, who: &Actor) -> i128 {
    let wallet: i128 = Coin::ALL
        .iter()
        .map(|coin| {
            f.balance(*coin, &who.address) * (f.prices.get(coin.ticker()) / 10_000_000)
                / 10i128.pow(coin.decimals())
        })
        .sum();
    wallet + f.ledger().summary(&who.address).equity
}

/// `ether` against `dollars` of debt.
fn debtor(f: &Fixture, name: &str, ether: i128, dollars: i128) -> Actor {
    let debtor = f.funded(f.key_account(name), &[eth(ether)]);
    debtor.deposit(eth(ether)).ok();
    debtor.borrow(usdc(dollars)).ok();
    debtor
}

fn liquidator(f: &Fixture, dollars: i128) -> Actor {
    f.funded(f.keeper.clone(), &[usdc(dollars)])
}

/// YieldBlox, February 2026: one trade makes the market, the feed follows, the pool lends against it.
fn row_01_a_price_pumped_in_one_ledger_buys_next_to_nothing(f: &Fixture) {
    let mallory = f.funded(f.key_account("mallory"), &[eth(10)]);
    mallory.deposit(eth(10)).ok();
    let honest = usd(20_000) * 80 / 125;

    // One source of three is fooled.
    let fooled = Prices::genesis("ETH") * 50;
    f.advance(5);
    f.prices.report_some(&["USDC", "USDT", "XLM", "BTC"]);
    for (source, said) in [fooled, price(2_000), price(2_000)].into_iter().enumerate() {
        f.prices.say(source, "ETH", said);
    }
    f.prices.poke(&["ETH"]);
    mallory.borrow(usdc(13_000)).fails(LedgerError::InsufficientMargin);

    // All are: what was slow to come supports nothing yet.
    f.set_price("ETH", fooled);
    let beyond = honest * 102 / 100 / 10_000_000;
    let refused = mallory.borrow(usdc(beyond)).changes_nothing();
    let known = [LedgerError::InsufficientMargin as u32, LedgerError::PriceNotUsable as u32];
    assert!(refused.code.is_some_and(|code| known.contains(&code)), "{refused}");
}

/// Euler, March 2023: a donation of one's own collateral that no check followed.
fn row_02_no_gift_leaves_a_debt_uncovered(f: &Fixture) {
    let mallory = f.funded(f.key_account("mallory"), &[usdc(10_000)]);
    mallory.deposit(usdc(10_000)).ok();
    mallory.borrow(eth(4)).ok();
    mallory.fund_insurance(usdc(5_000)).fails(LedgerError::InsufficientMargin);
    mallory.add_liquidity(usdc(5_000)).fails(LedgerError::InsufficientMargin);
    mallory.withdraw(usdc(5_000)).fails(LedgerError::InsufficientMargin);
}

/// Hundred, Sonne, Onyx, Resupply: an empty market, one unit, a donation.
fn row_03_the_first_depositor_cannot_inflate_a_share(f: &Fixture) {
    let token = Listed::like(f, Coin::Usdt, 6);
    let (mallory, victim) = (f.key_account("mallory"), f.key_account("victim"));
    let gift = token.whole(1_000_000);
    token.fund(f, &mallory, gift + 1);
    token.fund(f, &victim, token.whole(1_000));
    token.deposit(f, &mallory, 1).ok();
    let give = token.transfer_call(f, &mallory, &f.contracts().vault, gift);
    mallory.submits::<()>(give).ok();
    // Whoever has the books compared with the vault makes no deposit of it.
    let sync = Invocation::new(&f.contracts().vault, "sync", (&token.address,).into_val(&f.env));
    assert_eq!(Tx::<i128>::new(f, sync).ok(), 0);

    let brought = token.whole(1_000);
    assert!(token.deposit(f, &victim, brought).ok() > 0);
    let got = token.withdraw(f, &victim, i128::MAX, &victim.address).ok();
    assert!(got >= brought - brought / 1_000_000, "{got} of {brought}");
    let got = token.withdraw(f, &mallory, i128::MAX, &mallory.address).ok();
    assert!(got <= 1, "the gift is gone");
}

/// Venus, March 2026: a cap that a donation went around.
fn row_04_a_donation_counts_for_no_cap_and_no_margin(f: &Fixture) {
    let cap = 1_000;
    let token = Listed::with(f, Coin::Usdt, 6, |config| config.supply_cap = cap * 1_000_000);
    let mallory = f.key_account("mallory");
    token.fund(f, &mallory, token.whole(5_000));
    token.deposit(f, &mallory, token.whole(cap)).ok();
    let before = f.ledger().summary(&mallory.address);
    let give = token.transfer_call(f, &mallory, &f.contracts().vault, token.whole(3_000));
    mallory.submits::<()>(give).ok();
    assert_eq!(f.ledger().summary(&mallory.address), before);
    token.deposit(f, &mallory, 1).fails(LedgerError::SupplyCapExceeded);
    let all = token.withdraw(f, &mallory, i128::MAX, &mallory.address).ok();
    assert_eq!(all, token.whole(cap));
}

/// Balancer, November 2025: a unit rounded the wrong way, many times in one transaction.
fn row_05_rounding_pays_nobody_however_often(f: &Fixture) {
    let mallory = f.funded(f.key_account("mallory"), &[usdt(1_000)]);
    // Make shares worth an odd amount first.
    let other = debtor(f, "other", 100, 10_000);
    other.borrow(usdt(100_000)).ok();
    f.pass(86_400);
    f.pass(5);
    mallory.deposit(usdt(500)).ok();
    let token = f.token(Coin::Usdt).clone();
    let before = worth(f, &mallory);
    for amount in [1, 3, 7, 1_001] {
        let churn: Vec<Action> = (0..12)
            .flat_map(|_| [Action::Withdraw(token.clone(), amount), Action::Deposit(token.clone(), amount)])
            .collect();
        mallory.submit(&churn).ok();
        let churn: Vec<Action> = (0..12)
            .flat_map(|_| [Action::Borrow(token.clone(), amount), Action::Repay(token.clone(), amount)])
            .collect();
        mallory.submit(&churn).ok();
    }
    assert!(worth(f, &mallory) <= before);
    let (held, owed) =
        (f.ledger().account(&mallory.address).deposits, f.ledger().account(&mallory.address).debts);
    assert!(held.len() == 1 && owed.len() <= 1);
}

/// Open, update the price, liquidate oneself from another account, leave the rest to the lenders.
fn row_06_liquidating_oneself_pays_nothing(f: &Fixture) {
    let mallory = debtor(f, "mallory", 10, 12_700);
    let double = liquidator(f, 12_700);
    let both = worth(f, &mallory) + worth(f, &double);
    let lost = usd(2_000) * 10 * 15 / 100;
    let supplied = || f.ledger().asset(f.token(Coin::Usdc)).totals.supplied;
    let lent = supplied();
    f.set_price("ETH", price(1_700));
    mallory.liquidate(&mallory, usdc(100), Coin::Eth, Receive::Shares).fails(LedgerError::SelfLiquidation);
    double.liquidate(&mallory, usdc(12_700), Coin::Eth, Receive::Tokens).ok();
    let after = worth(f, &mallory) + worth(f, &double);
    assert!(after <= both - lost, "{after} of {both}");
    assert!(supplied() >= lent, "the lenders paid nothing");
}

/// A deposit around an accrual, a reward or a loss. Nobody else can prolong what it waits (I26).
fn row_07_a_deposit_that_came_in_a_flash_cannot_leave_in_one(f: &Fixture) {
    let token = Listed::with(f, Coin::Usdt, 6, |config| config.min_deposit_seconds = 300);
    let (mallory, stranger) = (f.key_account("mallory"), f.key_account("stranger"));
    for who in [&mallory, &stranger] {
        token.fund(f, who, token.whole(1_000));
    }
    token.deposit(f, &mallory, token.whole(1_000)).ok();
    let leave = || token.withdraw(f, &mallory, token.whole(1_000), &mallory.address);
    leave().fails(LedgerError::DepositLocked);
    let out = [Action::Withdraw(token.address.clone(), token.whole(1_000))];
    mallory.submit(&out).fails(LedgerError::DepositLocked);
    // It supports a debt meanwhile.
    mallory.borrow(usdc(100)).ok();
    mallory.repay(usdc(100)).ok();
    f.pass(290);
    leave().fails(LedgerError::DepositLocked);
    // A dust deposit of somebody else moves the end by next to nothing.
    let vault = &f.contracts().vault;
    let dust = token.transfer_call(f, &stranger, vault, 1);
    let args = (&stranger.address, &mallory.address, &token.address, 1i128).into_val(&f.env);
    stranger.submits::<i128>(Invocation::new(vault, "deposit", args).with(dust)).ok();
    f.pass(11);
    leave().ok();
}

/// Whoever leaves between the loss and its booking leaves it to the others.
fn row_08_a_loss_is_shared_in_the_call_that_finds_it(f: &Fixture) {
    let bob = f.funded(f.key_account("bob"), &[eth(10)]);
    bob.deposit(eth(10)).ok();
    bob.borrow(usdt(11_500)).ok();
    let supplied = || f.ledger().asset(f.token(Coin::Usdt)).totals.supplied;
    f.set_price("ETH", price(900));
    let before = supplied();
    let keeper = f.funded(f.keeper.clone(), &[usdt(11_600)]);
    keeper.liquidate(&bob, usdt(11_600), Coin::Eth, Receive::Shares).ok();
    let account = f.ledger().account(&bob.address);
    assert!(account.debts.is_empty() && account.deposits.is_empty(), "{account:?}");
    let lost = before - supplied();
    assert!((2_500_000_000..2_900_000_000).contains(&lost), "{lost}");
}

/// Blend, C4 H-01: an entry that was loaded twice and stored once.
fn row_09_an_account_on_both_sides_of_a_liquidation_is_booked_once(f: &Fixture) {
    let bob = debtor(f, "bob", 10, 12_700);
    let keeper = f.funded(liquidator(f, 20_000), &[eth(1)]);
    keeper.deposit(eth(1)).ok();
    keeper.deposit(usdc(5_000)).ok();
    f.set_price("ETH", price(1_700));
    let before = f.ledger().asset(f.token(Coin::Eth)).totals;
    let done = keeper.liquidate(&bob, usdc(12_000), Coin::Eth, Receive::Shares).ok();
    let after = f.ledger().asset(f.token(Coin::Eth)).totals;
    // What was seized has moved within the deposits; only the protocol's part left them.
    assert_eq!(before.supplied - after.supplied, after.reserves - before.reserves);
    assert_eq!(before.cash, after.cash);
    let breakdown = f.ledger().breakdown(&keeper.address);
    let held = breakdown.deposits.iter().find(|line| &line.asset == f.token(Coin::Eth)).unwrap().amount;
    assert!((held - eth(1).units - done.seized).abs() <= 1);

    // The same asset on both sides is netted: nobody is paid for it.
    let carol = f.funded(f.key_account("carol"), &[eth(10)]);
    carol.deposit(eth(10)).ok();
    carol.borrow(usdc(8_000)).ok();
    carol.borrow(eth(1)).ok();
    f.set_price("ETH", price(1_250));
    let done = f.funded(keeper, &[eth(2)]).liquidate(&carol, eth(2), Coin::Eth, Receive::Shares).ok();
    assert_eq!(done, Liquidation { repaid: 0, seized: 0 });
    assert_eq!(f.ledger().account(&carol.address).debts.len(), 1);
}

/// Blend, C4 H-03, M-02, M-14: utilisation checked in the middle of a batch, or not on the way out.
fn row_10_utilisation_is_that_of_the_end(f: &Fixture) {
    let token = Listed::like(f, Coin::Usdt, 6);
    let lender = f.key_account("lena");
    token.fund(f, &lender, token.whole(2_000));
    token.deposit(f, &lender, token.whole(1_000)).ok();
    let mallory = f.funded(f.key_account("mallory"), &[usdc(10_000)]);
    token.fund(f, &mallory, token.whole(1_000));
    mallory.deposit(usdc(10_000)).ok();
    let (borrow, deposit) = (
        Action::Borrow(token.address.clone(), token.whole(960)),
        Action::Deposit(token.address.clone(), token.whole(100)),
    );
    mallory.submit(std::slice::from_ref(&borrow)).fails(LedgerError::UtilisationExceeded);
    // 960 of 1,000 in between, 960 of 1,100 at the end.
    mallory.submit(&[borrow, deposit]).ok();
    token.borrow(f, &mallory, token.whole(86)).fails(LedgerError::UtilisationExceeded);
    // A debt-free exit is bound by what is there alone.
    token.withdraw(f, &lender, token.whole(140), &lender.address).ok();
    token.withdraw(f, &lender, 1, &lender.address).fails(LedgerError::InsufficientLiquidity);
}

/// Blend, C4 M-01: a second way to borrow that skipped the switch.
fn row_11_no_path_borrows_a_disabled_asset(f: &Fixture) {
    let token = Listed::with(f, Coin::Usdt, 6, |config| config.enabled = false);
    let mallory = f.funded(f.key_account("mallory"), &[usdc(10_000)]);
    mallory.deposit(usdc(10_000)).ok();
    let (asset, vault) = (token.address.clone(), &f.contracts().vault);
    token.borrow(f, &mallory, 1).fails(LedgerError::AssetDisabled);
    mallory.submit(&[Action::Borrow(asset.clone(), 1)]).fails(LedgerError::AssetDisabled);
    let assets = soroban_sdk::vec![&f.env, asset];
    let amounts = soroban_sdk::vec![&f.env, 1i128];
    let args = (&mallory.address, assets, amounts).into_val(&f.env);
    mallory.calls::<()>(vault, "borrow_multiple", args).fails(LedgerError::AssetDisabled);
    token.fund(f, &mallory, 1);
    token.deposit(f, &mallory, 1).fails(LedgerError::AssetDisabled);
}

/// Blend, C4 M-03, M-09, M-17: auctions that the account outgrew.
fn row_12_a_liquidation_takes_the_account_as_it_is(f: &Fixture) {
    let bob = debtor(f, "bob", 10, 12_700);
    let keeper = liquidator(f, 12_700);
    f.set_price("ETH", price(1_700));
    // Signed for all of it; the owner repays half before it is included.
    let late = keeper.liquidate(&bob, usdc(12_700), Coin::Eth, Receive::Tokens);
    bob.repay(usdc(12_600)).ok();
    late.clone().fails(LedgerError::NotLiquidatable);
    assert_eq!(f.balance(Coin::Usdc, &keeper.address), usdc(12_700).units);
    bob.withdraw(eth(9)).ok();
    assert!(!f.vault().is_liquidatable(&bob.address));
}

/// Blend, C4 M-04: the same asset twice.
fn row_13_an_asset_named_twice_is_one_debt(f: &Fixture) {
    let mallory = f.funded(f.key_account("mallory"), &[usdc(10_000)]);
    mallory.deposit(usdc(10_000)).ok();
    mallory.borrow_multiple(&[eth(1), usdt(100), eth(2)]).ok();
    assert_eq!(f.ledger().account(&mallory.address).debts.len(), 2);
    assert_eq!(f.balance(Coin::Eth, &mallory.address), eth(3).units);
    // 3 ether are 6,600 weighted, 100 dollars 105; two more would be too many, in however many parts.
    mallory.borrow_multiple(&[eth(1), eth(1)]).fails(LedgerError::InsufficientMargin);
}

/// Blend, Certora H-01: rests that are worth nobody's fee.
fn row_14_no_liquidation_leaves_dust(f: &Fixture) {
    let bob = f.funded(f.key_account("bob"), &[Coin::Eth.milli(10)]);
    bob.deposit(Coin::Eth.milli(10)).ok();
    bob.borrow(Coin::Usdc.milli(12_500)).ok();
    let keeper = liquidator(f, 100);
    f.set_price("ETH", price(1_710));
    let done = keeper.liquidate(&bob, usdc(100), Coin::Eth, Receive::Shares).ok();
    // Half of it, the close factor, would leave 6 dollars.
    assert!(done.repaid >= Coin::Usdc.milli(12_500).units, "{done:?}");
    assert!(f.ledger().account(&bob.address).debts.is_empty());
}

/// Blend, Certora M-02: a share that is worth more than what is to be seized.
fn row_15_one_huge_share_is_liquidated_in_part(f: &Fixture) {
    let token = Listed::like(f, Coin::Eth, 0);
    let bob = f.key_account("bob");
    token.fund(f, &bob, 10);
    token.deposit(f, &bob, 10).ok();
    bob.borrow(usdc(12_700)).ok();
    let keeper = liquidator(f, 12_700);
    f.set_price("ETH", price(1_700));
    let done = token.liquidate(f, &keeper, &bob, usdc(12_700).units, Receive::Tokens).ok();
    // Whole tokens only, and never more than what was repaid is worth with bonus.
    assert!(done.seized > 0 && done.seized * 1_700 * 10_000_000 <= done.repaid * 109 / 100, "{done:?}");
}

/// Morpho: one unit repaid in front makes the full repayment underflow.
fn row_17_a_tiny_repayment_in_front_blocks_no_full_one(f: &Fixture) {
    let bob = f.funded(debtor(f, "bob", 10, 10_000), &[usdc(100)]);
    let mallory = f.funded(f.key_account("mallory"), &[usdc(1)]);
    let all = bob.repay(usdc(10_000));
    mallory.repay_for(&bob, Coin::Usdc.units(1)).ok();
    assert_eq!(all.ok(), usdc(10_000).units - 1);
    assert_eq!(f.balance(Coin::Usdc, &bob.address), usdc(100).units + 1);
    assert!(f.ledger().account(&bob.address).debts.is_empty());
}

/// A bonus that costs the account more than the debt it ends: the next one is worse.
fn row_18_a_liquidation_never_worsens_the_health(f: &Fixture) {
    for (name, fallen) in [("bea", 1_740), ("ben", 1_650), ("bob", 1_560), ("bud", 1_500)] {
        f.set_price("ETH", price(2_000));
        let debtor = debtor(f, name, 10, 12_700);
        f.set_price("ETH", price(fallen));
        let keeper = liquidator(f, 12_700);
        let mut health = f.vault().get_margin_ratio(&debtor.address);
        let mut rounds = 0;
        while f.vault().is_liquidatable(&debtor.address) {
            let left = f.balance(Coin::Usdc, &keeper.address);
            keeper.liquidate(&debtor, Coin::Usdc.units(left), Coin::Eth, Receive::Tokens).ok();
            let now = f.vault().get_margin_ratio(&debtor.address);
            assert!(now >= health, "{name}: {now} after {health}");
            health = now;
            rounds += 1;
        }
        assert!((1..=3).contains(&rounds), "{name}: {rounds}");
    }
}

/// defindex: an integrator's own arithmetic, a unit beside the pool's.
fn row_19_previews_are_what_happens(f: &Fixture) {
    let bob = f.funded(debtor(f, "bob", 10, 10_000), &[eth(1), usdc(1_000)]);
    let keeper = liquidator(f, 12_000);
    f.pass(86_400 * 3);
    f.pass(5);
    let (vault, me) = (f.vault(), &bob.address);
    let (usdc_token, eth_token) = (f.token(Coin::Usdc), f.token(Coin::Eth));

    let expected = vault.preview_deposit(me, me, eth_token, &eth(1).units);
    assert_eq!(bob.deposit(eth(1)).ok(), expected);
    let expected = vault.preview_borrow(me, usdc_token, &usdc(2_500).units);
    bob.borrow(usdc(2_500)).ok();
    assert_eq!(f.balance(Coin::Usdc, me), usdc(10_000 + 1_000).units + expected);
    let expected = vault.preview_repay(me, usdc_token, &usdc(777).units);
    assert_eq!(bob.repay(usdc(777)).ok(), expected);
    let some = Coin::Eth.units(eth(1).units / 7);
    let expected = vault.preview_withdraw(me, eth_token, &some.units);
    assert_eq!(bob.withdraw(some).ok(), expected);
    // Refusals are the same as well.
    let much = vault.try_preview_borrow(me, usdc_token, &usdc(5_000).units);
    let failure = bob.borrow(usdc(5_000)).fails(LedgerError::InsufficientMargin);
    assert_eq!(much, Err(Err(soroban_sdk::InvokeError::Contract(failure.code.unwrap()))));

    f.set_price("ETH", price(1_450));
    let most = usdc(12_000).units;
    let expected =
        vault.preview_liquidate(&keeper.address, me, usdc_token, eth_token, &most, &0, &Receive::Tokens);
    assert_eq!(keeper.liquidate(&bob, usdc(12_000), Coin::Eth, Receive::Tokens).ok(), expected);
}

/// A token that calls the vault while the vault moves it; and what a reader sees meanwhile.
fn row_20_a_token_that_calls_back_is_refused(f: &Fixture) {
    let token = Listed::like(f, Coin::Usdt, 6);
    let mallory = f.key_account("mallory");
    token.fund(f, &mallory, token.whole(1_000));
    token.deposit(f, &mallory, token.whole(500)).ok();
    mallory.borrow(Coin::Usdc.milli(100_000)).ok();
    // Reading the ledger is possible, and shows what is booked already.
    let observer = (&f.contracts().ledger, &mallory.address).into_val(&f.env);
    f.admin.calls::<()>(&token.address, "set_observer", observer).ok();
    let before = f.vault().get_user_leverage(&mallory.address);
    token.withdraw(f, &mallory, token.whole(200), &mallory.address).ok();
    let (seen, after) = (token.observed(f), f.vault().get_user_leverage(&mallory.address));
    assert!(seen == Some(after) && after > before, "{before} {seen:?} {after}");
    // Entering the vault again is not.
    f.admin.calls::<()>(&token.address, "set_reentry", (&f.contracts().vault,).into_val(&f.env)).ok();
    for tx in [
        token.withdraw(f, &mallory, token.whole(1), &mallory.address),
        token.deposit(f, &mallory, token.whole(1)),
    ] {
        let failure = tx.changes_nothing();
        assert!(failure.mentions("re-entry"), "{failure}");
    }
}
