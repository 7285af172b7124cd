//! Entry points. What they promise is documented where the traits are, in `margin_interface`.

use margin_interface::{
    Asset, AssetLimits, HaltScope, OracleAdminInterface, OracleError, OracleInterface, PokeOutcome,
    PriceData, PriceSource, Quote, Sep40,
};
use margin_math::oracle::PRICE_DECIMALS;
use soroban_sdk::{contract, contractimpl, panic_with_error, Address, Env, Vec};

use crate::{admin, feed, read, storage};

/// The guarded oracle.
#[contract]
pub struct Oracle;

#[contractimpl]
impl Oracle {
    /// Deploys the oracle.
    ///
    /// # Arguments
    /// * `admin` - lists assets and sources, sets limits, halts and resumes
    /// * `guardian` - may only halt and remove sources
    /// * `base` - denomination of all prices; cannot be listed
    /// * `resolution` - seconds of a tick, at least 1; each asset has at most one accepted price per tick
    ///
    /// # Errors
    /// * [`OracleError::InvalidResolution`] - `resolution` is zero
    pub fn __constructor(env: Env, admin: Address, guardian: Address, base: Asset, resolution: u32) {
        if resolution == 0 {
            panic_with_error!(&env, OracleError::InvalidResolution);
        }
        storage::initialise(&env, &admin, &guardian, &base, resolution);
    }
}

#[contractimpl]
impl Sep40 for Oracle {
    fn base(env: Env) -> Asset {
        match storage::base(&env) {
            Some(base) => base,
            None => panic_with_error!(&env, OracleError::UnknownAsset),
        }
    }

    fn assets(env: Env) -> Vec<Asset> {
        storage::assets(&env)
    }

    fn decimals(_env: Env) -> u32 {
        PRICE_DECIMALS
    }

    fn resolution(env: Env) -> u32 {
        storage::resolution(&env)
    }

    fn price(env: Env, asset: Asset, timestamp: u64) -> Option<PriceData> {
        read::price_at(&env, &asset, timestamp)
    }

    fn prices(env: Env, asset: Asset, records: u32) -> Option<Vec<PriceData>> {
        read::prices(&env, &asset, records)
    }

    fn lastprice(env: Env, asset: Asset) -> Option<PriceData> {
        read::last_price(&env, &asset)
    }
}

#[contractimpl]
impl OracleInterface for Oracle {
    fn quote(env: Env, asset: Asset) -> Quote {
        read::quote(&env, &asset, storage::halted(&env))
    }

    fn quotes(env: Env, assets: Vec<Asset>) -> Vec<Quote> {
        let all_halted = storage::halted(&env);
        let mut quotes = Vec::new(&env);
        for asset in assets {
            quotes.push_back(read::quote(&env, &asset, all_halted));
        }
        quotes
    }

    fn twap(env: Env, asset: Asset, window: u64) -> Option<i128> {
        read::twap(&env, &asset, window)
    }

    fn last_timestamp(env: Env) -> u64 {
        read::last_timestamp(&env)
    }

    fn get_price(env: Env, asset: Address) -> Result<i128, OracleError> {
        read::live_price(&env, &Asset::Stellar(asset))
    }

    fn poke(env: Env, assets: Vec<Asset>) -> Vec<PokeOutcome> {
        let mut outcomes = Vec::new(&env);
        for asset in assets {
            outcomes.push_back(feed::poke(&env, &asset));
        }
        storage::extend_instance(&env);
        outcomes
    }

    fn extend_ttl(env: Env, assets: Vec<Asset>) {
        storage::extend_instance(&env);
        storage::extend_assets(&env);
        for asset in assets {
            storage::extend_asset(&env, &asset);
        }
    }
}

#[contractimpl]
impl OracleAdminInterface for Oracle {
    fn add_asset(env: Env, asset: Asset, limits: AssetLimits) -> Result<(), OracleError> {
        admin::require_admin(&env)?;
        admin::add_asset(&env, asset, limits)
    }

    fn set_limits(env: Env, asset: Asset, limits: AssetLimits) -> Result<(), OracleError> {
        admin::require_admin(&env)?;
        admin::set_limits(&env, asset, limits)
    }

    fn add_price_feed(env: Env, asset: Asset, source: PriceSource) -> Result<(), OracleError> {
        admin::require_admin(&env)?;
        admin::add_price_feed(&env, asset, source)
    }

    fn remove_price_feed(env: Env, by: Address, asset: Asset, contract: Address) -> Result<(), OracleError> {
        admin::require_guard(&env, &by)?;
        admin::remove_price_feed(&env, by, asset, contract)
    }

    fn halt(env: Env, by: Address, scope: HaltScope) -> Result<(), OracleError> {
        admin::require_guard(&env, &by)?;
        admin::halt(&env, by, scope)
    }

    fn resume(env: Env, scope: HaltScope) -> Result<(), OracleError> {
        admin::require_admin(&env)?;
        admin::resume(&env, scope)
    }

    fn limits(env: Env, asset: Asset) -> Option<AssetLimits> {
        storage::config(&env, &asset).map(|config| config.limits)
    }

    fn price_feeds(env: Env, asset: Asset) -> Vec<PriceSource> {
        let mut sources = Vec::new(&env);
        for feed in storage::config(&env, &asset).into_iter().flat_map(|config| config.feeds.into_iter()) {
            sources.push_back(feed.source);
        }
        sources
    }

    fn admin(env: Env) -> Option<Address> {
        storage::admin(&env)
    }

    fn guardian(env: Env) -> Option<Address> {
        storage::guardian(&env)
    }
}
