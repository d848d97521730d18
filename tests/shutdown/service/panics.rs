use battlement_problem::silence_caught_panics;
use battlement_shutdown::{PanicPolicy, Shutdown};

use crate::options::Options;

/// Installs the panic hooks of the options, in their order.
pub(crate) fn install(shutdown: Shutdown, options: &Options) -> Shutdown {
    let caught = options.caught.as_deref();
    if caught == Some("before") {
        silence_caught_panics();
    }
    let shutdown = match options.panics.as_deref() {
        Some("log") => shutdown.panics(PanicPolicy::Log),
        Some("abort") => shutdown.panics(PanicPolicy::Abort),
        Some("shutdown") => shutdown.panics(PanicPolicy::Shutdown),
        Some("call") => shutdown.panics(PanicPolicy::call(|info| {
            let message = info.payload().downcast_ref::<&str>();
            println!("called for {}", message.copied().unwrap_or_default());
        })),
        _ => shutdown,
    };
    if caught == Some("after") {
        silence_caught_panics();
    }
    shutdown
}
