//! The story, section by section.

use crate::numbers::{dollars, grouped, leverage, percent, price as shown_price, ratio, size};
use crate::stage::Stage;
use margin_interface::AccountError::{
    DailyLimitExceeded, ExceedsSessionLimit, ExcessiveLeverage, InsufficientSignatures, NothingToDeleverage,
    OperationNotAllowed, StalePrice, UnauthorizedSigner,
};
use margin_interface::{DeleverageReport, LedgerError, Receive};
use margin_tests::actor::{key_of, Actor};
use margin_tests::auth::Invocation;
use margin_tests::costs::{ENTRIES, INSTRUCTIONS, WRITES};
use margin_tests::env::limits::WASM_BYTES;
use margin_tests::fixture::BTC_USD;
use margin_tests::money::{eth, milli_base, price, usdc, Coin};
use margin_tests::operations::Order;
use margin_tests::prices::MAX_AGE;
use margin_tests::tx::Tx;
use margin_tests::wasm;
use soroban_sdk::IntoVal as _;

const NOBODY: &str = "nobody";

/// Everybody with a part.
struct Cast {
    /// Ether as collateral, USDC owed, and the money still in the wallet.
    alice: Actor,
    /// The same, but the money is spent.
    bob: Actor,
    /// USDC as collateral, up to three times.
    carol: Actor,
    /// Long bitcoin at almost three times.
    dora: Actor,
    /// Short bitcoin.
    emil: Actor,
    /// A key account: long, and large.
    whale: Actor,
    /// A key account: takes over positions.
    rescuer: Actor,
    /// A key account at eight times.
    karl: Actor,
    /// A key account at nine times.
    vera: Actor,
    keeper: Actor,
}

/// Plays everything.
pub fn play(stage: &mut Stage) {
    contracts(stage);
    let cast = accounts(stage);
    prices(stage);
    borrowing(stage, &cast);
    session(stage);
    institution(stage, &cast);
    funding(stage, &cast);
    twins(stage, &cast);
    take_over(stage, &cast);
    bad_debt(stage, &cast);
    conservation(stage);
}

/// `alice (C)` for a smart account, `keeper (G)` for a key account.
fn tag(actor: &Actor) -> String {
    let address = actor.address.to_string().to_string();
    format!("{} ({})", actor.name, address.chars().next().unwrap_or('?'))
}

fn contracts(stage: &mut Stage) {
    stage.section("Nine contracts, three price sources, four tokens, one lender, one liquidity provider");
    let mut cli = true;
    for name in wasm::CONTRACTS {
        let code = wasm::read(name);
        cli &= wasm::built_by_cli(&code);
        let share = code.len() * 100 / WASM_BYTES;
        let bytes = grouped(i128::try_from(code.len()).expect("a size"));
        stage.out.line(&format!("{name:<22}{bytes:>8} bytes of Wasm {share:>4}% of the network's limit"));
        stage.record.contracts.push((name.into(), code.len()));
    }
    stage.record.built_by = if cli { "stellar contract build" } else { "cargo, not optimised" }.into();
    stage.out.line(&format!("built by {}", stage.record.built_by));
    let buckets = stage.clearing().buckets();
    stage.note(&format!(
        "lent: $1,000,000 of each asset · pool {} · insurance {}",
        dollars(buckets.lp),
        dollars(buckets.insurance)
    ));
    stage.note(&format!(
        "limits of a transaction: {} M instructions, {ENTRIES} entries, {WRITES} of them written; \
         entries are shown as read / written, limit is the largest share of any one",
        INSTRUCTIONS / 1_000_000
    ));
    stage.note("(C) smart account, signed by its ed25519 key   (G) key account   fees without rent");
}

