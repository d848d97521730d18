//! Every form in which a proxy names a client, and every way in which others were led to believe a forged one.

use battlement_client_ip::{ClientIpLayer, Forwarding, Proxies, Scheme, UnixPeer, Via};
use http::{HeaderName, Request};

use crate::requests::{
    behind, client, forwarded, proxies, request, resolved, single, x_forwarded_for,
};

const XFF: &str = "x-forwarded-for";
const FORWARDED: &str = "forwarded";
const CF: &str = "cf-connecting-ip";
const PROXY: &str = "10.0.0.1";

/// The forms in which a proxy may write a hop, and the resolved client.
const FORMS: [(&str, &str); 14] = [
    ("192.0.2.1", "192.0.2.1 header"),
    ("192.0.2.1:80", "192.0.2.1 header"),
    ("2001:db8::1", "2001:db8::1 header"),
    ("[2001:db8::1]", "2001:db8::1 header"),
    ("[2001:db8::1]:443", "2001:db8::1 header"),
    ("fe80::1%eth0", "fe80::1 header"),
    ("::ffff:192.0.2.1", "192.0.2.1 header"),
    ("::ffff:10.9.9.9", "10.9.9.9 all_trusted"),
    ("fd00::9", "fd00::9 all_trusted"),
    ("unknown", "10.0.0.1 stopped"),
    ("UNKNOWN", "10.0.0.1 stopped"),
    ("_hidden", "10.0.0.1 stopped"),
    ("unix:", "10.0.0.1 stopped"),
    ("nonsense", "10.0.0.1 stopped"),
];

#[test]
fn every_form_is_read_in_every_header() {
    for (form, expected) in FORMS {
        assert_eq!(resolved(&x_forwarded_for(), PROXY, &[(XFF, form)]), expected, "{form}");
        let quoted = format!("\"{form}\"");
        assert_eq!(resolved(&x_forwarded_for(), PROXY, &[(XFF, &quoted)]), expected, "{quoted}");
        for element in [format!("for=\"{form}\""), format!("proto=http; For=\"{form}\";by=_x")] {
            assert_eq!(
                resolved(&forwarded(), PROXY, &[(FORWARDED, &element)]),
                expected,
                "{element}"
            );
        }
        // One that has one address does not say whose proxy that is.
        let expected = expected.replace("all_trusted", "header");
        assert_eq!(resolved(&single(), PROXY, &[(CF, form)]), expected, "{form}");
    }
    for (obfuscated, expected) in
        [("192.0.2.1:_p", "192.0.2.1 header"), ("_a:_b", "10.0.0.1 stopped")]
    {
        let element = format!("for=\"{obfuscated}\"");
        assert_eq!(resolved(&forwarded(), PROXY, &[(FORWARDED, element)]), expected);
    }
}

#[test]
fn the_client_tells_whether_the_peer_is_trusted_even_if_it_names_no_client() {
    let none: [(_, &str); 0] = [];
    for (peer, is_trusted) in [(PROXY, true), ("203.0.113.9", false)] {
        for headers in [&none[..], &[(XFF, "192.0.2.1")]] {
            let found = client(&x_forwarded_for(), request(peer, headers)).unwrap();
            assert_eq!(found.peer_is_trusted, is_trusted, "{peer}");
        }
    }
}

#[test]
fn a_peer_that_is_not_trusted_is_the_client_whatever_it_sends() {
    for (layer, header) in [
        (ClientIpLayer::new(), XFF),
        (x_forwarded_for(), XFF),
        (forwarded(), FORWARDED),
        (single(), CF),
    ] {
        for value in ["10.0.0.7", "for=10.0.0.7;proto=https", "1.1.1.1, 10.0.0.7"] {
            let found = client(&layer, request("203.0.113.9", &[(header, value)])).unwrap();
            assert_eq!((found.ip.to_string().as_str(), found.via), ("203.0.113.9", Via::Peer));
            assert_eq!((found.scheme, found.host), (None, None));
        }
    }
}

#[test]
fn a_trusted_proxy_that_names_nobody_is_the_client() {
    let none: [(&str, &str); 0] = [];
    for layer in [x_forwarded_for(), forwarded(), single()] {
        assert_eq!(resolved(&layer, PROXY, &none), "10.0.0.1 peer");
    }
}

