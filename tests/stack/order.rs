//! The stack in its documented order, with tower-http's layers in their places.

use std::{convert::Infallible, time::Duration};

use axum::{Router, routing::any};
use battlement_testkit::server::{Protocol, Server};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_http::normalize_path::NormalizePathLayer;

pub(crate) const ORIGIN: &str = "https://shop.example";
/// More requests than any test sends, except for the one that exceeds the limit.
pub(crate) const QUOTA: u32 = 8;
/// Long enough for a handler on a busy machine, short enough to wait for.
const DEADLINE: Duration = Duration::from_secs(1);
pub(crate) const LARGEST_BODY: usize = 1024;

/// The customer of a request, which an authentication layer would add.
#[derive(Clone, Hash)]
pub(crate) struct Tenant(&'static str);

/// Returns a `ServiceBuilder` with the layers of the documented order. A macro, since the type has no short name.
macro_rules! documented_order {
    () => {
        tower::ServiceBuilder::new()
            .layer(battlement::request_id::RequestIdLayer::new())
            .layer(battlement::client_ip::ClientIpLayer::new())
            .layer(tower_http::trace::TraceLayer::new_for_http())
            .layer(battlement::metrics::HttpMetrics::new().server_layer())
            .layer(battlement::security_headers::SecurityHeadersLayer::api())
            .layer($crate::order::cors())
            .layer(battlement::problem::ProblemLayer::new())
            .layer(tower_http::compression::CompressionLayer::new())
            .layer($crate::order::timeout())
            .layer($crate::order::by_client())
            .layer(tower_http::decompression::RequestDecompressionLayer::new())
            .layer(tower_http::limit::RequestBodyLimitLayer::new($crate::order::LARGEST_BODY))
            .layer(battlement::security_headers::FetchMetadataLayer::new())
            .layer(tower_http::add_extension::AddExtensionLayer::new($crate::order::TENANT))
            .layer($crate::order::by_tenant())
            .layer(tower_http::catch_panic::CatchPanicLayer::new())
    };
}

pub(crate) const TENANT: Tenant = Tenant("acme");

pub(crate) fn cors() -> tower_http::cors::CorsLayer {
    tower_http::cors::CorsLayer::new()
        .allow_origin([ORIGIN.parse().unwrap()])
        .allow_methods([http::Method::PUT])
        .expose_headers([http::HeaderName::from_static("x-request-id")])
}

pub(crate) fn timeout() -> tower_http::timeout::TimeoutLayer {
    tower_http::timeout::TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, DEADLINE)
}

pub(crate) fn by_client() -> battlement::rate_limit::RateLimitLayer {
    use battlement::rate_limit::{Key, Policy, RateLimitLayer};
    RateLimitLayer::new(Policy::per_hour("client", QUOTA), Key::client_ip())
}

pub(crate) fn by_tenant() -> battlement::rate_limit::RateLimitLayer {
    use battlement::rate_limit::{Key, Policy, RateLimitLayer};
    RateLimitLayer::new(Policy::per_hour("tenant", 1_000), Key::extension::<Tenant>())
}

/// Answers a request by its path.
pub(crate) async fn serve<B>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    let path = request.uri().path().to_owned();
    let mut response = Response::new(Full::default());
    match path.as_str() {
        "/panic" => panic!("the handler panics"),
        "/hang" => std::future::pending::<()>().await,
        "/echo" => match Limited::new(request.into_body(), usize::MAX).collect().await {
            Ok(body) => *response.body_mut() = Full::from(body.to_bytes()),
            Err(_) => *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE,
        },
        "/hello" => *response.body_mut() = Full::from("hello, world: ".repeat(16)),
        _ => *response.status_mut() = StatusCode::NOT_FOUND,
    }
    Ok(response)
}

/// Serves the stack around a plain service under hyper.
pub(crate) async fn hyper() -> Server {
    let service = documented_order!().service(service_fn(serve));
    let service = NormalizePathLayer::trim_trailing_slash().layer(service);
    Server::hyper(Protocol::Auto, move |_| service.clone()).await.unwrap()
}

/// Serves the stack around an axum router, applied by one `Router::layer`. The path has to be changed outside of the router.
pub(crate) async fn axum() -> Server {
    let handler = async |request: axum::extract::Request| serve(request).await;
    let router = Router::new()
        .route("/panic", any(handler))
        .route("/hang", any(handler))
        .route("/echo", any(handler))
        .route("/hello", any(handler))
        .layer(documented_order!());
    let service = NormalizePathLayer::trim_trailing_slash().layer(router);
    let service =
        service.map_request(|request: Request<Incoming>| request.map(axum::body::Body::new));
    Server::hyper(Protocol::Auto, move |_| service.clone()).await.unwrap()
}
