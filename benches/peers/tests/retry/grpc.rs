use battlement_testkit::{
    probe::{Probe, ProbeBody, Reply},
    upstream::{Behavior, Upstream},
};
use http::{HeaderMap, HeaderValue, Response};

use crate::{
    charge,
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
