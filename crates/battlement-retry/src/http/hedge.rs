use battlement_core::{CallFacts, RequestHead, SendAs};
use http::{HeaderMap, Request, Response, header::UPGRADE};
use http_body::Body;

use super::{
    body::RetryBody,
    form::HttpForm,
    kind::Http,
    origin::{Origin, once},
};
use crate::{HedgeKind, StopReason};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl<A, W, B, R, E> HedgeKind<Request<B>, Response<R>, E> for Http<A, W>
where
    A: HttpForm<Request<B>, Response<RetryBody<R>>, E>,
    W: SendAs<B>,
    B: Body + Unpin,
    B::Error: Into<BoxError>,
    R: Body + Unpin,
{
    fn attempt(request: &Request<B>) -> Option<u32> {
        let facts = request.extensions().get::<CallFacts>();
        facts.filter(|facts| facts.is_attempt()).map(CallFacts::attempt)
    }

    fn begin_hedge(&self, request: Request<B>) -> (Request<W::Body>, Option<Origin<B>>) {
        let rules = &self.config.idempotency;
        let stated = rules.stated(request.extensions(), || RequestHead::of(&request));
        let by_head = || rules.allows(request.method(), request.uri().path(), request.headers());
        let is_retry = <Self as HedgeKind<_, Response<R>, E>>::attempt(&request) > Some(1);
        if is_retry || is_upgrade(request.headers()) || !stated.unwrap_or_else(by_head) {
            return (once::<B, W>(request), None);
        }
        let mut origin = Err(StopReason::NotIdempotent);
        let request = Origin::copy::<W>(&self.config, request, stated, &mut origin);
        (request, origin.ok())
    }

    fn stop(origin: &Origin<B>) -> Option<StopReason> {
        // Of a longer body, the first copy could not read the rest beside another one.
        let too_large = || (!origin.fits()).then_some(StopReason::BodyTooLarge);
        origin.lost().or_else(too_large)
    }
}

/// Returns whether the request asks for an upgrade, of which the service would begin one for each copy.
pub(super) fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.contains_key(UPGRADE)
}
