//! The client comes from the proxy's entry, whatever text the client sends.
#![no_main]

mod requests;

use battlement_client_ip::{Forwarding, Via};
use http::HeaderName;
use libfuzzer_sys::fuzz_target;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

fuzz_target!(|input: &[u8]| {
    let client = |lines: &[Vec<u8>]| {
        requests::client(Forwarding::x_forwarded_for(), &X_FORWARDED_FOR, lines)
    };
    let forged = requests::lines(input);
    client(&forged);
    for added in ["192.0.2.7", "192.0.2.7:80, 10.0.0.2", "\"[::ffff:192.0.2.7]:80\", fd00::2%eth0"]
    {
        let own_line = [forged.clone(), vec![added.into()]].concat();
        for lines in [own_line, requests::appended(forged.clone(), added)] {
            let found = client(&lines);
            assert_eq!((found.ip.to_string().as_str(), found.via), ("192.0.2.7", Via::Header));
        }
    }
});
