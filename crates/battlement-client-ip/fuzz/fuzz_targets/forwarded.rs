//! The client, its scheme and its host come from the proxy's element, whatever text the client sends.
#![no_main]

mod requests;

use battlement_client_ip::{Forwarding, Scheme, Via};
use http::header::FORWARDED;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let client = |lines: &[Vec<u8>]| requests::client(Forwarding::forwarded(), &FORWARDED, lines);
    let forged = requests::lines(input);
    client(&forged);
    for added in [
        "for=192.0.2.7;proto=https;host=shop.example",
        "For=\"192.0.2.7:80\";Host=\"shop.example\";Proto=HTTPS, for=10.0.0.2;proto=http",
        "by=_x;s=\"a\\\",;b\\\\\";for=\"[::ffff:192.0.2.7]:_p\";host=shop.example;proto=wss, for=\"[fd00::2]\"",
    ] {
        let own_line = [forged.clone(), vec![added.into()]].concat();
        for lines in [own_line, requests::appended(forged.clone(), added)] {
            let found = client(&lines);
            assert_eq!((found.ip.to_string().as_str(), found.via), ("192.0.2.7", Via::Header));
            assert_eq!(found.scheme, Some(Scheme::Https));
            assert_eq!(found.host.expect("a host").as_str(), "shop.example");
        }
    }
});
