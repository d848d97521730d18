use std::{fmt, future::pending, net::SocketAddr, time::Duration};

use battlement_core::{Auto, Classify as _, Ending, Failure, Head, Judgment, Verdict};
use bytes::Bytes;
use http::{Request, Response, header::CONNECTION};
use http_body_util::Empty;
use hyper::body::Incoming;
use tokio::time::timeout;
use tower::BoxError;

use super::{End, site::Site};
use crate::client::{Collected, Http1};

/// The maximum time until the head of a response, and from the head until the end.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The result of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exchange {
    pub(super) end: End,
    /// Whether the connection cannot carry further requests.
    pub(super) is_last: bool,
}

/// Sends a GET request for `path` on an HTTP/1 connection of its own.
pub async fn call(addr: SocketAddr, path: &str) -> End {
    let Ok(mut client) = Http1::connect(addr).await else { return End::NotProcessed };
    match Request::get(path).body(Empty::<Bytes>::new()) {
        Ok(request) => Exchange::run(None, client.send(request), false).await.end,
        Err(_) => End::NotProcessed,
    }
}

impl Exchange {
    /// Waits for a response and reads it to its end.
    pub(super) async fn run(
        site: Option<&Site>,
        send: impl Future<Output = Result<Response<Incoming>, BoxError>>,
        is_reused: bool,
    ) -> Self {
        match Self::head(site, send, is_reused).await {
            Ok(response) => Self::read(site, response).await,
            Err(end) => Self { end, is_last: true },
        }
    }

    /// Waits for the head of a response.
    pub(super) async fn head(
        site: Option<&Site>,
        send: impl Future<Output = Result<Response<Incoming>, BoxError>>,
        is_reused: bool,
    ) -> Result<Response<Incoming>, End> {
        let lost = if is_reused { End::LostReused } else { End::LostFresh };
        let lose = |error: &dyn fmt::Debug| {
            if let Some(site) = site {
                site.log_loss(lost, error);
            }
            lost
        };
        let sent = within(site, send).await.ok_or_else(|| lose(&"no response in time"))?;
        sent.map_err(|error| match Auto.error(&*error) {
            Verdict::Failure(Failure::NotProcessed) => End::NotProcessed,
            _ => lose(&error),
        })
    }

    /// Reads a response to its end.
    pub(super) async fn read(site: Option<&Site>, response: Response<Incoming>) -> Self {
        let judgment = Auto.head(&Head::of(&response));
        let is_last = response.headers().get(CONNECTION).is_some_and(|value| value == "close");
        let Some(Ok(response)) = within(site, Collected::of(response)).await else {
            return Self { end: End::CutOff, is_last: true };
        };
        let end = match (judgment, &response.trailers) {
            (Judgment::Now(verdict), _) => end(verdict),
            (Judgment::AtEnd, Some(trailers)) => end(Auto.end(Ending::Trailers, Some(trailers))),
            // The status of a gRPC call is missing.
            (Judgment::AtEnd, None) => End::CutOff,
        };
        Self { end, is_last }
    }
}

/// Waits for `work`, at most for the time limit and until the load of `site` gives up.
pub(super) async fn within<T>(site: Option<&Site>, work: impl Future<Output = T>) -> Option<T> {
    let given_up = async {
        match site {
            Some(site) => site.given_up().await,
            None => pending().await,
        }
    };
    tokio::select! {
        done = timeout(TIMEOUT, work) => done.ok(),
        () = given_up => None,
    }
}

fn end(verdict: Verdict) -> End {
    match verdict {
        Verdict::Failure(Failure::Overload { .. }) => End::Rejected,
        Verdict::Failure(_) => End::ServerError,
        _ => End::Answered,
    }
}
