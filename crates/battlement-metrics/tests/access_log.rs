//! Metrics beside an access log, and the counts of its records on the page.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;

use std::{
    convert::Infallible,
    future::{pending, ready},
    io::{self, Write as _},
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};

use battlement_access_log::{AccessLogLayer, ErrorType, Format as Lines, Names, Sample, Writer};
use battlement_core::{Ids, RequestFacts, RequestId};
use battlement_metrics::{Exposition, Format, access_log::AccessLogMetrics};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tokio::time::Instant;
use tokio_test::{assert_pending, task};
use tower::{Layer, ServiceExt, service_fn};

use self::page::accepted;

/// Returns the value of a series on the page.
fn value(metrics: &AccessLogMetrics, series: &str) -> Option<u64> {
    let text = Exposition::new().access_log(metrics).render(Format::Text);
    let name = format!("battlement_access_log_{series} ");
    text.lines().find_map(|line| line.strip_prefix(&name)).map(|value| value.parse().unwrap())
}

fn layer(metrics: &AccessLogMetrics) -> AccessLogLayer {
    AccessLogLayer::new()
        .writer(Writer::to(io::sink(), Lines::Json(Names::default())))
        .observe(metrics.clone())
}

/// Sends a request that is answered with `status`.
async fn answered(layer: &AccessLogLayer, request: Request<()>, status: StatusCode) {
    let respond = move |_| {
        let mut response = Response::new(Full::<Bytes>::default());
        *response.status_mut() = status;
        ready(Ok::<_, Infallible>(response))
    };
    drop(layer.layer(service_fn(respond)).oneshot(request).await.unwrap());
}

#[test]
fn every_outcome_with_a_word_has_a_series_before_the_first_record() {
    let metrics = AccessLogMetrics::new();
    let [page, _] = accepted(&Exposition::new().access_log(&metrics));
    let words = ErrorType::ALL.into_iter().filter_map(ErrorType::as_str);
    let words: Vec<&str> = words.chain(["ok", "client_error"]).collect();
    for word in &words {
        let series = format!("battlement_access_log_records_total{{outcome=\"{word}\"}} 0\n");
        assert!(page.contains(&series), "{series}: {page}");
    }
    assert_eq!(page.matches("records_total{").count(), words.len());
    assert_eq!(value(&metrics, "dropped_total"), Some(0));
    assert_eq!(value(&metrics, "sampled_out_total"), Some(0));
}

#[tokio::test]
async fn records_are_counted_by_outcome_and_a_status_begins_with_its_first_record() {
    let metrics = AccessLogMetrics::new();
    let layer = layer(&metrics);
    for status in [200, 200, 404, 502] {
        answered(&layer, Request::new(()), StatusCode::from_u16(status).unwrap()).await;
    }
    let hanging = service_fn(|_| pending::<Result<Response<Full<Bytes>>, Infallible>>());
    assert_pending!(task::spawn(layer.layer(hanging).oneshot(Request::new(()))).poll());
    for (outcome, count) in [
        ("ok", Some(2)),
        ("client_error", Some(1)),
        ("502", Some(1)),
        ("cancelled", Some(1)),
        ("panic", Some(0)),
        ("503", None),
    ] {
        let series = format!("records_total{{outcome=\"{outcome}\"}}");
        assert_eq!(value(&metrics, &series), count, "{outcome}");
    }
}

#[tokio::test]
async fn records_that_sampling_leaves_out_are_counted_apart() {
    const REQUESTS: u64 = 100;
    let metrics = AccessLogMetrics::new();
    let layer = layer(&metrics).sample(Sample::one_in(10)).slow(Duration::from_secs(3600));
    for n in 0..REQUESTS {
        let id = RequestId::from_bytes(format!("request-{n}").as_bytes()).unwrap();
        let mut request = Request::new(());
        let facts = RequestFacts::identified(Instant::now(), Ids::new(id));
        request.extensions_mut().insert(facts);
        answered(&layer, request, StatusCode::OK).await;
    }
    let recorded = value(&metrics, r#"records_total{outcome="ok"}"#).unwrap();
    let left_out = value(&metrics, "sampled_out_total").unwrap();
    assert_eq!(recorded + left_out, REQUESTS);
    assert!(recorded > 0 && left_out > recorded, "{recorded} {left_out}");
}

/// An output that tells when it was called, and then waits.
struct Stopped {
    called: Sender<()>,
    go_on: Receiver<()>,
}

impl io::Write for Stopped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.called.send(());
        let _ = self.go_on.recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn records_that_the_writer_drops_are_counted_among_all_records() {
    let (metrics, (called, is_called), (done, go_on)) =
        (AccessLogMetrics::new(), channel(), channel());
    let writer = Writer::to(Stopped { called, go_on }, Lines::Combined).queue(2);
    let layer = AccessLogLayer::new().writer(writer.clone()).observe(metrics.clone());
    // The thread has the first line, two wait in the queue, and two are dropped.
    answered(&layer, Request::new(()), StatusCode::OK).await;
    is_called.recv().unwrap();
    for _ in 0..4 {
        answered(&layer, Request::new(()), StatusCode::OK).await;
    }
    assert_eq!(value(&metrics, "dropped_total"), Some(2));
    assert_eq!(value(&metrics, r#"records_total{outcome="ok"}"#), Some(5));
    assert_eq!(writer.handle().dropped(), 2);
    drop(done);
}

#[test]
fn lines_of_a_subscriber_that_find_the_queue_full_are_counted_if_they_are_observed() {
    let (metrics, (called, is_called), (done, go_on)) =
        (AccessLogMetrics::new(), channel(), channel());
    let writer = Writer::to(Stopped { called, go_on }, Lines::Combined).queue(1);
    let (mut lines, mut silent) = (writer.lines().observe(metrics.clone()), writer.lines());
    // The thread has the first line, one waits in the queue, and two are dropped, of which one is observed.
    lines.write_all(b"1\n").unwrap();
    is_called.recv().unwrap();
    lines.write_all(b"2\n").unwrap();
    silent.write_all(b"3\n").unwrap();
    lines.clone().write_all(b"4\n").unwrap();
    assert_eq!(value(&metrics, "dropped_total"), Some(1));
    assert_eq!(writer.handle().dropped(), 2);
    drop(done);
}

#[test]
fn two_values_on_a_page_are_added_up_and_clones_are_one() {
    let (one, other) = (AccessLogMetrics::new(), AccessLogMetrics::new());
    for metrics in [&one, &one, &other] {
        battlement_access_log::Observe::sampled_out(metrics);
    }
    let page = Exposition::new().access_log(&one).access_log(&one.clone()).access_log(&other);
    assert!(page.render(Format::Text).contains("battlement_access_log_sampled_out_total 3\n"));
}
