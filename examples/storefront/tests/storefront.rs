//! The shop as its customers and operators see it: a process, a socket, a log.
#![cfg(feature = "embedded")]

mod running;

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use running::{
    Storefront, begin,
    call::accept,
    prometheus::{Prometheus, promtool},
    run, send,
};
use uuid::Uuid;

const TWO_MUGS: &str =
    r#"{"email": "ada@example.org", "items": [{"product_id": "mug", "quantity": 2}]}"#;

const CHARGED: &[u8] = b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n";

fn samovars(quantity: u32) -> String {
    TWO_MUGS.replace("mug", "samovar").replace('2', &quantity.to_string())
}

#[test]
fn each_response_without_an_id_gets_a_new_one() {
    let shop = Storefront::start(&[]);
    let [first, second] = [shop.get("/products"), shop.get("/products")];
    assert_eq!(first.status, 200);
    assert_eq!(first.json()["products"][0]["id"], "mug");
    assert_eq!(Uuid::try_parse(first.id()).unwrap().get_version_num(), 7);
    assert_ne!(first.id(), second.id());
}

#[test]
fn a_valid_id_is_kept() {
    let shop = Storefront::start(&[]);
    let answer = send(shop.addr, "GET", "/products/teapot", b"support-ticket-4711", "");
    assert_eq!(answer.json()["price_cents"], 3_800);
    assert_eq!(answer.id(), "support-ticket-4711");
}

#[test]
fn a_product_has_its_stock_also_after_an_order() {
    let shop = Storefront::start(&[]);
    let stock = || shop.get("/products/samovar").json()["stock"].clone();
    assert_eq!(stock(), 3);
    assert_eq!(shop.order(b"", &samovars(2)).status, 201);
    assert_eq!(stock(), 1);
}

#[test]
fn the_stock_of_a_product_is_not_known_while_inventory_is_unreachable_or_silent() {
    // Bound and dropped, so no server listens there.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for (addr, error) in
        [(free, "refused"), (silent.local_addr().unwrap(), "did not respond in time")]
    {
        let url = format!("http://{addr}");
        let mut shop = Storefront::start(&[
            ("INVENTORY_URL", url.as_str()),
            ("STOREFRONT_UPSTREAM_TIMEOUT_MS", "200"),
        ]);
        let answer = send(shop.addr, "GET", "/products/mug", b"stock-of-mugs", "");
        assert_eq!(answer.status, 200, "{error}");
        let expected = serde_json::json!({
            "id": "mug",
            "name": "Mug, stoneware",
            "price_cents": 1_200,
            "stock": null,
        });
        assert_eq!(answer.json(), expected, "{error}");
        shop.log_line(&["WARN", "stock-of-mugs", "stock not known", error]);
    }
}

#[test]
fn a_hostile_id_is_replaced_and_neither_returned_nor_logged() {
    let shop = Storefront::start(&[("RUST_LOG", "debug")]);
    let long = "evil".repeat(1024);
    // 0x9b is ESC [ in one byte, and passes as text where an HTTP parser looks for ASCII control characters.
    let hostile: [&[u8]; 4] = [b"evil with spaces", long.as_bytes(), b"\x9b31mevil-red", b"evil"];
    for id in hostile {
        // An order, because all three services write log lines for it.
        let answer = shop.order(id, TWO_MUGS);
        assert_eq!(answer.status, 201);
        assert!(Uuid::try_parse(answer.id()).is_ok(), "{}", answer.id());
        assert!(!String::from_utf8_lossy(&answer.raw).contains("evil"));
    }
    // hyper rejects an escape character in a header value itself, before any layer sees the request.
    let refused = shop.order(b"\x1b[31mevil-red\x1b[0m", TWO_MUGS);
    assert_eq!(refused.status, 400);
    assert!(!String::from_utf8_lossy(&refused.raw).contains("evil"));

    shop.terminate();
    let (_, log) = shop.ended();
    assert!(!log.contains("evil") && !log.contains('\x1b'), "{log}");
}

