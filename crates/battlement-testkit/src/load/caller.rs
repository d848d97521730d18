use std::time::Duration;

use super::{http1, http2, site::Site};

/// A kind of caller. Callers never retry a request, and open a new connection when their connection has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Caller {
    /// Sends one request after another on an HTTP/1 keep-alive connection.
    KeepAlive {
        /// The maximum pause before the next request; each pause is random.
        think: Duration,
    },
    /// Opens an HTTP/1 connection for each request.
    ConnectionEach,
    /// Sends requests concurrently on an HTTP/2 connection. A stream that fails is replaced while the connection lives.
    Http2 {
        /// The number of concurrent requests on the connection.
        streams: usize,
    },
    /// Sends unary gRPC calls, with an empty message, one after another on an HTTP/2 connection.
    Grpc,
    /// Sends unary gRPC calls, with an empty message, concurrently on an HTTP/2 connection.
    GrpcStreams {
        /// The number of concurrent calls on the connection.
        streams: usize,
    },
    /// Opens an HTTP/1 connection for each request, and sends its body slowly, without a `content-length`.
    SlowUpload {
        /// The number of chunks of the body.
        chunks: usize,
        /// The pause before each chunk.
        pause: Duration,
    },
    /// Opens an HTTP/1 connection for each response, and reads it to its end, as a client of an event stream does. A
    /// response that is open when the load is stopped counts as answered.
    EventStream,
}

impl Caller {
    pub(super) const fn default_path(self) -> &'static str {
        match self {
            Self::Grpc | Self::GrpcStreams { .. } => "/battlement.testkit.Echo/Say",
            _ => "/",
        }
    }

    pub(super) async fn run(self, site: Site) {
        match self {
            Self::KeepAlive { think } => http1::keep_alive(site, think).await,
            Self::ConnectionEach => http1::connection_each(site).await,
            Self::Http2 { streams } => http2::run(site, http2::Kind::Http, streams).await,
            Self::Grpc => http2::run(site, http2::Kind::Grpc, 1).await,
            Self::GrpcStreams { streams } => http2::run(site, http2::Kind::Grpc, streams).await,
            Self::SlowUpload { chunks, pause } => http1::uploads(site, chunks, pause).await,
            Self::EventStream => http1::event_streams(site).await,
        }
    }
}
