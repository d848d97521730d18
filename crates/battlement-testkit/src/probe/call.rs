use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use tower::Service;

use super::{
    Counts, Gate, Misuse, ProbeError, Reply, pending::Pending, script::Script, state::State,
};

/// An inner service for requests and responses of any type, for layers that do not need HTTP.
///
/// It is a [`Probe`](crate::probe::Probe) in all other respects: clones share one record and one script, and a call
/// without readiness also gets a reply, and is recorded in [`misuses`](Self::misuses).
///
/// # Example
///
/// ```
/// use battlement_testkit::probe::{CallProbe, ProbeError, Reply};
/// use tower::{Layer, ServiceExt, timeout::TimeoutLayer};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let database = CallProbe::new(vec!["a row"]);
/// database.next(Reply::error(ProbeError::new("connection reset")));
/// let service = TimeoutLayer::new(std::time::Duration::from_secs(1)).layer(database.clone());
///
/// service.clone().oneshot("SELECT 1").await.unwrap_err();
/// assert_eq!(service.oneshot("SELECT 2").await.unwrap(), ["a row"]);
/// assert_eq!(database.take_requests(), ["SELECT 1", "SELECT 2"]);
/// # }
/// ```
pub struct CallProbe<Q, R> {
    state: State,
    script: Script<R>,
    requests: Arc<Mutex<Vec<Q>>>,
    response: R,
    is_ready: bool,
}

impl<Q, R: Clone> CallProbe<Q, R> {
    /// Creates a probe that is always ready and replies with `response`.
    pub fn new(response: R) -> Self {
        Self {
            state: State::default(),
            script: Script::new(Reply::respond(response.clone())),
            requests: Arc::default(),
            response,
            is_ready: false,
        }
    }

    /// Returns the response of [`new`](Self::new).
    #[cfg(feature = "contract")]
    pub(crate) const fn response(&self) -> &R {
        &self.response
    }
}

impl<Q, R> CallProbe<Q, R> {
    /// Appends `reply` to the script; each call takes the first remaining reply.
    pub fn next(&self, reply: Reply<R>) {
        self.script.next(reply);
    }

    /// Sets the reply for calls when the script of [`next`](Self::next) is empty.
    pub fn always(&self, reply: Reply<R>) {
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

    /// Returns the counts so far. A call is in flight until its future completes or is dropped.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.state.counts()
    }

    /// Returns the caller's violations of tower's contract, in order.
    #[must_use]
    pub fn misuses(&self) -> Vec<Misuse> {
        self.state.misuses()
    }

    /// Removes and returns the requests of all calls, in order.
    #[must_use]
    pub fn take_requests(&self) -> Vec<Q> {
        std::mem::take(&mut *self.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }

    #[cfg(feature = "contract")]
    pub(crate) const fn state(&self) -> &State {
        &self.state
    }
}

/// Creates a clone that is not ready, even if the original is.
impl<Q, R: Clone> Clone for CallProbe<Q, R> {
    fn clone(&self) -> Self {
        Self {
            state: self.state.clone(),
            script: self.script.clone(),
            requests: self.requests.clone(),
            response: self.response.clone(),
            is_ready: false,
        }
    }
}

impl<Q, R> fmt::Debug for CallProbe<Q, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallProbe")
            .field("is_ready", &self.is_ready)
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

impl<Q, R: Clone> Service<Q> for CallProbe<Q, R> {
    type Response = R;
    type Error = ProbeError;
    type Future = CallFuture<R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
        self.state.poll_ready(&mut self.is_ready, cx)
    }

    /// Records the request and takes the next reply.
    ///
    /// # Panics
    ///
    /// Panics if that reply is [`Reply::panic_in_call`].
    fn call(&mut self, request: Q) -> CallFuture<R> {
        let ticket = self.state.begin(&mut self.is_ready);
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        CallFuture(Pending::begin(self.state.clone(), ticket, self.script.take()))
    }
}

/// The response future of a [`CallProbe`].
#[derive(Debug)]
pub struct CallFuture<R>(Pending<R>);

/// No field is pinned.
impl<R> Unpin for CallFuture<R> {}

impl<R: Clone> Future for CallFuture<R> {
    type Output = Result<R, ProbeError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(self.0.poll_turn(cx));
        ready!(self.0.poll_gate(cx));
        Poll::Ready(self.0.complete().0)
    }
}
