//! Random lives of lenders and borrowers, each step compared with the reference model in exact rationals.
//!
//! Before each move the books are read into the model; the model says whether the move may succeed and what the books are
//! afterwards, and the previews have to say the same. Tokens have 0, 2, 6, 7 and 18 decimals; prices jump, clocks run, oracles
//! halt, issuers claw back, guardians stop and cut, delegates act, accounts move, strangers give.

mod liquidations;
mod powers;
mod step;
mod strangers;
mod users;

use crate::{setting, Story, Tally, PARTS, SHARDS, STEPS};
use margin_interface::AssetConfig;
use margin_tests::actor::Actor;
use margin_tests::auth::Shape;
use margin_tests::fixture::Fixture;
use margin_tests::invariants::{check, Memory};
use margin_tests::listed::Listed;
use margin_tests::model::{Books, Bounds, Exact, Valuation};
use margin_tests::money::Coin;
use margin_tests::prices::Prices;
use margin_tests::random::Dice;
use margin_tests::refusal::Failure;
use margin_tests::world::Mode;
use soroban_sdk::xdr::AccountFlags;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

const TICKERS: [&str; 7] = ["USDC", "ETH", "USDT", "XLM", "ETH", "USDT", "USDT"];
/// Place of the asset whose issuer may take it back.
const REGULATED: usize = 6;
/// A millionth of a dollar: what rounding of values may decide.
const CLOSE: (i128, i128) = (1, 1_000_000);

/// How often each quarter of the lives must have seen what is rare.
const LEAST: [(&str, u32); 8] = [
    ("clawback", 5),
    ("crash", 40),
    ("gift", 8),
    ("grant", 30),
    ("halt", 4),
    ("liquidate", 8),
    ("stop", 5),
    ("transfer", 5),
];

struct Stage<'a> {
    f: &'a Fixture,
    tokens: Vec<Listed>,
    people: Vec<Actor>,
    keeper: Actor,
    /// May be granted something.
    delegate: Actor,
    /// Empty, for accounts that move.
    spare: Actor,
    /// Masks and their ends.
    grants: RefCell<BTreeMap<String, (u32, u64)>>,
    /// What time permits, kept by the model.
    bounds: RefCell<Bounds>,
    halted: Cell<bool>,
    /// The books, as long as nothing changed.
    read: RefCell<Option<Rc<Books>>>,
}

/// A move and what became of it.
struct Played {
    name: &'static str,
    detail: String,
    refused: Option<String>,
    /// What the move did to tokens beside the books.
    moved: Option<Moved>,
}

enum Moved {
    /// Given to the vault.
    Donated(usize, i128),
    /// Taken from it by the issuer.
    Clawed(i128),
}

impl<'a> Stage<'a> {
    fn of(f: &'a Fixture, dice: &mut Dice) -> Self {
        let mut tokens: Vec<Listed> = Coin::ALL.map(|coin| Listed::of(f, coin)).to_vec();
        // As listed in earnest: deposits stay for five minutes, and a fifth may be lent within an hour.
        let strict = |config: &mut AssetConfig| {
            (config.min_deposit_seconds, config.outflow_bps) = (300, 2_000);
        };
        tokens.push(Listed::with(f, Coin::Eth, 0, |config| {
            strict(config);
            config.borrow_cap = 1_000;
        }));
        tokens.push(Listed::with(f, Coin::Usdt, 2, |config| {
            strict(config);
            (config.supply_cap, config.borrow_cap) = (30_000_000, 8_000_000);
        }));
        tokens.push(Listed::stellar(
            f,
            AccountFlags::RevocableFlag as u32 | AccountFlags::ClawbackEnabledFlag as u32,
        ));
        let mut people: Vec<Actor> = ["kim", "ken", "kay"].map(|name| f.key_account(name)).to_vec();
        people.push(f.smart_account("sam"));
        let stage = Self {
            f,
            tokens,
            people,
            keeper: f.key_account("karla"),
            delegate: f.key_account("dora"),
            spare: f.key_account("heir"),
            grants: RefCell::default(),
            bounds: RefCell::default(),
            halted: Cell::new(false),
            read: RefCell::new(None),
        };
        let lender = &f.lender;
        for (place, token) in stage.tokens.iter().enumerate() {
            if place >= Coin::ALL.len() {
                token.fund(f, lender, stage.worth(place, 200_000));
                token.deposit(f, lender, stage.worth(place, 200_000)).ok();
            }
            for actor in stage.people.iter().chain([&stage.keeper, &stage.delegate]) {
                let dollars = match actor.name.as_str() {
                    "karla" => 200_000,
                    "dora" => 4_000,
                    _ => 40_000,
                };
                stage.fund(place, actor, stage.worth(place, dollars));
            }
        }
        stage.tokens[0].deposit(f, &stage.keeper, stage.worth(0, 50_000)).ok();
        for actor in &stage.people {
            actor.shape.set(*dice.pick(&[Shape::V1, Shape::V2]));
            let place = stage.place(dice);
            stage.tokens[place].deposit(f, actor, stage.worth(place, 20_000)).ok();
        }
        f.pass(3_600);
        stage.bounds.replace(Bounds::of(&stage.books()));
        // Everybody starts near the edge: that is where it is interesting.
        for _ in 0..2 * stage.people.len() {
            let _ = stage.borrow(dice);
        }
        stage
    }

    fn fund(&self, place: usize, actor: &Actor, units: i128) {
        match Coin::ALL.get(place) {
            Some(coin) => self.f.fund(actor, coin.units(units)),
            None => self.tokens[place].fund(self.f, actor, units),
        }
    }

    fn place(&self, dice: &mut Dice) -> usize {
        usize::try_from(dice.between(0, self.tokens.len() as i128 - 1)).expect("small")
    }

