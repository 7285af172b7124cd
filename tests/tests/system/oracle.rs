//! The oracle among strangers: on Wasm as natively, for consumers that know nothing of it, at a stable cost.

use ed25519_dalek::{Signer as _, SigningKey};
use foreign_reader::{Asset as ForeignAsset, ForeignReader, ForeignReaderClient};
use margin_interface::{
    Asset, AssetClass, AssetLimits, OracleAdminClient, OraclePublisherClient, PokeOutcome, PriceData,
    PriceStatus, PublisherSignature, Quote, Report, Sep40Client,
};
use margin_tests::actor::key_of;
use margin_tests::auth::Invocation;
use margin_tests::costs::{Cost, MOST_PERCENT};
use margin_tests::fixture::{install, Fixture};
use margin_tests::footprint::Footprint;
use margin_tests::money::{price, Coin};
use margin_tests::prices::fresh_source;
use margin_tests::tx::Tx;
use margin_tests::world::Mode;
use price_source::{Fault, PriceSource, PriceSourceClient};
use soroban_sdk::xdr::ToXdr as _;
use soroban_sdk::{
    contract, contractimpl, contracttype, symbol_short, Address, BytesN, Env, IntoVal, Val, Vec as HostVec,
};

crate::in_both_modes!(
    a_foreign_client_reads_what_we_answer,
    a_foreign_client_finds_no_price_where_there_is_none_to_use,
    hostile_sources_change_nothing_but_their_own_absence,
    liars_change_nothing_but_their_own_absence,
    p21_the_entries_touched_depend_on_arguments_and_configuration_alone,
    the_largest_report_and_the_widest_poke_fit,
);

fn foreign(f: &Fixture, ticker: &str) -> ForeignAsset {
    match f.prices.asset(ticker) {
        Asset::Stellar(token) => ForeignAsset::Stellar(token),
        Asset::Other(symbol) => ForeignAsset::Other(symbol),
    }
}

fn reader(f: &Fixture) -> ForeignReaderClient<'static> {
    ForeignReaderClient::new(&f.env, &install(&f.world, "foreign-reader", ForeignReader, ()))
}

/// P12: types written from the standard alone decode every answer.
fn a_foreign_client_reads_what_we_answer(f: &Fixture) {
    let reader = reader(f);
    for _ in 0..3 {
        f.pass(60);
    }
    for ticker in ["ETH", "BTC"] {
        let answers = reader.ask(&f.contracts().oracle, &foreign(f, ticker), &3);
        assert_eq!((answers.decimals, answers.resolution), (14, 1));
        assert_eq!(answers.base, ForeignAsset::Other(f.symbol("USD")));
        assert!(answers.assets.contains(foreign(f, ticker)));
        let last = answers.last.get(0).unwrap();
        assert_eq!((last.price, last.timestamp), (f.prices.get(ticker), f.now()));
        assert_eq!((answers.at_last.get(0), answers.prices.get(0)), (Some(last.clone()), Some(last)));
        assert_eq!(answers.prices.len(), 3);
    }
    let worth = reader.value(
        &f.contracts().oracle,
        &foreign(f, "ETH"),
        &Coin::Eth.milli(1_500).units,
        &Coin::Eth.decimals(),
    );
    assert_eq!(worth, price(3_000));
}

fn a_foreign_client_finds_no_price_where_there_is_none_to_use(f: &Fixture) {
    let (reader, oracle) = (reader(f), &f.contracts().oracle);
    let nothing = ForeignAsset::Other(f.symbol("NOTHING"));
    let unknown = reader.ask(oracle, &nothing, &u32::MAX);
    assert!(unknown.last.is_empty() && unknown.prices.is_empty());
    assert!(reader.try_value(oracle, &nothing, &1, &7).is_err());
    // What a lender elsewhere would value a day later at yesterday's price has none here after its age limit.
    f.world.advance(3_600);
    let stale = reader.ask(oracle, &foreign(f, "ETH"), &1);
    assert!(stale.last.is_empty() && stale.prices.len() == 1);
    f.prices.report();
}

