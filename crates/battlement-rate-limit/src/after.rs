use std::{fmt, mem};

use battlement_core::Head;
use http::Response;

use crate::headers::Fields;

/// The work that remains for the response of an allowed request. Small, since it is part of the response future.
#[derive(Debug)]
pub(crate) enum After {
    /// Writes the headers, if there are any.
    Write(Fields),
    /// Refunds the cost if the response qualifies, then writes the headers.
    Settle(Box<dyn Settle>),
}

/// The charge of a request whose cost may be refunded.
pub(crate) trait Settle: fmt::Debug + Send + Sync {
    /// Refunds the cost if the response qualifies, and returns the headers.
    fn settle(self: Box<Self>, head: &Head<'_>) -> Fields;
}

impl After {
    pub(crate) const NOTHING: Self = Self::Write(Fields::None);

    #[inline]
    pub(crate) fn finish<B>(&mut self, response: &mut Response<B>) {
        if !matches!(self, Self::Write(Fields::None)) {
            let fields = match mem::replace(self, Self::NOTHING) {
                Self::Write(fields) => fields,
                Self::Settle(charge) => charge.settle(&Head::of(response)),
            };
            fields.write(response.headers_mut());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_with_the_future_of_a_service_is_four_words() {
        assert_eq!(size_of::<After>(), 4 * size_of::<usize>());
    }
}
