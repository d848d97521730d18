use std::error::Error;

use h2::Reason;

use crate::{Verdict, error_chain::NOT_PROCESSED};

/// Judges a stream that the peer refused with `REFUSED_STREAM` (RFC 9113 section 8.7) or excluded by `GOAWAY` (section
/// 6.8): `h2` returns the error of a `GOAWAY` only for streams above its last one.
pub(super) fn not_processed(error: &(dyn Error + 'static)) -> Option<Verdict> {
    let error: &h2::Error = error.downcast_ref()?;
    let refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
    let excluded = error.is_go_away() && error.is_remote();
    (error.is_remote() && refused || excluded).then_some(NOT_PROCESSED)
}
