use std::{fmt, sync::Arc, time::Duration};

use tower_layer::Layer;

use super::{config::Config, gradual::Spread, service::Drain};
use crate::shared::Shared;

/// A layer that takes part in the shutdown of a service, created by [`Shutdown::layer`](crate::Shutdown::layer).
///
/// The drain waits for each request until the end of its response body. From [`Phase::Unready`](crate::Phase) on,
/// HTTP/1 responses carry `Connection: close`, so that clients open their next connection to another instance. What is
/// left at the end of the drain is cut off: a call that has not answered gets a 503, or UNAVAILABLE over gRPC, and a
/// body fails.
///
/// Handlers see the drain with [`DrainToken::of`](crate::DrainToken::of).
///
/// # Example
///
/// ```
/// use battlement_shutdown::Shutdown;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let shutdown = Shutdown::without_signals();
/// let layer = shutdown.layer().gradual();
/// # }
/// ```
#[derive(Clone)]
pub struct DrainLayer {
    config: Arc<Config>,
}

/// An extension of a response whose stream ends when the drain begins: an event stream, a gRPC stream, or another body
/// without an end.
///
/// The layer ends the body between two frames, as a whole: HTTP/1 sends the last chunk, and gRPC the status UNAVAILABLE
/// in its trailers, on which clients call another instance. A stream of gRPC-Web, whose trailers are data, ends with an
/// error. A stream that opts in counts as a request, and does not hold up the drain.
///
/// # Example
///
/// ```
/// use battlement_shutdown::EndStream;
/// use http::Response;
///
/// let mut response = Response::new("data: hello\n\n");
/// response.extensions_mut().insert(EndStream);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a marker without content")]
pub struct EndStream;

impl DrainLayer {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { config: Arc::new(Config::new(shared)) }
    }

    /// Spreads the closes of HTTP/1 connections evenly over the delay, so that clients do not all reconnect at the same
    /// time. Default: each connection closes with its next response.
    ///
    /// Each connection has a random point in the delay, and its first response after that point closes it.
    #[must_use]
    pub fn gradual(self) -> Self {
        self.configure(|config| config.gradual = Some(Spread::default()))
    }

    /// Rejects requests that arrive after the process has stopped accepting connections: with a 503 whose `Retry-After`
    /// is `retry_after`, or with UNAVAILABLE over gRPC. Default: requests are served until the end of the drain.
    #[must_use]
    pub fn reject_late(self, retry_after: Duration) -> Self {
        self.configure(|config| config.reject = Some(retry_after))
    }

    /// Sets whether the layer is active. Default: yes. A disabled layer has the same types and passes requests through,
    /// which the drain does not wait for.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        self.configure(|config| config.enabled = enabled)
    }

    fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        let config = Arc::make_mut(&mut self.config);
        change(config);
        config.serves = config.enabled && config.reject.is_none();
        self
    }
}

impl<S> Layer<S> for DrainLayer {
    type Service = Drain<S>;

    fn layer(&self, inner: S) -> Drain<S> {
        Drain::new(inner, Arc::clone(&self.config))
    }
}

impl fmt::Debug for DrainLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Config { gradual, reject, enabled, .. } = &*self.config;
        f.debug_struct("DrainLayer")
            .field("gradual", &gradual.is_some())
            .field("reject_late", reject)
            .field("enabled", enabled)
            .finish_non_exhaustive()
    }
}
