//! Inner services with scripted replies that record their calls.

mod body;
mod call;
mod counts;
mod error;
mod future;
mod gate;
mod misuse;
mod pending;
mod received;
mod reply;
mod script;
mod state;

use std::{
    fmt,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower::{BoxError, Service};

pub(crate) use self::state::State;
pub use self::{
    body::ProbeBody,
    call::{CallFuture, CallProbe},
    counts::Counts,
    error::ProbeError,
    future::ProbeFuture,
    gate::Gate,
    misuse::Misuse,
    received::{Received, RequestBody},
    reply::Reply,
};
use self::{pending::Pending, received::Log, script::Script};

/// An inner service with scripted replies that records the calls of a layer.
///
/// All clones share one record and one script; only readiness belongs to each clone, as with any tower service. A test
/// keeps one clone, passes another to the layer, and inspects its own. A call without readiness also gets a reply, and
/// is recorded in [`misuses`](Self::misuses).
///
/// # Example
///
/// ```
/// use battlement_testkit::probe::{Probe, ProbeBody, Reply};
/// use http::Request;
/// use tower::{Layer, ServiceExt, timeout::TimeoutLayer};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let probe = Probe::new();
/// probe.next(Reply::never());
/// let service = TimeoutLayer::new(std::time::Duration::from_secs(1)).layer(probe.clone());
///
/// service.oneshot(Request::new(ProbeBody::empty())).await.unwrap_err();
/// assert_eq!(probe.counts().cancelled, 1);
/// assert_eq!(probe.counts().in_flight, 0);
/// # }
/// ```
#[derive(Default)]
pub struct Probe {
    state: State,
    script: Script<Response<ProbeBody>>,
    received: Log,
    is_ready: bool,
}

impl Probe {
    /// Creates a probe that is always ready and replies with a 200 and an empty body.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends `reply` to the script; each call takes the first remaining reply.
    pub fn next(&self, reply: Reply) {
        self.script.next(reply);
    }

    /// Sets the reply for calls when the script of [`next`](Self::next) is empty. Default: a 200 with an empty body.
    pub fn always(&self, reply: Reply) {
        self.script.always(reply);
    }

    /// Makes readiness wait until `gate` is open; clones that are already ready stay ready.
    pub fn ready_when(&self, gate: &Gate) {
        self.state.ready_when(gate);
    }

    /// Fails every readiness poll with `error`.
    pub fn fail_readiness(&self, error: ProbeError) {
        self.state.fail_readiness(error);
    }

    /// Returns the counts so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.state.counts()
    }

    /// Returns the caller's violations of tower's contract, in order.
    #[must_use]
    pub fn misuses(&self) -> Vec<Misuse> {
        self.state.misuses()
    }

    /// Returns the requests of all calls, in order.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.received.to_vec()
    }

    #[cfg(feature = "contract")]
    pub(crate) const fn state(&self) -> &State {
        &self.state
    }
}

/// Creates a clone that is not ready, even if the original is.
impl Clone for Probe {
    fn clone(&self) -> Self {
        Self {
            state: self.state.clone(),
            script: self.script.clone(),
            received: self.received.clone(),
            is_ready: false,
        }
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe")
            .field("is_ready", &self.is_ready)
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

impl<B> Service<Request<B>> for Probe
where
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<ProbeBody>;
    type Error = ProbeError;
    type Future = ProbeFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
        self.state.poll_ready(&mut self.is_ready, cx)
    }

    /// Records the request and takes the next reply.
    ///
    /// # Panics
    ///
    /// Panics if that reply is [`Reply::panic_in_call`].
    fn call(&mut self, request: Request<B>) -> ProbeFuture {
        let ticket = self.state.begin(&mut self.is_ready);
        let (parts, body) = request.into_parts();
        let index = self.received.push(parts, body.size_hint());
        let pending = Pending::begin(self.state.clone(), ticket, self.script.take());
        ProbeFuture::new(pending, &self.received, index, body)
    }
}
