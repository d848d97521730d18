use http::HeaderMap;

use super::{Classify, GrpcStatus, Head, HttpStatus, Judgment};
use crate::{Ending, Verdict, Wire};

/// Judges a call as [`GrpcStatus`] if the content type of the response is gRPC, else as [`HttpStatus`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Auto;

impl Classify for Auto {
    #[inline]
    fn head(&self, head: &Head<'_>) -> Judgment {
        if Wire::of(head.headers).is_grpc() { GrpcStatus.head(head) } else { HttpStatus.head(head) }
    }

    // Only a gRPC head leaves the verdict open.
    fn end(&self, ending: Ending, trailers: Option<&HeaderMap>) -> Verdict {
        GrpcStatus.end(ending, trailers)
    }
}