/// A guarded asset with three sources of its own, on the production defaults.
struct Guarded<'a> {
    f: &'a Fixture,
    oracle: Address,
    asset: Asset,
    sources: Vec<PriceSourceClient<'static>>,
}

impl<'a> Guarded<'a> {
    fn unfed(f: &'a Fixture, class: AssetClass) -> Self {
        let base = Asset::Other(f.symbol("USD"));
        let offices = (&f.admin.address, &f.guardian.address, base, 60_u32);
        let oracle = install(&f.world, "oracle", oracle::Oracle, offices);
        let asset = Asset::Other(f.symbol("THING"));
        let args = (asset.clone(), class, AssetLimits::DEFAULT, price(100)).into_val(&f.env);
        f.admin.calls::<()>(&oracle, "add_asset", args).ok();
        Self { f, oracle, asset, sources: Vec::new() }
    }

    fn list(&self, contract: Address, group: u32) {
        let source = fresh_source(self.asset.clone(), contract, group);
        let args = (self.asset.clone(), source).into_val(&self.f.env);
        self.f.admin.calls::<()>(&self.oracle, "add_price_feed", args).ok();
    }

    fn new(f: &'a Fixture, class: AssetClass) -> Self {
        let mut guarded = Self::unfed(f, class);
        for group in 0..3 {
            let contract = install(&f.world, "price-source", PriceSource, (14_u32, 1_u32));
            guarded.list(contract.clone(), group);
            guarded.sources.push(PriceSourceClient::new(&f.env, &contract));
        }
        for _ in 0..12 {
            assert_eq!(guarded.say(&[price(100); 3]), PokeOutcome::Accepted);
        }
        guarded
    }

    /// A minute later every source says its price, and the oracle reads them.
    fn say(&self, prices: &[i128; 3]) -> PokeOutcome {
        self.f.world.advance(60);
        for (source, price) in self.sources.iter().zip(prices) {
            source.set(&self.asset, price, &self.f.now());
        }
        self.poke()
    }

    fn client(&self) -> margin_interface::OracleClient<'static> {
        margin_interface::OracleClient::new(&self.f.env, &self.oracle)
    }

    fn poke(&self) -> PokeOutcome {
        self.client().poke(&HostVec::from_array(&self.f.env, [self.asset.clone()])).get_unchecked(0)
    }

    fn quote(&self) -> Quote {
        self.client().quote(&self.asset)
    }
}

fn hostile_sources_change_nothing_but_their_own_absence(f: &Fixture) {
    for fault in [Fault::Trap, Fault::NoPrice] {
        let g = Guarded::new(f, AssetClass::Volatile);
        g.sources[2].set_fault(&fault);
        assert_eq!(g.say(&[price(101), price(102), price(900)]), PokeOutcome::Accepted);
        assert_eq!((g.quote().lo, g.quote().hi), (price(101), price(102)));
    }
    let g = Guarded::new(f, AssetClass::Volatile);
    g.sources[2].set_decimals(&8);
    assert_eq!(g.say(&[price(101), price(102), price(101) / 1_000_000]), PokeOutcome::Accepted);
    g.sources[2].set_decimals(&14);
    assert_eq!(g.say(&[price(101), price(102), price(101)]), PokeOutcome::Accepted);
    assert_eq!((g.quote().lo, g.quote().hi), (price(101), price(102)));
    let mask_of_the_third_stays_out = g.say(&[price(101), price(101), price(103)]);
    assert_eq!(
        (mask_of_the_third_stays_out, g.quote().hi),
        (PokeOutcome::Accepted, price(101)),
        "halted for good"
    );
}

/// Answers `lastprice` as it was told to lie.
#[contract]
struct Liar;

#[contracttype]
struct ThreeFields {
    price: i128,
    timestamp: u64,
    updated: u64,
}

