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

/// Puts requests through a service, one after the other, on a thread of its own runtime.
pub struct Batch(Box<dyn Fn(u64)>);

impl Batch {
    /// Each request is made by `request`, goes through a clone of `service`, and its answer is read to the
    /// end, as a server would.
    ///
    /// # Panics
    ///
    /// If there can be no runtime, or when the service fails.
    pub fn new<R, S, B>(request: R, service: S) -> Self
    where
        R: Fn() -> Request<Full<Bytes>> + 'static,
        S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + 'static,
        B: Body,
    {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        Self(Box::new(move |requests| {
            runtime.block_on(async {
                for _ in 0..requests {
                    let answer = service.clone().oneshot(black_box(request())).await;
                    let Ok(answer) = answer else {
                        panic!("the service failed");
                    };
                    read(answer).await;
                }
            });
        }))
    }

    /// Puts so many requests through.
    pub fn run(&self, requests: u64) {
        (self.0)(requests);
    }

    /// Puts so many requests through and says how long that took.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "a measurement is of real time, whatever a test does to tokio's clock"
    )]
    pub fn time(&self, requests: u64) -> Duration {
        let start = Instant::now();
        self.run(requests);
        start.elapsed()
    }
}

/// Reads until the body says that it is over, as hyper does.
async fn read<B: Body>(answer: Response<B>) {
    let (head, body) = answer.into_parts();
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
