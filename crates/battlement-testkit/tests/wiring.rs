//! The suite of the wiring accepts a layer that fits, and each part finds a layer that does not.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::{ConfigError, InvalidField};
use battlement_testkit::{
    probe::ProbeBody,
    wiring::{self, Series, Settings},
};
use http::{Request, Response};
use serde::Deserialize;
use tower::{Layer, Service, layer::util::Identity, util::MapResponseLayer};

const PAGE: &str = "# HELP calls_total Calls.\n# TYPE calls_total counter\ncalls_total 0\n";

battlement_core::settings! {
    /// Settings of a window.
    #[derive(Debug)]
    #[derive(Deserialize)]
    #[serde(remote = "Window", deny_unknown_fields)]
    pub struct Window {
        /// The first number.
        min: u8,
        /// The last number.
        max: u8,
    }
}

/// A layer that reports every invalid field at once.
struct Checked;

impl TryFrom<Window> for Checked {
    type Error = ConfigError;

    fn try_from(Window { min, max }: Window) -> Result<Self, ConfigError> {
        let mut invalid = Vec::new();
        if max == 0 {
            invalid.push(InvalidField::new("max", "must be at least 1"));
        }
        if min > max {
            invalid.push(InvalidField::new("min", "must be at most `max`"));
        }
        ConfigError::check("window settings", invalid, Self)
    }
}

