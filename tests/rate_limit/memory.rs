//! Memory under a client that has a whole IPv6 network. The test has its own process, since it measures the process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use battlement::{
    core::PeerAddr,
    rate_limit::{Headers, Key, Policy, RateLimitLayer},
};
use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::Empty;
use tower::{Layer, Service, service_fn};

/// The default capacity of the layer.
const CELLS: usize = 250_000;

/// Returns the `n`th /64 of `2001:db8::/32`.
fn address_in_network(n: u32) -> IpAddr {
    let network = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).to_bits();
    Ipv6Addr::from_bits(network | u128::from(n) << 64).into()
}

/// Returns an address of the `n`th IPv4 /16, or of an IPv6 /32 beyond these.
fn address_in_other_network(n: u32) -> IpAddr {
    if n.is_multiple_of(2) {
        return Ipv4Addr::from_bits(0x0100_0000 + (n << 16) + 1).into();
    }
    Ipv6Addr::from_bits(u128::from(0x2400_0000 + n) << 96 | 1).into()
}

fn from(ip: IpAddr) -> Request<()> {
    let mut request = Request::new(());
    request.extensions_mut().insert(PeerAddr((ip, 4711).into()));
    request
}

/// Returns the resident memory in kilobytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn a_million_addresses_of_a_network_stay_within_capacity_and_block_no_other_network() {
    let layer = RateLimitLayer::new(Policy::per_day("day", 6), Key::peer()).headers(Headers::None);
    let (layer, handle) = layer.pair();
    let mut service = layer.layer(service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    }));
    let mut status = |ip| {
        let Ok(response) = service.call(from(ip)).now_or_never().unwrap();
        response.status().as_u16()
    };
    // One client has used its whole quota before, and two less, one of them in the same network.
    let (greedy, neighbour, other) =
        (address_in_network(0), address_in_network(2_000_000), address_in_other_network(0));
    assert_eq!([greedy; 7].map(&mut status), [200, 200, 200, 200, 200, 200, 429]);
    assert_eq!([neighbour, other].map(&mut status), [200, 200]);
    let before = resident();
    for n in 1..=1_000_000 {
        let _ = status(address_in_network(n));
        if n % 250_000 == 0 {
            assert_eq!([neighbour, other].map(&mut status), [200, 200], "after {n}");
        }
    }
    let (grown, held) = (resident().saturating_sub(before), handle.memory().cells());
    assert!(grown < 26_000, "{grown} kB more for {held} cells");
    // Half of the store, plus the shared cells of the network in each of 64 parts.
    assert!(held <= CELLS / 2 + 2 * 64, "{held} cells");
    assert!(handle.memory().overflows() > 850_000, "{}", handle.memory().overflows());
    assert_eq!(status(greedy), 429, "made-up keys do not reset a live one");
    assert_eq!(
        status(address_in_network(3_000_000)),
        429,
        "clients that are new in it share what is left"
    );
    let admitted = (1..=1_000).filter(|n| status(address_in_other_network(*n)) == 200).count();
    assert!(admitted >= 990, "{admitted} of 1000 clients of other networks");
}
