#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fmt::Debug, time::Duration};

use battlement_core::ConfigError;
use http::StatusCode;
use serde::de::DeserializeOwned;

use super::*;
use crate::{
    BodyTimeoutLayer, CallDeadlineLayer, DeadlineLayer, PropagateDeadlineLayer, TimeoutHeader,
    TimeoutLayer,
};

const SECOND: Duration = Duration::from_secs(1);

/// Asserts that the settings in `json` make `layer`, which the setters made.
fn assert_same<S, L>(json: &str, layer: L)
where
    S: DeserializeOwned,
    L: TryFrom<S, Error = ConfigError> + Debug,
{
    let settings: S = serde_json::from_str(json).unwrap();
    let made = L::try_from(settings).unwrap();
    assert_eq!(format!("{made:?}"), format!("{layer:?}"), "{json}");
}

#[test]
fn each_setting_of_a_body_timeout_is_that_of_its_setter() {
    let layer = BodyTimeoutLayer::new;
    let assert_same = assert_same::<BodyTimeoutSettings, BodyTimeoutLayer>;
    assert_same("{}", layer());
    assert_same(r#"{ "enabled": false }"#, layer().enabled(false));
    assert_same(r#"{ "event_streams": true }"#, layer().event_streams(true));
    assert_same(r#"{ "grpc_streams": true }"#, layer().grpc_streams(true));
}

#[test]
fn each_setting_of_a_deadline_is_that_of_its_setter() {
    let layer = DeadlineLayer::new;
    let assert_same = assert_same::<DeadlineSettings, DeadlineLayer>;
    assert_same("{}", layer());
    assert_same(r#"{ "enabled": false }"#, layer().enabled(false));
    assert_same(r#"{ "default": "9s" }"#, layer().default_limit(9 * SECOND));
    assert_same(r#"{ "max": "90s" }"#, layer().max(90 * SECOND));
    assert_same(r#"{ "header": "linkerd" }"#, layer().header(TimeoutHeader::linkerd()));
    assert_same(r#"{ "bodies": true }"#, layer().bodies(true));
    assert_same(r#"{ "event_streams": true }"#, layer().event_streams(true));
    assert_same(r#"{ "grpc_streams": true }"#, layer().grpc_streams(true));
    assert_same(r#"{ "status": 503 }"#, layer().status(StatusCode::SERVICE_UNAVAILABLE));
}

#[test]
fn each_setting_of_a_timeout_is_that_of_its_setter() {
    let layer = TimeoutLayer::new;
    let assert_same = assert_same::<TimeoutSettings, TimeoutLayer>;
    assert_same("{}", layer(None));
    assert_same(r#"{ "limit": "900ms" }"#, layer(Some(SECOND * 9 / 10)));
    assert_same(r#"{ "enabled": false }"#, layer(None).enabled(false));
    assert_same(r#"{ "status": 503 }"#, layer(None).status(StatusCode::SERVICE_UNAVAILABLE));
}

#[test]
fn each_setting_of_a_call_deadline_is_that_of_its_setter() {
    let layer = || CallDeadlineLayer::new(2 * SECOND);
    let assert_same = assert_same::<CallDeadlineSettings, CallDeadlineLayer>;
    assert_same(r#"{ "limit": "2s" }"#, layer());
    assert_same(r#"{ "limit": "2s", "enabled": false }"#, layer().enabled(false));
    assert_same(r#"{ "limit": "2s", "detached": true }"#, layer().detached());
    let unavailable = layer().status(StatusCode::SERVICE_UNAVAILABLE);
    assert_same(r#"{ "limit": "2s", "status": 503 }"#, unavailable);
}

#[test]
fn each_setting_of_a_propagation_is_that_of_its_setter() {
    let layer = PropagateDeadlineLayer::new;
    let assert_same = assert_same::<PropagateDeadlineSettings, PropagateDeadlineLayer>;
    assert_same("{}", layer());
    assert_same(r#"{ "enabled": false }"#, layer().enabled(false));
    assert_same(r#"{ "header": "linkerd" }"#, layer().header(TimeoutHeader::linkerd()));
    assert_same(r#"{ "margin": "20ms" }"#, layer().margin(SECOND / 50));
    assert_same(r#"{ "margin": "0s" }"#, layer().margin(Duration::ZERO));
}
