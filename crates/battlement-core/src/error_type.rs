use std::{any::Any, error::Error, io};

use http::Extensions;

use crate::{DropReason, Rejection, RejectionKind};

type BoxError = Box<dyn Error + Send + Sync>;

/// The reason why a request failed: the value of the label `error_type` of metrics, and the outcome of a record of the
/// access log. The number of values is fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum ErrorType {
    /// The request did not fail.
    None,
    /// The status is an error.
    Status,
    /// The caller dropped the request.
    Cancelled,
    /// A battlement layer dropped the request or answered in the service's place, since a time limit had expired.
    Timeout,
    /// The process shut down and cut the request off.
    Shutdown,
    /// The service failed without a response.
    Error,
    /// The body failed, after the head.
    Body,
    /// The service panicked.
    Panic,
    // A battlement layer answered in the service's place, or failed with a typed error, for one of these reasons.
    /// [`RejectionKind::RateLimited`].
    RateLimited,
    /// [`RejectionKind::Overloaded`].
    Overloaded,
    /// [`RejectionKind::CircuitOpen`].
    CircuitOpen,
    /// [`RejectionKind::DeadlineExceeded`].
    DeadlineExceeded,
    /// [`RejectionKind::Unavailable`].
    Unavailable,
    /// [`RejectionKind::ShuttingDown`].
    ShuttingDown,
    /// [`RejectionKind::Forbidden`].
    Forbidden,
}

impl ErrorType {
    /// All variants in order of their discriminants.
    pub const ALL: [Self; 15] = [
        Self::None,
        Self::Status,
        Self::Cancelled,
        Self::Timeout,
        Self::Shutdown,
        Self::Error,
        Self::Body,
        Self::Panic,
        Self::RateLimited,
        Self::Overloaded,
        Self::CircuitOpen,
        Self::DeadlineExceeded,
        Self::Unavailable,
        Self::ShuttingDown,
        Self::Forbidden,
    ];

    /// Returns the type of a response whose status is an error: the kind of its rejection, if a battlement layer
    /// created it, otherwise the status.
    #[must_use]
    #[cold]
    pub fn of_response(extensions: &Extensions) -> Self {
        let rejection = extensions.get::<Rejection>();
        rejection.and_then(|rejection| Self::of_kind(rejection.kind())).unwrap_or(Self::Status)
    }

    /// Returns the type of a response whose status is an error, while a drop of the request would have `reason`. A call
    /// that a shutdown cut off has no rejection, since the service was called.
    #[must_use]
    #[cold]
    pub fn at_head(extensions: &Extensions, reason: DropReason) -> Self {
        match (Self::of_response(extensions), reason) {
            (Self::Status, DropReason::Shutdown) => Self::Shutdown,
            (error, _) => error,
        }
    }

    /// Returns the type of an error at the end of a body: the `reason` for which a battlement layer ended the body, or
    /// this type if none did.
    #[must_use]
    #[inline]
    pub fn at_end(self, reason: DropReason) -> Self {
        match reason.into() {
            Self::Cancelled => self,
            reason => reason,
        }
    }

    /// Returns the type of an error of a service: the kind of the rejection among its sources, if there is one.
    ///
    /// A service's error may be any type, and a bound of [`Error`] would exclude services that work today. So the types
    /// that can hold a battlement layer's error are tried by downcast: the box of tower's layers and of `as_error()`,
    /// and an [`io::Error`] or a [`Rejection`] itself.
    #[must_use]
    #[cold]
    pub fn of_error<E: 'static>(error: &E) -> Self {
        standard(error).map_or(Self::Error, Self::of_standard_error)
    }

    /// Returns the type of an error of a service, as [`of_error`](Self::of_error).
    #[must_use]
    pub fn of_standard_error(error: &(dyn Error + 'static)) -> Self {
        let rejection = Rejection::find(error);
        rejection.and_then(|rejection| Self::of_kind(rejection.kind())).unwrap_or(Self::Error)
    }

    /// Returns the type of a kind, unless it is newer than this list.
    fn of_kind(kind: RejectionKind) -> Option<Self> {
        Self::ALL.into_iter().find(|error| error.rejection() == Some(kind))
    }

    /// Returns the kind of rejection that has the same name.
    #[must_use]
    pub const fn rejection(self) -> Option<RejectionKind> {
        match self {
            Self::Timeout => Some(RejectionKind::Timeout),
            Self::RateLimited => Some(RejectionKind::RateLimited),
            Self::Overloaded => Some(RejectionKind::Overloaded),
            Self::CircuitOpen => Some(RejectionKind::CircuitOpen),
            Self::DeadlineExceeded => Some(RejectionKind::DeadlineExceeded),
            Self::Unavailable => Some(RejectionKind::Unavailable),
            Self::ShuttingDown => Some(RejectionKind::ShuttingDown),
            Self::Forbidden => Some(RejectionKind::Forbidden),
            _ => None,
        }
    }

    /// Returns the value of the label, except for [`Status`](Self::Status), whose value is the status.
    #[must_use]
    pub fn as_str(self) -> Option<&'static str> {
        match self {
            Self::None | Self::Status => None,
            Self::Cancelled => Some(DropReason::Cancelled.as_str()),
            Self::Shutdown => Some(DropReason::Shutdown.as_str()),
            Self::Error => Some("error"),
            Self::Body => Some("body_error"),
            Self::Panic => Some("panic"),
            _ => self.rejection().map(RejectionKind::as_str),
        }
    }
}

