use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use battlement_core::Phase;
use battlement_health::{Check, CheckState, Health, HealthService, Paths, Phases, Probe};
use battlement_testkit::client::Collected;
use http::{Method, Request, header};
use http_body_util::Empty;
use tokio::time::Instant;

use crate::instance::{get, impaired, instance, send, started};

/// Checks the headers that every answer has.
fn assert_headers(answer: &Collected, content_type: &str) {
    for (name, value) in [
        ("content-type", content_type),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("vary", "accept"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert_eq!(answer.header("location"), None);
}

async fn code(service: &HealthService, path: &str) -> u16 {
    get(service, path).await.status.as_u16()
}

#[tokio::test(start_paused = true)]
async fn a_service_without_checks_passes_every_probe_with_the_bytes_of_the_api_server() {
    let service = Health::new().service();
    for path in ["/livez", "/readyz", "/startupz", "/healthz"] {
        let answer = get(&service, path).await;
        assert_eq!((answer.status.as_u16(), &*answer.text()), (200, "ok"), "{path}");
        assert_headers(&answer, "text/plain; charset=utf-8");
    }
    let answer = get(&service, "/livez?verbose").await;
    assert_eq!(answer.text(), "[+]ping ok\nlivez check passed\n");
    let answer = get(&service, "/healthz?verbose=1").await;
    assert_eq!(answer.text(), "[+]ping ok\nhealthz check passed\n");
    let answer = get(&service, "/readyz?verbose").await;
    assert_eq!(answer.text(), "[+]ping ok\n[+]shutdown ok\nreadyz check passed\n");
}

#[tokio::test(start_paused = true)]
async fn a_critical_check_that_fails_is_a_503_with_all_checks_and_liveness_passes() {
    let service = instance(impaired()).await.service();
    let answer = get(&service, "/readyz").await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, None));
    assert_headers(&answer, "text/plain; charset=utf-8");
    assert_eq!(
        answer.text(),
        "[+]ping ok\n[+]disk ok\n[!]redis degraded: reason withheld\n[-]database failed: reason withheld\n\
         [+]shutdown ok\nreadyz check failed\n"
    );
    assert_eq!(code(&service, "/startupz").await, 503);
    assert_eq!(code(&service, "/health").await, 503);
    assert_eq!(get(&service, "/livez").await.text(), "ok");
}

#[tokio::test(start_paused = true)]
async fn a_check_that_is_left_out_does_not_count() {
    let service = instance(impaired()).await.service();
    let answer = get(&service, "/readyz?exclude=database").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.text(),
        "[+]ping ok\n[+]disk ok\n[!]redis degraded: reason withheld\n[+]database excluded: ok\n\
         [+]shutdown ok\nreadyz check passed\n"
    );
    let answer = get(&service, "/readyz?exclude=database&exclude=redis").await;
    assert_eq!((answer.status.as_u16(), &*answer.text()), (200, "ok"));
    let answer = get(&service, "/readyz?exclude=databases").await;
    assert_eq!(answer.status, 503);
    let warning = "warn: some health checks cannot be excluded: no matches for \"databases\"\n";
    assert!(answer.text().contains(warning), "{}", answer.text());
}

