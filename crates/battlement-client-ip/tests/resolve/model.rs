//! Compares the layer with a model that knows the real chain of connections.
//!
//! A client sends arbitrary text and connects to the first of several hops. Each hop appends the address of its peer, in
//! one of several spellings, and connects to the next. The model follows the real chain.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use battlement_client_ip::{ClientIpLayer, Forwarding, Proxies, Scheme};
use proptest::prelude::*;

use crate::requests::{client, forwarded, request, x_forwarded_for};

/// A node that connects to the next hop, and the spelling in which that hop records it.
#[derive(Clone, Debug)]
struct Node {
    ip: IpAddr,
    trusted: bool,
    spelling: Spelling,
    /// Whether the hop that writes adds a line, or to the last one.
    own_line: bool,
    https: bool,
}

#[derive(Clone, Copy, Debug)]
enum Spelling {
    Plain,
    Port,
    Mapped,
    Zone,
    Hidden,
    Garbage,
}

fn spell(node: &Node) -> String {
    match (node.spelling, node.ip) {
        (Spelling::Hidden, _) => "_hidden".to_owned(),
        (Spelling::Garbage, _) => "example.org".to_owned(),
        (Spelling::Port, IpAddr::V4(ip)) => format!("{ip}:4711"),
        (Spelling::Port, IpAddr::V6(ip)) => format!("[{ip}]:4711"),
        (Spelling::Mapped, IpAddr::V4(ip)) => ip.to_ipv6_mapped().to_string(),
        (Spelling::Zone, IpAddr::V6(ip)) => format!("[{ip}%eth0]"),
        (_, ip) => ip.to_string(),
    }
}

fn is_recorded(node: &Node) -> bool {
    !matches!(node.spelling, Spelling::Hidden | Spelling::Garbage)
}

/// Returns the client: from the peer towards the client, the first node that is not trusted, or the last known one.
fn truth(chain: &[Node]) -> IpAddr {
    let mut known = chain.last().unwrap();
    while known.trusted {
        let before = chain.iter().rev().skip_while(|node| !std::ptr::eq(*node, known)).nth(1);
        match before {
            Some(node) if is_recorded(node) => known = node,
            _ => break,
        }
    }
    known.ip
}

/// Returns the header's lines when the request arrives: the client's own, then the record of each hop but the last,
/// which is the peer.
fn lines(client: &[String], chain: &[Node], write: impl Fn(&Node) -> String) -> Vec<String> {
    let mut lines = client.to_vec();
    for node in &chain[..chain.len() - 1] {
        match lines.last_mut() {
            Some(line) if !node.own_line => *line = format!("{line}, {}", write(node)),
            _ => lines.push(write(node)),
        }
    }
    lines
}

fn in_x_forwarded_for(node: &Node) -> String {
    let text = spell(node);
    if text.starts_with('[') && node.https { format!("\"{text}\"") } else { text }
}

fn in_forwarded(node: &Node) -> String {
    let proto = if node.https { "https" } else { "http" };
    let text = spell(node);
    if node.own_line {
        format!("for=\"{text}\";proto={proto}")
    } else {
        format!("By=_p;Proto=\"{proto}\";For=\"{text}\"")
    }
}

fn resolved(
    layer: &ClientIpLayer,
    header: &'static str,
    chain: &[Node],
    lines: &[String],
) -> battlement_client_ip::ClientIp {
    let headers: Vec<_> = lines.iter().map(|line| (header, line)).collect();
    let peer = chain.last().unwrap().ip.to_string();
    client(layer, request(&peer, &headers)).unwrap()
}

/// Generates an address inside the trusted networks, or outside them.
fn ip(trusted: bool) -> impl Strategy<Value = IpAddr> {
    (any::<bool>(), any::<u32>(), any::<u128>()).prop_map(move |(v4, short, long)| {
        match (trusted, v4) {
            (true, true) => Ipv4Addr::from_bits(0x0a00_0000 | short >> 8).into(),
            (true, false) => Ipv6Addr::from_bits(0xfd << 120 | long >> 8).into(),
            (false, true) => Ipv4Addr::from_bits(0xc000_0000 | short >> 4).into(),
            (false, false) => Ipv6Addr::from_bits(0x2001 << 112 | long >> 16).into(),
        }
    })
}

