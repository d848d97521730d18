//! Stacks of peers: of our six layers, and of nine with a trace, a timeout and a circuit breaker.

use std::{
    convert::Infallible,
    net::IpAddr,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use client_ip::rightmost_x_forwarded_for;
use futures_util::{FutureExt, future::Map};
use governor::middleware::StateInformationMiddleware;
use http::{HeaderValue, Request, Response, StatusCode};
use tower::Service;
use tower_governor::{
    GovernorError, GovernorLayer, governor::GovernorConfigBuilder, key_extractor::KeyExtractor,
};
use tower_http::{set_header::SetResponseHeaderLayer, timeout::TimeoutLayer};
use tower_resilience_circuitbreaker::{
    CircuitBreakerError, CircuitBreakerLayer, DefaultClassifier,
};

use crate::security_headers::set;

type Header = SetResponseHeaderLayer<HeaderValue>;
type Headers = (
    Header,
    Header,
    Header,
    Header,
    Header,
    Header,
    Header,
    Header,
    Header,
    Header,
    Header,
    Header,
);

pub(super) mod six {
    use std::convert::Infallible;

    use axum::Router;
    use axum_prometheus::PrometheusMetricLayer;
    use bytes::Bytes;
    use http::{Request, Response};
    use http_body_util::Full;
    use tower::{Service, ServiceBuilder};
    use tower_http::{
        catch_panic::CatchPanicLayer,
        request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    };

    use super::{super::router, Extract, headers, limit};

    pub(in crate::stack) fn around()
    -> impl Service<
        Request<Full<Bytes>>,
        Response = Response<impl http_body::Body>,
        Error = Infallible,
    > + Clone
    + 'static {
        ServiceBuilder::new()
            .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
            .layer(PropagateRequestIdLayer::x_request_id())
            .layer_fn(Extract)
            .layer(PrometheusMetricLayer::new())
            .layer(headers())
            .layer(CatchPanicLayer::new())
            .layer(limit())
            .service(router())
    }

    pub(in crate::stack) fn at_once() -> Router {
        let layers = ServiceBuilder::new()
            .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
            .layer(PropagateRequestIdLayer::x_request_id())
            .layer_fn(Extract)
            .layer(PrometheusMetricLayer::new())
            .layer(headers())
            .layer(CatchPanicLayer::new())
            .layer(limit());
        router().layer(layers)
    }

    pub(in crate::stack) fn one_by_one() -> Router {
        let ids = ServiceBuilder::new()
            .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
            .layer(PropagateRequestIdLayer::x_request_id());
        router()
            .layer(limit())
            .layer(CatchPanicLayer::new())
            .layer(headers())
            .layer(PrometheusMetricLayer::new())
            .layer(tower::layer::layer_fn(Extract))
            .layer(ids)
    }
}

pub(super) mod nine {
    use std::convert::Infallible;

    use axum::Router;
    use axum_prometheus::PrometheusMetricLayer;
    use bytes::Bytes;
    use http::{Request, Response};
    use http_body_util::Full;
    use tower::{Service, ServiceBuilder};
    use tower_http::{
        catch_panic::CatchPanicLayer,
        request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
        trace::TraceLayer,
    };

    use super::{super::router, Answering, Extract, breaker, headers, limit, timeout};

    pub(in crate::stack) fn around()
    -> impl Service<
        Request<Full<Bytes>>,
        Response = Response<impl http_body::Body>,
        Error = Infallible,
    > + Clone
    + 'static {
        ServiceBuilder::new()
            .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
            .layer(PropagateRequestIdLayer::x_request_id())
            .layer(TraceLayer::new_for_http())
            .layer_fn(Extract)
            .layer(PrometheusMetricLayer::new())
            .layer(headers())
            .layer(CatchPanicLayer::new())
            .layer(timeout())
            .layer(limit())
            .layer_fn(Answering)
            .layer(breaker())
            .service(router())
    }

    pub(in crate::stack) fn at_once() -> Router {
        let layers = ServiceBuilder::new()
            .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
            .layer(PropagateRequestIdLayer::x_request_id())
            .layer(TraceLayer::new_for_http())
            .layer_fn(Extract)
            .layer(PrometheusMetricLayer::new())
            .layer(headers())
            .layer(CatchPanicLayer::new())
            .layer(timeout())
            .layer(limit())
            .layer_fn(Answering)
            .layer(breaker());
        router().layer(layers)
    }

    pub(in crate::stack) fn one_by_one() -> Router {
        let ids = ServiceBuilder::new()
            .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
            .layer(PropagateRequestIdLayer::x_request_id());
        router()
            .layer(ServiceBuilder::new().layer_fn(Answering).layer(breaker()))
            .layer(limit())
            .layer(timeout())
            .layer(CatchPanicLayer::new())
            .layer(headers())
            .layer(PrometheusMetricLayer::new())
            .layer(tower::layer::layer_fn(Extract))
            .layer(TraceLayer::new_for_http())
            .layer(ids)
    }
}

fn headers() -> Headers {
    (
        set(0),
        set(1),
        set(2),
        set(3),
        set(4),
        set(5),
        set(6),
        set(7),
        set(8),
        set(9),
        set(10),
        set(11),
    )
}

/// Returns a limit so high that no request is rejected during the measurement, with its headers.
fn limit() -> GovernorLayer<ClientIpExtractor, StateInformationMiddleware, Body> {
    let mut config = GovernorConfigBuilder::default().key_extractor(ClientIpExtractor);
    config.period(Duration::from_nanos(1_000)).burst_size(1_000_000);
    GovernorLayer::new(config.use_headers().finish().expect("the quota is valid"))
}

fn timeout() -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_secs(10))
}

fn breaker() -> CircuitBreakerLayer<DefaultClassifier> {
    CircuitBreakerLayer::standard().build().expect("the settings are valid")
}

/// Answers 503 when the breaker is open, since a router requires layers without errors.
#[derive(Clone)]
struct Answering<S>(S);

type Broken = Result<Response<Body>, CircuitBreakerError<Infallible>>;
type Answered = Result<Response<Body>, Infallible>;

impl<S, B> Service<Request<B>> for Answering<S>
where
    S: Service<Request<B>, Response = Response<Body>, Error = CircuitBreakerError<Infallible>>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Map<S::Future, fn(Broken) -> Answered>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx).map(|_| Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.0.call(request).map(|result| {
            Ok(result.unwrap_or_else(|_| {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                response
            }))
        })
    }
}

/// Does the work of an axum-client-ip extractor, as a service.
#[derive(Clone)]
pub(super) struct Extract<S>(S);

impl<S, B> Service<Request<B>> for Extract<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        if let Ok(ip) = rightmost_x_forwarded_for(request.headers()) {
            request.extensions_mut().insert(ip);
        }
        self.0.call(request)
    }
}

/// Reads the address that [`Extract`] stores.
#[derive(Clone, Debug)]
struct ClientIpExtractor;

impl KeyExtractor for ClientIpExtractor {
    type Key = IpAddr;

    fn extract<B>(&self, request: &Request<B>) -> Result<IpAddr, GovernorError> {
        request.extensions().get().copied().ok_or(GovernorError::UnableToExtractKey)
    }
}