    /// Units that `dollars` buy at the first price.
    fn worth(&self, place: usize, dollars: i128) -> i128 {
        let price = Prices::genesis(TICKERS[place]) / 1_000_000;
        dollars * 10i128.pow(self.tokens[place].decimals) * (100_000_000_000_000 / 1_000_000) / price
    }

    fn books(&self) -> Rc<Books> {
        self.read.borrow_mut().get_or_insert_with(|| Rc::new(self.read_books())).clone()
    }

    /// Something happened.
    fn changed(&self) {
        self.read.replace(None);
    }

    fn read_books(&self) -> Books {
        let everybody: Vec<Actor> = self.everybody().cloned().collect();
        Books::read(self.f, &self.tokens, &everybody)
    }

    fn everybody(&self) -> impl Iterator<Item = &Actor> {
        let others = [&self.keeper, &self.f.lender, &self.f.provider, &self.delegate, &self.spare];
        self.people.iter().chain(others)
    }

    /// The assets of which only so much is lent within an hour.
    fn windowed(&self) -> Vec<usize> {
        let books = self.books();
        (0..self.tokens.len()).filter(|place| books.assets[*place].config.outflow_bps < 10_000).collect()
    }

    fn wallet(&self, place: usize, actor: &Actor) -> i128 {
        self.tokens[place].balance(self.f, &actor.address)
    }

    /// Deposits, debts and wallet of an account at accepted prices, dollars.
    fn fortune(&self, books: &Books, actor: &Actor) -> Exact {
        let standing = books.standing(&books.accounts[&actor.name], Valuation::Live);
        let wallet = books.accounts[&actor.name].wallet.iter().enumerate();
        let wallets =
            wallet.map(|(place, units)| books.dollars(place, units, &books.owned(place, Valuation::Live)));
        wallets.fold(standing.equity(), |sum, value| sum + value)
    }

    fn play(&self, dice: &mut Dice) -> Played {
        loop {
            if dice.chance(30) {
                if let Some(played) = self.liquidate(dice) {
                    return played;
                }
            }
            let roll = if self.halted.get() && dice.chance(40) { 108 } else { dice.between(1, 120) };
            let played = match roll {
                1..=10 => self.deposit(dice),
                11..=18 => self.withdraw(dice),
                19..=40 => self.borrow(dice),
                41..=50 => self.repay(dice),
                51..=56 => self.net(dice),
                57..=66 => self.batch(dice),
                67..=72 => self.call_for_margin(dice),
                73..=76 => self.flag(dice),
                77..=79 => self.gift(dice),
                80..=87 => self.delegate_acts(dice),
                88 => self.moves(dice),
                89..=91 => self.deleverage(),
                92 => self.donate(dice),
                93 => Some(self.claw_back(dice)),
                94 => self.pause(dice),
                95 => self.cut(dice),
                96..=102 => Some(self.price_moves(dice)),
                103..=107 => Some(self.crash(dice)),
                108 => Some(self.halt()),
                _ => Some(self.time_passes(dice)),
            };
            if roll > 91 {
                // Prices and clocks moved, without a step of anybody.
                self.changed();
            }
            if let Some(played) = played {
                return played;
            }
        }
    }
}

fn reason(failure: &Failure) -> String {
    match (&failure.refused_by, failure.code) {
        (Some((_, error)), _) => format!("account {error:?}"),
        (None, Some(code)) => code.to_string(),
        (None, None) => panic!("no typed error: {failure}"),
    }
}

fn play(mode: Mode, seed: u64, tallies: &mut BTreeMap<&'static str, Tally>) {
    let mut story = Story { seed, told: Vec::new() };
    let f = Fixture::new(mode);
    f.parts.set(PARTS);
    let mut dice = Dice::new(seed);
    let stage = Stage::of(&f, &mut dice);
    let mut memory = Memory::default();
    check(&f, &mut memory);
    for _ in 0..STEPS {
        let played = stage.play(&mut dice);
        story.told.push(format!("{} {} -> {:?}", played.name, played.detail, played.refused));
        let tally = tallies.entry(played.name).or_default();
        match played.refused {
            None => tally.done += 1,
            Some(reason) => {
                tally.refused += 1;
                *tally.reasons.entry(reason).or_default() += 1;
            }
        }
        match played.moved {
            Some(Moved::Donated(place, amount)) => memory.donated(&stage.tokens[place].address, amount),
            Some(Moved::Clawed(amount)) => {
                let token = &stage.tokens[REGULATED];
                memory.clawed_back(&token.address, amount);
                let surplus = token.balance(&f, &f.contracts().vault) - token.cash(&f);
                assert!(surplus >= 0, "what is missing is known");
                memory.synced(&token.address, surplus);
            }
            None => {}
        }
        check(&f, &mut memory);
    }
    story.told.clear();
}

fn play_shard(shard: u64) {
    let (sequences, seed) = (setting("FUZZ_SEQUENCES", 100), setting("FUZZ_SEED", 2026));
    let mut tallies = BTreeMap::new();
    for sequence in (0..sequences).filter(|sequence| sequence % SHARDS == shard) {
        play(Mode::Native, seed.wrapping_mul(2_000_003).wrapping_add(sequence), &mut tallies);
    }
    crate::report(&tallies, sequences);
    crate::has_seen(&tallies, sequences, &LEAST);
}

#[test]
fn on_wasm() {
    play(Mode::Wasm, 7, &mut BTreeMap::new());
}

#[test]
fn first_shard() {
    play_shard(0);
}

#[test]
fn second_shard() {
    play_shard(1);
}

#[test]
fn third_shard() {
    play_shard(2);
}

#[test]
fn fourth_shard() {
    play_shard(3);
}
