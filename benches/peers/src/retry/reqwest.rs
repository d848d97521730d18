use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Extensions, Response, header};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use reqwest_retry::{RetryTransientMiddleware, policies::ExponentialBackoff};
use tower::Service;

use super::Call;

/// A client of reqwest whose last middleware responds like [`Bare`], in the place of a server.
#[derive(Clone)]
pub(super) struct Reqwest(ClientWithMiddleware);

impl Reqwest {
    pub(super) fn new(has_retry: bool) -> Self {
        let mut client = ClientBuilder::new(reqwest::Client::new());
        if has_retry {
            let policy = ExponentialBackoff::builder().build_with_max_retries(2);
            client = client.with(RetryTransientMiddleware::new_with_policy(policy));
        }
        Self(client.with(middleware(|_, _, _| Box::pin(respond()))).build())
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
type Responded = reqwest_middleware::Result<reqwest::Response>;

/// Returns the closure as a middleware.
fn middleware<F>(handle: F) -> impl Middleware
where
    F: for<'a> Fn(reqwest::Request, &'a mut Extensions, Next<'a>) -> BoxFuture<'a, Responded>
        + Send
        + Sync
        + 'static,
{
    handle
}

async fn respond() -> Responded {
    let mut response = Response::new("hello");
    let value = header::HeaderValue::from_static("text/plain");
    response.headers_mut().insert(header::CONTENT_TYPE, value);
    Ok(response.into())
}

impl Service<Call> for Reqwest {
    type Response = Response<reqwest::Body>;
    type Error = reqwest_middleware::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Call) -> Self::Future {
        let client = self.0.clone();
        Box::pin(async move {
            let request = reqwest::Request::try_from(request.map(|_| Bytes::new()))?;
            client.execute(request).await.map(Response::from)
        })
    }
}
