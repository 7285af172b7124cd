//! Charts as inline SVG: no scripts, no external files.

use std::fmt::Write as _;

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 210.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 24.0;

/// One line: its name, and a value per sample.
pub type Line = (&'static str, Vec<f64>);

/// Lines over time, or over whatever the labels below say.
pub struct Chart {
    /// What is drawn, and in what unit.
    pub title: String,
    /// What it shows, in a sentence.
    pub caption: String,
    /// At most four.
    pub lines: Vec<Line>,
    /// Labels along the bottom, evenly spaced from first to last sample.
    pub labels: Vec<String>,
    /// Decimals of the values.
    pub decimals: usize,
}

impl Chart {
    /// The chart as a figure.
    pub fn figure(&self) -> String {
        let (low, high, step) = range(self.lines.iter().flat_map(|(_, values)| values.iter().copied()));
        let y = |value: f64| TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low);
        let mut svg =
            format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">", self.title);
        for index in 0..=((high - low) / step).round() as usize {
            let value = low + step * index as f64;
            let at = y(value);
            let _ = write!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.0}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
                 <text class=\"value\" x=\"{:.0}\" y=\"{:.1}\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                at + 4.0,
                number(value, self.decimals),
            );
        }
        let last = (self.labels.len() - 1).max(1) as f64;
        for (index, label) in self.labels.iter().enumerate() {
            let at = LEFT + (WIDTH - LEFT - RIGHT) * index as f64 / last;
            let anchor = if index == 0 {
                "start"
            } else if index + 1 == self.labels.len() {
                "end"
            } else {
                "middle"
            };
            let _ = write!(
                svg,
                "<text text-anchor=\"{anchor}\" x=\"{at:.0}\" y=\"{:.0}\">{label}</text>",
                HEIGHT - 7.0
            );
        }
        for (index, (_, values)) in self.lines.iter().enumerate() {
            let last = (values.len() - 1).max(1) as f64;
            let mut path = String::new();
            for (sample, value) in values.iter().enumerate() {
                let x = LEFT + (WIDTH - LEFT - RIGHT) * sample as f64 / last;
                let _ = write!(path, "{}{x:.1} {:.1}", if sample == 0 { 'M' } else { 'L' }, y(*value));
            }
            let _ = write!(svg, "<path class=\"s{index}\" d=\"{path}\"/>");
        }
        svg.push_str("</svg>");
        let mut legend = String::new();
        for (index, (name, _)) in self.lines.iter().enumerate() {
            let _ = write!(legend, "<span class=\"key\"><i class=\"s{index}\"></i>{name}</span>");
        }
        format!(
            "<figure><h3>{}</h3><div class=\"legend\">{legend}</div>{svg}<figcaption>{}</figcaption></figure>",
            self.title, self.caption
        )
    }
}

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

/// Lowest and highest label, and the distance between two.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64, f64) {
    let (low, high) = values
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let spread = if high > low { high - low } else { 1.0 };
    let mut unit = 1.0;
    while unit > spread {
        unit /= 10.0;
    }
    while unit * 10.0 <= spread {
        unit *= 10.0;
    }
    let step = [0.25, 0.5, 1.0, 2.0, 2.5].map(|part| part * unit);
    let step = step.into_iter().find(|step| *step * 4.0 >= spread).unwrap_or(unit * 2.5);
    let (bottom, top) = ((low / step).floor() * step, (high / step).ceil() * step);
    (bottom, if top > bottom { top } else { bottom + step }, step)
}

/// A number with separators between thousands.
pub fn number(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let zero = text.chars().all(|digit| digit == '0' || digit == '.');
    let sign = if value < 0.0 && !zero { "-" } else { "" };
    match part {
        "" => format!("{sign}{grouped}"),
        _ => format!("{sign}{grouped}.{part}"),
    }
}
