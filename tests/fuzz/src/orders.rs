//! Orders of any shape against the real clearing-house: one that does not decode stops the host, one that does is judged
//! exactly as an evaluation of its conditions that knows nothing of the contract's.

use crate::input::Input;
use crate::values::anything;
use crate::Answer;
use margin_interface::{
    ClearingError, Condition, ConditionalOrder, HaltScope, LedgerError, OrderCheck, MAX_CONDITIONS,
    MAX_CONDITION_DEPTH,
};
use margin_math::units::{BASE, PRICE};
use margin_tests::actor::Actor;
use margin_tests::fixture::{Fixture, BTC_USD, ETH_USD};
use margin_tests::money::usdc;
use margin_tests::orders::order as valid;
use margin_tests::world::Mode;
use soroban_sdk::{Address, IntoVal, InvokeError, Map, Symbol, TryFromVal, Val, Vec};

/// Largest size of an order, absolute.
const MAX_SIZE: u128 = 10_u128.pow(30);

/// What the trader deposited, USDC: enough for an order of usual size.
const MONEY: i128 = 50_000;

struct Stage {
    f: Fixture,
    people: [Actor; 2],
    /// Whether the price of bitcoin is known.
    known: bool,
}

thread_local! {
    /// Nothing that is asked here changes them: they are built once.
    static STAGES: [Stage; 2] = [true, false].map(Stage::new);
}

/// See the module.
pub fn orders(bytes: &[u8]) -> Answer {
    let mut input = Input::new(bytes);
    let place = input.below(2);
    STAGES.with(|stages| stages[place].judge(&mut input))
}

impl Stage {
    fn new(known: bool) -> Self {
        let f = Fixture::new(Mode::Native);
        let people = [f.funded(f.key_account("alice"), &[usdc(MONEY)]), f.key_account("bob")];
        people[0].deposit(usdc(MONEY)).ok();
        let price = f.ledger().market(&f.symbol(BTC_USD)).config.index;
        if !known {
            let args = (&f.guardian.address, HaltScope::Asset(price)).into_val(&f.env);
            f.guardian.calls::<()>(&f.contracts().oracle, "halt", args).ok();
        }
        Self { f, people, known }
    }

    fn judge(&self, input: &mut Input) -> Answer {
        let env = &self.f.env;
        let order = self.order(input);
        let mut value: Val = order.clone().into_val(env);
        if input.chance(64) {
            value = self.distorted(value, input);
        }
        let args = Vec::from_array(env, [value]);
        let clearing = &self.f.contracts().clearing;
        let answer = env.try_invoke_contract::<OrderCheck, InvokeError>(
            clearing,
            &Symbol::new(env, "can_execute"),
            args,
        );
        match (ConditionalOrder::try_from_val(env, &value), answer) {
            (Err(_), Err(_)) => Answer::Stopped,
            // A vector's items are decoded when they are looked at.
            (Ok(order), answer) if !is_whole(&order.conditions) => {
                assert!(
                    answer.is_err() || answer.is_ok_and(|check| check.is_ok_and(|check| check.error != 0))
                );
                Answer::Stopped
            }
            // The ledger's word passes through.
            (Ok(order), Err(Ok(error))) if self.named(&order.market).is_none() => {
                assert_eq!(error, InvokeError::Contract(LedgerError::UnknownMarket as u32));
                Answer::Refused
            }
            (Ok(order), Ok(Ok(check))) => self.compare(&order, &check),
            (decoded, answer) => panic!("{decoded:?} and yet {answer:?}"),
        }
    }

    /// The order as a map, one entry of it replaced or missing.
    fn distorted(&self, value: Val, input: &mut Input) -> Val {
        let env = &self.f.env;
        let Ok(mut map) = Map::<Symbol, Val>::try_from_val(env, &value) else { return value };
        let place = u32::try_from(input.below(map.len() as usize)).expect("small");
        let key = map.keys().get(place).expect("inside");
        if input.chance(64) {
            map.remove(key);
        } else {
            map.set(key, anything(env, input, &self.addresses(), 2));
        }
        map.into_val(env)
    }

