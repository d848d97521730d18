//! The contract that every layer must satisfy, and the suite that checks it.
//!
//! The rules treat a layer as a black box around a [`Probe`], which is scripted to wait, fail or panic, and the
//! caller drops, clones and polls at every point. Run the suite with a layer that is configured to allow every
//! call. For a layer that rejects calls, run it again with settings that [reject](Contract::rejects) every call;
//! other properties of rejections belong in the layer's own tests.
//!
//! | rule | promise |
//! |---|---|
//! | *bounds of* [`Contract::new`] | the service is `Clone`, `Send` and `Sync` if the inner one is; its future and body are `Send` |
//! | [`ReadySpentOnce`](Rule::ReadySpentOnce) | a call is made only on an instance that was polled ready since its last call |
//! | [`Backpressure`](Rule::Backpressure) | while the service is not ready, the layer is not ready either, and readiness wakes the caller |
//! | [`NothingReserved`](Rule::NothingReserved) | a layer that was polled ready but not called holds nothing |
//! | [`CloneStartsUnready`](Rule::CloneStartsUnready) | a clone does not inherit readiness |
//! | [`ReadyErrorKept`](Rule::ReadyErrorKept) | an error of poll_ready is returned unchanged |
//! | [`CallErrorKept`](Rule::CallErrorKept) | an error of a call is returned unchanged |
//! | [`BodyErrorKept`](Rule::BodyErrorKept) | an error of a body is returned unchanged, after the frames before it |
//! | [`DroppedUnpolled`](Rule::DroppedUnpolled) | a call dropped before its first poll releases everything it holds |
//! | [`DroppedInFlight`](Rule::DroppedInFlight) | a call dropped while the service handles it releases everything it holds |
//! | [`DroppedBeforeBody`](Rule::DroppedBeforeBody) | a call dropped after the response head releases everything it holds |
//! | [`DroppedMidBody`](Rule::DroppedMidBody) | a call dropped within the response body releases everything it holds |
//! | [`BodyEnds`](Rule::BodyEnds) | a call whose body was read to its end releases everything it holds |
//! | [`BodyFails`](Rule::BodyFails) | a call whose body failed releases everything it holds |
//! | [`BodyNotNeeded`](Rule::BodyNotNeeded) | a call whose body is not polled to its end (HEAD, 204, content-length) releases everything it holds |
//! | [`CallFails`](Rule::CallFails) | a call that failed releases everything it holds |
//! | [`CallPanics`](Rule::CallPanics) | a call that panicked before it returned a future releases everything it holds |
//! | [`FuturePanics`](Rule::FuturePanics) | a call whose future panicked releases everything it holds |
//! | [`BodyPanics`](Rule::BodyPanics) | a call whose body panicked releases everything it holds |
//! | [`ClonedPerConnection`](Rule::ClonedPerConnection) | clones share the layer's state |
//! | [`AppliedPerRequest`](Rule::AppliedPerRequest) | services that the layer creates for each request share the layer's state |
//! | [`RequestPasses`](Rule::RequestPasses) | the whole request reaches the service |
//! | [`ResponsePasses`](Rule::ResponsePasses) | status, version, headers and extensions of the response reach the caller |
//! | [`BodyPasses`](Rule::BodyPasses) | all frames and trailers of the response reach the caller |
//! | [`SizeHintExact`](Rule::SizeHintExact) | size_hint and is_end_stream always match those of the service's body |
//! | [`WakesPropagate`](Rule::WakesPropagate) | a wake of the service's future or body wakes the caller |
//! | [`PolledOnDemand`](Rule::PolledOnDemand) | the service is polled at most as often as the caller polls, and never after completion |
//! | [`UnreadBodyCloses`](Rule::UnreadBodyCloses) | a response of the layer's own over HTTP/1 has `connection: close` if it may leave a declared body of more than 8 KiB or of unknown length unread, and no other response has it |
//!
//! Test a layer that decides immediately also with the service of a [`Local`], which is not `Clone`, not `Send`,
//! and borrows.
//!
//! # Example
//!
//! A layer that counts calls, with its counter passed to the suite:
//!
//! ```
//! use battlement_testkit::contract::Contract;
//! use std::sync::{Arc, atomic::{AtomicU64, Ordering::Relaxed}};
//! use tower::util::MapRequestLayer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let calls = Arc::new(AtomicU64::new(0));
//! let counter = calls.clone();
//! let layer = MapRequestLayer::new(move |request| {
//!     counter.fetch_add(1, Relaxed);
//!     request
//! });
//! Contract::new(move || layer.clone())
//!     .counts(move |_| calls.load(Relaxed))
//!     .run()
//!     .await;
//! # }
//! ```

