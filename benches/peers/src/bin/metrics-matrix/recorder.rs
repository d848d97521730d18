use std::{future::Future, pin::Pin, time::Duration};

use battlement_testkit::server::{Protocol, Server};

/// How long a layer may take to count.
pub(crate) const PATIENCE: Duration = Duration::from_millis(500);

/// Something that counts requests.
pub(crate) trait Subject {
    fn name(&self) -> &'static str;

    /// A server with every kind of answer, inside of it.
    fn serve(&self, protocol: Protocol) -> Serving<'_>;

    /// What it has counted since the process began.
    fn read(&self) -> Reading;
}

pub(crate) type Serving<'a> = Pin<Box<dyn Future<Output = std::io::Result<Server>> + Send + 'a>>;

/// What was counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reading {
    pub(crate) requests: f64,
    pub(crate) seconds: f64,
    /// Of response bodies, and how many of these there were.
    pub(crate) bytes: Option<(f64, f64)>,
    pub(crate) active: f64,
    /// How many requests were taken for ones whose client went away.
    pub(crate) left: Option<f64>,
}

impl Reading {
    pub(crate) fn since(&self, before: &Self) -> Self {
        let less = |now: Option<f64>, then: Option<f64>| Some(now? - then.unwrap_or_default());
        let (sum, count) = (self.bytes.map(|bytes| bytes.0), self.bytes.map(|bytes| bytes.1));
        let sum = less(sum, before.bytes.map(|bytes| bytes.0));
        Self {
            requests: self.requests - before.requests,
            seconds: self.seconds - before.seconds,
            bytes: sum.zip(less(count, before.bytes.map(|bytes| bytes.1))),
            active: self.active - before.active,
            left: less(self.left, before.left),
        }
    }
}
