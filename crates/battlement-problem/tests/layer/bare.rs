//! Error responses without a body or with plain text.

use battlement_problem::{ProblemLayer, Untouched};
use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::Full;

use crate::exchange::{Answer, ID, answer, ask, send};

async fn of(response: Response<&'static str>) -> Answer {
    send(ProblemLayer::new(), &[], async |_| answer(response.clone())).await
}

#[tokio::test]
async fn a_bare_error_gets_a_body_with_the_id() {
    let answer = of(Response::builder().status(405).header("allow", "GET").body("").unwrap()).await;
    assert_eq!(answer.status(), 405);
    let expected = serde_json::json!({
        "type": "about:blank",
        "title": "Method Not Allowed",
        "status": 405,
        "code": "method_not_allowed",
        "request_id": ID,
    });
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn all_headers_stay_except_those_of_the_body() {
    let response = Response::builder()
        .status(401)
        .header("www-authenticate", "Basic")
        .header("www-authenticate", "Bearer")
        .header("retry-after", "7")
        .header("x-own", "1")
        .header("cache-control", "private")
        .header("content-type", "text/plain")
        .header("content-length", "6")
        .body("go away")
        .unwrap();
    let answer = of(response).await;
    assert_eq!(answer.response.headers().get_all("www-authenticate").iter().count(), 2);
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert_eq!(answer.header("x-own"), Some("1"));
    assert_eq!(answer.header("cache-control"), Some("private"));
    assert_eq!(answer.header("content-length"), None);
    assert_eq!(answer.json()["detail"], "go away");
}

#[tokio::test]
async fn the_text_of_a_4xx_is_sent_and_that_of_a_5xx_is_logged() {
    let told = of(Response::builder().status(413).body(" length limit exceeded\n").unwrap()).await;
    assert_eq!(told.json()["detail"], "length limit exceeded");
    assert_eq!(told.log, "");

    let text = "db: password hunter2 refused";
    let private =
        Response::builder().status(503).header("content-type", "text/plain; charset=utf-8");
    let kept = of(private.body(text).unwrap()).await;
    assert_eq!(kept.status(), 503);
    assert!(!kept.all().contains("hunter2"), "{}", kept.all());
    assert_eq!(kept.json()["code"], "service_unavailable");
    assert!(kept.log.contains(text) && kept.log.contains(ID), "{}", kept.log);
}

#[tokio::test]
async fn long_text_is_unchanged_with_a_4xx_and_dropped_with_a_5xx() {
    let long: &'static str = "x".repeat(4097).leak();
    let told = of(Response::builder().status(404).body(long).unwrap()).await;
    assert_eq!(told.text(), long);
    let dropped = of(Response::builder().status(500).body(long).unwrap()).await;
    assert_eq!(dropped.json().get("detail"), None);
    let just = of(Response::builder().status(404).body(&long[..4096]).unwrap()).await;
    assert_eq!(just.json()["detail"], &long[..4096]);
}

#[tokio::test]
async fn compressed_text_and_text_that_is_not_utf_8_is_not_a_detail() {
    let gzip = Response::builder().status(404).header("content-encoding", "gzip");
    let answer = of(gzip.body("pretend").unwrap()).await;
    assert_eq!((answer.text(), answer.header("content-encoding")), ("pretend", Some("gzip")));

    let answer = send(ProblemLayer::new(), &[], async |_| {
        let body = Full::from(Bytes::from_static(b"\xff\xfe"));
        Ok::<_, std::convert::Infallible>(Response::builder().status(404).body(body).unwrap())
    });
    assert_eq!(answer.await.json().get("detail"), None);
}

#[tokio::test]
async fn successes_and_errors_with_a_body_are_unchanged() {
    for (status, content_type) in [
        (200, "text/plain"),
        (204, "text/plain"),
        (304, "text/plain"),
        (302, "text/plain"),
        (404, "text/html"),
        (422, "application/json"),
        (500, "application/problem+json"),
        (503, "image/png"),
    ] {
        let response = Response::builder().status(status).header("content-type", content_type);
        let answer = of(response.body("mine").unwrap()).await;
        assert_eq!(answer.status(), status);
        assert_eq!(answer.text(), "mine");
        assert_eq!(answer.response.headers().len(), 1, "{:?}", answer.response.headers());
    }
}

#[tokio::test]
async fn an_upgrade_passes() {
    let response = Response::builder().status(101).header("upgrade", "websocket").body("").unwrap();
    let answer = of(response).await;
    assert_eq!((answer.status().as_u16(), answer.header("upgrade")), (101, Some("websocket")));
}

#[tokio::test]
async fn a_response_that_opts_out_is_unchanged() {
    let mut response = Response::builder().status(503).body("closed for the season").unwrap();
    response.extensions_mut().insert(Untouched);
    assert_eq!(of(response).await.text(), "closed for the season");
}

#[tokio::test]
async fn an_answer_to_head_has_headers_and_no_body() {
    let request = || Request::builder().method(Method::HEAD).body(()).unwrap();
    let bare = ask(ProblemLayer::new(), request(), async |_| {
        answer(Response::builder().status(404).header(header::ETAG, "\"1\"").body("").unwrap())
    });
    let bare = bare.await;
    assert_eq!(bare.header("content-type"), Some("application/problem+json"));
    assert!(bare.response.body().is_empty());
    assert_eq!(bare.header("etag"), None, "it is of the body that GET would have");
    assert_eq!(bare.header("content-length"), None, "GET may have a detail");
}

#[tokio::test]
async fn a_second_layer_changes_and_logs_nothing() {
    use tower::Layer;
    let handler = tower::service_fn(async |_| {
        answer(Response::builder().status(500).body("the private text").unwrap())
    });
    let inner = ProblemLayer::new().layer(handler);
    let answer = send(ProblemLayer::new(), &[], async |request| {
        use http_body_util::BodyExt;
        let response = tower::ServiceExt::oneshot(inner.clone(), request).await?;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Ok::<_, std::convert::Infallible>(Response::from_parts(parts, Full::from(bytes)))
    });
    let answer = answer.await;
    assert_eq!(answer.json()["request_id"], ID);
    assert_eq!(answer.log.matches("the private text").count(), 1, "{}", answer.log);
}
