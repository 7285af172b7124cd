//! Lists and maps by the few host functions that every contract imports anyway: whoever enters a contract pays for each
//! import of its code, used or not. For the same reason events are told with every field (`sparse = false`), as every other
//! struct is.

use core::ops::Range;
use soroban_sdk::{Env, EnvBase, FromVal, IntoVal, Map, TryFromVal, Val, Vec};

/// An empty list.
pub fn list<T: IntoVal<Env, Val> + TryFromVal<Env, Val>>(env: &Env) -> Vec<T> {
    Vec::from_array(env, [])
}

/// An empty map.
pub fn map<K, V>(env: &Env) -> Map<K, V>
where
    K: IntoVal<Env, Val> + TryFromVal<Env, Val>,
    V: IntoVal<Env, Val> + TryFromVal<Env, Val>,
{
    let Ok(empty) = env.map_new_from_slices(&[], &[]);
    let Ok(map) = Map::try_from_val(env, &empty);
    map
}

/// Whether `item` is one of `list`.
pub fn contains<T>(list: &Vec<T>, item: &T) -> bool
where
    T: IntoVal<Env, Val> + TryFromVal<Env, Val> + Clone + PartialEq,
{
    list.iter().any(|other| other == *item)
}

/// Appends what is at `places` of `list`.
pub fn append<T>(to: &mut Vec<T>, list: &Vec<T>, places: Range<u32>)
where
    T: IntoVal<Env, Val> + TryFromVal<Env, Val>,
{
    let env = to.env().clone();
    let (mut all, items) = (to.to_vals(), list.to_vals());
    for place in places {
        all.push_back(items.get_unchecked(place));
    }
    *to = Vec::from_val(&env, &all.to_val());
}
