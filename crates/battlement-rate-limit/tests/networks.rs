//! The store in memory under clients that own a network: they exhaust the room of their own network alone.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use battlement_core::{PeerAddr, RequestFacts, Via};
use battlement_rate_limit::{
    ClientIp, Handle, Key, KeyHash, Memory, Policies, Policy, Query, RateLimitLayer, Source,
};
use http::Request;
use tokio::time::Instant;

/// Hashes keys as a layer does.
struct Keys(Handle, Request<()>);

impl Keys {
    fn by(key: impl Into<Key>) -> Self {
        Self(RateLimitLayer::new(Policy::per_day("any", 1), key).pair().1, Request::new(()))
    }

    fn peers() -> Self {
        Self::by(Key::peer())
    }

    fn of(&mut self, ip: IpAddr) -> KeyHash {
        self.1.extensions_mut().insert(PeerAddr((ip, 4711).into()));
        self.0.key(&self.1).unwrap()
    }
}

/// Returns the `n`th /64 of the /32 of this number.
fn v6(network: u32, n: u32) -> IpAddr {
    let bits = u128::from(0x2400_0000 + network) << 96 | u128::from(n) << 64 | 1;
    Ipv6Addr::from_bits(bits).into()
}

/// Returns the `n`th address of the /16 of this number.
fn v4(network: u32, n: u32) -> IpAddr {
    Ipv4Addr::from_bits(0x0100_0000 + (network << 16) + n).into()
}

fn policies() -> Policies {
    Policy::per_day("day", 5).into()
}

fn source(store: &Memory, key: KeyHash, at: Instant) -> Source {
    store.acquire(&Query::new(key, &policies(), 1, at)).source
}

/// Returns the number of keys that get cells of their own.
fn own(store: &Memory, keys: impl Iterator<Item = KeyHash>, at: Instant) -> usize {
    keys.filter(|key| source(store, *key, at) == Source::MEMORY).count()
}

#[test]
fn identities_of_one_network_that_fill_a_store_four_times_lock_out_no_client_of_another_one() {
    let (store, mut keys, began) = (Memory::new(32_000), Keys::peers(), Instant::now());
    let policies = Policies::from(Policy::per_minute("minute", 10));
    let admits = |key, at| !store.acquire(&Query::new(key, &policies, 1, at)).is_denied(&policies);
    let (neighbor, other) = (keys.of(v6(0, u32::MAX)), keys.of(v4(0, 1)));
    let at = |n: u32| began + Duration::from_micros(20) * n;
    for n in 0..128_000 {
        let _ = admits(keys.of(v6(0, n)), at(n));
        // Their cells do not expire meanwhile.
        if n % 32_000 == 0 {
            assert!(admits(neighbor, at(n)), "a client that was there before, after {n}");
            assert!(admits(other, at(n)), "a client of another network, after {n}");
        }
    }
    assert!(store.cells() < 17_500, "{} cells", store.cells());
    let strangers = (0..1_000).map(|n| if n % 2 == 0 { v6(1 + n, n) } else { v4(1 + n, n) });
    let admitted = strangers.filter(|ip| admits(keys.of(*ip), at(128_000))).count();
    assert!(admitted >= 990, "{admitted} of 1000");
}

#[test]
fn one_network_takes_half_of_the_store_two_take_two_thirds_and_three_take_three_quarters() {
    let at = Instant::now();
    for networks in 1..=3_u32 {
        let (store, mut keys) = (Memory::new(6_400), Keys::peers());
        for n in 0..20_000 {
            for network in 0..networks {
                let _ = source(&store, keys.of(v6(network, n << 16)), at);
            }
        }
        let expected = (6_400 * networks / (networks + 1)) as usize;
        let shared = networks as usize * 64;
        let cells = store.cells();
        // A few parts of the store may be full before the others.
        assert!(
            (expected - 64..=expected + shared + 4).contains(&cells),
            "{networks} networks: {cells}"
        );
    }
}

#[test]
fn a_network_of_ipv4_takes_half_of_the_store() {
    let (store, mut keys, at) = (Memory::new(6_400), Keys::peers(), Instant::now());
    let owned = own(&store, (0..20_000).map(|n| keys.of(v4(7, n))), at);
    assert!((3_190..=3_201).contains(&owned), "{owned}");
}

