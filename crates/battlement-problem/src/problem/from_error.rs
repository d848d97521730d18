use std::{error::Error, fmt};

use super::Problem;
use crate::{BoxError, explain};

/// By `?`: every error is a bug, but for those that were made to be told.
///
/// Told are a [`Rejection`](battlement_core::Rejection) of one of our layers, found in the error or among
/// its sources, and with the feature `axum` what axum's extractors reject a request for. The text of
/// any other error was written for whoever reads the log.
impl<E: Error + Send + Sync + 'static> From<E> for Problem {
    fn from(error: E) -> Self {
        let error: BoxError = error.into();
        match error.downcast::<Carried>() {
            Ok(carried) => carried.0,
            Err(error) => explain::by_design(error.as_ref()).unwrap_or_else(|| Self::bug(error)),
        }
    }
}

/// A problem on its way through services whose errors are boxed.
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
