//! The warnings of the layer, and their limits.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_client_ip::{ClientIpLayer, Forwarding, Proxies, UnixPeer};
use http::Request;
use tracing::subscriber;

use crate::requests::{client, forwarded, request, resolved, x_forwarded_for};

const PROXY: &str = "10.0.0.1";

/// The captured log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap();
        String::from_utf8(bytes.clone()).unwrap().lines().map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logging() -> (Log, subscriber::DefaultGuard) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone());
    (log, subscriber::set_default(subscriber.finish()))
}

#[tokio::test(start_paused = true)]
async fn a_malformed_header_is_counted_each_time_and_logged_once_a_minute() {
    let (log, _guard) = logging();
    let layer = x_forwarded_for();
    let garbage =
        || resolved(&layer, PROXY, &[("x-forwarded-for", "\u{1b}[31mevil".replace('\u{1b}', "~"))]);
    for _ in 0..5 {
        assert_eq!(garbage(), "10.0.0.1 stopped");
    }
    assert_eq!(log.lines().len(), 1);
    tokio::time::advance(Duration::from_secs(59)).await;
    garbage();
    assert_eq!(log.lines().len(), 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    garbage();

    let lines = log.lines();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].contains("requests=1") && lines[1].contains("requests=6"), "{lines:?}");
    assert!(lines[0].contains("x-forwarded-for") && lines[0].contains(PROXY), "{lines:?}");
    assert!(!lines[0].contains("evil"), "the client's text must not be logged: {lines:?}");
    assert_eq!(layer.malformed(), 7);
    assert_eq!(layer.clone().enabled(true).malformed(), 7, "clones count together");
}

#[tokio::test]
async fn every_fault_is_described_and_a_hidden_hop_is_not_a_fault() {
    for (line, fault) in [
        ("x".repeat(5000), Some("the header is too long")),
        (["10.0.0.2"; 33].join(","), Some("the header has more than 32 hops")),
        ("x".to_owned(), Some("an entry is not an IP address")),
        ("unknown".to_owned(), None),
        ("192.0.2.1".to_owned(), None),
    ] {
        let (log, _guard) = logging();
        resolved(&x_forwarded_for(), PROXY, &[("x-forwarded-for", &line)]);
        assert_eq!(
            log.lines().first().map(|line| line.contains(fault.unwrap())),
            fault.map(|_| true)
        );
    }
}

#[tokio::test]
async fn a_forwarding_header_without_trusted_proxies_is_logged_once_with_the_fix() {
    for header in ["x-forwarded-for", "forwarded"] {
        let (log, _guard) = logging();
        let layer = ClientIpLayer::new();
        resolved(&layer, PROXY, &[("accept", "*/*")]);
        assert!(log.lines().is_empty());
        for _ in 0..3 {
            resolved(&layer.clone(), PROXY, &[(header, "192.0.2.1")]);
        }
        let lines = log.lines();
        assert_eq!(lines.len(), 1);
        assert!(lines[0].contains("ClientIpLayer::behind(Proxies::networks"), "{lines:?}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_provide_the_peer_is_logged_once_with_the_fix() {
    let (log, _guard) = logging();
    let layer = forwarded();
    for _ in 0..3 {
        assert_eq!(client(&layer, Request::new(())), None);
    }
    let lines = log.lines();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains("into_make_service_with_connect_info"), "{lines:?}");
}

fn over_a_socket(headers: &[(&'static str, &'static str)]) -> Request<()> {
    let mut request = Request::builder();
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(()).unwrap();
    request.extensions_mut().insert(UnixPeer);
    request
}

#[tokio::test]
async fn each_reason_for_an_unknown_client_is_logged_once_with_the_fix() {
    let trusting = || ClientIpLayer::behind(Proxies::unix(), Forwarding::forwarded());
    for (layer, request, fix) in [
        (
            forwarded(),
            over_a_socket(&[("forwarded", "for=192.0.2.1")]),
            "trust it with Proxies::unix()",
        ),
        (trusting(), over_a_socket(&[]), "without the header `forwarded`; configure the proxy"),
        (
            trusting(),
            over_a_socket(&[("forwarded", "for=garbage")]),
            "an entry is not an IP address",
        ),
        (trusting(), Request::new(()), "into_make_service_with_connect_info"),
    ] {
        let (log, _guard) = logging();
        for _ in 0..3 {
            assert_eq!(client(&layer, request.clone()), None);
        }
        let lines = log.lines();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains(fix), "{lines:?}");
    }
}

#[tokio::test]
async fn a_malformed_header_of_an_untrusted_peer_is_neither_logged_nor_counted() {
    let (log, _guard) = logging();
    let layer = forwarded();
    client(&layer, request("203.0.113.9", &[("forwarded", "\"\"\"")])).unwrap();
    assert!(log.lines().is_empty());
    assert_eq!(layer.malformed(), 0);
}
