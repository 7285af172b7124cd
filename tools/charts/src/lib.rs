//! Line charts as inline SVG, and the style of the pages they stand on: no scripts, no external files.
#![warn(missing_docs)]

use std::fmt::Write as _;

/// What every page looks like, in light and in dark, on a desk and on a phone.
const STYLE: &str = include_str!("style.css");

/// A page that stands alone: `style` besides what every page has, and its body.
pub fn page(title: &str, style: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{STYLE}{style}</style></head><body><main>{body}</main></body></html>\n"
    )
}

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 230.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 24.0;

/// One line, and optionally the band it runs in.
pub struct Series {
    /// What the legend calls it.
    pub name: &'static str,
    /// One value per sample; `None` leaves a gap.
    pub values: Vec<Option<f64>>,
    /// Lower and upper end of a band, one pair per sample.
    pub band: Vec<(f64, f64)>,
}

impl Series {
    /// A line without a band.
    pub fn line(name: &'static str, values: impl Iterator<Item = f64>) -> Self {
        Self { name, values: values.map(Some).collect(), band: Vec::new() }
    }
}

/// What stands below a chart.
pub enum Axis<'a> {
    /// The number of the section that each sample belongs to.
    Sections(&'a [usize]),
    /// Labels, evenly spaced from the first to the last sample.
    Labels(Vec<String>),
}

/// Some lines over samples.
pub struct Chart<'a> {
    /// Says what is drawn and in what unit.
    pub title: String,
    /// What it shows, in a sentence.
    pub caption: String,
    /// At most four, of the same number of samples.
    pub series: Vec<Series>,
    /// Horizontal lines: where, and what they mean.
    pub guides: Vec<(f64, &'static str)>,
    /// What stands below.
    pub axis: Axis<'a>,
    /// Decimals of the values.
    pub decimals: usize,
}

impl Chart<'_> {
    /// The chart as a figure.
    pub fn figure(&self) -> String {
        let (low, high, step) = self.range();
        let mut svg =
            format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">", self.title);
        let y = |value: f64| TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low);
        self.grid(&mut svg, low, high, step, &y);
        match &self.axis {
            Axis::Sections(sections) => section_marks(&mut svg, sections),
            Axis::Labels(labels) => label_marks(&mut svg, labels),
        }
        for (value, meaning) in &self.guides {
            let at = y(*value);
            let _ = write!(
                svg,
                "<line class=\"guide\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
                 <text class=\"meaning\" x=\"{:.1}\" y=\"{:.1}\">{meaning}</text>",
                WIDTH - RIGHT,
                LEFT + 4.0,
                at - 4.0
            );
        }
        for (index, series) in self.series.iter().enumerate() {
            band(&mut svg, index, series, &y);
            line(&mut svg, index, series, &y);
        }
        svg.push_str("</svg>");
        let mut legend = String::new();
        for (index, series) in self.series.iter().enumerate() {
            let _ = write!(legend, "<span class=\"key\"><i class=\"s{index}\"></i>{}</span>", series.name);
        }
        format!(
            "<figure><h3>{}</h3><div class=\"legend\">{legend}</div>{svg}<figcaption>{}</figcaption></figure>",
            self.title, self.caption
        )
    }

    /// Lowest and highest label, and the distance between two.
    fn range(&self) -> (f64, f64, f64) {
        let lines = self.series.iter().flat_map(|series| series.values.iter().flatten().copied());
        let bands =
            self.series.iter().flat_map(|series| series.band.iter().flat_map(|(low, high)| [*low, *high]));
        let guides = self.guides.iter().map(|(value, _)| *value);
        let (low, high) = lines
            .chain(bands)
            .chain(guides)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let spread = if high > low { high - low } else { 1.0 };
        let rough = spread / 4.0;
        let unit = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * unit);
        let step = step.into_iter().find(|step| *step >= rough).unwrap_or(unit * 10.0);
        let (bottom, top) = ((low / step).floor() * step, (high / step).ceil() * step);
        (bottom, if top > bottom { top } else { bottom + step }, step)
    }

    fn grid(&self, svg: &mut String, low: f64, high: f64, step: f64, y: &dyn Fn(f64) -> f64) {
        for index in 0..=((high - low) / step).round() as usize {
            let value = low + step * index as f64;
            let at = y(value);
            let _ = write!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
                 <text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                at + 4.0,
                number(value, self.decimals)
            );
        }
    }
}

