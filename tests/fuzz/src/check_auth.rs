//! `__check_auth` of every tier with contexts and signatures of any kind, through the real engine.
//!
//! Promises: without the genuine signatures of as many members as the tier asks for nothing is authorised; what is authorised
//! names a venue, a token or the account itself and creates nothing; whoever is refused is told why by a typed error, unless a
//! signature of the vector does not verify, which stops the host.

use crate::input::Input;
use crate::values::{anything, name};
use crate::Answer;
use account_core::testing::{fakes::healthy, public, secret, Fixture};
use basic_account::BasicAccount;
use ed25519_dalek::{Signer as _, SigningKey};
use institutional_account::InstitutionalAccount;
use margin_interface::operations::{ArgumentType, Effect, Venue, OPERATIONS};
use margin_interface::{
    AccountError, AccountType, Action, OpenAction, Receive, Scope, SessionGrant, Sig, TradeAction,
};
use pro_account::ProAccount;
use soroban_sdk::auth::{
    Context, ContractContext, ContractExecutable, CreateContractHostFnContext,
    CreateContractWithConstructorHostFnContext,
};
use soroban_sdk::testutils::Address as _;
use soroban_sdk::{map, Address, BytesN, IntoVal, Symbol, TryFromVal, Val, Vec};

/// What a session may do.
const ALLOWED: [&str; 5] = ["borrow", "trade", "open_position", "deposit", "close_position"];

struct Stage {
    f: Fixture,
    tier: AccountType,
    session: SigningKey,
    token: Address,
    known: std::vec::Vec<Address>,
}

/// How a signature was made.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Hand {
    /// By an owner's key, of the payload.
    Owner(usize),
    /// By the session's key, of the payload.
    Session,
    /// By a key that is no member's, of the payload.
    Stranger,
    /// In the name of somebody who did not sign this.
    Forged,
}

/// See the module.
pub fn check_auth(bytes: &[u8]) -> Answer {
    let mut input = Input::new(bytes);
    let stage = Stage::set(&mut input);
    let contexts: std::vec::Vec<Context> =
        (0..input.pick(&[1, 1, 1, 1, 2, 2, 3, 0])).map(|_| stage.context(&mut input)).collect();
    let mut hands: std::vec::Vec<Hand> =
        (0..input.pick(&[1, 1, 1, 2, 2, 3, 4, 0])).map(|_| stage.hand(&mut input)).collect();
    // Mostly in the order that is asked for.
    if !input.chance(48) {
        hands.sort_by_key(|hand| stage.key(*hand).verifying_key().to_bytes());
        if !input.chance(32) {
            hands.dedup_by_key(|hand| stage.key(*hand).verifying_key().to_bytes());
        }
    }
    let mut signatures: Vec<Val> = Vec::new(&stage.f.env);
    let mut odd = false;
    for hand in &hands {
        let signature = stage.signature(*hand, &mut input, &mut odd);
        signatures.push_back(signature);
    }
    let shapeless = input.chance(12);
    let signature = if shapeless {
        anything(&stage.f.env, &mut input, &stage.known, 2)
    } else {
        signatures.into_val(&stage.f.env)
    };
    let listed = Vec::from_slice(&stage.f.env, &contexts);
    let verdict = stage.f.env.try_invoke_contract_check_auth::<AccountError>(
        &stage.f.account,
        &stage.f.payload,
        signature,
        &listed,
    );
    let forged = hands.contains(&Hand::Forged);
    match verdict {
        Ok(()) => {
            assert!(!shapeless && !odd && !forged, "accepted what nobody signed");
            stage.entitled(&hands, &contexts);
            Answer::Accepted
        }
        Err(Ok(_)) => Answer::Refused,
        Err(Err(stopped)) => {
            assert!(
                forged || odd || shapeless,
                "no typed error for genuine signatures: {stopped:?} {contexts:?}"
            );
            Answer::Stopped
        }
    }
}

impl Stage {
    fn set(input: &mut Input) -> Self {
        let session = secret(77);
        let tier = input.pick(&[AccountType::Basic, AccountType::Pro, AccountType::Institutional]);
        let f = match tier {
            AccountType::Basic => Fixture::deploy(BasicAccount, tier, 2),
            AccountType::Pro => Fixture::deploy(ProAccount, tier, 2),
            AccountType::Institutional => Fixture::deploy(InstitutionalAccount, tier, 3),
        };
        let env = f.env.clone();
        f.ledger().script(&healthy(&env));
        f.ledger().hold_steady();
        if tier == AccountType::Pro {
            let grant = SessionGrant {
                allowed_ops: Vec::from_iter(&env, ALLOWED.iter().map(|name| Symbol::new(&env, name))),
                daily_limit: 1_000_000,
                expires_at: env.ledger().timestamp() + 7 * 86_400,
                key: public(&env, &session),
                markets: Scope::All,
                max_leverage: 1_000,
                max_ops_per_day: 100,
                max_per_ledger: 500_000,
                max_per_tx: 500_000,
            };
            assert_eq!(f.administer("grant_session", (grant,)), Ok(()));
        }
        let token = Address::generate(&env);
        let protocol = &f.protocol;
        let known = vec![
            f.account.clone(),
            token.clone(),
            protocol.vault.clone(),
            protocol.perp_clearing.clone(),
            protocol.ledger.clone(),
            protocol.factory.clone(),
            f.owner.clone(),
            Address::generate(&env),
        ];
        if input.chance(8) {
            // The ledger answers with an error, or not at all.
            f.ledger().fail(&input.pick(&[612, 602, 626, 0]));
        }
        Self { f, tier, session, token, known }
    }

