//! The page, as a scraper gets it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a thread is kept busy")]

mod log;
mod page;

use std::{
    io::Read,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use battlement_core::{Ids, RequestFacts, SpanId, Trace, TraceFlags, TraceId};
use battlement_metrics::{Exposition, Format, HttpMetrics};
use battlement_testkit::probe::{Probe, ProbeBody};
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use tokio::time::Instant;
use tower::{Layer, ServiceExt};

use self::{log::Log, page::accepted};

/// Returns a request of a trace, sampled or not.
fn traced(flags: TraceFlags) -> Request<ProbeBody> {
    let mut request = Request::new(ProbeBody::empty());
    let (trace_id, span_id) = (TraceId::new([0xab; 16]).unwrap(), SpanId::new([0xcd; 8]).unwrap());
    let trace = Some(Trace::received(trace_id, span_id, flags));
    let ids = Ids { trace, ..Ids::new("request-1".parse().unwrap()) };
    request.extensions_mut().insert(RequestFacts::identified(Instant::now(), ids));
    request
}

async fn served(flags: TraceFlags) -> Exposition {
    let metrics = HttpMetrics::new();
    let service = metrics.server_layer().layer(Probe::new());
    let response = service.oneshot(traced(flags)).await.unwrap();
    response.into_body().collect().await.unwrap();
    Exposition::new().metrics(&metrics)
}

async fn scrape(page: &Exposition, headers: &[(&str, &str)]) -> Response<Bytes> {
    let mut request = Request::builder().uri("/metrics");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(ProbeBody::empty()).unwrap();
    let (head, body) = page.clone().oneshot(request).await.unwrap().into_parts();
    Response::from_parts(head, body.collect().await.unwrap().to_bytes())
}

const EXEMPLAR: &str =
    r##" # {trace_id="abababababababababababababababab",span_id="cdcdcdcdcdcdcdcd"} "##;

#[tokio::test]
async fn a_sampled_request_is_an_exemplar_in_openmetrics_alone() {
    let page = served(TraceFlags::SAMPLED).await;
    let open = page.render(Format::OpenMetrics);
    assert!(open.contains(EXEMPLAR) && open.ends_with("# EOF\n"), "{open}");
    let text = page.render(Format::Text);
    assert!(!text.contains("trace_id") && !text.contains("# EOF"), "{text}");
    let unsampled = served(TraceFlags::default()).await.render(Format::OpenMetrics);
    assert!(!unsampled.contains("trace_id"));
}

#[tokio::test]
async fn an_unsampled_request_does_not_erase_an_exemplar() {
    let metrics = HttpMetrics::new();
    for flags in [TraceFlags::SAMPLED, TraceFlags::default()] {
        let service = metrics.server_layer().layer(Probe::new());
        service.oneshot(traced(flags)).await.unwrap().into_body().collect().await.unwrap();
    }
    let open = Exposition::new().metrics(&metrics).render(Format::OpenMetrics);
    assert!(open.contains(EXEMPLAR), "{open}");
}

#[tokio::test]
async fn the_answer_says_what_it_is() {
    let page = served(TraceFlags::default()).await;
    let text = scrape(&page, &[]).await;
    assert_eq!(text.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert!(!text.headers().contains_key("content-encoding"));
    let open = scrape(&page, &[("accept", "application/openmetrics-text")]).await;
    assert_eq!(
        open.headers()["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
    );
}

#[tokio::test]
async fn a_zipped_page_is_the_same_page() {
    let page = served(TraceFlags::default()).await;
    let zipped = scrape(&page, &[("accept-encoding", "gzip")]).await;
    assert_eq!(zipped.headers()["content-encoding"], "gzip");
    let mut plain = String::new();
    GzDecoder::new(&zipped.body()[..]).read_to_string(&mut plain).unwrap();
    assert_eq!(plain, page.render(Format::Text));
}

#[tokio::test]
async fn only_reading_is_allowed() {
    let request = Request::builder().method(Method::POST).body(ProbeBody::empty()).unwrap();
    let response = Exposition::new().oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()["allow"], "GET, HEAD");
}

#[test]
fn values_of_labels_cannot_break_out_of_their_quotes() {
    let page = Exposition::new()
        .gauge("odd", "Odd\\\n\"help\".", [("value", "a\"b\\c\nd")], || 1.5)
        .gauge("nul", "Ends\0here.", [("value", "\0")], || 1.0);
    let [text, open] = accepted(&page);
    assert!(text.contains("odd{value=\"a\\\"b\\\\c\\nd\"} 1.5\n"));
    assert!(text.contains("# HELP odd Odd\\\\\\n\"help\".\n"));
    assert!(open.contains("# HELP odd Odd\\\\\\n\\\"help\\\".\n"));
    // Prometheus takes NUL for the end of the page.
    assert!(!text.contains('\0') && !open.contains('\0'));
}

#[test]
fn gauges_of_one_name_are_one_metric() {
    let page = Exposition::new().gauge("pool", "Connections.", [("state", "idle")], || 3.0).gauge(
        "pool",
        "Others.",
        [("state", "used")],
        || 4.0,
    );
    let [text, _] = accepted(&page);
    assert_eq!(text.matches("# TYPE pool gauge").count(), 1);
    assert!(text.contains("pool{state=\"idle\"} 3\npool{state=\"used\"} 4\n"), "{text}");
}

fn refused<const N: usize>(name: &'static str, labels: [(&'static str, &str); N]) -> String {
    let page = || Exposition::new().gauge("pool", "", [("a", "1"), ("b", "2")], || 0.0);
    let refused = catch_unwind(AssertUnwindSafe(|| page().gauge(name, "", labels, || 0.0)));
    refused.unwrap_err().downcast_ref::<String>().unwrap().clone()
}

