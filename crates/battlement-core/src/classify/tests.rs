use std::{io, time::Duration};

use http::{HeaderMap, HeaderValue, Response};

use super::*;
use crate::{Failure, Pushback, RejectionKind};

const LOCAL: Verdict = Verdict::Failure(Failure::Rejected(RejectionKind::CircuitOpen));

fn failure(failure: Failure) -> Verdict {
    Verdict::Failure(failure)
}

fn overload(seconds: Option<u64>) -> Verdict {
    failure(Failure::Overload { pushback: seconds.map(Duration::from_secs).map(Pushback::Wait) })
}

fn response(status: u16, headers: &[(&'static str, &str)]) -> Response<()> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(()).unwrap()
}

fn http(status: u16) -> Verdict {
    match HttpStatus.head(&Head::of(&response(status, &[]))) {
        Judgment::Now(verdict) => verdict,
        Judgment::AtEnd => panic!("plain HTTP is judged at the head"),
    }
}

fn trailers(code: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(crate::grpc_code::GRPC_STATUS, code.parse().unwrap())])
}

#[test]
fn http_is_judged_by_its_status_at_the_head() {
    for status in [101, 200, 204, 301, 304, 400, 401, 404, 408, 409, 422] {
        assert_eq!(http(status), Verdict::Success, "{status}");
    }
    for status in [500, 501, 502, 505, 599] {
        assert_eq!(http(status), failure(Failure::Server), "{status}");
    }
    assert_eq!(http(504), failure(Failure::Timeout));
    assert_eq!(http(499), Verdict::Ignore);
    assert_eq!((http(429), http(503)), (overload(None), overload(None)));
}

#[test]
fn retry_after_is_read_as_seconds_and_as_a_date() {
    let wait =
        |value: &str| match HttpStatus.head(&Head::of(&response(503, &[("retry-after", value)]))) {
            Judgment::Now(Verdict::Failure(failure)) => failure.retry_after(),
            other => panic!("{other:?}"),
        };
    assert_eq!(wait("7"), Some(Duration::from_secs(7)));
    assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
    let ahead = std::time::SystemTime::now() + Duration::from_secs(100);
    let ahead = wait(&httpdate::fmt_http_date(ahead)).unwrap();
    assert!((98..=100).contains(&ahead.as_secs()), "{ahead:?}");
    assert_eq!(wait("soon"), None);
    assert_eq!(wait("-1"), None);
    assert!(wait("99999999999999999999999999").unwrap() > Duration::from_secs(1 << 31));
}

#[test]
fn grpc_without_a_status_at_the_head_is_judged_at_the_end() {
    let head = response(200, &[("content-type", "application/grpc+proto")]);
    assert_eq!(Auto.head(&Head::of(&head)), Judgment::AtEnd);
    let end = |code| Auto.end(Ending::Trailers, Some(&trailers(code)));
    for code in ["0", "3", "5", "6", "7", "9", "10", "11", "16"] {
        assert_eq!(end(code), Verdict::Success, "{code}");
    }
    for code in ["2", "12", "13", "15", "17", "abc", "-1", "00"] {
        assert_eq!(end(code), failure(Failure::Server), "{code}");
    }
    assert_eq!(end("1"), Verdict::Ignore);
    assert_eq!(end("4"), failure(Failure::Timeout));
    assert_eq!((end("8"), end("14")), (overload(None), overload(None)));
}

#[test]
fn grpc_that_ends_without_trailers_has_failed() {
    let empty = HeaderMap::new();
    assert_eq!(Auto.end(Ending::Complete, None), failure(Failure::Server));
    assert_eq!(Auto.end(Ending::Trailers, Some(&empty)), failure(Failure::Server));
    assert_eq!(Auto.end(Ending::Error, None), failure(Failure::Transport));
    assert_eq!(Auto.end(Ending::Dropped, None), Verdict::Ignore);
}

#[test]
fn a_trailers_only_answer_is_judged_at_the_head_with_its_pushback() {
    let head = response(
        200,
        &[
            ("content-type", "application/grpc"),
            ("grpc-status", "14"),
            ("grpc-retry-pushback-ms", "3000"),
        ],
    );
    assert_eq!(Auto.head(&Head::of(&head)), Judgment::Now(overload(Some(3))));
}

#[test]
fn a_negative_or_malformed_pushback_forbids_a_repetition() {
    let judge = |value: &[u8]| {
        let mut trailers = trailers("14");
        trailers.insert("grpc-retry-pushback-ms", HeaderValue::from_bytes(value).unwrap());
        let Verdict::Failure(failure) = Auto.end(Ending::Trailers, Some(&trailers)) else {
            panic!("UNAVAILABLE is a failure");
        };
        (failure.pushback(), failure.retry_after())
    };
    for value in ["", "-1", "-0", "+5", "1.5", "soon", " 5", "5ms", "0x10"] {
        assert_eq!(judge(value.as_bytes()), (Some(Pushback::Stop), None), "{value:?}");
    }
    assert_eq!(judge(b"\xff5"), (Some(Pushback::Stop), None));
    for (value, millis) in [("0", 0), ("007", 7), ("3000", 3000)] {
        let wait = Duration::from_millis(millis);
        assert_eq!(judge(value.as_bytes()), (Some(Pushback::Wait(wait)), Some(wait)));
    }
    let long = judge(b"99999999999999999999999999").1.unwrap();
    assert!(long >= Duration::from_secs(1 << 31), "{long:?}");
    assert_eq!(Failure::Overload { pushback: None }.pushback(), None);
    assert_eq!(Failure::Server.pushback(), None);
}

