use std::{future::Future, pin::Pin, time::Duration};

use battlement_testkit::server::{Protocol, Server};

/// The time that a layer may take to count a request.
pub(crate) const DEADLINE: Duration = Duration::from_millis(500);

/// A metrics layer under comparison.
pub(crate) trait Recorder {
    fn name(&self) -> &'static str;

    /// Starts a server that gives all kinds of responses, wrapped in the layer.
    fn serve(&self, protocol: Protocol) -> Serving<'_>;

    /// Returns what the layer has counted since the process started.
    fn read(&self) -> Totals;
}

pub(crate) type Serving<'a> = Pin<Box<dyn Future<Output = std::io::Result<Server>> + Send + 'a>>;

/// Totals over all requests that a layer has counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) requests: f64,
    pub(crate) seconds: f64,
    /// The sum of the response body sizes and the number of bodies, if the layer records sizes.
    pub(crate) bytes: Option<(f64, f64)>,
    pub(crate) active: f64,
    /// The number of requests counted as cancelled by the client, if the layer records that.
    pub(crate) cancelled: Option<f64>,
}

impl Totals {
    pub(crate) fn since(&self, before: &Self) -> Self {
        let difference =
            |now: Option<f64>, then: Option<f64>| Some(now? - then.unwrap_or_default());
        let (sum, count) = (self.bytes.map(|bytes| bytes.0), self.bytes.map(|bytes| bytes.1));
        let sum = difference(sum, before.bytes.map(|bytes| bytes.0));
        Self {
            requests: self.requests - before.requests,
            seconds: self.seconds - before.seconds,
            bytes: sum.zip(difference(count, before.bytes.map(|bytes| bytes.1))),
            active: self.active - before.active,
            cancelled: difference(self.cancelled, before.cancelled),
        }
    }
}
