//! Each layer of tower-http outside of, between and inside of the layers of the stack.

use std::time::Duration;

use battlement::{
    client_ip::ClientIpLayer,
    metrics::HttpMetrics,
    problem::ProblemLayer,
    request_id::RequestIdLayer,
    security_headers::{FetchMetadataLayer, SecurityHeadersLayer},
};
use battlement_testkit::{
    client::Http1,
    server::{Protocol, Server},
};
use http::StatusCode;
use tower::{BoxError, ServiceBuilder, service_fn};
use tower_http::{
    add_extension::AddExtensionLayer,
    catch_panic::CatchPanicLayer,
    compression::CompressionLayer,
    cors::CorsLayer,
    decompression::{DecompressionLayer, RequestDecompressionLayer},
    limit::RequestBodyLimitLayer,
    normalize_path::NormalizePathLayer,
    set_status::SetStatusLayer,
    timeout::TimeoutLayer,
    trace::TraceLayer,
};

use crate::order::{by_client, serve};

/// Serves one request with the layer in every place.
macro_rules! everywhere {
    ($test:ident, $layer:expr) => {
        #[tokio::test]
        async fn $test() -> Result<(), BoxError> {
            let service = ServiceBuilder::new()
                .layer($layer)
                .layer(RequestIdLayer::new())
                .layer($layer)
                .layer(ClientIpLayer::new())
                .layer($layer)
                .layer(HttpMetrics::new().server_layer())
                .layer($layer)
                .layer(SecurityHeadersLayer::api())
                .layer($layer)
                .layer(ProblemLayer::new())
                .layer($layer)
                .layer(FetchMetadataLayer::new())
                .layer($layer)
                .layer(by_client())
                .layer($layer)
                .service(service_fn(serve));
            check(Server::hyper(Protocol::Auto, move |_| service.clone()).await?).await
        }
    };
}

async fn check(server: Server) -> Result<(), BoxError> {
    let response = Http1::connect(server.addr()).await?.get("/hello").await?;
    assert_eq!(response.status, 200);
    assert!(response.text().starts_with("hello, world"));
    for name in ["x-request-id", "x-content-type-options", "ratelimit"] {
        assert!(response.header(name).is_some(), "{name}");
    }
    Ok(())
}

everywhere!(cors_runs_between_any_two_layers, CorsLayer::permissive());
everywhere!(compression_runs_between_any_two_layers, CompressionLayer::new());
everywhere!(decompression_runs_between_any_two_layers, DecompressionLayer::new());
everywhere!(request_decompression_runs_between_any_two_layers, RequestDecompressionLayer::new());
everywhere!(
    timeout_runs_between_any_two_layers,
    TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_secs(60))
);
everywhere!(trace_runs_between_any_two_layers, TraceLayer::new_for_http());
everywhere!(a_body_limit_runs_between_any_two_layers, RequestBodyLimitLayer::new(64));
everywhere!(
    path_normalization_runs_between_any_two_layers,
    NormalizePathLayer::trim_trailing_slash()
);
everywhere!(a_fixed_status_runs_between_any_two_layers, SetStatusLayer::new(StatusCode::OK));
everywhere!(catch_panic_runs_between_any_two_layers, CatchPanicLayer::new());
everywhere!(an_extension_runs_between_any_two_layers, AddExtensionLayer::new("tenant"));
