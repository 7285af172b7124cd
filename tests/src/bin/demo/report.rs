//! The story as one self-contained page.

use crate::numbers::{decimal, grouped, lumens, millions};
use crate::record::{Record, Sample};
use charts::{Axis, Chart, Series};
use margin_tests::env::limits::WASM_BYTES;
use std::fmt::Write as _;

const STYLE: &str = include_str!("report.css");

/// The page.
pub fn page(record: &Record) -> String {
    let mut html = String::new();
    header(&mut html, record);
    drawings(&mut html, record);
    costs(&mut html, record);
    refusals(&mut html, record);
    equation(&mut html, record);
    contracts(&mut html, record);
    charts::page("Smart margin accounts: the story", STYLE, &html)
}

fn header(html: &mut String, record: &Record) {
    let days = record.samples.last().map_or(0.0, |sample| sample.seconds as f64 / 86_400.0);
    let refused = record.steps.iter().filter(|step| step.outcome.is_err()).count();
    let _ = write!(
        html,
        "<h1>Smart margin accounts: the story</h1><p>{} transactions over {days:.1} days on an embedded Soroban host with \
         mainnet's limits, each with really signed authorisation entries; {refused} of them refused. Every invariant was \
         checked after each. Contracts built by {}.</p><ol class=\"sections\">",
        record.steps.len(),
        escape(&record.built_by)
    );
    for title in &record.sections {
        let _ = write!(html, "<li>{}</li>", escape(title));
    }
    html.push_str("</ol>");
}

fn drawings(html: &mut String, record: &Record) {
    let samples = &record.samples;
    let sections: Vec<usize> = samples.iter().map(|sample| sample.section).collect();
    let chart = |title: &str, caption: &str, series, guides, decimals| Chart {
        title: title.into(),
        caption: caption.into(),
        series,
        guides,
        axis: Axis::Sections(&sections),
        decimals,
    };
    let of = |pick: fn(&Sample) -> f64| samples.iter().map(pick);
    let quoted = |name, pick: fn(&Sample) -> [i128; 3]| Series {
        name,
        values: samples.iter().map(|sample| Some(scaled(pick(sample)[1], 14))).collect(),
        band: samples
            .iter()
            .map(|sample| (scaled(pick(sample)[0], 14), scaled(pick(sample)[2], 14)))
            .collect(),
    };
    let health = |name, trader: usize| Series {
        name,
        values: samples.iter().map(|s| s.health[trader].map(|bps| f64::from(bps) / 10_000.0)).collect(),
        band: Vec::new(),
    };
    html.push_str("<h2>What happened</h2><p class=\"dim\">From left to right: the steps of the story; the numbers below are its sections.</p><div class=\"charts\">");
    for chart in [
        chart(
            "Bitcoin, USD",
            "The oracle's price within the interval that its sources support, and the mark of the perpetual market.",
            vec![quoted("oracle, lo to hi", |s| s.bitcoin), Series::line("mark", of(|s| scaled(s.mark, 14)))],
            Vec::new(),
            0,
        ),
        chart("Ether, USD", "The collateral of alice and bob.", vec![quoted("oracle, lo to hi", |s| s.ether)], Vec::new(), 0),
        chart(
            "Health of two traders",
            "The same account twice. Alice still has the borrowed money: below 1.2 her account repays up to 1.5. Bob has spent his.",
            vec![health("alice", 0), health("bob", 1)],
            vec![(1.5, "target 1.5"), (1.2, "threshold 1.2"), (1.0, "1.0")],
            2,
        ),
        chart(
            "Funding rate, % per 8 hours",
            "Positive while the mark stands above the index: longs pay.",
            vec![Series::line("stored rate", of(|s| scaled(s.rate, 16)))],
            Vec::new(),
            2,
        ),
        chart(
            "Funding paid per whole bitcoin, USD",
            "Cumulative. Negative is received; receivers together never get more than payers owe.",
            vec![
                Series::line("by a long", of(|s| scaled(s.funding[0], 18))),
                Series::line("by a short", of(|s| scaled(s.funding[1], 18))),
            ],
            Vec::new(),
            0,
        ),
        chart(
            "Liquidity providers, thousand USD",
            "They take the other side of the traders, earn fees, and lend to losers.",
            vec![Series::line("pool", of(|s| scaled(s.buckets[0], 10)))],
            Vec::new(),
            0,
        ),
        chart(
            "Insurance, USD",
            "Grows with fees and liquidations; pays what a loser cannot.",
            vec![Series::line("insurance", of(|s| scaled(s.buckets[1], 7)))],
            Vec::new(),
            0,
        ),
        chart(
            "Fees and pending profits, USD",
            "The protocol's share of fees, and profits that wait for cash.",
            vec![
                Series::line("fees", of(|s| scaled(s.buckets[2], 7))),
                Series::line("pending", of(|s| scaled(s.buckets[3], 7))),
            ],
            Vec::new(),
            0,
        ),
    ] {
        html.push_str(&chart.figure());
    }
    html.push_str("</div>");
}

