use std::{
    fmt::{self, Write},
    time::UNIX_EPOCH,
};

use super::Format;
use crate::{
    exemplar::Exemplar,
    family::{Bounds, Buckets, Family, Kind, Labels, Value},
};

/// Writes `family` in `format`. Writing to a string never fails.
pub(crate) fn write_family(out: &mut String, format: Format, family: &Family) {
    if family.samples.is_empty() {
        return;
    }
    let _ = write_head(out, format, family);
    for (labels, value) in &family.samples {
        let _ = match value {
            Value::Number(number) => write_number(out, family, labels, *number),
            Value::Histogram(buckets) => write_histogram(out, format, family, labels, buckets),
        };
    }
}

const fn suffix(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "_total",
        Kind::Gauge | Kind::Histogram => "",
    }
}

/// Writes the metadata of a family. OpenMetrics names a counter without its suffix, the text format with it.
fn write_head(out: &mut String, format: Format, family: &Family) -> fmt::Result {
    let suffix = if format == Format::Text { suffix(family.kind) } else { "" };
    let kind = match family.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    };
    write_help(out, format, &format!("{}{suffix}", family.name), &family.help)?;
    writeln!(out, "# TYPE {}{suffix} {kind}", family.name)?;
    match family.unit() {
        Some(unit) if format == Format::OpenMetrics => {
            writeln!(out, "# UNIT {} {unit}", family.name)
        }
        _ => Ok(()),
    }
}

/// Writes the help text. An empty help has no line, since strict parsers reject one.
pub(super) fn write_help(out: &mut String, format: Format, name: &str, help: &str) -> fmt::Result {
    if help.is_empty() {
        return Ok(());
    }
    write!(out, "# HELP {name} ")?;
    write_escaped(out, help, format == Format::OpenMetrics)?;
    out.write_char('\n')
}

fn write_number(out: &mut String, family: &Family, labels: &Labels, number: f64) -> fmt::Result {
    write!(out, "{}{}", family.name, suffix(family.kind))?;
    write_labels(out, &rendered(labels), None)?;
    match number {
        f64::INFINITY => writeln!(out, " +Inf"),
        f64::NEG_INFINITY => writeln!(out, " -Inf"),
        number => writeln!(out, " {number}"),
    }
}

fn write_histogram(
    out: &mut String,
    format: Format,
    family: &Family,
    labels: &Labels,
    buckets: &Buckets,
) -> fmt::Result {
    let labels = rendered(labels);
    let mut count = 0;
    let bounds = buckets.bounds.iter().copied().chain([f64::INFINITY]);
    for ((bound, counted), exemplar) in
        bounds.zip(buckets.snapshot.buckets).zip(&buckets.snapshot.exemplars)
    {
        count += counted;
        write!(out, "{}_bucket", family.name)?;
        write_labels(out, &labels, Some((bound, family.bounds)))?;
        write!(out, " {count}")?;
        match exemplar {
            Some(exemplar) if format == Format::OpenMetrics => {
                write_exemplar(out, exemplar, buckets.scale)?;
            }
            _ => {}
        }
        out.push('\n');
    }
    #[expect(clippy::cast_precision_loss, reason = "as every number of the format")]
    let sum = buckets.snapshot.sum as f64 / buckets.scale;
    for (suffix, value) in [("_sum", sum.to_string()), ("_count", count.to_string())] {
        write!(out, "{}{suffix}", family.name)?;
        write_labels(out, &labels, None)?;
        writeln!(out, " {value}")?;
    }
    Ok(())
}

/// Renders the labels, once for all lines of a histogram.
pub(super) fn rendered(labels: &Labels) -> String {
    let mut out = String::new();
    for (name, value) in labels {
        let comma = if out.is_empty() { "" } else { "," };
        let _ = write!(out, "{comma}{name}=\"");
        let _ = write_escaped(&mut out, value, true);
        out.push('"');
    }
    out
}

fn write_labels(out: &mut String, labels: &str, bound: Option<(f64, Bounds)>) -> fmt::Result {
    let comma = if labels.is_empty() { "" } else { "," };
    match bound {
        None if labels.is_empty() => Ok(()),
        None => write!(out, "{{{labels}}}"),
        Some((f64::INFINITY, _)) => write!(out, "{{{labels}{comma}le=\"+Inf\"}}"),
        Some((bound, Bounds::Decimal)) => write!(out, "{{{labels}{comma}le=\"{bound:?}\"}}"),
        Some((bound, Bounds::Shortest)) => write!(out, "{{{labels}{comma}le=\"{bound}\"}}"),
    }
}

fn write_exemplar(out: &mut String, exemplar: &Exemplar, scale: f64) -> fmt::Result {
    #[expect(clippy::cast_precision_loss, reason = "as every number of the format")]
    let value = exemplar.value as f64 / scale;
    write!(
        out,
        " # {{trace_id=\"{}\",span_id=\"{}\"}} {value}",
        exemplar.trace_id, exemplar.span_id
    )?;
    match exemplar.time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()) {
        Some(time) => write!(out, " {:.3}", time.as_secs_f64()),
        None => Ok(()),
    }
}

/// Writes escaped text. Both formats escape backslash and line feed, and quotes in values; OpenMetrics escapes quotes
/// in help as well. Prometheus treats NUL as the end of the page.
fn write_escaped(out: &mut String, text: &str, quotes: bool) -> fmt::Result {
    for character in text.chars() {
        match character {
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '"' if quotes => out.write_str("\\\"")?,
            '\0' => out.write_char(char::REPLACEMENT_CHARACTER)?,
            other => out.write_char(other)?,
        }
    }
    Ok(())
}