fn accounts(stage: &mut Stage) -> Cast {
    stage.section("The factory deploys accounts, each owned by somebody");
    stage.out.columns();
    let smart = ["alice", "bob", "carol", "dora", "emil"].map(|name| {
        let actor = stage.fixture.smart_account(name);
        stage.done(&format!("{name}'s owner (G)"), &format!("create {name}'s Basic account: 3.00x at most"));
        actor
    });
    let [alice, bob, carol, dora, emil] = smart;
    let address = alice.address.to_string().to_string();
    stage.note(&format!("alice lives at {address}"));
    let f = &stage.fixture;
    let [whale, rescuer, karl, vera] = ["whale", "rescuer", "karl", "vera"].map(|name| f.key_account(name));
    let keeper = f.keeper.clone();
    for (actor, money) in [
        (&alice, eth(10)),
        (&bob, eth(10)),
        (&carol, usdc(10_000)),
        (&dora, usdc(10_000)),
        (&emil, usdc(10_000)),
        (&whale, usdc(400_000)),
        (&rescuer, usdc(200_000)),
        (&karl, usdc(1_000)),
        (&vera, usdc(2_000)),
        (&keeper, usdc(50_000)),
    ] {
        f.fund(actor, money);
    }
    stage.recount();
    stage.traders = vec![alice.clone(), bob.clone()];
    for actor in [&alice, &bob] {
        stage.does(&tag(actor), &format!("{} deposits 10 ETH", actor.name), actor.deposit(eth(10)));
        stage.does(&tag(actor), &format!("{} borrows 12,000 USDC", actor.name), actor.borrow(usdc(12_000)));
    }
    let lender = stage.fixture.lender.clone();
    stage.does(
        &tag(&bob),
        "bob spends it: transfer to somebody else",
        bob.pay(&lender.address, usdc(12_000)),
    );
    stage
        .note(&format!("both: health {}, alice with 12,000 USDC in her wallet", ratio(stage.health(&alice))));
    Cast { alice, bob, carol, dora, emil, whale, rescuer, karl, vera, keeper }
}

fn prices(stage: &mut Stage) {
    stage.section("Three sources, one guarded price");
    stage.out.columns();
    stage.advance(5);
    stage.market.say(&stage.fixture, &["BTC"]);
    poke(stage, "sources report bitcoin; anybody has the oracle read them");
    stage.advance(5);
    stage.market.say(&stage.fixture, &["BTC"]);
    stage.fixture.prices.say(2, "BTC", price(60_000));
    poke(stage, "one source claims 60,000: outvoted");
    stage.advance(5);
    stage.market.say(&stage.fixture, &["BTC"]);
    stage.fixture.prices.say(1, "BTC", price(55_000));
    stage.fixture.prices.say(2, "BTC", price(60_000));
    poke(stage, "all three disagree: no new price, and the old one ages");
    stage.pass(5);
    stage.look();
}

fn poke(stage: &mut Stage, text: &str) {
    let bitcoin = stage.fixture.prices.asset("BTC");
    let assets = soroban_sdk::Vec::from_array(&stage.env, [bitcoin.clone()]);
    let outcome = stage.oracle().poke(&assets).first().expect("one outcome");
    stage.done(NOBODY, text);
    let quote = stage.oracle().quote(&bitcoin);
    stage.note(&format!(
        "{outcome:?}: bitcoin {} within {} .. {}",
        shown_price(quote.mid),
        shown_price(quote.lo),
        shown_price(quote.hi)
    ));
}

fn borrowing(stage: &mut Stage, cast: &Cast) {
    stage.section("vault.borrow called directly: the account's own policy decides");
    stage.out.columns();
    let carol = &cast.carol;
    let signer = tag(carol);
    stage.does(&signer, "carol deposits 10,000 USDC", carol.deposit(usdc(10_000)));
    stage.does(&signer, "carol borrows 3.7 ETH", carol.borrow(Coin::Eth.milli(3_700)));
    stage.note(&format!(
        "leverage {} = debt {} / equity, inside 3.00x",
        leverage(stage.vault().get_user_leverage(&carol.address)),
        dollars(stage.owes(carol, Coin::Eth))
    ));
    let more = Coin::Eth.milli(100);
    stage.refused(&signer, "carol borrows 0.1 ETH more", carol.borrow(more), carol, ExcessiveLeverage);
    let little = Coin::Eth.milli(20);
    let both =
        carol.borrow(little).also_signing(carol.borrow_call(little)).also_signing(carol.borrow_call(little));
    stage.refused(&signer, "three small loans in one signature", both, carol, ExcessiveLeverage);
    let stranger = key_of("mallory");
    let forged = carol.borrow(little).signed_by(&[&stranger]);
    stage.refused("mallory", "mallory signs for carol", forged, carol, UnauthorizedSigner);

    stage.advance(MAX_AGE + 60);
    stage.refused(
        &signer,
        "six minutes without a price: carol borrows",
        carol.borrow(little),
        carol,
        StalePrice,
    );
    stage.does(&signer, "and repays 1 ETH: that needs no price", carol.repay(eth(1)));
    stage.pass(5);
    stage.look();
    let figures = stage.vault().get_user_leverage(&carol.address);
    stage.note(&format!("leverage {}", leverage(figures)));
}

