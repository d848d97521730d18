//! `Problem` without a layer.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{convert::Infallible, io, time::Duration};

use battlement_core::{GrpcCode, Rejection, RejectionKind};
use battlement_problem::{FieldError, Problem, ProblemLayer, ProblemSettings};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use proptest::prelude::*;
use serde_json::{Value, json};
use tower::{Layer as _, ServiceExt as _, service_fn};

fn io_fails() -> Result<(), Problem> {
    Err(io::Error::other("secret text"))?
}

#[test]
fn the_question_mark_turns_a_foreign_error_into_a_bug() {
    let problem = io_fails().unwrap_err();
    assert!(problem.is_bug());
    assert_eq!(problem.cause().unwrap().to_string(), "secret text");
    for public in [problem.to_string(), serde_json::to_string(&problem).unwrap()] {
        assert!(!public.contains("secret"), "{public}");
    }
    assert!(format!("{problem:?}").contains("secret text"), "the log may know");
}

#[test]
fn an_error_that_contains_a_problem_becomes_that_problem() {
    let problem = Problem::new(StatusCode::CONFLICT, "taken").detail("choose another");
    let boxed: Box<dyn std::error::Error + Send + Sync> = problem.into();
    assert_eq!(boxed.to_string(), "409 taken: choose another");
}

#[test]
fn a_battlement_rejection_keeps_its_kind() {
    let rejection = Rejection::new(RejectionKind::Overloaded).retry_in(Duration::from_secs(3));
    let problem = Problem::from(rejection);
    assert!(!problem.is_bug());
    assert_eq!((problem.status().as_u16(), problem.code()), (503, "overloaded"));
    assert_eq!(problem.headers()["retry-after"], "3");
    assert_eq!(problem.grpc(), GrpcCode::Unavailable);
    let response: Response<Full<Bytes>> = problem.response();
    assert_eq!(response.extensions().get(), Some(&rejection));
}

#[test]
fn a_bug_exposes_nothing_that_is_set_on_it() {
    let bug = Problem::bug("why").detail("a").title("b").type_uri("c").instance("d");
    let bug = bug.field("/e", "f").member("ggg", "h").retry_after(Duration::from_secs(1));
    let expected = json!({ "type": "about:blank", "title": "Internal Server Error", "status": 500, "code": "internal" });
    assert_eq!(serde_json::to_value(&bug).unwrap(), expected);
    let response: Response<Full<Bytes>> = bug.response();
    assert_eq!(response.headers()["retry-after"], "1");
}

#[test]
#[should_panic(expected = "the member name `detail` is reserved")]
fn a_member_with_a_reserved_name_panics() {
    let _ = Problem::of_status(StatusCode::GONE).member("detail", 1);
}

#[test]
#[should_panic(expected = "Problem: `status` must be an error (400 to 599), got 200 OK")]
fn a_status_that_is_not_an_error_panics() {
    let _ = Problem::new(StatusCode::OK, "fine");
}

#[test]
fn a_remote_problem_without_an_error_status_is_a_500() {
    for status in [100, 101, 200, 204, 304, 399, 600, 999, 65_936] {
        let read: Problem = serde_json::from_value(json!({ "status": status })).unwrap();
        assert_eq!(read.status(), StatusCode::INTERNAL_SERVER_ERROR, "{status}");
    }
}

#[test]
fn a_problem_survives_a_round_trip() {
    let problem = Problem::new(StatusCode::FORBIDDEN, "out_of_credit")
        .type_uri("https://example.com/probs/out-of-credit")
        .title("You do not have enough credit.")
        .detail("Your current balance is 30, but that costs 50.")
        .instance("/account/12345/msgs/abc")
        .field("/amount", "expected at most 30")
        .member("balance", 30);
    let json = serde_json::to_value(&problem).unwrap();
    let read: Problem = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), json);
    assert_eq!(read.field_errors(), [FieldError::new("/amount", "expected at most 30")]);
    assert_eq!(read.members()["balance"], 30);
    assert_eq!(read.occurrence(), Some("/account/12345/msgs/abc"));
}

#[test]
fn members_of_the_wrong_type_are_ignored() {
    let json =
        json!({ "type": 1, "title": [], "status": "404", "detail": {}, "errors": "no", "x": 1 });
    let read: Problem = serde_json::from_value(json).unwrap();
    let expected = json!({
        "type": "about:blank", "title": "Internal Server Error", "status": 500, "code": "internal", "x": 1,
    });
    assert_eq!(serde_json::to_value(&read).unwrap(), expected);
    assert!(!read.is_bug());
}

proptest! {
    #[test]
    fn every_object_survives_a_round_trip_once_it_is_read(
        members in prop::collection::hash_map(
            prop_oneof!["type", "title", "status", "detail", "code", "errors", "request_id", "[a-z]{3,9}"],
            prop_oneof![
                any::<u16>().prop_map(Value::from),
                any::<String>().prop_map(Value::from),
                Just(Value::Null),
                Just(json!([{ "pointer": "/a", "detail": "b" }])),
            ],
            0..8,
        ),
    ) {
        let object: Value = members.into_iter().collect::<serde_json::Map<_, _>>().into();
        let once: Problem = serde_json::from_value(object).unwrap();
        let written = serde_json::to_value(&once).unwrap();
        let again: Problem = serde_json::from_value(written.clone()).unwrap();
        prop_assert_eq!(serde_json::to_value(&again).unwrap(), written);
    }
}