#[test]
fn an_order_has_the_same_id_in_payments_and_inventory() {
    let mut shop = Storefront::start(&[]);
    let answer = shop.order(b"order-of-ada-1815", TWO_MUGS);
    assert_eq!(answer.status, 201);
    assert_eq!(answer.id(), "order-of-ada-1815");
    assert_eq!(answer.json()["total_cents"], 2_400);

    let order = answer.json()["id"].as_str().unwrap().to_owned();
    shop.log_line(&["order-of-ada-1815", "inventory::", "reserved", &order]);
    shop.log_line(&["order-of-ada-1815", "payments::", "charged", &order]);
    shop.log_line(&["order-of-ada-1815", "storefront::", "order placed", &order]);

    let kept = shop.get(answer.header("location").unwrap());
    assert_eq!(kept.json(), answer.json());
}

#[test]
fn the_log_of_an_order_contains_the_client_address_from_a_trusted_proxy() {
    for (trusted, customer) in
        [("", "client=127.0.0.1"), ("127.0.0.0/8,10.0.0.0/8", "client=192.0.2.7")]
    {
        let mut shop = Storefront::start(&[("STOREFRONT_TRUSTED_PROXIES", trusted)]);
        let forwarded = b"forwarded-order\r\nx-forwarded-for: 6.6.6.6, 192.0.2.7, 10.0.0.2";
        assert_eq!(shop.order(forwarded, TWO_MUGS).status, 201);
        shop.log_line(&["forwarded-order", "order received", customer]);
    }
}

#[test]
fn a_declined_payment_releases_the_stock() {
    let mut shop = Storefront::start(&[]);
    let answer = shop.order(b"declined-order", &samovars(3));
    assert_eq!(answer.status, 402);
    shop.log_line(&["declined-order", "inventory::", "released"]);
    assert_eq!(shop.order(b"", &samovars(1)).status, 201);
}

