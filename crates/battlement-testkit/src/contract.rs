//! The contract that every layer must satisfy, and the suite that checks it.
//!
//! The rules treat a layer as a black box around a probe, which is scripted to wait, fail or panic, and the caller
//! drops, clones and polls at every point. A layer that wraps any service, such as a database call, is tested by
//! [`Contract::of_service`] with requests and responses of the test's choice. A layer around HTTP services is tested by
//! [`Contract::new`], which adds the rules of heads and bodies.
//!
//! Run the suite with a layer that is configured to allow every call. For an HTTP layer that rejects calls, run it again
//! with settings that [reject](Contract::rejects) every call; other properties of rejections belong in the layer's own
//! tests.
//!
//! All services:
//!
//! | rule | promise |
//! |---|---|
//! | *bounds of* [`Contract::of_service`] | the service is `Clone`, `Send` and `Sync` if the inner one is; its future is `Send` |
//! | [`ReadySpentOnce`](Rule::ReadySpentOnce) | a call is made only on an instance that was polled ready since its last call |
//! | [`Backpressure`](Rule::Backpressure) | while the service is not ready, the layer is not ready either, and readiness wakes the caller |
//! | [`NothingReserved`](Rule::NothingReserved) | a layer that was polled ready but not called holds nothing |
//! | [`CloneStartsUnready`](Rule::CloneStartsUnready) | a clone does not inherit readiness |
//! | [`ReadyErrorKept`](Rule::ReadyErrorKept) | an error of poll_ready is returned unchanged |
//! | [`CallErrorKept`](Rule::CallErrorKept) | an error of a call is returned unchanged |
//! | [`DroppedUnpolled`](Rule::DroppedUnpolled) | a call dropped before its first poll releases everything it holds |
//! | [`DroppedInFlight`](Rule::DroppedInFlight) | a call dropped while the service handles it releases everything it holds |
//! | [`ResponseDropped`](Rule::ResponseDropped) | a call whose response was dropped releases everything it holds |
//! | [`CallFails`](Rule::CallFails) | a call that failed releases everything it holds |
//! | [`CallPanics`](Rule::CallPanics) | a call that panicked before it returned a future releases everything it holds |
//! | [`FuturePanics`](Rule::FuturePanics) | a call whose future panicked releases everything it holds |
//! | [`ClonedPerConnection`](Rule::ClonedPerConnection) | clones share the layer's state |
//! | [`AppliedPerRequest`](Rule::AppliedPerRequest) | services that the layer creates for each request share the layer's state |
//! | [`RequestPasses`](Rule::RequestPasses) | the whole request reaches the service |
//! | [`ResponsePasses`](Rule::ResponsePasses) | the response reaches the caller; of HTTP, its status, version, headers and extensions |
//! | [`WakesPropagate`](Rule::WakesPropagate) | a wake of the service's future wakes the caller |
//! | [`PolledOnDemand`](Rule::PolledOnDemand) | the service's future is polled at most as often as the caller polls, and never after completion |
//!
//! HTTP services alone:
//!
//! | rule | promise |
//! |---|---|
//! | *bounds of* [`Contract::new`] | the response body is `Send` |
//! | [`DroppedBeforeBody`](Rule::DroppedBeforeBody) | a call dropped after the response head releases everything it holds |
//! | [`DroppedMidBody`](Rule::DroppedMidBody) | a call dropped within the response body releases everything it holds |
//! | [`BodyEnds`](Rule::BodyEnds) | a call whose body was read to its end releases everything it holds |
//! | [`BodyFails`](Rule::BodyFails) | a call whose body failed releases everything it holds |
//! | [`BodyNotNeeded`](Rule::BodyNotNeeded) | a call whose body is not polled to its end (HEAD, 204, content-length) releases everything it holds |
//! | [`BodyPanics`](Rule::BodyPanics) | a call whose body panicked releases everything it holds |
//! | [`BodyErrorKept`](Rule::BodyErrorKept) | an error of a body is returned unchanged, after the frames before it |
//! | [`BodyPasses`](Rule::BodyPasses) | all frames and trailers of the response reach the caller |
//! | [`SizeHintExact`](Rule::SizeHintExact) | size_hint and is_end_stream always match those of the service's body |
//! | [`BodyWakesPropagate`](Rule::BodyWakesPropagate) | a wake of the service's body wakes the caller |
//! | [`BodyPolledOnDemand`](Rule::BodyPolledOnDemand) | the service's body is polled at most as often as the caller polls |
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
//!
//! A layer around a database call, which takes a query and returns rows:
//!
//! ```
//! use battlement_testkit::contract::Contract;
//! use tower::util::MapRequestLayer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let layer = || MapRequestLayer::new(|query: &'static str| query);
//! Contract::of_service(layer, || "SELECT 1", vec!["a row"]).run().await;
//! # }
//! ```

