use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::{Method, Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use tower::{BoxError, Service};

use super::{Responses, SLOW};
use crate::{
    eventually,
    server::{Protocol, Server},
};

/// The maximum wait for a layer to record a request.
const DEADLINE: Duration = Duration::from_secs(10);

/// A way in which a request can end, with the values that a layer must record.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Way {
    /// A short description.
    pub name: &'static str,
    /// The method of the request.
    pub method: Method,
    /// The path of the request, which selects the response of [`Responses`].
    pub path: &'static str,
    /// The status, or `None` if no response head is sent.
    pub status: Option<u16>,
    /// The number of bytes of the response body that are sent.
    pub bytes: u32,
    /// The reason for the end.
    pub end: End,
}

/// The reason for the end of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// The whole response was sent.
    Complete,
    /// The connection was upgraded.
    Upgraded,
    /// The body failed or panicked.
    BodyFailed,
    /// The handler panicked.
    Panicked,
    /// The client disconnected, or reset the stream.
    Cancelled,
}

const fn get(
    name: &'static str,
    path: &'static str,
    status: Option<u16>,
    bytes: u32,
    end: End,
) -> Way {
    Way { name, method: Method::GET, path, status, bytes, end }
}

const fn head(name: &'static str, path: &'static str) -> Way {
    Way { name, method: Method::HEAD, path, status: Some(200), bytes: 0, end: End::Complete }
}

impl Way {
    /// All ways.
    pub const ALL: [Self; 18] = [
        get("a short response", "/full", Some(200), 4, End::Complete),
        get("an empty response", "/empty", Some(200), 0, End::Complete),
        get("a stream of 3 frames", "/stream", Some(200), 12, End::Complete),
        get("a stream with content-length", "/declared", Some(200), 12, End::Complete),
        get("a body that takes 60 ms", "/slow", Some(200), 8, End::Complete),
        get("trailers", "/trailers", Some(200), 12, End::Complete),
        get("204", "/204", Some(204), 0, End::Complete),
        get("304", "/304", Some(304), 0, End::Complete),
        get("500", "/500", Some(500), 12, End::Complete),
        head("HEAD of a stream", "/stream"),
        head("HEAD with content-length", "/declared"),
        get("an upgrade (101)", "/101", Some(101), 0, End::Upgraded),
        get("the body fails", "/body-error", Some(200), 12, End::BodyFailed),
        get("the body panics", "/body-panic", Some(200), 4, End::BodyFailed),
        get("the handler panics", "/panic", None, 0, End::Panicked),
        get(
            "the client disconnects before the head, after 60 ms",
            "/never",
            None,
            0,
            End::Cancelled,
        ),
        get(
            "the client disconnects during the body, after 60 ms",
            "/stalled",
            Some(200),
            4,
            End::Cancelled,
        ),
        get(
            "the client disconnects during an event stream",
            "/events",
            Some(200),
            4,
            End::Cancelled,
        ),
    ];

    /// Returns each way with each of its protocols.
    pub fn each() -> impl Iterator<Item = (Self, Protocol)> {
        Self::ALL.into_iter().flat_map(|way| {
            let protocols = way.protocols();
            protocols.iter().map(move |protocol| (way.clone(), *protocol))
        })
    }

    /// Returns the protocols over which a request can end this way.
    #[must_use]
    pub const fn protocols(&self) -> &'static [Protocol] {
        match self.end {
            End::Upgraded => &[Protocol::Http1],
            _ => &[Protocol::Http1, Protocol::Http2],
        }
    }

    /// Returns the minimum duration of the request, from the call to its end.
    #[must_use]
    pub fn least_duration(&self) -> Duration {
        if self.end == End::Cancelled || self.path == "/slow" { SLOW } else { Duration::ZERO }
    }

    /// Serves [`Responses`] inside the layer that `wrap` applies to it, sends the request and ends it, and waits until
    /// `is_over` returns `true`, which means that the layer has noticed the end.
    ///
    /// # Panics
    ///
    /// Panics if the client receives a different response than the fields specify, or if the layer has not noticed the
    /// end after ten seconds. The message contains the name of the way.
    pub async fn run<S, B>(
        &self,
        protocol: Protocol,
        wrap: impl FnOnce(Responses) -> S,
        is_over: impl FnMut() -> bool,
    ) where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S: Service<Request<Incoming>, Error: Into<BoxError>, Future: Send>,
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        let responses = Responses::new();
        let service = wrap(responses.clone());
        let server = Server::hyper(protocol, move |_| service.clone()).await;
        let server = server.expect("a loopback port is free");
        let sent = self.send(server.addr(), protocol, || responses.calls() > 0).await;
        let way = self.name;
        assert!(sent.is_ok(), "{way}, over {protocol:?}: {sent:?}");
        let is_over = eventually(DEADLINE, is_over).await;
        assert!(is_over, "{way}, over {protocol:?}: the layer has not noticed the end");
    }

    /// Runs the way as [`run`](Self::run) does, and asserts that `held`, the number of requests that the layer holds, is 1
    /// when the service is called and at each poll of its body, and 0 afterwards.
    ///
    /// # Panics
    ///
    /// Panics as [`run`](Self::run) does, and if the layer holds nothing before the body has ended.
    pub async fn run_held<S, B>(
        &self,
        protocol: Protocol,
        wrap: impl FnOnce(Responses) -> S,
        held: impl Fn() -> u64 + Clone + Send + Sync + 'static,
    ) where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S: Service<Request<Incoming>, Error: Into<BoxError>, Future: Send>,
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (counts, count) = (Arc::clone(&seen), held.clone());
        let look = move || counts.lock().unwrap_or_else(PoisonError::into_inner).push(count());
        self.run(protocol, |responses| wrap(responses.on_poll(look)), || held() == 0).await;
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_held = !seen.is_empty() && seen.iter().all(|held| *held == 1);
        assert!(is_held, "{}, over {protocol:?}: the layer held {seen:?}", self.name);
    }
}
