use std::{error::Error, io, iter};

/// Returns `error`, its cause, the cause of the cause, and so on.
///
/// An [`io::Error`] hides its inner error from [`Error::source`]; here it is included.
pub fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |&error| cause(error))
}

/// Returns the cause of `error`: its source or, for an [`io::Error`], its inner error.
#[must_use]
pub fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref().and_then(io::Error::get_ref) {
        Some(inside) => Some(inside as &(dyn Error + 'static)),
        None => error.source(),
    }
}
