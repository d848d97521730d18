//! Layers that modify requests, responses and errors.

use battlement_testkit::{
    contract::{Contract, Rule},
    probe::{Probe, ProbeBody, ProbeError},
};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header};
use tower::{
    layer::{layer_fn, util::Stack},
    util::{MapRequestLayer, MapResponseLayer, Then},
};

use crate::assert_breaks_only;

async fn request_edit(edit: fn(&mut Request<ProbeBody>)) {
    let contract = Contract::new(move || {
        MapRequestLayer::new(move |mut request| {
            edit(&mut request);
            request
        })
    });
    assert_breaks_only(contract, Rule::RequestPasses).await;
}

async fn response_edit(edit: fn(&mut Response<ProbeBody>)) {
    let contract = Contract::new(move || {
        MapResponseLayer::new(move |mut response| {
            edit(&mut response);
            response
        })
    });
    assert_breaks_only(contract, Rule::ResponsePasses).await;
}

#[tokio::test]
async fn a_layer_that_loses_a_part_of_the_request_is_detected() {
    request_edit(|request| *request.method_mut() = Method::GET).await;
    request_edit(|request| *request.uri_mut() = Uri::from_static("/")).await;
    request_edit(|request| *request.version_mut() = Version::HTTP_11).await;
    request_edit(|request| request.headers_mut().clear()).await;
    request_edit(|request| request.extensions_mut().clear()).await;
    request_edit(|request| *request.body_mut() = ProbeBody::empty()).await;
}

#[tokio::test]
async fn a_layer_that_loses_the_second_of_two_request_headers_is_detected() {
    request_edit(|request| {
        let first = request.headers().get(header::ACCEPT_LANGUAGE).cloned();
        let headers = request.headers_mut();
        first.map(|first| headers.insert(header::ACCEPT_LANGUAGE, first));
    })
    .await;
}

#[tokio::test]
async fn a_layer_that_loses_a_part_of_the_response_head_is_detected() {
    response_edit(|response| *response.status_mut() = StatusCode::OK).await;
    response_edit(|response| *response.version_mut() = Version::HTTP_11).await;
    response_edit(|response| response.headers_mut().clear()).await;
    response_edit(|response| response.extensions_mut().clear()).await;
}

#[tokio::test]
async fn a_layer_that_loses_the_second_of_two_cookies_is_detected() {
    response_edit(|response| {
        let first = response.headers().get(header::SET_COOKIE).cloned();
        let headers = response.headers_mut();
        first.map(|first| headers.insert(header::SET_COOKIE, first));
    })
    .await;
}

#[tokio::test]
async fn a_layer_may_add_headers_to_requests_and_responses() {
    let value = || HeaderValue::from_static("added");
    let request = MapRequestLayer::new(move |mut request: Request<ProbeBody>| {
        request.headers_mut().append(header::ACCEPT_LANGUAGE, value());
        request
    });
    let response = MapResponseLayer::new(move |mut response: Response<ProbeBody>| {
        response.headers_mut().append(header::SET_COOKIE, value());
        response
    });
    Contract::new(move || Stack::new(request.clone(), response.clone())).run().await;
}

#[tokio::test]
async fn a_layer_that_replaces_the_error_of_a_call_is_detected() {
    let replace = |outcome: Result<Response<ProbeBody>, ProbeError>| async move {
        outcome.map_err(|_| ProbeError::new("another"))
    };
    let contract = Contract::new(move || layer_fn(move |inner: Probe| Then::new(inner, replace)));
    assert_breaks_only(contract, Rule::CallErrorKept).await;
}