#[test]
fn a_gauge_that_prometheus_refuses_is_refused_when_it_is_registered() {
    for name in ["", "not a name", "0", "a-b", "a:b", "é"] {
        assert!(refused(name, []).contains("is not a valid metric name"), "{name}");
    }
    assert!(refused("battlement_metrics_clashes", []).contains("is reserved"));
    for label in ["", "0", "a-b", "é"] {
        assert!(refused("x", [(label, "")]).contains("is not a valid label name"), "{label}");
    }
    for label in ["__name__", "__x", "le", "quantile"] {
        assert!(refused("x", [(label, "1")]).contains("is reserved"), "{label}");
    }
    let twice = refused("x", [("state", "idle"), ("state", "busy")]);
    assert_eq!(twice, "Exposition: gauge \"x\": label \"state\" is duplicate");
}

#[test]
fn a_series_that_is_there_is_refused_in_whatever_order_its_labels_are() {
    assert!(refused("pool", [("a", "1"), ("b", "2")]).contains("is already registered"));
    assert!(refused("pool", [("b", "2"), ("a", "1")]).contains("is already registered"));
    // To Prometheus an empty label is none.
    assert!(refused("pool", [("b", "2"), ("c", ""), ("a", "1")]).contains("is already registered"));
}

#[test]
fn a_name_that_is_taken_is_left_out_and_counted() {
    let page = Exposition::new()
        .gauge("jobs", "Ours.", [], || 1.0)
        .open_metrics(|| "# TYPE jobs gauge\njobs 2\n# TYPE other gauge\nother 3\n# EOF\n".into());
    for page in accepted(&page) {
        assert!(page.contains("jobs 1\n") && !page.contains("jobs 2"));
        assert!(
            page.contains("other 3\n") && page.contains("battlement_metrics_clashes 1\n"),
            "{page}"
        );
    }
}

