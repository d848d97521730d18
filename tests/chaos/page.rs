//! The page of metrics, as Prometheus parses it.

use std::collections::BTreeMap;

use crate::tally::{Family, Outcome};

pub(crate) struct Page(pub(crate) String);

impl Page {
    /// Returns the samples whose line begins with `start`.
    pub(crate) fn samples(&self, start: &str) -> Vec<(&str, f64)> {
        let lines = self.0.lines().filter(|line| line.starts_with(start));
        lines
            .map(|line| {
                let (sample, value) = line.rsplit_once(' ').unwrap();
                (sample, value.parse().unwrap())
            })
            .collect()
    }

    /// Returns the number of decisions of one policy.
    pub(crate) fn decisions(&self, policy: &str, decision: &str) -> u64 {
        let start = format!(
            "battlement_rate_limit_decisions_total{{policy=\"{policy}\",decision=\"{decision}\""
        );
        self.samples(&start).into_iter().map(|(_, value)| whole(value)).sum()
    }

    /// Returns the recorded outcomes of requests to the server.
    pub(crate) fn outcomes(&self) -> BTreeMap<Outcome, u64> {
        let mut outcomes = BTreeMap::new();
        for (family, name) in [
            (Family::Request, "http_server_request_duration_seconds_count{"),
            (Family::Stream, "http_server_stream_duration_seconds_count{"),
        ] {
            for (sample, value) in self.samples(name) {
                let status = label(sample, "http_response_status_code").unwrap_or_default();
                let error = label(sample, "error_type").unwrap_or_default();
                let outcome = Outcome { family, status: status.into(), error: error.into() };
                *outcomes.entry(outcome).or_default() += whole(value);
            }
        }
        outcomes.retain(|_, count| *count > 0);
        outcomes
    }
}

fn label<'a>(sample: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = sample.split_once(&format!("{name}=\""))?;
    rest.split('"').next()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a count")]
fn whole(value: f64) -> u64 {
    value as u64
}
