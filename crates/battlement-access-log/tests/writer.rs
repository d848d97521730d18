//! A writer emits whole lines, counts those it loses, and never blocks a request.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod log;

use std::{
    convert::Infallible,
    future::pending,
    io::{self, Write as _},
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use battlement_access_log::{AccessLogLayer, Format, Names, Writer};
use http::{Request, Response};
use http_body_util::{Empty, Full};
use log::{get, send};
use serde_json::Value;
use tower::{Layer, Service, service_fn};

const JSON: Format = Format::Json(Names::OpenTelemetry);

/// The bytes that an output took, with one entry for each call.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<Vec<Vec<u8>>>>);

impl Calls {
    /// Returns everything that was written.
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().concat()).unwrap()
    }

    fn records(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl io::Write for Calls {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An output whose calls wait for a permit, like a pipe that is not read.
struct Stopped {
    calls: Calls,
    entered: Sender<()>,
    permits: Receiver<()>,
}

impl io::Write for Stopped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.entered.send(()).unwrap();
        // After the test has dropped its end, each call passes.
        let _ = self.permits.recv();
        self.calls.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An output that does in each call what the next step says.
struct Steps(Calls, std::vec::IntoIter<io::Result<usize>>);

impl io::Write for Steps {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.1.next().unwrap_or(Ok(usize::MAX))?.min(bytes.len());
        assert!(count > 0, "an output may panic");
        self.0.write(&bytes[..count])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn request(layer: &AccessLogLayer, path: &str) {
    send(layer, get(path), Response::new(Full::<bytes::Bytes>::from("hello"))).await;
}

#[tokio::test]
async fn each_line_is_whole_and_one_call() {
    let calls = Calls::default();
    let writer = Writer::to(calls.clone(), JSON);
    let layer = AccessLogLayer::new().writer(writer.clone());
    for path in ["/1", "/2", "/3"] {
        request(&layer, path).await;
    }
    assert!(writer.flush_within(Duration::from_secs(60)));
    let lines = calls.0.lock().unwrap().clone();
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|line| line.ends_with(b"}\n")));
    assert_eq!((writer.handle().written(), writer.handle().dropped()), (3, 0));
    assert_eq!(calls.records()[2]["url.path"], "/3");
}

#[tokio::test]
async fn lines_that_find_the_queue_full_are_counted_in_the_next_line() {
    let (entered, is_entered) = channel();
    let (permit, permits) = channel();
    let calls = Calls::default();
    let output = Stopped { calls: calls.clone(), entered, permits };
    let writer = Writer::to(output, JSON).queue(2);
    let layer = AccessLogLayer::new().writer(writer.clone());
    request(&layer, "/1").await;
    is_entered.recv().unwrap();
    // The thread holds the first line, two fill the queue, and three find no room.
    for path in ["/2", "/3", "/4", "/5", "/6"] {
        request(&layer, path).await;
    }
    assert!(!writer.flush_within(Duration::from_millis(20)), "a stopped output was flushed");
    assert_eq!((writer.handle().written(), writer.handle().dropped()), (0, 3));
    drop(permit);
    assert!(writer.flush_within(Duration::from_secs(60)));
    request(&layer, "/7").await;
    assert!(writer.flush_within(Duration::from_secs(60)));
    let records = calls.records();
    let paths: Vec<_> = records.iter().map(|record| record["url.path"].as_str().unwrap()).collect();
    let dropped: Vec<_> = records.iter().map(|record| record["dropped_lines"].as_u64()).collect();
    assert_eq!(paths, ["/1", "/2", "/3", "/7"]);
    assert_eq!(dropped, [None, Some(3), None, None]);
    assert_eq!((writer.handle().written(), writer.handle().dropped()), (4, 3));
}

#[tokio::test]
async fn a_line_that_fails_is_counted_and_the_next_one_starts_on_a_line_of_its_own() {
    let calls = Calls::default();
    let steps = [
        Ok(3),
        Err(io::ErrorKind::BrokenPipe.into()),
        Err(io::ErrorKind::Interrupted.into()),
        Ok(4),
        Ok(usize::MAX),
        Ok(0),
    ];
    let writer = Writer::to(Steps(calls.clone(), Vec::from(steps).into_iter()), JSON);
    let layer = AccessLogLayer::new().writer(writer.clone());
    for path in ["/torn", "/in-parts", "/panics", "/last"] {
        request(&layer, path).await;
    }
    assert!(writer.flush_within(Duration::from_secs(60)));
    let text = calls.text();
    let (torn, rest) = text.split_once('\n').unwrap();
    assert_eq!(torn, "{\"t");
    let records: Vec<Value> =
        rest.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(records[0]["url.path"], "/in-parts");
    assert_eq!(records[1]["url.path"], "/last");
    assert!(records.iter().all(|record| record["dropped_lines"] == 1));
    assert_eq!((writer.handle().written(), writer.handle().dropped()), (2, 2));
}

/// Calls a service that never answers.
fn waiting(layer: &AccessLogLayer) -> impl Future + use<> {
    let service = service_fn(|_: Request<Empty<bytes::Bytes>>| {
        pending::<Result<Response<Empty<bytes::Bytes>>, Infallible>>()
    });
    layer.layer(service).call(get("/"))
}

#[test]
fn a_hundred_thousand_cancelled_requests_are_written_or_counted_as_dropped() {
    let calls = Calls::default();
    let writer = Writer::to(calls.clone(), JSON).queue(16);
    let layer = AccessLogLayer::new().writer(writer.clone());
    for _ in 0..100_000 {
        drop(waiting(&layer));
    }
    assert!(writer.flush_within(Duration::from_secs(60)));
    let records = calls.records();
    let reported: u64 = records.iter().filter_map(|record| record["dropped_lines"].as_u64()).sum();
    let handle = writer.handle();
    assert!(records.iter().all(|record| record["outcome"] == "cancelled"));
    assert_eq!(handle.written(), records.len() as u64);
    assert_eq!(handle.written() + handle.dropped(), 100_000);
    assert_eq!(reported, handle.dropped());
}

#[test]
fn a_line_is_written_while_a_panic_unwinds() {
    let calls = Calls::default();
    let writer = Writer::to(calls.clone(), JSON);
    let future = waiting(&AccessLogLayer::new().writer(writer.clone()));
    let unwind = move || {
        let _future = future;
        resume_unwind(Box::new("elsewhere"))
    };
    assert!(catch_unwind(AssertUnwindSafe(unwind)).is_err());
    assert!(writer.flush_within(Duration::from_secs(60)));
    let [record] = calls.records().try_into().unwrap();
    assert_eq!(record["outcome"], "cancelled");
}

/// An output that tells when it is dropped.
struct Dropped(Calls, Sender<()>);

impl io::Write for Dropped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.1.send(());
    }
}