#[test]
fn a_metric_may_not_take_the_name_of_another_s_samples() {
    let page = Exposition::new()
        .metrics(&HttpMetrics::builder().known_route(Method::GET, "/").build())
        .open_metrics(|| {
            "# TYPE http_server_request_duration_seconds_sum gauge\n\
             http_server_request_duration_seconds_sum 2\n\
             # TYPE a counter\na_total 1\n# TYPE a_created gauge\na_created 2\n# EOF\n"
                .into()
        });
    for page in accepted(&page) {
        assert!(page.contains("battlement_metrics_clashes 2\n"), "{page}");
        assert!(page.contains("\na_total 1\n") && !page.contains("\na_created "), "{page}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_gauge_that_has_the_name_of_another_source_is_not_added_to_it() {
    let page = Exposition::new().process().gauge("process_threads", "Mine.", [], || 1e9);
    let [text, _] = accepted(&page);
    assert!(text.contains("battlement_metrics_clashes 1\n") && !text.contains("Mine."), "{text}");
    assert!(!text.contains("process_threads 100"), "{text}");
}

#[test]
fn numbers_that_are_none_are_written_as_prometheus_reads_them() {
    let page = Exposition::new()
        .gauge("a", "", [], || f64::INFINITY)
        .gauge("b", "", [], || f64::NEG_INFINITY)
        .gauge("c", "", [], || f64::NAN)
        .gauge("d", "", [], || f64::MAX)
        .gauge("e", "", [], || 5e-324);
    for page in accepted(&page) {
        assert!(page.contains("a +Inf\n") && page.contains("b -Inf\n") && page.contains("c NaN\n"));
    }
}

#[test]
fn a_panicking_gauge_leaves_the_other_values_on_the_page_and_is_logged_once() {
    let (log, _guard) = Log::start();
    let page = Exposition::new()
        .gauge("first", "First.", [], || 1.0)
        .gauge("broken", "Broken.", [("state", "a")], || panic!("secret 42"))
        .gauge("broken", "Broken.", [("state", "b")], || 2.0)
        .open_metrics(|| panic!("secret 43"))
        .open_metrics(|| "# TYPE last gauge\nlast 3\n# EOF\n".into());
    for _ in 0..3 {
        for page in accepted(&page) {
            assert!(page.contains("first 1\n") && page.contains("last 3\n"), "{page}");
            assert!(page.contains("broken{state=\"b\"} 2\n") && !page.contains("state=\"a\""));
            assert!(page.contains("battlement_metrics_left_out{reason=\"panic\"} 2\n"), "{page}");
        }
    }
    let lines = log.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("ERROR") && lines[0].contains("metric=\"broken\""), "{lines:?}");
    assert!(lines[1].contains("metric=\"open_metrics\""), "{lines:?}");
    assert!(!log.text().contains("secret"), "{lines:?}");
}

#[tokio::test]
async fn a_scrape_of_a_page_with_a_panicking_gauge_is_answered() {
    let page = Exposition::new().gauge("broken", "Broken.", [], || panic!("of the gauge")).gauge(
        "other",
        "Other.",
        [],
        || 1.0,
    );
    let response = scrape(&page, &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(std::str::from_utf8(response.body()).unwrap().contains("other 1\n"));
}

#[test]
fn metrics_left_out_of_a_foreign_page_are_counted_and_logged_once_with_the_reason() {
    let (log, _guard) = Log::start();
    let page = Exposition::new().gauge("jobs", "Ours.", [], || 1.0).open_metrics(|| {
        "# TYPE jobs gauge\njobs 2\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nno number\nup 1\n"
            .into()
    });
    for _ in 0..3 {
        for page in accepted(&page) {
            assert!(page.contains("up 1\n") && page.contains("battlement_metrics_clashes 1\n"));
            let invalid = "battlement_metrics_left_out{reason=\"invalid\"} 2\n";
            assert!(page.contains(invalid), "{page}");
        }
    }
    let lines = log.lines();
    assert_eq!(lines.len(), 3, "{lines:?}");
    for (metric, reason) in [
        ("jobs", "name is already in use by another metric"),
        ("h", "a histogram has no bucket for +Inf"),
        ("line 5", "the value is not a number"),
    ] {
        let line = format!("metric=\"{metric}\" reason=\"{reason}\"");
        assert!(lines.iter().any(|there| there.contains(&line)), "{line} is missing in: {lines:?}");
    }
}

#[test]
fn a_page_that_changes_all_the_time_does_not_fill_the_log() {
    let (log, _guard) = Log::start();
    let nth = AtomicUsize::new(0);
    let page =
        Exposition::new().open_metrics(move || format!("x{} none\n", nth.fetch_add(1, Relaxed)));
    let many = Exposition::new().open_metrics(|| {
        (0..1_000).map(|n| format!("# TYPE c{n} counter\nc{n} -1\nc{n} -1\n")).collect()
    });
    for _ in 0..3 {
        let _ = (page.render(Format::Text), many.render(Format::Text));
    }
    assert_eq!(log.lines().len(), 1 + 100);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_source_registered_twice_is_shown_once() {
    let runtime = tokio::runtime::Handle::current();
    let metrics = HttpMetrics::new();
    let service = metrics.server_layer().layer(Probe::new());
    service.oneshot(Request::new(ProbeBody::empty())).await.unwrap().collect().await.unwrap();
    let once = |page: Exposition| {
        page.process()
            .build_info([("version", "1.2.3"), ("revision", "abc")])
            .metrics(&metrics)
            .runtime(&runtime)
            .schedule_delay(&runtime)
    };
    let page =
        once(once(Exposition::new()).build_info([("revision", "abc"), ("version", "1.2.3")]));
    let [text, _] = accepted(&page.metrics(&metrics.clone()));
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name} is missing in: {text}")).parse::<f64>().unwrap()
    };
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    assert!(value("process_start_time_seconds") <= now.as_secs_f64());
    assert_eq!(value("battlement_build_info{revision=\"abc\",version=\"1.2.3\"}"), 1.0);
    assert_eq!(value("tokio_workers"), 1.0);
    let requests = r#"http_server_request_duration_seconds_count{http_request_method="GET",url_scheme="http",http_response_status_code="200"}"#;
    assert_eq!(value(requests), 1.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn at_most_two_pages_are_made_at_once_and_none_on_a_worker() {
    let (making, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let worker = std::thread::current().id();
    let page = Exposition::new().open_metrics({
        let (making, most) = (Arc::clone(&making), Arc::clone(&most));
        move || {
            assert_ne!(std::thread::current().id(), worker);
            most.fetch_max(making.fetch_add(1, Relaxed) + 1, Relaxed);
            let deadline = std::time::Instant::now() + Duration::from_millis(50);
            while std::time::Instant::now() < deadline {}
            making.fetch_sub(1, Relaxed);
            "# EOF\n".into()
        }
    });
    let scrapes = (0..6).map(|_| {
        let page = page.clone();
        tokio::spawn(async move { scrape(&page, &[]).await.status() })
    });
    for scrape in scrapes.collect::<Vec<_>>() {
        assert_eq!(scrape.await.unwrap(), StatusCode::OK);
    }
    assert_eq!(most.load(Relaxed), 2);
}

#[tokio::test]
async fn a_task_that_blocks_its_thread_shows_in_the_schedule_delay() {
    let page = Exposition::new().schedule_delay(&tokio::runtime::Handle::current());
    let late = |page: &Exposition| {
        let page = page.render(Format::Text);
        let value = |start: &str| -> f64 {
            let line = page.lines().find_map(|line| line.strip_prefix(start));
            line.unwrap().parse().unwrap()
        };
        let soon = value("tokio_schedule_delay_seconds_bucket{le=\"0.05\"} ");
        value("tokio_schedule_delay_seconds_count ") - soon
    };
    let blocked = battlement_testkit::eventually(Duration::from_secs(10), || {
        let deadline = std::time::Instant::now() + Duration::from_millis(200);
        while std::time::Instant::now() < deadline {}
        late(&page) > 0.0
    });
    assert!(blocked.await, "{}", page.render(Format::Text));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_process_the_runtime_and_the_build_are_shown() {
    let runtime = tokio::runtime::Handle::current();
    let page = Exposition::new().process().runtime(&runtime).build_info([("version", "1.2.3")]);
    let text = page.render(Format::Text);
    let value = |name: &str| {
        let sample = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        sample.and_then(|value| value.parse::<f64>().ok())
    };
    assert!(value("process_resident_memory_bytes").unwrap() > 1e6, "{text}");
    assert!(value("process_open_fds").unwrap() >= 3.0 && value("process_threads").unwrap() >= 1.0);
    assert!(value("process_start_time_seconds").unwrap() > 1.6e9);
    assert!(value("process_cpu_seconds_total").is_some() && value("process_max_fds").is_some());
    assert_eq!(value("tokio_workers"), Some(1.0));
    assert!(text.contains("tokio_worker_busy_seconds_total{worker=\"0\"} "), "{text}");
    assert!(text.contains("battlement_build_info{version=\"1.2.3\"} 1\n"), "{text}");
}
