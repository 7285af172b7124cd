//! The outcomes as one self-contained page, as a picture, and as the table of `docs/stress.md`.

use crate::bars::{panels, Panel};
use crate::book::TERMS;
use crate::path::{Scenario, SCENARIOS};
use crate::run::{Outcome, Sample, Size};
use charts::{number, Axis, Chart, Series};
use margin_math::units::USD;
use std::fmt::Write as _;

const WITHOUT: &str = "without auto-deleverage";
const WITH: &str = "with auto-deleverage";

/// A scenario played by both twins.
pub struct Pair {
    /// Nobody restores his own health.
    pub without: Outcome,
    /// Everybody does.
    pub with: Outcome,
}

/// Transactions per minute, and what the crash then does to those who restore themselves.
pub type Capacity = Vec<(u32, Outcome)>;

/// Everything that was played.
pub struct Report {
    /// How large.
    pub size: Size,
    /// In the order of [`SCENARIOS`].
    pub pairs: Vec<Pair>,
    /// The crash with more and fewer keeper transactions.
    pub capacity: Capacity,
}

fn dollars(amount: i128) -> f64 {
    amount as f64 / USD as f64
}

fn thousands(amount: i128) -> String {
    number(dollars(amount) / 1e3, 0)
}

fn percent(part: usize, of: usize) -> f64 {
    100.0 * part as f64 / of.max(1) as f64
}

impl Report {
    /// The page.
    pub fn page(&self) -> String {
        let Size { accounts, seed, .. } = self.size;
        let crash = &self.pairs[0].without;
        let mut html = String::new();
        let _ = write!(
            html,
            "<h1>Smart margin accounts under stress</h1>\
             <p>{} simulated accounts, with {} million dollars of perpetual positions on the larger sides and {} million of loans, \
             through six times two days, minute by minute: once where nobody restores his own health, once where everybody does. \
             The oracle's guard, margins, curve, funding, settlement, liquidations and deleverage are the functions that the \
             contracts call; the books balance to the unit after every minute. Seed {seed}.</p><div class=\"charts\">",
            number(accounts as f64, 0),
            number(dollars(crash.interest) / 1e6, 1),
            number(dollars(crash.lent) / 1e6, 1),
        );
        for panel in self.panels() {
            let _ = write!(html, "<figure>{}</figure>", panels(&names(), &[panel], [WITHOUT, WITH]));
        }
        html.push_str("</div>");
        html.push_str("<h2>Figures</h2><div class=\"wide\"><table>");
        for (index, row) in self.rows().iter().enumerate() {
            let tag = if index == 0 { "th" } else { "td" };
            html.push_str("<tr>");
            for (column, cell) in row.iter().enumerate() {
                let class = if column > 1 { " class=\"n\"" } else { "" };
                let _ = write!(html, "<{tag}{class}>{cell}</{tag}>");
            }
            html.push_str("</tr>");
        }
        html.push_str("</table></div>");
        for (scenario, pair) in SCENARIOS.iter().zip(&self.pairs) {
            section(&mut html, scenario, pair, accounts);
        }
        html.push_str("<h2>How many transactions keepers need</h2><div class=\"charts\">");
        html.push_str(&self.capacity_chart().figure());
        html.push_str("</div>");
        charts::page("Smart margin accounts under stress", "", &html)
    }

