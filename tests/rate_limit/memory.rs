//! Memory under a client that has a whole IPv6 network: alone in its process, since it is the process' memory.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{convert::Infallible, net::Ipv6Addr};

use battlement::{
    core::PeerAddr,
    rate_limit::{Headers, Key, Policy, RateLimitLayer},
};
use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::Empty;
use tower::{Layer, Service, service_fn};

/// As many as the layer keeps when nothing is set.
const CELLS: usize = 250_000;

/// A request from the `n`th /64 of `2001:db8::/32`.
fn from_network(n: u32) -> Request<()> {
    let bits = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).to_bits() | u128::from(n) << 64;
    let mut request = Request::new(());
    request.extensions_mut().insert(PeerAddr((Ipv6Addr::from_bits(bits), 4711).into()));
    request
}

/// Resident memory, in kilobytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn a_million_networks_stay_under_the_cap_and_reset_nobody() {
    let layer = RateLimitLayer::new(Policy::per_day("day", 2), Key::peer()).headers(Headers::None);
    let (layer, handle) = layer.pair();
    let mut service = layer.layer(service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    }));
    let mut status = |n| {
        let Ok(response) = service.call(from_network(n)).now_or_never().unwrap();
        response.status().as_u16()
    };
    // Who was there before, and has used up what there is.
    assert_eq!([status(0), status(0), status(0)], [200, 200, 429]);
    let before = resident();
    for n in 1..=1_000_000 {
        let _ = status(n);
    }
    let (grown, held) = (resident().saturating_sub(before), handle.memory().held());
    assert!(grown < 26_000, "{grown} kB more for {held} cells");
    // Each of 64 parts rounds up, and has one cell that newcomers share.
    assert!(held <= CELLS + 2 * 64, "{held} cells");
    assert!(handle.memory().overflows() > 700_000, "{}", handle.memory().overflows());
    assert_eq!(status(0), 429, "made-up keys do not reset a live one");
    assert_eq!(status(2_000_000), 429, "newcomers share what is left");
}