fn session(stage: &mut Stage) {
    stage.section("A Pro account: a session key borrows until its daily limit");
    stage.out.columns();
    let paula = stage.fixture.pro_account("paula");
    stage.done("paula's owner (G)", "create paula's Pro account: 10.00x at most");
    stage.fixture.fund(&paula, usdc(20_000));
    stage.recount();
    stage.does(&tag(&paula), "paula deposits 20,000 USDC", paula.deposit(usdc(20_000)));
    let bot = stage.fixture.session(&paula, "bot", |_| {});
    stage.done("paula's owner (G)", "grant a session key: $1,000 at once, $2,000 a day");
    let (some, much) = (Coin::Eth.milli(400), Coin::Eth.milli(600));
    let signer = "session key";
    stage.does(signer, "borrows 0.4 ETH", bot.borrow(some));
    stage.advance(5);
    stage.refused(signer, "borrows 0.6 ETH", bot.borrow(much), &paula, ExceedsSessionLimit);
    stage.does(signer, "borrows 0.4 ETH", bot.borrow(some));
    stage.advance(5);
    stage.refused(signer, "borrows 0.4 ETH", bot.borrow(some), &paula, DailyLimitExceeded);
    let home = stage.fixture.owner_of("paula");
    stage.refused(signer, "pays itself 1 USDC", bot.pay(&home.address, usdc(1)), &paula, OperationNotAllowed);
    stage.note("the 24 hours roll: what was spent returns hour by hour, not at midnight");
}

fn institution(stage: &mut Stage, cast: &Cast) {
    stage.section("An institution: three of five keys, all five above $100,000");
    stage.out.columns();
    let fund = stage.fixture.institution("fund", 5);
    stage.done("the fund's owner (G)", "create the fund's Institutional account with five keys");
    stage.fixture.fund(&fund, usdc(300_000));
    stage.recount();
    let keys: Vec<_> = fund.keys.iter().collect();
    let pays = |amount, signers: &[&_]| fund.pay(&cast.keeper.address, usdc(amount)).signed_by(signers);
    stage.refused("two keys", "pays 1,000 USDC", pays(1_000, &keys[..2]), &fund, InsufficientSignatures);
    stage.does("three keys", "pays 1,000 USDC", pays(1_000, &keys[..3]));
    stage.refused(
        "three keys",
        "pays 150,000 USDC",
        pays(150_000, &keys[..3]),
        &fund,
        InsufficientSignatures,
    );
    stage.does("five keys", "pays 150,000 USDC", pays(150_000, &keys));
    let head = stage.fixture.institutional(&fund).audit_head();
    stage.note(&format!("every authorisation is a link of its audit chain; the head is number {}", head.seq));
}

fn funding(stage: &mut Stage, cast: &Cast) {
    stage.section("Perpetuals: three days of funding between longs and shorts");
    stage.out.columns();
    let Cast { dora, emil, whale, .. } = cast;
    let margin = usdc(10_000);
    let too_much = dora.open_position(BTC_USD, true, margin, 310);
    stage.refused(&tag(dora), "dora opens a long of 3.10x", too_much, dora, ExcessiveLeverage);
    let fill =
        stage.does(&tag(dora), "dora opens a long of 2.50x", dora.open_position(BTC_USD, true, margin, 250));
    stage.note(&format!(
        "{} BTC at {}, fee {}",
        size(fill.size_delta),
        shown_price(fill.price),
        dollars(fill.fee)
    ));
    let fill = stage.does(
        &tag(emil),
        "emil opens a short of 2.50x",
        emil.open_position(BTC_USD, false, margin, 250),
    );
    stage.note(&format!(
        "{} BTC at {}, fee {}",
        size(fill.size_delta),
        shown_price(fill.price),
        dollars(fill.fee)
    ));
    stage.does(&tag(whale), "a whale deposits 400,000 USDC", whale.deposit(usdc(400_000)));
    stage.does(
        &tag(whale),
        "and buys 4 BTC: the mark rises above the index",
        whale.trade(Order::market(BTC_USD, milli_base(4_000))),
    );

    let market = stage.symbol(BTC_USD);
    for period in 1..=9 {
        if period > 1 {
            stage.advance(28_800 - 5 * 240);
        }
        for _ in 0..5 {
            stage.pass(240);
            stage.clearing().update_mark_price(&market);
        }
        let rate = stage.clearing().update_funding_rate(&market);
        match period {
            1 | 9 => stage.done(NOBODY, &format!("a keeper updates the rate: {} per 8 h", percent(rate))),
            2 => stage.note("... and every 8 hours for three days"),
            _ => (),
        }
        stage.look();
    }
    let funding = stage.clearing().funding(&market);
    stage.note(&format!(
        "per bitcoin: a long has paid {}, a short has received {}",
        dollars(funding.long_index / 100_000_000_000),
        dollars(-funding.short_index / 100_000_000_000)
    ));
    for (actor, text) in [(emil, "emil closes"), (dora, "dora closes")] {
        let fill = stage.does(&tag(actor), text, actor.close_position(BTC_USD));
        let (verb, amount) =
            if fill.funding > 0 { ("paid", fill.funding) } else { ("received", -fill.funding) };
        stage.note(&format!(
            "{} {} of funding; {} on the price; fee {}",
            verb,
            dollars(amount),
            dollars(fill.realized_pnl),
            dollars(fill.fee)
        ));
    }
}

