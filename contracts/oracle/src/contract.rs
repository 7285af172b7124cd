//! Entry points. What they promise is documented where the traits are, in `margin_interface`.

use governance::Delay;
use margin_interface::{
    Asset, AssetClass, AssetLimits, HaltScope, OracleAdminInterface, OracleChange, OracleError,
    OracleInterface, OraclePublisherInterface, PokeOutcome, PriceData, PriceSource, PublisherSignature,
    Publishers, Quote, Report, Sep40,
};
use margin_math::oracle::PRICE_DECIMALS;
use soroban_sdk::{contract, contractimpl, Address, BytesN, Env, FromVal, IntoVal, Val, Vec};

use crate::checked::{require, some};
use crate::{admin, feed, publish, read, storage};

/// The guarded oracle.
#[contract]
pub struct Oracle;

#[contractimpl]
impl Oracle {
    // Deploys the oracle.
    //
    // # Arguments
    // * `admin` - lists assets and sources; what loosens later is announced and waits
    // * `guardian` - may only halt, remove sources and publishers, and cancel what is announced
    // * `base` - denomination of all prices; cannot be listed
    // * `resolution` - seconds of a tick, at least 1; each asset has at most one accepted price per tick
    //
    // # Errors
    // * [`OracleError::InvalidResolution`] - `resolution` is zero
    pub fn __constructor(env: Env, admin: Address, guardian: Address, base: Asset, resolution: u32) {
        require(&env, resolution > 0, OracleError::InvalidResolution);
        governance::initialise(&env, admin, guardian);
        storage::initialise(&env, &base, resolution);
    }
}

#[contractimpl]
impl Sep40 for Oracle {
    fn base(env: Env) -> Asset {
        storage::asset(&env, some(&env, storage::base(&env), OracleError::UnknownAsset))
    }

    fn assets(env: Env) -> Vec<Asset> {
        Vec::from_val(&env, storage::assets(&env).as_val())
    }

    fn decimals(_env: Env) -> u32 {
        PRICE_DECIMALS
    }

    fn resolution(env: Env) -> u32 {
        storage::resolution(&env)
    }

    fn price(env: Env, asset: Asset, timestamp: u64) -> Option<PriceData> {
        read::price_at(&env, asset.into_val(&env), timestamp)
    }

    fn prices(env: Env, asset: Asset, records: u32) -> Option<Vec<PriceData>> {
        read::prices(&env, asset.into_val(&env), records)
    }

    fn lastprice(env: Env, asset: Asset) -> Option<PriceData> {
        read::last_price(&env, asset.into_val(&env))
    }
}

#[contractimpl]
impl OracleInterface for Oracle {
    fn quote(env: Env, asset: Asset) -> Quote {
        read::quote(&env, asset.into_val(&env), storage::halted(&env))
    }

    fn quotes(env: Env, assets: Vec<Asset>) -> Vec<Quote> {
        let all_halted = storage::halted(&env);
        let mut quotes = Vec::from_array(&env, []);
        for name in undecoded(&env, &assets) {
            quotes.push_back(read::quote(&env, name, all_halted));
        }
        quotes
    }

    fn twap(env: Env, asset: Asset, window: u64) -> Option<i128> {
        read::twap(&env, asset.into_val(&env), window)
    }

    fn last_timestamp(env: Env) -> u64 {
        read::last_timestamp(&env)
    }

    fn get_price(env: Env, asset: Address) -> Result<i128, OracleError> {
        Ok(read::live_price(&env, Asset::Stellar(asset).into_val(&env)))
    }

    fn poke(env: Env, assets: Vec<Asset>) -> Vec<PokeOutcome> {
        let mut outcomes = Vec::from_array(&env, []);
        for name in undecoded(&env, &assets) {
            outcomes.push_back(feed::poke(&env, name));
        }
        storage::extend_instance(&env);
        outcomes
    }

    fn extend_ttl(env: Env, assets: Vec<Asset>) {
        storage::extend_shared(&env);
        for asset in undecoded(&env, &assets) {
            storage::extend_asset(&env, asset);
        }
    }
}

