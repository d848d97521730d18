use std::borrow::Cow;

use crate::{
    HttpMetrics,
    family::{Buckets, Families, Family, Kind, Value},
    key::Key,
    names::UNKNOWN,
    naming::Naming,
    recorder::Recorder,
    series::Series,
    side::Side,
    traffic::Traffic,
};

const NANOS: f64 = 1e9;
const BYTES: f64 = 1.0;

impl HttpMetrics {
    /// Adds all current counts to a page.
    pub(crate) fn gather(&self, page: &mut Families) {
        let recorder = self.recorder();
        for traffic in recorder.sides().filter(|traffic| traffic.is_used()) {
            SideSnapshot { recorder, traffic, naming: recorder.config.naming }.gather(page);
        }
    }
}

/// The metrics of one side, to be added to a page.
struct SideSnapshot<'a> {
    recorder: &'a Recorder,
    traffic: &'a Traffic,
    naming: Naming,
}

/// A histogram with its unit and help text.
struct Shown<'a> {
    series: &'a Series,
    scale: f64,
    help: &'static str,
}

impl SideSnapshot<'_> {
    fn gather(&self, page: &mut Families) {
        let histograms = self.histograms();
        let bounds = self.naming.bounds(self.traffic.side);
        let duration = Family { bounds, ..self.family(&histograms[0]) };
        if let (Side::Server, Some(requests)) = (self.traffic.side, self.naming.requests()) {
            page.add(counted(self.recorder.config.named(Side::Server, requests), &duration));
        }
        page.add(duration);
        page.add(self.active());
        for shown in &histograms[1..] {
            page.add(self.family(shown));
        }
        for Shown { series, .. } in histograms {
            #[expect(clippy::cast_precision_loss, reason = "as every count of the format")]
            page.add_overflow(series.name().clone(), series.overflowed() as f64);
        }
    }

    /// Returns all histograms, durations first.
    fn histograms(&self) -> Vec<Shown<'_>> {
        let traffic = self.traffic;
        let of = |series, scale, help| Shown { series, scale, help };
        let mut histograms =
            vec![of(&traffic.duration, NANOS, DURATION), of(&traffic.stream, NANOS, STREAM)];
        histograms.extend(traffic.first_byte.as_ref().map(|series| of(series, NANOS, FIRST_BYTE)));
        if let Some(sizes) = &traffic.sizes {
            histograms.push(of(&sizes.request, BYTES, REQUEST_SIZE));
            histograms.push(of(&sizes.response, BYTES, RESPONSE_SIZE));
        }
        histograms
    }

    fn family(&self, shown: &Shown<'_>) -> Family {
        let (series, scale) = (shown.series, shown.scale);
        #[expect(clippy::cast_precision_loss, reason = "bounds are far below 2^53 nanoseconds")]
        let bounds: Vec<f64> = series.bounds().iter().map(|bound| *bound as f64 / scale).collect();
        let mut family = Family::new(series.name().clone(), Kind::Histogram, shown.help);
        for (key, snapshot) in series.snapshot() {
            let labels = self.naming.labels(self.recorder, self.traffic.side, key);
            let buckets = Buckets { snapshot, bounds: bounds.clone(), scale };
            family.add(labels, Value::Histogram(Box::new(buckets)));
        }
        family
    }

    fn active(&self) -> Family {
        let side = self.traffic.side;
        let name = self.recorder.config.named(side, self.naming.names(side).active);
        let mut family = Family::new(name, Kind::Gauge, ACTIVE);
        for (of, value) in self.traffic.active.snapshot() {
            let (owner, method, https) = (of.owner, of.method, of.https);
            let mut key = Key::new(UNKNOWN, owner, method);
            key.set_https(https);
            let labels = self.naming.active_labels(self.recorder, side, key);
            #[expect(
                clippy::cast_precision_loss,
                reason = "there are never 2^53 requests in flight"
            )]
            family.add(labels, Value::Number(value as f64));
        }
        family
    }
}

const DURATION: &str = "Time from the start of a request to the end of its response.";
const STREAM: &str = "Duration of event streams, upgrades and streaming calls.";
const FIRST_BYTE: &str = "Time from the start of a request to the head of its response.";
const REQUEST_SIZE: &str = "Size of request bodies as declared by content-length.";
const RESPONSE_SIZE: &str = "Size of response bodies as sent.";
const ACTIVE: &str = "Requests in flight, until the end of their responses.";

/// Returns the counter of requests, derived from the histogram of durations.
fn counted(name: Cow<'static, str>, duration: &Family) -> Family {
    let mut family = Family::new(name, Kind::Counter, "Requests that have ended.");
    for (labels, value) in &duration.samples {
        if let Value::Histogram(buckets) = value {
            #[expect(clippy::cast_precision_loss, reason = "as every count of the format")]
            family.add(labels.clone(), Value::Number(buckets.snapshot.count() as f64));
        }
    }
    family
}
