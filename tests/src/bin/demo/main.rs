//! `demo [REPORT]`: deploys every contract as Wasm to an embedded Soroban host, plays the whole story with really signed
//! authorisation entries, and writes a report with charts.

mod market;
mod numbers;
mod record;
mod report;
mod stage;
mod story;
mod transcript;

use crate::stage::Stage;
use crate::transcript::Transcript;
use margin_tests::fixture::Fixture;
use margin_tests::world::Mode;
use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let path = PathBuf::from(env::args().nth(1).unwrap_or_else(|| "target/demo/report.html".into()));
    let started = Instant::now();
    let out = Transcript::new();
    out.title("Smart margin accounts on Soroban: the whole path, on Wasm, with real signatures");
    let mut stage = Stage::new(Fixture::new(Mode::Wasm), out);
    story::play(&mut stage);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&path, report::page(&stage.record))?;
    let (steps, seconds) = (stage.record.steps.len(), started.elapsed().as_secs());
    let refused = stage.record.steps.iter().filter(|step| step.outcome.is_err()).count();
    println!();
    stage.out.line(&format!("{steps} transactions, {refused} of them refused as they must be; every invariant held after each; {seconds} s"));
    stage.out.line(&format!("with charts: {}", path.display()));
    Ok(())
}
