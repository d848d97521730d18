//! Metrics of a server: its open connections, how long they lasted, and the limits that ended them.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use battlement_serve::{
    AcceptErrorKind, Closed, Flood, Observe, Protocol, Refusal, ServerHandle, TimeoutKind,
};

use crate::{
    Exposition,
    family::{Buckets, Families, Family, Kind, Value},
    histogram::Histogram,
    labelled::Labelled,
    shard,
};

/// Metrics of the connections of servers. Clones share the same counts; one value is enough for all servers of a
/// process.
///
/// | metric | labels |
/// |---|---|
/// | `battlement_serve_connections`: open connections | `listener`, `protocol` ([`Protocol`], or `unknown` until it is known) |
/// | `battlement_serve_connection_duration_seconds`: time from accept to the end of a connection | `protocol` |
/// | `battlement_serve_accepted_total`: connections that were accepted, except those refused because of `client_limit` | |
/// | `battlement_serve_limit_reached_total`: times that a listener stopped accepting at the limit of connections | `listener` |
/// | `battlement_serve_refused_total`: connections that were accepted and not served | `reason` ([`Refusal`]) |
/// | `battlement_serve_timeouts_total`: time limits that connections have reached | `kind` ([`TimeoutKind`], such as `first_request` and `idle`) |
/// | `battlement_serve_floods_total`: connections that were ended because of a flood of HTTP/2 frames | `kind` ([`Flood`]) |
/// | `battlement_serve_accept_errors_total`: errors of `accept` | `kind` ([`AcceptErrorKind`]) |
///
/// Every series is at 0 from the start, because `rate()` does not count the first event of a series that begins with
/// it; the series of a listener are shown from the start of its server on.
///
/// # Example
///
/// ```
/// use battlement_metrics::{Exposition, Format, serve::ServeMetrics};
/// use battlement_serve::{Listener, Server};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// # let app = tower::service_fn(async |_: http::Request<hyper::body::Incoming>| {
/// #     Ok::<_, std::convert::Infallible>(http::Response::new(String::from("hello")))
/// # });
/// let metrics = ServeMetrics::new();
/// let listener = Listener::tcp("127.0.0.1:0").await?;
/// let serving = Server::new(listener).observe(metrics.clone()).serve(app);
/// let page = Exposition::new().serve(&metrics).render(Format::Text);
/// assert!(page.contains(r#"battlement_serve_connections{listener="public",protocol="http1"} 0"#));
/// assert!(page.contains(r#"battlement_serve_timeouts_total{kind="first_request"} 0"#));
/// # drop(serving);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct ServeMetrics(Arc<Inner>);

