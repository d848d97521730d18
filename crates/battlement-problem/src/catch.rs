use std::{
    any::Any,
    backtrace::Backtrace,
    cell::{Cell, RefCell},
    panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind},
    sync::{
        Once,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use tracing::error;

use crate::{
    BoxError,
    panic::{Panic, discard, message},
};

/// Under `panic = "abort"` nothing is caught, so nothing may be kept quiet.
const ABORTS: bool = cfg!(panic = "abort");

/// Whether a hook of ours asks who catches. Where none does, a call has nothing to tell it.
static ASKS: AtomicBool = AtomicBool::new(false);

thread_local! {
    // One of our layers will catch what panics now.
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static KEPT: RefCell<Option<Panic>> = const { RefCell::new(None) };
}

/// Keeps the panics that this crate's layers catch from the process's panic hook.
///
/// A panic is told to the hook before anybody catches it, so each one that the layer catches and logs
/// stands in the output twice: there, without an id, and in the log. After this call the hook that is
/// installed now is no longer told of panics inside of a [`ProblemLayer`](crate::ProblemLayer), of which
/// the layer logs place and backtrace instead. It is told of every other panic of the process, on every
/// thread, as before.
///
/// Call it once at the start of `main`, after whatever else installs a hook. A hook is the business of the
/// whole process, which is why no layer does this by itself. Calling it again does nothing; under
/// `panic = "abort"` it does nothing at all.
///
/// # What is not lost
///
/// The service inside the layer may catch a panic itself, as with `catch_unwind` around a parser. The hook
/// was not told and the layer sees none, so it is logged once that service has returned. A second panic while a
/// first one is not caught yet, which mostly ends the process, is told to the hook, and the first is logged.
/// What happens in a spawned task is no panic inside of the layer.
pub fn keep_caught_panics_quiet() {
    static ONCE: Once = Once::new();
    if ABORTS {
        return;
    }
    ONCE.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !keep(info) {
                others(info);
            }
        }));
        ASKS.store(true, Relaxed);
    });
}

/// Keeps a panic for whoever catches it, if one of our layers will. A thread that is going away tells the
/// hook.
fn keep(info: &PanicHookInfo<'_>) -> bool {
    if !CATCHING.try_with(Cell::get).unwrap_or(false) {
        return false;
    }
    let panic = Panic {
        message: message(info.payload()),
        location: info.location().map(ToString::to_string),
        backtrace: Some(Backtrace::capture()),
    };
    let earlier = KEPT.with(|kept| kept.borrow_mut().replace(panic));
    let is_first = earlier.is_none();
    earlier.iter().for_each(tell);
    is_first
}

/// What was caught, not looked at yet.
pub(crate) type Caught = Box<dyn Any + Send>;

/// Runs `work`, and catches its panic, of which [`panicked`] tells more.
///
/// What `work` touched may be half done. Whoever calls this drops it and does not use it again.
#[inline]
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Caught> {
    let asks = ASKS.load(Relaxed);
    let outer = asks && begin();
    let caught = catch_unwind(AssertUnwindSafe(work));
    if asks {
        end(outer, caught.is_ok());
    }
    caught
}

/// Boxes an error, by code of the application that may panic: then the error is that panic.
#[cold]
pub(crate) fn boxed(error: impl Into<BoxError>) -> BoxError {
    catch(|| error.into()).unwrap_or_else(|caught| panicked(caught).into())
}

/// Returns whether an outer layer catches already.
#[cold]
fn begin() -> bool {
    CATCHING.replace(true)
}

#[cold]
fn end(outer: bool, is_done: bool) {
    CATCHING.set(outer);
    if is_done {
        // Whoever caught it told nobody.
        take().iter().for_each(tell);
    }
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
    KEPT.with(|kept| kept.borrow_mut().take())
}

/// Logs a panic that was kept from the hook and that no layer has caught.
fn tell(panic: &Panic) {
    error!(panic = panic.to_string(), "a panic was caught inside of the service");
}