#[test]
fn an_order_beyond_the_stock_is_a_conflict() {
    let shop = Storefront::start(&[]);
    let answer = shop.order(b"", &samovars(4));
    assert_eq!(answer.status, 409);
    assert_eq!(answer.json()["detail"], r#"only 3 of "samovar" left"#);
}

#[test]
fn an_order_that_fails_because_of_the_customer_is_not_a_warning() {
    let mut shop = Storefront::start(&[]);
    assert_eq!(shop.order(b"too-many", &samovars(4)).status, 409);
    assert_eq!(shop.order(b"too-dear", &samovars(3)).status, 402);
    for id in ["too-many", "too-dear"] {
        let line = shop.log_line(&[id, "order not placed"]);
        assert!(line.contains("INFO") && !line.contains("WARN"), "{line}");
    }
}

#[test]
fn every_client_error_is_a_problem_with_an_id() {
    let shop = Storefront::start(&[]);
    let too_large = "x".repeat(17 * 1024);
    for (method, path, body, status) in [
        ("GET", "/products/moon", "", 404),
        ("GET", "/orders/1", "", 404),
        ("GET", "/nowhere", "", 404),
        ("POST", "/products", "", 405),
        ("POST", "/orders", "{", 400),
        ("POST", "/orders", r#"{"email": 7}"#, 422),
        ("POST", "/orders", r#"{"email": "ada", "items": []}"#, 422),
        ("POST", "/orders", &too_large, 413),
    ] {
        let answer = send(shop.addr, method, path, b"", body);
        assert_eq!(answer.status, status, "{method} {path} {body}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert_eq!(answer.json()["status"], status);
        assert!(Uuid::try_parse(answer.id()).is_ok());
        assert_eq!(answer.json()["request_id"], answer.id());
    }
}

#[test]
fn every_response_has_security_headers_and_every_page_a_new_nonce() {
    let shop = Storefront::start(&[]);
    for path in ["/products", "/shop.css", "/nowhere"] {
        let answer = shop.get(path);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert!(answer.header("content-security-policy").unwrap().contains("script-src 'none'"));
    }
    let nonce = || {
        let page = shop.get("/");
        assert_eq!(page.header("cache-control"), Some("no-store"));
        let nonce = page.body.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains(&format!("script-src 'nonce-{nonce}' 'strict-dynamic'")));
        nonce.to_owned()
    };
    assert_ne!(nonce(), nonce());
}

#[test]
fn each_invalid_field_of_an_order_is_reported_with_its_pointer() {
    let shop = Storefront::start(&[]);
    let answer = shop.order(b"", &TWO_MUGS.replace('@', " at ").replace("mug", "moon"));
    let errors = answer.json()["errors"].clone();
    assert_eq!(errors[0]["pointer"], "/email");
    assert_eq!(errors[1]["pointer"], "/items/0/product_id");
}

#[test]
fn all_fields_of_the_wrong_type_are_reported_at_once() {
    let shop = Storefront::start(&[]);
    let answer =
        shop.order(b"", r#"{"email": 7, "items": [{"product_id": 1, "quantity": "two"}]}"#);
    assert_eq!(answer.status, 422);
    let errors = answer.json()["errors"].clone();
    let pointers: Vec<_> =
        errors.as_array().unwrap().iter().map(|error| &error["pointer"]).collect();
    assert_eq!(pointers, ["/email", "/items/0/product_id", "/items/0/quantity"]);
}

#[test]
fn each_kind_of_problem_has_its_own_code() {
    let shop = Storefront::start(&[]);
    for (answer, code) in [
        (shop.get("/products/moon"), "unknown_product"),
        (shop.get("/orders/1"), "unknown_order"),
        (shop.order(b"", &samovars(4)), "out_of_stock"),
        (shop.order(b"", &samovars(3)), "payment_declined"),
        (shop.order(b"", "{}"), "invalid_order"),
        (shop.order(b"", "{"), "bad_request"),
    ] {
        assert_eq!(answer.json()["code"], code);
    }
}

#[test]
fn a_bug_is_a_500_whose_cause_is_logged_and_not_returned() {
    let mut shop = Storefront::start(&[("STOREFRONT_BUGS", "true")]);
    for (path, id, cause) in [
        ("/bugs/error", "met-an-error", "No such file or directory"),
        ("/bugs/panic", "met-a-panic", "at least one competitor sells mugs"),
    ] {
        let answer = send(shop.addr, "GET", path, id.as_bytes(), "");
        assert_eq!(answer.status, 500);
        let expected = serde_json::json!({
            "type": "about:blank",
            "title": "Internal Server Error",
            "status": 500,
            "code": "internal",
            "request_id": id,
        });
        assert_eq!(answer.json(), expected);
        assert!(!String::from_utf8_lossy(&answer.raw).contains(cause));
        shop.log_line(&["ERROR", id, cause]);
    }
    // Only the panic hook knows the location of the panic.
    shop.log_line(&["met-a-panic", "bugs.rs:"]);
    assert_eq!(shop.get("/products").status, 200);
    assert_eq!(Storefront::start(&[]).get("/bugs/panic").status, 404);
}

#[test]
fn a_bug_is_logged_with_the_frames_of_the_program_only() {
    let shop = Storefront::start(&[("STOREFRONT_BUGS", "true"), ("RUST_BACKTRACE", "1")]);
    for path in ["/bugs/error", "/bugs/panic"] {
        assert_eq!(shop.get(path).status, 500);
    }
    shop.terminate();
    let (_, log) = shop.ended();
    for function in ["error", "panic"] {
        assert!(log.contains(&format!(": storefront::routes::bugs::{function}")), "{log}");
    }
    assert!(!log.contains(": tokio::runtime"), "{log}");
    assert!(log.lines().count() < 50, "{log}");
}

#[test]
fn the_response_for_unreachable_payments_does_not_contain_their_address() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut shop = Storefront::start(&[("PAYMENTS_URL", &format!("http://{free}"))]);
    let answer = shop.order(b"payments-down", TWO_MUGS);
    assert_eq!(answer.json()["detail"], "payments failed");
    shop.log_line(&["WARN", "payments-down", "upstream_failed", "refused"]);
}

#[test]
fn payments_that_cannot_be_reached_are_a_bad_gateway() {
    // Bound and dropped, so no server listens there.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut shop = Storefront::start(&[("PAYMENTS_URL", &format!("http://{free}"))]);
    assert_eq!(shop.order(b"unreachable", TWO_MUGS).status, 502);
    shop.log_line(&["unreachable", "inventory::", "released"]);
}

#[test]
fn payments_that_do_not_answer_are_a_gateway_timeout() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let settings = [("PAYMENTS_URL", url.as_str()), ("STOREFRONT_UPSTREAM_TIMEOUT_MS", "200")];
    let mut shop = Storefront::start(&settings);
    assert_eq!(shop.order(b"unanswered", TWO_MUGS).status, 504);
    shop.log_line(&["unanswered", "inventory::", "released"]);
}

#[test]
fn an_order_is_finished_after_its_client_disconnects() {
    let payments = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", payments.local_addr().unwrap());
    let settings = [("PAYMENTS_URL", url.as_str()), ("RUST_LOG", "info,battlement_serve=debug")];
    let mut shop = Storefront::start(&settings);
    let customer = begin(shop.addr, "POST", "/orders", b"gone-customer", TWO_MUGS);

    let mut charge = accept(&payments);
    assert!(charge.read(&mut [0; 1024]).unwrap() > 0);
    drop(customer);
    shop.log_line(&["battlement_serve", "connection ended early"]);
    charge.write_all(CHARGED).unwrap();
    shop.log_line(&["gone-customer", "storefront::", "order placed"]);
}

#[test]
fn a_terminated_shop_finishes_the_order_in_flight() {
    let payments = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", payments.local_addr().unwrap());
    let mut shop = Storefront::start(&[("PAYMENTS_URL", &url)]);
    let addr = shop.addr;
    let order = thread::spawn(move || send(addr, "POST", "/orders", b"", TWO_MUGS));

    let mut charge = accept(&payments);
    assert!(charge.read(&mut [0; 1024]).unwrap() > 0);
    shop.terminate();
    shop.log_line(&["shutdown started"]);
    charge.write_all(CHARGED).unwrap();
    assert_eq!(order.join().unwrap().status, 201);
    assert!(shop.ended().0.success());
}

#[test]
fn the_page_and_its_files_have_their_types() {
    let shop = Storefront::start(&[]);
    for (path, content_type) in
        [("/", "text/html"), ("/shop.css", "text/css"), ("/shop.js", "text/javascript")]
    {
        let answer = shop.get(path);
        assert_eq!(answer.status, 200);
        assert!(answer.header("content-type").unwrap().starts_with(content_type));
    }
}

/// Returns the number of TCP ports on which a process listens.
#[cfg(target_os = "linux")]
fn listeners(pid: u32) -> usize {
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let targets = descriptors.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    let sockets: Vec<_> = targets.map(|target| target.display().to_string()).collect();
    let table = std::fs::read_to_string(format!("/proc/{pid}/net/tcp")).unwrap();
    let is_own = |line: &&str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        fields[3] == "0A" && sockets.contains(&format!("socket:[{}]", fields[9]))
    };
    table.lines().skip(1).filter(is_own).count()
}

#[cfg(target_os = "linux")]
#[test]
fn embedded_payments_and_inventory_open_no_port_for_operators() {
    let shop = Storefront::start(&[]);
    let expected = ["customers", "operators", "payments", "inventory"].len();
    assert_eq!(listeners(shop.pid()), expected);
}

#[test]
fn requests_and_calls_are_recorded_on_a_page_that_customers_cannot_read() {
    let shop = Storefront::start(&[]);
    let failed = r#"http_server_request_duration_seconds_count{http_request_method="POST",url_scheme="http",http_response_status_code="500",http_route="/orders",error_type="500"} 0"#;
    assert!(shop.metrics().contains(failed), "{}", shop.metrics());

    assert_eq!(shop.order(b"", TWO_MUGS).status, 201);
    assert_eq!(shop.get("/products/mug").status, 200);
    assert_eq!(shop.get("/.env").status, 404);
    // A customer who requests the page gets a 404 and must not create series.
    assert_eq!(shop.get("/metrics").status, 404);
    // The last response is recorded after its last byte.
    let unknown = r#"http_server_request_duration_seconds_count{http_request_method="GET",url_scheme="http",http_response_status_code="404"} 2"#;
    let page = shop.metrics_with(unknown);
    for sample in [
        r#"http_server_request_duration_seconds_count{http_request_method="POST",url_scheme="http",http_response_status_code="201",http_route="/orders"} 1"#,
        r#"http_server_request_duration_seconds_count{http_request_method="GET",url_scheme="http",http_response_status_code="200",http_route="/products/{id}"} 1"#,
        r#"http_client_request_duration_seconds_count{http_request_method="POST",server_address="payments",http_response_status_code="201"} 1"#,
        r#"rpc_client_call_duration_seconds_count{rpc_system_name="grpc",rpc_method="inventory.v1.Inventory/Reserve",server_address="inventory",rpc_status_code="OK"} 1"#,
        "process_resident_memory_bytes ",
        "tokio_workers ",
        "battlement_build_info{version=",
    ] {
        assert!(page.contains(sample), "{sample} is missing: {page}");
    }
    assert!(!page.contains(".env"));
    assert_eq!(send(shop.admin, "GET", "/products", &[], "").status, 404);
}

const ACME: &[u8] = b"acme\r\nauthorization: Bearer 0123456789abcdef";

#[test]
fn orders_their_value_and_the_stock_are_on_the_same_page() {
    let shop = Storefront::start(&[]);
    let page = shop.metrics();
    for outcome in ["placed", "out_of_stock", "payment_declined", "upstream_failed", "timeout"] {
        let sample = format!("shop_orders_total{{outcome=\"{outcome}\"}} 0\n");
        assert!(page.contains(&sample), "{sample} is missing: {page}");
    }
    assert_eq!(shop.order(b"", TWO_MUGS).status, 201);
    assert_eq!(shop.order(b"", &samovars(4)).status, 409);
    assert_eq!(shop.order(b"", &samovars(3)).status, 402);
    // The stock of a failed order is released in the background.
    let page = shop.metrics_with("shop_stock_pieces{product=\"samovar\"} 3\n");
    for sample in [
        "shop_orders_total{outcome=\"placed\"} 1\n",
        "shop_orders_total{outcome=\"out_of_stock\"} 1\n",
        "shop_orders_total{outcome=\"payment_declined\"} 1\n",
        "shop_order_value_euros_sum 24.0\n",
        "shop_order_value_euros_bucket{le=\"25.0\"} 1\n",
        "shop_stock_pieces{product=\"mug\"} 9998\n",
        "http_route=\"/orders\"",
    ] {
        assert!(page.contains(sample), "{sample} is missing: {page}");
    }
    let lint = promtool(&page);
    assert!(lint.is_empty(), "{lint}");
}

#[test]
fn payments_that_fail_are_an_outcome_of_orders() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let shop = Storefront::start(&[("PAYMENTS_URL", &format!("http://{free}"))]);
    assert_eq!(shop.order(b"", TWO_MUGS).status, 502);
    let page = shop.metrics_with("shop_stock_pieces{product=\"mug\"} 10000\n");
    assert!(page.contains("shop_orders_total{outcome=\"upstream_failed\"} 1\n"), "{page}");
    assert!(page.contains("shop_order_value_euros_count 0\n"), "{page}");
}