fn node(trusted: impl Strategy<Value = bool>) -> impl Strategy<Value = Node> {
    let spelling = prop_oneof![
        4 => Just(Spelling::Plain),
        4 => Just(Spelling::Port),
        4 => Just(Spelling::Mapped),
        4 => Just(Spelling::Zone),
        1 => Just(Spelling::Hidden),
        1 => Just(Spelling::Garbage),
    ];
    (trusted, spelling, any::<bool>(), any::<bool>()).prop_flat_map(
        |(trusted, spelling, own_line, https)| {
            ip(trusted).prop_map(move |ip| Node { ip, trusted, spelling, own_line, https })
        },
    )
}

/// Generates an untrusted client, then hops that are mostly trusted.
fn chain() -> impl Strategy<Value = Vec<Node>> {
    let hops = prop::collection::vec(node(prop::bool::weighted(0.85)), 0..6);
    (node(Just(false)), hops).prop_map(|(client, hops)| [vec![client], hops].concat())
}

/// Generates header lines of a client that forges its address.
fn forgery() -> impl Strategy<Value = Vec<String>> {
    let line = prop_oneof![
        "[ -~]{0,30}",
        "(for=|host=|\"|\\\\|;|,|10\\.0\\.0\\.7|6\\.6\\.6\\.6|unknown|\\[|\\]| ){0,12}",
        Just("6.6.6.6, 10.0.0.7".to_owned()),
        Just("for=6.6.6.6;proto=https, for=10.0.0.7".to_owned()),
        Just("for=\"6.6.6.6, for=\"".to_owned()),
        Just("\"".repeat(5000)),
    ];
    prop::collection::vec(line, 0..3)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn x_forwarded_for_names_nobody_that_only_the_client_wrote(chain in chain(), forgery in forgery()) {
        let lines = lines(&forgery, &chain, in_x_forwarded_for);
        let found = resolved(&x_forwarded_for(), "x-forwarded-for", &chain, &lines);
        prop_assert_eq!(found.ip, truth(&chain), "{:?}", lines);
    }

    #[test]
    fn forwarded_names_nobody_that_only_the_client_wrote(chain in chain(), forgery in forgery()) {
        let lines = lines(&forgery, &chain, in_forwarded);
        let found = resolved(&forwarded(), "forwarded", &chain, &lines);
        prop_assert_eq!(found.ip, truth(&chain), "{:?}", lines);
        if let Some(node) = chain.iter().find(|node| node.ip == found.ip && !node.trusted)
            && chain.len() > 1
            && found.peer != Some(found.ip)
        {
            let scheme = if node.https { Scheme::Https } else { Scheme::Http };
            prop_assert_eq!(found.scheme, Some(scheme));
        }
    }

    #[test]
    fn counted_hops_name_whoever_connected_to_the_outermost(
        chain in prop::collection::vec(node(Just(true)), 2..6), forgery in forgery()
    ) {
        let mut chain = chain;
        chain.iter_mut().for_each(|node| node.spelling = Spelling::Port);
        let count = u8::try_from(chain.len() - 1).unwrap();
        let x_forwarded_for = ClientIpLayer::behind(Proxies::hops(count), Forwarding::x_forwarded_for());
        let lines = lines(&forgery, &chain, in_x_forwarded_for);
        let found = resolved(&x_forwarded_for, "x-forwarded-for", &chain, &lines);
        prop_assert_eq!(found.ip, chain[0].ip, "{:?}", lines);
    }

    #[test]
    fn the_schemes_and_hosts_of_a_client_are_not_taken(forgery in forgery()) {
        let headers: Vec<_> = forgery.iter().map(|line| ("forwarded", line)).collect();
        let found = client(&forwarded(), request("203.0.113.9", &headers)).unwrap();
        prop_assert_eq!((found.scheme, found.host), (None, None));
    }
}
