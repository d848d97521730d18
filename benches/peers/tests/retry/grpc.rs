use battlement_testkit::probe::{Probe, ProbeBody, Reply};
use http::{HeaderMap, HeaderValue, Response};

use crate::peers::{ATTEMPTS, attempts};

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