#[test]
fn a_limited_guest_gets_retry_after_and_partners_have_their_own_limit() {
    let shop = Storefront::start(&[
        ("STOREFRONT_GUEST_ORDERS_PER_MINUTE", "2"),
        ("STOREFRONT_PARTNERS", "acme=0123456789abcdef"),
    ]);
    for left in [1, 0] {
        let answer = shop.get("/orders/1");
        assert_eq!(answer.status, 404);
        let limit = answer.header("ratelimit").unwrap();
        assert!(limit.contains(&format!(";t=1,\"guest\";r={left};t=")), "{limit}");
    }
    let denied = shop.order(b"one-too-many", TWO_MUGS);
    assert_eq!(denied.status, 429);
    let wait: u32 = denied.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    let limit = denied.header("ratelimit").unwrap();
    assert!(limit.ends_with(&format!(",\"guest\";r=0;t={wait}")), "{limit}");
    for (header, value) in [
        ("ratelimit-policy", "\"address\";q=300;w=60,\"guest\";q=2;w=60"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(denied.header(header), Some(value));
    }
    assert_eq!(denied.json()["violated-policies"], serde_json::json!(["guest"]));
    assert_eq!(denied.json()["request_id"], "one-too-many");
    assert_eq!(shop.get("/products").status, 200, "only orders are limited");

    let partner = shop.order(ACME, TWO_MUGS);
    assert_eq!(partner.status, 201);
    assert!(partner.header("ratelimit").unwrap().ends_with("\"partner\";r=119;t=1"));
    shop.metrics_with(
        r#"battlement_rate_limit_decisions_total{policy="guest",decision="deny",source="memory"} 1"#,
    );
}

#[test]
fn guesses_of_keys_are_limited_by_the_real_address() {
    let shop = Storefront::start(&[("STOREFRONT_ADDRESS_ORDERS_PER_MINUTE", "2")]);
    let mut answers = Vec::new();
    for guess in 1..=3 {
        let headers = format!(
            "guess-{guess}\r\nauthorization: Bearer 000000000000000{guess}\r\nx-forwarded-for: 192.0.2.{guess}"
        );
        answers.push(shop.order(headers.as_bytes(), TWO_MUGS));
    }
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [401, 401, 429]);
    assert_eq!(answers[0].header("www-authenticate"), Some("Bearer"));
    assert_eq!(answers[0].json()["code"], "unknown_key");
}

