//! What a built contract says of itself: its functions, and arguments that it can decode.

use crate::wasm;
use soroban_sdk::xdr::{
    Int128Parts, Limited, Limits, ReadXdr, ScBytes, ScMap, ScMapEntry, ScSpecEntry, ScSpecFunctionV0,
    ScSpecTypeDef, ScSpecUdtUnionCaseV0, ScString, ScSymbol, ScVal, ScVec, UInt128Parts,
};
use soroban_sdk::{Address, Env, TryFromVal, Val, Vec as HostVec};
use std::io::Cursor;

/// The spec of a contract.
pub struct Spec {
    entries: Vec<ScSpecEntry>,
}

impl Spec {
    /// Of the built crate `name`, such as `margin-ledger`.
    pub fn of(name: &str) -> Self {
        let section = wasm::custom_section(&wasm::read(name), "contractspecv0").expect("a contract spec");
        let mut reader = Limited::new(Cursor::new(section), Limits::none());
        let entries = ScSpecEntry::read_xdr_iter(&mut reader).map(|entry| entry.expect("a spec entry"));
        Self { entries: entries.collect() }
    }

    /// What it exports, the host's own entry points aside.
    pub fn functions(&self) -> impl Iterator<Item = &ScSpecFunctionV0> {
        self.entries.iter().filter_map(|entry| match entry {
            ScSpecEntry::FunctionV0(function) if !function.name.0.starts_with(b"__") => Some(function),
            _ => None,
        })
    }

    /// Arguments of the right types for a function: small numbers, and `who` for every address.
    pub fn arguments(&self, env: &Env, function: &ScSpecFunctionV0, who: &Address) -> HostVec<Val> {
        self.arguments_with(env, function, who, |_| None)
    }

    /// [`Self::arguments`], those that are known by their name aside.
    pub fn arguments_with(
        &self,
        env: &Env,
        function: &ScSpecFunctionV0,
        who: &Address,
        known: impl Fn(&str) -> Option<Val>,
    ) -> HostVec<Val> {
        let mut arguments = HostVec::new(env);
        for input in function.inputs.iter() {
            let value = known(&input.name.to_utf8_string_lossy()).unwrap_or_else(|| {
                Val::try_from_val(env, &self.sample(&input.type_, who)).expect("a value of the host")
            });
            arguments.push_back(value);
        }
        arguments
    }

    fn sample(&self, of: &ScSpecTypeDef, who: &Address) -> ScVal {
        match of {
            ScSpecTypeDef::Bool => ScVal::Bool(true),
            ScSpecTypeDef::U32 | ScSpecTypeDef::Val => ScVal::U32(1),
            ScSpecTypeDef::I32 => ScVal::I32(1),
            ScSpecTypeDef::U64 => ScVal::U64(1),
            ScSpecTypeDef::I64 => ScVal::I64(1),
            ScSpecTypeDef::I128 => ScVal::I128(Int128Parts { hi: 0, lo: 1 }),
            ScSpecTypeDef::U128 => ScVal::U128(UInt128Parts { hi: 0, lo: 1 }),
            ScSpecTypeDef::Address => ScVal::Address(who.clone().into()),
            ScSpecTypeDef::Symbol => symbol(b"borrow"),
            ScSpecTypeDef::String => ScVal::String(ScString(b"text".to_vec().try_into().expect("short"))),
            ScSpecTypeDef::Bytes => bytes(32),
            ScSpecTypeDef::BytesN(length) => bytes(length.n as usize),
            ScSpecTypeDef::Option(inner) => self.sample(&inner.value_type, who),
            ScSpecTypeDef::Vec(inner) => list(vec![self.sample(&inner.element_type, who)]),
            ScSpecTypeDef::Map(inner) => {
                map(vec![(self.sample(&inner.key_type, who), self.sample(&inner.value_type, who))])
            }
            ScSpecTypeDef::Tuple(inner) => {
                list(inner.value_types.iter().map(|part| self.sample(part, who)).collect())
            }
            ScSpecTypeDef::Udt(udt) => self.sample_of(udt.name.as_slice(), who),
            other => panic!("no sample of {other:?}"),
        }
    }

    /// Of a declared type: the first case of a choice.
    fn sample_of(&self, name: &[u8], who: &Address) -> ScVal {
        let found = self.entries.iter().find_map(|entry| match entry {
            ScSpecEntry::UdtStructV0(of) if of.name.as_slice() == name => {
                let named = of.fields.iter().any(|field| field.name.as_slice() != b"0");
                let fields =
                    of.fields.iter().map(|field| (symbol(&field.name), self.sample(&field.type_, who)));
                Some(match named {
                    true => map(fields.collect()),
                    false => list(fields.map(|(_, value)| value).collect()),
                })
            }
            ScSpecEntry::UdtUnionV0(of) if of.name.as_slice() == name => Some(match of.cases.first()? {
                ScSpecUdtUnionCaseV0::VoidV0(case) => list(vec![symbol(&case.name)]),
                ScSpecUdtUnionCaseV0::TupleV0(case) => {
                    let parts = case.type_.iter().map(|part| self.sample(part, who));
                    list([symbol(&case.name)].into_iter().chain(parts).collect())
                }
            }),
            ScSpecEntry::UdtEnumV0(of) if of.name.as_slice() == name => {
                Some(ScVal::U32(of.cases.first()?.value))
            }
            _ => None,
        });
        found.unwrap_or_else(|| panic!("{} is not declared", String::from_utf8_lossy(name)))
    }
}

fn symbol(name: &[u8]) -> ScVal {
    ScVal::Symbol(ScSymbol(name.to_vec().try_into().expect("a short name")))
}

fn bytes(length: usize) -> ScVal {
    ScVal::Bytes(ScBytes(vec![7; length].try_into().expect("a short value")))
}

fn list(values: Vec<ScVal>) -> ScVal {
    ScVal::Vec(Some(ScVec(values.try_into().expect("few values"))))
}

fn map(fields: Vec<(ScVal, ScVal)>) -> ScVal {
    let entries: Vec<_> = fields.into_iter().map(|(key, val)| ScMapEntry { key, val }).collect();
    ScVal::Map(Some(ScMap(entries.try_into().expect("few fields"))))
}
