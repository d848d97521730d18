use battlement_testkit::{contract::Contract, probe::ProbeBody};
use battlement_timeout::{BodyLimits, BodyTimeoutLayer};
use http::{HeaderValue, Request, header::CONTENT_TYPE};

/// Checks the layers of `make`, whose error of a body is boxed, since a limit can end the body.
fn contract(make: fn() -> BodyTimeoutLayer) -> Contract<BodyTimeoutLayer> {
    Contract::with_errors(make, Some, |error| error.downcast_ref().copied())
}

#[tokio::test]
async fn limits_of_bodies_uphold_the_contract() {
    contract(BodyTimeoutLayer::new).run().await;
    let of_grpc = |request: &mut Request<ProbeBody>| {
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    };
    contract(|| BodyTimeoutLayer::new().grpc_streams(true)).prepare(of_grpc).run().await;
    let unlimited =
        || BodyTimeoutLayer::new().request(BodyLimits::new()).response(BodyLimits::new());
    contract(unlimited).run().await;
}

#[tokio::test]
async fn disabled_limits_of_bodies_uphold_the_contract() {
    contract(|| BodyTimeoutLayer::new().enabled(false)).run().await;
}
