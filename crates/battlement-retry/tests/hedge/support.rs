use std::{
    collections::VecDeque,
    error::Error,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use battlement_core::{CallFacts, DropReason};
use battlement_retry::{Observe, ReplayBody, StopReason};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use tokio::time::Instant;
use tower::util::BoxCloneService;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;
pub(crate) type Sent = UnsyncBoxBody<Bytes, io::Error>;
pub(crate) type Reply = io::Result<Response<Full<Bytes>>>;
pub(crate) type Service =
    BoxCloneService<Request<ReplayBody<Sent>>, Response<Full<Bytes>>, io::Error>;

pub(crate) const MILLISECOND: Duration = Duration::from_millis(1);
/// The delay of most layers of these tests.
pub(crate) const DELAY: Duration = Duration::from_millis(50);

/// A copy as the upstream received it.
pub(crate) struct Seen {
    pub(crate) at: Instant,
    pub(crate) attempt: u32,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// An upstream that answers in a given order after given times, and then at once with 200.
#[derive(Clone, Default)]
pub(crate) struct Upstream {
    plans: Arc<Mutex<VecDeque<(Duration, Reply)>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    dropped: Arc<Mutex<Vec<Option<DropReason>>>>,
}

/// Records the reason for which a copy is dropped.
struct Unanswered(Upstream, bool);

impl Drop for Unanswered {
    fn drop(&mut self) {
        if !self.1 {
            self.0.dropped.lock().unwrap().push(DropReason::current());
        }
    }
}

impl Upstream {
    /// Creates an upstream with these times in milliseconds and replies.
    pub(crate) fn of(plans: impl IntoIterator<Item = (u32, Reply)>) -> Self {
        let plans = plans.into_iter().map(|(millis, reply)| (millis * MILLISECOND, reply));
        Self { plans: Arc::new(Mutex::new(plans.collect())), ..Self::default() }
    }

    /// Adds a copy that is answered with 200 after this time.
    pub(crate) fn push(&self, millis: u32) {
        self.plans.lock().unwrap().push_back((millis * MILLISECOND, status(200)));
    }

    pub(crate) fn attempts(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub(crate) fn seen<T>(&self, each: impl FnMut(&Seen) -> T) -> Vec<T> {
        self.seen.lock().unwrap().iter().map(each).collect()
    }

    /// Returns the times of the copies after `start`, in milliseconds.
    pub(crate) fn times(&self, start: Instant) -> Vec<u128> {
        self.seen(|seen| (seen.at - start).as_millis())
    }

    /// Returns the reasons for which copies were dropped before their answer.
    pub(crate) fn dropped(&self) -> Vec<Option<DropReason>> {
        self.dropped.lock().unwrap().clone()
    }

    pub(crate) fn service(&self) -> Service {
        let upstream = self.clone();
        BoxCloneService::new(tower::service_fn(move |request| upstream.clone().answer(request)))
    }

    async fn answer(self, request: Request<ReplayBody<Sent>>) -> Reply {
        let attempt = request.extensions().get().map_or(0, CallFacts::attempt);
        let (head, body) = request.into_parts();
        let at = Instant::now();
        let index = {
            let mut seen = self.seen.lock().unwrap();
            seen.push(Seen { at, attempt, headers: head.headers, body: Bytes::new() });
            seen.len() - 1
        };
        let plan = self.plans.lock().unwrap().pop_front();
        let (time, reply) = plan.unwrap_or_else(|| (Duration::ZERO, status(200)));
        let mut unanswered = Unanswered(self.clone(), false);
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        self.seen.lock().unwrap()[index].body = body;
        tokio::time::sleep(time).await;
        unanswered.1 = true;
        reply
    }
}

/// Counts of an observer.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) sent: AtomicU64,
    pub(crate) won: AtomicU64,
    pub(crate) stopped: Mutex<Vec<StopReason>>,
}

impl Observe for Counts {
    fn hedge(&self) {
        self.sent.fetch_add(1, Relaxed);
    }

    fn hedge_won(&self) {
        self.won.fetch_add(1, Relaxed);
    }

    fn hedge_stopped(&self, reason: StopReason) {
        self.stopped.lock().unwrap().push(reason);
    }
}

impl Counts {
    /// Returns the copies that were sent, and those of them that won.
    pub(crate) fn sent_and_won(&self) -> (u64, u64) {
        (self.sent.load(Relaxed), self.won.load(Relaxed))
    }
}

pub(crate) fn status(status: u16) -> Reply {
    answer(status, &[])
}

pub(crate) fn answer(status: u16, headers: &[(&'static str, &str)]) -> Reply {
    let mut response = Response::new(Full::from(format!("body of {status}")));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response.headers_mut().append(*name, value.parse().unwrap());
    }
    Ok(response)
}

pub(crate) fn boxed<B>(body: B) -> Sent
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    body.map_err(io::Error::other).boxed_unsync()
}

pub(crate) fn get() -> Request<Sent> {
    Request::get("http://stock/items").body(boxed(Full::default())).unwrap()
}

pub(crate) fn put<B>(body: B) -> Request<Sent>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    Request::put("http://stock/orders/7").body(boxed(body)).unwrap()
}

pub(crate) fn post() -> Request<Sent> {
    Request::post("http://stock/orders").body(boxed(Full::from("order 7"))).unwrap()
}
