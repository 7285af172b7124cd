//! What a transaction asks of the clearing-house.

use crate::auth::Invocation;
use crate::world::World;
use margin_interface::{ClearingChange, ConditionalOrder, MarketStage, MatchedFill};
use soroban_sdk::xdr::ToXdr;
use soroban_sdk::{Address, BytesN, Env, Symbol, TryFromVal, Val, Vec as HostVec};

/// How much is traded.
#[derive(Clone, Debug)]
pub enum Size {
    /// So much.
    Base(i128),
    /// What a margin buys or sells at a leverage.
    Margin(bool, i128, u32),
    /// All of it, to the other side.
    Close,
    /// So much, but at most all that is held.
    Reduce(i128),
}

/// What the model follows.
#[derive(Clone, Debug)]
pub enum Deed {
    /// A trade of an account, and who is paid for executing it.
    Trade(Address, Symbol, Size, Option<Address>),
    /// Fills of several accounts against each other.
    Match(Vec<MatchedFill>),
    /// The funding of a position is settled.
    Settle(Address, Symbol),
    /// The funding rate of a market is measured.
    Rate(Symbol),
    /// A position is taken over: by whom, of whom, at most how much.
    TakeOver(Address, Address, Symbol, i128),
    /// Somebody enters the pool.
    Enter(Address, i128),
    /// Shares leave the pool.
    Leave(Address, i128),
    /// Somebody gives to insurance.
    Insure(Address, i128),
    /// Somebody collects what is set aside.
    Claim(Address),
    /// A curve moves toward its index.
    Repeg(Symbol),
    /// A market stops: frozen, or wound down.
    Stop(Symbol, MarketStage),
    /// A position of a market that was wound down is settled.
    End(Address, Symbol),
}

/// The arguments of a call, one after the other.
struct Args<'a>(&'a Env, &'a HostVec<Val>, u32);

impl Args<'_> {
    fn next<T: TryFromVal<Env, Val>>(&mut self) -> Option<T> {
        let value = self.1.get(self.2)?;
        self.2 += 1;
        T::try_from_val(self.0, &value).ok()
    }
}

impl Deed {
    /// What `call` asks for; nothing if the model does not follow that.
    pub fn of(world: &World, call: &Invocation) -> Option<Deed> {
        if call.contract != world.contracts().clearing {
            return None;
        }
        let mut args = Args(&world.env, &call.args, 0);
        let deed = match call.function.as_str() {
            "open_position" | "increase_position" => {
                let (who, market) = (args.next()?, args.next()?);
                Deed::Trade(who, market, Size::Margin(args.next()?, args.next()?, args.next()?), None)
            }
            "trade" => Deed::Trade(args.next()?, args.next()?, Size::Base(args.next()?), None),
            "close_position" => Deed::Trade(args.next()?, args.next()?, Size::Close, None),
            "execute_order" => {
                let (executor, order): (Address, ConditionalOrder) = (args.next()?, args.next()?);
                let ConditionalOrder { account, market, size_delta, reduce_only, .. } = order;
                let size = if reduce_only { Size::Reduce(size_delta) } else { Size::Base(size_delta) };
                Deed::Trade(account, market, size, Some(executor))
            }
            "settle_match" => {
                let (_, fills): (Address, HostVec<MatchedFill>) = (args.next()?, args.next()?);
                Deed::Match(fills.iter().collect())
            }
            "settle_funding" => Deed::Settle(args.next()?, args.next()?),
            "update_funding_rate" => Deed::Rate(args.next()?),
            "liquidate" => Deed::TakeOver(args.next()?, args.next()?, args.next()?, args.next()?),
            "add_liquidity" => Deed::Enter(args.next()?, args.next()?),
            "remove_liquidity" => Deed::Leave(args.next()?, args.next()?),
            "fund_insurance" => Deed::Insure(args.next()?, args.next()?),
            "claim_pending" => Deed::Claim(args.next()?),
            "repeg" => Deed::Repeg(args.next()?),
            "set_market_state" => {
                let (_, market, stage): (Address, _, _) = (args.next()?, args.next()?, args.next()?);
                (stage == MarketStage::Frozen).then_some(Deed::Stop(market, stage))?
            }
            "execute" => wind_down(world, &args.next()?)?,
            "settle_position" => Deed::End(args.next()?, args.next()?),
            _ => return None,
        };
        Some(deed)
    }

    /// The accounts whose money it moves.
    pub fn accounts(&self) -> Vec<Address> {
        match self {
            Deed::Trade(who, ..)
            | Deed::Settle(who, _)
            | Deed::Enter(who, _)
            | Deed::Leave(who, _)
            | Deed::Insure(who, _)
            | Deed::Claim(who)
            | Deed::End(who, _) => vec![who.clone()],
            Deed::Match(fills) => fills.iter().map(|fill| fill.order.account.clone()).collect(),
            Deed::TakeOver(by, who, ..) => vec![who.clone(), by.clone()],
            Deed::Rate(_) | Deed::Repeg(_) | Deed::Stop(..) => Vec::new(),
        }
    }
}

/// What was announced under `id`, if it is the end of a market: the id is the hash of the change.
fn wind_down(world: &World, id: &BytesN<32>) -> Option<Deed> {
    let (env, stage) = (&world.env, MarketStage::WindDown);
    let is_its_end = |market: &Symbol| {
        let change = ClearingChange::Stage(market.clone(), stage);
        env.crypto().sha256(&change.to_xdr(env)).to_bytes() == *id
    };
    world.ledger().markets().iter().find(is_its_end).map(|market| Deed::Stop(market, stage))
}
