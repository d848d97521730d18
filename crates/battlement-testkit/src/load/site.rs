use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::Empty;
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

use super::{End, Load, Tally};

/// The pause after a failed connection or stream, so that a server that is down is not flooded.
const FAILURE_PAUSE: Duration = Duration::from_millis(5);

/// The number of losses that each load logs, so that a server that loses all requests does not fill the log.
const LOGGED_LOSSES: u64 = 3;

/// The state of a load that its callers need.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) addr: SocketAddr,
    path: Arc<str>,
    headers: HeaderMap,
    /// The number of the caller.
    pub(super) nth: u64,
    tally: watch::Sender<Tally>,
    patience: Duration,
    stopped: watch::Receiver<Option<Instant>>,
}

impl Site {
    pub(super) fn new(
        addr: SocketAddr,
        load: &Load,
        nth: u64,
        tally: watch::Sender<Tally>,
        stopped: watch::Receiver<Option<Instant>>,
    ) -> Self {
        let Load { path, headers, patience, .. } = load;
        let (path, headers) = (path.as_str().into(), headers.clone());
        Self { addr, path, headers, nth, tally, patience: *patience, stopped }
    }

    /// Returns a GET request.
    pub(super) fn get(&self) -> Request<Empty<Bytes>> {
        self.request(Method::GET, Empty::new())
    }

    /// Returns a POST request.
    pub(super) fn post<B>(&self, body: B) -> Request<B> {
        self.request(Method::POST, body)
    }

    fn request<B>(&self, method: Method, body: B) -> Request<B> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = self.path.parse().expect("the path of a load must be valid in a URI");
        request.headers_mut().clone_from(&self.headers);
        request
    }

    pub(super) fn record(&self, end: End) {
        self.tally.send_modify(|tally| tally.count(end));
    }

    /// Writes an event for one of the first requests that are lost.
    pub(super) fn log_loss(&self, end: End, error: &dyn fmt::Debug) {
        if self.tally.borrow().lost() < LOGGED_LOSSES {
            tracing::warn!(addr = %self.addr, path = %self.path, ?end, ?error, "request lost");
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.borrow().is_some()
    }

    /// Waits until the load is stopped.
    pub(super) async fn stopped(&self) {
        // An error means that the load was dropped.
        let _ = self.stopped.clone().wait_for(Option::is_some).await;
    }

    /// Waits until the load is stopped and its patience is over.
    pub(super) async fn given_up(&self) {
        self.stopped().await;
        let stopped = *self.stopped.borrow();
        if let Some(stopped) = stopped {
            sleep_until(stopped + self.patience).await;
        }
    }

    /// Pauses, at most until the load is stopped.
    pub(super) async fn pause(&self, time: Duration) {
        tokio::select! {
            () = sleep(time) => {}
            () = self.stopped() => {}
        }
    }

    /// Records a failed connection attempt, so that no request was sent, and pauses.
    pub(super) async fn not_connected(&self) {
        self.record(End::NotProcessed);
        self.failed().await;
    }

    /// Pauses after a failure.
    pub(super) async fn failed(&self) {
        self.pause(FAILURE_PAUSE).await;
    }
}
