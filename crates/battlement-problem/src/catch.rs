use std::{
    any::Any,
    backtrace::Backtrace,
    cell::RefCell,
    panic::{self, PanicHookInfo},
    sync::{
        Once,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use battlement_core::{catch_panic, mark_caught_panics, panic_is_caught};
use tracing::error;

use crate::{
    BoxError,
    panic::{Panic, discard, message},
};

/// Under `panic = "abort"` nothing is caught, so no panic may be silenced.
const ABORTS: bool = cfg!(panic = "abort");

/// Set once the crate's panic hook is installed. Without it, no panic is hidden.
static IS_HOOKED: AtomicBool = AtomicBool::new(false);

thread_local! {
    static HIDDEN: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// Hides the panics that this crate's layers catch from the process's panic hook.
///
/// The panic hook runs before a panic is caught, so each panic that the layer catches and logs appears twice in the
/// output: from the hook, without a request id, and in the log. After this call, the hook that is installed now no
/// longer sees panics inside a [`ProblemLayer`](crate::ProblemLayer); the layer logs their location and backtrace
/// instead. The hook still sees every other panic of the process, on every thread.
///
/// Call it once at the start of `main`, after any other code that installs a hook. The hook belongs to the whole
/// process, which is why the layer does not install one itself. A second call does nothing. Under `panic = "abort"` a
/// call has no effect.
///
/// # Panics that are still reported
///
/// The service inside the layer may catch a panic itself, as with `catch_unwind` around a parser. Neither the hook nor
/// the layer sees it, so it is logged once that service has returned. A second panic before the first one is caught,
/// which usually ends the process, is passed to the hook, and the first one is logged. A panic in a spawned task is
/// not inside the layer.
pub fn silence_caught_panics() {
    static ONCE: Once = Once::new();
    if ABORTS {
        return;
    }
    ONCE.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !hide(info) {
                others(info);
            }
        }));
        mark_caught_panics();
        IS_HOOKED.store(true, Relaxed);
    });
}

/// Stores a panic for the layer that will catch it, and returns whether there is one. On a thread that is being
/// destroyed the panic goes to the hook.
fn hide(info: &PanicHookInfo<'_>) -> bool {
    if !panic_is_caught() {
        return false;
    }
    let panic = Panic {
        message: message(info.payload()),
        location: info.location().map(ToString::to_string),
        backtrace: Some(Backtrace::capture()),
    };
    let earlier = HIDDEN.with(|hidden| hidden.borrow_mut().replace(panic));
    let is_first = earlier.is_none();
    earlier.iter().for_each(log_hidden);
    is_first
}

/// The payload of a caught panic.
pub(crate) type Caught = Box<dyn Any + Send>;

/// Runs `work` and catches its panic; see [`panicked`].
///
/// State that `work` touched may be inconsistent. Callers drop it and do not use it again.
#[inline]
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Caught> {
    let caught = catch_panic(work);
    if IS_HOOKED.load(Relaxed) && caught.is_ok() {
        report_hidden();
    }
    caught
}

/// Boxes an error. The conversion is the application's code: if it panics, the panic is the error.
#[cold]
pub(crate) fn boxed(error: impl Into<BoxError>) -> BoxError {
    catch(|| error.into()).unwrap_or_else(|caught| panicked(caught).into())
}

/// Logs a panic that code inside the service caught, so that no layer reports it.
fn report_hidden() {
    take().iter().for_each(log_hidden);
}

#[cold]
pub(crate) fn panicked(caught: Caught) -> Panic {
    match take() {
        Some(panic) => {
            discard(caught);
            panic
        }
        None => Panic::of_payload(caught),
    }
}

fn take() -> Option<Panic> {
    HIDDEN.with(|hidden| hidden.borrow_mut().take())
}

/// Logs a panic that was hidden from the hook and that no layer caught.
fn log_hidden(panic: &Panic) {
    error!(panic = panic.to_string(), "the service caught a panic inside the layer");
}