/// Where number `place` of `count` is drawn.
fn x(place: usize, count: usize) -> f64 {
    let last = count.saturating_sub(1).max(1);
    LEFT + (WIDTH - LEFT - RIGHT) * place as f64 / last as f64
}

/// Where the sections begin.
fn section_marks(svg: &mut String, sections: &[usize]) {
    let mut start = 0;
    while start < sections.len() {
        let section = sections[start];
        let end = sections.iter().rposition(|other| *other == section).unwrap_or(start);
        let (from, to) = (x(start, sections.len()), x(end, sections.len()));
        let _ = write!(
            svg,
            "<line class=\"section\" x1=\"{from:.1}\" x2=\"{from:.1}\" y1=\"{TOP}\" y2=\"{:.1}\"/>\
             <text text-anchor=\"middle\" x=\"{:.1}\" y=\"{:.1}\">{section}</text>",
            HEIGHT - BOTTOM,
            (from + to) / 2.0,
            HEIGHT - 7.0
        );
        start = end + 1;
    }
}

fn label_marks(svg: &mut String, labels: &[String]) {
    for (index, label) in labels.iter().enumerate() {
        let anchor = match index {
            0 => "start",
            _ if index + 1 == labels.len() => "end",
            _ => "middle",
        };
        let _ = write!(
            svg,
            "<text text-anchor=\"{anchor}\" x=\"{:.1}\" y=\"{:.1}\">{label}</text>",
            x(index, labels.len()),
            HEIGHT - 7.0
        );
    }
}

fn band(svg: &mut String, index: usize, series: &Series, y: &dyn Fn(f64) -> f64) {
    if series.band.is_empty() {
        return;
    }
    let point =
        |(sample, value): (usize, f64)| format!("{:.1},{:.1}", x(sample, series.band.len()), y(value));
    let upper = series.band.iter().enumerate().map(|(sample, (_, high))| point((sample, *high)));
    let lower = series.band.iter().enumerate().rev().map(|(sample, (low, _))| point((sample, *low)));
    let points: Vec<String> = upper.chain(lower).collect();
    let _ = write!(svg, "<polygon class=\"band s{index}\" points=\"{}\"/>", points.join(" "));
}

fn line(svg: &mut String, index: usize, series: &Series, y: &dyn Fn(f64) -> f64) {
    let mut path = String::new();
    let mut drawing = false;
    for (sample, value) in series.values.iter().enumerate() {
        if let Some(value) = value {
            let command = if drawing { 'L' } else { 'M' };
            let _ = write!(path, "{command}{:.1} {:.1}", x(sample, series.values.len()), y(*value));
        }
        drawing = value.is_some();
    }
    let _ = write!(svg, "<path class=\"s{index}\" d=\"{path}\"/>");
}

/// `1234567` with separators: `1,234,567`.
pub fn grouped(value: i128) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::from(if value < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with `decimals` and with separators between thousands. Zero has no sign.
pub fn number(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let whole = grouped(whole.parse().unwrap_or(0));
    let zero = text.chars().all(|digit| digit == '0' || digit == '.');
    let sign = if value < 0.0 && !zero { "-" } else { "" };
    match part {
        "" => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{part}"),
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn writes_numbers_for_people() {
        assert_eq!(grouped(-1_234_567), "-1,234,567");
        assert_eq!(grouped(999), "999");
        assert_eq!(number(1_234.567, 1), "1,234.6");
        assert_eq!(number(-0.004, 2), "0.00");
        assert_eq!(number(-12.0, 0), "-12");
    }

    #[test]
    fn labels_enclose_what_is_drawn() {
        let values = [-3.0, 41.0, 17.5];
        let chart = Chart {
            title: "t".into(),
            caption: "c".into(),
            series: vec![Series::line("s", values.into_iter())],
            guides: Vec::new(),
            axis: Axis::Labels(vec!["from".into(), "to".into()]),
            decimals: 0,
        };
        let (low, high, step) = chart.range();
        assert!(low <= -3.0 && high >= 41.0 && (high - low) / step <= 7.0, "{low} {high} {step}");
        assert!(chart.figure().contains("<path class=\"s0\" d=\"M"));
    }

    #[test]
    fn a_line_that_does_not_move_has_a_range() {
        let chart = Chart {
            title: String::new(),
            caption: String::new(),
            series: vec![Series::line("s", [5.0, 5.0].into_iter())],
            guides: Vec::new(),
            axis: Axis::Sections(&[1, 1]),
            decimals: 0,
        };
        let (low, high, _) = chart.range();
        assert!(low < high && low <= 5.0 && 5.0 <= high);
    }
}
