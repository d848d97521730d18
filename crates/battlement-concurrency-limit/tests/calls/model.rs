//! Calls that are dropped and panic at random at every stage, against a count of those that hold a permit or wait.

use std::panic::{AssertUnwindSafe, catch_unwind};

use battlement_concurrency_limit::{ConcurrencyLimitLayer, Handle};
use battlement_testkit::probe::{Gate, Probe, ProbeBody, ProbeError, Reply};
use futures_util::{FutureExt as _, future::BoxFuture};
use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt as _;
use proptest::{collection::vec, prelude::*, sample::Index};
use tower::{Layer as _, Service, service_fn};

use super::support::SECOND;

const LIMIT: usize = 2;
const QUEUE: usize = 3;

/// A step of a test, with any of the calls that are alive.
#[derive(Clone, Debug)]
enum Step {
    Begin(Kind),
    Poll(Index),
    Drop(Index),
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Hangs,
    Answers,
    StallsInBody,
    PanicsInCall,
    PanicsInFuture,
    PanicsInBody,
}

const KINDS: [Kind; 6] = [
    Kind::Hangs,
    Kind::Answers,
    Kind::StallsInBody,
    Kind::PanicsInCall,
    Kind::PanicsInFuture,
    Kind::PanicsInBody,
];

impl Kind {
    fn reply(self) -> Reply {
        let half = ProbeBody::from("half").stream();
        match self {
            Self::Hangs => Reply::never(),
            Self::Answers => Reply::body(half.data("rest")),
            Self::StallsInBody => Reply::body(half.wait(&Gate::new())),
            Self::PanicsInCall => Reply::panic_in_call(),
            Self::PanicsInFuture => Reply::panic_in_future(),
            Self::PanicsInBody => Reply::body(half.panic()),
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop::sample::select(&KINDS[..]).prop_map(Step::Begin),
        6 => any::<Index>().prop_map(Step::Poll),
        2 => any::<Index>().prop_map(Step::Drop),
    ]
}

/// A call that is alive, and whether it holds a permit or a place in the queue.
struct Alive<B> {
    stage: Stage<B>,
    holds: bool,
}

enum Stage<B> {
    Call(BoxFuture<'static, Result<Response<B>, ProbeError>>),
    Body(B),
}

impl<B: Body + Unpin> Alive<B> {
    /// Polls the call or its body once, and returns it unless it is over.
    fn polled(self) -> Option<Self> {
        match self.stage {
            Stage::Call(mut call) => match (&mut call).now_or_never() {
                None => Some(Self { stage: Stage::Call(call), ..self }),
                Some(response) => {
                    let response = response.unwrap();
                    assert_eq!(response.status() == 200, self.holds, "the rejected hold nothing");
                    Some(Self { stage: Stage::Body(response.into_body()), ..self })
                }
            },
            Stage::Body(mut body) => match body.frame().now_or_never() {
                Some(None) => None,
                _ => Some(Self { stage: Stage::Body(body), ..self }),
            },
        }
    }
}

/// The calls of a service that are alive.
struct Calls<S, B> {
    service: S,
    alive: Vec<Alive<B>>,
}

impl<S, B: Body + Unpin> Calls<S, B>
where
    S: Service<Request<ProbeBody>, Response = Response<B>, Error = ProbeError>,
    S::Future: Send + 'static,
{
    fn take(&mut self, step: Step) {
        let taken = catch_unwind(AssertUnwindSafe(|| match step {
            Step::Begin(kind) => self.begin(kind),
            Step::Poll(_) | Step::Drop(_) if self.alive.is_empty() => {}
            Step::Poll(index) => {
                let call = self.remove(&index);
                // A call that panics is dropped.
                self.alive.extend(call.polled());
            }
            Step::Drop(index) => drop(self.remove(&index)),
        }));
        if let Err(panic) = taken {
            let message = panic.downcast_ref::<&str>();
            assert!(message.is_some_and(|text| text.ends_with("as scripted")), "a failed check");
        }
    }

    fn begin(&mut self, kind: Kind) {
        let holds = self.held() < LIMIT + QUEUE;
        let mut request = Request::new(ProbeBody::empty());
        request.extensions_mut().insert(kind);
        let stage = Stage::Call(self.service.call(request).boxed());
        self.alive.push(Alive { stage, holds });
    }

    fn remove(&mut self, index: &Index) -> Alive<B> {
        self.alive.swap_remove(index.index(self.alive.len()))
    }

    fn held(&self) -> usize {
        self.alive.iter().filter(|call| call.holds).count()
    }
}

/// Returns a service that answers as the kind of each request asks.
fn service(
    probe: &Probe,
) -> impl Service<
    Request<ProbeBody>,
    Response = Response<ProbeBody>,
    Error = ProbeError,
    Future: Send + 'static,
> + Clone
+ use<> {
    let probe = probe.clone();
    service_fn(move |request: Request<ProbeBody>| {
        probe.next(request.extensions().get::<Kind>().unwrap().reply());
        probe.clone().call(request)
    })
}

/// Takes the steps, and asserts after each that permits are neither lost nor doubled.
fn check<S, B: Body + Unpin>(service: S, probe: &Probe, handle: &Handle, steps: Vec<Step>)
where
    S: Service<Request<ProbeBody>, Response = Response<B>, Error = ProbeError>,
    S::Future: Send + 'static,
{
    let mut calls = Calls { service, alive: Vec::new() };
    for step in steps {
        let text = format!("{step:?}");
        calls.take(step);
        let (now, held) = (handle.snapshot(), calls.held());
        assert_eq!(now.in_flight, held.min(LIMIT), "after {text}");
        assert_eq!(now.queued, held.saturating_sub(LIMIT), "after {text}");
        assert!(probe.counts().in_flight <= LIMIT, "after {text}");
    }
    calls.alive.clear();
    let now = handle.snapshot();
    assert_eq!((now.in_flight, now.queued), (0, 0));
}

proptest! {
    #[test]
    fn random_drops_and_panics_at_every_stage_neither_lose_nor_double_a_permit(
        steps in vec(step(), 1..60),
    ) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        let _guard = runtime.enter();
        let adaptive = ConcurrencyLimitLayer::adaptive().bounds(LIMIT..=LIMIT);
        for layer in [ConcurrencyLimitLayer::fixed(LIMIT), adaptive] {
            let (layer, handle) = layer.queue(QUEUE, SECOND).pair();
            let probe = Probe::new();
            check(layer.layer(service(&probe)), &probe, &handle, steps.clone());
        }
    }
}
