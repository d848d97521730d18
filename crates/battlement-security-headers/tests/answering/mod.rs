//! Responses of the layer, for tests.

use std::convert::Infallible;

use battlement_security_headers::{ConnectionScheme, Scheme, SecurityHeadersLayer};
use http::{HeaderMap, Request, Response};
use tower::{Layer, ServiceExt, service_fn};

pub(crate) async fn answer(
    layer: &SecurityHeadersLayer,
    request: Request<()>,
    handler: impl Fn(Request<()>) -> Response<&'static str>,
) -> HeaderMap {
    let handler = &handler;
    let service =
        layer.layer(service_fn(|request| async { Ok::<_, Infallible>(handler(request)) }));
    service.oneshot(request).await.unwrap().into_parts().0.headers
}

/// Returns the headers of a plain response over https, in their order.
#[allow(dead_code, reason = "not every file of tests looks at all headers")]
pub(crate) async fn plain(layer: &SecurityHeadersLayer) -> Vec<(String, String)> {
    let headers = answer(layer, https(), |_| Response::new("")).await;
    let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

#[allow(dead_code, reason = "not every file of tests needs one header")]
pub(crate) async fn header(layer: &SecurityHeadersLayer, name: &str) -> Option<String> {
    plain(layer).await.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// Creates a request over a TLS connection.
pub(crate) fn https() -> Request<()> {
    let mut request = http();
    request.extensions_mut().insert(ConnectionScheme(Scheme::Https));
    request
}

pub(crate) fn http() -> Request<()> {
    Request::get("/").body(()).unwrap()
}
