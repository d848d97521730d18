//! Problems that a handler returns.

use std::fmt;

use battlement_problem::{Expose, Problem, ProblemLayer};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body_util::Full;

use crate::exchange::{Answer, ID, send};

/// An error of a database driver, with details that callers must not see.
#[derive(Debug)]
struct Driver(std::num::ParseIntError);

impl fmt::Display for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("insert into cards failed for user root")
    }
}

impl std::error::Error for Driver {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

fn driver() -> Driver {
    Driver("x4111".parse::<u8>().unwrap_err())
}

fn bug() -> Result<(), Problem> {
    Err(driver())?
}

async fn left(layer: ProblemLayer, problem: impl Fn() -> Problem) -> Answer {
    send(layer, &[], async |_| Ok::<_, Problem>(problem().response::<Full<Bytes>>())).await
}

#[tokio::test]
async fn an_operational_problem_exposes_its_text_and_not_its_source() {
    let problem = || {
        Problem::new(StatusCode::CONFLICT, "out_of_stock")
            .detail("only 3 left")
            .member("left", 3)
            .field("/items/0/quantity", "expected at most 3")
            .header(header::RETRY_AFTER, HeaderValue::from_static("60"))
            .source(driver())
    };
    let answer = left(ProblemLayer::new().types_at("https://shop.example/"), problem).await;
    let expected = serde_json::json!({
        "type": "https://shop.example/out_of_stock",
        "title": "Conflict",
        "status": 409,
        "detail": "only 3 left",
        "code": "out_of_stock",
        "errors": [{ "pointer": "/items/0/quantity", "detail": "expected at most 3" }],
        "left": 3,
        "request_id": ID,
    });
    assert_eq!(answer.json(), expected);
    assert_eq!(answer.header("retry-after"), Some("60"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let chain = "insert into cards failed for user root: invalid digit found in string";
    assert_eq!(answer.log.matches(chain).count(), 1, "{}", answer.log);
    assert!(answer.log.contains(ID) && answer.log.contains("INFO"));
}

#[tokio::test]
async fn a_bug_exposes_only_the_id_and_is_logged_once_with_its_chain() {
    let answer = left(ProblemLayer::new(), || bug().unwrap_err().detail("ignored")).await;
    assert_eq!(answer.status(), 500);
    let expected = serde_json::json!({
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "code": "internal",
        "request_id": ID,
    });
    assert_eq!(answer.json(), expected);
    let chain = "insert into cards failed for user root: invalid digit found in string";
    assert_eq!(answer.log.matches(chain).count(), 1, "{}", answer.log);
    assert!(answer.log.contains(ID) && answer.log.contains("ERROR"));
}

#[tokio::test]
async fn causes_are_exposed_if_configured() {
    let answer = left(ProblemLayer::new().expose(Expose::Causes), || bug().unwrap_err()).await;
    let causes = ["insert into cards failed for user root", "invalid digit found in string"];
    assert_eq!(answer.json()["causes"], serde_json::json!(causes));
}

#[tokio::test]
async fn a_problem_without_a_source_is_not_logged() {
    let answer = left(ProblemLayer::new(), || Problem::of_status(StatusCode::GONE)).await;
    assert_eq!(answer.json()["code"], "gone");
    assert_eq!(answer.log, "");
}

#[tokio::test]
async fn a_disabled_layer_leaves_the_json_of_the_handler() {
    let answer = left(ProblemLayer::new().enabled(false), || bug().unwrap_err()).await;
    assert_eq!(answer.json().get("request_id"), None);
    assert_eq!(answer.json()["code"], "internal");
}