#[test]
fn titles_are_the_registered_phrases() {
    for (status, title) in [
        (400, "Bad Request"),
        (413, "Content Too Large"),
        (416, "Range Not Satisfiable"),
        (422, "Unprocessable Content"),
        (451, "Unavailable For Legal Reasons"),
        (511, "Network Authentication Required"),
        (499, "Error"),
    ] {
        let problem = Problem::of_status(StatusCode::from_u16(status).unwrap());
        assert_eq!(problem.name(), title);
        assert_eq!(serde_json::to_value(&problem).unwrap()["title"], title);
    }
}

#[test]
fn a_code_is_stable_when_its_title_changes() {
    assert_eq!(Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE).code(), "payload_too_large");
    assert_eq!(Problem::of_status(StatusCode::UNPROCESSABLE_ENTITY).code(), "unprocessable_entity");
}

/// Returns the type of a problem with this code, from a layer with this base.
fn type_of(base: &'static str, code: &str) -> String {
    let problem = Problem::new(StatusCode::CONFLICT, code.to_owned());
    let service = ProblemLayer::new().types_at(base).layer(service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(problem.clone().response::<Full<Bytes>>())
    }));
    let answer = tokio_test::block_on(service.oneshot(Request::new(()))).unwrap();
    let json = tokio_test::block_on(answer.into_body().collect()).unwrap().to_bytes();
    let json: Value = serde_json::from_slice(&json).unwrap();
    json["type"].as_str().unwrap().to_owned()
}

#[test]
fn a_code_that_is_not_a_uri_segment_is_percent_encoded() {
    for (code, expected) in [
        ("out_of_stock", "https://shop.example/problems/out_of_stock"),
        ("out of stock", "https://shop.example/problems/out%20of%20stock"),
        ("a/b?c#d%e", "https://shop.example/problems/a%2Fb%3Fc%23d%25e"),
        ("caf\u{e9}\n", "https://shop.example/problems/caf%C3%A9%0A"),
        ("..", "about:blank"),
        (".", "about:blank"),
        ("", "about:blank"),
    ] {
        assert_eq!(type_of("https://shop.example/problems/", code), expected, "{code:?}");
    }
    assert_eq!(type_of("/problems?code=", "a&b=c"), "/problems?code=a%26b%3Dc");
}

proptest! {
    #[test]
    fn the_type_of_every_code_is_a_uri(code: String) {
        let uri = type_of("https://shop.example/problems/", &code);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%:/".contains(&byte);
        prop_assert!(uri.bytes().all(allowed), "{uri}");
        if let Some(escaped) = uri.strip_prefix("https://shop.example/problems/") {
            prop_assert!(!escaped.contains('/'));
            let mut bytes = Vec::new();
            let mut rest = escaped.as_bytes();
            while let Some((first, after)) = rest.split_first() {
                if *first == b'%' {
                    let (hex, after) = after.split_at(2);
                    bytes.push(u8::from_str_radix(std::str::from_utf8(hex).unwrap(), 16).unwrap());
                    rest = after;
                } else {
                    bytes.push(*first);
                    rest = after;
                }
            }
            prop_assert_eq!(String::from_utf8(bytes).unwrap(), code);
        }
    }
}

mod settings {
    use super::*;

    fn read(json: &str) -> Result<ProblemSettings, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn missing_fields_are_defaults_and_unknown_fields_are_errors() {
        let settings = read("{}").unwrap();
        assert!(settings.enabled && settings.types_at.is_none());
        assert!(read(r#"{ "tpyes_at": "/x" }"#).unwrap_err().contains("tpyes_at"));
        assert!(read(r#"{ "expose": "everything" }"#).unwrap_err().contains("everything"));
    }

    #[test]
    fn a_value_of_the_wrong_type_is_reported_with_its_field() {
        assert!(read(r#"{ "types_at": 7 }"#).unwrap_err().starts_with("types_at: "));
        assert!(read(r#"{ "enabled": "yes" }"#).unwrap_err().starts_with("enabled: "));
        assert!(read(r#"{ "expose": true }"#).unwrap_err().starts_with("expose: "));
    }

    #[test]
    fn a_base_that_is_not_a_uri_is_rejected() {
        let layer = |uri: &str| {
            let json = serde_json::json!({ "types_at": uri }).to_string();
            ProblemLayer::try_from(read(&json).unwrap()).map_err(|error| error.to_string())
        };
        for bad in ["", "not a \" uri/", "https://shop.example/problems", "/probl\u{e8}mes/"] {
            let expected = format!(
                "problem settings: types_at: must be a URI to which a code can be appended, such as \
                 https://shop.example/problems/: without spaces and quotes, and ending in `/`, `#`, `:` or `=`; \
                 got {bad:?}"
            );
            assert_eq!(layer(bad).unwrap_err(), expected);
        }
        for good in ["urn:p:", "/problems/", "https://shop.example/problems#", "/problems?code="] {
            assert!(layer(good).is_ok(), "{good}");
        }
    }

    #[test]
    #[should_panic(
        expected = "ProblemLayer: types_at: must be a URI to which a code can be appended"
    )]
    fn a_literal_that_is_not_a_uri_panics() {
        let _ = ProblemLayer::new().types_at("<here>");
    }
}
