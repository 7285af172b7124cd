//! Which operations of the venues an account may be asked to authorise, by their authorised arguments.
//!
//! The one table that smart accounts classify by. It has no environment, so that a test can compare it with the venues'
//! built specs: a venue function whose arguments change without this table is refused by every account.

/// The contracts whose functions an account may authorise.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Venue {
    /// The vault.
    Vault,
    /// The clearing-house.
    PerpClearing,
}

/// Type of an authorised argument.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ArgumentType {
    /// `Vec<Action>`: the requests of a batch.
    Actions,
    /// An account or a token.
    Address,
    /// Accounts or tokens.
    Addresses,
    /// Token amounts.
    Amounts,
    /// A switch.
    Bool,
    /// `Vec<ClearingRequest>`: the requests of a batch.
    ClearingRequests,
    /// A token amount, a size or a price.
    I128,
    /// `ConditionalOrder`.
    Order,
    /// `Receive`: how a liquidator is paid.
    Receive,
    /// A perpetual market.
    Symbol,
    /// A leverage.
    U32,
    /// A deadline or a nonce.
    U64,
    /// `Vec<u64>`: nonces.
    U64s,
}

impl ArgumentType {
    /// Its name in a contract spec.
    pub const fn spec_name(self) -> &'static str {
        match self {
            ArgumentType::Actions => "Vec<Action>",
            ArgumentType::Address => "Address",
            ArgumentType::Addresses => "Vec<Address>",
            ArgumentType::Amounts => "Vec<I128>",
            ArgumentType::Bool => "Bool",
            ArgumentType::ClearingRequests => "Vec<ClearingRequest>",
            ArgumentType::I128 => "I128",
            ArgumentType::Order => "ConditionalOrder",
            ArgumentType::Receive => "Receive",
            ArgumentType::Symbol => "Symbol",
            ArgumentType::U32 => "U32",
            ArgumentType::U64 => "U64",
            ArgumentType::U64s => "Vec<U64>",
        }
    }
}

/// One authorised argument, as the venue declares it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Argument {
    /// Its name in the spec.
    pub name: &'static str,
    /// Its type.
    pub kind: ArgumentType,
    /// Whether the operation makes sense only with a value above zero. A negative amount would credit the account
    /// in a preview.
    pub positive: bool,
}

/// What an operation does to the risk of the account that authorises it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// More risk: previewed against the account's limits.
    Increasing,
    /// Never more risk. For the policy it is worth nothing, because a signed context need not be executed.
    Reducing,
    /// Value leaves for somebody else, or a position arrives whose size nobody knows yet.
    Transfer,
}

/// How the policy sizes an operation. Positions of the arguments are those of the table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// Nothing to preview, nothing to value.
    Nothing,
    /// Takes over some of a position in `market` (2): risk that nothing can preview or value.
    TakeOver,
    /// Pays `amount` (3) of `asset` (2) into the vault from the wallet, by a transfer in the same tree.
    PayIn,
    /// Moves `amount` (2) of `asset` (1) between a deposit and a debt.
    Net,
    /// Withdraws `amount` (2) of `asset` (1).
    Withdraw,
    /// Borrows `amount` (2) of `asset` (1).
    Borrow,
    /// Borrows each of the amounts (2) of the assets (1).
    BorrowEach,
    /// Opens: `market` (1), `is_long` (2), `margin` (3), `leverage` (4). The margin comes from the wallet.
    Open,
    /// Trades `size_delta` (2) in `market` (1) at `limit_price` (3), unless `reduce_only` (4), which makes it reducing.
    Trade,
    /// Closes in `market` (1).
    Close,
    /// Moves `amount` (1) of settlement deposit out of the account.
    MoveSettlement,
    /// The requests (2) of a batch for `account` (1); another account than the sender makes it a [`Kind::Transfer`].
    Batch,
    /// Consents to an order: the authorised argument is the order alone, and the account that authorises is its `signer`.
    Order,
    /// [`Effect::Order`], of one that the venue keeps: nobody is asked again when it is filled.
    Rest,
}

/// A function of a venue that takes an account's authority.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Operation {
    /// Whose function.
    pub venue: Venue,
    /// Its name.
    pub function: &'static str,
    /// All authorised arguments, in order. The first is the account that authorises, or an order whose signer it is,
    /// without exception: a signature whose payload does not name the account is then worth nothing to a sibling account
    /// with the same key.
    pub arguments: &'static [Argument],
    /// Argument that receives the benefit; anybody but the account makes the operation a [`Kind::Transfer`] as well.
    pub beneficiary: Option<u32>,
    /// What it does to the account's risk.
    pub kind: Kind,
    /// How it is sized.
    pub effect: Effect,
}

