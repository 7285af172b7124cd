//! What the report is drawn from.

use margin_tests::costs::Cost;

/// The state of things after a step.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Section of the story.
    pub section: usize,
    /// Seconds since the story began.
    pub seconds: u64,
    /// Bitcoin as the oracle has it: `lo`, `mid`, `hi` at 1e14.
    pub bitcoin: [i128; 3],
    /// Ether.
    pub ether: [i128; 3],
    /// Mark of the bitcoin market, 1e14.
    pub mark: i128,
    /// Health of the two traders, bps; `None` without debt.
    pub health: [Option<u32>; 2],
    /// Stored funding rate per 8 hours, 1e18.
    pub rate: i128,
    /// Cumulative funding paid by one whole bitcoin of a long and of a short, USD at 1e18.
    pub funding: [i128; 2],
    /// Liquidity providers, insurance, fees, pending; settlement units.
    pub buckets: [i128; 4],
}

/// One transaction of the story.
#[derive(Clone, Debug)]
pub struct Step {
    /// Section of the story.
    pub section: usize,
    /// What happened.
    pub text: String,
    /// Who signed.
    pub signer: String,
    /// What it cost, or who refused it and why.
    pub outcome: Result<Cost, String>,
}

/// Everything that happened.
#[derive(Default)]
pub struct Record {
    /// Titles of the sections, the first being number 1.
    pub sections: Vec<String>,
    /// Transactions in order.
    pub steps: Vec<Step>,
    /// What could be seen, in order.
    pub samples: Vec<Sample>,
    /// Name, bytes of each contract.
    pub contracts: Vec<(String, usize)>,
    /// Left and right side of the conservation equation: name, amount.
    pub equation: [Vec<(&'static str, i128)>; 2],
    /// How the Wasm was built.
    pub built_by: String,
}