mod applied;
mod body;
mod drive;
mod drops;
mod errors;
mod head;
mod local;
mod panics;
mod polls;
mod readiness;
mod rule;
mod subject;
mod unread;
mod violation;

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower::{Layer, Service};

use self::subject::{Outer, Prepare, Subject};
pub use self::{
    local::{Local, LocalBody, LocalFuture, LocalService},
    rule::Rule,
    violation::Violation,
};
use crate::probe::{Probe, ProbeBody, ProbeError};

/// The time limit of one rule, which only a lost wake exceeds.
const DEADLINE: Duration = Duration::from_secs(10);

/// A layer and the settings of the suite for it.
pub struct Contract<L> {
    make: Box<dyn Fn() -> L>,
    apply: Apply<L>,
    prepare: Prepare,
    idle: Inspect<L, bool>,
    counts: Option<Inspect<L, u64>>,
    waits_inside: bool,
    rejects: bool,
    except: Vec<Rule>,
}

type Apply<L> = Arc<dyn Fn(&L, Probe) -> Outer>;
type Inspect<L, T> = Arc<dyn Fn(&L) -> T>;

impl<L: 'static> Contract<L> {
    /// Creates a contract for the layers that `make` returns, which must keep the inner error types.
    ///
    /// A layer whose service or future lacks a required auto trait does not compile:
    ///
    /// ```compile_fail,E0277
    /// use battlement_testkit::contract::Contract;
    /// use std::rc::Rc;
    /// use tower::util::MapRequestLayer;
    ///
    /// let not_send = Rc::new(());
    /// Contract::new(move || {
    ///     let not_send = not_send.clone();
    ///     MapRequestLayer::new(move |request| {
    ///         let _ = &not_send;
    ///         request
    ///     })
    /// });
    /// ```
    ///
    /// ```compile_fail,E0277
    /// use battlement_testkit::{contract::Contract, probe::{Probe, ProbeFuture}};
    /// use std::pin::Pin;
    /// use tower::{layer::layer_fn, util::MapFuture};
    ///
    /// type NotSend = Pin<Box<dyn Future<Output = <ProbeFuture as Future>::Output>>>;
    /// let boxed = |future: ProbeFuture| -> NotSend { Box::pin(future) };
    /// Contract::new(move || layer_fn(move |inner: Probe| MapFuture::new(inner, boxed)));
    /// ```
    pub fn new<S, B>(make: impl Fn() -> L + 'static) -> Self
    where
        L: Layer<Probe, Service = S> + Clone + Send + Sync,
        S: Service<Request<ProbeBody>, Response = Response<B>, Error = ProbeError>,
        S: Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        B: Body<Data = Bytes, Error = ProbeError> + Send + 'static,
    {
        Self::with_errors(make, Some, Some)
    }

    /// Creates a contract for layers with error types of their own.
    ///
    /// `call_error` and `body_error` extract the error of the probe from an error of the service and of its body;
    /// `None` is a violation.
    pub fn with_errors<S, B>(
        make: impl Fn() -> L + 'static,
        call_error: fn(S::Error) -> Option<ProbeError>,
        body_error: fn(B::Error) -> Option<ProbeError>,
    ) -> Self
    where
        L: Layer<Probe, Service = S> + Clone + Send + Sync,
        S: Service<Request<ProbeBody>, Response = Response<B>>,
        S: Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
    {
        Self {
            make: Box::new(make),
            apply: Arc::new(move |layer, probe| {
                subject::erase(layer.layer(probe), call_error, body_error)
            }),
            prepare: Arc::new(|_| ()),
            idle: Arc::new(|_| true),
            counts: None,
            waits_inside: false,
            rejects: false,
            except: Vec::new(),
        }
    }

    /// Sets a check that the layer holds nothing for any call, according to its own counts.
    #[must_use]
    pub fn idle(mut self, is_idle: impl Fn(&L) -> bool + 'static) -> Self {
        self.idle = Arc::new(is_idle);
        self
    }

    /// Sets a function that returns the number of calls that the layer has counted.
    #[must_use]
    pub fn counts(mut self, calls: impl Fn(&L) -> u64 + 'static) -> Self {
        self.counts = Some(Arc::new(calls));
        self
    }

    /// Sets a function that prepares every request of the suite, so that the layer has work to do.
    #[must_use]
    pub fn prepare(mut self, request: impl Fn(&mut Request<ProbeBody>) + 'static) -> Self {
        self.prepare = Arc::new(request);
        self
    }

    /// Allows the layer to be ready before the service, because its future waits for the service.
    #[must_use]
    pub fn waits_inside(mut self) -> Self {
        self.waits_inside = true;
        self
    }

    /// Declares that the layer rejects every call of the suite. Only the rule about rejections is checked,
    /// [`UnreadBodyCloses`](Rule::UnreadBodyCloses), and a call that reaches the service is a violation.
    #[must_use]
    pub fn rejects(mut self) -> Self {
        self.rejects = true;
        self
    }

    /// Excludes `rule`; state the reason in a comment.
    #[must_use]
    pub fn except(mut self, rule: Rule) -> Self {
        self.except.push(rule);
        self
    }

    /// Checks one rule, even if it is excluded.
    ///
    /// # Errors
    ///
    /// Returns the violation, if the layer breaks the rule.
    pub async fn check(&self, rule: Rule) -> Result<(), Violation> {
        let checked = tokio::time::timeout(DEADLINE, rule.check(&|| self.subject())).await;
        let timed_out = || Err("the caller was not woken before the deadline".to_owned());
        checked.unwrap_or_else(|_| timed_out()).map_err(|message| Violation::new(rule, message))
    }

    /// Checks all rules that apply, and returns the violations.
    pub async fn violations(&self) -> Vec<Violation> {
        let mut violations = Vec::new();
        let rules: &[Rule] = if self.rejects { &[Rule::UnreadBodyCloses] } else { Rule::ALL };
        for rule in rules.iter().filter(|rule| !self.except.contains(rule)) {
            violations.extend(self.check(*rule).await.err());
        }
        violations
    }

    /// Checks all rules.
    ///
    /// # Panics
    ///
    /// Panics if the layer breaks a rule; the message lists all violations.
    pub async fn run(self) {
        let violations = self.violations().await;
        let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "the layer breaks the contract:\n{}", lines.join("\n"));
    }

    /// Creates a new layer and a new probe.
    fn subject(&self) -> Subject {
        let layer = Arc::new((self.make)());
        let (applied, apply) = (layer.clone(), self.apply.clone());
        Subject {
            probe: Probe::new(),
            apply: Box::new(move |probe| apply(&applied, probe)),
            prepare: self.prepare.clone(),
            counts: self.counts.as_ref().map(|counts| bind(&layer, counts)),
            idle: bind(&layer, &self.idle),
            waits_inside: self.waits_inside,
            rejects: self.rejects,
        }
    }
}

fn bind<L: 'static, T: 'static>(layer: &Arc<L>, inspect: &Inspect<L, T>) -> Box<dyn Fn() -> T> {
    let (layer, inspect) = (layer.clone(), inspect.clone());
    Box::new(move || inspect(&layer))
}

impl<L> fmt::Debug for Contract<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contract")
            .field("layer", &std::any::type_name::<L>())
            .field("waits_inside", &self.waits_inside)
            .field("rejects", &self.rejects)
            .field("except", &self.except)
            .finish_non_exhaustive()
    }
}
