use std::convert::Infallible;

use battlement_benches::{Bare, Case, request};
use battlement_problem::ProblemLayer;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, service_fn};
use tower_http::catch_panic::CatchPanicLayer;

pub(crate) fn cases() -> Vec<Case> {
    let not_found = service_fn(async |_: Request<Full<Bytes>>| {
        let mut response = Response::new(Full::<Bytes>::from("no such product"));
        *response.status_mut() = StatusCode::NOT_FOUND;
        Ok::<_, Infallible>(response)
    });
    vec![
        Case::new("ours: nothing wrong", request, Bare, ProblemLayer::new().layer(Bare))
            .at_most(600, 0),
        Case::new(
            "tower-http: catch panic, nothing wrong",
            request,
            Bare,
            CatchPanicLayer::new().layer(Bare),
        ),
        Case::new("ours: a bare 404", request, not_found, ProblemLayer::new().layer(not_found)),
    ]
}
