//! An image of goodput, latency, limit and calls in flight over time, readable on a light and on a dark page.

use std::{fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, Result};

use super::{
    case::Phases,
    course::Course,
    figures::{Figures, Means},
    outcome::Outcome,
};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/images/overload.svg");

const WIDTH: f64 = 820.0;
const HEIGHT: f64 = 620.0;
/// The left and the right end of the time axis.
const LEFT: f64 = 60.0;
const RIGHT: f64 = 600.0;
/// The height of a panel, and the distance from one to the next.
const PANEL: f64 = 140.0;
const STEP: f64 = 190.0;
const TOP: f64 = 50.0;

const STYLE: &str = "\
text{font:12px sans-serif;fill:#57606a}.title{font-weight:bold}path{fill:none;stroke-width:1.6}\
.grid{stroke:#8c959f;stroke-opacity:.35;stroke-width:1}.time{fill:#8c959f;fill-opacity:.15}\
.a{stroke:#1f6feb}.b{stroke:#c2410c}.c{stroke:#7d8590}.d{stroke:#1a7f37}\
text.a{stroke:none;fill:#1f6feb}text.b{stroke:none;fill:#c2410c}text.c{stroke:none;fill:#6e7781}\
text.d{stroke:none;fill:#1a7f37}\
@media(prefers-color-scheme:dark){text{fill:#9198a1}.a{stroke:#58a6ff}.b{stroke:#f0883e}.d{stroke:#3fb950}\
text.a{fill:#58a6ff}text.b{fill:#f0883e}text.c{fill:#9198a1}text.d{fill:#3fb950}}";

/// The cases of the plot.
const CASES: [&str; 3] = ["ours-adaptive", "gradient2", "no-limit"];

/// Draws the cases of the plot, if all of them have run.
///
/// # Errors
///
/// Returns an error if the file cannot be written.
pub(super) fn draw(outcomes: &[Outcome]) -> Result<()> {
    let courses = CASES.map(|name| {
        let found = outcomes.iter().find(|outcome| outcome.course.case.name == name);
        found.map(|outcome| &outcome.course)
    });
    let [Some(ours), Some(peer), Some(none)] = courses else { return Ok(()) };
    let names =
        [("a", "battlement, adaptive"), ("b", "tower-resilience, Gradient2"), ("c", "no limit")];
    let mut image = Image::new(ours.case.phases);
    let most = (ours.capacity * 1.25 / 200.0).ceil() * 200.0;
    let goodput = image.panel("Goodput, requests/s", Scale::linear(most));
    let latency = image.panel("p99 of answered requests, ms", Scale::log(5.0, 2_000.0));
    let flight = image.panel("Limit, and requests in flight", Scale::linear(210.0));
    image.rule(&goodput, ours.capacity, "capacity");
    for ((class, name), course) in names.into_iter().zip([ours, peer, none]) {
        let of = |figure: fn(&Figures) -> f64| {
            seconds(course).map(move |second| figure(&Figures::of(course, second..second + 1)))
        };
        image.line(&goodput, class, name, of(|figures| figures.goodput));
        image.line(&latency, class, name, of(|figures| figures.p99));
    }
    for (class, name, course) in [("a", "limit", ours), ("b", "limit, Gradient2", peer)] {
        image.line(&flight, class, name, means(course, |means| means.limit));
    }
    image.line(&flight, "d", "in flight", means(ours, |means| means.in_flight));
    fs::create_dir_all(Path::new(FILE).parent().context("the file has no folder")?)?;
    Ok(fs::write(FILE, image.finish())?)
}

fn seconds(course: &Course) -> std::ops::Range<u32> {
    0..course.case.phases.total()
}

fn means(course: &Course, mean: fn(&Means) -> f64) -> impl Iterator<Item = f64> {
    seconds(course).map(move |second| mean(&Means::of(course, second..second + 1)))
}

/// The values of a vertical axis.
#[derive(Clone, Copy, Debug)]
struct Scale {
    least: f64,
    most: f64,
    is_log: bool,
}

impl Scale {
    const fn linear(most: f64) -> Self {
        Self { least: 0.0, most, is_log: false }
    }

    const fn log(least: f64, most: f64) -> Self {
        Self { least, most, is_log: true }
    }

    /// Returns the place of a value, from 0 to 1.
    fn place(self, value: f64) -> f64 {
        let Self { least, most, is_log } = self;
        let place = match is_log {
            true => (value / least).ln() / (most / least).ln(),
            false => (value - least) / (most - least),
        };
        place.clamp(0.0, 1.0)
    }