#[tokio::test(start_paused = true)]
async fn each_check_of_a_probe_has_a_path() {
    let service = instance(impaired()).await.service();
    for (path, code, text) in [
        ("/readyz/disk", 200, "ok"),
        ("/readyz/ping", 200, "ok"),
        ("/readyz/shutdown", 200, "ok"),
        ("/readyz/redis", 200, "degraded: reason withheld\n"),
        ("/readyz/database", 503, "internal server error: reason withheld\n"),
        ("/startupz/database?exclude=database", 503, "internal server error: reason withheld\n"),
        ("/health/disk?format=text", 200, "ok"),
        ("/livez/ping", 200, "ok"),
        ("/livez/disk", 404, "unknown check\n"),
        ("/startupz/shutdown", 404, "unknown check\n"),
        ("/readyz/nope", 404, "unknown check\n"),
        ("/readyz/", 404, "unknown check\n"),
        ("/readyz/disk/", 404, "unknown check\n"),
        ("/readyz//disk", 404, "unknown check\n"),
        ("/readyzz", 404, "404 page not found\n"),
        ("/", 404, "404 page not found\n"),
        ("/READYZ", 404, "404 page not found\n"),
    ] {
        let answer = get(&service, path).await;
        assert_eq!((answer.status.as_u16(), &*answer.text()), (code, text), "{path}");
        let is_json = answer.header("content-type").unwrap().contains("json");
        assert!(!is_json, "{path}");
        assert_headers(&answer, "text/plain; charset=utf-8");
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_is_answered_as_a_get_without_its_body() {
    let service = instance(impaired()).await.service();
    for path in ["/livez", "/readyz", "/health", "/nope", "/readyz/redis"] {
        let whole = get(&service, path).await;
        let request = Request::head(path).body(Empty::new()).unwrap();
        let head = send(&service, request).await;
        assert_eq!((head.status, head.body.len()), (whole.status, 0), "{path}");
        let length = whole.body.len().to_string();
        assert_eq!(head.header("content-length"), Some(&*length), "{path}");
        assert_eq!(head.header("content-type"), whole.header("content-type"), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_method_is_a_405_that_names_those_that_are_allowed() {
    let service = Health::new().service();
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH] {
        let request = Request::builder().method(method.clone()).uri("/readyz/ping");
        let answer = send(&service, request.body(Empty::new()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, Some("GET, HEAD")));
        assert_headers(&answer, "text/plain; charset=utf-8");
        assert_eq!(answer.text(), "method not allowed\n", "{method}");
    }
    let elsewhere = Request::post("/orders").body(Empty::new()).unwrap();
    assert_eq!(send(&service, elsewhere).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_leaves_a_large_body_unread_closes_the_connection() {
    let service = Health::new().service();
    for (length, close) in [("9000", Some("close")), ("100", None)] {
        let request = Request::post("/livez").header(header::CONTENT_LENGTH, length);
        let answer = send(&service, request.body(Empty::new()).unwrap()).await;
        assert_eq!(answer.header("connection"), close, "{length}");
    }
}

#[tokio::test(start_paused = true)]
async fn readiness_fails_from_the_begin_of_a_drain_on_and_liveness_never() {
    let (writer, phases) = Phases::new();
    let health = Health::builder().phases(phases).build();
    let service = health.service();
    assert_eq!(code(&service, "/readyz").await, 200);
    writer.advance(Phase::Unready);
    for _ in 0..2 {
        let answer = get(&service, "/readyz").await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, Some("1")));
        assert_eq!(
            answer.text(),
            "[+]ping ok\n[-]shutdown failed: reason withheld\nreadyz check failed\n"
        );
        assert_eq!(code(&service, "/readyz/shutdown").await, 503);
        assert_eq!(code(&service, "/health").await, 503);
        let alive = get(&service, "/livez").await;
        assert_eq!((&*alive.text(), alive.header("retry-after")), ("ok", None));
        assert_eq!(code(&service, "/startupz").await, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn the_probes_of_node_are_answered_beside_the_default_ones() {
    let live = Check::of_state("live", || CheckState::fail("a dependency")).critical();
    let service = instance([live]).await.service().paths(Paths::node());
    for (path, code) in [
        ("/health/live", 200),
        ("/livez", 200),
        ("/health/ready", 503),
        ("/ready", 503),
        ("/readyz", 503),
        ("/health/startup", 503),
        ("/health", 503),
        ("/readyz/live", 503),
    ] {
        assert_eq!(self::code(&service, path).await, code, "{path}");
    }
    let answer = get(&service, "/health/live").await;
    assert_eq!(answer.text(), "ok", "the probe, and not the check of its name");
    let answer = get(&service, "/health/live?verbose").await;
    assert_eq!(answer.text(), "[+]ping ok\nhealth/live check passed\n");
}

#[tokio::test(start_paused = true)]
async fn other_paths_can_be_chosen_and_equal_ones_are_refused() {
    let health = Health::new();
    let paths = || Paths::default().live("/alive").also(Probe::Ready, "/status/ready");
    let service = health.service().paths(paths());
    for (path, code) in [("/alive", 200), ("/status/ready", 200), ("/readyz", 200), ("/livez", 404)]
    {
        assert_eq!(self::code(&service, path).await, code, "{path}");
    }
    let error = health.service().try_paths(paths().startup("/readyz")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "health paths: startup: \"/readyz\" is also a path of `ready`; every path must be different"
    );
}

#[tokio::test(start_paused = true)]
#[should_panic(
    expected = "HealthService: health paths: ready: \"/livez\" is also a path of `live`"
)]
async fn equal_paths_in_code_panic() {
    let _ = Health::new().service().paths(Paths::default().ready("/livez"));
}

#[tokio::test(start_paused = true)]
async fn a_probe_is_answered_at_once_while_a_dependency_hangs() {
    let health = Health::builder()
        .check(Check::new("database", std::future::pending::<CheckState>).critical());
    let service = health.build().service();
    let start = Instant::now();
    for path in ["/readyz", "/readyz?verbose", "/readyz/database", "/health"] {
        assert_eq!(code(&service, path).await, 503, "{path}");
    }
    assert_eq!(code(&service, "/livez").await, 200);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_probes_at_once_run_no_check() {
    let runs = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&runs);
    let check = Check::of_state("database", move || {
        counter.fetch_add(1, Relaxed);
        CheckState::fail("down")
    });
    let builder = Health::builder().interval(Duration::from_secs(3_600));
    let service = started(builder.check(check.critical())).await.service();
    let mut probes = tokio::task::JoinSet::new();
    for at in 0..1_000 {
        let service = service.clone();
        let path = ["/readyz", "/readyz?verbose", "/readyz/database", "/health"][at % 4];
        probes.spawn(async move { get(&service, path).await.status });
    }
    assert!(probes.join_all().await.iter().all(|status| *status == 503));
    assert_eq!(runs.load(Relaxed), 1);
}
