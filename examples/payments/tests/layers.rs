//! The layers of the program, and its metrics. Needs `promtool`, for example from Debian's package `prometheus`.

#[path = "stopping/process.rs"]
#[allow(dead_code, reason = "these tests use a part of it")]
mod process;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Command, Stdio},
};

use process::Process;

fn start(settings: &[(&str, &str)]) -> Process {
    let free = [("PAYMENTS_ADDR", "127.0.0.1:0"), ("PAYMENTS_ADMIN_ADDR", "127.0.0.1:0")];
    Process::start(env!("CARGO_BIN_EXE_payments"), &[&free, settings].concat())
}

/// Returns the output of `promtool check metrics` for a page in the text format.
fn promtool(page: &str) -> String {
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped());
    promtool.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut promtool = promtool.spawn().expect("promtool is missing: apt-get install prometheus");
    promtool.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat()
}

/// Sends a GET request, and returns the whole response.
fn get(addr: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

/// Returns the page for Prometheus once it contains `sample`: a request is recorded after the end of its response.
fn page_with(process: &Process, sample: &str) -> String {
    let page = || {
        let response = get(process.admin, "/metrics");
        let (head, page) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        page.to_owned()
    };
    let found = (0..10_000).map(|_| page()).find(|page| page.contains(sample));
    found.unwrap_or_else(|| panic!("{sample} is missing: {}", page()))
}

#[test]
fn requests_are_recorded_by_route_on_a_page_that_promtool_accepts() {
    let payments = start(&[]);
    get(payments.addr, "/charges");
    get(payments.addr, "/.env");
    let page = page_with(
        &payments,
        r#"http_server_request_duration_seconds_count{http_request_method="GET",url_scheme="http",http_response_status_code="404"} 1"#,
    );
    for sample in [
        r#"http_server_request_duration_seconds_count{http_request_method="GET",url_scheme="http",http_response_status_code="405",http_route="/charges"} 1"#,
        r#"http_server_request_duration_seconds_count{http_request_method="POST",url_scheme="http",http_response_status_code="500",http_route="/charges",error_type="500"} 0"#,
        r#"battlement_rate_limit_decisions_total{policy="address",decision="allow",source="memory"} 2"#,
        r#"battlement_rate_limit_decisions_total{policy="address",decision="deny",source="memory"} 0"#,
        "process_resident_memory_bytes ",
        "battlement_build_info{version=",
    ] {
        assert!(page.contains(sample), "{sample} is missing: {page}");
    }
    assert_eq!(promtool(&page), "");
}

#[test]
fn metrics_are_served_to_operators_only() {
    let payments = start(&[]);
    assert!(get(payments.addr, "/metrics").starts_with("HTTP/1.1 404"));
    assert!(get(payments.admin, "/charges").starts_with("HTTP/1.1 404"));
}

#[test]
fn a_client_beyond_its_limit_gets_a_problem_with_every_layer_s_headers() {
    let payments = start(&[("PAYMENTS_REQUESTS_PER_MINUTE", "2")]);
    for _ in 0..2 {
        assert!(get(payments.addr, "/charges").starts_with("HTTP/1.1 405"));
    }
    let rejected = get(payments.addr, "/charges");
    assert!(rejected.starts_with("HTTP/1.1 429"), "{rejected}");
    for part in [
        "retry-after: ",
        "x-request-id: ",
        "x-content-type-options: nosniff",
        "content-type: application/problem+json",
        r#""violated-policies":["address"]"#,
        r#""request_id":""#,
    ] {
        assert!(rejected.contains(part), "{part} is missing: {rejected}");
    }
}

/// Sends a charge, and returns the whole response. The body is `body` or, if its length is more, the start of it.
fn charge(addr: SocketAddr, timeout_ms: &str, length: usize, body: &str) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    let head = format!(
        "POST /charges HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
         x-request-timeout-ms: {timeout_ms}\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

const CHARGE: &str =
    r#"{"order_id": "order-1", "amount_cents": 2400, "receipt_email": "ada@example.org"}"#;

#[test]
fn a_request_ends_when_its_trusted_caller_no_longer_waits_for_it() {
    let payments = start(&[]);
    let late = charge(payments.addr, "100", CHARGE.len() + 1, CHARGE);
    assert!(late.starts_with("HTTP/1.1 504"), "{late}");
    for part in [r#""code":"timeout""#, "x-request-id: ", "x-content-type-options: nosniff"] {
        assert!(late.contains(part), "{part} is missing: {late}");
    }
    let too_late = charge(payments.addr, "0", CHARGE.len(), CHARGE);
    assert!(too_late.starts_with("HTTP/1.1 504"), "{too_late}");
    assert!(too_late.contains(r#""code":"deadline_exceeded""#), "{too_late}");
    let in_time = charge(payments.addr, "20000", CHARGE.len(), CHARGE);
    assert!(in_time.starts_with("HTTP/1.1 201"), "{in_time}");
    let page = page_with(&payments, "battlement_timeout_expired_total{kind=\"deadline\"} 1\n");
    for sample in [
        "battlement_timeout_not_called_total 1\n",
        r#"http_route="/charges",error_type="timeout"} 1"#,
    ] {
        assert!(page.contains(sample), "{sample} is missing: {page}");
    }
}

#[test]
fn the_deadline_of_a_caller_that_is_not_trusted_is_ignored() {
    let mut payments = start(&[("PAYMENTS_TRUSTED_PEERS", "10.0.0.0/8")]);
    let answer = charge(payments.addr, "0", CHARGE.len(), CHARGE);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    payments.log_line("not trusted");
}
