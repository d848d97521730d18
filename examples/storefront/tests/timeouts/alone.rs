//! Tests that measure time or open thousands of connections. Each runs while no other test does.

use std::{
    env,
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    sync::mpsc::channel,
    thread,
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    DEFAULT_LIMITS, TWO_MUGS,
    running::{Answer, Storefront},
    silent::SilentInventory,
};

/// Places an order with a silent inventory, and returns the response and the time that it took. The release must end
/// within two seconds after the response.
fn order(settings: &[(&str, &str)]) -> (Answer, Duration) {
    let inventory = SilentInventory::new();
    let mut shop = inventory.shop(&[&DEFAULT_LIMITS, settings].concat());
    let begun = Instant::now();
    let answer = shop.order(b"timed-order", TWO_MUGS);
    let took = begun.elapsed();
    shop.log_line(&["timed-order", "cannot release the stock of a failed order"]);
    let released = begun.elapsed() - took;
    assert!(released <= Duration::from_millis(2_100), "{released:?}");
    println!("answered after {took:?}, released {released:?} later");
    (answer, took)
}

#[test]
fn by_default_a_silent_inventory_costs_a_customer_two_seconds() {
    let (answer, took) = order(&[]);
    assert_eq!(answer.status, 504);
    assert!(took <= Duration::from_millis(2_100), "{took:?}");
}

#[test]
fn with_a_deadline_of_half_a_second_a_silent_inventory_costs_a_customer_half_a_second() {
    let (answer, took) = order(&[("STOREFRONT_DEADLINE_MS", "500")]);
    assert_eq!(answer.status, 504);
    assert!(took <= Duration::from_millis(600), "{took:?}");
}

const CLIENTS: usize = 2_000;
const HALF_A_BODY: &[u8] = b"POST /orders HTTP/1.1\r\nhost: shop\r\n\
    content-type: application/json\r\ncontent-length: 99\r\n\r\n{\"email\":";

const CSS: &[u8] = include_bytes!("../../page/shop.css");

/// Set in a process that may open as many files as the system allows.
const RAISED: &str = "TEST_WITH_RAISED_FILE_LIMIT";

#[test]
fn two_thousand_clients_that_send_half_a_body_are_answered_within_three_seconds() {
    if env::var_os(RAISED).is_none() {
        let name =
            "alone::two_thousand_clients_that_send_half_a_body_are_answered_within_three_seconds";
        return run_with_raised_file_limit(name);
    }
    let unlimited = "1000000";
    let shop = Storefront::start(&[
        DEFAULT_LIMITS[0],
        DEFAULT_LIMITS[1],
        DEFAULT_LIMITS[2],
        ("STOREFRONT_ADDRESS_ORDERS_PER_MINUTE", unlimited),
        ("STOREFRONT_GUEST_ORDERS_PER_MINUTE", unlimited),
        // Otherwise most of the clients are rejected before their time is over.
        ("STOREFRONT_CONCURRENCY", "off"),
        // A line for each of the requests would slow down a debug build.
        ("RUST_LOG", "error,storefront=info"),
    ]);
    let (sender, sent) = channel();
    let reader = thread::spawn(move || sent.into_iter().map(read).collect::<Vec<_>>());
    for _ in 0..CLIENTS {
        sender.send(half_a_body(connect(&shop))).unwrap();
    }
    drop(sender);
    let answers = reader.join().unwrap();
    let slowest = answers.iter().map(|(_, took)| *took).max().unwrap();
    let fastest = answers.iter().map(|(_, took)| *took).min().unwrap();
    println!("{CLIENTS} clients were answered after {fastest:?} to {slowest:?}");
    for (answer, took) in &answers {
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert!(*took <= Duration::from_secs(3), "{took:?}");
    }
    for part in ["connection: close", "x-request-id: ", "nosniff", "\"code\":\"timeout\""] {
        assert!(answers[0].0.contains(part), "{part} is missing in {}", answers[0].0);
    }
    let page = shop.metrics_with(
        "\nhttp_server_active_requests{http_request_method=\"POST\",url_scheme=\"http\"} 0\n",
    );
    let counted = "http_response_status_code=\"408\",http_route=\"/orders\"} 2000\n";
    assert!(page.contains(counted), "{page}");
    assert!(page.contains("battlement_timeout_expired_total{kind=\"request_body\"} 2000\n"));
}

/// Runs a test of this program again in a process whose limit of open files is the highest that the system allows.
fn run_with_raised_file_limit(name: &str) {
    let raised = r#"ulimit -n "$(ulimit -Hn)" && exec "$0" "$@""#;
    let mut test = Command::new("sh");
    test.args(["-c", raised]).arg(env::current_exe().unwrap());
    test.args(["--exact", name, "--nocapture"]).env(RAISED, "yes");
    let output = test.output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "{}", text.concat());
    print!("{}", text[0]);
}

/// Opens a connection, on which a first request is answered: the server has accepted it, and it waits in no queue.
fn connect(shop: &Storefront) -> TcpStream {
    let mut stream = TcpStream::connect(shop.addr).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.write_all(b"GET /shop.css HTTP/1.1\r\nhost: shop\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(CSS) {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).unwrap();
        assert_ne!(length, 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&part[..length]);
    }
    stream
}

fn half_a_body(mut stream: TcpStream) -> (TcpStream, Instant) {
    stream.write_all(HALF_A_BODY).unwrap();
    (stream, Instant::now())
}

/// Reads the whole response, and returns it with the time since the request.
fn read((mut stream, sent): (TcpStream, Instant)) -> (String, Duration) {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (answer, sent.elapsed())
}
