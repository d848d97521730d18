use std::{convert::Infallible, sync::Arc};

use battlement_benches::{Bare, Case, request, request_with};
use battlement_core::CallFacts;
use battlement_retry::RetryLayer;
use bytes::Bytes;
use http::{HeaderName, Method, Request, Response, Uri};
use http_body_util::Full;
use tower::{Layer, retry::RetryLayer as TowerRetryLayer};
use tower_resilience_retry::{RetryBudgetBuilder, RetryConfigBuilder};

use self::{reqwest::Reqwest, tower_policy::CopyHead};

mod reqwest;
mod tower_policy;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const LARGE: &[u8] = &[0; 64 * 1024 + 1];

type Call = Request<Full<Bytes>>;
type Answer = Response<Full<Bytes>>;

pub(crate) fn cases() -> Vec<Case> {
    let of_tower = |budget| TowerRetryLayer::new(CopyHead::new(budget)).layer(Bare);
    let budget = RetryBudgetBuilder::new().token_bucket().build().expect("the budget is valid");
    let ours = || RetryLayer::http().layer(Bare);
    vec![
        Case::new("ours: may be repeated", request, Bare, ours()).at_most(1_500, 2),
        Case::new("ours: the same, with the facts of the call there", with_facts, Bare, ours())
            .at_most(1_500, 2),
        Case::new("ours: a POST with a small body and a key", charge, Bare, ours())
            .at_most(1_500, 2),
        Case::new("ours: a body over the limit", upload, Bare, ours()).at_most(500, 0),
        Case::new("tower: a policy that copies the head", request, Bare, of_tower(None)),
        Case::new("tower: the same, with a budget", request, Bare, of_tower(Some(Arc::default()))),
        Case::new(
            "tower-resilience: retry on 5xx",
            request,
            Bare,
            of_resilience().build().layer(Bare),
        ),
        Case::new(
            "tower-resilience: the same, with a budget",
            request,
            Bare,
            of_resilience().budget(budget).build().layer(Bare),
        ),
        Case::new(
            "reqwest-retry: around a middleware that responds",
            absolute,
            Reqwest::new(false),
            Reqwest::new(true),
        ),
    ]
}

fn of_resilience() -> RetryConfigBuilder<Call, Answer, Infallible> {
    RetryConfigBuilder::new()
        .retry_on_response(|response: &Answer| response.status().is_server_error())
}

/// Creates a request that an outer layer has given the facts of the call.
fn with_facts() -> Call {
    let mut request = request();
    request.extensions_mut().insert(CallFacts::default());
    request
}

/// Creates a POST with a small body and an idempotency key.
fn charge() -> Call {
    let mut request = request_with(&[(IDEMPOTENCY_KEY, "order-1")]);
    *request.method_mut() = Method::POST;
    *request.body_mut() = Full::from("10 EUR");
    request
}

/// Creates a PUT whose body is longer than what the layer keeps.
fn upload() -> Call {
    let mut request = request();
    *request.method_mut() = Method::PUT;
    *request.body_mut() = Full::from(LARGE);
    request
}

/// Creates a request with a whole URL, which reqwest needs.
fn absolute() -> Call {
    let mut request = request();
    *request.uri_mut() = Uri::from_static("http://shop.example/");
    request
}
