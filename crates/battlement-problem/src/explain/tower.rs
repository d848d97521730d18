use std::error::Error;

use battlement_core::{Rejection, RejectionKind};
use tower::{load_shed, timeout};

use crate::Problem;

/// Explains the errors of tower's own layers.
pub(super) fn explain(link: &(dyn Error + 'static)) -> Option<Problem> {
    let kind = if link.is::<timeout::error::Elapsed>() {
        RejectionKind::Timeout
    } else if link.is::<load_shed::error::Overloaded>() {
        RejectionKind::Overloaded
    } else {
        return None;
    };
    Some(Problem::of_rejection(Rejection::new(kind)))
}
