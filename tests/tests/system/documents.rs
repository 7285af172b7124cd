//! What the documents call a test is one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A name of code with so many underscores is that of a test.
const WORDS: usize = 4;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Files below `folder` that end so, those of builds aside.
fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
            files(&path, ending, found);
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
}

/// What stands behind `fn `.
fn functions() -> BTreeSet<String> {
    let mut sources = Vec::new();
    for folder in ["contracts", "packages", "tests", "tools", "examples"] {
        files(&root().join(folder), ".rs", &mut sources);
    }
    let mut names = BTreeSet::new();
    for source in sources {
        let text = fs::read_to_string(source).expect("a source");
        let behind = text.split("fn ").skip(1);
        names.extend(behind.map(|rest| rest.split(|c| !is_part(c)).next().unwrap_or_default().to_string()));
    }
    names
}

fn is_part(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'
}

/// The tests that a document names.
fn named(document: &str) -> impl Iterator<Item = &str> {
    let quoted = document.split('`').skip(1).step_by(2);
    let names = quoted.map(|code| code.rsplit("::").next().unwrap_or(code));
    names.filter(|name| name.split('_').count() >= WORDS && name.chars().all(is_part))
}

#[test]
fn every_test_that_a_document_names_is_there() {
    let functions = functions();
    let mut documents = vec![root().join("README.md")];
    files(&root().join("docs"), ".md", &mut documents);
    let mut found = 0;
    for path in documents {
        let text = fs::read_to_string(&path).expect("a document");
        for name in named(&text) {
            assert!(functions.contains(name), "{} names `{name}`, which is nowhere", path.display());
            found += 1;
        }
    }
    assert!(found > 200, "only {found} names: were they read?");
}
