//! Arbitrary text in the place of an address is parsed as std parses it, or rejected.
#![no_main]

mod requests;

use std::net::IpAddr;

use battlement_client_ip::{Forwarding, Via};
use http::{HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;

const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

fuzz_target!(|input: &[u8]| {
    if HeaderValue::from_bytes(input).is_err() {
        return;
    }
    let client = requests::client(Forwarding::single(X_REAL_IP), &X_REAL_IP, &[input.to_vec()]);
    let by_std =
        str::from_utf8(input).ok().and_then(|text| text.trim_ascii().parse::<IpAddr>().ok());
    match (client.via, by_std) {
        (Via::Header, by_std) => assert!(by_std.is_none_or(|ip| ip.to_canonical() == client.ip)),
        (Via::Stopped, None) => assert_eq!(client.ip, requests::PEER),
        other => panic!("{other:?}"),
    }
});
