//! What an institution does about itself: its officers, its signers, and the guardians who name other signers.

use crate::moves::{Cast, Played};
use margin_interface::{AccountError, MultisigConfig, Proposer, TradingHours};
use margin_tests::accounts::DAY;
use margin_tests::actor::{key_of, Actor};
use margin_tests::money::usdc;
use margin_tests::random::Dice;
use margin_tests::signer::Signer;
use soroban_sdk::xdr::ScError;
use soroban_sdk::IntoVal;

const GUARDIANS: [&str; 2] = ["first guardian", "second guardian"];

impl Cast<'_> {
    /// What an institution's officers do.
    pub fn compliance(&self, _: &mut Dice) -> Option<Played> {
        let (f, bank) = (self.f, &self.bank);
        let market = margin_interface::Market::Perp(f.symbol("NO_SUCH"));
        f.administer::<()>(bank, "blacklist_market", (market.clone(),)).ok();
        f.administer::<()>(bank, "unblacklist_market", (market,)).ok();
        let always = TradingHours { start: 0, end: 0, weekdays: 0b111_1111 };
        f.administer::<()>(bank, "set_trading_hours", (always,)).ok();
        let now = f.institutional(bank).multisig();
        let keys: Vec<Signer> = bank.signers();
        let next = MultisigConfig { signers: f.keys(&keys), ..now };
        f.administer::<()>(bank, "update_multisig", (next.clone(),)).ok();
        f.administer::<()>(bank, "cancel_multisig", (Proposer::Signers,)).ok();
        f.administer::<()>(bank, "update_multisig", (next,)).ok();
        f.pass(DAY);
        self.anyone::<()>(&bank.address, "execute_multisig", (Proposer::Signers,).into_val(&f.env)).ok();
        Self::done("compliance", bank.name.clone())
    }

    /// A configuration that the bank announced, a while later.
    fn configured(&self, by: Proposer) {
        let execute = self.anyone::<()>(&self.bank.address, "execute_multisig", (by,).into_val(&self.f.env));
        execute.ok();
    }

    /// Guardians name other signers, and the signers object within the week or are replaced; who replaced them gives the
    /// account back.
    pub fn recovery(&self, dice: &mut Dice) -> Option<Played> {
        let (f, bank) = (self.f, &self.bank);
        let council = GUARDIANS.map(key_of).to_vec();
        let council = Actor::at(&f.world, &bank.name, bank.address.clone(), council);
        let now = f.institutional(bank).multisig();
        let now = MultisigConfig { guardians: f.keys(&council.signers()), ..now };
        if f.institutional(bank).multisig() != now {
            f.administer::<()>(bank, "update_multisig", (now.clone(),)).ok();
            f.pass(DAY);
            self.configured(Proposer::Signers);
        }
        let mut others = bank.keys.clone();
        others[0] = key_of("a new signer");
        let others = Actor::at(&f.world, &bank.name, bank.address.clone(), others);
        let next = MultisigConfig { signers: f.keys(&others.signers()), ..now.clone() };
        f.administer::<()>(&council, "propose_recovery", (Proposer::Guardians, next)).ok();
        let objects = dice.chance(40);
        if objects {
            f.administer::<()>(bank, "cancel_multisig", (Proposer::Guardians,)).ok();
        } else {
            f.pass(7 * DAY);
            self.configured(Proposer::Guardians);
            let refusal = self.refusal(&bank.borrow(usdc(1)));
            let unknown = ScError::Contract(AccountError::UnauthorizedSigner as u32);
            assert_eq!(refusal.refused_by.map(|(_, error)| error), Some(unknown));
            f.administer::<()>(&others, "update_multisig", (now.clone(),)).ok();
            f.pass(DAY);
            self.configured(Proposer::Signers);
        }
        assert_eq!(f.institutional(bank).multisig(), now);
        Self::done("recovery", format!("the signers object {objects}"))
    }
}
