//! Reads arbitrary documents of another service: each is read as a problem or rejected, survives a round trip, and can
//! be sent in every format.
#![no_main]

mod answering;

use battlement_problem::Problem;
use http::{Request, header::ACCEPT};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let Ok(problem) = serde_json::from_slice::<Problem>(input) else { return };
    assert!(!problem.is_bug());
    let status = problem.status();
    assert!(status.is_client_error() || status.is_server_error(), "{status}");
    let written = serde_json::to_value(&problem).expect("JSON");
    let again: Problem = serde_json::from_value(written.clone()).expect("a problem");
    assert_eq!(serde_json::to_value(&again).expect("JSON"), written);
    for accept in ["application/json", "text/plain", "text/html"] {
        let request = Request::builder().header(ACCEPT, accept).body(()).expect("a request");
        let answer = answering::answer(request, problem.clone().response());
        assert_eq!(answer.status(), status);
        let (content_type, told) = answering::told(&answer);
        if content_type == "application/problem+json" {
            assert_eq!(serde_json::from_str::<Value>(told).expect("JSON"), written);
        }
    }
});
