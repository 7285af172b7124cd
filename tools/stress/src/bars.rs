//! Bars side by side as inline SVG.

use charts::number;
use std::fmt::Write as _;

/// Pairs of bars: for each name how it was without, and how it was with.
pub struct Panel {
    /// What is drawn, and in what unit.
    pub title: &'static str,
    /// Without and with, for each name.
    pub pairs: Vec<[f64; 2]>,
    /// Decimals of the values.
    pub decimals: usize,
}

/// Panels side by side as one picture that stands alone, in light and in dark.
pub fn panels(names: &[&str], panels: &[Panel], legend: [&str; 2]) -> String {
    const GUTTER: f64 = 56.0;
    const LEGEND: f64 = 180.0;
    const ROW: f64 = 38.0;
    const HEAD: f64 = 62.0;
    // Alone it has the room of a phone's width.
    let panel_width = if panels.len() == 1 { 2.0 * LEGEND } else { 232.0 };
    let width = GUTTER + panel_width * panels.len() as f64;
    let height = HEAD + ROW * names.len() as f64 + 6.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" \
         aria-label=\"Stress: {} and {}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n<style>\
         .ink{{fill:#1c2430}}.dim{{fill:#667085}}.b0{{fill:#2563eb}}.b1{{fill:#e0641f}}\
         @media(prefers-color-scheme:dark){{.ink{{fill:#e7ebf1}}.dim{{fill:#98a2b3}}.b0{{fill:#6aa1ff}}.b1{{fill:#ff9257}}}}\
         </style>\n",
        legend[0], legend[1]
    );
    for (index, name) in legend.iter().enumerate() {
        let x = GUTTER + LEGEND * index as f64;
        let _ = writeln!(
            svg,
            "<rect class=\"b{index}\" x=\"{x:.0}\" y=\"8\" width=\"12\" height=\"12\" rx=\"2\"/>\
             <text class=\"ink\" x=\"{:.0}\" y=\"18\">{name}</text>",
            x + 18.0
        );
    }
    for (index, name) in names.iter().enumerate() {
        let y = HEAD + ROW * index as f64 + 19.0;
        let _ = writeln!(svg, "<text class=\"ink\" x=\"4\" y=\"{y:.0}\">{name}</text>");
    }
    for (place, panel) in panels.iter().enumerate() {
        let x = GUTTER + panel_width * place as f64;
        let _ = writeln!(svg, "<text class=\"dim\" x=\"{x:.0}\" y=\"46\">{}</text>", panel.title);
        let most = panel.pairs.iter().flatten().copied().fold(f64::MIN_POSITIVE, f64::max);
        for (row, pair) in panel.pairs.iter().enumerate() {
            for (bar, value) in pair.iter().enumerate() {
                let y = HEAD + ROW * row as f64 + 15.0 * bar as f64;
                let length = (panel_width - 74.0) * (value / most).max(0.0);
                let _ = writeln!(
                    svg,
                    "<rect class=\"b{bar}\" x=\"{x:.0}\" y=\"{y:.0}\" width=\"{:.1}\" height=\"12\" rx=\"2\"/>\
                     <text class=\"dim\" x=\"{:.1}\" y=\"{:.0}\">{}</text>",
                    length.max(1.0),
                    x + length.max(1.0) + 5.0,
                    y + 10.0,
                    number(*value, panel.decimals)
                );
            }
        }
    }
    svg.push_str("</svg>\n");
    svg
}
