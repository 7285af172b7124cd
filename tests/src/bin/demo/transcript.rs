//! The transcript: sections, one line per transaction, what it costs beside what the network allows.

use crate::numbers::{lumens, millions};
use margin_tests::costs::Cost;
use std::io::{stdout, IsTerminal as _};

const TEXT_WIDTH: usize = 60;
const SIGNER_WIDTH: usize = 17;
const WIDTH: usize = 120;

/// Writes to the terminal; in colour only when it is one.
pub struct Transcript {
    colour: bool,
}

impl Transcript {
    /// A transcript on standard output.
    pub fn new() -> Self {
        Self { colour: stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.into()
        }
    }

    /// The first line.
    pub fn title(&self, text: &str) {
        println!("{}", self.paint("1", text));
    }

    /// A new chapter.
    pub fn section(&self, number: usize, title: &str) {
        let head = format!("── {number}  {title} ");
        let rule = "─".repeat(WIDTH.saturating_sub(head.chars().count()));
        println!("\n{}", self.paint("1;36", &format!("{head}{rule}")));
    }

    /// Names of the columns.
    pub fn columns(&self) {
        let head = format!(
            "  {:<TEXT_WIDTH$}{:<SIGNER_WIDTH$}{:>9} {:>9} {:>6} {:>9}",
            "", "signed by", "M instr", "entries", "limit", "fee XLM"
        );
        println!("{}", self.paint("2", &head));
    }

    /// A transaction that was accepted.
    pub fn done(&self, text: &str, signer: &str, cost: &Cost) {
        println!(
            "{} {:<TEXT_WIDTH$}{:<SIGNER_WIDTH$}{:>9} {:>9} {:>6} {:>9}",
            self.paint("32", "+"),
            text,
            signer,
            millions(cost.instructions),
            format!("{} / {}", cost.read, cost.written),
            format!("{:.1}%", cost.share()),
            lumens(cost.fee),
        );
    }

    /// A transaction that was refused, and by whom.
    pub fn refused(&self, text: &str, signer: &str, reason: &str) {
        println!(
            "{} {text:<TEXT_WIDTH$}{signer:<SIGNER_WIDTH$}{}",
            self.paint("31", "x"),
            self.paint("31", reason)
        );
    }

    /// What can be seen now.
    pub fn note(&self, text: &str) {
        println!("{}", self.paint("2", &format!("    {text}")));
    }

    /// A plain line.
    pub fn line(&self, text: &str) {
        println!("  {text}");
    }
}
