//! The SDK writes the same spec for what `offchain_docs` documents as for what nobody documents.

use soroban_sdk::{contracterror, contractevent, contracttype};

mod documented {
    use super::*;
    use offchain_docs::offchain_docs;

    /// A struct.
    ///
    /// Of several lines.
    #[offchain_docs]
    #[contracttype]
    pub struct Record {
        /// A field with "quotes" and \ more.
        pub field: u32,
    }

    #[offchain_docs]
    /// Below the attribute.
    #[contracttype]
    pub enum Union {
        /// A variant.
        Empty,
        #[doc = "Another."]
        Holds(u32),
    }

    /// An enum of numbers.
    #[offchain_docs]
    #[contracttype]
    #[derive(Clone, Copy)]
    #[repr(u32)]
    pub enum Number {
        /// A variant.
        One = 1,
    }

    /// Errors.
    #[offchain_docs]
    #[contracterror]
    #[derive(Clone, Copy)]
    #[repr(u32)]
    pub enum Error {
        /// A variant.
        Wrong = 1,
    }

    /// An event.
    #[offchain_docs]
    #[contractevent]
    pub struct Happened {
        /// A topic.
        #[topic]
        pub to: u32,
        /// Data.
        pub amount: i128,
    }
}

mod undocumented {
    use super::*;

    #[contracttype]
    pub struct Record {
        pub field: u32,
    }

    #[contracttype]
    pub enum Union {
        Empty,
        Holds(u32),
    }

    #[contracttype]
    #[derive(Clone, Copy)]
    #[repr(u32)]
    pub enum Number {
        One = 1,
    }

    #[contracterror]
    #[derive(Clone, Copy)]
    #[repr(u32)]
    pub enum Error {
        Wrong = 1,
    }

    #[contractevent]
    pub struct Happened {
        #[topic]
        pub to: u32,
        pub amount: i128,
    }
}

#[test]
fn documentation_stays_out_of_the_spec() {
    assert_eq!(documented::Record::spec_xdr(), undocumented::Record::spec_xdr());
    assert_eq!(documented::Union::spec_xdr(), undocumented::Union::spec_xdr());
    assert_eq!(documented::Number::spec_xdr(), undocumented::Number::spec_xdr());
    assert_eq!(documented::Error::spec_xdr(), undocumented::Error::spec_xdr());
    assert_eq!(documented::Happened::spec_xdr(), undocumented::Happened::spec_xdr());
}
