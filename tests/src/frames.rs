//! Where the instructions of a transaction go: per contract frame, and inside of it per host function.
//!
//! The transaction is executed once more on a copy of the ledger, as a validator does it: in an enforced footprint with
//! every contract's code already parsed. The host reports each frame and each host function as it enters and leaves.

use crate::env::LEDGER_SECONDS;
use crate::wasm;
use crate::world::Shared;
use sha2::{Digest, Sha256};
use soroban_env_host::budget::{AsBudget, Budget};
use soroban_env_host::e2e_invoke::{
    entry_size_for_rent, invoke_host_function, invoke_host_function_in_recording_mode,
    RecordingInvocationAuthMode, TtlLedgerEntryMeta,
};
use soroban_env_host::storage::{EntryWithLiveUntil, SnapshotSource};
use soroban_env_host::{Host, HostError, TraceEvent};
use soroban_sdk::testutils::Ledger as _;
use soroban_sdk::xdr::{
    AccountId, ContractCostType, ContractEventBody, DiagnosticEvent, HostFunction, LedgerEntry, LedgerKey,
    Limits, PublicKey, ScVal, SorobanAuthorizationEntry, Uint256, WriteXdr,
};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;

type Entries = BTreeMap<Rc<LedgerKey>, (Rc<LedgerEntry>, Option<u32>)>;

pub(crate) struct Snapshot(pub(crate) Entries);

impl SnapshotSource for Snapshot {
    fn get(&self, key: &Rc<LedgerKey>) -> Result<Option<EntryWithLiveUntil>, HostError> {
        Ok(self.0.get(key).map(|(entry, live)| (entry.clone(), *live)))
    }
}

/// Calls and instructions of one host function, without what it entered.
#[derive(Clone, Copy, Default)]
struct Sum {
    calls: u32,
    instructions: u64,
}

/// One call of a contract.
struct Frame {
    depth: usize,
    code: String,
    /// From the call until the contract runs: matching the authorisation, instantiating the code.
    entered: u64,
    /// What that consists of.
    entering: Vec<(String, u64)>,
    /// What the Wasm itself executes.
    executed: u64,
    host: BTreeMap<&'static str, Sum>,
}

/// What is being executed.
enum At {
    Frame(usize),
    Host(&'static str, usize),
}

#[derive(Default)]
struct Watch {
    frames: Vec<Frame>,
    stack: Vec<At>,
    last: Spent,
    outside: u64,
}

/// What a budget has spent so far.
#[derive(Clone, Default)]
struct Spent {
    total: u64,
    /// Of it, by executing Wasm: charged when the Wasm next calls the host.
    wasm: u64,
    by_type: Vec<u64>,
}

impl Spent {
    fn by(budget: &Budget) -> Result<Self, HostError> {
        let cpu = |kind| budget.get_tracker(kind).map(|tracker| tracker.cpu);
        let by_type = ContractCostType::VARIANTS.into_iter().map(cpu).collect::<Result<_, _>>()?;
        let wasm = cpu(ContractCostType::WasmInsnExec)?;
        Ok(Self { total: budget.get_cpu_insns_consumed()?, wasm, by_type })
    }
}

impl Watch {
    /// Charges what was spent since the last event to what was being executed.
    fn charge(&mut self, now: Spent) {
        let wasm = now.wasm - self.last.wasm;
        let rest = now.total - self.last.total - wasm;
        self.last = now;
        match self.stack.last() {
            None => self.outside += wasm + rest,
            Some(At::Frame(frame)) => {
                self.frames[*frame].executed += wasm;
                self.frames[*frame].host.entry("(arguments)").or_default().instructions += rest;
            }
            Some(At::Host(name, frame)) => {
                self.frames[*frame].executed += wasm;
                self.frames[*frame].host.entry(name).or_default().instructions += rest;
            }
        }
    }

    fn frame(&self) -> usize {
        match self.stack.last() {
            Some(At::Frame(frame) | At::Host(_, frame)) => *frame,
            None => 0,
        }
    }