fn costs(html: &mut String, record: &Record) {
    html.push_str(
        "<h2>What it costs</h2><p class=\"dim\">A transaction on mainnet may use 400 M instructions, 400 entries, 200 of them written. \
         The share is the largest of the three. The fee is without rent, which stands beside it.</p><div class=\"wide\"><table><thead><tr><th>step</th>\
         <th>signed by</th><th class=\"n\">M instr.</th><th>share of limit</th><th class=\"n\">read</th><th class=\"n\">written</th>\
         <th class=\"n\">fee XLM</th><th class=\"n\">rent XLM</th></tr></thead><tbody>",
    );
    let mut section = 0;
    for step in &record.steps {
        let Ok(cost) = &step.outcome else { continue };
        if step.section != section {
            section = step.section;
            let title = record.sections.get(section - 1).map_or("", String::as_str);
            let _ =
                write!(html, "<tr class=\"head\"><td colspan=\"8\">{section} · {}</td></tr>", escape(title));
        }
        let _ = write!(
            html,
            "<tr><td>{}</td><td data-is=\"signed by\">{}</td><td class=\"n\" data-is=\"M instr.\">{}</td>\
             <td><span class=\"bar\"><b style=\"width:{:.1}%\"></b></span> {:.1}%</td><td class=\"n\" data-is=\"read\">{}</td>\
             <td class=\"n\" data-is=\"written\">{}</td><td class=\"n\" data-is=\"fee XLM\">{}</td>\
             <td class=\"n\" data-is=\"rent XLM\">{}</td></tr>",
            escape(&step.text),
            escape(&step.signer),
            millions(cost.instructions),
            cost.share().min(100.0),
            cost.share(),
            cost.read,
            cost.written,
            lumens(cost.fee),
            lumens(cost.rent)
        );
    }
    html.push_str("</tbody></table></div>");
}

fn refusals(html: &mut String, record: &Record) {
    html.push_str(
        "<h2>What was refused</h2><p class=\"dim\">Nothing changed in the ledger; the error is the refusing contract's own.</p>\
         <div class=\"wide\"><table><thead><tr><th>attempt</th><th>signed by</th><th>refused by</th></tr></thead><tbody>",
    );
    for step in &record.steps {
        if let Err(reason) = &step.outcome {
            let _ = write!(
                html,
                "<tr><td>{}</td><td data-is=\"signed by\">{}</td><td data-is=\"refused by\">{}</td></tr>",
                escape(&step.text),
                escape(&step.signer),
                escape(reason)
            );
        }
    }
    html.push_str("</tbody></table></div>");
}

fn equation(html: &mut String, record: &Record) {
    html.push_str("<h2>Conservation of USDC at the end</h2><div class=\"sides\">");
    for (side, title) in record.equation.iter().zip(["what the protocol has", "what it owes to somebody"]) {
        let _ =
            write!(html, "<table><thead><tr><th>{title}</th><th class=\"n\">USDC</th></tr></thead><tbody>");
        for (name, amount) in side {
            let _ = write!(html, "<tr><td>{name}</td><td class=\"n\">{}</td></tr>", decimal(*amount, 7, 7));
        }
        let sum: i128 = side.iter().map(|(_, amount)| amount).sum();
        let _ = write!(
            html,
            "</tbody><tfoot><tr><td>sum</td><td class=\"n\">{}</td></tr></tfoot></table>",
            decimal(sum, 7, 7)
        );
    }
    html.push_str("</div>");
}

fn contracts(html: &mut String, record: &Record) {
    html.push_str("<h2>Contracts</h2><table><thead><tr><th>contract</th><th class=\"n\">bytes</th><th>share of 128 KiB</th></tr></thead><tbody>");
    for (name, bytes) in &record.contracts {
        let share = 100.0 * *bytes as f64 / WASM_BYTES as f64;
        let _ = write!(
            html,
            "<tr><td>{name}</td><td class=\"n\">{}</td><td><span class=\"bar\"><b style=\"width:{share:.1}%\"></b></span> {share:.1}%</td></tr>",
            grouped(i128::try_from(*bytes).unwrap_or(0))
        );
    }
    html.push_str("</tbody></table>");
}

/// A fixed-point number for drawing.
fn scaled(value: i128, decimals: i32) -> f64 {
    value as f64 / 10f64.powi(decimals)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