    fn addresses(&self) -> [Address; 3] {
        let [alice, bob] = &self.people;
        [alice.address.clone(), bob.address.clone(), self.f.contracts().vault.clone()]
    }

    fn order(&self, input: &mut Input) -> ConditionalOrder {
        let env = &self.f.env;
        let base = valid(&self.f, &self.people[0], input.u64(), BASE / 100);
        let size_delta = if input.chance(32) { input.i128() } else { input.between(-BASE, BASE) };
        let acceptable_price =
            if input.chance(32) { input.i128() } else { input.between(1, 100_000) * PRICE };
        let optional = |input: &mut Input| input.chance(64).then(|| input.pick(&self.addresses()));
        ConditionalOrder {
            acceptable_price,
            conditions: self.conditions(input, 0),
            epoch: if input.chance(16) { input.u64() } else { 0 },
            expires_at: if input.chance(24) { input.u64() } else { base.expires_at },
            market: Symbol::new(env, if input.chance(64) { ETH_USD } else { BTC_USD }),
            max_fee: match input.below(8) {
                0 => input.i128(),
                1 | 2 => 0,
                _ => base.max_fee,
            },
            reduce_only: input.chance(24),
            require_verified: !input.chance(48),
            signer: if input.chance(16) { self.people[1].address.clone() } else { base.signer.clone() },
            size_delta,
            trusted_executor: optional(input),
            referrer: optional(input),
            ..base
        }
    }

    fn conditions(&self, input: &mut Input, depth: u32) -> Vec<Condition> {
        let mut list = Vec::new(&self.f.env);
        for _ in 0..input.pick(&[0, 1, 1, 1, 1, 2, 2, 3]) {
            list.push_back(self.condition(input, depth));
        }
        list
    }

    fn condition(&self, input: &mut Input, depth: u32) -> Condition {
        let now = self.f.now();
        // One too deep must be possible.
        let kinds = if depth > MAX_CONDITION_DEPTH { 10 } else { 14 };
        let about = |input: &mut Input, number: i128| match input.below(4) {
            0 => number,
            1 => number + 1,
            2 => number - 1,
            _ => input.i128(),
        };
        let (mark, index) = (self.mark(BTC_USD), self.f.prices.get("BTC"));
        match input.below(kinds) {
            0 => Condition::TimestampAfter(if input.chance(128) { now } else { input.u64() }),
            1 => Condition::TimestampBefore(if input.chance(128) { now } else { input.u64() }),
            2 => Condition::IndexAbove(about(input, index)),
            3 => Condition::IndexBelow(about(input, index)),
            4 => Condition::MarkAbove(about(input, mark)),
            5 => Condition::MarkBelow(about(input, mark)),
            6 => Condition::MarketOpen,
            7 => Condition::PositionAbove(about(input, 0)),
            8 => Condition::PositionBelow(about(input, 0)),
            9 => Condition::OrderFilled(input.u64()),
            10 | 11 => Condition::Not(self.conditions(input, depth + 1)),
            _ => Condition::Or(self.conditions(input, depth + 1)),
        }
    }

    /// The mark, which nobody has moved since the market was opened: it is its own average.
    fn mark(&self, market: &str) -> i128 {
        let state = self.f.ledger().market(&self.f.symbol(market)).state;
        margin_math::curve::mark(state.base_reserve, state.quote_reserve).expect("a curve")
    }

