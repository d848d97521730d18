//! Clients of one connection: no pool, no retry, nothing between a test and the wire.

mod collected;
mod http1;
mod http2;
mod raw;

use bytes::Bytes;
use http_body::Body;
use http_body_util::{BodyExt as _, combinators::UnsyncBoxBody};
use tower::BoxError;

pub use self::{collected::Collected, http1::Http1, http2::Http2, raw::Raw};

/// Any body, so that one connection can send all.
type SentBody = UnsyncBoxBody<Bytes, BoxError>;

fn sent<B>(body: B) -> SentBody
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    body.map_err(Into::into).boxed_unsync()
}
