//! A body that arrives as slowly as a test needs it, and services that read it.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use battlement_timeout::{
    BodyLimits, BodyTimeoutLayer, Elapsed, ElapsedKind, Observe, TimeoutBody,
};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Full};
use tokio::time::{Instant, Sleep, sleep};
use tower::{Layer as _, ServiceExt as _, service_fn};

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A body whose frames each arrive some time after the former was read, and which ends with the last.
#[derive(Debug, Default)]
pub(crate) struct Drip {
    frames: VecDeque<(Duration, &'static str)>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Drip {
    /// Creates a body of one byte after each of these milliseconds.
    pub(crate) fn bytes(waits: &[u64]) -> Self {
        Self::frames(waits.iter().map(|wait| (*wait, "x")))
    }

    pub(crate) fn frames(frames: impl IntoIterator<Item = (u64, &'static str)>) -> Self {
        let frames = frames.into_iter().map(|(wait, data)| (ms(wait), data)).collect();
        Self { frames, sleep: None }
    }

    /// Creates a body that never arrives.
    pub(crate) fn never() -> Self {
        Self::bytes(&[u64::from(u32::MAX)])
    }
}

impl Body for Drip {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some((wait, data)) = self.frames.front().copied() else { return Poll::Ready(None) };
        if !wait.is_zero() {
            ready!(self.sleep.get_or_insert_with(|| Box::pin(sleep(wait))).as_mut().poll(cx));
        }
        self.sleep = None;
        self.frames.pop_front();
        Poll::Ready(Some(Ok(Frame::data(data.into()))))
    }
}

/// A count of expiries by kind.
#[derive(Debug, Default)]
pub(crate) struct Expiries(AtomicUsize);

impl Expiries {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Relaxed)
    }
}

impl Observe for Expiries {
    fn expired(&self, kind: ElapsedKind) {
        assert!(matches!(kind, ElapsedKind::RequestBody | ElapsedKind::ResponseBody));
        self.0.fetch_add(1, Relaxed);
    }
}

/// The direction of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Request,
    Response,
}

impl Direction {
    pub(crate) const BOTH: [Self; 2] = [Self::Request, Self::Response];
}

/// The end of a body, and the time until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Complete(Duration),
    Expired(Duration),
}

/// Sends `body` in `direction` through a layer with `limits`; an expiry must be reported once, and a complete body never.
pub(crate) async fn end_of(direction: Direction, limits: BodyLimits, body: Drip) -> End {
    let (start, expiries) = (Instant::now(), Arc::new(Expiries::default()));
    let layer = BodyTimeoutLayer::new().observe(Arc::clone(&expiries));
    let is_complete = match direction {
        Direction::Request => {
            let service = layer.request(limits).layer(service_fn(count_bytes));
            let response = service.oneshot(Request::post("/").body(body).unwrap()).await.unwrap();
            assert!([200, 408].contains(&response.status().as_u16()));
            response.status() == 200
        }
        Direction::Response => {
            let answer = Arc::new(std::sync::Mutex::new(Some(body)));
            let service = service_fn(move |_: Request<TimeoutBody<Drip>>| {
                let body = answer.lock().unwrap().take().unwrap();
                async { Ok::<_, Infallible>(Response::new(body)) }
            });
            let service = layer.response(limits).layer(service);
            let response = service.oneshot(Request::new(Drip::default())).await.unwrap();
            let collected = response.into_body().collect().await;
            collected.map_err(|error| assert_elapsed(&error, ElapsedKind::ResponseBody)).is_ok()
        }
    };
    assert_eq!(expiries.count(), usize::from(!is_complete));
    let time = start.elapsed();
    if is_complete { End::Complete(time) } else { End::Expired(time) }
}

pub(crate) fn assert_elapsed(error: &BoxError, kind: ElapsedKind) {
    assert_eq!(error.downcast_ref::<Elapsed>().map(Elapsed::kind), Some(kind), "{error}");
}

/// Answers the number of bytes, or 400 if the body fails.
pub(crate) async fn count_bytes<B>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible>
where
    B: Body<Data = Bytes, Error = BoxError>,
{
    let (status, text) = match request.into_body().collect().await {
        Ok(body) => (StatusCode::OK, body.to_bytes().len().to_string()),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()),
    };
    Ok(Response::builder().status(status).body(text.into()).unwrap())
}
