use std::{fmt, mem};

use battlement_core::Head;
use http::Response;

use crate::headers::Fields;

/// The work that remains for the response of an allowed request. Small, since it is part of the response future.
#[derive(Debug)]
pub(crate) enum OnResponse {
    /// Writes the headers, if there are any.
    Write(Fields),
    /// Refunds the cost if the response qualifies, then writes the headers.
    Refund(Box<dyn Charged>),
}

/// The charge of a request whose cost may be refunded.
pub(crate) trait Charged: fmt::Debug + Send + Sync {
    /// Refunds the cost if the response qualifies, and returns the headers.
    fn settle(self: Box<Self>, response: &Head<'_>) -> Fields;
}

impl OnResponse {
    pub(crate) const NOTHING: Self = Self::Write(Fields::None);

    #[inline]
    pub(crate) fn apply<B>(&mut self, response: &mut Response<B>) {
        if !matches!(self, Self::Write(Fields::None)) {
            let fields = match mem::replace(self, Self::NOTHING) {
                Self::Write(fields) => fields,
                Self::Refund(charge) => charge.settle(&Head::of(response)),
            };
            fields.write(response.headers_mut());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_response_takes_four_words_in_a_response_future() {
        assert_eq!(size_of::<OnResponse>(), 4 * size_of::<usize>());
    }
}
