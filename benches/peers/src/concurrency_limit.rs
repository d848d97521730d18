use std::{convert::Infallible, time::Duration};

use battlement_benches::{Bare, Case, request, request_with};
use battlement_concurrency_limit::{ConcurrencyLimitLayer, judge_error};
use bytes::Bytes;
use http::{HeaderName, Request, Response};
use http_body_util::Full;
use tower::{
    Layer, Service, limit::ConcurrencyLimitLayer as TowerLayer, load_shed::LoadShedLayer,
    util::MapResponse,
};
use tower_resilience_adaptive::{AdaptiveLimiterLayer, Aimd, ConcurrencyAlgorithm, Gradient2};
use tower_resilience_bulkhead::BulkheadLayer;

type Answer = Response<Full<Bytes>>;

const LIMIT: usize = 256;
const CLASS: HeaderName = HeaderName::from_static("x-class");

pub(crate) fn cases() -> Vec<Case> {
    ours().into_iter().chain(peers()).collect()
}

fn ours() -> Vec<Case> {
    let fixed = || ConcurrencyLimitLayer::fixed(LIMIT);
    let adaptive = ConcurrencyLimitLayer::adaptive;
    let classes = [("critical", 0.2), ("default", 0.0), ("batch", 0.0)];
    let with_class = || request_with(&[(CLASS, "critical")]);
    vec![
        Case::new("ours: fixed", request, Bare, fixed().layer(Bare)).at_most(250, 0),
        Case::new("ours: adaptive", request, Bare, adaptive().layer(Bare)).at_most(375, 0),
        Case::new(
            "ours: fixed, with classes by a closure",
            request,
            Bare,
            fixed().classes(classes).class(|_| "critical").layer(Bare),
        )
        .at_most(310, 0),
        Case::new(
            "ours: adaptive, with classes by a closure",
            request,
            Bare,
            adaptive().classes(classes).class(|_| "critical").layer(Bare),
        )
        .at_most(435, 0),
        Case::new(
            "ours: fixed, with classes by a closure of the request",
            request,
            Bare,
            fixed().classes(classes).class_by(class).layer(Bare),
        )
        .at_most(310, 0),
        Case::new(
            "ours: adaptive, with classes by a closure of the request",
            request,
            Bare,
            adaptive().classes(classes).class_by(class).layer(Bare),
        )
        .at_most(435, 0),
        Case::new(
            "ours: fixed, with classes by a header",
            with_class,
            Bare,
            fixed().classes(classes).by_header(CLASS).trust(|_| true).layer(Bare),
        ),
        Case::new(
            "ours: fixed, with a queue",
            request,
            Bare,
            fixed().queue(64, Duration::from_millis(100)).layer(Bare),
        ),
        Case::new(
            "ours: fixed, any service",
            request,
            Bare,
            fixed().judge(judge_error).as_error().layer(Bare),
        ),
        Case::new(
            "ours: fixed, body dropped unread",
            request,
            MapResponse::new(Bare, |_| Answer::default()),
            MapResponse::new(fixed().layer(Bare), |_| Answer::default()),
        ),
        Case::new("ours: fixed, disabled", request, Bare, fixed().enabled(false).layer(Bare)),
        Case::new("ours: rejected", request, Bare, full()),
    ]
}

const fn class(_: &Request<Full<Bytes>>) -> &str {
    "critical"
}

/// Returns our layer around a service, whose only permit is taken.
fn full() -> impl Service<Request<Full<Bytes>>, Response = Response<impl http_body::Body>> + Clone {
    let (layer, handle) = ConcurrencyLimitLayer::fixed(1).pair();
    let run = async move { handle.run(std::future::pending::<Result<(), Infallible>>()).await };
    let mut held = Box::pin(run);
    assert!(futures_util::FutureExt::now_or_never(held.as_mut()).is_none());
    // The call is in flight for as long as the program runs.
    Box::leak(Box::new(held));
    layer.layer(Bare)
}

fn peers() -> Vec<Case> {
    let bulkhead = BulkheadLayer::builder().max_concurrent_calls(LIMIT);
    let rejecting = BulkheadLayer::builder().max_concurrent_calls(LIMIT).reject_when_full();
    vec![
        Case::new(
            "tower: concurrency limit, load shed",
            request,
            Bare,
            LoadShedLayer::new().layer(TowerLayer::new(LIMIT).layer(Bare)),
        ),
        Case::new("tower: concurrency limit", request, Bare, TowerLayer::new(LIMIT).layer(Bare)),
        Case::new(
            "tower-resilience: bulkhead, reject when full",
            request,
            Bare,
            rejecting.build().expect("the settings are valid").layer(Bare),
        ),
        Case::new(
            "tower-resilience: bulkhead",
            request,
            Bare,
            bulkhead.build().expect("the settings are valid").layer(Bare),
        ),
        Case::new(
            "tower-resilience: adaptive, AIMD",
            request,
            Bare,
            adaptive(Aimd::builder().build().expect("the defaults are valid")),
        ),
        Case::new(
            "tower-resilience: adaptive, Gradient2",
            request,
            Bare,
            adaptive(Gradient2::builder().build().expect("the defaults are valid")),
        ),
        Case::new(
            "tower-resilience: adaptive, Gradient2, load shed",
            request,
            Bare,
            LoadShedLayer::new()
                .layer(adaptive(Gradient2::builder().build().expect("the defaults are valid"))),
        ),
    ]
}

fn adaptive<A: ConcurrencyAlgorithm + 'static>(
    algorithm: A,
) -> tower_resilience_adaptive::AdaptiveService<Bare, A> {
    AdaptiveLimiterLayer::new(algorithm).layer(Bare)
}
