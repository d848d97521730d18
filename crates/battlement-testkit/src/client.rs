//! Clients with a single connection, without a pool and without retries.

mod collected;
mod http1;
mod http2;
mod raw;

use bytes::Bytes;
use http_body::Body;
use http_body_util::{BodyExt as _, combinators::UnsyncBoxBody};
use tower::BoxError;

pub use self::{collected::Collected, http1::Http1, http2::Http2, raw::Raw};

/// A type-erased request body, so that one connection can send bodies of different types.
type RequestBody = UnsyncBoxBody<Bytes, BoxError>;

fn boxed<B>(body: B) -> RequestBody
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    body.map_err(Into::into).boxed_unsync()
}
