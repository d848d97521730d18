use std::error::Error;

use crate::{
    Verdict,
    error_chain::{NOT_PROCESSED, TIMEOUT},
};

/// Judges a connection that reqwest could not make.
pub(super) fn not_connected(error: &(dyn Error + 'static)) -> Option<Verdict> {
    let error: &reqwest::Error = error.downcast_ref()?;
    error.is_connect().then_some(NOT_PROCESSED)
}

/// Judges a timeout of reqwest.
pub(super) fn timed_out(error: &(dyn Error + 'static)) -> Option<Verdict> {
    let error: &reqwest::Error = error.downcast_ref()?;
    error.is_timeout().then_some(TIMEOUT)
}
