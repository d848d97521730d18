//! The text form of behaviors.

use battlement_testkit::{
    client::Http1,
    upstream::{Behavior, Upstream},
};
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Empty;

use crate::BEHAVIORS;

#[test]
fn a_text_form_is_read_as_the_same_behavior() {
    for behavior in BEHAVIORS {
        assert_eq!(behavior.to_string().parse(), Ok(behavior));
    }
}

#[test]
fn an_unknown_text_is_an_error_that_quotes_it() {
    for text in [
        "",
        "slow",
        "late",
        "late soon",
        "answer 1ms",
        "late -1ms",
        "stream 2",
        "stream x 1ms",
        "stream 2 1ms slow",
        "stream 2 1ms hang hang",
    ] {
        let error = text.parse::<Behavior>().unwrap_err();
        assert_eq!(error.to_string(), format!("unknown behavior {text:?}"));
    }
}

#[tokio::test]
async fn an_unknown_behavior_is_answered_with_400() {
    let upstream = Upstream::start().await.unwrap();
    let mut client = Http1::connect(upstream.addr()).await.unwrap();
    let request = Request::get("/").header(Behavior::HEADER, "slow");
    let response = client.send(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!((upstream.counts().received, upstream.counts().processed), (1, 0));
}
