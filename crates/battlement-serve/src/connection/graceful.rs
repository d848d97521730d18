use std::{error::Error, pin::Pin};

use http_body::Body;
use hyper::{
    body::Incoming,
    rt::{Read, Write},
    server::conn::{http1, http2},
    service::HttpService,
};

use crate::executor::StreamExecutor;

type BoxError = Box<dyn Error + Send + Sync>;

/// A connection of hyper.
pub(super) trait Graceful: Future<Output = hyper::Result<()>> {
    /// Closes the connection when it is idle, after the requests in flight.
    fn graceful_shutdown(self: Pin<&mut Self>);
}

impl<I, S> Graceful for http1::UpgradeableConnection<I, S>
where
    I: Read + Write + Unpin + Send + 'static,
    S: HttpService<Incoming, ResBody: Body<Error: Into<BoxError>> + 'static, Error: Into<BoxError>>,
{
    fn graceful_shutdown(self: Pin<&mut Self>) {
        Self::graceful_shutdown(self);
    }
}

impl<I, S> Graceful for http2::Connection<I, S, StreamExecutor>
where
    I: Read + Write + Unpin + Send + 'static,
    S: HttpService<Incoming, Error: Into<BoxError>>,
    S::Future: Send + 'static,
    S::ResBody: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    fn graceful_shutdown(self: Pin<&mut Self>) {
        Self::graceful_shutdown(self);
    }
}
