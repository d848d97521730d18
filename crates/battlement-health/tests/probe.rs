//! The blocking probe against real sockets, on threads without a runtime.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "checks/server.rs"]
mod server;

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    time::Duration,
};

use battlement_health::probe;
use tokio::time::Instant;

use self::server::{answers, server};

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(100);

/// Probes a server that sends `answer`, and returns the text of the error.
fn error_of(answer: &'static str) -> String {
    let (address, _requests) = answers(answer);
    probe(&format!("http://{address}/readyz"), LONG).unwrap_err().to_string()
}

#[test]
fn a_status_below_400_passes_and_a_redirect_is_not_followed() {
    let (address, requests) = answers("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    probe(&format!("http://{address}/readyz?verbose"), LONG).unwrap();
    let request = requests.recv().unwrap();
    assert!(request.starts_with("GET /readyz?verbose HTTP/1.1\r\n"), "{request}");
    let (address, requests) = answers("HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\n\r\n");
    probe(&format!("http://localhost:{}", address.port()), LONG).unwrap();
    assert_eq!(requests.try_iter().count(), 1);
}

#[test]
fn another_status_fails_and_is_in_the_error() {
    for (answer, status) in [
        ("HTTP/1.1 503 Service Unavailable\r\n\r\n", 503),
        ("HTTP/1.0 400\r\n", 400),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", 101),
    ] {
        let (address, _requests) = answers(answer);
        let error = probe(&format!("http://{address}/"), LONG).unwrap_err();
        assert_eq!((error.status(), error.is_timeout()), (Some(status), false));
        assert_eq!(error.to_string(), format!("probe failed: status {status}"));
    }
}

#[test]
fn an_answer_that_is_not_http_fails() {
    let not_http = "probe failed: the answer is not an HTTP/1 response";
    assert_eq!(error_of("+PONG\r\n"), not_http);
    let closed = "probe failed: the connection was closed before the response";
    assert_eq!(error_of(""), closed);
    assert_eq!(error_of("HTTP/1.1 200 OK"), closed);
}

/// Asserts that the probe ends at its timeout, with a wide margin for a busy machine.
fn times_out(url: &str) {
    let started = Instant::now();
    let error = probe(url, SHORT).unwrap_err();
    let took = started.elapsed();
    assert!(error.is_timeout() && error.status().is_none(), "{error}");
    assert_eq!(error.to_string(), "probe failed: timed out");
    assert!(took >= SHORT && took < LONG, "{took:?}");
}

#[test]
fn a_server_that_hangs_times_out() {
    // The kernel accepts the connection; the server never does.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    times_out(&format!("http://{}/", listener.local_addr().unwrap()));
    let (address, _requests) = server(|mut stream| drop(stream.read(&mut [0])));
    times_out(&format!("http://{address}/"));
}

#[test]
fn the_timeout_is_for_the_whole_answer_and_not_for_each_byte() {
    let (address, _requests) = server(|mut stream| {
        stream.set_read_timeout(Some(SHORT / 10)).unwrap();
        let head = b"HTTP/1.1 103 Early Hints\r\n".iter().chain([&b'x'; 10_000]);
        for byte in head {
            // Waits for a tenth of the timeout, or for the end of the client.
            if stream.write_all(&[*byte]).is_err() || stream.read(&mut [0]).is_ok() {
                return;
            }
        }
    });
    times_out(&format!("http://{address}/"));
}

#[test]
fn a_timeout_of_zero_asks_nothing_and_the_longest_one_does_not_overflow() {
    let (address, requests) = answers("HTTP/1.1 200 OK\r\n\r\n");
    let url = format!("http://{address}/");
    assert!(probe(&url, Duration::ZERO).unwrap_err().is_timeout());
    assert_eq!(requests.try_iter().count(), 0);
    probe(&url, Duration::MAX).unwrap();
}

#[test]
fn a_server_that_cannot_be_reached_fails_with_the_step() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = probe(&format!("http://{address}/"), LONG).unwrap_err().to_string();
    assert!(error.starts_with("probe failed: cannot connect: Connection refused"), "{error}");
    let error = probe("http://nowhere.invalid/", LONG).unwrap_err().to_string();
    assert!(error.starts_with("probe failed: cannot resolve the host: "), "{error}");
}

#[test]
fn an_invalid_url_fails_with_the_fix_and_without_its_password() {
    for (url, fix) in [
        ("https://shop/readyz", "TLS is not supported"),
        ("127.0.0.1:9090/readyz", "such as `http://127.0.0.1:9090/readyz`"),
        ("http://user:hunter2@shop/", "must not contain a user or password"),
    ] {
        let error = probe(url, LONG).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("probe failed: the URL must ") && text.contains(fix), "{text}");
        assert!(!format!("{text} {error:?}").contains("hunter2"));
    }
}
