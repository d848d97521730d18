//! The page, as a scraper gets it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a thread is kept busy")]

use std::{
    io::Read,
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

/// A request of a trace, sampled or not.
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

#[tokio::test]
async fn values_of_labels_cannot_break_out_of_their_quotes() {
    let page =
        Exposition::new().gauge("odd", "Odd\\\n\"help\".", [("value", "a\"b\\c\nd")], || 1.5);
    assert!(page.render(Format::Text).contains("odd{value=\"a\\\"b\\\\c\\nd\"} 1.5\n"));
    assert!(page.render(Format::Text).contains("# HELP odd Odd\\\\\\n\"help\".\n"));
    assert!(page.render(Format::OpenMetrics).contains("# HELP odd Odd\\\\\\n\\\"help\\\".\n"));
}

#[tokio::test]
async fn gauges_of_one_name_are_one_metric() {
    let page = Exposition::new().gauge("pool", "Connections.", [("state", "idle")], || 3.0).gauge(
        "pool",
        "Connections.",
        [("state", "used")],
        || 4.0,
    );
    let text = page.render(Format::Text);
    assert_eq!(text.matches("# TYPE pool gauge").count(), 1);
    assert!(text.contains("pool{state=\"idle\"} 3\npool{state=\"used\"} 4\n"), "{text}");
}

#[tokio::test]
async fn a_name_that_is_taken_is_left_out_and_counted() {
    let page = Exposition::new()
        .gauge("jobs", "Ours.", [], || 1.0)
        .open_metrics(|| "# TYPE jobs gauge\njobs 2\n# TYPE other gauge\nother 3\n# EOF\n".into());
    let text = page.render(Format::Text);
    assert!(text.contains("jobs 1\n") && !text.contains("jobs 2"));
    assert!(
        text.contains("other 3\n") && text.contains("battlement_metrics_clashes 1\n"),
        "{text}"
    );
}

#[tokio::test]
async fn a_metric_may_not_take_the_name_of_another_s_samples() {
    let page = Exposition::new()
        .metrics(&HttpMetrics::builder().known_route(Method::GET, "/").build())
        .open_metrics(|| {
            "# TYPE http_server_request_duration_seconds_sum gauge\n\
             http_server_request_duration_seconds_sum 2\n\
             # TYPE a counter\na_total 1\n# TYPE a_total gauge\na_total 2\n# EOF\n"
                .into()
        });
    for format in [Format::Text, Format::OpenMetrics] {
        let page = page.render(format);
        assert!(page.contains("battlement_metrics_clashes 2\n"), "{page}");
        assert_eq!(page.matches("\na_total ").count(), 1, "{page}");
    }
}

#[tokio::test]
async fn numbers_that_are_none_are_written_as_prometheus_reads_them() {
    let page = Exposition::new()
        .gauge("a", "", [], || f64::INFINITY)
        .gauge("b", "", [], || f64::NEG_INFINITY)
        .gauge("c", "", [], || f64::NAN)
        .render(Format::Text);
    assert!(page.contains("a +Inf\n") && page.contains("b -Inf\n") && page.contains("c NaN\n"));
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

#[test]
#[should_panic(expected = "no name")]
fn a_name_that_prometheus_does_not_read_is_refused() {
    let _ = Exposition::new().gauge("not a name", "", [], || 0.0);
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