#[contractimpl]
impl OraclePublisherInterface for Oracle {
    fn submit(env: Env, report: Report, signatures: Vec<PublisherSignature>) -> Result<bool, OracleError> {
        Ok(publish::submit(&env, &report, &signatures))
    }

    fn revoke_publisher(env: Env, key: BytesN<32>, signature: BytesN<64>) -> Result<(), OracleError> {
        publish::revoke(&env, key, &signature);
        Ok(())
    }

    fn publishers(env: Env) -> Publishers {
        storage::publishers(&env)
    }
}

#[contractimpl]
impl OracleAdminInterface for Oracle {
    fn add_asset(
        env: Env,
        asset: Asset,
        class: AssetClass,
        limits: AssetLimits,
        initial_hint: i128,
    ) -> Result<(), OracleError> {
        governance::require_admin(&env);
        admin::add_asset(&env, asset, class, limits, initial_hint);
        Ok(())
    }

    fn add_alias(env: Env, alias: Asset, asset: Asset) -> Result<(), OracleError> {
        governance::require_admin(&env);
        admin::add_alias(&env, alias, &asset);
        Ok(())
    }

    fn set_limits(env: Env, asset: Asset, limits: AssetLimits) -> Result<(), OracleError> {
        governance::require_admin(&env);
        admin::set_limits(&env, &asset, limits, false);
        Ok(())
    }

    fn add_price_feed(env: Env, asset: Asset, source: PriceSource) -> Result<(), OracleError> {
        governance::require_admin(&env);
        admin::add_price_feed(&env, &asset, source, false);
        Ok(())
    }

    fn remove_price_feed(env: Env, by: Address, asset: Asset, contract: Address) -> Result<(), OracleError> {
        governance::require_governor(&env, &by);
        admin::remove_price_feed(&env, by, &asset, contract);
        Ok(())
    }

    fn halt(env: Env, by: Address, scope: HaltScope) -> Result<(), OracleError> {
        governance::require_governor(&env, &by);
        admin::halt(&env, by, scope);
        Ok(())
    }

    fn add_publisher(env: Env, key: BytesN<32>) -> Result<(), OracleError> {
        governance::require_admin(&env);
        publish::add(&env, key, false);
        Ok(())
    }

    fn remove_publisher(env: Env, by: Address, key: BytesN<32>) -> Result<(), OracleError> {
        governance::require_governor(&env, &by);
        publish::remove(&env, &key);
        Ok(())
    }

    fn set_quorum(env: Env, quorum: u32) -> Result<(), OracleError> {
        governance::require_admin(&env);
        publish::set_quorum(&env, quorum, false);
        Ok(())
    }

    fn propose(env: Env, change: OracleChange) -> BytesN<32> {
        let delay = match change {
            OracleChange::Upgrade(..) => Delay::Code,
            OracleChange::Source(..) | OracleChange::Publisher(_) => Delay::Venue,
            _ => Delay::Risk,
        };
        governance::propose(&env, change, delay)
    }

    fn execute(env: Env, id: BytesN<32>) -> Result<(), OracleError> {
        match governance::take(&env, &id) {
            OracleChange::Limits(asset, limits) => admin::set_limits(&env, &asset, limits, true),
            OracleChange::Source(asset, source) => admin::add_price_feed(&env, &asset, source, true),
            OracleChange::Publisher(key) => publish::add(&env, key, true),
            OracleChange::Quorum(quorum) => publish::set_quorum(&env, quorum, true),
            OracleChange::ReAnchor(asset, hint) => admin::re_anchor(&env, &asset, hint),
            OracleChange::Resume(scope) => admin::resume(&env, scope),
            OracleChange::Upgrade(wasm, version) => {
                governance::upgrade(&env, wasm, version);
            }
        }
        Ok(())
    }

    fn limits(env: Env, asset: Asset) -> Option<AssetLimits> {
        admin::limits(&env, &asset)
    }

    fn price_feeds(env: Env, asset: Asset) -> Vec<PriceSource> {
        admin::price_feeds(&env, &asset)
    }
}

governance::governed!(Oracle);

/// Names as they came: nothing asks what they are, each is a part of a key.
fn undecoded(env: &Env, assets: &Vec<Asset>) -> Vec<Val> {
    Vec::from_val(env, assets.as_val())
}