#[contracttype]
struct WrongType {
    price: u32,
    timestamp: u64,
}

#[contractimpl]
impl Liar {
    pub fn __constructor(env: Env, lie: u32, oracle: Address) {
        env.storage().instance().set(&symbol_short!("lie"), &(lie, oracle));
    }

    pub fn decimals(_env: Env) -> u32 {
        14
    }

    pub fn lastprice(env: Env, asset: Asset) -> Val {
        let (lie, oracle): (u32, Address) = env.storage().instance().get(&symbol_short!("lie")).unwrap();
        let (timestamp, price) = (env.ledger().timestamp(), price(100));
        match lie {
            0 => ThreeFields { price, timestamp, updated: timestamp }.into_val(&env),
            1 => WrongType { price: 1, timestamp }.into_val(&env),
            2 => PriceData { price, timestamp: timestamp + 1 }.into_val(&env),
            3 => HostVec::from_array(&env, [price]).into_val(&env),
            4 => symbol_short!("price").into_val(&env),
            _ => {
                let oracle = margin_interface::OracleClient::new(&env, &oracle);
                oracle.poke(&HostVec::from_array(&env, [asset])).into_val(&env)
            }
        }
    }
}

/// P9: two honest sources and a liar: the price is that of the two, whatever the lie.
fn liars_change_nothing_but_their_own_absence(f: &Fixture) {
    for lie in 0..6_u32 {
        let mut g = Guarded::unfed(f, AssetClass::Volatile);
        let liar = f.env.register(Liar, (lie, g.oracle.clone()));
        g.list(liar, 7);
        for group in 0..2 {
            let contract = install(&f.world, "price-source", PriceSource, (14_u32, 1_u32));
            g.list(contract.clone(), group);
            g.sources.push(PriceSourceClient::new(&f.env, &contract));
        }
        for _ in 0..4 {
            assert_eq!(g.say(&[price(101), price(102), 0]), PokeOutcome::Accepted, "lie {lie}");
        }
        assert_eq!((g.quote().lo, g.quote().mid, g.quote().hi), (price(101), price(101), price(102)));
    }
}

/// P21: the same entries read and written, whatever prices are and whenever it is, and nearly the same instructions.
fn p21_the_entries_touched_depend_on_arguments_and_configuration_alone(f: &Fixture) {
    let g = Guarded::new(f, AssetClass::Major);
    let (env, asset) = (&f.env, &g.asset);
    let one = HostVec::from_array(env, [asset.clone()]);
    let calls = || {
        let calls: [(&str, HostVec<Val>); 9] = [
            ("poke", (one.clone(),).into_val(env)),
            ("quote", (asset.clone(),).into_val(env)),
            ("quotes", (one.clone(),).into_val(env)),
            ("lastprice", (asset.clone(),).into_val(env)),
            ("prices", (asset.clone(), 64_u32).into_val(env)),
            ("price", (asset.clone(), f.now()).into_val(env)),
            ("twap", (asset.clone(), 600_u64).into_val(env)),
            ("last_timestamp", ().into_val(env)),
            ("limits", (asset.clone(),).into_val(env)),
        ];
        calls.map(|(function, args)| Invocation::new(&g.oracle, function, args))
    };
    // Simulated on the Wasm, which knows the entries themselves; natively there are only their numbers.
    let simulated = |call: &Invocation| (f.world.mode == Mode::Wasm).then(|| Footprint::of(&f.world, call));
    let all = || {
        calls().map(|call| {
            let footprint = simulated(&call);
            Tx::<Val>::new(&f.world, call).ok();
            let cost = Cost::of_last_call(&f.world);
            (footprint, (cost.read, cost.written))
        })
    };
    let first = all();
    assert!(first[1..].iter().all(|(_, (_, written))| *written == 0), "reads write nothing: {first:?}");
    if f.world.mode == Mode::Wasm {
        // P22: code, instance, state; a batch of one as well.
        assert_eq!((first[1].1, first[2].1), ((3, 0), (3, 0)));
        assert_eq!(first[0].1 .1, 3, "a poke writes state, history and memory");
    }
    let days: [(&str, [i128; 3], u64); 6] = [
        ("accepted", [price(101); 3], 0),
        ("diverged", [price(90), price(100), price(110)], 0),
        ("tripped", [price(150); 3], 0),
        ("recovering", [price(101); 3], 0),
        ("no quorum", [-1, 0, price(101)], 0),
        ("a week later", [price(101); 3], 7 * 86_400),
    ];
    for (what, prices, later) in days {
        f.world.advance(later + 60);
        for (source, price) in g.sources.iter().zip(prices) {
            source.set(asset, &price, &f.now());
        }
        for (call, (then, now)) in calls().iter().zip(first.iter().zip(all())) {
            assert_eq!(now.1, then.1, "{}: {what}", call.function);
            let (Some(now), Some(then)) = (now.0, &then.0) else { continue };
            assert_eq!((&now.read, &now.written), (&then.read, &then.written), "{}: {what}", call.function);
            let (least, most) =
                (now.instructions.min(then.instructions), now.instructions.max(then.instructions));
            assert!(most - least <= least / P21_WITHIN, "{}: {what}: {least} to {most}", call.function);
        }
    }
    f.prices.report();
}

