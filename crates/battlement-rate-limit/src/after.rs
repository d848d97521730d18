use std::{fmt, mem};

use battlement_core::Head;
use http::Response;

use crate::headers::Fields;

/// What is left to do with the response of a request that may pass: little to carry, since it goes wherever the
/// service's future goes.
#[derive(Debug)]
pub(crate) enum After {
    /// To write what callers are told, if anything.
    Write(Fields),
    /// To settle before what was taken.
    Settle(Box<dyn Settle>),
}

/// What was taken, if it may have to be given back.
pub(crate) trait Settle: fmt::Debug + Send + Sync {
    /// Gives it back, if the response is one that costs nothing, and says what callers are told.
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
