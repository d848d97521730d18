//! A secret in each place that redaction covers is in no byte of the output.

use std::convert::Infallible;

use battlement::access_log::{AccessLogLayer, Format, Names, Query};
use battlement_testkit::{client::Http1, server::Server};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Empty, Full};
use hyper::body::Incoming;
use tower::{Layer, service_fn};

use crate::log::{JSON, Log, flush};

const SECRET: &str = "hunter2";

/// Parameters of a query with the secret: those of OpenTelemetry's list, and those of the layer, in various spellings.
const PARAMETERS: [&str; 16] = [
    "AWSAccessKeyId",
    "Signature",
    "sig",
    "X-Goog-Signature",
    "X-Amz-Signature",
    "X-Amz-Credential",
    "X-Amz-Security-Token",
    "token",
    "key",
    "code",
    "password",
    "secret",
    "access_token",
    "API-Key",
    "user[password]",
    "%74%6Fken",
];

/// Headers that are never logged: the last one is of the user's list.
const HEADERS: [&str; 5] =
    ["authorization", "cookie", "proxy-authorization", "x-api-key", "x-session"];

fn request() -> Request<Empty<Bytes>> {
    let query = PARAMETERS.map(|name| format!("{name}={SECRET}&page=1")).join("&");
    let query = format!("{query};token={SECRET}&x;key={SECRET}");
    let mut request = Request::get(format!("/login?{query}"))
        .header("user-agent", "curl/8")
        .header("referer", format!("https://shop/reset?{query}"));
    for name in HEADERS {
        request = request.header(name, SECRET);
    }
    request.body(Empty::new()).unwrap()
}

/// Answers with the secret in a cookie and in the body.
async fn answer(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let response = Response::builder().header("set-cookie", format!("session={SECRET}"));
    Ok(response.body(Full::from(SECRET)).unwrap())
}

#[tokio::test]
async fn a_secret_in_each_place_that_redaction_covers_is_in_no_byte_of_the_output() {
    let (events, _guard) = Log::collect();
    let names = [Names::Ecs, Names::GoogleCloud, Names::PinoHttp];
    for format in names.map(Format::Json).into_iter().chain([JSON, Format::Combined]) {
        let (lines, writer) = Log::writer(format);
        let log = AccessLogLayer::new()
            .never(["x-session"])
            .headers(["user-agent", "referer"])
            .query(Query::Redact)
            .received(true);
        let service = (log.clone(), log.writer(writer.clone())).layer(service_fn(answer));
        let debug = format!("{service:?}");
        let server = Server::http1(service).await.unwrap();
        let mut client = Http1::connect(server.addr()).await.unwrap();
        client.send(request()).await.unwrap();
        server.stop().await;
        flush(&writer);
        for output in [events.text(), lines.text(), debug] {
            assert!(!output.contains(SECRET), "{format:?}: {output}");
        }
        let text = lines.text();
        // The lines of the arrival and of the end, with query and referrer, whose harmless parameters are kept.
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.matches("page=1").count() >= 4 * PARAMETERS.len(), "{text}");
    }
    assert_eq!(events.records().len(), 10);
}

#[tokio::test]
async fn without_a_setting_the_query_and_all_headers_are_absent() {
    let (events, _guard) = Log::collect();
    let (lines, writer) = Log::writer(JSON);
    let layers = (AccessLogLayer::new(), AccessLogLayer::new().writer(writer.clone()));
    let server = Server::http1(layers.layer(service_fn(answer))).await.unwrap();
    Http1::connect(server.addr()).await.unwrap().send(request()).await.unwrap();
    server.stop().await;
    flush(&writer);
    for text in [events.text(), lines.text()] {
        assert!(text.contains("/login") && !text.contains(SECRET), "{text}");
        assert!(!text.contains("page=1") && !text.contains("curl"), "{text}");
    }
}
