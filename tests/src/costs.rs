//! What a transaction takes of what the network gives: metered, so the same on every machine.

pub use crate::env::limits::{ENTRIES, INSTRUCTIONS, WRITES};
use crate::world::Shared;
use std::fmt::Write as _;

/// Nothing of ours takes more than this share of a limit.
pub const MOST_PERCENT: f64 = 25.0;
/// By how much a figure may rise before it counts as a regression.
const TOLERANCE: f64 = 0.02;
const STROOPS: f64 = 10_000_000.0;

/// Whether `$COSTS` asks for this.
pub fn mode(wanted: &str) -> bool {
    std::env::var("COSTS").is_ok_and(|mode| mode == wanted)
}

/// What one transaction took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Metered instructions.
    pub instructions: i64,
    /// Entries it reads without writing them.
    pub read: u32,
    /// Entries it writes.
    pub written: u32,
    /// Bytes it writes.
    pub bytes: u32,
    /// Bytes of its events.
    pub events: u32,
    /// Fee without rent, stroops.
    pub fee: i64,
    /// Rent, stroops.
    pub rent: i64,
}

impl Cost {
    /// Of the last call.
    pub fn of_last_call(world: &Shared) -> Self {
        let resources = world.env.cost_estimate().resources();
        let fee = world.env.cost_estimate().fee();
        let rent = fee.persistent_entry_rent + fee.temporary_entry_rent;
        Self {
            instructions: resources.instructions,
            read: resources.memory_read_entries + resources.disk_read_entries,
            written: resources.write_entries,
            bytes: resources.write_bytes,
            events: resources.contract_events_size_bytes,
            fee: fee.total - rent,
            rent,
        }
    }

    /// The largest share of a network limit, percent.
    pub fn share(&self) -> f64 {
        let instructions = percent(self.instructions as f64, INSTRUCTIONS as f64);
        let entries = percent(f64::from(self.read + self.written), f64::from(ENTRIES));
        instructions.max(entries).max(percent(f64::from(self.written), f64::from(WRITES)))
    }
}

fn percent(part: f64, whole: f64) -> f64 {
    100.0 * part / whole
}

/// A table of costs, one row per call.
#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
}

struct Row {
    section: String,
    name: String,
    cost: Cost,
    bar: Option<f64>,
}

impl Table {
    /// Notes the last call. `bar` is the design's limit, millions of instructions.
    #[track_caller]
    pub fn note(&mut self, world: &Shared, section: &str, name: &str, bar: impl Into<Option<f64>>) -> Cost {
        let cost = Cost::of_last_call(world);
        assert!(
            cost.share() < MOST_PERCENT,
            "{name} takes {:.1}% of a network limit: {cost:?}",
            cost.share()
        );
        if mode("breakdown") {
            println!("\n{section}: {name}\n{}", world.env.cost_estimate().budget());
        }
        if mode("frames") {
            println!("\n{section}: {name}, {} instructions\n{}", cost.instructions, world.frames.take());
        }
        self.rows.push(Row { section: section.into(), name: name.into(), cost, bar: bar.into() });
        cost
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        let mut section = "";
        for row in &self.rows {
            if row.section != section {
                section = &row.section;
                let _ = write!(text, "\n## {section}\n\n{HEAD}\n{RULE}\n");
            }
            let c = &row.cost;
            let bar = row.bar.map_or(String::new(), |bar| format!("{bar:.1} M"));
            let _ = writeln!(
                text,
                "| {} | {} | {bar} | {} | {} | {} | {} | {:.4} | {:.4} | {:.1}% |",
                row.name,
                c.instructions,
                c.read,
                c.written,
                c.bytes,
                c.events,
                c.fee as f64 / STROOPS,
                c.rent as f64 / STROOPS,
                c.share()
            );
        }
        text
    }

    /// Calls that now take over 2% more than `committed` says, or are not in it.
    pub fn regressions(&self, committed: &str) -> Vec<String> {
        let mut found = Vec::new();
        for row in &self.rows {
            let start = format!("| {} |", row.name);
            let mut lines =
                committed.lines().skip_while(|line| *line != format!("## {}", row.section)).skip(1);
            let line = lines
                .by_ref()
                .take_while(|line| !line.starts_with("## "))
                .find(|line| line.starts_with(&start));
            let Some(line) = line else {
                found.push(format!("{} is not in the table", row.name));
                continue;
            };
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let before =
                |cell: usize| cells.get(cell).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
            let c = &row.cost;
            let figures = [
                ("instructions", before(2), c.instructions as f64),
                ("entries read", before(4), f64::from(c.read)),
                ("entries written", before(5), f64::from(c.written)),
                ("bytes", before(6), f64::from(c.bytes)),
            ];
            for (what, was, is) in figures {
                if is > was * (1.0 + TOLERANCE) {
                    found.push(format!("{}: {what} rose from {was} to {is}", row.name));
                }
            }
        }
        found
    }
}

const HEAD: &str = "| call | instructions | bar | entries read | entries written | bytes written | event bytes | fee XLM | rent XLM | largest share of a limit |";
const RULE: &str = "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|";
