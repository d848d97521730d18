use std::{fmt, mem};

use battlement_core::{CallFacts, PeerAddr, Replay, ReplayBody, RequestHead, SendAs, Wire};
use http::{
    Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version, request::Parts,
};

use super::{answer::Peek, config::HttpConfig, headers::KeptHeaders};
use crate::{Idempotency, Idempotent, StopReason};

/// The copy of a request from which further attempts are made.
pub struct Origin<B> {
    method: Method,
    uri: Uri,
    version: Version,
    headers: KeptHeaders,
    pub(super) facts: CallFacts,
    peer: Option<PeerAddr>,
    /// Whether the request states itself or a closure states that it is idempotent.
    stated: Option<bool>,
    /// The extensions that the user copies.
    others: Option<Extensions>,
    replay: Replay<B>,
}

const ATTEMPT: HeaderName = HeaderName::from_static("x-request-attempt");
const PREVIOUS: HeaderName = HeaderName::from_static("grpc-previous-rpc-attempts");

impl<B> Origin<B>
where
    B: http_body::Body + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// Copies the request for further attempts, or states why there are none.
    #[inline(always)]
    pub(super) fn begin<W: SendAs<B>>(
        config: &HttpConfig,
        request: Request<B>,
        origin: &mut Result<Self, StopReason>,
    ) -> Request<W::Body> {
        let (mut head, body) = request.into_parts();
        let facts = head.extensions.get_mut::<CallFacts>();
        let is_nested = facts.as_ref().is_some_and(|facts| facts.is_attempt());
        let (body, replay) = if is_nested {
            put(origin, Err(StopReason::Nested));
            (ReplayBody::once(body), None)
        } else {
            put(origin, Err(StopReason::BodyTooLarge));
            Replay::new(body, config.replay_limit)
        };
        if let Some(replay) = replay {
            let facts = number_first(facts);
            let stated =
                config.idempotency.stated(&head.extensions, || RequestHead::of_parts(&head));
            put(origin, Ok(Self::first(config, &mut head, facts, stated, replay)));
        } else if config.headers && !is_nested {
            write_number(&mut head.headers, 1);
        }
        Request::from_parts(head, W::convert(body))
    }

    /// Copies the request, also one that is an attempt of an outer layer.
    pub(super) fn copy<W: SendAs<B>>(
        config: &HttpConfig,
        request: Request<B>,
        stated: Option<bool>,
        origin: &mut Result<Self, StopReason>,
    ) -> Request<W::Body> {
        let (mut head, body) = request.into_parts();
        let (body, replay) = Replay::new(body, config.replay_limit);
        match replay {
            None => {
                if config.headers {
                    write_number(&mut head.headers, 1);
                }
                *origin = Err(StopReason::BodyTooLarge);
            }
            Some(replay) => {
                let facts = number_first(head.extensions.get_mut());
                *origin = Ok(Self::first(config, &mut head, facts, stated, replay));
            }
        }
        Request::from_parts(head, W::convert(body))
    }

    /// Copies the head of the first attempt, and numbers it.
    #[inline(always)]
    fn first(
        config: &HttpConfig,
        head: &mut Parts,
        facts: Option<CallFacts>,
        stated: Option<bool>,
        replay: Replay<B>,
    ) -> Self {
        let headers = KeptHeaders::of(&head.headers);
        if config.headers {
            write_number(&mut head.headers, 1);
        }
        let others = config.copy.as_ref().map(|copy| {
            let mut others = Extensions::new();
            copy(&head.extensions, &mut others);
            others
        });
        Self {
            facts: facts.unwrap_or_else(|| insert_first(&mut head.extensions)),
            method: head.method.clone(),
            uri: head.uri.clone(),
            version: head.version,
            headers,
            peer: head.extensions.get().copied(),
            stated,
            others,
            replay,
        }
    }

    /// Makes the request of attempt `number`.
    pub(super) fn again<W: SendAs<B>>(
        &self,
        config: &HttpConfig,
        number: u32,
    ) -> Result<Request<W::Body>, StopReason> {
        let body = self.replay.again().map_err(StopReason::from)?;
        let mut request = Request::new(W::convert(body));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.version_mut() = self.version;
        *request.headers_mut() = self.headers.to_map();
        let mut facts = self.facts.clone();
        facts.set_attempt(number);
        let mut extensions = self.others.clone().unwrap_or_default();
        extensions.insert(facts);
        if let Some(peer) = self.peer {
            extensions.insert(peer);
        }
        if let Some(stated) = self.stated {
            extensions.insert(Idempotent(stated));
        }
        *request.extensions_mut() = extensions;
        if config.headers {
            write_number(request.headers_mut(), number);
        }
        Ok(request)
    }

    /// Returns why the body cannot be sent again, if it cannot.
    pub(super) fn lost(&self) -> Option<StopReason> {
        self.replay.lost().map(StopReason::from)
    }

    /// Returns whether the body is known to be short enough for two attempts that read it side by side.
    pub(super) fn fits(&self) -> bool {
        self.replay.fits()
    }

    /// Returns how a response is read whose verdict depends on its first frame.
    pub(super) fn peek(&self) -> Peek {
        if self.replay.has_ended() { Peek::Wait } else { Peek::Arrived }
    }

    /// Returns whether the request may be repeated after any failure.
    pub(super) fn is_idempotent(&self, rules: &Idempotency) -> bool {
        let by_head = || rules.allows(&self.method, self.uri.path(), &self.headers);
        self.stated.unwrap_or_else(by_head)
    }

    pub(super) fn has_key(&self, rules: &Idempotency) -> bool {
        rules.counts_key(&self.headers)
    }
}

/// Writes into a place that has an error.
// The error needs no drop, which the compiler does not see.
#[inline(always)]
fn put<O>(place: &mut Result<O, StopReason>, value: Result<O, StopReason>) {
    debug_assert!(place.is_err(), "an origin would not be dropped");
    mem::forget(mem::replace(place, value));
}

/// Makes the request of a call that is sent once.
pub(super) fn once<B, W: SendAs<B>>(request: Request<B>) -> Request<W::Body> {
    request.map(|body| W::convert(ReplayBody::once(body)))
}

/// Marks the facts of a request as those of the first attempt, and returns a copy.
fn number_first(facts: Option<&mut CallFacts>) -> Option<CallFacts> {
    facts.map(|facts| {
        facts.set_attempt(1);
        facts.clone()
    })
}

/// Inserts the facts of the first attempt into a request without any, and returns a copy.
#[inline(never)]
fn insert_first(extensions: &mut Extensions) -> CallFacts {
    let mut facts = CallFacts::in_extensions(extensions);
    facts.set_attempt(1);
    extensions.insert(facts.clone());
    facts
}

/// Writes the number of the attempt: Envoy's convention from 1, and that of gRPC (gRFC A6) from the first retry.
pub(super) fn write_number(headers: &mut HeaderMap, number: u32) {
    headers.insert(ATTEMPT, HeaderValue::from(number));
    if number > 1 && Wire::of(headers).is_grpc() {
        headers.insert(PREVIOUS, HeaderValue::from(number - 1));
    }
}

impl<B> fmt::Debug for Origin<B> {
    // Headers and target may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin").field("method", &self.method).finish_non_exhaustive()
    }
}
