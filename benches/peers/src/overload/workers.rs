use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use anyhow::{Result, bail};
use battlement_testkit::load::OpenLoop;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::{sync::Semaphore, time::sleep};
use tower::Service;

const WORKERS: usize = 8;
const MEAN: Duration = Duration::from_millis(10);
/// The number of different random times.
const RANDOM: usize = 1 << 16;

/// The times for which a handler holds a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    Constant,
    Exponential,
}

impl Times {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Exponential => "exponential",
        }
    }

    pub(super) fn find(name: &str) -> Result<Self> {
        match name {
            "constant" => Ok(Self::Constant),
            "exponential" => Ok(Self::Exponential),
            _ => bail!("unknown service times {name:?}"),
        }
    }

    fn draw(self) -> Vec<Duration> {
        match self {
            Self::Constant => vec![MEAN],
            // The time between two events of a Poisson process has an exponential distribution.
            Self::Exponential => {
                let events = OpenLoop::new(1.0 / MEAN.as_secs_f64()).requests(RANDOM).schedule();
                events.windows(2).map(|pair| pair[1] - pair[0]).collect()
            }
        }
    }
}

/// A service whose calls wait for one of 8 workers, and hold it for a time.
#[derive(Clone)]
pub(super) struct Workers(Arc<Shared>);

struct Shared {
    free: Semaphore,
    times: Vec<Duration>,
    calls: AtomicUsize,
    in_flight: AtomicUsize,
}

impl Workers {
    pub(super) fn new(times: Times) -> Self {
        Self(Arc::new(Shared {
            free: Semaphore::new(WORKERS),
            times: times.draw(),
            calls: AtomicUsize::new(0),
            in_flight: AtomicUsize::new(0),
        }))
    }

    /// Returns the number of calls that wait for a worker or hold one.
    pub(super) fn in_flight(&self) -> usize {
        self.0.in_flight.load(Relaxed)
    }
}

/// A call in flight.
struct InFlight(Arc<Shared>);

impl InFlight {
    fn new(shared: Arc<Shared>) -> Self {
        shared.in_flight.fetch_add(1, Relaxed);
        Self(shared)
    }

    async fn work(&self) {
        let Self(shared) = self;
        let nth = shared.calls.fetch_add(1, Relaxed);
        // The semaphore is never closed.
        let _permit = shared.free.acquire().await;
        sleep(shared.times[nth % shared.times.len()]).await;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

impl<B> Service<Request<B>> for Workers {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        let call = InFlight::new(Arc::clone(&self.0));
        Box::pin(async move {
            call.work().await;
            Ok(Response::new(Full::from("done")))
        })
    }
}
