use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, header::CONTENT_TYPE};

use super::{
    Behavior,
    plan::{Answer, Step},
    record::{Key, Receipt, Record},
};

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The decision on a request, made from its head.
#[derive(Debug)]
pub(super) enum Admission {
    /// The request does not reach the application.
    Refused(Behavior),
    /// The request was sent on a connection that is going away, and does not reach the application either.
    Excluded,
    Received(Exchange),
}

/// A received request.
#[derive(Debug)]
pub(super) struct Exchange {
    /// The behavior; an unknown behavior is answered with status 400.
    behavior: Option<Behavior>,
    is_grpc: bool,
    attempt: u64,
    pub(super) receipt: Receipt,
}

impl Admission {
    /// Refuses a request because its connection is going away.
    pub(super) fn exclude(headers: &HeaderMap, record: &Arc<Record>) -> Self {
        record.admit(key_of(headers), |_| false);
        Self::Excluded
    }

    pub(super) fn of(headers: &HeaderMap, record: &Arc<Record>) -> Self {
        let content_type = text(headers, CONTENT_TYPE.as_str()).unwrap_or_default();
        let is_grpc = content_type.starts_with("application/grpc");
        let (mut behavior, mut attempt) = (None, 0);
        let receipt = record.admit(key_of(headers), |earlier| {
            attempt = earlier + 1;
            behavior = Behavior::of(headers.get(Behavior::HEADER), earlier).ok();
            !matches!(behavior, Some(Behavior::GoAway | Behavior::RefuseStream))
        });
        match (receipt, behavior) {
            (None, Some(behavior)) => Self::Refused(behavior),
            (None, None) => unreachable!("a request with an unknown behavior is received"),
            (Some(receipt), behavior) => {
                Self::Received(Exchange { behavior, is_grpc, attempt, receipt })
            }
        }
    }
}

fn key_of(headers: &HeaderMap) -> Key {
    text(headers, IDEMPOTENCY_KEY).map(str::to_owned)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

impl Exchange {
    /// Returns the steps that answer the request, whose body is `body`.
    pub(super) fn plan(&self, body: Bytes) -> Vec<Step> {
        Answer::new(self.is_grpc, self.attempt, body).plan(self.behavior)
    }
}