/// Instructions of a call vary with prices and time by no more than one part in so many.
const P21_WITHIN: u32 = 4;

/// P24, P22: one sequence of rounds, natively and on Wasm, to the same quotes; on Wasm within the bars.
#[test]
fn p22_p24_wasm_and_native_agree_and_wasm_keeps_the_bars() {
    let rounds: [[i128; 3]; 12] = [
        [price(100), price(101), price(102)],
        [price(103); 3],
        [price(130); 3],
        [price(104); 3],
        [price(103); 3],
        [-1, price(100), price(101)],
        [i128::MAX, price(99), price(100)],
        [price(90), price(100), price(110)],
        [price(60); 3],
        [price(60); 3],
        [price(61); 3],
        [price(60); 3],
    ];
    let told = [Mode::Native, Mode::Wasm].map(|mode| {
        let f = Fixture::new(mode);
        let g = Guarded::new(&f, AssetClass::Volatile);
        rounds.map(|prices| {
            let outcome = g.say(&prices);
            let last = Sep40Client::new(&f.env, &g.oracle).lastprice(&g.asset);
            (outcome, g.quote(), g.client().twap(&g.asset, &300), last)
        })
    });
    assert_eq!(told[0], told[1]);
    let outcomes = told[0].clone().map(|(outcome, ..)| outcome);
    assert!(outcomes.contains(&PokeOutcome::Recovering) && outcomes.contains(&PokeOutcome::Diverged));
    assert_eq!(told[0][11].1.status, PriceStatus::Tripped);

    let f = Fixture::new(Mode::Wasm);
    let g = Guarded::new(&f, AssetClass::Major);
    g.say(&[price(101); 3]);
    let _ = g.quote();
    assert!(Cost::of_last_call(&f.world).instructions < 600_000);
    let eight: Vec<Asset> =
        ["USDC", "ETH", "USDT", "XLM", "BTC", "USDC", "ETH", "USDT"].map(|t| f.prices.asset(t)).to_vec();
    let _ = f.oracle().quotes(&HostVec::from_slice(&f.env, &eight));
    assert!(Cost::of_last_call(&f.world).instructions < 1_000_000);
    f.world.advance(60);
    g.sources.iter().for_each(|source| source.set(&g.asset, &price(102), &f.now()));
    assert_eq!(g.poke(), PokeOutcome::Accepted);
    assert!(Cost::of_last_call(&f.world).instructions < 3_000_000, "{:?}", Cost::of_last_call(&f.world));
}