#[test]
fn grpc_that_met_a_plain_http_error_is_judged_by_the_mapping() {
    let judge = |status| GrpcStatus.head(&Head::of(&response(status, &[])));
    assert_eq!(judge(503), Judgment::Now(overload(None)));
    assert_eq!(judge(404), Judgment::Now(failure(Failure::Server)));
    assert_eq!(judge(401), Judgment::Now(Verdict::Success));
}

#[test]
fn a_rejection_of_a_layer_is_local_under_every_classifier() {
    let mut answer = response(503, &[("content-type", "application/grpc"), ("grpc-status", "14")]);
    answer.extensions_mut().insert(Rejection::new(RejectionKind::CircuitOpen));
    let head = Head::of(&answer);
    for judgment in [HttpStatus.head(&head), GrpcStatus.head(&head), Auto.head(&head)] {
        assert_eq!(judgment, Judgment::Now(LOCAL));
    }
    assert!(!Failure::Rejected(RejectionKind::CircuitOpen).is_upstream());
}

#[test]
fn a_timeout_of_a_layer_is_a_timeout_of_the_service_under_every_classifier() {
    let timeout = Rejection::new(RejectionKind::Timeout);
    let mut answer = response(504, &[]);
    answer.extensions_mut().insert(timeout);
    let head = Head::of(&answer);
    for judgment in [HttpStatus.head(&head), GrpcStatus.head(&head), Auto.head(&head)] {
        assert_eq!(judgment, Judgment::Now(failure(Failure::Timeout)));
    }
    assert_eq!(HttpStatus.error(&Wrapped(timeout.into())), failure(Failure::Timeout));
    assert!(Failure::Timeout.is_upstream());
}

#[test]
fn every_kind_but_a_timeout_stays_a_local_rejection() {
    for kind in [
        RejectionKind::RateLimited,
        RejectionKind::Overloaded,
        RejectionKind::CircuitOpen,
        RejectionKind::DeadlineExceeded,
        RejectionKind::Unavailable,
        RejectionKind::ShuttingDown,
        RejectionKind::Forbidden,
    ] {
        let judged = HttpStatus.error(&Rejection::new(kind));
        assert_eq!(judged, failure(Failure::Rejected(kind)));
    }
}

#[derive(Debug)]
struct Wrapped(Box<dyn Error + Send + Sync>);

impl std::fmt::Display for Wrapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("wrapped")
    }
}

impl Error for Wrapped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.0.as_ref())
    }
}

#[test]
fn an_error_is_judged_by_a_known_error_among_its_sources() {
    let judge = |error: Box<dyn Error + Send + Sync>| HttpStatus.error(&Wrapped(error));
    assert_eq!(judge(Rejection::new(RejectionKind::CircuitOpen).into()), LOCAL);
    let io = |kind: io::ErrorKind| judge(io::Error::from(kind).into());
    assert_eq!(io(io::ErrorKind::TimedOut), failure(Failure::Timeout));
    assert_eq!(io(io::ErrorKind::ConnectionRefused), failure(Failure::NotProcessed));
    assert_eq!(io(io::ErrorKind::ConnectionReset), failure(Failure::Transport));
    assert_eq!(judge("anything".into()), failure(Failure::Transport));
}

#[test]
fn a_grpc_web_answer_is_judged_at_the_end_unless_its_head_says_or_hides_it() {
    let web = ("content-type", "application/grpc-web+proto");
    let judge = |status, headers: &[_]| Auto.head(&Head::of(&response(status, headers)));
    assert_eq!(judge(200, &[web]), Judgment::AtEnd);
    assert_eq!(judge(200, &[web, ("grpc-status", "13")]), Judgment::Now(failure(Failure::Server)));
    assert_eq!(judge(504, &[web]), Judgment::Now(overload(None)));
    let zipped = ("content-encoding", "gzip");
    assert_eq!(judge(200, &[web, zipped]), Judgment::Now(Verdict::Success));
}

#[test]
fn a_wait_of_any_length_does_not_overflow_a_clock() {
    let waits = [
        ("retry-after", "18446744073709551615"),
        ("retry-after", "184467440737095516150"),
        ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT"),
        ("grpc-retry-pushback-ms", "18446744073709551615"),
    ];
    for (name, value) in waits {
        let kind = ("content-type", "application/grpc");
        let headers: &[_] = match name {
            "retry-after" => &[(name, value)],
            _ => &[kind, ("grpc-status", "14"), (name, value)],
        };
        let status = if name == "retry-after" { 503 } else { 200 };
        let judged = Auto.head(&Head::of(&response(status, headers)));
        let Judgment::Now(Verdict::Failure(failure)) = judged else { panic!("{judged:?}") };
        let _ = tokio::time::Instant::now() + failure.retry_after().unwrap();
    }
}

#[test]
fn an_error_inside_an_io_error_is_seen() {
    let hidden = io::Error::other(Rejection::new(RejectionKind::CircuitOpen));
    assert_eq!(HttpStatus.error(&Wrapped(Box::new(hidden))), LOCAL);
    let timed_out = io::Error::other(io::Error::from(io::ErrorKind::TimedOut));
    assert_eq!(HttpStatus.error(&timed_out), failure(Failure::Timeout));
}
