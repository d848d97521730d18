use std::{error::Error, fmt};

use super::Problem;
use crate::{BoxError, explain};

/// Converts errors by `?`: every error is a bug, except for errors that were created for the caller.
///
/// The exceptions are a [`Rejection`](battlement_core::Rejection) of a battlement layer, in the error or among its
/// sources, and with the feature `axum` the rejections of axum's extractors. The text of any other error was written
/// for the log.
impl<E: Error + Send + Sync + 'static> From<E> for Problem {
    fn from(error: E) -> Self {
        let error: BoxError = error.into();
        match error.downcast::<Carried>() {
            Ok(carried) => carried.0,
            Err(error) => explain::by_design(error.as_ref()).unwrap_or_else(|| Self::bug(error)),
        }
    }
}

/// A problem as an error, for services with boxed errors.
#[derive(Debug)]
pub(crate) struct Carried(pub(crate) Problem);

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Carried {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.cause()
    }
}

impl From<Problem> for BoxError {
    fn from(problem: Problem) -> Self {
        Box::new(Carried(problem))
    }
}
