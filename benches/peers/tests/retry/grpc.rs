use battlement_testkit::{
    probe::{Probe, ProbeBody, Reply},
    upstream::{Behavior, Upstream},
};
use http::{HeaderMap, HeaderValue, Request, Response};
use tower::{Layer as _, ServiceExt as _};

use crate::{
    charge,
    ours::ours,
    peers::{ATTEMPTS, attempts, unless_ok},
};

fn unavailable() -> HeaderMap {
    HeaderMap::from_iter([("grpc-status".parse().unwrap(), HeaderValue::from_static("14"))])
}

/// Returns a probe that answers as a gRPC server, with these headers and this body.
fn grpc(headers: HeaderMap, body: ProbeBody) -> Probe {
    let mut response = Response::new(body);
    *response.headers_mut() = headers;
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    let probe = Probe::new();
    probe.always(Reply::respond(response));
    probe
}

#[tokio::test]
async fn no_peer_sees_a_status_in_the_trailers() {
    let in_head = || grpc(unavailable(), ProbeBody::empty());
    assert_eq!(attempts(in_head).await, [ATTEMPTS; 4]);
    let in_trailers = || grpc(HeaderMap::new(), ProbeBody::empty().trailers(unavailable()));
    assert_eq!(attempts(in_trailers).await, [1; 4]);
}

#[tokio::test]
async fn reqwest_sees_only_the_status_of_http() {
    let upstream = Upstream::start().await.unwrap();
    let client = reqwest::Client::builder().http2_prior_knowledge().retry(unless_ok());
    let call = charge(&client.build().unwrap(), &upstream, &[Behavior::FailTrailers]);
    let sent = call.header("content-type", "application/grpc").send().await.unwrap();
    assert_eq!((sent.status().as_u16(), upstream.counts().received), (200, 1));
}

#[tokio::test(start_paused = true)]
async fn our_layer_repeats_an_idempotent_method_by_its_trailers() {
    let layer = ours().idempotent_methods(["inventory.v1.Inventory/Reserve"]);
    for (path, attempts) in
        [("/inventory.v1.Inventory/Reserve", 3), ("/payments.v1.Payments/Charge", 1)]
    {
        let probe = grpc(HeaderMap::new(), ProbeBody::empty().trailers(unavailable()));
        let call = Request::post(path).header("content-type", "application/grpc");
        let call = call.body(ProbeBody::from("5")).unwrap();
        layer.layer(probe.clone()).oneshot(call).await.unwrap();
        assert_eq!(probe.counts().calls, attempts);
    }
}
