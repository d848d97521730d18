use std::error::Error;

use hyper_util::client::legacy;

use crate::{Verdict, error_chain::NOT_PROCESSED};

/// Judges a connection that hyper-util's client could not make.
pub(super) fn not_connected(error: &(dyn Error + 'static)) -> Option<Verdict> {
    let error: &legacy::Error = error.downcast_ref()?;
    error.is_connect().then_some(NOT_PROCESSED)
}
