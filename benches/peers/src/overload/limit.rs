use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use battlement_concurrency_limit::ConcurrencyLimitLayer;
use bytes::Bytes;
use http::{HeaderName, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use tower::{
    BoxError, Layer, Service, ServiceExt as _, limit::ConcurrencyLimitLayer as TowerLimitLayer,
    load_shed::LoadShedLayer, util::BoxCloneService,
};
use tower_resilience_adaptive::{
    AdaptiveLimiterLayer, AdaptiveService, Aimd, ConcurrencyAlgorithm, Gradient2, Vegas,
};
use tower_resilience_bulkhead::BulkheadLayer;

use super::workers::Workers;

/// The limit of the layers whose limit is a constant: twice the workers.
const FIXED: usize = 16;
const VALID: &str = "the settings are valid";
/// The header with the class of a request.
pub(super) const CLASS: &str = "x-class";
pub(super) const CRITICAL: &str = "critical";

/// A layer that limits the calls in flight, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    None,
    Tower,
    Bulkhead,
    Aimd,
    Vegas,
    Gradient2,
    OursFixed,
    OursAdaptive,
    OursClasses,
}

type Call = Request<Incoming>;
pub(super) type AnswerBody = UnsyncBoxBody<Bytes, BoxError>;
type Answer = Response<AnswerBody>;
pub(super) type Limited = BoxCloneService<Call, Answer, BoxError>;
type ReadLimit = Arc<dyn Fn() -> usize + Send + Sync>;

impl Limit {
    const ALL: &'static [Self] = &[
        Self::None,
        Self::Tower,
        Self::Bulkhead,
        Self::Aimd,
        Self::Vegas,
        Self::Gradient2,
        Self::OursFixed,
        Self::OursAdaptive,
        Self::OursClasses,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Tower => "tower",
            Self::Bulkhead => "tower-resilience-bulkhead",
            Self::Aimd => "tower-resilience-aimd",
            Self::Vegas => "tower-resilience-vegas",
            Self::Gradient2 => "tower-resilience-gradient2",
            Self::OursFixed => "fixed",
            Self::OursAdaptive => "adaptive",
            Self::OursClasses => "adaptive-classes",
        }
    }

    pub(super) fn find(name: &str) -> Result<Self> {
        let found = Self::ALL.iter().copied().find(|limit| limit.name() == name);
        found.with_context(|| format!("unknown limit {name:?}"))
    }

    /// Puts the limit around the workers, and returns a closure that reads its value.
    pub(super) fn around(self, workers: Workers) -> (Limited, ReadLimit) {
        match self {
            Self::None => (boxed(workers), Arc::new(|| 0)),
            Self::Tower => {
                let limited = TowerLimitLayer::new(FIXED).layer(workers);
                (boxed(shedding(limited)), constant())
            }
            Self::Bulkhead => {
                let layer = BulkheadLayer::builder().max_concurrent_calls(FIXED).reject_when_full();
                let layer = layer.build().expect(VALID);
                (boxed(shedding(layer.layer(workers))), constant())
            }
            Self::Aimd => of_peer(Aimd::builder().build().expect(VALID), workers),
            Self::Vegas => of_peer(Vegas::builder().build().expect(VALID), workers),
            Self::Gradient2 => of_peer(Gradient2::builder().build().expect(VALID), workers),
            Self::OursFixed => of_ours(ConcurrencyLimitLayer::fixed(FIXED), workers),
            Self::OursAdaptive => of_ours(ConcurrencyLimitLayer::adaptive(), workers),
            Self::OursClasses => {
                let (layer, handle) = ConcurrencyLimitLayer::adaptive()
                    .classes([(CRITICAL, 0.2), ("default", 0.0)])
                    .by_header(HeaderName::from_static(CLASS))
                    .trust(|_| true)
                    .queue(64, Duration::from_millis(100))
                    .pair();
                (boxed(layer.layer(workers)), Arc::new(move || handle.snapshot().limit))
            }
        }
    }
}

fn of_ours(layer: ConcurrencyLimitLayer, workers: Workers) -> (Limited, ReadLimit) {
    let (layer, handle) = layer.pair();
    (boxed(layer.layer(workers)), Arc::new(move || handle.snapshot().limit))
}

fn constant() -> ReadLimit {
    Arc::new(|| FIXED)
}

/// Returns tower-resilience's adaptive limit, which waits and never rejects, in a layer that does not wait.
fn of_peer<A: ConcurrencyAlgorithm + 'static>(
    algorithm: A,
    workers: Workers,
) -> (Limited, ReadLimit) {
    let limited: AdaptiveService<Workers, A> = AdaptiveLimiterLayer::new(algorithm).layer(workers);
    let read = limited.clone();
    (boxed(shedding(limited)), Arc::new(move || read.limit()))
}

/// Answers calls that the service rejects with 503.
fn shedding<S>(
    service: S,
) -> impl Service<Call, Response = Response<Full<Bytes>>, Error = BoxError, Future: Send> + Clone
where
    S: Service<Call, Response = Response<Full<Bytes>>, Future: Send> + Clone,
    S::Error: Into<BoxError>,
{
    LoadShedLayer::new().layer(service).then(async |result| {
        Ok(result.unwrap_or_else(|_| {
            let mut answer = Response::new(Full::default());
            *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            answer
        }))
    })
}

fn boxed<S, B>(service: S) -> Limited
where
    S: Service<Call, Response = Response<B>, Future: Send + 'static> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let answer = |answer: Response<B>| answer.map(|body| body.map_err(Into::into).boxed_unsync());
    BoxCloneService::new(service.map_response(answer).map_err(Into::into))
}
