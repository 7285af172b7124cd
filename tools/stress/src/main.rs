//! `stress [--accounts N] [--seed N] REPORT.html [DOCS]`: plays every scenario, writes the page, and into DOCS the picture and
//! the tables of `stress.md`.

use std::process::ExitCode;
use std::{fs, path::Path};
use stress::path::{MINUTES, SCENARIOS};
use stress::report::{Pair, Report};
use stress::run::{play, Size};

/// Keeper transactions per minute that the crash is played with.
const CAPACITIES: [u32; 7] = [3, 10, 30, 60, 120, 250, 1_000];
const BEGIN: &str = "<!-- figures begin -->\n";
const END: &str = "<!-- figures end -->\n";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stress: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    use lexopt::prelude::{Long, Value};
    let mut size = Size { accounts: 10_000, minutes: MINUTES, seed: 7 };
    let mut files = Vec::new();
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next().map_err(|e| e.to_string())? {
        match argument {
            Long("accounts") => {
                let count = number(&mut arguments)?;
                size.accounts = usize::try_from(count).map_err(|e| e.to_string())?;
            }
            Long("seed") => size.seed = number(&mut arguments)?,
            Value(file) => files.push(file),
            other => return Err(other.unexpected().to_string()),
        }
    }
    let Some(page) = files.first() else { return Err("where to write the report?".into()) };
    let fail = |error| format!("the mathematics refused: {error:?}");
    let mut pairs = Vec::new();
    for scenario in &SCENARIOS {
        println!("{:<6} {}", scenario.name, scenario.story);
        let without = play(scenario, size, false).map_err(fail)?;
        let with = play(scenario, size, true).map_err(fail)?;
        for (name, outcome) in [("without", &without), ("with", &with)] {
            println!(
                "       {name:<8} auto-deleverage: {:>5} liquidated, {:>5} restored themselves, bad debt ${:.0}",
                outcome.liquidated(),
                outcome.restored(),
                outcome.last().bad_debt
            );
        }
        pairs.push(Pair { without, with });
    }
    let mut capacity = Vec::new();
    for keepers in CAPACITIES {
        capacity.push((keepers, play(&SCENARIOS[0].with_keepers(keepers), size, true).map_err(fail)?));
    }
    let report = Report { size, pairs, capacity };
    write(Path::new(page), &report.page())?;
    if let Some(docs) = files.get(1) {
        let docs = Path::new(docs);
        write(&docs.join("stress.svg"), &report.picture())?;
        let page = docs.join("stress.md");
        let text = fs::read_to_string(&page).map_err(|e| format!("{}: {e}", page.display()))?;
        let missing = || format!("{}: no place for the figures", page.display());
        let (head, rest) = text.split_once(BEGIN).ok_or_else(missing)?;
        let (_, tail) = rest.split_once(END).ok_or_else(missing)?;
        write(&page, &format!("{head}{BEGIN}{}{END}{tail}", report.markdown()))?;
    }
    Ok(())
}

fn number(arguments: &mut lexopt::Parser) -> Result<u64, String> {
    use lexopt::ValueExt as _;
    arguments.value().and_then(|value| value.parse()).map_err(|e| e.to_string())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    println!("{}", path.display());
    Ok(())
}
