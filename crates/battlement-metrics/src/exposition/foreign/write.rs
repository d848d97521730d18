use std::fmt::{self, Write};

use super::{
    super::{Format, text},
    kind::Kind,
    metric::{Metric, Sample},
    number::seconds,
};
use crate::family::Labels;

impl Metric {
    /// Writes the metric in `format`. Writing to a string never fails.
    pub(in crate::exposition) fn write(&self, out: &mut String, format: Format) {
        let _ = match (format, self.kind) {
            (Format::OpenMetrics, _) => self.write_open_metrics(out),
            (Format::Text, Kind::GaugeHistogram) => self.write_parts(out),
            (Format::Text, _) => self.write_text(out),
        };
    }

    fn write_open_metrics(&self, out: &mut String) -> fmt::Result {
        text::write_help(out, Format::OpenMetrics, &self.name, &self.help)?;
        writeln!(out, "# TYPE {} {}", self.name, self.kind.open_metrics())?;
        if let Some(unit) = &self.unit {
            writeln!(out, "# UNIT {} {unit}", self.name)?;
        }
        for sample in self.groups.values().flatten() {
            self.write_series(out, sample)?;
            if let Some(time) = sample.time {
                write!(out, " {}", seconds(time))?;
            }
            if let Some(exemplar) = &sample.exemplar {
                write!(out, " # {{{}}} {}", text::rendered(&exemplar.labels), exemplar.value.text)?;
                if let Some(time) = exemplar.time {
                    write!(out, " {}", seconds(time))?;
                }
            }
            out.write_char('\n')?;
        }
        Ok(())
    }

    fn write_text(&self, out: &mut String) -> fmt::Result {
        let (suffix, kind) = self.kind.text();
        let name = format!("{}{suffix}", self.name);
        text::write_help(out, Format::Text, &name, &self.help)?;
        writeln!(out, "# TYPE {name} {kind}")?;
        let is_there = |sample: &&Sample| sample.suffix != "_created";
        { self.groups.values().flatten() }
            .filter(is_there)
            .try_for_each(|sample| self.write_text_sample(out, sample))
    }

    /// Writes a histogram of gauges, for which the text format has no type, as one metric per suffix.
    fn write_parts(&self, out: &mut String) -> fmt::Result {
        for suffix in self.kind.suffixes() {
            let is_part = |sample: &&Sample| sample.suffix == *suffix;
            let mut samples = self.groups.values().flatten().filter(is_part).peekable();
            if samples.peek().is_some() {
                writeln!(out, "# TYPE {}{suffix} untyped", self.name)?;
            }
            samples.try_for_each(|sample| self.write_text_sample(out, sample))?;
        }
        Ok(())
    }

    fn write_text_sample(&self, out: &mut String, sample: &Sample) -> fmt::Result {
        self.write_series(out, sample)?;
        match sample.time {
            Some(millis) => writeln!(out, " {millis}"),
            None => out.write_char('\n'),
        }
    }

    fn write_series(&self, out: &mut String, sample: &Sample) -> fmt::Result {
        write!(out, "{}{}", self.name, sample.suffix)?;
        if !sample.labels.is_empty() {
            write!(out, "{{{}}}", text::rendered(&in_order(&sample.labels)))?;
        }
        write!(out, " {}", sample.value.text)
    }
}

/// Moves a bound or a quantile to the end, where readers expect it.
fn in_order(labels: &Labels) -> Labels {
    let is_last = |name: &str| matches!(name, "le" | "quantile");
    let mut labels = labels.clone();
    labels.sort_by_key(|(name, _)| is_last(name));
    labels
}
