//! Services behind the layer that return the client in the response.

use std::convert::Infallible;

use axum::{Router, routing::get};
use battlement::client_ip::{ClientIp, ClientIpLayer, Forwarding, Proxies};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request, Response};
use http_body_util::Full;
use tower::{Service, service_fn};

/// Returns a layer that trusts proxies on this machine and in `10.0.0.0/8`, and all peers over a Unix socket.
pub(crate) fn behind_proxies(forwarding: Forwarding) -> ClientIpLayer {
    let networks = ["127.0.0.0/8", "10.0.0.0/8"].map(|network| network.parse().unwrap());
    ClientIpLayer::behind(Proxies::networks(networks).or_unix(), forwarding)
}

/// Header lines.
pub(crate) type Lines = [(&'static str, &'static str)];

/// The headers that proxies write, the received lines, and the expected client.
pub(crate) type Case = (Forwarding, Vec<(&'static str, &'static str)>, &'static str);

pub(crate) fn cases() -> Vec<Case> {
    let list =
        || Forwarding::x_forwarded_for().scheme(HeaderName::from_static("x-forwarded-proto"));
    let forged_and_true = [
        ("x-forwarded-for", "127.0.0.1, 6.6.6.6"),
        ("x-forwarded-for", "192.0.2.7:4711, 10.0.0.2"),
        ("x-forwarded-proto", "https"),
    ];
    let described = [
        ("forwarded", "for=\"6.6.6.6;host=evil.example"),
        (
            "forwarded",
            "for=6.6.6.6, for=\"[2001:db8::7]:80\";proto=https;host=shop.example, for=10.0.0.2",
        ),
    ];
    let cf = Forwarding::single(HeaderName::from_static("cf-connecting-ip"));
    vec![
        (list(), forged_and_true.to_vec(), "192.0.2.7 header https -"),
        (Forwarding::forwarded(), described.to_vec(), "2001:db8::7 header https shop.example"),
        (cf, vec![("cf-connecting-ip", "192.0.2.7")], "192.0.2.7 header - -"),
    ]
}

pub(crate) fn describe(client: Option<&ClientIp>) -> String {
    let Some(client) = client else {
        return "unknown".to_owned();
    };
    let scheme = client.scheme.map_or("-", |scheme| scheme.as_str());
    let host = client.host.as_ref().map_or("-", |host| host.as_str());
    format!("{} {} {scheme} {host}", client.ip, client.via.as_str())
}

/// Returns a service that responds with its client.
pub(crate) fn client_service<B: Send + 'static>()
-> impl Service<Request<B>, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send>
+ Clone
+ Send {
    service_fn(|request: Request<B>| async move {
        Ok(Response::new(Full::from(describe(ClientIp::of(&request)))))
    })
}

/// Returns a router with a handler that requires the client, and one that does not.
pub(crate) fn router(layer: ClientIpLayer) -> Router {
    Router::new()
        .route("/", get(async |client: Option<ClientIp>| describe(client.as_ref())))
        .route("/must", get(async |client: ClientIp| describe(Some(&client))))
        .layer(layer)
}

/// Adds the client as a header of the request, which the echo service returns.
pub(crate) fn client_in_header<B>(mut request: Request<B>) -> Request<B> {
    let client = describe(ClientIp::of(&request)).parse().unwrap();
    request.headers_mut().insert("x-client", client);
    request
}

pub(crate) fn headers(lines: &Lines) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, value.parse().unwrap());
    }
    headers
}
