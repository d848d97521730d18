//! Clients of the services that this one calls.
//!
//! No code here handles request ids, deadlines, retries or circuit breakers: layers around each client limit every call,
//! repeat it if it fails, do not make it while the service fails all the time, and send the id of the current request and
//! the time that it has left.

mod failed;
mod inventory;
mod payments;

use bytes::Bytes;
use http::Response;
use http_body::Body;
use http_body_util::{BodyExt, Collected, Limited};
use tower::{BoxError, util::BoxCloneSyncService};

pub use self::{failed::CallFailed, inventory::Inventory, payments::Payments};

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
