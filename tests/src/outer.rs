//! A contract of somebody else's making that makes several calls in one transaction.

use crate::auth::Invocation;
use crate::tx::Tx;
use crate::world::World;
use soroban_sdk::{contract, contractimpl, vec, Address, Env, Error, IntoVal, Symbol, Val, Vec};

/// The contract.
#[contract]
pub struct Outer;

#[contractimpl]
impl Outer {
    /// Makes every call; a failure ends all of them.
    pub fn all(env: Env, calls: Vec<(Address, Symbol, Vec<Val>)>) {
        for (contract, function, args) in calls.iter() {
            env.invoke_contract::<Val>(&contract, &function, args);
        }
    }

    /// Makes every call and survives the failures: which of them succeeded.
    pub fn each(env: Env, calls: Vec<(Address, Symbol, Vec<Val>)>) -> Vec<bool> {
        let mut done = vec![&env];
        for (contract, function, args) in calls.iter() {
            done.push_back(matches!(
                env.try_invoke_contract::<Val, Error>(&contract, &function, args),
                Ok(Ok(_))
            ));
        }
        done
    }
}

fn bundle<T>(world: &World, function: &str, calls: &[Invocation]) -> Tx<T>
where
    T: soroban_sdk::TryFromVal<Env, Val>,
{
    let env = &world.env;
    let outer = env.register(Outer, ());
    let mut list = vec![env];
    for call in calls {
        list.push_back((call.contract.clone(), call.symbol(env), call.args.clone()));
    }
    Tx::new(world, Invocation::new(&outer, function, (list,).into_val(env)))
}

/// One transaction of all `calls`; whoever consents does so call by call.
pub fn all(world: &World, calls: &[Invocation]) -> Tx<()> {
    bundle(world, "all", calls)
}

/// One transaction of all `calls`, each of which may fail.
pub fn each(world: &World, calls: &[Invocation]) -> Tx<Vec<bool>> {
    bundle(world, "each", calls)
}
