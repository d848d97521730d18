use std::error::Error;

use battlement_core::{Reject, WithError};

use crate::{History, RetriesExhausted, Throttled};

type BoxError = Box<dyn Error + Send + Sync>;

/// Leaves the response and the error of the service as they are. The layer then has no errors of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Unchanged;

/// The form of the results of a layer around any service: [`Unchanged`], or [`WithError`].
pub trait Form<Req, Res, E> {
    /// The error of the layer's service.
    type Error;

    /// Converts the error of the service.
    #[doc(hidden)]
    fn error(error: E) -> Self::Error;

    /// Describes an error.
    #[doc(hidden)]
    fn describe(error: &Self::Error) -> String;

    /// Adds the attempts to the last error.
    #[doc(hidden)]
    fn exhausted(error: Self::Error, history: Option<History>) -> Self::Error;

    /// Returns the error of a call that was rejected; `None` if there is none.
    #[doc(hidden)]
    fn reject() -> Option<Self::Error>;
}

impl<Req, Res, E> Form<Req, Res, E> for Unchanged {
    type Error = E;

    fn error(error: E) -> E {
        error
    }

    fn describe(_: &E) -> String {
        "failed".to_owned()
    }

    fn exhausted(error: E, _: Option<History>) -> E {
        error
    }

    fn reject() -> Option<E> {
        None
    }
}

impl<Req, Res, E: Into<BoxError>> Form<Req, Res, E> for WithError {
    type Error = BoxError;

    fn error(error: E) -> BoxError {
        <Self as Reject<Req, Res, E>>::error(error)
    }

    fn describe(error: &BoxError) -> String {
        error.to_string()
    }

    fn exhausted(error: BoxError, history: Option<History>) -> BoxError {
        RetriesExhausted::boxed(error, history)
    }

    fn reject() -> Option<BoxError> {
        Some(Box::new(Throttled))
    }
}
