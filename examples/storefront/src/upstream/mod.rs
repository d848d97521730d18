//! Clients of the services that this one calls.
//!
//! No code here handles request ids or deadlines: layers around each client limit every call, and send the id of the
//! current request and the time that it has left.

mod inventory;
mod payments;

use std::time::Duration;

use battlement::timeout::Deadline;
use bytes::Bytes;
use http::Response;
use http_body::Body;
use http_body_util::{BodyExt, Collected, Limited};
use tower::{BoxError, util::BoxCloneSyncService};

pub use self::{inventory::Inventory, payments::Payments};
use crate::shop::NotPlaced;

/// A client with its layers.
type Client<Req, B, E> = BoxCloneSyncService<Req, Response<B>, E>;

/// Far more than the size of any response.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// Reads the body of a response to its end. As a part of the call, so that the limit of the call includes the body; and
/// so that the connection can be reused.
async fn whole<B>(response: Response<B>) -> Result<Response<Collected<Bytes>>, BoxError>
where
    B: Body<Data = Bytes, Error: Into<BoxError>>,
{
    let (head, body) = response.into_parts();
    let body = Limited::new(body, MAX_RESPONSE_BYTES).collect().await?;
    Ok(Response::from_parts(head, body))
}

/// Returns the reason for which a call that begins now will have ended if it takes too long: its own limit, or the
/// deadline of the request, whichever is first. Several layers on both sides know the time and may end the call.
fn expiry(upstream: &'static str, limit: Duration) -> NotPlaced {
    match Deadline::current() {
        Some(deadline) if deadline.remaining() < limit => NotPlaced::DeadlinePassed,
        _ => NotPlaced::TimedOut(upstream),
    }
}