fn twins(stage: &mut Stage, cast: &Cast) {
    stage.section("Ether falls: one account deleverages itself, its twin is liquidated");
    stage.out.columns();
    let Cast { alice, bob, keeper, .. } = cast;
    for fallen in [1_950, 1_900, 1_850, 1_800, 1_750] {
        stage.pass(3_600);
        stage.moves(&[("ETH", price(fallen))]);
    }
    stage.note(&format!(
        "ether at 1,750: health {} for both, below their threshold of 1.20",
        ratio(stage.health(alice))
    ));
    let report = stage.does(NOBODY, "anybody calls alice.auto_deleverage()", deleverage(stage, alice));
    stage.note(&format!(
        "repaid {} from her wallet: health {} -> {}, and no further",
        dollars(report.repaid_from_wallet),
        ratio(report.health_before),
        ratio(report.health_after)
    ));
    let idle = deleverage(stage, bob);
    stage.fails(
        NOBODY,
        "anybody calls bob.auto_deleverage(): his wallet is empty",
        idle,
        "bob's account",
        NothingToDeleverage,
    );
    for fallen in [1_700, 1_650, 1_600] {
        stage.pass(3_600);
        stage.moves(&[("ETH", price(fallen))]);
    }
    stage.note(&format!(
        "ether at 1,600: health alice {}, bob {}",
        ratio(stage.health(alice)),
        ratio(stage.health(bob))
    ));
    let healthy = keeper.liquidate(alice, usdc(1_000), Coin::Eth, Receive::Shares);
    stage.fails(
        &tag(keeper),
        "a keeper tries to liquidate alice",
        healthy,
        "margin-ledger",
        LedgerError::NotLiquidatable,
    );
    let equity = stage.ledger().summary(&bob.address).equity;
    let liquidate = keeper.liquidate(bob, usdc(12_500), Coin::Eth, Receive::Tokens);
    let done = stage.does(&tag(keeper), "the keeper liquidates bob", liquidate);
    let lost = equity - stage.ledger().summary(&bob.address).equity;
    stage.note(&format!(
        "repaid {}, seized {} ETH; bob lost {}, health {}",
        dollars(done.repaid),
        crate::numbers::decimal(done.seized, 18, 4),
        dollars(lost),
        ratio(stage.health(bob))
    ));
}

/// Anybody may ask: nobody signs.
fn deleverage(stage: &Stage, account: &Actor) -> Tx<DeleverageReport> {
    Tx::new(
        &stage.fixture.world,
        Invocation::new(&account.address, "auto_deleverage", ().into_val(&stage.env)),
    )
}