/// 45: no clock of ours is a toy, and every limit an operator reads is one that is in force.
#[test]
fn bad_input_45_the_clock_is_a_real_one() {
    let f = Fixture::new(Mode::Native);
    assert!(f.now() > 1_770_000_000);
    let g = Guarded::new(&f, AssetClass::Thin);
    let limits = OracleAdminClient::new(&f.env, &g.oracle).limits(&g.asset).unwrap();
    assert_eq!((limits.budget_bps, limits.window, limits.confirm), (500, 3_600, 0));
}

/// Ten publishers, 32 assets, then a poke of one asset with six sources: the worst of every bound, within a quarter of what the
/// network gives and within the stack.
fn the_largest_report_and_the_widest_poke_fit(f: &Fixture) {
    let g = Guarded::new(f, AssetClass::Volatile);
    let admin = |function: &str, args: HostVec<Val>| f.admin.calls::<()>(&g.oracle, function, args).ok();
    let mut keys: Vec<_> = (0..10).map(|number| key_of(&format!("publisher {number}"))).collect();
    keys.sort_by_key(|key| key.verifying_key().to_bytes());
    let public = |key: &SigningKey| BytesN::from_array(&f.env, &key.verifying_key().to_bytes());
    keys.iter().for_each(|key| admin("add_publisher", (public(key),).into_val(&f.env)));
    let reported = Asset::Other(f.symbol("REPORTED"));
    for place in 1..32 {
        let asset = if place == 31 { reported.clone() } else { Asset::Other(f.symbol(&format!("A{place}"))) };
        let limits = AssetLimits { quorum: 6, ..AssetLimits::DEFAULT };
        let args = (asset, AssetClass::Volatile, limits, price(100)).into_val(&f.env);
        admin("add_asset", args);
    }
    let feeds = (0..5).map(|_| install(&f.world, "price-source", PriceSource, (8_u32, 1_u32)));
    let feeds: Vec<_> = feeds.chain([g.oracle.clone()]).collect();
    for (group, contract) in (0..).zip(&feeds) {
        let source = fresh_source(reported.clone(), contract.clone(), group);
        admin("add_price_feed", (reported.clone(), source).into_val(&f.env));
    }
    let publishing = OraclePublisherClient::new(&f.env, &g.oracle);
    let epoch = publishing.publishers().epoch;
    let assets = HostVec::from_iter(&f.env, 0..32_u32);
    for round in 1..=70_u64 {
        f.world.advance(60);
        let mut signatures = HostVec::new(&f.env);
        for (number, key) in (0..).zip(&keys) {
            let prices = HostVec::from_iter(&f.env, (0..32).map(|_| price(100) + number));
            let network = f.env.ledger().network_id();
            let message = (
                symbol_short!("report"),
                network,
                g.oracle.clone(),
                epoch,
                round,
                f.now(),
                assets.clone(),
                prices.clone(),
            );
            let bytes: Vec<u8> = message.to_xdr(&f.env).iter().collect();
            let signature = BytesN::from_array(&f.env, &key.sign(&bytes).to_bytes());
            signatures.push_back(PublisherSignature {
                key: public(key),
                observed_at: f.now(),
                prices,
                signature,
            });
        }
        assert!(publishing.submit(&Report { assets: assets.clone(), epoch, round }, &signatures));
        assert!(Cost::of_last_call(&f.world).share() < MOST_PERCENT);
        for feed in &feeds[..5] {
            PriceSourceClient::new(&f.env, feed).set(&reported, &(price(100) / 1_000_000), &f.now());
        }
        let outcomes = g.client().poke(&HostVec::from_array(&f.env, [reported.clone()]));
        assert_eq!(outcomes.get(0), Some(PokeOutcome::Accepted));
        assert!(Cost::of_last_call(&f.world).share() < MOST_PERCENT);
    }
    let quote = g.client().quote(&reported);
    assert_eq!((quote.lo, quote.hi), (price(100), price(100) + 4), "the lower median of ten");
    f.prices.report();
}
