//! Clients of the services that this one calls.
//!
//! No code here handles request ids, deadlines or retries: layers around each client limit every call, repeat it if it
//! fails, and send the id of the current request and the time that it has left.

mod inventory;
mod payments;

use battlement::timeout::Deadline;
use bytes::Bytes;
use http::Response;
use http_body::Body;
use http_body_util::{BodyExt, Collected, Limited};
use tower::{BoxError, util::BoxCloneSyncService};

pub use self::{inventory::Inventory, payments::Payments};
use crate::{shop::NotPlaced, timeouts::UpstreamTimeLimits};

/// A client with its layers.
type Client<Req, B, E> = BoxCloneSyncService<Req, Response<B>, E>;

/// Far more than the size of any response.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// Reads the body of a response to its end. As a part of each attempt, so that the limits include the body, and a response
/// that breaks off is a failed attempt; and so that the connection can be reused.
async fn whole<B>(response: Response<B>) -> Result<Response<Collected<Bytes>>, BoxError>
where
    B: Body<Data = Bytes, Error: Into<BoxError>>,
{
    let (head, body) = response.into_parts();
    let body = Limited::new(body, MAX_RESPONSE_BYTES).collect().await?;
    Ok(Response::from_parts(head, body))
}

/// The reason for which a call that begins now has failed if it takes too long. Several layers on both sides know the time
/// and may end the call.
struct Expiry {
    upstream: &'static str,
    limits: UpstreamTimeLimits,
    /// The deadline of the request, if it comes before the limit of the call.
    deadline: Option<Deadline>,
}

impl Expiry {
    fn of(upstream: &'static str, limits: UpstreamTimeLimits) -> Self {
        let deadline = Deadline::current();
        let deadline = deadline.filter(|deadline| deadline.remaining() < limits.call);
        Self { upstream, limits, deadline }
    }

    /// Returns the reason, when the call has ended: the deadline if it has ended the last attempt, or left no time for
    /// another one.
    fn reason(self) -> NotPlaced {
        match self.deadline {
            Some(deadline) if deadline.remaining() < self.limits.attempt => {
                NotPlaced::DeadlinePassed
            }
            _ => NotPlaced::TimedOut(self.upstream),
        }
    }
}
