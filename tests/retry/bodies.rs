//! Responses whose body ends too early.

use battlement_testkit::upstream::{Behavior, Upstream};
use bytes::Bytes;
use http::{Method, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tower::{BoxError, Layer as _, ServiceExt as _};

use crate::caller::{
    Caller,
    Protocol::{Http1, Http2},
    client, layer, request,
};

const BROKEN: [Behavior; 2] = [Behavior::Truncate, Behavior::ResetBody];

#[tokio::test]
async fn a_response_whose_body_ends_too_early_is_not_repeated() {
    for protocol in [Http1, Http2] {
        for behavior in BROKEN {
            let upstream = Upstream::start().await.unwrap();
            let caller = Caller::new(&layer(), protocol);
            let request = request(&upstream, Method::GET, "7", &[behavior, Behavior::Answer]);
            let answer = caller.send(request).await.unwrap();
            assert_eq!((answer.status.as_u16(), answer.attempts), (200, 1), "{behavior}");
            answer.body.expect_err("the body is not whole");
            assert_eq!(upstream.counts_of("7").received, 1, "{protocol:?}, {behavior}");
        }
    }
}

async fn collect(response: Response<Incoming>) -> Result<Response<Full<Bytes>>, BoxError> {
    let (head, body) = response.into_parts();
    Ok(Response::from_parts(head, Full::new(body.collect().await?.to_bytes())))
}

#[tokio::test]
async fn a_body_that_ends_too_early_is_repeated_if_it_is_collected_inside_the_retry() {
    for protocol in [Http1, Http2] {
        for behavior in BROKEN {
            let upstream = Upstream::start().await.unwrap();
            let collected = client(protocol).map_err(BoxError::from).and_then(collect);
            let service = layer().as_error().layer(collected);
            let request = request(&upstream, Method::GET, "7", &[behavior, Behavior::Answer]);
            let response = service.oneshot(request).await.unwrap();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!((body, upstream.counts_of("7").received), ("order 7".into(), 2));
        }
    }
}
