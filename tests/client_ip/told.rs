//! What the services behind the layer tell of the client.

use std::convert::Infallible;

use axum::{Router, routing::get};
use battlement::client_ip::{ClientIp, ClientIpLayer, Forwarding, Proxies};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request, Response};
use http_body_util::Full;
use tower::{Service, service_fn};

/// Behind proxies on this machine and in `10.0.0.0/8`, and whoever comes over a Unix socket.
pub(crate) fn behind_proxies(forwarding: Forwarding) -> ClientIpLayer {
    let networks = ["127.0.0.0/8", "10.0.0.0/8"].map(|network| network.parse().unwrap());
    ClientIpLayer::behind(Proxies::networks(networks).or_unix(), forwarding)
}

/// The lines of headers.
pub(crate) type Lines = [(&'static str, &'static str)];

/// What the proxies write, what has come of it, and who the client is.
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

pub(crate) fn told(client: Option<&ClientIp>) -> String {
    let Some(client) = client else {
        return "nobody".to_owned();
    };
    let scheme = client.scheme.map_or("-", |scheme| scheme.as_str());
    let host = client.host.as_ref().map_or("-", |host| host.as_str());
    format!("{} {} {scheme} {host}", client.ip, client.via.as_str())
}

/// A service that tells its client.
pub(crate) fn tells<B: Send + 'static>()
-> impl Service<Request<B>, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send>
+ Clone
+ Send {
    service_fn(|request: Request<B>| async move {
        Ok(Response::new(Full::from(told(ClientIp::of(&request)))))
    })
}

/// A router whose handlers take the client, or do without.
pub(crate) fn router(layer: ClientIpLayer) -> Router {
    Router::new()
        .route("/", get(async |client: Option<ClientIp>| told(client.as_ref())))
        .route("/must", get(async |client: ClientIp| told(Some(&client))))
        .layer(layer)
}

/// The client as a header of the request, which the echo service sends back.
pub(crate) fn tell_in_header<B>(mut request: Request<B>) -> Request<B> {
    let told = told(ClientIp::of(&request)).parse().unwrap();
    request.headers_mut().insert("x-told", told);
    request
}

pub(crate) fn headers(lines: &Lines) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, value.parse().unwrap());
    }
    headers
}
