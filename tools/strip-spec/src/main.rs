//! `strip-spec FILE...`: removes unused spec entries from each Wasm file, in place.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    let files: Vec<String> = env::args().skip(1).collect();
    if files.is_empty() {
        eprintln!("usage: strip-spec FILE...");
        return ExitCode::from(2);
    }
    for file in &files {
        if let Err(error) = rewrite(Path::new(file)) {
            eprintln!("{file}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn rewrite(path: &Path) -> Result<(), Box<dyn Error>> {
    let stripped = strip_spec::strip(&fs::read(path)?)?;
    // Cargo keeps a hard link to the file it built: replace the name, not the content behind it.
    fs::remove_file(path)?;
    fs::write(path, stripped)?;
    Ok(())
}
