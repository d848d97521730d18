use std::{error::Error, fmt};

use battlement_core::{LocalError, Rejection, RejectionKind};

/// The error of a call that the [`Throttle`](crate::Throttle) rejected, because the service rejects most calls.
///
/// Its source is the [`Rejection`], by which other layers recognize it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Throttled;

const REJECTION: Rejection = Rejection::new(RejectionKind::CircuitOpen);

impl fmt::Display for Throttled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the call was not made: the service rejects most calls")
    }
}

impl Error for Throttled {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&REJECTION)
    }
}

impl LocalError for Throttled {
    fn rejection(&self) -> Rejection {
        REJECTION
    }
}
