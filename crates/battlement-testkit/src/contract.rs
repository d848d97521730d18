//! The rules that every layer keeps, and how to run them.
//!
//! Rules look at a layer from outside: it stands around a [`Probe`], which is scripted to wait, fail or
//! panic, and the caller drops, clones and polls at every point. Give the suite a layer whose settings let
//! every call through. A layer that rejects calls is checked once more with settings that
//! [reject](Contract::rejects) every call; what else it does to those is for its own tests.
//!
//! | rule | promise |
//! |---|---|
//! | *bounds of* [`Contract::new`] | the service is `Clone`, `Send` and `Sync` where the inner one is; its future and body are `Send` |
//! | [`ReadySpentOnce`](Rule::ReadySpentOnce) | a call is made only on an instance that was polled ready since its last call |
//! | [`Backpressure`](Rule::Backpressure) | while the service is not ready, neither is the layer, and readiness wakes the caller |
//! | [`NothingReserved`](Rule::NothingReserved) | a layer that was polled ready and left alone holds nothing |
//! | [`CloneStartsUnready`](Rule::CloneStartsUnready) | a clone does not inherit readiness |
//! | [`ReadyErrorKept`](Rule::ReadyErrorKept) | an error of poll_ready comes out as it is |
//! | [`CallErrorKept`](Rule::CallErrorKept) | an error of a call comes out as it is |
//! | [`BodyErrorKept`](Rule::BodyErrorKept) | an error of a body comes out as it is, after the frames before it |
//! | [`DroppedUnpolled`](Rule::DroppedUnpolled) | a call dropped before its first poll leaves nothing behind |
//! | [`DroppedInFlight`](Rule::DroppedInFlight) | a call dropped while the service works leaves nothing behind |
//! | [`DroppedBeforeBody`](Rule::DroppedBeforeBody) | a call dropped after the head leaves nothing behind |
//! | [`DroppedMidBody`](Rule::DroppedMidBody) | a call dropped within the body leaves nothing behind |
//! | [`BodyRunsOut`](Rule::BodyRunsOut) | a call whose body was read to its end leaves nothing behind |
//! | [`BodyFails`](Rule::BodyFails) | a call whose body failed leaves nothing behind |
//! | [`BodyNotNeeded`](Rule::BodyNotNeeded) | a call whose body is not polled to its end (HEAD, 204, content-length) leaves nothing behind |
//! | [`CallFails`](Rule::CallFails) | a call that failed leaves nothing behind |
//! | [`CallPanics`](Rule::CallPanics) | a call that panicked before there was a future leaves nothing behind |
//! | [`FuturePanics`](Rule::FuturePanics) | a call whose future panicked leaves nothing behind |
//! | [`BodyPanics`](Rule::BodyPanics) | a call whose body panicked leaves nothing behind |
//! | [`ClonedPerConnection`](Rule::ClonedPerConnection) | clones share the layer's state |
//! | [`AppliedPerRequest`](Rule::AppliedPerRequest) | services that the layer makes for each request share the layer's state |
//! | [`RequestPasses`](Rule::RequestPasses) | the whole request reaches the service |
//! | [`ResponsePasses`](Rule::ResponsePasses) | status, version, headers and extensions of the response come out |
//! | [`BodyPasses`](Rule::BodyPasses) | all frames and trailers of the response come out |
//! | [`SizeHintExact`](Rule::SizeHintExact) | size_hint and is_end_stream always say what those of the service's body say |
//! | [`WakesReach`](Rule::WakesReach) | what wakes the service's future or body wakes the caller |
//! | [`PolledAsAsked`](Rule::PolledAsAsked) | the service is polled at most as often as the caller polls, and never after its end |
//! | [`UnreadBodyCloses`](Rule::UnreadBodyCloses) | an answer of the layer's own over HTTP/1 announces that the connection closes if it may leave a declared body of more than 8 KiB or of unknown length unread, and no other answer does |
//!
//! A layer that decides at once is also put around the service of a [`Local`], which is not `Clone`, not
//! `Send`, and borrows.
//!
//! # Example
//!
//! A layer that counts, and says so to the suite:
//!
//! ```
//! use battlement_testkit::contract::Contract;
//! use std::sync::{Arc, atomic::{AtomicU64, Ordering::Relaxed}};
//! use tower::util::MapRequestLayer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let seen = Arc::new(AtomicU64::new(0));
//! let count = seen.clone();
//! let layer = MapRequestLayer::new(move |request| {
//!     count.fetch_add(1, Relaxed);
//!     request
//! });
//! Contract::new(move || layer.clone())
//!     .counts(move |_| seen.load(Relaxed))
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