#[test]
fn customers_behind_a_trusted_proxy_are_limited_by_the_address_it_reports() {
    let shop = Storefront::start(&[
        ("STOREFRONT_GUEST_ORDERS_PER_MINUTE", "1"),
        ("STOREFRONT_TRUSTED_PROXIES", "127.0.0.0/8"),
    ]);
    let status = |from: &str| {
        let headers = format!("a-customer\r\nx-forwarded-for: {from}");
        send(shop.addr, "GET", "/orders/1", headers.as_bytes(), "").status
    };
    assert_eq!([status("6.6.6.6, 192.0.2.7"), status("7.7.7.7, 192.0.2.7")], [404, 429]);
    assert_eq!([status("2001:db8::1"), status("2001:db8::2")], [404, 429]);
    assert_eq!(status("192.0.2.8"), 404);
    shop.metrics_with("\nbattlement_client_ip_malformed_total 0\n");
    status("unknown-host");
    shop.metrics_with("\nbattlement_client_ip_malformed_total 1\n");
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Requests the products as part of a sampled trace.
fn traced(shop: &Storefront) {
    let mut stream = TcpStream::connect(shop.addr).unwrap();
    let request = format!(
        "GET /products HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\
         traceparent: 00-{TRACE}-00f067aa0ba902b7-01\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn prometheus_scrapes_the_page_with_types_and_exemplars() {
    let shop = Storefront::start(&[]);
    traced(&shop);
    let prometheus = Prometheus::scraping(shop.admin);
    prometheus.until("/api/v1/query?query=up", r#","1"]"#);
    let rate = "/api/v1/query?query=sum(http_server_request_duration_seconds_count{http_route=%22/products%22})";
    prometheus.until(rate, r#","1"]"#);
    let p99 = "/api/v1/query?query=histogram_quantile(0.99,sum%20by(le)(http_server_request_duration_seconds_bucket))";
    prometheus.until(p99, r#""value":["#);
    for (metric, kind) in [
        ("http_server_request_duration_seconds", "histogram"),
        ("http_server_active_requests", "gauge"),
        ("process_cpu_seconds", "counter"),
    ] {
        let path = format!("/api/v1/metadata?metric={metric}");
        prometheus.until(&path, &format!(r#""type":"{kind}""#));
    }
    let exemplars = "/api/v1/query_exemplars?query=http_server_request_duration_seconds_bucket&start=0&end=9999999999";
    prometheus.until(exemplars, TRACE);
}

#[test]
fn the_metrics_of_the_runtime_are_those_of_the_shop_although_another_serves_the_page() {
    let shop = Storefront::start(&[("TOKIO_WORKER_THREADS", "3")]);
    let page = shop.metrics();
    assert!(page.contains("\ntokio_workers 3\n"), "{page}");
}

#[test]
fn promtool_accepts_the_page() {
    let shop = Storefront::start(&[]);
    traced(&shop);
    let page = shop.metrics_with("http_route=\"/products\"");
    assert_eq!(promtool(&page), "");
}

#[test]
fn a_key_secret_that_is_too_short_is_reported_without_its_value() {
    let output = run(&[("STOREFRONT_LIMIT_KEY_SECRET", "fifteen-bytes-x")]);
    let report = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert!(report.contains("STOREFRONT_LIMIT_KEY_SECRET: expected at least 16 bytes"), "{report}");
    assert!(!report.contains("fifteen"), "{report}");
}

#[test]
fn an_invalid_environment_is_reported_in_full_at_startup() {
    let output = run(&[
        ("STOREFRONT_ADDR", "localhost"),
        ("STOREFRONT_ADRESS", "127.0.0.1:1"),
        ("PAYMENTS_URL", "http://shop:hunter2@payments"),
    ]);
    let report = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78));
    for name in ["STOREFRONT_ADDR", "STOREFRONT_ADRESS", "PAYMENTS_URL"] {
        assert!(report.contains(name), "{name} is missing in: {report}");
    }
    assert!(!report.contains("hunter2"));
}
