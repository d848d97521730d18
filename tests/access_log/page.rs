//! The counts of a metrics page and of records, by the labels that metrics have.

use std::collections::BTreeMap;

use battlement::metrics::{Exposition, Format, HttpMetrics};
use serde_json::Value;

/// Numbers of requests by labels.
pub(crate) type Counts = BTreeMap<String, u64>;

/// Returns the counts of the histograms with these names.
pub(crate) fn counts(metrics: &HttpMetrics, names: &[&str]) -> Counts {
    let page = Exposition::new().metrics(metrics).render(Format::Text);
    let mut counts = Counts::new();
    for line in page.lines() {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let labels = names
            .iter()
            .find_map(|name| series.strip_prefix(name)?.strip_prefix("_count{")?.strip_suffix('}'));
        if let (Some(labels), Ok(1..)) = (labels, value.parse::<u64>()) {
            *counts.entry(labels.to_owned()).or_default() += value.parse::<u64>().unwrap();
        }
    }
    counts
}

/// Returns the counts of records, by the labels that `labels` makes of a record.
pub(crate) fn counted(records: &[Value], labels: impl Fn(&Value) -> String) -> Counts {
    let mut counts = Counts::new();
    for record in records {
        *counts.entry(labels(record)).or_default() += 1;
    }
    counts
}

/// Returns the labels of the record of an HTTP request.
pub(crate) fn http_labels(record: &Value) -> String {
    let method = word(record, "http.request.method");
    // Metrics have a default for a scheme that nothing has told.
    let scheme = record["url.scheme"].as_str().unwrap_or("http");
    let status = record["http.response.status_code"].as_u64();
    let status = status.map(|status| format!(",http_response_status_code=\"{status}\""));
    format!(
        "http_request_method=\"{method}\",url_scheme=\"{scheme}\"{}{}",
        status.unwrap_or_default(),
        error_label(record)
    )
}

/// Returns the label of the error of a record, which is its outcome unless the request succeeded.
pub(crate) fn error_label(record: &Value) -> String {
    match word(record, "outcome") {
        "ok" | "client_error" => String::new(),
        error => format!(",error_type=\"{error}\""),
    }
}

/// Returns the text of a field.
pub(crate) fn word<'a>(record: &'a Value, name: &str) -> &'a str {
    record[name].as_str().unwrap_or_else(|| panic!("no text `{name}`: {record}"))
}