mod any_service;
mod applied;
mod drive;
mod drops;
mod errors;
mod http_service;
mod local;
mod over_http;
mod panics;
mod polls;
mod readiness;
mod rule;
mod subject;
mod values;
mod violation;

use std::{fmt, marker::PhantomData, sync::Arc, time::Duration};

pub use self::{
    any_service::AnyService,
    http_service::Http,
    local::{Local, LocalBody, LocalCall, LocalFuture, LocalService, LocalValue},
    rule::Rule,
    values::Value,
    violation::Violation,
};
use self::{
    over_http::{HttpSubject, HttpTarget},
    subject::{Inspected, Suite},
    values::{ValueSubject, ValueTarget},
};

/// The time limit of one rule, which only a lost wake exceeds.
const DEADLINE: Duration = Duration::from_secs(10);

/// A layer and the settings of the suite for it.
///
/// `K` is the kind of service that the layer is around, [`Http`] or [`AnyService`].
pub struct Contract<L, K = Http> {
    make: Box<dyn Fn() -> L>,
    target: Target<L>,
    idle: Inspect<L, bool>,
    counts: Option<Inspect<L, u64>>,
    waits_inside: bool,
    rejects: bool,
    except: Vec<Rule>,
    kind: PhantomData<K>,
}

/// The service that the layer is around.
enum Target<L> {
    Any(ValueTarget<L>),
    Http(HttpTarget<L>),
}

type Inspect<L, T> = Arc<dyn Fn(&L) -> T>;

impl<L: 'static, K> Contract<L, K> {
    fn around(make: impl Fn() -> L + 'static, target: Target<L>) -> Self {
        Self {
            make: Box::new(make),
            target,
            idle: Arc::new(|_| true),
            counts: None,
            waits_inside: false,
            rejects: false,
            except: Vec::new(),
            kind: PhantomData,
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

    /// Allows the layer to be ready before the service, because its future waits for the service.
    #[must_use]
    pub fn waits_inside(mut self) -> Self {
        self.waits_inside = true;
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
    /// Returns the violation, if the layer breaks the rule, or if the rule applies to HTTP services alone and the
    /// layer is around another.
    pub async fn check(&self, rule: Rule) -> Result<(), Violation> {
        let (any, http);
        let suite = match &self.target {
            Target::Any(target) => {
                any = move || self.value_subject(target);
                Suite::Any(&any)
            }
            Target::Http(target) => {
                http = move || self.http_subject(target);
                Suite::Http(&http)
            }
        };
        let checked = tokio::time::timeout(DEADLINE, rule.check(suite)).await;
        let timed_out = || Err("the caller was not woken before the deadline".to_owned());
        checked.unwrap_or_else(|_| timed_out()).map_err(|message| Violation::new(rule, message))
    }

    /// Checks all rules that apply, and returns the violations.
    pub async fn violations(&self) -> Vec<Violation> {
        let mut violations = Vec::new();
        for rule in self.rules() {
            violations.extend(self.check(rule).await.err());
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

    /// Returns the rules that apply and are not excluded.
    fn rules(&self) -> impl Iterator<Item = Rule> {
        let applies = |rule: &Rule| match &self.target {
            Target::Any(_) => !rule.is_http(),
            Target::Http(_) => !self.rejects || *rule == Rule::UnreadBodyCloses,
        };
        Rule::ALL.iter().copied().filter(move |rule| applies(rule) && !self.except.contains(rule))
    }

    /// Creates a new layer and a new probe of any service.
    fn value_subject(&self, target: &ValueTarget<L>) -> ValueSubject {
        let layer = Arc::new((self.make)());
        target(&layer, self.inspected(&layer))
    }

    /// Creates a new layer and a new probe of an HTTP service.
    fn http_subject(&self, target: &HttpTarget<L>) -> HttpSubject {
        let layer = Arc::new((self.make)());
        target.subject(&layer, self.rejects, self.inspected(&layer))
    }

    fn inspected(&self, layer: &Arc<L>) -> Inspected {
        Inspected {
            idle: bind(layer, &self.idle),
            counts: self.counts.as_ref().map(|counts| bind(layer, counts)),
            waits_inside: self.waits_inside,
        }
    }
}

fn bind<L: 'static, T: 'static>(layer: &Arc<L>, inspect: &Inspect<L, T>) -> Box<dyn Fn() -> T> {
    let (layer, inspect) = (layer.clone(), inspect.clone());
    Box::new(move || inspect(&layer))
}

impl<L, K> fmt::Debug for Contract<L, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contract")
            .field("layer", &std::any::type_name::<L>())
            .field("waits_inside", &self.waits_inside)
            .field("rejects", &self.rejects)
            .field("except", &self.except)
            .finish_non_exhaustive()
    }
}