    fn key(&self, hand: Hand) -> &SigningKey {
        match hand {
            Hand::Owner(place) => &self.f.keys[place],
            Hand::Session => &self.session,
            Hand::Stranger => &self.f.outsider,
            Hand::Forged => &self.f.keys[0],
        }
    }

    fn hand(&self, input: &mut Input) -> Hand {
        match input.byte() {
            0..=159 => Hand::Owner(input.below(self.f.keys.len())),
            160..=207 => Hand::Session,
            208..=231 => Hand::Stranger,
            _ => Hand::Forged,
        }
    }

    fn signature(&self, hand: Hand, input: &mut Input, odd: &mut bool) -> Val {
        let env = &self.f.env;
        if input.chance(6) {
            *odd = true;
            return anything(env, input, &self.known, 2);
        }
        let genuine = self.key(hand).sign(&self.f.payload.to_array()).to_bytes();
        let signature = match hand {
            Hand::Forged if input.chance(128) => self.key(hand).sign(&input.bytes::<32>()).to_bytes(),
            Hand::Forged => input.bytes(),
            _ => genuine,
        };
        let webauthn = if input.chance(6) {
            *odd = true;
            Some(map![env, (name(env, input), soroban_sdk::Bytes::from_array(env, &input.bytes::<8>()))])
        } else {
            None
        };
        let public_key = public(env, self.key(hand));
        Sig { public_key, signature: BytesN::from_array(env, &signature), webauthn }.into_val(env)
    }

    fn context(&self, input: &mut Input) -> Context {
        let env = &self.f.env;
        match input.byte() {
            0..=175 => self.operation(input),
            176..=199 => {
                // Now and then another's tokens.
                let from = if input.chance(96) { input.pick(&self.known) } else { self.f.account.clone() };
                let args = (from, input.pick(&self.known), self.amount(input));
                self.f.call(&self.token, "transfer", args)
            }
            200..=239 => {
                let mut args: Vec<Val> = Vec::new(env);
                for _ in 0..input.below(7) {
                    args.push_back(anything(env, input, &self.known, 2));
                }
                let contract = input.pick(&self.known);
                let fn_name = if input.chance(128) {
                    Symbol::new(env, input.pick(OPERATIONS).function)
                } else {
                    name(env, input)
                };
                Context::Contract(ContractContext { contract, fn_name, args })
            }
            240..=247 => Context::CreateContractHostFn(CreateContractHostFnContext {
                executable: ContractExecutable::Wasm(BytesN::from_array(env, &input.bytes())),
                salt: BytesN::from_array(env, &input.bytes()),
            }),
            _ => Context::CreateContractWithCtorHostFn(CreateContractWithConstructorHostFnContext {
                executable: ContractExecutable::Wasm(BytesN::from_array(env, &input.bytes())),
                salt: BytesN::from_array(env, &input.bytes()),
                constructor_args: Vec::new(env),
            }),
        }
    }

    /// A row of the table with arguments of its types, some of them of another.
    fn operation(&self, input: &mut Input) -> Context {
        let env = &self.f.env;
        let operation = input.pick(OPERATIONS);
        let mut args: Vec<Val> = Vec::new(env);
        for (place, argument) in operation.arguments.iter().enumerate() {
            let value = if input.chance(6) {
                anything(env, input, &self.known, 2)
            } else if place == 0 && argument.kind == ArgumentType::Address {
                // A payload that names the account first, or is worth nothing.
                let account = if input.chance(12) { input.pick(&self.known) } else { self.f.account.clone() };
                account.into_val(env)
            } else {
                self.argument(argument.kind, input)
            };
            args.push_back(value);
        }
        let contract = match operation.venue {
            Venue::Vault => self.f.protocol.vault.clone(),
            Venue::PerpClearing => self.f.protocol.perp_clearing.clone(),
        };
        let contract = if input.chance(8) { input.pick(&self.known) } else { contract };
        Context::Contract(ContractContext { contract, fn_name: Symbol::new(env, operation.function), args })
    }

