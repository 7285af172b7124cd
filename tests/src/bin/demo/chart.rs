//! Line charts as inline SVG: no scripts, no external files.

use std::fmt::Write as _;

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

/// Some lines over the samples of the story.
pub struct Chart<'a> {
    /// Says what is drawn and in what unit.
    pub title: &'static str,
    /// What it shows, in a sentence.
    pub caption: &'static str,
    /// At most four.
    pub series: Vec<Series>,
    /// Horizontal lines: where, and what they mean.
    pub guides: Vec<(f64, &'static str)>,
    /// Section of each sample.
    pub sections: &'a [usize],
    /// Decimals of the labels.
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
        self.section_marks(&mut svg);
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
            self.band(&mut svg, index, series, &y);
            self.line(&mut svg, index, series, &y);
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
        let all: Vec<f64> = lines.chain(bands).chain(guides).collect();
        let low = all.iter().copied().fold(f64::INFINITY, f64::min);
        let high = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let spread = if high > low { high - low } else { 1.0 };
        let rough = spread / 4.0;
        let unit = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * unit);
        let step = step.into_iter().find(|step| *step >= rough).unwrap_or(unit * 10.0);
        let (bottom, top) = ((low / step).floor() * step, (high / step).ceil() * step);
        (bottom, if top > bottom { top } else { bottom + step }, step)
    }

    fn x(&self, sample: usize) -> f64 {
        let last = self.sections.len().saturating_sub(1).max(1);
        LEFT + (WIDTH - LEFT - RIGHT) * sample as f64 / last as f64
    }

    fn grid(&self, svg: &mut String, low: f64, high: f64, step: f64, y: &dyn Fn(f64) -> f64) {
        let lines = ((high - low) / step).round() as usize;
        for index in 0..=lines {
            let value = low + step * index as f64;
            let at = y(value);
            let _ = write!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
                 <text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                at + 4.0,
                label(value, self.decimals)
            );
        }
    }

    /// Where the sections of the story begin.
    fn section_marks(&self, svg: &mut String) {
        let mut start = 0;
        while start < self.sections.len() {
            let section = self.sections[start];
            let end = self.sections.iter().rposition(|other| *other == section).unwrap_or(start);
            let (from, to) = (self.x(start), self.x(end));
            let _ = write!(
                svg,
                "<line class=\"section\" x1=\"{from:.1}\" x2=\"{from:.1}\" y1=\"{TOP}\" y2=\"{:.1}\"/>\
                 <text class=\"number\" x=\"{:.1}\" y=\"{:.1}\">{section}</text>",
                HEIGHT - BOTTOM,
                (from + to) / 2.0,
                HEIGHT - 7.0
            );
            start = end + 1;
        }
    }

    fn band(&self, svg: &mut String, index: usize, series: &Series, y: &dyn Fn(f64) -> f64) {
        if series.band.is_empty() {
            return;
        }
        let point = |(sample, value): (usize, f64)| format!("{:.1},{:.1}", self.x(sample), y(value));
        let upper = series.band.iter().enumerate().map(|(sample, (_, high))| point((sample, *high)));
        let lower = series.band.iter().enumerate().rev().map(|(sample, (low, _))| point((sample, *low)));
        let points: Vec<String> = upper.chain(lower).collect();
        let _ = write!(svg, "<polygon class=\"band s{index}\" points=\"{}\"/>", points.join(" "));
    }

    fn line(&self, svg: &mut String, index: usize, series: &Series, y: &dyn Fn(f64) -> f64) {
        let mut path = String::new();
        let mut drawing = false;
        for (sample, value) in series.values.iter().enumerate() {
            if let Some(value) = value {
                let command = if drawing { 'L' } else { 'M' };
                let _ = write!(path, "{command}{:.1} {:.1}", self.x(sample), y(*value));
            }
            drawing = value.is_some();
        }
        let _ = write!(svg, "<path class=\"s{index}\" d=\"{path}\"/>");
    }
}

/// A number with separators between thousands.
fn label(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let whole = crate::numbers::grouped(whole.parse().unwrap_or(0));
    let sign = if value < -1e-9 { "-" } else { "" };
    match part {
        "" => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{part}"),
    }
}
