//! How many lines there are, and what they say.

use tower_http::trace::{DefaultOnEos, DefaultOnRequest, TraceLayer};
use tracing::Level;

use crate::{answered, get, hello, log::Log, trace};

#[tokio::test]
async fn the_defaults_of_trace_layer_log_failures_alone_and_without_the_request() {
    let log = Log::json();
    let layer = TraceLayer::new_for_http();
    answered(&layer, get("/orders"), 200, hello).await;
    assert_eq!(log.written(), "");
    answered(&layer, get("/orders"), 500, hello).await;
    let line = log.line();
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["fields"]["message"], "response failed");
    assert!(line.get("span").is_none() && !log.written().contains("/orders"), "{line}");
}

#[tokio::test]
async fn all_events_of_trace_layer_are_three_lines_per_request() {
    let log = Log::json();
    let layer = trace()
        .on_request(DefaultOnRequest::new().level(Level::INFO))
        .on_eos(DefaultOnEos::new().level(Level::INFO));
    answered(&layer, get("/orders"), 200, hello).await;
    let messages: Vec<_> =
        log.lines().iter().map(|line| line["fields"]["message"].clone()).collect();
    let expected = ["started processing request", "finished processing request", "end of stream"];
    assert_eq!(messages, expected);
}

#[tokio::test]
async fn the_line_of_trace_layer_is_that_of_the_head_and_has_neither_route_nor_size() {
    let log = Log::json();
    answered(&trace(), get("/orders/7"), 200, hello).await;
    let line = log.line();
    let names = |at: &str| {
        let object = line[at].as_object().unwrap();
        object.keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(names("fields"), ["latency", "message", "status"]);
    assert_eq!(names("span"), ["method", "name", "uri", "version"]);
}

#[tokio::test]
async fn trace_layer_logs_a_server_error_twice() {
    let log = Log::json();
    answered(&trace(), get("/orders"), 503, hello).await;
    let lines = log.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0]["level"], "INFO");
    assert_eq!(lines[1]["level"], "ERROR");
    assert_eq!(lines[1]["fields"]["classification"], "Status code: 503 Service Unavailable");
}

#[tokio::test]
async fn trace_layer_leaves_characters_that_turn_text_around_as_they_are() {
    for log in [Log::json, Log::text] {
        let log = log();
        answered(&trace(), get("/\u{202e}txt.exe"), 200, hello).await;
        assert!(log.written().contains('\u{202e}'), "{:?}", log.written());
    }
}