    fn capacity_chart(&self) -> Chart<'_> {
        let accounts = self.size.accounts;
        let share =
            |pick: fn(&Outcome) -> usize| self.capacity.iter().map(move |(_, o)| percent(pick(o), accounts));
        Chart {
            title: "The crash with auto-deleverage, % of accounts".into(),
            caption: "Along the bottom: keeper transactions that get through per minute. A deleverage is a transaction as a \
                      liquidation is; who waits too long for the one meets the other."
                .into(),
            series: vec![
                Series::line("liquidated", share(Outcome::liquidated)),
                Series::line("restored themselves", share(Outcome::restored)),
            ],
            guides: Vec::new(),
            axis: Axis::Labels(self.capacity.iter().map(|(keepers, _)| number(f64::from(*keepers), 0)).collect()),
            decimals: 0,
        }
    }

    /// The picture that stands for all of it.
    pub fn picture(&self) -> String {
        panels(&names(), &self.panels(), [WITHOUT, WITH])
    }

    /// Liquidated, what it cost, bad debt.
    fn panels(&self) -> [Panel; 3] {
        let panel = |title, decimals, pick: &dyn Fn(&Outcome) -> f64| Panel {
            title,
            pairs: self.pairs.iter().map(|pair| [pick(&pair.without), pick(&pair.with)]).collect(),
            decimals,
        };
        let accounts = self.size.accounts;
        [
            panel("accounts liquidated, %", 1, &|o| percent(o.liquidated(), accounts)),
            panel("cost to accounts, thousand USD", 0, &|o| dollars(o.penalties() + o.spent()) / 1e3),
            panel("bad debt, thousand USD", 0, &|o| dollars(o.loss.total()) / 1e3),
        ]
    }

    /// The table, heading first.
    fn rows(&self) -> Vec<Vec<String>> {
        let heading = [
            "scenario",
            "auto-deleverage",
            "liquidated",
            "restored",
            "cost of liquidations, k$",
            "cost of restoring, k$",
            "bad debt, k$",
            "insurance, k$",
            "liquidity providers",
            "all accounts",
        ];
        let mut rows = vec![heading.map(String::from).to_vec()];
        for (scenario, pair) in SCENARIOS.iter().zip(&self.pairs) {
            for (guarded, outcome) in [("no", &pair.without), ("yes", &pair.with)] {
                let (first, last) = (outcome.first(), outcome.last());
                let change = |before: f64, after: f64| format!("{:+.1}%", 100.0 * (after / before - 1.0));
                let wealth: i128 = outcome.wealth.iter().sum();
                rows.push(vec![
                    scenario.name.into(),
                    guarded.into(),
                    number(outcome.liquidated() as f64, 0),
                    number(outcome.restored() as f64, 0),
                    thousands(outcome.penalties()),
                    thousands(outcome.spent()),
                    thousands(outcome.loss.total()),
                    number((last.insurance - first.insurance) / 1e3, 0),
                    change(first.providers, last.providers),
                    change(dollars(outcome.wealth_before), dollars(wealth)),
                ]);
            }
        }
        rows
    }

    /// The tables of `docs/stress.md`.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for (index, row) in self.rows().iter().enumerate() {
            let _ = writeln!(text, "| {} |", row.join(" | "));
            if index == 0 {
                text.push_str("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n");
            }
        }
        text.push_str("\n| keeper transactions per minute, crash | liquidated | restored | bad debt, k$ |\n|--:|--:|--:|--:|\n");
        for (keepers, outcome) in &self.capacity {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} |",
                number(f64::from(*keepers), 0),
                number(outcome.liquidated() as f64, 0),
                number(outcome.restored() as f64, 0),
                thousands(outcome.loss.total())
            );
        }
        text
    }
}

fn names() -> Vec<&'static str> {
    SCENARIOS.iter().map(|scenario| scenario.name).collect()
}

fn section(html: &mut String, scenario: &Scenario, pair: &Pair, accounts: usize) {
    let _ = write!(html, "<h2>{}</h2><p>{}.</p>", scenario.name, scenario.story);
    if pair.with.guarded_minutes > 0 {
        let _ = write!(
            html,
            "<p class=\"dim\">For {} minutes the oracle's guard withheld some price: nobody could take risk on it.</p>",
            number(f64::from(pair.with.guarded_minutes), 0)
        );
    }
    let last = pair.with.samples.len() as f64 / 6.0;
    let chart = |title: &str, caption: String, decimals, series| Chart {
        title: title.into(),
        caption,
        series,
        guides: Vec::new(),
        axis: Axis::Labels((0..=4).map(|part| format!("{:.0} h", last * f64::from(part) / 4.0)).collect()),
        decimals,
    };
    let line = |name, outcome: &Outcome, pick: &dyn Fn(&Sample) -> f64| {
        Series::line(name, outcome.samples.iter().map(pick))
    };
    let both = |pick: &dyn Fn(&Sample) -> f64| {
        vec![line(WITHOUT, &pair.without, pick), line(WITH, &pair.with, pick)]
    };
    let prices = TERMS.iter().enumerate();
    let prices = prices.map(|(asset, terms)| line(terms.name, &pair.with, &|sample| sample.prices[asset]));
    let mut drawn = vec![
        chart(
            "Prices, first minute = 1",
            "Elsewhere; the oracle follows as far as its guard lets it.".into(),
            2,
            prices.collect(),
        ),
        chart(
            "Accounts liquidated, %",
            format!(
                "Of {}; where everybody restores himself, {}% did.",
                number(accounts as f64, 0),
                number(percent(pair.with.restored(), accounts), 1)
            ),
            0,
            both(&|sample| percent(sample.liquidated as usize, accounts)),
        ),
        chart(
            "Liquidity providers, million USD",
            "What their shares fetch. They stand on the other side of the traders' net position.".into(),
            2,
            both(&|sample| sample.providers / 1e6),
        ),
        chart(
            "Insurance, thousand USD",
            "Liquidations pay it, bad debt takes it.".into(),
            0,
            both(&|sample| sample.insurance / 1e3),
        ),
    ];
    if pair.without.loss.total() > 0 {
        drawn.push(chart(
            "Bad debt, thousand USD",
            "Cumulative. Of perpetuals: insurance, then liquidity providers; of loans: reserves, then depositors.".into(),
            0,
            both(&|sample| sample.bad_debt / 1e3),
        ));
    }
    drawn.push(chart(
        "Mark of ETH_USD over its price elsewhere, %",
        "Arbitrage holds it near while its capital and the reserve test allow.".into(),
        1,
        both(&|sample| 100.0 * sample.premium),
    ));
    html.push_str("<div class=\"charts\">");
    for chart in drawn {
        html.push_str(&chart.figure());
    }
    html.push_str("</div>");
}