#[tokio::test]
async fn the_thread_ends_after_the_last_clone_is_dropped_and_the_queue_is_written() {
    let (calls, (dropped, is_dropped)) = (Calls::default(), channel());
    let writer = Writer::to(Dropped(calls.clone(), dropped), JSON);
    let layer = AccessLogLayer::new().writer(writer.clone());
    for _ in 0..100 {
        request(&layer, "/").await;
    }
    drop((layer, writer));
    is_dropped.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(calls.records().len(), 100);
}

#[tokio::test]
async fn lines_of_a_subscriber_share_the_queue_and_report_what_was_lost_in_their_own_format() {
    let (entered, is_entered) = channel();
    let (permit, permits) = channel();
    let calls = Calls::default();
    let output = Stopped { calls: calls.clone(), entered, permits };
    let writer = Writer::to(output, JSON).queue(1);
    let layer = AccessLogLayer::new().writer(writer.clone());
    request(&layer, "/1").await;
    is_entered.recv().unwrap();
    // The thread holds the record, a line fills the queue, and two find no room.
    let mut lines = writer.lines();
    for line in ["{\"message\":\"queued\"}\n", "{\"message\":\"lost\"}\n", "lost\n"] {
        assert_eq!(lines.write(line.as_bytes()).unwrap(), line.len());
    }
    drop(permit);
    lines.flush().unwrap();
    let records = calls.records();
    assert_eq!(records[0]["url.path"], "/1");
    assert_eq!(records[1], serde_json::json!({ "message": "queued", "dropped_lines": 2 }));
    assert_eq!((writer.handle().written(), writer.handle().dropped()), (2, 2));
}

#[test]
fn lost_lines_are_reported_at_the_end_of_a_line_that_is_text() {
    let calls = Calls::default();
    let steps = [Ok(0), Ok(usize::MAX)];
    let writer = Writer::to(Steps(calls.clone(), Vec::from(steps).into_iter()), JSON);
    let mut lines = writer.lines();
    for line in ["INFO lost\n", "INFO order=Order { items: 2 }\n"] {
        lines.write_all(line.as_bytes()).unwrap();
    }
    lines.flush().unwrap();
    assert_eq!(calls.text(), "INFO order=Order { items: 2 } dropped_lines=1\n");
}
