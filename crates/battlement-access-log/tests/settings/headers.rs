//! Secrets that are never logged.

use std::{convert::Infallible, future::ready};

use battlement_access_log::AccessLogLayer;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, Service, service_fn};

use crate::log::{Log, get};

#[test]
#[should_panic(
    expected = "AccessLogLayer: headers[0]: must not be \"authorization\", which is never logged"
)]
fn a_header_with_credentials_is_rejected() {
    let _ = AccessLogLayer::new().headers(["authorization"]);
}

#[test]
#[should_panic(
    expected = "AccessLogLayer: headers[0]: must not be \"x-mine\", which is never logged"
)]
fn a_header_of_the_user_s_list_is_rejected_in_either_order() {
    let _ = AccessLogLayer::new().headers(["x-mine"]).never(["x-mine"]);
}

#[tokio::test]
async fn debug_output_of_the_future_and_of_the_body_has_no_secret_of_the_request() {
    let (_log, _guard) = Log::start();
    let respond =
        |_: Request<_>| ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("hello"))));
    let future = AccessLogLayer::new().layer(service_fn(respond)).call(get("/?token=hunter2"));
    let debug = format!("{future:?}");
    assert!(debug.contains("Ticket") && !debug.contains("hunter2"), "{debug}");
    let debug = format!("{:?}", future.await.unwrap().into_body());
    assert!(debug.contains("Ticket") && !debug.contains("hunter2"), "{debug}");
}
