use std::{io::Read as _, sync::mpsc::channel, time::Duration};

use axum::{Router, response::Redirect, routing::get};
use battlement_health::{CheckState, RunCheck, checks};
use http::StatusCode;
use tokio::{net::TcpListener, time::timeout};

use crate::server::{answers, server};

async fn answer_of(answer: &'static str) -> CheckState {
    let (address, _requests) = answers(answer);
    checks::http(&format!("http://{address}/")).run().await
}

#[tokio::test]
async fn a_real_server_passes_below_400_and_a_redirect_is_not_followed() {
    let app = Router::new()
        .route("/ok", get(async || "ok"))
        .route("/moved", get(async || Redirect::temporary("/broken")))
        .route("/broken", get(async || StatusCode::SERVICE_UNAVAILABLE));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    for (path, state) in [
        ("ok", "pass: status 200"),
        ("moved", "pass: status 307"),
        ("broken", "fail: status 503"),
        ("missing", "fail: status 404"),
    ] {
        let check = checks::http(&format!("http://localhost:{port}/{path}"));
        assert_eq!(check.run().await.to_string(), state);
    }
    server.abort();
    let _ = server.await;
    let state = checks::http(&format!("http://127.0.0.1:{port}/")).run().await;
    assert!(state.to_string().starts_with("fail: cannot connect: "), "{state}");
}

#[tokio::test]
async fn a_request_names_the_host_and_closes_its_connection() {
    let (address, requests) = answers("HTTP/1.1 204 No Content\r\n\r\n");
    let check = checks::http(&format!("http://{address}/a?b#c"));
    assert_eq!(check.run().await.to_string(), "pass: status 204");
    let request = requests.recv().unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let expected = format!(
        "GET /a?b HTTP/1.1\r\nhost: {address}\r\nuser-agent: battlement-health/{version}\r\n\
         accept: */*\r\nconnection: close\r\n\r\n"
    );
    assert_eq!(request, expected);
}

#[tokio::test]
async fn an_answer_that_is_not_http_fails_with_the_reason() {
    let not_http = "fail: the answer is not an HTTP/1 response";
    let closed = "fail: the connection was closed before the response";
    for (answer, state) in [
        ("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n", "pass: status 200"),
        ("+PONG\r\n", not_http),
        ("", closed),
        ("HTTP/1.1 200 OK", closed),
        ("HTTP/1.1 103 Early Hints\r\n\r\n", closed),
    ] {
        assert_eq!(answer_of(answer).await.to_string(), state, "{answer:?}");
    }
}

#[tokio::test]
async fn a_run_that_is_dropped_closes_its_connection() {
    let (closed, is_closed) = channel();
    let (address, _requests) = server(move |mut stream| {
        closed.send(stream.read(&mut [0])).unwrap();
    });
    let check = checks::http(&format!("http://{address}/"));
    timeout(Duration::from_millis(50), check.run()).await.unwrap_err();
    let read = is_closed.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(read.unwrap(), 0, "the server sees the end of the connection");
}

#[test]
#[should_panic(expected = "HTTP check: url: must be an `http` URL: TLS is not supported")]
fn a_url_with_tls_is_refused() {
    let _ = checks::http("https://billing/livez");
}

#[test]
fn neither_the_error_nor_debug_shows_a_secret_of_the_url() {
    let error = checks::Http::try_new("http://user:hunter2@billing/").unwrap_err();
    assert_eq!(error.fields()[0].field(), "url");
    let check = checks::http("http://billing/livez?token=hunter2");
    assert!(!format!("{error} {error:?} {check:?}").contains("hunter2"));
}
