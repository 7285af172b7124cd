//! What is not a step of an account: prices, clocks, issuers, guardians.

use super::{Moved, Played, Stage, REGULATED};
use margin_interface::{AssetConfig, HaltScope, LedgerChange, OracleChange};
use margin_tests::model::{accrued, exact, ratio, to_f64, Exact};
use margin_tests::random::Dice;
use num_traits::{Signed, Zero};
use soroban_sdk::{BytesN, IntoVal};

impl Stage<'_> {
    pub fn donate(&self, dice: &mut Dice) -> Option<Played> {
        let (who, place) = (self.actor(dice), self.place(dice));
        let amount = self.part(dice, self.wallet(place, who) / 50)?;
        let before = self.books();
        self.tokens[place].donate(self.f, who, amount).ok();
        self.changed();
        before.agree(&self.books(), "nobody", 0);
        let detail = format!("{} {amount} of {place}", who.name);
        Some(Played { name: "donate", detail, refused: None, moved: Some(Moved::Donated(place, amount)) })
    }

    /// The issuer takes back a part of what the vault holds, or gives back what is missing; or a day passes, and it is borne.
    pub fn claw_back(&self, dice: &mut Dice) -> Played {
        let token = &self.tokens[REGULATED];
        let vault = &self.f.contracts().vault;
        let missing = self.f.ledger().asset(&token.address).totals.pending_bad_debt;
        let held = token.balance(self.f, vault);
        let (name, amount) = if missing == 0 {
            let amount = held / 100 * dice.between(1, 40);
            token.claw_back(self.f, vault, amount);
            ("clawback", amount)
        } else if dice.chance(50) {
            token.mint(self.f, vault, missing).ok();
            ("returned", -missing)
        } else {
            self.f.pass(86_400);
            ("borne", 0)
        };
        let now_missing = self.f.vault().sync(&token.address);
        match name {
            "clawback" => assert!(now_missing > 0 || amount == 0),
            _ => assert_eq!(now_missing, 0),
        }
        self.changed();
        Played { name, detail: format!("{amount}"), refused: None, moved: Some(Moved::Clawed(amount)) }
    }

    pub fn price_moves(&self, dice: &mut Dice) -> Played {
        let ticker = *dice.pick(&["ETH", "XLM", "ETH", "USDT"]);
        let wide = ticker != "USDT";
        let bps = match (wide, dice.chance(40)) {
            (true, true) => dice.between(-1_500, 1_300),
            (true, false) => dice.between(-250, 250),
            (false, _) => dice.between(-60, 60),
        };
        self.f.set_price(ticker, self.f.prices.get(ticker) * (10_000 + bps) / 10_000 / 1_000_000 * 1_000_000);
        Played { name: "price", detail: format!("{ticker} {bps} bps"), refused: None, moved: None }
    }

    pub fn crash(&self, dice: &mut Dice) -> Played {
        let bps = dice.between(1_000, 3_000);
        for ticker in ["ETH", "XLM"] {
            let price = self.f.prices.get(ticker) * (10_000 - bps) / 10_000 / 1_000_000 * 1_000_000;
            self.f.set_price(ticker, price);
        }
        Played { name: "crash", detail: format!("-{bps} bps"), refused: None, moved: None }
    }

    /// The guardian halts all prices at once; the admin resumes them a day after saying so.
    pub fn halt(&self) -> Played {
        let f = self.f;
        let oracle = &f.contracts().oracle;
        let name = if self.halted.replace(!self.halted.get()) {
            let resume = (OracleChange::Resume(HaltScope::All),).into_val(&f.env);
            let id = f.admin.calls::<BytesN<32>>(oracle, "propose", resume).ok();
            f.pass(86_400);
            f.admin.calls::<()>(oracle, "execute", (id,).into_val(&f.env)).ok();
            f.pass(5);
            "resume"
        } else {
            f.guardian
                .calls::<()>(oracle, "halt", (&f.guardian.address, HaltScope::All).into_val(&f.env))
                .ok();
            "halt"
        };
        Played { name, detail: String::new(), refused: None, moved: None }
    }

    /// I8: interest is that of the exact curve, in however many parts the time was.
    pub fn time_passes(&self, dice: &mut Dice) -> Played {
        let seconds = if dice.chance(40) { dice.between(3_600, 400_000) } else { dice.between(5, 290) };
        let before = self.books();
        let mut left = seconds;
        while left > 0 {
            let part = if dice.chance(30) { left } else { dice.between(1, left) };
            let part_seconds = u64::try_from(part).expect("positive");
            // Interest asks no price: sources report at the end.
            if part == left {
                self.f.pass(part_seconds);
            } else {
                self.f.advance(part_seconds);
            }
            if dice.chance(40) {
                for token in &self.tokens {
                    self.f.ledger().accrue(&token.address);
                }
            }
            left -= part;
        }
        self.changed();
        let after = self.books();
        for (place, (before, after)) in before.assets.iter().zip(&after.assets).enumerate() {
            let elapsed = self.f.now() - before.updated_at;
            let perp = Exact::zero();
            let expected = accrued(before, elapsed, &perp);
            let off = (&expected.borrowed - &after.borrowed).abs();
            // Less than a unit waits; each part rounds once. The modifier moves with what was booked between.
            let slack = &expected.borrowed * ratio(1, 1_000_000) + exact(12);
            assert!(
                off <= slack,
                "I8 asset {place}: {} and {}",
                to_f64(&expected.borrowed),
                to_f64(&after.borrowed)
            );
        }
        Played { name: "time", detail: format!("{seconds} s"), refused: None, moved: None }
    }

    /// The guardian stops an asset at once; the admin starts it again a day after saying so.
    pub fn pause(&self, dice: &mut Dice) -> Option<Played> {
        let paused = (0..self.tokens.len()).find(|place| !self.config(*place).enabled);
        let (name, place) = match paused {
            Some(place) => ("start", place),
            None => ("stop", self.place(dice)),
        };
        let config = AssetConfig { enabled: paused.is_some(), ..self.config(place) };
        match paused {
            Some(_) => self.announce(place, &config),
            None => self.tighten(place, &config),
        }
        Some(Played { name, detail: format!("asset {place}"), refused: None, moved: None })
    }

    /// The guardian cuts what a deposit supports; existing accounts feel it over a week.
    pub fn cut(&self, dice: &mut Dice) -> Option<Played> {
        let place = self.place(dice);
        let config = self.config(place);
        let ltv_bps = config.ltv_bps - u32::try_from(dice.between(50, 300)).expect("small");
        if ltv_bps < 6_000 {
            return None;
        }
        self.tighten(place, &AssetConfig { ltv_bps, ..config });
        Some(Played {
            name: "cut",
            detail: format!("asset {place} to {ltv_bps}"),
            refused: None,
            moved: None,
        })
    }

    fn config(&self, place: usize) -> AssetConfig {
        self.books().assets[place].config.clone()
    }

    fn tighten(&self, place: usize, config: &AssetConfig) {
        let (f, guardian) = (self.f, &self.f.guardian);
        let args = (&guardian.address, &self.tokens[place].address, config.clone()).into_val(&f.env);
        guardian.calls::<()>(&f.contracts().ledger, "update_asset", args).ok();
        self.changed();
    }

    fn announce(&self, place: usize, config: &AssetConfig) {
        let f = self.f;
        let change = LedgerChange::Asset(self.tokens[place].address.clone(), config.clone());
        let ledger = &f.contracts().ledger;
        let id = f.admin.calls::<BytesN<32>>(ledger, "propose", (change,).into_val(&f.env)).ok();
        f.pass(86_400);
        f.admin.calls::<()>(ledger, "execute", (id,).into_val(&f.env)).ok();
        self.changed();
    }
}
