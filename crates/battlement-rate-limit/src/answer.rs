//! What a caller reads who is turned away.

use std::time::Duration;

use battlement_core::{Answer, Caller, Rejection, RejectionKind, ResponseBody};
use http::{HeaderName, HeaderValue, Response};

use crate::{headers::Fields, retry_info};

/// The type that draft-ietf-httpapi-ratelimit-headers registers.
const QUOTA_EXCEEDED: &str = "https://iana.org/assignments/http-problem-types#quota-exceeded";
/// So does it this one, for a service that cannot do what it otherwise could.
const REDUCED_CAPACITY: &str =
    "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity";
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// A rejection, until it is known what body the service would have answered with.
#[derive(Debug)]
pub(crate) struct Denial {
    answer: Answer,
    caller: Caller,
    retry_after: Option<Duration>,
    fields: Fields,
}

impl Denial {
    pub(crate) fn new<'a>(
        caller: Caller,
        violated: impl Iterator<Item = &'a str>,
        retry_after: Option<Duration>,
        fields: Fields,
    ) -> Self {
        let mut rejection = Rejection::new(RejectionKind::RateLimited);
        rejection.retry_after = retry_after;
        let answer =
            Answer::new(rejection).type_uri(QUOTA_EXCEEDED).list("violated-policies", violated);
        Self { answer, caller, retry_after, fields }
    }

    /// That there is nobody whose limit it could be: no quota was exceeded.
    pub(crate) fn nobody(caller: Caller) -> Self {
        let rejection = Rejection::new(RejectionKind::RateLimited);
        let answer =
            Answer::new(rejection).detail("the request has nothing that it could be counted by");
        Self { answer, caller, retry_after: None, fields: Fields::None }
    }

    /// That the limits could not be asked for.
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
