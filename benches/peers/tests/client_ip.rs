//! Tests the behavior of the peers that COMPARE.md describes, and ours with the same requests.
#![allow(missing_docs, reason = "a test")]

use std::{
    collections::HashMap,
    convert::Infallible,
    future::ready,
    net::{IpAddr, SocketAddr},
    panic::catch_unwind,
};

use battlement_client_ip::{ClientIp, ClientIpLayer, Forwarding, PeerAddr, Proxies};
use client_ip::{rightmost_forwarded, rightmost_x_forwarded_for};
use http::{HeaderMap, HeaderName, Request, header::FORWARDED};
use real::extract_real_ip;
use tower::{Layer, Service, service_fn};

const XFF: HeaderName = HeaderName::from_static("x-forwarded-for");

fn headers(name: HeaderName, value: &str) -> HeaderMap {
    HeaderMap::from_iter([(name, value.parse().unwrap())])
}

/// Returns the client address that our layer determines behind proxies in `10.0.0.0/8`.
fn ours(forwarding: Forwarding, peer: &str, headers: HeaderMap) -> String {
    let proxies = Proxies::networks(["10.0.0.0/8".parse().unwrap()]);
    let handler = service_fn(|request: Request<()>| {
        ready(Ok::<_, Infallible>(ClientIp::of(&request).unwrap().ip))
    });
    let mut request = Request::new(());
    *request.headers_mut() = headers;
    let peer: IpAddr = peer.parse().unwrap();
    request.extensions_mut().insert(PeerAddr(SocketAddr::new(peer, 4711)));
    let mut service = ClientIpLayer::behind(proxies, forwarding).layer(handler);
    service.call(request).into_inner().unwrap().to_string()
}

fn ours_of_list(peer: &str, list: &str) -> String {
    ours(Forwarding::x_forwarded_for(), peer, headers(XFF, list))
}

fn client_ip_of_list(list: &str) -> Option<String> {
    rightmost_x_forwarded_for(&headers(XFF, list)).ok().map(|ip| ip.to_string())
}

fn real_of_list(list: &str) -> Option<String> {
    let headers = HashMap::from([(XFF.to_string(), list.to_owned())]);
    extract_real_ip(&headers, None).map(|ip| ip.to_string())
}

#[test]
fn real_returns_an_entry_that_the_client_wrote() {
    assert_eq!(real_of_list("6.6.6.6, 192.0.2.7").unwrap(), "6.6.6.6");
    assert_eq!(ours_of_list("10.0.0.1", "6.6.6.6, 192.0.2.7"), "192.0.2.7");
}

#[test]
fn client_ip_and_real_trust_the_header_from_any_peer() {
    // Neither receives the peer's address.
    assert_eq!(client_ip_of_list("6.6.6.6").unwrap(), "6.6.6.6");
    assert_eq!(real_of_list("6.6.6.6").unwrap(), "6.6.6.6");
    assert_eq!(ours_of_list("203.0.113.9", "6.6.6.6"), "203.0.113.9");
}

#[test]
fn client_ip_mistakes_the_inner_of_two_proxies_for_the_client() {
    assert_eq!(client_ip_of_list("192.0.2.7, 10.0.0.2").unwrap(), "10.0.0.2");
    assert_eq!(real_of_list("192.0.2.7, 10.0.0.2").unwrap(), "192.0.2.7");
    assert_eq!(ours_of_list("10.0.0.1", "192.0.2.7, 10.0.0.2"), "192.0.2.7");
}

#[test]
fn client_ip_and_real_reject_ports_brackets_and_zones() {
    for (form, ip) in [
        ("192.0.2.7:80", "192.0.2.7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:db8::7]:80", "2001:db8::7"),
        ("fe80::7%eth0", "fe80::7"),
    ] {
        assert_eq!(client_ip_of_list(form), None, "{form}");
        assert_eq!(real_of_list(form), None, "{form}");
        assert_eq!(ours_of_list("10.0.0.1", form), ip);
    }
    assert_eq!(client_ip_of_list("192.0.2.7,"), None);
    assert_eq!(ours_of_list("10.0.0.1", "192.0.2.7,"), "10.0.0.1");
}

#[test]
fn client_ip_panics_on_an_unclosed_quote() {
    let forged = || headers(FORWARDED, "host=\"");
    assert!(catch_unwind(|| rightmost_forwarded(&forged()).is_ok()).is_err());
    assert_eq!(ours(Forwarding::forwarded(), "10.0.0.1", forged()), "10.0.0.1");
}