    fn see(&mut self, event: &TraceEvent, now: Spent) {
        match event {
            TraceEvent::Begin | TraceEvent::End => {
                self.charge(now);
            }
            TraceEvent::PushCtx { .. } => {
                // What precedes a frame is the price of entering it.
                let wasm = now.wasm - self.last.wasm;
                let entered = now.total - self.last.total - wasm;
                let mut entering: Vec<_> = ContractCostType::VARIANTS
                    .iter()
                    .zip(now.by_type.iter().zip(self.last.by_type.iter().chain(std::iter::repeat(&0))))
                    .map(|(kind, (now, last))| (kind.name().to_owned(), now - last))
                    .filter(|(kind, spent)| *spent > 0 && kind != "WasmInsnExec")
                    .collect();
                entering.sort_by_key(|(_, spent)| std::cmp::Reverse(*spent));
                if let Some(At::Frame(frame) | At::Host(_, frame)) = self.stack.last() {
                    self.frames[*frame].executed += wasm;
                }
                self.last = now;
                let depth = self.stack.iter().filter(|at| matches!(at, At::Frame(_))).count();
                let text = event.to_string();
                let code = text.trim_start_matches("push ").split('(').next().unwrap_or_default().to_owned();
                self.frames.push(Frame {
                    depth,
                    code,
                    entered,
                    entering,
                    executed: 0,
                    host: BTreeMap::new(),
                });
                self.stack.push(At::Frame(self.frames.len() - 1));
            }
            TraceEvent::PopCtx { .. } => {
                self.charge(now);
                self.stack.pop();
            }
            TraceEvent::EnvCall(name, _) => {
                self.charge(now);
                let frame = self.frame();
                if let Some(frame) = self.frames.get_mut(frame) {
                    frame.host.entry(name).or_default().calls += 1;
                    self.stack.push(At::Host(name, self.frame()));
                }
            }
            TraceEvent::EnvRet(..) => {
                self.charge(now);
                if let Some(At::Host(..)) = self.stack.last() {
                    self.stack.pop();
                }
            }
        }
    }
}

fn xdr(value: &impl WriteXdr) -> Vec<u8> {
    value.to_xdr(Limits::none()).expect("XDR")
}

/// Executes a call on a copy of the ledger and says where the instructions went.
pub fn breakdown(world: &Shared, call: HostFunction, auth: &[SorobanAuthorizationEntry]) -> String {
    let env = &world.env;
    let host = env.host();
    host.ensure_module_cache_contains_host_storage_contracts().expect("the codes");
    let cache = host.take_module_cache().expect("the codes");
    host.set_module_cache(cache.clone()).expect("the codes");
    let entries = world.everything();
    let ledger = env.ledger().get();
    let source = AccountId(PublicKey::PublicKeyTypeEd25519(Uint256([0; 32])));
    let seed = [0; 32];
    let snapshot = Rc::new(Snapshot(entries));

    let budget = Budget::default();
    budget.reset_unlimited().expect("a budget");
    let recorded = invoke_host_function_in_recording_mode(
        &budget,
        false,
        &call,
        &source,
        RecordingInvocationAuthMode::Enforcing(auth.to_vec()),
        ledger.clone(),
        snapshot.clone(),
        seed,
        &mut Vec::new(),
    )
    .expect("a recording");

    let footprint = &recorded.resources.footprint;
    let encoded: Vec<_> = footprint
        .read_only
        .iter()
        .chain(footprint.read_write.iter())
        .map(|key| match snapshot.0.get(key) {
            None => (None, None),
            Some((entry, live)) => {
                let bytes = xdr(&**entry);
                let size = u32::try_from(bytes.len()).expect("an entry");
                let meta = live.map(|live_until_ledger| TtlLedgerEntryMeta {
                    live_until_ledger,
                    entry_size_for_rent: entry_size_for_rent(&Budget::default(), entry, size)
                        .expect("a size"),
                });
                (Some(bytes), meta)
            }
        })
        .collect();

    let watch = Rc::new(RefCell::new(Watch::default()));
    let watched = watch.clone();
    let hook = move |host: &Host, event: TraceEvent| {
        let now = Spent::by(host.as_budget())?;
        watched.borrow_mut().see(&event, now);
        Ok(())
    };
    let budget = Budget::default();
    budget.reset_unlimited().expect("a budget");
    let mut told: Vec<DiagnosticEvent> = Vec::new();
    let outcome = invoke_host_function(
        &budget,
        true,
        xdr(&call),
        xdr(&recorded.resources),
        &[],
        xdr(&source),
        auth.iter().map(xdr).collect::<Vec<_>>().into_iter(),
        ledger,
        encoded.into_iter(),
        seed.to_vec(),
        &mut told,
        Some(Rc::new(hook)),
        Some(cache),
    )
    .expect("an execution");
    let total = budget.get_cpu_insns_consumed().expect("a budget");
    let failed = outcome.encoded_invoke_result.is_err();
    let text = describe(&watch.borrow(), &names(&told), total);
    assert!(!failed, "the copy failed after {LEDGER_SECONDS}: {text}");
    text
}

/// The functions called, in the order of the frames.
fn names(told: &[DiagnosticEvent]) -> Vec<String> {
    let called = |event: &DiagnosticEvent| -> Option<String> {
        let ContractEventBody::V0(body) = &event.event.body;
        let mut topics = body.topics.iter();
        let Some(ScVal::Symbol(kind)) = topics.next() else { return None };
        if kind.to_utf8_string_lossy() != "fn_call" {
            return None;
        }
        match topics.last() {
            Some(ScVal::Symbol(name)) => Some(name.to_utf8_string_lossy()),
            _ => None,
        }
    };
    told.iter().filter_map(called).collect()
}

fn contract_of(code: &str) -> String {
    let Some(hash) = code.strip_prefix("VM:").and_then(|rest| rest.split(':').next()) else {
        return code.split(':').next().unwrap_or_default().to_owned();
    };
    let is = |name: &&&str| {
        let digest = Sha256::digest(wasm::read(name));
        u32::from_str_radix(hash, 16).is_ok_and(|hash| digest[..4] == hash.to_be_bytes())
    };
    wasm::CONTRACTS
        .iter()
        .chain(&wasm::FIXTURES)
        .find(is)
        .map_or_else(|| hash.to_owned(), |name| (*name).to_owned())
}

fn describe(watch: &Watch, names: &[String], total: u64) -> String {
    let mut text = format!("total {total}, outside of frames {}\n", watch.outside);
    let mut names = names.iter();
    for frame in &watch.frames {
        let named = frame.code.starts_with("VM") || frame.code.starts_with("SAC");
        let name = if named { names.next().map_or("?", String::as_str) } else { "" };
        let host: u64 = frame.host.values().map(|sum| sum.instructions).sum();
        let calls: u32 = frame.host.values().map(|sum| sum.calls).sum();
        let _ = writeln!(
            text,
            "{:indent$}{}.{name}: enter {}, wasm {}, host {host} in {calls} calls",
            "",
            contract_of(&frame.code),
            frame.entered,
            frame.executed,
            indent = 2 * frame.depth
        );
        let entering: Vec<_> =
            frame.entering.iter().take(8).map(|(kind, spent)| format!("{kind} {spent}")).collect();
        let _ = writeln!(text, "{:indent$}{}", "", entering.join(", "), indent = 2 * frame.depth + 4);
        let mut most: Vec<_> = frame.host.iter().collect();
        most.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.instructions));
        let most: Vec<_> = most
            .iter()
            .take(12)
            .map(|(name, sum)| format!("{name} {}x {}", sum.calls, sum.instructions))
            .collect();
        let _ = writeln!(text, "{:indent$}{}", "", most.join(", "), indent = 2 * frame.depth + 4);
    }
    text
}