fn checked() -> Settings<Window, Checked> {
    Settings::new(r#"{ "min": 1, "max": 5 }"#).invalid(r#"{ "min": 1, "max": 0 }"#, ["max", "min"])
}

mod fitting {
    use super::*;

    battlement_testkit::wiring! {
        body: Identity::new(),
        settings: checked(),
        series: Series::new(PAGE, ["calls_total"]),
        client: Identity::new(),
        cors: Identity::new(),
    }
}

/// A layer that is created for each client.
mod by_client {
    use super::*;

    battlement_testkit::wiring! {
        body: Identity::new(),
        clients: { hyper_util: Identity::new(), tonic: Identity::new(), reqwest: Identity::new() },
        without settings: "the layer has no settings",
        without series: "the layer records nothing",
        without cors: "the layer is for clients",
    }
}

mod left_out {
    battlement_testkit::wiring! {
        without body: "the layer passes the body of the service",
        without settings: "the layer has no settings",
        without series: "the layer records nothing",
        without client: "the layer is for servers",
        without cors: "the layer wraps any service",
    }
}

/// A layer that stops at the first invalid field.
struct StopsAtFirst;

impl TryFrom<Window> for StopsAtFirst {
    type Error = ConfigError;

    fn try_from(window: Window) -> Result<Self, ConfigError> {
        let first = |error: ConfigError| error.into_fields().into_iter().take(1).collect();
        let checked = Checked::try_from(window).map(|_| Self);
        checked.map_err(|error| ConfigError::new("window settings", first(error)))
    }
}

#[test]
fn settings_that_report_only_the_first_invalid_field_are_detected() {
    let settings = Settings::<Window, StopsAtFirst>::new(r#"{ "min": 1, "max": 5 }"#);
    let error = settings.invalid(r#"{ "min": 1, "max": 0 }"#, ["max", "min"]).check().unwrap_err();
    assert!(error.contains(r#"["max"] are reported instead of ["max", "min"]"#), "{error}");
}

/// A layer whose error names no field of the settings.
struct Unnamed;

impl TryFrom<Window> for Unnamed {
    type Error = ConfigError;

    fn try_from(window: Window) -> Result<Self, ConfigError> {
        let unnamed = || vec![InvalidField::new("settings", "are wrong")];
        let checked = Checked::try_from(window).map(|_| Self);
        checked.map_err(|_| ConfigError::new("settings", unnamed()))
    }
}

#[test]
fn an_error_for_a_zero_that_does_not_name_the_field_is_detected() {
    let settings = Settings::<Window, Unnamed>::new(r#"{ "min": 0, "max": 5 }"#);
    let error = settings.check().unwrap_err();
    assert!(error.contains("max = 0: the error does not name the field"), "{error}");
}

/// Settings that ignore unknown fields.
#[derive(Deserialize)]
struct Lenient {}

impl TryFrom<Lenient> for Checked {
    type Error = ConfigError;

    fn try_from(_: Lenient) -> Result<Self, ConfigError> {
        Ok(Self)
    }
}

#[test]
fn settings_that_accept_an_unknown_field_are_detected() {
    let error = Settings::<Lenient, Checked>::new("{}").check().unwrap_err();
    assert_eq!(error, "the unknown field no_such_setting is accepted");
}

#[test]
fn settings_that_accept_a_contradiction_are_detected() {
    let error = checked().invalid(r#"{ "min": 1, "max": 2 }"#, ["min"]).check().unwrap_err();
    assert!(error.contains("invalid settings are accepted"), "{error}");
}

#[test]
fn a_series_that_is_missing_or_has_started_is_detected() {
    let error = Series::new(PAGE, ["calls_total", "errors_total"]).check().unwrap_err();
    assert!(error.starts_with("errors_total has no series\n"), "{error}");
    let started = PAGE.replace("calls_total 0", "calls_total 1");
    let error = Series::new(started, ["calls_total"]).check().unwrap_err();
    assert!(error.starts_with("calls_total does not start at 0: calls_total 1\n"), "{error}");
}

#[test]
fn a_page_that_promtool_would_improve_or_cannot_read_is_detected() {
    let without_help = PAGE.split_once('\n').unwrap().1;
    let error = Series::new(without_help, ["calls_total"]).check().unwrap_err();
    assert!(error.starts_with("promtool: "), "{error}");
    let error = Series::new("calls_total 0", ["calls_total"]).check().unwrap_err();
    assert!(error.starts_with("promtool: "), "{error}");
}

/// A body whose default has data.
#[derive(Debug)]
struct Full(ProbeBody);

impl Default for Full {
    fn default() -> Self {
        Self(ProbeBody::from("data"))
    }
}

impl http_body::Body for Full {
    type Data = bytes::Bytes;
    type Error = battlement_testkit::probe::ProbeError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<bytes::Bytes>, Self::Error>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }
}

#[tokio::test]
#[should_panic(expected = "the default body has 4 bytes")]
async fn a_default_body_with_data_is_detected() {
    wiring::body(&MapResponseLayer::new(|response: Response<ProbeBody>| response.map(Full))).await;
}

#[tokio::test]
#[should_panic(expected = "CorsLayer inside of the layer")]
async fn a_layer_that_removes_the_headers_of_cors_is_detected() {
    let layer = MapResponseLayer::new(|mut response: Response<ProbeBody>| {
        response.headers_mut().clear();
        response
    });
    wiring::cors(&layer).await;
}

/// A layer around clients that removes the headers of HTTP requests.
#[derive(Clone, Copy)]
struct RemovesHeaders<S>(S);

impl<S> Layer<S> for RemovesHeaders<()> {
    type Service = RemovesHeaders<S>;

    fn layer(&self, inner: S) -> RemovesHeaders<S> {
        RemovesHeaders(inner)
    }
}

impl<B, S: Service<Request<B>>> Service<Request<B>> for RemovesHeaders<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        request.headers_mut().clear();
        self.0.call(request)
    }
}

impl<S: Service<reqwest::Request>> Service<reqwest::Request> for RemovesHeaders<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: reqwest::Request) -> S::Future {
        self.0.call(request)
    }
}

#[tokio::test]
#[should_panic(expected = "hyper-util")]
async fn a_layer_that_loses_the_headers_of_a_call_is_detected() {
    wiring::client(&RemovesHeaders(())).await;
}

#[tokio::test]
#[should_panic(expected = "tonic")]
async fn a_layer_that_loses_the_headers_of_a_grpc_call_is_detected() {
    wiring::tonic(&RemovesHeaders(())).await;
}