#[test]
fn an_ipv6_48_takes_a_fifth_of_the_store() {
    let (store, mut keys, at) = (Memory::new(6_400), Keys::peers(), Instant::now());
    let owned = own(&store, (0..20_000).map(|n| keys.of(v6(7, n))), at);
    assert!((1_270..=1_281).contains(&owned), "{owned}");
    let owned = own(&store, (0..100).map(|n| keys.of(v6(7, n << 16))), at);
    // One network in 4,095 shares the count of the first: of 99, rarely one, and hardly ever three.
    assert!((98..=100).contains(&owned), "the rest of its /32 still has room: {owned}");
}

#[test]
fn the_network_of_an_address_counts_wherever_the_address_is_a_part_of_the_key() {
    let key = (Key::client_ip(), Key::by(|inbound| Some(inbound.uri.path().to_owned())));
    let (store, keys, at) = (Memory::new(6_400), Keys::by(key), Instant::now());
    let of = |n| {
        let mut request = Request::get("/orders").body(()).unwrap();
        let facts = RequestFacts::of_or_start(&mut request);
        facts.set_client(ClientIp::new(v4(7, n), Via::Header));
        keys.0.key(&request).unwrap()
    };
    let owned = own(&store, (0..10_000).map(of), at);
    assert!((3_190..=3_201).contains(&owned), "{owned}");
}

#[test]
fn a_network_gets_room_again_when_its_cells_have_expired_or_were_reset() {
    let (store, mut keys, at) = (Memory::new(6_400), Keys::peers(), Instant::now());
    let crowd: Vec<_> = (0..20_000).map(|n| keys.of(v4(7, n))).collect();
    let first = own(&store, crowd.iter().copied(), at);
    let (one_more, policies) = (keys.of(v4(7, 30_000)), policies());
    assert_eq!(source(&store, one_more, at), Source::OVERFLOW);
    for key in &crowd[..1_000] {
        store.reset(&Query::new(*key, &policies, 1, at));
    }
    assert_eq!(source(&store, one_more, at), Source::MEMORY, "some were reset");
    let days = at + Duration::from_secs(2 * 86_400);
    let second = own(&store, (40_000..60_000).map(|n| keys.of(v4(7, n))), days);
    assert!(second.abs_diff(first) < 64, "all have expired: {first} and then {second}");
}

#[test]
fn clients_of_other_networks_are_admitted_while_one_network_uses_a_full_store() {
    let (store, mut keys, at) = (Memory::new(64_000), Keys::peers(), Instant::now());
    let policies = Policies::from(Policy::per_day("day", 50));
    let mut admits = |network, n| {
        let query = Query::new(keys.of(v6(network, n)), &policies, 1, at);
        !store.acquire(&query).is_denied(&policies)
    };
    for n in 0..66_000 {
        let _ = admits(n % 6_600, n / 6_600);
    }
    assert!(store.overflows() > 1_000, "{}", store.overflows());
    for n in 0..10_000 {
        let _ = admits(50_000, n);
    }
    assert!(!admits(50_000, 10_001), "the network has used what it shares");
    let admitted = (0..1_000).filter(|n| admits(100_000 + n, 0)).count();
    // One in 31 shares cells with it; in a store of the usual size, one in 122.
    assert!(admitted >= 940, "{admitted} of 1000");
}

#[test]
fn keys_without_a_network_share_thousands_of_cells_when_the_store_is_full() {
    let (store, at) = (Memory::new(64_000), Instant::now());
    let keys = Keys::by(Key::by(|inbound| Some(inbound.uri.to_string())));
    let of = |n: u32| keys.0.key(&Request::get(format!("/{n}")).body(()).unwrap()).unwrap();
    let mut n = 0;
    while store.overflows() < 500 {
        let _ = source(&store, of(n), at);
        n += 1;
    }
    let policies = policies();
    let admits = |key| !store.acquire(&Query::new(key, &policies, 1, at)).is_denied(&policies);
    let admitted = (0..1_000).filter(|n| admits(of(10_000_000 + n))).count();
    // By the random hash, 985 to 1,000 in hundreds of runs; with the 64 cells of a network, it would be 320.
    assert!(admitted >= 970, "{admitted} of 1000");
}
