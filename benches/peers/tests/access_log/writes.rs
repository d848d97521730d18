//! The thread that writes the lines.

use std::{
    io,
    sync::{Arc, Mutex},
    thread::{self, ThreadId},
};

use battlement_access_log::{AccessLogLayer, Format, Names, Writer};
use tracing::Level;
use tracing_subscriber::fmt;

use crate::{answered, get, hello, trace};

/// An output that notes the threads that write to it.
#[derive(Clone, Default)]
struct Threads(Arc<Mutex<Vec<ThreadId>>>);

impl io::Write for Threads {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().push(thread::current().id());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_line_of_trace_layer_is_written_by_the_thread_of_the_request() {
    let threads = Threads::default();
    let output = threads.clone();
    let subscriber = fmt().with_max_level(Level::INFO).with_writer(move || output.clone()).finish();
    let _subscriber = tracing::subscriber::set_default(subscriber);
    answered(&trace(), get("/orders"), 200, hello).await;
    assert_eq!(*threads.0.lock().unwrap(), [thread::current().id()]);
}

#[tokio::test]
async fn a_line_of_our_writer_is_written_by_another_thread() {
    let threads = Threads::default();
    let writer = Writer::to(threads.clone(), Format::Json(Names::default()));
    let layer = AccessLogLayer::new().writer(writer.clone());
    answered(&layer, get("/orders"), 200, hello).await;
    writer.flush();
    let threads = threads.0.lock().unwrap();
    assert!(threads.len() == 1 && threads[0] != thread::current().id(), "{threads:?}");
}
