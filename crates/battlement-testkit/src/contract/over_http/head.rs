use std::fmt::Debug;

use http::{
    Extensions, HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version,
    header::{ACCEPT_LANGUAGE, CONTENT_TYPE, SET_COOKIE},
    request::Parts,
};

use super::HttpSubject;
use crate::{
    contract::{
        drive::begin,
        subject::{Check, Failure, Make},
    },
    probe::{ProbeBody, Received, Reply, RequestBody},
};

/// An extension that must be passed through.
#[derive(Clone, Copy, PartialEq)]
struct Marker;

pub(in crate::contract) async fn request_passes(make: Make<'_, HttpSubject>) -> Check {
    let subject = make();
    subject.probe.next(Reply::default().read_body());
    let request = subject.prepared(whole_request());
    let (sent, sent_body) = request.into_parts();
    let request = Request::from_parts(sent.clone(), sent_body.clone());
    let call = begin(&mut subject.service(), request).await?;
    call.await.map_err(Failure::describe)?;

    let received = subject.probe.received();
    let [received] = received.as_slice() else {
        return Err(format!("the service was called {} times", received.len()));
    };
    same_request_head(&sent, received)?;
    same_request_body(received)
}

fn whole_request() -> Request<ProbeBody> {
    let mut request = Request::new(ProbeBody::from("one").data("two").trailers(trailers()));
    *request.method_mut() = Method::PUT;
    *request.uri_mut() = http::Uri::from_static("/path/to?a=thing");
    *request.version_mut() = Version::HTTP_2;
    let headers = request.headers_mut();
    headers.append(ACCEPT_LANGUAGE, HeaderValue::from_static("de"));
    headers.append(ACCEPT_LANGUAGE, HeaderValue::from_static("en"));
    headers.insert("x-opaque", opaque());
    request.extensions_mut().insert(Marker);
    request
}

fn same_request_head(sent: &Parts, received: &Received) -> Check {
    let parts = &received.parts;
    same("method", &sent.method, &parts.method)?;
    same("URI", &sent.uri, &parts.uri)?;
    same("version", &sent.version, &parts.version)?;
    all_headers(&sent.headers, &parts.headers)?;
    has_marker(&parts.extensions)
}

fn same_request_body(received: &Received) -> Check {
    same("size hint's exact value", &Some(6), &received.size_hint.exact())?;
    let expected = RequestBody::Read { bytes: "onetwo".into(), trailers: Some(trailers()) };
    same("request body", &expected, &received.body)
}

pub(in crate::contract) async fn response_passes(make: Make<'_, HttpSubject>) -> Check {
    let subject = make();
    let sent = whole_response();
    subject.probe.next(Reply::respond(sent.clone()));
    let response = subject.exchange(&mut subject.service()).await?;
    same("status", &sent.status(), &response.status())?;
    same("version", &sent.version(), &response.version())?;
    all_headers(sent.headers(), response.headers())?;
    has_marker(response.extensions())
}

fn whole_response() -> Response<ProbeBody> {
    let mut response = Response::new(ProbeBody::from("a body"));
    *response.status_mut() = StatusCode::NON_AUTHORITATIVE_INFORMATION;
    *response.version_mut() = Version::HTTP_2;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    headers.append(SET_COOKIE, HeaderValue::from_static("a=1"));
    headers.append(SET_COOKIE, HeaderValue::from_static("b=2"));
    headers.insert("x-opaque", opaque());
    response.extensions_mut().insert(Marker);
    response
}

/// Returns a header value that is not valid UTF-8, as RFC 9110, section 5.5 allows.
fn opaque() -> HeaderValue {
    HeaderValue::from_bytes(b"\xfe\xff").unwrap_or(HeaderValue::from_static(""))
}

fn trailers() -> HeaderMap {
    HeaderMap::from_iter([(
        http::HeaderName::from_static("x-checksum"),
        HeaderValue::from_static("1"),
    )])
}

fn same<T: PartialEq + Debug>(part: &str, sent: &T, received: &T) -> Check {
    if sent != received {
        return Err(format!("the {part} {sent:?} arrived as {received:?}"));
    }
    Ok(())
}

/// Checks that `received` contains all of `sent` in the same order; a layer may add headers.
fn all_headers(sent: &HeaderMap, received: &HeaderMap) -> Check {
    for name in sent.keys() {
        let mut values = received.get_all(name).iter();
        for value in sent.get_all(name) {
            if !values.any(|received| received == value) {
                return Err(format!("the header `{name}: {value:?}` is missing"));
            }
        }
    }
    Ok(())
}

fn has_marker(extensions: &Extensions) -> Check {
    if extensions.get::<Marker>().is_none() {
        return Err("an extension is missing".to_owned());
    }
    Ok(())
}