impl From<DropReason> for ErrorType {
    #[inline]
    fn from(reason: DropReason) -> Self {
        match reason {
            DropReason::Timeout => Self::Timeout,
            DropReason::Shutdown => Self::Shutdown,
            _ => Self::Cancelled,
        }
    }
}

/// Returns an error of any type as a standard error, if it is one of the types that can hold a rejection.
fn standard(error: &dyn Any) -> Option<&(dyn Error + 'static)> {
    if let Some(error) = error.downcast_ref::<BoxError>() {
        return Some(&**error);
    }
    if let Some(error) = error.downcast_ref::<Box<dyn Error>>() {
        return Some(&**error);
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return Some(error);
    }
    error.downcast_ref::<Rejection>().map(|error| error as _)
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[test]
    fn every_kind_of_rejection_has_an_error_type_of_the_same_name() {
        for kind in RejectionKind::ALL {
            let error = ErrorType::of_error(&Rejection::new(*kind));
            assert_eq!(error.as_str(), Some(kind.as_str()));
        }
    }

    #[test]
    fn the_order_of_the_list_is_that_of_the_discriminants() {
        for (index, error) in ErrorType::ALL.into_iter().enumerate() {
            assert_eq!(error as usize, index);
        }
    }

    #[test]
    fn a_rejection_is_found_in_each_type_that_can_hold_one() {
        let rejection = Rejection::new(RejectionKind::CircuitOpen);
        let nested = io::Error::other(io::Error::other(rejection));
        for error in [
            ErrorType::of_error::<BoxError>(&rejection.into()),
            ErrorType::of_error::<Box<dyn Error>>(&rejection.into()),
            ErrorType::of_error(&nested),
        ] {
            assert_eq!(error, ErrorType::CircuitOpen);
        }
    }

    #[test]
    fn a_shutdown_is_the_reason_of_an_error_without_a_rejection() {
        let mut extensions = Extensions::new();
        let at_head = |extensions: &_, reason| ErrorType::at_head(extensions, reason);
        assert_eq!(at_head(&extensions, DropReason::Shutdown), ErrorType::Shutdown);
        assert_eq!(at_head(&extensions, DropReason::Timeout), ErrorType::Status);
        extensions.insert(Rejection::new(RejectionKind::Overloaded));
        assert_eq!(at_head(&extensions, DropReason::Shutdown), ErrorType::Overloaded);
    }

    #[test]
    fn a_body_that_a_layer_ended_has_the_reason_of_the_layer() {
        for (reason, expected) in [
            (DropReason::Cancelled, ErrorType::Body),
            (DropReason::Timeout, ErrorType::Timeout),
            (DropReason::Shutdown, ErrorType::Shutdown),
        ] {
            assert_eq!(ErrorType::Body.at_end(reason), expected);
        }
    }

    #[test]
    fn an_error_without_a_rejection_is_an_error() {
        let boxed = ErrorType::of_error::<BoxError>(&fmt::Error.into());
        assert_eq!((boxed, ErrorType::of_error(&"text")), (ErrorType::Error, ErrorType::Error));
    }
}