struct Inner {
    servers: Mutex<Vec<ServerHandle>>,
    durations: [(&'static str, Histogram); 3],
    accepted: Labelled<0>,
    limit_reached: Labelled<1>,
    refused: Labelled<1>,
    timeouts: Labelled<1>,
    floods: Labelled<1>,
    accept_errors: Labelled<1>,
}

const UNKNOWN: &str = "unknown";

const NANOS: f64 = 1e9;
const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;
/// Buckets from a single request to a day, with the default limits of a server in between.
const DURATIONS: [u64; 14] = [
    10 * MS,
    100 * MS,
    S,
    5 * S,
    11 * S,
    30 * S,
    60 * S,
    90 * S,
    300 * S,
    600 * S,
    1_800 * S,
    3_600 * S,
    21_600 * S,
    86_400 * S,
];

const CONNECTIONS: &str = "Open connections.";
const DURATION: &str = "Time from accept to the end of a connection.";
const ACCEPTED: &str = "Connections that were accepted.";
const LIMIT_REACHED: &str = "Times that a listener stopped accepting at the limit of connections.";
const REFUSED: &str = "Connections that were accepted and not served.";
const TIMEOUTS: &str = "Time limits that connections have reached.";
const FLOODS: &str = "Connections that were ended because of a flood of HTTP/2 frames.";
const ACCEPT_ERRORS: &str = "Errors of accept, after which the server retries.";

impl ServeMetrics {
    /// Creates metrics with all counts at 0.
    #[must_use]
    pub fn new() -> Self {
        let accepted = Labelled::new("battlement_serve_accepted", ACCEPTED, []);
        accepted.add([], 0);
        let protocols = [UNKNOWN, Protocol::Http1.as_str(), Protocol::Http2.as_str()];
        let histogram = |protocol| (protocol, Histogram::new(shard::default_count()));
        let reasons = Refusal::ALL.iter().map(|reason| reason.as_str());
        let timeouts = TimeoutKind::ALL.iter().map(|kind| kind.as_str());
        let floods = Flood::ALL.iter().map(|kind| kind.as_str());
        let errors = AcceptErrorKind::ALL.iter().map(|kind| kind.as_str());
        Self(Arc::new(Inner {
            servers: Mutex::default(),
            durations: protocols.map(histogram),
            accepted,
            limit_reached: Labelled::new(
                "battlement_serve_limit_reached",
                LIMIT_REACHED,
                ["listener"],
            ),
            refused: zeros("battlement_serve_refused", REFUSED, "reason", reasons),
            timeouts: zeros("battlement_serve_timeouts", TIMEOUTS, "kind", timeouts),
            floods: zeros("battlement_serve_floods", FLOODS, "kind", floods),
            accept_errors: zeros("battlement_serve_accept_errors", ACCEPT_ERRORS, "kind", errors),
        }))
    }

    fn gather(&self, page: &mut Families) {
        page.add(self.connections());
        page.add(self.durations());
        self.0.accepted.gather(page);
        let Inner { limit_reached, refused, timeouts, floods, accept_errors, .. } = &*self.0;
        for counter in [limit_reached, refused, timeouts, floods, accept_errors] {
            counter.gather(page);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "as every number of the format")]
    fn connections(&self) -> Family {
        let mut family = Family::new("battlement_serve_connections", Kind::Gauge, CONNECTIONS);
        let servers = self.0.servers.lock().unwrap_or_else(PoisonError::into_inner);
        for open in servers.iter().flat_map(ServerHandle::connections) {
            let protocol = open.protocol.map_or(UNKNOWN, Protocol::as_str);
            let labels = [("listener", &*open.listener), ("protocol", protocol)];
            let labels = labels.map(|(label, value)| (label.into(), value.to_owned()));
            family.add(labels.into(), Value::Number(open.count as f64));
        }
        family
    }

    #[expect(clippy::cast_precision_loss, reason = "bounds are far below 2^53 nanoseconds")]
    fn durations(&self) -> Family {
        let name = "battlement_serve_connection_duration_seconds";
        let mut family = Family::new(name, Kind::Histogram, DURATION);
        let bounds: Vec<f64> = DURATIONS.iter().map(|bound| *bound as f64 / NANOS).collect();
        for (protocol, histogram) in &self.0.durations {
            let (snapshot, bounds) = (histogram.snapshot(), bounds.clone());
            let buckets = Buckets { snapshot, bounds, scale: NANOS };
            let labels = vec![("protocol".into(), (*protocol).to_owned())];
            family.add(labels, Value::Histogram(Box::new(buckets)));
        }
        family
    }
}

/// Creates a counter with a series at 0 for each value of its label.
fn zeros(
    name: &'static str,
    help: &'static str,
    label: &'static str,
    values: impl Iterator<Item = &'static str>,
) -> Labelled<1> {
    let counter = Labelled::new(name, help, [label]);
    values.for_each(|value| counter.add([value], 0));
    counter
}

impl Default for ServeMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ServeMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServeMetrics").finish_non_exhaustive()
    }
}

impl Observe for ServeMetrics {
    fn on_start(&self, server: &ServerHandle) {
        for open in server.connections() {
            self.0.limit_reached.add([&open.listener], 0);
        }
        self.0.servers.lock().unwrap_or_else(PoisonError::into_inner).push(server.clone());
    }

    fn on_accepted(&self, _listener: &str) {
        self.0.accepted.add([], 1);
    }

    fn on_refused(&self, _listener: &str, reason: Refusal) {
        self.0.refused.add([reason.as_str()], 1);
    }

    fn on_full(&self, listener: &str) {
        self.0.limit_reached.add([listener], 1);
    }

    fn on_accept_error(&self, _listener: &str, kind: AcceptErrorKind) {
        self.0.accept_errors.add([kind.as_str()], 1);
    }

    fn on_timeout(&self, _listener: &str, kind: TimeoutKind) {
        self.0.timeouts.add([kind.as_str()], 1);
    }

    fn on_flood(&self, _listener: &str, kind: Flood) {
        self.0.floods.add([kind.as_str()], 1);
    }

    fn on_closed(&self, connection: &Closed<'_>) {
        let protocol = connection.protocol.map_or(UNKNOWN, Protocol::as_str);
        let nanos = connection.duration.as_nanos().try_into().unwrap_or(u64::MAX);
        let mut histograms = self.0.durations.iter();
        if let Some((_, histogram)) = histograms.find(|(name, _)| *name == protocol) {
            histogram.record(shard::mine(), &DURATIONS, nanos);
        }
    }
}

impl Exposition {
    /// Shows the metrics of the connections of servers.
    #[must_use]
    pub fn serve(self, metrics: &ServeMetrics) -> Self {
        let metrics = metrics.clone();
        let id = Arc::as_ptr(&metrics.0).addr();
        self.once("the server", id, move |page| metrics.gather(page))
    }
}
