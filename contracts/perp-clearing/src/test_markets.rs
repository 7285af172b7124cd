//! Opening markets: at once while nobody's money is there, a day later afterwards, and only with parameters that fit.
extern crate std;

use crate::test_world::{market_config, World, X, Y};
use margin_interface::{ClearingChange, ClearingError, GovernanceError, MarketConfig, PriceStatus};
use margin_math::units::USD;
use soroban_sdk::{symbol_short, InvokeError, Symbol};

fn eth() -> Symbol {
    symbol_short!("ETH_USD")
}

fn needs_timelock(world: &World) -> bool {
    let refused = world.clearing.try_open_market(&eth(), &market_config(), &X, &Y).err();
    refused == Some(Err(InvokeError::Contract(GovernanceError::NeedsTimelock as u32)))
}

#[test]
fn a_market_opens_at_once_only_while_nobody_has_money_here() {
    let world = World::empty();
    world.clearing.open_market(&world.btc, &market_config(), &X, &Y);
    world.deposit(&world.provider, 100);
    world.clearing.add_liquidity(&world.provider, &USD, &0);
    assert!(needs_timelock(&world), "a dollar of somebody's");

    let change = ClearingChange::Open(eth(), market_config(), X, Y);
    let id = world.clearing.propose(&change);
    world.pass(86_399);
    let early = world.clearing.try_execute(&id).err();
    assert_eq!(early, Some(Err(InvokeError::Contract(GovernanceError::TooEarly as u32))));
    world.pass(1);
    world.clearing.execute(&id);
    assert_eq!(world.clearing.market(&eth()).state.base_reserve, X);
    // Announced or not, its mark lies at a live index when it opens.
    let late = ClearingChange::Open(symbol_short!("X_USD"), market_config(), X, Y);
    let id = world.clearing.propose(&late);
    world.pass(86_400);
    world.index_at(100, PriceStatus::Stale);
    assert_eq!(world.clearing.try_execute(&id).err(), Some(Ok(ClearingError::PriceNotUsable)));
}

#[test]
fn parameters_that_do_not_fit_are_refused() {
    let invalid = Some(Ok(ClearingError::InvalidConfig));
    let fits = market_config();
    let unfit: [fn(&mut MarketConfig); 8] = [
        |c| c.band_bps = c.imr_bps,
        |c| c.mmr_bps = 50 + c.fee_bps + c.impact_bps - 1,
        |c| c.gap_bps = 799,
        |c| (c.mmr_bps, c.gap_bps) = (900, 900),
        |c| c.sigma_bps = c.band_bps + 99,
        |c| c.fee_bps = u32::MAX,
        |c| c.impact_bps = u32::MAX,
        |c| c.band_bps = u32::MAX,
    ];
    for spoil in unfit {
        let mut config = fits.clone();
        spoil(&mut config);
        let world = World::empty();
        let opened = world.clearing.try_open_market(&world.btc, &config, &X, &Y).err();
        assert_eq!(opened, invalid, "{config:?}");
        // Nor does a market become one of those later.
        world.clearing.open_market(&world.btc, &fits, &X, &Y);
        let id = world.clearing.propose(&ClearingChange::Market(world.btc.clone(), config));
        world.pass(86_400);
        assert_eq!(world.clearing.try_execute(&id).err(), invalid);
    }
    let edge = MarketConfig {
        band_bps: fits.imr_bps - 1,
        gap_bps: 800,
        mmr_bps: 50 + fits.fee_bps + fits.impact_bps,
        sigma_bps: fits.imr_bps + 99,
        ..fits
    };
    World::empty().clearing.open_market(&eth(), &edge, &X, &Y);
}