    fn amount(&self, input: &mut Input) -> i128 {
        if input.chance(32) {
            input.i128()
        } else {
            input.between(1, 1_000)
        }
    }

    fn argument(&self, kind: ArgumentType, input: &mut Input) -> Val {
        let env = &self.f.env;
        let address = |input: &mut Input| {
            if input.chance(160) {
                input.pick(&self.known)
            } else {
                self.f.account.clone()
            }
        };
        match kind {
            ArgumentType::Address => address(input).into_val(env),
            ArgumentType::Bool => input.chance(128).into_val(env),
            ArgumentType::I128 => self.amount(input).into_val(env),
            ArgumentType::Symbol => Symbol::new(env, input.pick(&["BTC_USD", "ETH_USD"])).into_val(env),
            ArgumentType::U32 => (100 + u32::from(input.byte()) * 4).into_val(env),
            ArgumentType::U64 => input.u64().into_val(env),
            ArgumentType::Receive => input.pick(&[Receive::Shares, Receive::Tokens]).into_val(env),
            ArgumentType::Addresses => {
                let count = input.below(4);
                Vec::from_iter(env, (0..count).map(|_| address(input))).into_val(env)
            }
            ArgumentType::Amounts => {
                let count = input.below(4);
                Vec::from_iter(env, (0..count).map(|_| self.amount(input))).into_val(env)
            }
            ArgumentType::U64s => {
                let count = input.below(4);
                Vec::from_iter(env, (0..count).map(|_| input.u64())).into_val(env)
            }
            ArgumentType::Actions => {
                let count = input.below(4);
                Vec::from_iter(env, (0..count).map(|_| self.action(input))).into_val(env)
            }
            // Their own types are rebuilt by the account as maps: shapes of any kind are what it must survive.
            ArgumentType::ClearingRequests | ArgumentType::Order => anything(env, input, &self.known, 3),
        }
    }

    fn action(&self, input: &mut Input) -> Action {
        let (token, amount) = (self.token.clone(), self.amount(input));
        let market = Symbol::new(&self.f.env, "BTC_USD");
        match input.below(8) {
            0 => Action::Deposit(token, amount),
            1 => Action::Withdraw(token, amount),
            2 => Action::Borrow(token, amount),
            3 => Action::Repay(token, amount),
            4 => Action::Open(OpenAction { is_long: true, leverage: 200, margin: amount, market }),
            5 => Action::Trade(TradeAction { limit_price: 1, market, size_delta: amount }),
            6 => Action::RepayWithCollateral(token, amount),
            _ => Action::MoveSettlement(amount),
        }
    }

    /// Whether those who signed may at all, and what they signed is of a kind that may be authorised.
    fn entitled(&self, hands: &[Hand], contexts: &[Context]) {
        let mut owners: std::vec::Vec<usize> = hands
            .iter()
            .filter_map(|hand| if let Hand::Owner(place) = hand { Some(*place) } else { None })
            .collect();
        owners.dedup();
        let session = hands == [Hand::Session] && self.tier == AccountType::Pro;
        let least = if self.tier == AccountType::Institutional { 2 } else { 1 };
        assert!(owners.len() == hands.len() || session, "a stranger among the signers");
        assert!(session || owners.len() >= least, "{} of at least {least} signatures", owners.len());
        assert!(!contexts.is_empty(), "authorised nothing in particular");
        for context in contexts {
            let Context::Contract(call) = context else { panic!("authorised a creation: {context:?}") };
            let protocol = &self.f.protocol;
            let named = |name: &&str| Symbol::new(&self.f.env, name) == call.fn_name;
            let venue = [&protocol.vault, &protocol.perp_clearing].contains(&&call.contract);
            let row = OPERATIONS.iter().find(|row| venue && named(&row.function));
            let spends = !venue && ["transfer", "approve", "burn"].iter().any(&named);
            let own = call.contract == self.f.account;
            assert!(row.is_some() || spends || own, "authorised {call:?}");
            let allowed = ALLOWED.iter().any(named);
            assert!(!session || allowed || spends, "a session beyond its operations: {call:?}");
            let first = call.args.first().and_then(|first| Address::try_from_val(&self.f.env, &first).ok());
            let is_order = row.is_some_and(|row| matches!(row.effect, Effect::Order | Effect::Rest));
            assert!(is_order || first.as_ref() == Some(&self.f.account), "in another's name: {call:?}");
            for (argument, value) in row.iter().flat_map(|row| row.arguments).zip(call.args.iter()) {
                let amount = i128::try_from_val(&self.f.env, &value);
                assert!(
                    !argument.positive || amount.is_ok_and(|amount| amount > 0),
                    "{argument:?} of {call:?}"
                );
            }
        }
    }
}
