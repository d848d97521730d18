//! Lines of a subscriber.

use std::{io::Write as _, sync::mpsc::channel};

use crate::{
    lost::request,
    outputs::{Calls, JSON, Steps, Stopped},
};
use battlement_access_log::{AccessLogLayer, Writer};

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
