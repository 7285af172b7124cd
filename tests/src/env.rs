//! The embedded Soroban host, set to what mainnet does.

use soroban_sdk::testutils::{EnvTestConfig, Ledger as _, LedgerInfo};
use soroban_sdk::{Bytes, Env};

/// First ledger of every story.
pub const GENESIS_SEQUENCE: u32 = 1_000;
/// Its close time: September 2026.
pub const GENESIS_TIME: u64 = 1_790_000_000;
/// Seconds between two ledgers.
pub const LEDGER_SECONDS: u64 = 5;

/// What one mainnet transaction may use, as of July 2026.
pub mod limits {
    /// Metered instructions.
    pub const INSTRUCTIONS: i64 = 400_000_000;
    /// Bytes of memory.
    pub const MEMORY: i64 = 41_943_040;
    /// Entries of the footprint.
    pub const ENTRIES: u32 = 400;
    /// Entries read from disk: classic ones.
    pub const DISK_READS: u32 = 200;
    /// Their bytes.
    pub const DISK_READ_BYTES: u32 = 200_000;
    /// Entries written.
    pub const WRITES: u32 = 200;
    /// Their bytes.
    pub const WRITE_BYTES: u32 = 132_096;
    /// Bytes of events.
    pub const EVENT_BYTES: u32 = 16_384;
    /// Bytes of a Wasm.
    pub const WASM_BYTES: usize = 131_072;
}

const PASSPHRASE: &[u8] = b"Public Global Stellar Network ; September 2015";

/// A host with mainnet's limits, lifetimes and network id, and no snapshot files.
pub fn mainnet_env() -> Env {
    let env = Env::new_with_config(EnvTestConfig { capture_snapshot_at_drop: false });
    let network_id = env.crypto().sha256(&Bytes::from_slice(&env, PASSPHRASE)).to_array();
    env.ledger().set(LedgerInfo {
        protocol_version: 28,
        sequence_number: GENESIS_SEQUENCE,
        timestamp: GENESIS_TIME,
        network_id,
        base_reserve: 5_000_000,
        min_temp_entry_ttl: 17_280,
        min_persistent_entry_ttl: 2_073_600,
        max_entry_ttl: 3_110_400,
    });
    // The SDK's enforcement also charges its own bookkeeping, which grows with the test's ledger: see `assert_affordable`.
    env.cost_estimate().disable_resource_limits();
    env
}

/// Asserts that the last transaction took at most one of `parts` equal parts of each of mainnet's limits. Of events there is
/// one for each step of a batch, and how many these are the caller decides: they have to fit.
#[track_caller]
pub fn assert_affordable(env: &Env, call: &str, parts: u32) {
    let used = env.cost_estimate().resources();
    let entries = used.disk_read_entries + used.memory_read_entries + used.write_entries;
    let affordable = used.instructions <= limits::INSTRUCTIONS / i64::from(parts)
        && used.mem_bytes <= limits::MEMORY / i64::from(parts)
        && entries <= limits::ENTRIES / parts
        && used.disk_read_entries <= limits::DISK_READS / parts
        && used.disk_read_bytes <= limits::DISK_READ_BYTES / parts
        && used.write_entries <= limits::WRITES / parts
        && used.write_bytes <= limits::WRITE_BYTES / parts
        && used.contract_events_size_bytes <= limits::EVENT_BYTES;
    assert!(affordable, "I30 `{call}` takes more than 1/{parts} of mainnet's limits: {used:?}");
}

/// Lets `seconds` pass, one ledger every five of them, at least one.
pub fn advance(env: &Env, seconds: u64) {
    let ledgers = u32::try_from(seconds.div_ceil(LEDGER_SECONDS)).expect("a story of ledgers");
    env.ledger().with_mut(|info| {
        info.timestamp += seconds;
        info.sequence_number += ledgers;
    });
}
