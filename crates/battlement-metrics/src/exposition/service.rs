use std::{
    convert::Infallible,
    fmt,
    future::ready,
    io::Write,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use tower_service::Service;

use super::{Exposition, Format, PageBody, negotiate};

type Answer = Response<PageBody>;

/// Future returned by an [`Exposition`]. The future is boxed, since scrapes are rare.
pub struct ScrapeFuture(Pin<Box<dyn Future<Output = Answer> + Send>>);

impl Future for ScrapeFuture {
    type Output = Result<Answer, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(Ok)
    }
}

impl fmt::Debug for ScrapeFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ScrapeFuture").finish_non_exhaustive()
    }
}

impl<B> Service<Request<B>> for Exposition {
    type Response = Answer;
    type Error = Infallible;
    type Future = ScrapeFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ScrapeFuture {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return ScrapeFuture(Box::pin(ready(not_allowed())));
        }
        let (format, gzip) = asked(request.headers());
        ScrapeFuture(Box::pin(self.clone().scraped(format, gzip)))
    }
}

impl Exposition {
    /// Renders the page on a thread that delays no request.
    async fn scraped(self, format: Format, gzip: bool) -> Answer {
        let Ok(place) = Arc::clone(&self.places).acquire_owned().await else {
            return failed();
        };
        let made = tokio::task::spawn_blocking(move || {
            // A page whose scraper has disconnected keeps its permit until it is rendered.
            let _place = place;
            let page = self.render(format);
            if gzip { zipped(page.as_bytes()) } else { page.into_bytes() }
        });
        match made.await {
            Ok(page) => answer(format, gzip, page.into()),
            Err(_) => failed(),
        }
    }
}

fn asked(headers: &HeaderMap) -> (Format, bool) {
    (Format::accepted(headers), negotiate::gzip(headers))
}

/// Compresses a page. Writing to a vector never fails.
fn zipped(page: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let _ = encoder.write_all(page);
    encoder.finish().unwrap_or_default()
}

fn answer(format: Format, gzip: bool, page: Bytes) -> Answer {
    let mut response = Response::new(PageBody::from(page));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.content_type()));
    headers.insert(header::VARY, HeaderValue::from_static("accept, accept-encoding"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn not_allowed() -> Answer {
    let mut response = Response::new(PageBody::default());
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

/// Returns the response to a scrape that failed: rendering panicked, or the runtime is shutting down.
fn failed() -> Answer {
    let mut response = Response::new(PageBody::default());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
