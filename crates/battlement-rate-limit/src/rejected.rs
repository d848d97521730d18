//! Rejections of requests.

use std::time::Duration;

use battlement_core::{Answer, Caller, Rejection, RejectionKind, ResponseBody};
use http::{HeaderName, HeaderValue, Response};

use crate::{headers::Fields, retry_info};

/// The problem type that draft-ietf-httpapi-ratelimit-headers registers for an exceeded quota.
const QUOTA_EXCEEDED: &str = "https://iana.org/assignments/http-problem-types#quota-exceeded";
/// The problem type that the same draft registers for a service of reduced capacity.
const REDUCED_CAPACITY: &str =
    "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity";
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// A rejection before the type of the response body is known.
#[derive(Debug)]
pub(crate) struct Rejected {
    answer: Answer,
    caller: Caller,
    retry_after: Option<Duration>,
    fields: Fields,
}

impl Rejected {
    pub(crate) fn new<'a>(
        caller: Caller,
        violated: impl Iterator<Item = &'a str>,
        retry_after: Option<Duration>,
        fields: Fields,
    ) -> Self {
        let rejection = Rejection::new(RejectionKind::RateLimited);
        let rejection = retry_after.map_or(rejection, |wait| rejection.retry_in(wait));
        let answer =
            Answer::new(rejection).type_uri(QUOTA_EXCEEDED).list("violated-policies", violated);
        Self { answer, caller, retry_after, fields }
    }

    /// Rejects a request without a key: no quota was exceeded.
    pub(crate) fn without_key(caller: Caller) -> Self {
        let rejection = Rejection::new(RejectionKind::RateLimited);
        let answer =
            Answer::new(rejection).detail("the request has no key by which it could be counted");
        Self { answer, caller, retry_after: None, fields: Fields::None }
    }

    /// Rejects a request because the store did not answer.
    pub(crate) const fn unavailable(caller: Caller) -> Self {
        let rejection = Rejection::new(RejectionKind::Unavailable);
        let answer = Answer::new(rejection).type_uri(REDUCED_CAPACITY);
        Self { answer, caller, retry_after: None, fields: Fields::None }
    }

    pub(crate) fn response<B>(self) -> Response<ResponseBody<B>> {
        let mut response = self.answer.response(self.caller);
        let headers = response.headers_mut();
        if let Some(wait) = self.retry_after.filter(|_| self.caller.wire().is_grpc()) {
            let details = retry_info::status(RejectionKind::RateLimited, wait);
            if let Ok(details) = HeaderValue::try_from(details) {
                headers.insert(DETAILS, details);
            }
        }
        self.fields.write(headers);
        response
    }
}