/// How long one rule may take; only a lost wake takes longer.
const DEADLINE: Duration = Duration::from_secs(10);

/// A layer, and what the suite must know of it.
pub struct Contract<L> {
    make: Box<dyn Fn() -> L>,
    apply: Apply<L>,
    prepare: Prepare,
    idle: Look<L, bool>,
    counts: Option<Look<L, u64>>,
    waits_inside: bool,
    rejects: bool,
    except: Vec<Rule>,
}

type Apply<L> = Arc<dyn Fn(&L, Probe) -> Outer>;
type Look<L, T> = Arc<dyn Fn(&L) -> T>;

impl<L: 'static> Contract<L> {
    /// The contract of the layers that `make` returns: one that keeps the inner error type.
    ///
    /// A layer whose service or future lacks an auto trait does not compile:
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

    /// The contract of layers with error types of their own.
    ///
    /// `call_error` and `body_error` say which error of the probe stands in an error of the service, and
    /// of its body; `None` is a violation.
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

    /// Whether the layer holds nothing for any call, by its own counts.
    #[must_use]
    pub fn idle(mut self, is_idle: impl Fn(&L) -> bool + 'static) -> Self {
        self.idle = Arc::new(is_idle);
        self
    }

    /// How many calls the layer has seen, by its own counts.
    #[must_use]
    pub fn counts(mut self, calls: impl Fn(&L) -> u64 + 'static) -> Self {
        self.counts = Some(Arc::new(calls));
        self
    }

    /// Makes every request of the suite one that the layer has work with.
    #[must_use]
    pub fn prepare(mut self, request: impl Fn(&mut Request<ProbeBody>) + 'static) -> Self {
        self.prepare = Arc::new(request);
        self
    }

    /// The layer may be ready before the service is, since its future waits for that.
    #[must_use]
    pub fn waits_inside(mut self) -> Self {
        self.waits_inside = true;
        self
    }

    /// States that the layer rejects every call of the suite. Only the rule about such answers is checked,
    /// [`UnreadBodyCloses`](Rule::UnreadBodyCloses), and a call that reaches the service breaks it.
    #[must_use]
    pub fn rejects(mut self) -> Self {
        self.rejects = true;
        self
    }

    /// Leaves out `rule`; say why where you do.
    #[must_use]
    pub fn except(mut self, rule: Rule) -> Self {
        self.except.push(rule);
        self
    }

    /// Checks one rule, left out or not.
    ///
    /// # Errors
    ///
    /// If the layer breaks it.
    pub async fn check(&self, rule: Rule) -> Result<(), Violation> {
        let checked = tokio::time::timeout(DEADLINE, rule.check(&|| self.subject())).await;
        let late = || Err("nothing woke the caller within the deadline".to_owned());
        checked.unwrap_or_else(|_| late()).map_err(|what| Violation::new(rule, what))
    }

    /// Checks all rules that apply, and returns those that the layer breaks.
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
    /// If the layer breaks one; the message names all that it breaks.
    pub async fn run(self) {
        let violations = self.violations().await;
        let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "the layer breaks the contract:\n{}", lines.join("\n"));
    }

    /// A new layer around a new probe.
    fn subject(&self) -> Subject {
        let layer = Arc::new((self.make)());
        let (layer_of_apply, apply) = (layer.clone(), self.apply.clone());
        Subject {
            probe: Probe::new(),
            apply: Box::new(move |probe| apply(&layer_of_apply, probe)),
            prepare: self.prepare.clone(),
            counts: self.counts.as_ref().map(|counts| on(&layer, counts)),
            idle: on(&layer, &self.idle),
            waits_inside: self.waits_inside,
            rejects: self.rejects,
        }
    }
}

fn on<L: 'static, T: 'static>(layer: &Arc<L>, look: &Look<L, T>) -> Box<dyn Fn() -> T> {
    let (layer, look) = (layer.clone(), look.clone());
    Box::new(move || look(&layer))
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
