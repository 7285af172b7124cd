//! Lists and maps by the few host functions that every contract imports anyway: whoever enters a contract pays for each
//! import of its code, used or not. For the same reason events are told with every field (`sparse = false`), as every other
//! struct is.

use core::ops::Range;
use soroban_sdk::{Env, EnvBase, FromVal, IntoVal, Map, TryFromVal, Val, Vec};

/// An empty list.
pub fn list<T: IntoVal<Env, Val> + TryFromVal<Env, Val>>(env: &Env) -> Vec<T> {
    Vec::from_val(env, &no_items(env))
}

#[inline(never)] // for size, as the others
fn no_items(env: &Env) -> Val {
    let Ok(list) = env.vec_new_from_slice(&[]);
    list.to_val()
}

/// An empty map.
pub fn map<K, V>(env: &Env) -> Map<K, V>
where
    K: IntoVal<Env, Val> + TryFromVal<Env, Val>,
    V: IntoVal<Env, Val> + TryFromVal<Env, Val>,
{
    Map::from_val(env, &no_fields(env))
}

#[inline(never)]
fn no_fields(env: &Env) -> Val {
    let Ok(map) = env.map_new_from_slices(&[], &[]);
    map.to_val()
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
    let all = joined(to.to_vals(), &list.to_vals(), places);
    *to = Vec::from_val(all.env(), all.as_val());
}

#[inline(never)]
fn joined(mut all: Vec<Val>, items: &Vec<Val>, places: Range<u32>) -> Vec<Val> {
    for place in places {
        all.push_back(items.get_unchecked(place));
    }
    all
}