    fn marks(self) -> Vec<f64> {
        match self.is_log {
            true => [10.0, 100.0, 1_000.0].into_iter().filter(|mark| *mark <= self.most).collect(),
            false => (0..=4).map(|quarter| self.most * f64::from(quarter) / 4.0).collect(),
        }
    }
}

/// A part of the image with an axis of its own.
#[derive(Clone, Copy, Debug)]
struct Panel {
    top: f64,
    scale: Scale,
}

impl Panel {
    fn y(self, value: f64) -> f64 {
        self.top + PANEL * (1.0 - self.scale.place(value))
    }
}

struct Image {
    phases: Phases,
    svg: String,
    panels: u32,
    /// The vertical places of the labels of a panel.
    labels: Vec<(f64, f64)>,
}

impl Image {
    fn new(phases: Phases) -> Self {
        let head = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\
             <title>A server at half of its capacity, at three times it for a minute, and at half again</title>\
             <style>{STYLE}</style>\n"
        );
        Self { phases, svg: head, panels: 0, labels: Vec::new() }
    }

    fn x(&self, second: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * second / f64::from(self.phases.total())
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.svg.write_fmt(element);
        self.svg.push('\n');
    }

    fn text(&mut self, class: &str, x: f64, y: f64, anchor: &str, text: &str) {
        self.push(format_args!(
            "<text class=\"{class}\" x=\"{x:.0}\" y=\"{y:.0}\" text-anchor=\"{anchor}\">{text}</text>"
        ));
    }

    /// Draws the axes of the next panel.
    fn panel(&mut self, title: &str, scale: Scale) -> Panel {
        let panel = Panel { top: TOP + STEP * f64::from(self.panels), scale };
        self.panels += 1;
        let bottom = panel.top + PANEL;
        let (from, to) = (self.x(self.phases.before.into()), self.x(self.phases.end().into()));
        self.push(format_args!(
            "<rect class=\"time\" x=\"{from:.0}\" y=\"{}\" width=\"{:.0}\" height=\"{PANEL}\"/>",
            panel.top,
            to - from
        ));
        self.text("title", LEFT, panel.top - 10.0, "start", title);
        if self.panels == 1 {
            self.text(
                "",
                f64::midpoint(from, to),
                panel.top + 14.0,
                "middle",
                "3 times the capacity",
            );
        }
        for mark in scale.marks() {
            let y = panel.y(mark);
            self.push(format_args!("<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/>"));
            self.text("", LEFT - 6.0, y + 4.0, "end", &format!("{mark:.0}"));
        }
        for second in (0..=self.phases.total()).step_by(10) {
            let x = self.x(second.into());
            self.text("", x, bottom + 16.0, "middle", &format!("{second} s"));
        }
        panel
    }

    /// Draws a horizontal line with a name.
    fn rule(&mut self, panel: &Panel, value: f64, name: &str) {
        let y = panel.y(value);
        self.push(format_args!(
            "<path class=\"c\" stroke-dasharray=\"4 3\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/>"
        ));
        self.text("c", RIGHT - 4.0, y - 5.0, "end", name);
    }

    /// Draws one value for each second, and writes a name at the end of the line.
    fn line(&mut self, panel: &Panel, class: &str, name: &str, values: impl Iterator<Item = f64>) {
        let mut path = String::new();
        let mut is_drawing = false;
        let mut last = 0.0;
        for (second, value) in values.enumerate() {
            let is_known = value.is_finite();
            if is_known {
                let (x, y) = (self.x(second as f64 + 0.5), panel.y(value));
                let _ = write!(path, "{}{x:.1} {y:.1}", if is_drawing { 'L' } else { 'M' });
                last = y;
            }
            is_drawing = is_known;
        }
        self.push(format_args!("<path class=\"{class}\" d=\"{path}\"/>"));
        let y = self.label(panel, last);
        self.text(class, RIGHT + 8.0, y + 4.0, "start", name);
    }

    /// Returns a place for a label near `y` that is not taken.
    fn label(&mut self, panel: &Panel, y: f64) -> f64 {
        const LINE: f64 = 15.0;
        let is_free = |y: f64| {
            self.labels.iter().all(|(top, taken)| *top != panel.top || (taken - y).abs() >= LINE)
        };
        let offsets = (0..20).flat_map(|nth| [-1.0, 1.0].map(|sign| sign * f64::from(nth) * 3.0));
        let fits = |y: &f64| is_free(*y) && (panel.top..=panel.top + PANEL).contains(y);
        let y = offsets.map(|offset| y + offset).find(fits).unwrap_or(y);
        self.labels.push((panel.top, y));
        y
    }

    fn finish(mut self) -> String {
        self.svg.push_str("</svg>\n");
        self.svg
    }
}