const fn address(name: &'static str) -> Argument {
    Argument { name, kind: ArgumentType::Address, positive: false }
}

const fn amount(name: &'static str) -> Argument {
    Argument { name, kind: ArgumentType::I128, positive: true }
}

const fn bound(name: &'static str) -> Argument {
    Argument { name, kind: ArgumentType::I128, positive: false }
}

const fn typed(name: &'static str, kind: ArgumentType) -> Argument {
    Argument { name, kind, positive: false }
}

const MARKET: Argument = typed("market", ArgumentType::Symbol);
const DEADLINE: Argument = typed("deadline", ArgumentType::U64);

/// Every operation of the venues that an account may authorise. What is not here is refused.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        venue: Venue::Vault,
        function: "deposit",
        arguments: &[address("from"), address("account"), address("asset"), amount("amount")],
        beneficiary: Some(1),
        kind: Kind::Reducing,
        effect: Effect::PayIn,
    },
    Operation {
        venue: Venue::Vault,
        function: "withdraw",
        arguments: &[address("account"), address("asset"), amount("amount"), address("to")],
        beneficiary: Some(3),
        kind: Kind::Increasing,
        effect: Effect::Withdraw,
    },
    Operation {
        venue: Venue::Vault,
        function: "borrow",
        arguments: &[address("borrower"), address("asset"), amount("amount")],
        beneficiary: None,
        kind: Kind::Increasing,
        effect: Effect::Borrow,
    },
    Operation {
        venue: Venue::Vault,
        function: "repay",
        arguments: &[address("from"), address("account"), address("asset"), amount("amount")],
        beneficiary: Some(1),
        kind: Kind::Reducing,
        effect: Effect::PayIn,
    },
    Operation {
        venue: Venue::Vault,
        function: "repay_with_collateral",
        arguments: &[address("account"), address("asset"), amount("amount")],
        beneficiary: None,
        kind: Kind::Reducing,
        effect: Effect::Net,
    },
    Operation {
        venue: Venue::Vault,
        function: "liquidate",
        arguments: &[
            address("liquidator"),
            address("account"),
            address("debt_asset"),
            address("collateral_asset"),
            amount("max_repay"),
            bound("min_seized"),
            typed("receive", ArgumentType::Receive),
        ],
        beneficiary: None,
        kind: Kind::Transfer,
        effect: Effect::Nothing,
    },
    Operation {
        venue: Venue::Vault,
        function: "borrow_multiple",
        arguments: &[
            address("borrower"),
            typed("assets", ArgumentType::Addresses),
            typed("amounts", ArgumentType::Amounts),
        ],
        beneficiary: None,
        kind: Kind::Increasing,
        effect: Effect::BorrowEach,
    },
    Operation {
        venue: Venue::Vault,
        function: "submit",
        arguments: &[address("sender"), address("account"), typed("requests", ArgumentType::Actions)],
        beneficiary: Some(1),
        kind: Kind::Increasing,
        effect: Effect::Batch,
    },
    // The account that is deleveraged is the invoker and signs nothing: it is the keeper who authorises.
    Operation {
        venue: Venue::Vault,
        function: "deleverage",
        arguments: &[
            address("keeper"),
            address("account"),
            address("debt_asset"),
            address("collateral_asset"),
            amount("max_repay"),
        ],
        beneficiary: None,
        kind: Kind::Transfer,
        effect: Effect::Nothing,
    },
    Operation {
        venue: Venue::Vault,
        function: "transfer_positions",
        arguments: &[address("from"), address("to")],
        beneficiary: None,
        kind: Kind::Transfer,
        effect: Effect::Nothing,
    },
    Operation {
        venue: Venue::Vault,
        function: "migrate_positions",
        arguments: &[address("from"), address("to")],
        beneficiary: None,
        kind: Kind::Transfer,
        effect: Effect::Nothing,
    },
    Operation {
        venue: Venue::Vault,
        function: "settle_in_kind",
        arguments: &[address("payer"), address("account"), address("asset"), amount("max_repay")],
        beneficiary: None,
        kind: Kind::Transfer,
        effect: Effect::Nothing,
    },
    Operation {
        venue: Venue::PerpClearing,
        function: "open_position",
        arguments: &[
            address("trader"),
            MARKET,
            typed("is_long", ArgumentType::Bool),
            amount("margin"),
            typed("leverage", ArgumentType::U32),
            bound("min_base"),
            DEADLINE,
        ],
        beneficiary: None,
        kind: Kind::Increasing,
        effect: Effect::Open,
    },
    Operation {
        venue: Venue::PerpClearing,
        function: "increase_position",
        arguments: &[
            address("trader"),
            MARKET,
            typed("is_long", ArgumentType::Bool),
            amount("margin"),
            typed("leverage", ArgumentType::U32),
            bound("min_base"),
            DEADLINE,
        ],
        beneficiary: None,
        kind: Kind::Increasing,
        effect: Effect::Open,
    },
    Operation {
        venue: Venue::PerpClearing,
        function: "trade",
        arguments: &[
            address("trader"),
            MARKET,
            bound("size_delta"),
            amount("limit_price"),
            typed("reduce_only", ArgumentType::Bool),
            DEADLINE,
        ],
        beneficiary: None,
        kind: Kind::Increasing,
        effect: Effect::Trade,
    },
    Operation {
        venue: Venue::PerpClearing,
        function: "close_position",
        arguments: &[address("trader"), MARKET, bound("limit_price"), DEADLINE],
        beneficiary: None,
        kind: Kind::Reducing,
        effect: Effect::Close,
    },
    Operation {
        venue: Venue::PerpClearing,
        function: "submit",
        arguments: &[
            address("sender"),
            address("account"),
            typed("requests", ArgumentType::ClearingRequests),
            DEADLINE,
        ],
        beneficiary: Some(1),
        kind: Kind::Increasing,
        effect: Effect::Batch,
    },
    Operation {
        venue: Venue::PerpClearing,
        function: "execute_order",
        arguments: &[typed("order", ArgumentType::Order)],
        beneficiary: None,
        kind: Kind::Increasing,
        effect: Effect::Order,
    },
    Operation {
        venue: Venue::PerpClearing,
        function: "place_order",
        arguments: &[typed("order", ArgumentType::Order)],
        beneficiary: None,
        kind: Kind::Increasing,
        effect: Effect::Rest,
    },
    Operation {
        venue: Venue::PerpClearing,
        function: "settle_match",
        arguments: &[typed("order", ArgumentType::Order)],
        beneficiary: None,
        kind: Kind::Increasing,
        effect: Effect::Order,
    },
    Operation {
        venue: Venue::PerpClearing,
        function: "cancel_order",
        arguments: &[address("account"), typed("nonce", ArgumentType::U64)],
        beneficiary: None,
        kind: Kind::Reducing,
        effect: Effect::Nothing,
    },
    Operation {
        venue: Venue::PerpClearing,
        function: "cancel_nonces",
        arguments: &[address("account"), typed("word", ArgumentType::U64), typed("mask", ArgumentType::U64)],
        beneficiary: None,
        kind: Kind::Reducing,
        effect: Effect::Nothing,
    },
    Operation {
        venue: Venue::PerpClearing,
        function: "bump_epoch",
        arguments: &[address("account")],
        beneficiary: None,
        kind: Kind::Reducing,
        effect: Effect::Nothing,
    },
    Operation {
        venue: Venue::PerpClearing,
        function: "add_liquidity",
        arguments: &[address("provider"), amount("amount"), bound("min_shares")],
        beneficiary: None,
        kind: Kind::Increasing,
        effect: Effect::MoveSettlement,
    },
    Operation {
        venue: Venue::PerpClearing,
        function: "request_exit",
        arguments: &[address("provider"), amount("shares")],
        beneficiary: None,
        kind: Kind::Reducing,
        effect: Effect::Nothing,
    },
    Operation {
        venue: Venue::PerpClearing,
        function: "remove_liquidity",
        arguments: &[address("provider"), amount("shares"), bound("min_amount")],
        beneficiary: None,
        kind: Kind::Reducing,
        effect: Effect::Nothing,
    },
    Operation {
        venue: Venue::PerpClearing,
        function: "fund_insurance",
        arguments: &[address("from"), amount("amount")],
        beneficiary: None,
        kind: Kind::Transfer,
        effect: Effect::MoveSettlement,
    },
    // The size a liquidator takes over is known only at execution. No preview can bound it: the ledger does, by the
    // limits the account keeps there.
    Operation {
        venue: Venue::PerpClearing,
        function: "liquidate",
        arguments: &[address("liquidator"), address("account"), MARKET, amount("max_size")],
        beneficiary: None,
        kind: Kind::Transfer,
        effect: Effect::TakeOver,
    },
];
