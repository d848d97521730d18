//! The panic hook.

use std::{
    fmt,
    panic::{self, PanicHookInfo},
    process,
    sync::Arc,
    thread,
};

use battlement_core::{RequestId, mark_caught_panics, panic_is_caught};
use tokio::time::Instant;
use tracing::error;

use crate::{Reason, report::panic_message, shared::Shared};

/// The consequence of a panic that no layer catches, for [`Shutdown::panics`](crate::Shutdown::panics). In each case the
/// panic is logged and counted first.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum PanicPolicy {
    /// The process continues: the task or thread that panicked has ended.
    #[default]
    Log,
    /// The process aborts, without a shutdown.
    Abort,
    /// The process shuts down, and its exit code is 1.
    Shutdown,
    /// A function is called, on the thread that panics.
    Call(Arc<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>),
}

impl PanicPolicy {
    /// Creates the policy that calls `call`, which must not panic.
    #[must_use]
    pub fn call(call: impl Fn(&PanicHookInfo<'_>) + Send + Sync + 'static) -> Self {
        Self::Call(Arc::new(call))
    }
}

impl fmt::Debug for PanicPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Log => "Log",
            Self::Abort => "Abort",
            Self::Shutdown => "Shutdown",
            Self::Call(_) => "Call(..)",
        })
    }
}

/// Installs the hook, which calls the one that is installed now for every panic.
pub(crate) fn install(shared: Arc<Shared>, policy: PanicPolicy) {
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if panic_is_caught() {
            return previous(info);
        }
        report(&shared, info);
        previous(info);
        apply(&shared, &policy, info);
    }));
    mark_caught_panics();
}

/// Logs a panic with the id of the request in which it occurred, and counts it.
fn report(shared: &Shared, info: &PanicHookInfo<'_>) {
    if let Some(observe) = shared.observer.get() {
        observe.on_panic();
    }
    let request_id = RequestId::current();
    error!(
        request_id = request_id.as_ref().map(ToString::to_string),
        location = info.location().map(ToString::to_string),
        thread = thread::current().name(),
        "panicked: {}",
        message(info)
    );
}

fn apply(shared: &Shared, policy: &PanicPolicy, info: &PanicHookInfo<'_>) {
    match policy {
        PanicPolicy::Log => {}
        PanicPolicy::Abort => process::abort(),
        PanicPolicy::Shutdown => shared.trigger(Reason::Panicked(message(info)), Instant::now()),
        PanicPolicy::Call(call) => call(info),
    }
}

fn message(info: &PanicHookInfo<'_>) -> String {
    panic_message(info.payload())
}
