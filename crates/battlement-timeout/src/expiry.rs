use battlement_core::LocalError as _;
use tracing::warn;

use crate::{Elapsed, ElapsedKind, observe::Observer};

/// Reports a call or body that took too long: one event and one count.
#[cold]
pub(crate) fn report(elapsed: &Elapsed, observer: &Observer) {
    let kind = elapsed.kind();
    match observer.get() {
        Some(observe) if kind == ElapsedKind::NoTimeLeft => observe.not_called(),
        Some(observe) => observe.expired(kind),
        None => {}
    }
    warn!(
        kind = kind.as_str(),
        after = ?elapsed.after(),
        code = elapsed.rejection().kind().as_str(),
        "{elapsed}"
    );
}
