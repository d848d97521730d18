//! Layers on routes, and layers that are applied twice.

use crate::{
    filters::status,
    log::{Log, get, hello},
};
use battlement_access_log::{AccessLogLayer, AccessLogOverride, Level};
use http::Request;
use http_body_util::BodyExt;
use tower::{Layer, ServiceExt, service_fn};

#[tokio::test]
async fn a_route_changes_its_level_or_switches_the_record_off() {
    let (log, _guard) = Log::of(Level::DEBUG);
    let layer = AccessLogLayer::new();
    let quiet = AccessLogOverride::new().level(Level::DEBUG);
    let fine = service_fn(async |_: Request<_>| Ok::<_, std::convert::Infallible>(status(200)));
    drop(layer.layer(quiet.layer(fine)).oneshot(get("/")).await.unwrap());
    assert_eq!(log.record()["level"], "DEBUG");
    let failing = service_fn(async |_: Request<_>| Ok::<_, std::convert::Infallible>(status(500)));
    drop(layer.layer(quiet.layer(failing)).oneshot(get("/")).await.unwrap());
    assert_eq!(log.records()[1]["level"], "ERROR", "a quiet route does not hide its failures");
    let off = AccessLogOverride::new().off();
    drop(layer.layer(off.layer(failing)).oneshot(get("/")).await.unwrap());
    assert_eq!(log.records().len(), 2);
    // The line of a received request is written before the request reaches the route.
    let layer = layer.received(true);
    drop(layer.layer(off.layer(fine)).oneshot(get("/")).await.unwrap());
    assert_eq!(log.records()[2..].len(), 1);
    assert_eq!(log.records()[2]["stage"], "received");
}

#[tokio::test]
async fn a_layer_that_is_applied_twice_writes_one_record_and_two_layers_write_two() {
    let (log, _guard) = Log::start();
    let layer = AccessLogLayer::new();
    let twice = layer.layer(layer.layer(hello()));
    for _ in 0..2 {
        let response = twice.clone().oneshot(get("/")).await.unwrap();
        drop(response.into_body().collect().await.unwrap());
    }
    assert_eq!(log.records().len(), 2);
    let other_layer = AccessLogLayer::new();
    drop(other_layer.layer(layer.layer(hello())).oneshot(get("/")).await.unwrap());
    assert_eq!(log.records().len(), 4);
    let both = other_layer.layer(layer.layer(other_layer.layer(layer.layer(hello()))));
    drop(both.oneshot(get("/")).await.unwrap());
    assert_eq!(log.records().len(), 6);
}
