use std::{borrow::Cow, net::IpAddr, time::Duration};

use battlement_core::{
    CorrelationId, GrpcCode, Peer, RejectionKind, RequestFacts, RequestId, Scheme, SpanId, TraceId,
    grpc_method,
};
use http::{HeaderName, HeaderValue, StatusCode, Version};
use tracing::Level;

use crate::{
    Outcome,
    bytes_in::BytesIn,
    entry::{Entry, Origin},
    stage::Stage,
};

/// The record of one request, as a format reads it. Values are as the client sent them, except that secrets in the query
/// are replaced: a format escapes them.
pub(crate) struct Record<'a> {
    pub(crate) entry: &'a Entry,
    pub(crate) stage: Stage,
    pub(crate) level: Level,
    /// The time since the start of the request.
    pub(crate) duration: Duration,
    /// The number of requests that the record represents, because of sampling; at least 1.
    pub(crate) weight: u32,
    /// The query without secrets, unless it is dropped.
    pub(crate) query: Option<Cow<'a, str>>,
}

impl<'a> Record<'a> {
    /// Returns the outcome.
    pub(crate) fn outcome(&self) -> Outcome {
        self.entry.outcome()
    }

    /// Returns the kind of the rejection, if a battlement layer answered in the service's place.
    pub(crate) const fn rejection(&self) -> Option<RejectionKind> {
        self.entry.rejection
    }

    /// Returns the method.
    pub(crate) fn method(&self) -> &'a str {
        self.entry.head.method.as_str()
    }

    /// Returns the template of the route, if it is known.
    pub(crate) fn route(&self) -> Option<&'a str> {
        let route = self.entry.origin.facts().and_then(RequestFacts::route);
        route.or(self.entry.head.route.as_deref())
    }

    /// Returns the path.
    pub(crate) fn path(&self) -> &'a str {
        self.entry.head.uri.path()
    }

    /// Returns the query, unless it is dropped. The secrets in it were replaced before any format sees it.
    pub(crate) fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// Returns the version of HTTP, as `1.1`.
    pub(crate) const fn protocol(&self) -> &'static str {
        match self.entry.head.version {
            Version::HTTP_09 => "0.9",
            Version::HTTP_10 => "1.0",
            Version::HTTP_2 => "2",
            Version::HTTP_3 => "3",
            _ => "1.1",
        }
    }

    /// Returns the scheme of the client's request, if it is known.
    pub(crate) const fn scheme(&self) -> Option<Scheme> {
        self.entry.head.scheme
    }

    /// Returns the other end of the connection, if the server provides it.
    pub(crate) const fn peer(&self) -> Option<Peer> {
        self.entry.head.peer
    }

    /// Returns the address of the client, if a layer has resolved it.
    pub(crate) fn client_ip(&self) -> Option<IpAddr> {
        self.entry.origin.facts()?.client().map(|client| client.ip)
    }

    /// Returns the request id.
    pub(crate) fn request_id(&self) -> Option<&'a str> {
        self.entry.origin.id().map(RequestId::as_str)
    }

    /// Returns the correlation id.
    pub(crate) fn correlation_id(&self) -> Option<&'a str> {
        self.entry.origin.correlation().map(CorrelationId::as_str)
    }

    /// Returns the position in a trace.
    pub(crate) fn trace(&self) -> Option<(TraceId, SpanId)> {
        self.entry.origin.trace().map(|trace| (trace.trace_id, trace.span_id))
    }

    /// Returns the status, once the service has answered.
    pub(crate) const fn status(&self) -> Option<StatusCode> {
        self.entry.status
    }

    /// Returns the method of a gRPC call as `pkg.Name/Method`, if the path has that form.
    pub(crate) fn grpc_method(&self) -> Option<&'a str> {
        if self.entry.is_grpc { grpc_method(self.path()) } else { None }
    }

    /// Returns the gRPC status, once it is known.
    pub(crate) const fn grpc_status(&self) -> Option<GrpcCode> {
        self.entry.grpc_status
    }

    /// Returns the time from the start of the request to the head of the response.
    pub(crate) const fn first_byte(&self) -> Option<Duration> {
        self.entry.first_byte
    }

    /// Returns the time spent in polls of the service and of its body. The rest of the duration was spent waiting.
    pub(crate) const fn busy(&self) -> Duration {
        self.entry.busy
    }

    /// Returns the number of bytes of the response's body that were passed on.
    pub(crate) const fn bytes_out(&self) -> u64 {
        self.entry.bytes_out
    }

    /// Returns the number of bytes of the request's body: those that were read, if a
    /// [`BytesInLayer`](crate::BytesInLayer) counts them, otherwise the length that the request declared.
    pub(crate) fn bytes_in(&self) -> Option<u64> {
        let counted = self.entry.origin.facts().and_then(|facts| facts.overridden::<BytesIn>());
        counted.map(BytesIn::get).or(self.entry.head.bytes_in)
    }

    /// Returns the headers of the request that are logged: those that the settings name.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&'a HeaderName, &'a HeaderValue)> {
        let Entry { config, head, .. } = self.entry;
        head.headers.iter().filter_map(|(at, value)| Some((config.headers.get(*at)?, value)))
    }

    /// Returns the name of the service that a client called; `None` for a request to a server.
    pub(crate) fn called(&self) -> Option<&'a str> {
        self.entry.config.client.as_deref()
    }

    /// Returns the number of the attempt at a call, from 1, if a layer further out repeats the call.
    pub(crate) fn attempt(&self) -> Option<u32> {
        match &self.entry.origin {
            Origin::Call { facts, .. } if facts.is_attempt() => Some(facts.attempt()),
            _ => None,
        }
    }

    /// Returns the longest value in bytes.
    pub(crate) fn longest(&self) -> usize {
        self.entry.config.longest
    }
}