#[test]
fn the_walk_goes_from_the_right_over_every_line_to_the_first_that_is_not_trusted() {
    for (lines, expected) in [
        (&["192.0.2.1"][..], "192.0.2.1 header"),
        (&["6.6.6.6, 192.0.2.1"], "192.0.2.1 header"),
        (&["6.6.6.6, 192.0.2.1, 10.0.0.2,10.0.0.3"], "192.0.2.1 header"),
        (&["6.6.6.6", "192.0.2.1", "10.0.0.2 ,\t10.0.0.3"], "192.0.2.1 header"),
        (&["6.6.6.6, 192.0.2.1", "::ffff:10.0.0.2"], "192.0.2.1 header"),
        (&["10.0.0.5, 10.0.0.2"], "10.0.0.5 all_trusted"),
        (&["10.0.0.5", "fd00::1"], "10.0.0.5 all_trusted"),
        (&["192.0.2.1, unknown, 10.0.0.2"], "10.0.0.2 stopped"),
        (&["192.0.2.1, , 10.0.0.2"], "10.0.0.2 stopped"),
        (&["192.0.2.1,"], "10.0.0.1 stopped"),
        (&["192.0.2.1", ""], "10.0.0.1 stopped"),
        (&["garbage, 192.0.2.1"], "192.0.2.1 header"),
        (&["192.0.2.1 10.0.0.2"], "10.0.0.1 stopped"),
    ] {
        let headers: Vec<_> = lines.iter().map(|line| (XFF, *line)).collect();
        assert_eq!(resolved(&x_forwarded_for(), PROXY, &headers), expected, "{lines:?}");
        let element = |hop: &str| format!("for=\"{}\"", hop.trim());
        let lines =
            lines.iter().map(|line| line.split(',').map(element).collect::<Vec<_>>().join(","));
        let headers: Vec<_> = lines.map(|line| (FORWARDED, line)).collect();
        assert_eq!(resolved(&forwarded(), PROXY, &headers), expected, "{headers:?}");
    }
}

#[test]
fn a_quote_that_the_client_opens_swallows_nothing() {
    for line in [
        "for=\", for=192.0.2.1",
        "for=\"6.6.6.6, for=192.0.2.1",
        "for=\"6.6.6.6, for=\"192.0.2.1\"",
        "for=6.6.6.6;x=\"\\, for=\"192.0.2.1\"",
        "host=\", for=192.0.2.1",
        "for=\"6.6.6.6\", for=\"192.0.2.1:80\";proto=http",
        "\"\"\"\"\"\", for=192.0.2.1",
    ] {
        assert_eq!(
            resolved(&forwarded(), PROXY, &[(FORWARDED, line)]),
            "192.0.2.1 header",
            "{line}"
        );
        // The proxy adds a line of its own.
        let lines = [(FORWARDED, line), (FORWARDED, "for=192.0.2.2")];
        assert_eq!(resolved(&forwarded(), PROXY, &lines), "192.0.2.2 header", "{line}");
    }
}

/// Tests lines that make forwarded-header-value 0.1.1 panic or fail, or client-ip 0.2.1 respond with 500.
#[test]
fn lines_that_break_other_parsers_are_harmless() {
    for line in
        ["host=\"", "for=\"", "\"", "for=", "proto=\"", "=", ";", ",", "for=1.2.3.4;for=5.6.7.8"]
    {
        assert_eq!(
            resolved(&forwarded(), PROXY, &[(FORWARDED, line)]),
            "10.0.0.1 stopped",
            "{line}"
        );
    }
    for line in [
        "for=\"192.0.2.1:_p\"",
        "for=192.0.2.1;proto=wss",
        "x, for=192.0.2.1",
        "for=Unknown, for=192.0.2.1",
    ] {
        assert_eq!(
            resolved(&forwarded(), PROXY, &[(FORWARDED, line)]),
            "192.0.2.1 header",
            "{line}"
        );
    }
    for line in ["192.0.2.1:80", "\"192.0.2.1\"", "  192.0.2.1\t"] {
        assert_eq!(
            resolved(&x_forwarded_for(), PROXY, &[(XFF, line)]),
            "192.0.2.1 header",
            "{line}"
        );
    }
    for line in [&b"\xff\xfe"[..], b"192.0.2.1\xa0", b"0300.0.2.1", b"192.0.2.01", b"192.0.2.1,"] {
        assert_eq!(
            resolved(&x_forwarded_for(), PROXY, &[(XFF, line)]),
            "10.0.0.1 stopped",
            "{line:?}"
        );
        assert_eq!(resolved(&single(), PROXY, &[(CF, line)]), "10.0.0.1 stopped", "{line:?}");
    }
}

