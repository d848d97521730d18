//! Unusual `Accept` headers.

use std::convert::Infallible;

use battlement_problem::{Problem, ProblemLayer};
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header::ACCEPT};
use http_body_util::Full;

use crate::exchange::{Answer, ask};

async fn accepting(lines: &[String]) -> Answer {
    let mut request = Request::new(());
    for line in lines {
        request.headers_mut().append(ACCEPT, HeaderValue::from_str(line).unwrap());
    }
    ask(ProblemLayer::new(), request, async |_| {
        Ok::<_, Infallible>(Problem::of_status(StatusCode::NOT_FOUND).response::<Full<Bytes>>())
    })
    .await
}

/// Returns a header of `bytes` bytes that asks for HTML.
fn html_of(bytes: usize) -> String {
    format!("text/html,{}", "x".repeat(bytes - "text/html,".len()))
}

#[tokio::test]
async fn an_accept_header_of_more_than_4_kib_is_not_read() {
    let answer = accepting(&[html_of(4096)]).await;
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    for long in [4097, 350_000] {
        assert_eq!(accepting(&[html_of(long)]).await.json()["status"], 404);
    }
}

#[tokio::test]
async fn the_lines_of_an_accept_header_are_bounded_together() {
    // One byte more with the comma between the lines.
    let answer = accepting(&[html_of(2048), html_of(2047)]).await;
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(accepting(&[html_of(2048), html_of(2048)]).await.json()["status"], 404);
}

mod alone {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;

    /// Returns the shortest of several measurements, so that load on the machine does not matter.
    async fn time(name: &'static str, value: &str) -> Duration {
        let mut shortest = Duration::MAX;
        for _ in 0..20 {
            let request = Request::builder().header(name, value).body(()).unwrap();
            let began = Instant::now();
            let answer = ask(ProblemLayer::new(), request, async |_| {
                Ok::<_, Infallible>(
                    Problem::of_status(StatusCode::NOT_FOUND).response::<Full<Bytes>>(),
                )
            });
            assert_eq!(answer.await.status(), 404);
            shortest = shortest.min(began.elapsed());
        }
        shortest
    }

    #[tokio::test]
    async fn a_long_accept_header_costs_no_more_than_another_long_header() {
        let value = "a/b;q=0.1,".repeat(35_000);
        let (accept, other) = (time("accept", &value).await, time("x-other", &value).await);
        assert!(accept < other * 3, "{accept:?}, another header {other:?}");
    }
}
