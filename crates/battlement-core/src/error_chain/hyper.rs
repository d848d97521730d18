use std::error::Error;

use crate::{Verdict, error_chain::NOT_PROCESSED};

/// Judges a request that hyper returned without sending it, because the connection was closed before.
pub(super) fn not_sent(error: &(dyn Error + 'static)) -> Option<Verdict> {
    let error: &hyper::Error = error.downcast_ref()?;
    error.is_canceled().then_some(NOT_PROCESSED)
}