#[test]
fn a_header_with_one_address_that_comes_twice_or_as_a_list_names_nobody() {
    for lines in [&["192.0.2.1", "192.0.2.2"][..], &["192.0.2.1, 192.0.2.2"]] {
        let headers: Vec<_> = lines.iter().map(|line| (CF, *line)).collect();
        assert_eq!(resolved(&single(), PROXY, &headers), "10.0.0.1 stopped", "{lines:?}");
    }
}

#[test]
fn only_the_chosen_header_is_looked_at() {
    let headers =
        [(XFF, "6.6.6.6"), (FORWARDED, "for=6.6.6.7"), (CF, "6.6.6.8"), ("x-real-ip", "6.6.6.9")];
    for (layer, expected) in
        [(x_forwarded_for(), "6.6.6.6"), (forwarded(), "6.6.6.7"), (single(), "6.6.6.8")]
    {
        assert_eq!(resolved(&layer, PROXY, &headers), format!("{expected} header"));
        let others: Vec<_> =
            headers.into_iter().filter(|(_, value)| !value.contains(expected)).collect();
        assert_eq!(resolved(&layer, PROXY, &others), "10.0.0.1 peer");
    }
}

#[test]
fn mapped_addresses_are_ipv4_on_peers_and_networks_and_hops() {
    let mapped = Proxies::networks(["::ffff:10.0.0.0/104".parse().unwrap()]);
    let mapped = ClientIpLayer::behind(mapped, Forwarding::x_forwarded_for());
    for layer in [x_forwarded_for(), mapped] {
        for peer in [PROXY, "::ffff:10.0.0.1"] {
            let line = "::ffff:192.0.2.1, ::ffff:10.0.0.2";
            let found = client(&layer, request(peer, &[(XFF, line)])).unwrap();
            assert_eq!(found.ip.to_string(), "192.0.2.1");
            assert_eq!(found.peer.unwrap().to_string(), PROXY);
        }
        assert_eq!(resolved(&layer, "::ffff:203.0.113.9", &[(XFF, "1.1.1.1")]), "203.0.113.9 peer");
    }
}

#[test]
fn the_configured_number_of_hops_is_trusted_and_no_more() {
    for (hops, line, expected) in [
        (1, "6.6.6.6, 192.0.2.1", "192.0.2.1 header"),
        (2, "6.6.6.6, 192.0.2.1, 172.16.0.1", "192.0.2.1 header"),
        (2, "192.0.2.1, 172.16.0.1", "192.0.2.1 header"),
        // Fewer than configured: the client bypassed a proxy, whose record is missing.
        (3, "192.0.2.1, 172.16.0.1", "10.0.0.1 stopped"),
        (2, "6.6.6.6", "10.0.0.1 stopped"),
        (2, "6.6.6.6, unknown, 172.16.0.1", "172.16.0.1 stopped"),
        (1, "10.0.0.9", "10.0.0.9 header"),
    ] {
        let layer = ClientIpLayer::behind(Proxies::hops(hops), Forwarding::x_forwarded_for());
        assert_eq!(resolved(&layer, PROXY, &[(XFF, line)]), expected, "{hops} {line}");
    }
    let layer = ClientIpLayer::behind(Proxies::hops(2), Forwarding::x_forwarded_for());
    assert_eq!(resolved(&layer, PROXY, &[(CF, "6.6.6.6")]), "10.0.0.1 peer");
}

