//! The judgment of calls by core's default classifier.

use battlement_core::{Auto, Classify, Ending, Head, HttpStatus, Judgment, Verdict};
use battlement_testkit::{
    eventually,
    upstream::{Behavior, Counts, Upstream},
};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use tokio::time::timeout;
use tower::BoxError;

use crate::{DEADLINE, PATIENCE, hangs};

pub(crate) const KEY: &str = "order-1";

/// The end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The verdict of the classifier, and the position of an error.
    Judged(Verdict, At),
    /// The client gave up.
    GaveUp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// An error instead of a response.
    Error,
    /// A response whose body failed.
    Body,
    /// A complete response.
    End,
}

/// Returns the request that asks for `behavior`.
pub(crate) fn request(upstream: &Upstream, behavior: Behavior) -> Request<Full<Bytes>> {
    let request = Request::post(upstream.url("/")).header(Behavior::HEADER, behavior);
    request.header("idempotency-key", KEY).body(Full::default()).unwrap()
}

/// Waits for a call to end, its body included, and judges it.
pub(crate) async fn judged<B>(
    behavior: Behavior,
    call: impl Future<Output = Result<Response<B>, BoxError>>,
) -> Outcome
where
    B: Body<Error: Into<BoxError>>,
{
    let judged = async {
        match call.await {
            Ok(response) => read(response).await,
            Err(error) => Outcome::Judged(Auto.error(&*error), At::Error),
        }
    };
    let patience = if hangs(behavior) { PATIENCE } else { DEADLINE };
    timeout(patience, judged).await.unwrap_or(Outcome::GaveUp)
}

async fn read<B: Body<Error: Into<BoxError>>>(response: Response<B>) -> Outcome {
    let judgment = Auto.head(&Head::of(&response));
    let body = response.into_body().collect().await;
    let at = if body.is_ok() { At::End } else { At::Body };
    let verdict = match (judgment, body) {
        (Judgment::Now(Verdict::Success), Err(_)) => HttpStatus.end(Ending::Error, None),
        (Judgment::Now(verdict), _) => verdict,
        (Judgment::AtEnd, Err(_)) => Auto.end(Ending::Error, None),
        (Judgment::AtEnd, Ok(body)) => match body.trailers() {
            Some(trailers) => Auto.end(Ending::Trailers, Some(trailers)),
            None => Auto.end(Ending::Complete, None),
        },
    };
    Outcome::Judged(verdict, at)
}

/// Returns the counts once the upstream has seen the end of each exchange.
pub(crate) async fn settled(upstream: &Upstream) -> Counts {
    let ended = || upstream.counts_of(KEY).in_flight == 0;
    assert!(eventually(DEADLINE, ended).await, "a request remains in flight");
    upstream.counts_of(KEY)
}