fn take_over(stage: &mut Stage, cast: &Cast) {
    stage.section("Bitcoin falls: a position is taken over at the index");
    stage.out.columns();
    let Cast { rescuer, karl, vera, whale, .. } = cast;
    stage.does(&tag(whale), "the whale closes", whale.close_position(BTC_USD));
    stage.does(&tag(rescuer), "a rescuer deposits 200,000 USDC", rescuer.deposit(usdc(200_000)));
    stage.does(&tag(karl), "karl opens a long of 8.00x", karl.open_position(BTC_USD, true, usdc(1_000), 800));
    stage.does(
        &tag(vera),
        "vera opens a long of 8.00x, twice as large",
        vera.open_position(BTC_USD, true, usdc(2_000), 800),
    );
    let early = rescuer.take_over(karl, BTC_USD, milli_base(1_000));
    stage.fails(
        &tag(rescuer),
        "the rescuer tries to take over karl's",
        early,
        "margin-ledger",
        LedgerError::NotLiquidatable,
    );
    for fallen in [48_500, 47_000, 45_500] {
        stage.pass(900);
        stage.moves(&[("BTC", price(fallen))]);
        let sale = whale.trade(Order::market(BTC_USD, -milli_base(9_000)));
        stage.does(
            &tag(whale),
            &format!("bitcoin at {}: the whale sells 9 BTC, the mark follows", grouped(fallen)),
            sale,
        );
    }
    let before = stage.health(karl);
    let taken = stage.does(
        &tag(rescuer),
        "now the rescuer takes over",
        rescuer.take_over(karl, BTC_USD, milli_base(1_000)),
    );
    stage.note(&format!(
        "{} BTC at {}, fee {} out of karl's equity; karl's health {} -> {}",
        size(taken.size),
        shown_price(taken.price),
        dollars(taken.fee),
        ratio(before),
        ratio(stage.health(karl))
    ));
}

fn bad_debt(stage: &mut Stage, cast: &Cast) {
    stage.section("A gap: a loss that its owner cannot pay goes through the waterfall");
    stage.out.columns();
    let Cast { rescuer, vera, .. } = cast;
    stage.pass(60);
    stage.moves(&[("BTC", price(42_000))]);
    let equity = stage.ledger().summary(&vera.address).equity;
    stage.note(&format!("bitcoin at 42,000: vera's equity is {}", dollars(equity)));
    let before = stage.clearing().buckets();
    stage.does(
        &tag(rescuer),
        "the rescuer takes over vera's position",
        rescuer.take_over(vera, BTC_USD, milli_base(1_000)),
    );
    let after = stage.clearing().buckets();
    stage.note(&format!(
        "insurance {} -> {}: it covers what vera could not; liquidity providers {} -> {}",
        dollars(before.insurance),
        dollars(after.insurance),
        dollars(before.lp),
        dollars(after.lp)
    ));
    let left = stage.ledger().account(&vera.address);
    stage.note(&format!(
        "vera owes nothing and has nothing: {} debts, {} positions",
        left.debts.len(),
        left.positions.len()
    ));
    stage.does(&tag(rescuer), "the rescuer closes what it took over", rescuer.close_position(BTC_USD));
}

fn conservation(stage: &mut Stage) {
    stage.section("What came in is what is owed to somebody, exactly");
    let totals = stage.ledger().asset(stage.token(Coin::Usdc)).totals;
    let buckets = stage.ledger().totals();
    let has =
        vec![("cash", totals.cash), ("borrowed", totals.borrowed), ("perp borrowed", buckets.perp_borrowed)];
    let owes = vec![
        ("supplied", totals.supplied),
        ("reserves", totals.reserves),
        ("liquidity providers", buckets.lp),
        ("insurance", buckets.insurance),
        ("fees", buckets.fees),
        ("pending", buckets.pending),
    ];
    let sum = |side: &[(&str, i128)]| side.iter().map(|(_, amount)| amount).sum::<i128>();
    for (title, side) in [("what the protocol has, USDC", &has), ("what it owes to somebody", &owes)] {
        stage.out.line(title);
        for (name, amount) in side {
            stage.out.line(&format!("  {name:<22}{:>22}", exact(*amount)));
        }
        stage.out.line(&format!("  {:<22}{:>22}", "=", exact(sum(side))));
    }
    assert_eq!(sum(&has), sum(&owes), "conservation of USDC");
    for coin in Coin::ALL {
        let totals = stage.ledger().asset(stage.token(coin)).totals;
        let held = stage.balance(coin, &stage.contracts().vault);
        assert!(held >= totals.cash, "the vault holds the cash of {coin:?}");
    }
    stage.out.line("the vault's token balances cover the cash of all four assets");
    stage.record.equation = [has, owes];
}

fn exact(amount: i128) -> String {
    crate::numbers::decimal(amount, 7, 7)
}