#[test]
fn a_chain_has_its_bounds_in_hops_and_bytes() {
    let chain = |proxies: usize| format!("192.0.2.1{}", ", 10.0.0.2".repeat(proxies));
    assert_eq!(resolved(&x_forwarded_for(), PROXY, &[(XFF, chain(31))]), "192.0.2.1 header");
    assert_eq!(resolved(&x_forwarded_for(), PROXY, &[(XFF, chain(32))]), "10.0.0.2 stopped");
    let padded = |blanks: usize| format!("192.0.2.1, {}10.0.0.2", " ".repeat(blanks));
    assert_eq!(resolved(&x_forwarded_for(), PROXY, &[(XFF, padded(4000))]), "192.0.2.1 header");
    assert_eq!(resolved(&x_forwarded_for(), PROXY, &[(XFF, padded(4100))]), "10.0.0.1 stopped");
    // What the client put in front costs it nothing, and us neither.
    let long = format!("{}, 192.0.2.1", "x".repeat(60_000));
    assert_eq!(resolved(&x_forwarded_for(), PROXY, &[(XFF, &long)]), "192.0.2.1 header");
    let long = format!("{}, for=192.0.2.1", "\"".repeat(60_000));
    assert_eq!(resolved(&forwarded(), PROXY, &[(FORWARDED, &long)]), "192.0.2.1 header");
}

#[test]
fn scheme_and_host_are_those_of_the_element_that_names_the_client() {
    for (line, scheme, host) in [
        ("for=192.0.2.1;proto=https;host=shop.example", Some(Scheme::Https), Some("shop.example")),
        (
            "for=6.6.6.6;proto=http;host=evil.example, for=192.0.2.1;proto=https;host=shop.example, \
             for=10.0.0.2;proto=http;host=inner",
            Some(Scheme::Https),
            Some("shop.example"),
        ),
        ("for=6.6.6.6;proto=https;host=evil.example, for=192.0.2.1", None, None),
        ("for=192.0.2.1;proto=https, for=10.0.0.2;host=inner", Some(Scheme::Https), None),
        (
            "for=_hidden;proto=https;host=\"shop.example:8443\"",
            Some(Scheme::Https),
            Some("shop.example:8443"),
        ),
        ("for=192.0.2.1;proto=gopher;host=\"evil.example/path\"", None, None),
    ] {
        let found = client(&forwarded(), request(PROXY, &[(FORWARDED, line)])).unwrap();
        let found = (found.scheme, found.host.as_ref().map(AsRef::as_ref));
        assert_eq!(found, (scheme, host), "{line}");
    }
}

