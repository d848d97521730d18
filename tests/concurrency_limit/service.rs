//! A service that answers by its path, under each server.

use std::{convert::Infallible, future::pending, pin::pin};

use axum::Router;
use battlement::concurrency_limit::ConcurrencyLimitLayer;
use battlement_testkit::server::{Protocol, Server};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use tonic::service::Routes;
use tower::{BoxError, Layer as _, service_fn};

/// The server around the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Under {
    Hyper,
    Axum,
    /// Over HTTP/2 alone.
    Tonic,
}

/// A frame of a large body. A body has a thousand, far more than all buffers between a handler and its client.
const FRAME: &[u8] = &[b'x'; 64 * 1024];
const FRAMES: usize = 1024;
pub(crate) const LARGE: usize = FRAMES * FRAME.len();

impl Under {
    pub(crate) async fn serve(self, limit: ConcurrencyLimitLayer) -> Server {
        let server = match self {
            Self::Hyper => {
                let service = limit.layer(service_fn(serve));
                Server::hyper(Protocol::Auto, move |_| service.clone()).await
            }
            Self::Axum => Server::axum(router().layer(limit)).await,
            Self::Tonic => {
                let mut builder = tonic::transport::Server::builder().layer(limit);
                Server::tonic(builder.add_routes(Routes::from(router()))).await
            }
        };
        server.unwrap()
    }
}

/// Returns the service as a router.
pub(crate) fn router() -> Router {
    Router::new().fallback(async |request: axum::extract::Request| serve(request).await)
}

/// Answers a request by its path.
pub(crate) async fn serve<B>(
    request: Request<B>,
) -> Result<Response<UnsyncBoxBody<Bytes, Infallible>>, Infallible>
where
    B: Body<Data = Bytes, Error: Into<BoxError>>,
{
    let path = request.uri().path().to_owned();
    let answer = |text: &'static str| Response::new(Full::from(text).boxed_unsync());
    Ok(match path.as_str() {
        "/large" => {
            let frame = || Ok(Frame::data(Bytes::from_static(FRAME)));
            let frames = stream::repeat_with(frame).take(FRAMES);
            Response::new(StreamBody::new(frames).boxed_unsync())
        }
        "/hang" => pending().await,
        "/read" => match read(request.into_body()).await {
            Ok(()) => answer("read"),
            Err(_) => {
                let mut response = answer("the body broke");
                *response.status_mut() = StatusCode::BAD_REQUEST;
                response
            }
        },
        _ => answer("hello"),
    })
}

async fn read<B: Body>(body: B) -> Result<(), B::Error> {
    let mut body = pin!(body);
    while let Some(frame) = body.frame().await {
        frame?;
    }
    Ok(())
}
