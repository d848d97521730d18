use battlement_core::LocalError as _;
use tracing::warn;

use crate::{Elapsed, ElapsedKind, observe::Observer};

/// Reports a call or body that took too long: one event and one count. A call that is not made is counted alone, since a
/// client that brings no time could fill the log.
#[cold]
pub(crate) fn report(elapsed: &Elapsed, observer: &Observer) {
    let (kind, observe) = (elapsed.kind(), observer.get());
    if kind == ElapsedKind::NoTimeLeft {
        observe.inspect(|observe| observe.not_called());
        return;
    }
    observe.inspect(|observe| observe.expired(kind));
    warn!(
        kind = kind.as_str(),
        after = ?elapsed.after(),
        code = elapsed.rejection().kind().as_str(),
        "{elapsed}"
    );
}
