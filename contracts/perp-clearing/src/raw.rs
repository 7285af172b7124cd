//! Answers of the ledger of which little is needed: decoding all of one costs more code than what is done with it.

use margin_interface::ClearingError;
use soroban_sdk::{panic_with_error, Address, Env, Map, Symbol, TryFromVal, Val, Vec};

/// A structure as it travels.
pub struct Raw {
    env: Env,
    fields: Map<Symbol, Val>,
}

impl Raw {
    /// What a contract answers.
    pub fn ask(env: &Env, contract: &Address, function: &str, args: Vec<Val>) -> Raw {
        Raw { env: env.clone(), fields: env.invoke_contract(contract, &Symbol::new(env, function), args) }
    }

    /// An element of a list.
    pub fn of(env: &Env, fields: Map<Symbol, Val>) -> Raw {
        Raw { env: env.clone(), fields }
    }

    /// One of its fields.
    pub fn get<T: TryFromVal<Env, Val>>(&self, field: &str) -> T {
        let value = self.fields.get(Symbol::new(&self.env, field));
        value
            .and_then(|value| T::try_from_val(&self.env, &value).ok())
            .unwrap_or_else(|| panic_with_error!(&self.env, ClearingError::InvalidConfig))
    }

    /// A structure among its fields.
    pub fn inner(&self, field: &str) -> Raw {
        Raw::of(&self.env, self.get(field))
    }

    /// A list of structures among its fields.
    pub fn each(&self, field: &str) -> impl Iterator<Item = Raw> + '_ {
        self.get::<Vec<Map<Symbol, Val>>>(field).into_iter().map(|fields| Raw::of(&self.env, fields))
    }
}
