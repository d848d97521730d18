//! The formats of an answer.

use battlement_core::{Answer as CoreAnswer, Caller, Rejection, RejectionKind, ResponseBody};
use battlement_problem::{Problem, ProblemLayer};
use bytes::Bytes;
use http::{
    HeaderName, Method, Request, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use http_body_util::{BodyExt, Full};

use crate::exchange::{Answer, ID, answer, ask, send};

fn nasty() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "no_product")
        .detail("no product \"<script>alert(1)</script>\" & co\u{1b}[31m")
        .field("/id", "is 'unknown'")
}

async fn in_form(headers: &[(HeaderName, &'static str)]) -> Answer {
    send(ProblemLayer::new(), headers, async |_| {
        Ok::<_, std::convert::Infallible>(nasty().response::<Full<Bytes>>())
    })
    .await
}

#[tokio::test]
async fn json_is_the_default_format() {
    for accept in ["application/json", "*/*", "image/png", "nonsense", "text/html;q=0"] {
        let answer = in_form(&[(ACCEPT, accept)]).await;
        assert_eq!(answer.status(), 404);
        assert_eq!(answer.json()["request_id"], ID);
        assert_eq!(answer.header("vary"), Some("accept"));
    }
    assert_eq!(in_form(&[]).await.json()["code"], "no_product");
}

#[tokio::test]
async fn a_browser_gets_a_page_with_escaped_text() {
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let answer = in_form(&[(ACCEPT, browser)]).await;
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    let page = answer.text();
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot; &amp; co"), "{page}");
    assert!(page.contains("<code>/id</code>: is &#39;unknown&#39;") && page.contains(ID), "{page}");
    assert!(!page.contains("<script") && !page.contains('\u{1b}'));
}

#[tokio::test]
async fn plain_text_has_the_same_content_without_control_characters() {
    let answer = in_form(&[(ACCEPT, "text/plain")]).await;
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    let expected = "404 Not Found\n\
        no product \"<script>alert(1)</script>\" & co[31m\n\
        /id: is 'unknown'\n\
        request id: request-4711\n";
    assert_eq!(answer.text(), expected);
}

#[tokio::test]
async fn the_lines_of_accept_are_one_list() {
    let answer = in_form(&[(ACCEPT, "application/json;q=0.5"), (ACCEPT, "text/html")]).await;
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
}

#[tokio::test]
async fn vary_accept_is_not_added_twice() {
    for (vary, expected) in [("origin, Accept", 1), ("*", 1), ("origin", 2)] {
        let answer = send(ProblemLayer::new(), &[], async |_| {
            answer(Response::builder().status(404).header("vary", vary).body("").unwrap())
        });
        assert_eq!(answer.await.response.headers().get_all("vary").iter().count(), expected);
    }
}

#[tokio::test]
async fn a_grpc_caller_gets_a_status_in_the_head() {
    for (status, code) in [
        (400, "3"),
        (401, "16"),
        (403, "7"),
        (404, "12"),
        (409, "10"),
        (412, "9"),
        (413, "8"),
        (429, "8"),
        (499, "1"),
        (500, "13"),
        (501, "12"),
        (503, "14"),
        (504, "4"),
    ] {
        let answer = in_grpc(async |_| {
            answer(Response::builder().status(status).header("retry-after", "2").body("").unwrap())
        });
        let answer = answer.await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.header("content-type"), Some("application/grpc"));
        assert_eq!(answer.header("grpc-status"), Some(code), "{status}");
        assert_eq!(answer.header("grpc-retry-pushback-ms"), Some("2000"));
        assert!(answer.response.body().is_empty());
    }
}

#[tokio::test]
async fn a_request_of_another_method_is_answered_over_http_whatever_its_content_type() {
    for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
        let request = Request::builder().method(method.clone());
        let request = request.header(CONTENT_TYPE, "application/grpc+proto").body(()).unwrap();
        let fails = async |_| Err("secret".parse::<u8>().unwrap_err());
        let answer = ask(ProblemLayer::new(), request, fails).await;
        assert_eq!(answer.status(), 500, "{method}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{method}");
        assert_eq!(answer.header("grpc-status"), None, "{method}");
    }
}

async fn in_grpc<E: Into<crate::exchange::BoxError>>(
    handler: impl AsyncFn(Request<()>) -> Result<Response<Full<Bytes>>, E>,
) -> Answer {
    let request =
        Request::builder().method(Method::POST).header(CONTENT_TYPE, "application/grpc+proto");
    ask(ProblemLayer::new(), request.body(()).unwrap(), handler).await
}

#[tokio::test]
async fn a_grpc_message_is_the_detail_and_of_a_bug_the_title() {
    let answer = in_grpc(async |_| Ok::<_, Problem>(nasty().response())).await;
    assert!(answer.header("grpc-message").unwrap().starts_with("no product \"<script>"));
    let answer = in_grpc(async |_| Err("secret".parse::<u8>().unwrap_err())).await;
    assert_eq!(answer.header("grpc-status"), Some("13"));
    assert_eq!(answer.header("grpc-message"), Some("Internal Server Error"));
}

#[tokio::test]
async fn a_grpc_status_of_the_service_is_left_alone() {
    let answer = in_grpc(async |_| {
        let response = Response::builder().header(CONTENT_TYPE, "application/grpc");
        answer(response.header("grpc-status", "5").body("").unwrap())
    });
    let answer = answer.await;
    assert_eq!(answer.response.headers().len(), 2);
}

#[tokio::test]
async fn a_rejection_of_another_layer_keeps_its_document_and_gets_the_id() {
    let answer = send(ProblemLayer::new(), &[], async |_| Ok::<_, Problem>(rejected().await)).await;
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.header("retry-after"), Some("7"));
    let expected = serde_json::json!({
        "type": "/problems/quota",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "ten a minute",
        "code": "rate_limited",
        "request_id": ID,
    });
    assert_eq!(answer.json(), expected);
    assert!(answer.response.extensions().get::<Rejection>().is_some());

    let browser = &[(ACCEPT, "text/html")];
    let page =
        send(ProblemLayer::new(), browser, async |_| Ok::<_, Problem>(rejected().await)).await;
    assert!(page.text().contains("<p>ten a minute</p>"), "{}", page.text());
}

async fn rejected() -> Response<Full<Bytes>> {
    let wait = std::time::Duration::from_secs(7);
    let rejection = Rejection::new(RejectionKind::RateLimited).retry_in(wait);
    let response = CoreAnswer::new(rejection).type_uri("/problems/quota").detail("ten a minute");
    let response: Response<ResponseBody<Full<Bytes>>> = response.response(Caller::default());
    let (parts, body) = response.into_parts();
    Response::from_parts(parts, Full::from(body.collect().await.unwrap().to_bytes()))
}

#[tokio::test]
async fn an_answer_to_head_declares_the_length_of_the_problem() {
    let request = |method| Request::builder().method(method).body(()).unwrap();
    let handler = async |_| Ok::<_, Problem>(nasty().response::<Full<Bytes>>());
    let get = ask(ProblemLayer::new(), request(Method::GET), handler).await;
    let head = ask(ProblemLayer::new(), request(Method::HEAD), handler).await;
    let length = get.response.body().len().to_string();
    assert_eq!(head.header("content-length"), Some(length.as_str()));
    assert!(head.response.body().is_empty());
}
