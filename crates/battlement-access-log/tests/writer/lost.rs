//! Lines that are not written are counted.

use std::{
    io::{self},
    sync::mpsc::channel,
    time::Duration,
};

use crate::{
    log::{get, send},
    outputs::{Calls, JSON, Steps, Stopped},
};
use battlement_access_log::{AccessLogLayer, Writer};
use http::Response;
use http_body_util::Full;
use serde_json::Value;

pub(crate) async fn request(layer: &AccessLogLayer, path: &str) {
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