#[test]
fn other_headers_tell_scheme_and_host_only_if_they_are_named_and_the_nearest_proxy_s_word_counts() {
    const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
    const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
    let headers = [
        (XFF, "192.0.2.1"),
        ("x-forwarded-proto", "http, https"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-host", "evil.example ,\tshop.example:8443 "),
    ];
    let unnamed = client(&x_forwarded_for(), request(PROXY, &headers)).unwrap();
    assert_eq!((unnamed.scheme, unnamed.host), (None, None));

    let layer = behind(Forwarding::x_forwarded_for().scheme(PROTO).host(HOST));
    let named = client(&layer, request(PROXY, &headers)).unwrap();
    assert_eq!(named.scheme, Some(Scheme::Https));
    assert_eq!(named.host.unwrap().as_str(), "shop.example:8443");

    let untrusted = client(&layer, request("203.0.113.9", &headers)).unwrap();
    assert_eq!((untrusted.scheme, untrusted.host), (None, None));
}

#[test]
fn a_unix_socket_is_trusted_by_choice_and_has_no_address_of_its_own() {
    let over_unix = |lines: &[(&'static str, &str)]| {
        let mut request = request(PROXY, lines);
        request.extensions_mut().clear();
        request.extensions_mut().insert(UnixPeer);
        request
    };
    let unix = ClientIpLayer::behind(Proxies::unix(), Forwarding::x_forwarded_for());
    let both = ClientIpLayer::behind(proxies().or_unix(), Forwarding::x_forwarded_for());
    for layer in [&unix, &both] {
        let found = client(layer, over_unix(&[(XFF, "6.6.6.6, 192.0.2.1")])).unwrap();
        assert_eq!(
            (found.ip.to_string().as_str(), found.via, found.peer),
            ("192.0.2.1", Via::Header, None)
        );
        for headers in [&[][..], &[(XFF, "unknown")], &[(XFF, "garbage")]] {
            assert_eq!(client(layer, over_unix(headers)), None);
        }
    }
    for layer in [ClientIpLayer::new(), x_forwarded_for()] {
        assert_eq!(client(&layer, over_unix(&[(XFF, "192.0.2.1")])), None);
    }
    assert_eq!(resolved(&unix, PROXY, &[(XFF, "192.0.2.1")]), "10.0.0.1 peer");
    assert_eq!(resolved(&both, PROXY, &[(XFF, "192.0.2.1, 10.0.0.2")]), "192.0.2.1 header");
    let counted = Proxies::hops(2).or_unix();
    let counted = ClientIpLayer::behind(counted, Forwarding::x_forwarded_for());
    let found = client(&counted, over_unix(&[(XFF, "192.0.2.1, 172.16.0.1")])).unwrap();
    assert_eq!(found.ip.to_string(), "192.0.2.1");
    assert_eq!(client(&counted, over_unix(&[(XFF, "192.0.2.1")])), None);
}

#[test]
fn without_a_peer_nobody_is_the_client() {
    let request = Request::builder().header(XFF, "192.0.2.1").body(()).unwrap();
    assert_eq!(client(&x_forwarded_for(), request), None);
}

#[test]
fn the_key_of_a_client_is_its_network_as_wide_as_was_said() {
    let key = |layer: &ClientIpLayer, ip: &str| {
        client(layer, request(PROXY, &[(XFF, ip)])).unwrap().key().to_string()
    };
    let default = x_forwarded_for();
    assert_eq!(key(&default, "2001:db8:1:2:3::4"), "2001:db8:1:2::");
    assert_eq!(key(&default, "192.0.2.1:80"), "192.0.2.1");
    assert_eq!(key(&default, "64:ff9b::192.0.2.1"), "192.0.2.1");
    assert_eq!(key(&default.ipv6_prefix(48), "2001:db8:1:2:3::4"), "2001:db8:1::");
}

mod refusals {
    use super::*;

    fn networks(texts: &[&str]) -> String {
        let networks = texts.iter().map(|text| text.parse().unwrap());
        Proxies::try_networks(networks).unwrap_err().to_string()
    }

    #[test]
    fn networks_that_add_up_to_every_address_are_rejected() {
        for all in [
            &["0.0.0.0/0"][..],
            &["10.0.0.0/8", "::/0"],
            &["::ffff:0:0/96"],
            &["0.0.0.0/1", "128.0.0.0/1"],
        ] {
            assert!(networks(all).contains("must not contain every address"), "{all:?}");
        }
        assert!(networks(&[]).contains("must contain at least one network"));
    }

    #[test]
    fn proxies_are_parsed_from_one_text_and_every_invalid_entry_is_reported() {
        let proxies = " 10.0.0.0/8,fd00::/8 , 192.0.2.7,unix".parse::<Proxies>().unwrap();
        let debug = format!("{proxies:?}");
        for part in ["10.0.0.0/8", "fd00::/8", "192.0.2.7/32", "unix: true"] {
            assert!(debug.contains(part), "{part} is not in {debug}");
        }
        assert!("unix".parse::<Proxies>().is_ok());
        for (text, mistakes) in
            [("", 1), ("10.0.0.0/8,", 1), ("a,b,10.0.0.0/8", 2), ("0.0.0.0/0,unix", 1)]
        {
            assert_eq!(text.parse::<Proxies>().unwrap_err().fields().len(), mistakes, "{text}");
        }
    }

    #[test]
    #[should_panic(expected = "trusted: must not contain every address, got 0.0.0.0/0")]
    fn a_literal_network_of_every_address_panics() {
        let _ = Proxies::networks(["0.0.0.0/0".parse().unwrap()]);
    }

    #[test]
    #[should_panic(expected = "hops: must be 1 to 32, got 0")]
    fn a_literal_of_no_hops_panics() {
        let _ = Proxies::hops(0);
    }

    #[test]
    #[should_panic(expected = "scheme_header: must be unset with `forwarded`")]
    fn forwarded_rejects_a_scheme_header() {
        let _ = Forwarding::forwarded().scheme(HeaderName::from_static("x-forwarded-proto"));
    }

    #[test]
    #[should_panic(expected = "ipv6_prefix: must be 32 to 128 bits, got 16")]
    fn a_prefix_shorter_than_32_bits_panics() {
        let _ = ClientIpLayer::new().ipv6_prefix(16);
    }

    #[test]
    fn a_list_header_is_read_as_a_list_even_if_configured_as_single() {
        let layer = behind(Forwarding::single(HeaderName::from_static(XFF)));
        assert_eq!(resolved(&layer, PROXY, &[(XFF, "6.6.6.6, 192.0.2.1")]), "192.0.2.1 header");
    }
}
