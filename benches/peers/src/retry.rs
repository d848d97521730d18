use std::{convert::Infallible, sync::Arc};

use battlement_benches::{Bare, Case, request};
use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::Full;
use tower::{Layer, retry::RetryLayer};
use tower_resilience_retry::{RetryBudgetBuilder, RetryConfigBuilder};

use self::{reqwest::Reqwest, tower_policy::CopyHead};

mod reqwest;
mod tower_policy;

type Call = Request<Full<Bytes>>;
type Answer = Response<Full<Bytes>>;

pub(crate) fn cases() -> Vec<Case> {
    let of_tower = |budget| RetryLayer::new(CopyHead::new(budget)).layer(Bare);
    let budget = RetryBudgetBuilder::new().token_bucket().build().expect("the budget is valid");
    vec![
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

/// Creates a request with a whole URL, which reqwest needs.
fn absolute() -> Call {
    let mut request = request();
    *request.uri_mut() = Uri::from_static("http://shop.example/");
    request
}
