use std::{error::Error, fmt};

use battlement_core::{GrpcCode, RejectionKind, TrailersOnly, Wire};
use http::HeaderMap;
use http_body::Frame;

pub(super) type BoxError = Box<dyn Error + Send + Sync>;

/// The error of a response body that was cut off at the end of the drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BodyCutOff;

impl fmt::Display for BodyCutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the response was cut off: the service shut down before its end")
    }
}

impl Error for BodyCutOff {}

/// The message of a gRPC status.
const MESSAGE: &str = RejectionKind::ShuttingDown.message();

/// Returns the last frame of a gRPC body that ends with the process: UNAVAILABLE, so that the client sends the call to
/// another instance.
pub(super) fn grpc_trailers<D>() -> Frame<D> {
    let mut trailers = HeaderMap::with_capacity(2);
    TrailersOnly::new(GrpcCode::Unavailable, MESSAGE).write(&mut trailers);
    Frame::trailers(trailers)
}

/// Returns the end of a body that was cut off: a status in trailers for gRPC, otherwise an error, so that the response
/// does not look complete.
pub(super) fn last_frame<D>(wire: Wire) -> Result<Frame<D>, BoxError> {
    if wire == Wire::Grpc { Ok(grpc_trailers()) } else { Err(BodyCutOff.into()) }
}
