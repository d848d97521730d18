use std::{error::Error, io, iter};

/// The length of the longest chain that is followed. Errors have few sources, and an error that is its own source is an
/// endless chain.
const LONGEST: usize = 64;

/// Returns `error`, its cause, the cause of the cause, and so on, up to 64 errors.
///
/// An [`io::Error`] hides its inner error from [`Error::source`]; here it is included.
pub fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |&error| cause(error)).take(LONGEST)
}

/// Returns the cause of `error`: its source or, for an [`io::Error`], its inner error.
#[must_use]
pub fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref().and_then(io::Error::get_ref) {
        Some(inside) => Some(inside as &(dyn Error + 'static)),
        None => error.source(),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    /// An error that is its own source.
    #[derive(Debug)]
    struct Endless;

    impl fmt::Display for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("endless")
        }
    }

    impl Error for Endless {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(self)
        }
    }

    #[test]
    fn an_error_that_is_its_own_source_has_a_finite_chain() {
        assert_eq!(causes(&Endless).take(1_000).count(), LONGEST);
    }

    #[test]
    fn the_error_inside_an_io_error_is_a_cause() {
        let error = io::Error::other(io::Error::other(Endless));
        assert!(causes(&error).nth(2).is_some_and(<dyn Error>::is::<Endless>));
    }
}