    /// What the order's conditions say, in three values: true, false, unknown.
    fn holds(&self, market: &str, condition: &Condition) -> Option<bool> {
        let now = self.f.now();
        let ticker = if market == BTC_USD { "BTC" } else { "ETH" };
        let known = self.known || market != BTC_USD;
        let index = known.then(|| self.f.prices.get(ticker));
        let one_of = |list: &Vec<Condition>| {
            let values: std::vec::Vec<Option<bool>> = list.iter().map(|c| self.holds(market, &c)).collect();
            if values.contains(&Some(true)) {
                Some(true)
            } else if values.contains(&None) {
                None
            } else {
                Some(false)
            }
        };
        match condition {
            Condition::TimestampAfter(at) => Some(now >= *at),
            Condition::TimestampBefore(at) => Some(now < *at),
            Condition::IndexAbove(price) => index.map(|index| index >= *price),
            Condition::IndexBelow(price) => index.map(|index| index <= *price),
            Condition::MarkAbove(price) => Some(self.mark(market) >= *price),
            Condition::MarkBelow(price) => Some(self.mark(market) <= *price),
            Condition::MarketOpen => Some(known),
            Condition::PositionAbove(size) => Some(0 >= *size),
            Condition::PositionBelow(size) => Some(0 <= *size),
            Condition::OrderFilled(_) => Some(false),
            // None of them; and what is unknown stays so.
            Condition::Not(list) => one_of(list).map(|one| !one),
            Condition::Or(list) => one_of(list),
        }
    }

    fn compare(&self, order: &ConditionalOrder, check: &OrderCheck) -> Answer {
        let expected = self.expected(order);
        match expected {
            Some(error) => {
                assert_eq!(check.error, error as u32, "{error:?} expected of {order:?}");
                Answer::Refused
            }
            None if check.error == 0 => {
                let worse = if order.size_delta > 0 {
                    check.price > order.acceptable_price
                } else {
                    check.price < order.acceptable_price
                };
                assert!(!worse && check.size_delta == order.size_delta, "{check:?} {order:?}");
                Answer::Accepted
            }
            None => {
                // What the market says comes after; what the order says has been said.
                let said = [
                    ClearingError::InvalidOrder,
                    ClearingError::OrderExpired,
                    ClearingError::WrongEpoch,
                    ClearingError::NotPermitted,
                    ClearingError::ConditionNotMet,
                ];
                assert!(said.iter().all(|error| *error as u32 != check.error), "{check:?} of {order:?}");
                Answer::Refused
            }
        }
    }

    /// The market of that name.
    fn named(&self, market: &Symbol) -> Option<&'static str> {
        [BTC_USD, ETH_USD].into_iter().find(|name| self.f.symbol(name) == *market)
    }

    /// The refusal that the order itself deserves.
    fn expected(&self, order: &ConditionalOrder) -> Option<ClearingError> {
        let market = self.named(&order.market);
        if order.size_delta == 0
            || order.size_delta.unsigned_abs() > MAX_SIZE
            || order.acceptable_price <= 0
            || order.max_fee < 0
            || !(order.require_verified || order.trusted_executor.is_some())
            || count(&order.conditions, 0).is_none_or(|count| count > MAX_CONDITIONS)
        {
            return Some(ClearingError::InvalidOrder);
        }
        if self.f.now() >= order.expires_at {
            return Some(ClearingError::OrderExpired);
        }
        if order.epoch != 0 {
            return Some(ClearingError::WrongEpoch);
        }
        if order.signer != order.account {
            return Some(ClearingError::NotPermitted);
        }
        let market = market?;
        if !order.require_verified {
            return None;
        }
        let values: std::vec::Vec<Option<bool>> =
            order.conditions.iter().map(|condition| self.holds(market, &condition)).collect();
        if values.contains(&Some(false)) {
            Some(ClearingError::ConditionNotMet)
        } else if values.contains(&None) {
            Some(ClearingError::PriceNotUsable)
        } else {
            None
        }
    }
}

/// Whether all of them are conditions.
fn is_whole(list: &Vec<Condition>) -> bool {
    list.try_iter().all(|condition| match condition {
        Ok(Condition::Not(inner) | Condition::Or(inner)) => is_whole(&inner),
        Ok(_) => true,
        Err(_) => false,
    })
}

/// How many there are; `None` if one lies too deep.
fn count(list: &Vec<Condition>, depth: u32) -> Option<u32> {
    if depth > MAX_CONDITION_DEPTH {
        return None;
    }
    let mut sum = list.len();
    for condition in list.iter() {
        if let Condition::Not(inner) | Condition::Or(inner) = condition {
            sum += count(&inner, depth + 1)?;
        }
    }
    Some(sum)
}
