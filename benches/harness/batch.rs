use std::{
    fmt,
    hint::black_box,
    pin::pin,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tokio::runtime::Builder;
use tower::{Service, ServiceExt};

/// Sends requests to a service one after the other, on a current-thread runtime.
pub struct Batch(Box<dyn Fn(u64)>);

impl Batch {
    /// Creates a batch that calls a clone of `service` for each request, and reads the response body to the
    /// end, as a server does.
    ///
    /// # Panics
    ///
    /// Panics if the runtime cannot be created. [`run`](Self::run) and [`time`](Self::time) panic if the
    /// service returns an error.
    pub fn new<R, S, B>(request: R, service: S) -> Self
    where
        R: Fn() -> Request<Full<Bytes>> + 'static,
        S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + 'static,
        B: Body,
    {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("failed to create the runtime");
        Self(Box::new(move |requests| {
            runtime.block_on(async {
                for _ in 0..requests {
                    let response = service.clone().oneshot(black_box(request())).await;
                    let Ok(response) = response else {
                        panic!("the service returned an error");
                    };
                    read(response).await;
                }
            });
        }))
    }

    /// Returns the same batch, which runs inside `scope`.
    pub(crate) fn within(self, scope: fn(&mut dyn FnMut())) -> Self {
        Self(Box::new(move |requests| scope(&mut || self.run(requests))))
    }

    /// Sends `requests` requests.
    pub fn run(&self, requests: u64) {
        (self.0)(requests);
    }

    /// Sends `requests` requests and returns the elapsed time.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "measurements use real time, even where a test pauses tokio's clock"
    )]
    pub fn time(&self, requests: u64) -> Duration {
        let start = Instant::now();
        self.run(requests);
        start.elapsed()
    }
}

/// Reads frames until the body reports its end, as hyper does.
async fn read<B: Body>(response: Response<B>) {
    let (head, body) = response.into_parts();
    black_box(&head);
    let mut body = pin!(body);
    while !body.is_end_stream() {
        if black_box(body.frame().await).is_none() {
            break;
        }
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Batch")
    }
}
