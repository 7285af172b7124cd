//! A settable SEP-40 feed for tests and the demo. A test double: anyone may set anything.
#![no_std]

use margin_interface::{Asset, PriceData, Sep40};
use soroban_sdk::{
    contract, contracterror, contractimpl, contracttype, panic_with_error, symbol_short, vec, Env, Vec,
};

/// How the source misbehaves.
#[contracttype]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum Fault {
    /// It does not.
    None = 0,
    /// `lastprice` traps.
    Trap = 1,
    /// `lastprice` knows nothing.
    NoPrice = 2,
}

/// Errors of the source.
#[contracterror]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u32)]
pub enum SourceError {
    /// The fault that was asked for.
    Faulty = 1,
}

#[contracttype]
enum Key {
    Assets,
    Decimals,
    Fault,
    Last(Asset),
    Resolution,
}

/// The source.
#[contract]
pub struct PriceSource;

#[contractimpl]
impl PriceSource {
    /// Deploys a source without prices.
    pub fn __constructor(env: Env, decimals: u32, resolution: u32) {
        env.storage().instance().set(&Key::Decimals, &decimals);
        env.storage().instance().set(&Key::Resolution, &resolution);
    }

    /// Sets the latest record of `asset`, exactly as given.
    pub fn set(env: Env, asset: Asset, price: i128, timestamp: u64) {
        let mut assets = Self::assets(env.clone());
        if !assets.contains(&asset) {
            assets.push_back(asset.clone());
            env.storage().persistent().set(&Key::Assets, &assets);
        }
        env.storage().persistent().set(&Key::Last(asset), &PriceData { price, timestamp });
    }

    /// Sets the decimals; recorded prices keep their digits.
    pub fn set_decimals(env: Env, decimals: u32) {
        env.storage().instance().set(&Key::Decimals, &decimals);
    }

    /// Sets how the source misbehaves from now on.
    pub fn set_fault(env: Env, fault: Fault) {
        env.storage().instance().set(&Key::Fault, &fault);
    }
}

#[contractimpl]
impl Sep40 for PriceSource {
    fn base(_env: Env) -> Asset {
        Asset::Other(symbol_short!("USD"))
    }

    fn assets(env: Env) -> Vec<Asset> {
        env.storage().persistent().get(&Key::Assets).unwrap_or_else(|| Vec::new(&env))
    }

    fn decimals(env: Env) -> u32 {
        env.storage().instance().get(&Key::Decimals).unwrap_or(0)
    }

    fn resolution(env: Env) -> u32 {
        env.storage().instance().get(&Key::Resolution).unwrap_or(0)
    }

    fn price(env: Env, asset: Asset, timestamp: u64) -> Option<PriceData> {
        Self::lastprice(env, asset).filter(|last| last.timestamp == timestamp)
    }

    fn prices(env: Env, asset: Asset, records: u32) -> Option<Vec<PriceData>> {
        let last = Self::lastprice(env.clone(), asset).filter(|_| records > 0)?;
        Some(vec![&env, last])
    }

    fn lastprice(env: Env, asset: Asset) -> Option<PriceData> {
        match env.storage().instance().get(&Key::Fault).unwrap_or(Fault::None) {
            Fault::None => env.storage().persistent().get(&Key::Last(asset)),
            Fault::Trap => panic_with_error!(&env, SourceError::Faulty),
            Fault::NoPrice => None,
        }
    }
}
