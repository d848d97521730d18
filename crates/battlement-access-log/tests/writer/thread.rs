//! The end of the thread.

use std::{sync::mpsc::channel, time::Duration};

use crate::{
    lost::request,
    outputs::{Calls, Dropped, JSON},
};
use battlement_access_log::{AccessLogLayer, Writer};

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
async fn a_layer_flushes_its_writer_which_may_be_one_of_a_settings_file() {
    let writer = Writer::to(Calls::default(), JSON);
    let layer = AccessLogLayer::new().writer(writer.clone());
    for _ in 0..5_000 {
        request(&layer, "/").await;
    }
    layer.flush();
    assert_eq!((writer.handle().written(), writer.handle().dropped()), (5_000, 0));
    // An event has no queue.
    AccessLogLayer::new().flush();
}
