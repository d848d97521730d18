use std::{error::Error, io, iter};

/// `error` and what caused it, the cause of the cause, and so on.
///
/// An [`io::Error`] hides the error it was made of from [`Error::source`]; here it is shown.
pub fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |&error| {
        match error.downcast_ref().and_then(io::Error::get_ref) {
            Some(inside) => Some(inside as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}
