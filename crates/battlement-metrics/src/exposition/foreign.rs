//! Pages that somebody else has written in OpenMetrics, on their way to ours.

use std::fmt::Write;

use super::Format;

/// One metric of such a page: the lines that describe it, and its samples.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Foreign<'a> {
    pub(crate) name: &'a str,
    kind: &'a str,
    help: Option<&'a str>,
    unit: Option<&'a str>,
    samples: Vec<&'a str>,
}

/// The metrics of `page`, in their order.
pub(crate) fn read(page: &str) -> Vec<Foreign<'_>> {
    let mut metrics: Vec<Foreign<'_>> = Vec::new();
    for line in page.lines().filter(|line| !line.is_empty() && *line != "# EOF") {
        let described = line.strip_prefix("# ").and_then(described);
        if let Some((word, name, text)) = described {
            if metrics.last().is_none_or(|last| last.name != name || !last.samples.is_empty()) {
                metrics.push(Foreign { name, kind: "unknown", ..Foreign::default() });
            }
            if let Some(last) = metrics.last_mut() {
                last.describe(word, text);
            }
        } else if let Some(last) = metrics.last_mut()
            && line.starts_with(last.name)
        {
            last.samples.push(line);
        }
    }
    metrics
}

/// Of a metric; its labels may have no colon.
fn is_name(name: &str) -> bool {
    super::is_name(&name.replace(':', "_"))
}

/// `TYPE name text`
fn described(line: &str) -> Option<(&str, &str, &str)> {
    let (word, rest) = line.split_once(' ')?;
    let (name, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let is_known = matches!(word, "HELP" | "TYPE" | "UNIT") && is_name(name);
    is_known.then_some((word, name, text))
}

impl<'a> Foreign<'a> {
    fn describe(&mut self, word: &str, text: &'a str) {
        match word {
            "HELP" => self.help = Some(text),
            "TYPE" => self.kind = text,
            _ => self.unit = Some(text),
        }
    }

    /// What the names of its samples end with, its own name among them.
    pub(crate) fn suffixes(&self) -> &'static [&'static str] {
        match self.kind {
            "counter" => &["", "_total", "_created"],
            "histogram" => &["", "_bucket", "_sum", "_count", "_created"],
            "gaugehistogram" => &["", "_bucket", "_gsum", "_gcount"],
            "summary" => &["", "_sum", "_count", "_created"],
            "info" => &["", "_info"],
            _ => &[""],
        }
    }

    pub(crate) fn write(&self, out: &mut String, format: Format) {
        let (suffix, kind) = match format {
            Format::OpenMetrics => ("", self.kind),
            Format::Text => older(self.kind),
        };
        let name = self.name;
        if let Some(help) = self.help {
            let _ = writeln!(out, "# HELP {name}{suffix} {help}");
        }
        let _ = writeln!(out, "# TYPE {name}{suffix} {kind}");
        if let (Some(unit), Format::OpenMetrics) = (self.unit, format) {
            let _ = writeln!(out, "# UNIT {name} {unit}");
        }
        for sample in &self.samples {
            match format {
                Format::OpenMetrics => drop(writeln!(out, "{sample}")),
                Format::Text => write_older(out, sample),
            }
        }
    }
}

/// What a type of OpenMetrics is in the older format, and what its name ends with there.
fn older(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "counter" => ("_total", "counter"),
        "info" => ("_info", "gauge"),
        "gauge" | "stateset" => ("", "gauge"),
        "histogram" => ("", "histogram"),
        "summary" => ("", "summary"),
        _ => ("", "untyped"),
    }
}

/// The sample without an exemplar, and without its time: the older format counts it in milliseconds, and has
/// no name for samples of when a series began.
fn write_older(out: &mut String, sample: &str) {
    let (series, rest) = sample.split_at(end_of_series(sample));
    let name = series.split('{').next().unwrap_or_default();
    if let (Some(value), false) = (rest.split_whitespace().next(), name.ends_with("_created")) {
        let _ = writeln!(out, "{series} {value}");
    }
}

/// Where name and labels end, at the first space that is not within quotes.
fn end_of_series(sample: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in sample.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b' ' if !quoted => return at,
            _ => {}
        }
    }
    sample.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# HELP jobs Jobs done.\n# TYPE jobs counter\njobs_total{q=\"a # \\\"b\"} 3 # {trace_id=\"x\"} 1\n\
                        # HELP build Build.\n# TYPE build info\nbuild_info{v=\"1\"} 1\n# TYPE t_seconds gauge\n\
                        # UNIT t_seconds seconds\nt_seconds 2\n# EOF\n";

    #[test]
    fn a_page_is_written_as_it_came_but_for_its_end() {
        let mut out = String::new();
        read(PAGE).iter().for_each(|metric| metric.write(&mut out, Format::OpenMetrics));
        assert_eq!(out, PAGE.replace("# EOF\n", ""));
    }

    #[test]
    fn for_the_older_format_names_types_and_exemplars_are_converted() {
        let mut out = String::new();
        read(PAGE).iter().for_each(|metric| metric.write(&mut out, Format::Text));
        assert_eq!(
            out,
            "# HELP jobs_total Jobs done.\n# TYPE jobs_total counter\njobs_total{q=\"a # \\\"b\"} 3\n\
             # HELP build_info Build.\n# TYPE build_info gauge\nbuild_info{v=\"1\"} 1\n\
             # TYPE t_seconds gauge\nt_seconds 2\n"
        );
    }

    #[test]
    fn times_and_samples_of_when_a_series_began_are_not_in_the_older_format() {
        let page = "# TYPE jobs counter\njobs_total{q=\"a b\"} 3 1700000000.5\njobs_created 1\n";
        let mut out = String::new();
        read(page).iter().for_each(|metric| metric.write(&mut out, Format::Text));
        assert_eq!(out, "# TYPE jobs_total counter\njobs_total{q=\"a b\"} 3\n");
    }

    #[test]
    fn a_line_that_belongs_to_no_metric_is_left_out() {
        assert_eq!(read("stray 1\n# nonsense\n\n# TYPE  gauge\n 1\n# TYPE {} gauge\n{} 1\n"), []);
    }
}
