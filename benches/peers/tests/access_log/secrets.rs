//! Secrets of the request in its lines.

use tower_http::trace::{DefaultMakeSpan, DefaultOnResponse, TraceLayer};
use tracing::Level;

use crate::{answered, get, hello, log::Log, trace};

#[tokio::test]
async fn trace_layer_logs_the_query_with_its_secrets() {
    let log = Log::json();
    answered(&trace(), get("/orders?token=hunter2"), 200, hello).await;
    assert_eq!(log.line()["span"]["uri"], "/orders?token=hunter2");
}

#[tokio::test]
async fn trace_layer_logs_all_headers_or_none() {
    let log = Log::json();
    let span = DefaultMakeSpan::new().level(Level::INFO).include_headers(true);
    let layer = TraceLayer::new_for_http()
        .make_span_with(span)
        .on_response(DefaultOnResponse::new().level(Level::INFO));
    let mut request = get("/orders");
    for (name, value) in [("authorization", "Bearer hunter2"), ("user-agent", "curl")] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    answered(&layer, request, 200, hello).await;
    let headers = log.line()["span"]["headers"].as_str().unwrap().to_owned();
    assert!(headers.contains("Bearer hunter2") && headers.contains("curl"), "{headers}");
}
