use std::{any::Any, backtrace::Backtrace, error::Error, fmt, mem, panic::AssertUnwindSafe};

/// A panic that was caught, with its message and, if known, its location.
///
/// Only the process's panic hook receives the location, so it is known only after
/// [`silence_caught_panics`](crate::silence_caught_panics) was called.
#[derive(Debug)]
pub struct Panic {
    pub(crate) message: String,
    pub(crate) location: Option<String>,
    pub(crate) backtrace: Option<Backtrace>,
}

impl Panic {
    /// Returns the message of the panic; empty if its payload was not a string.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the file, line and column, if known.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// Returns the backtrace, if known and enabled by `RUST_BACKTRACE`.
    #[must_use]
    pub const fn backtrace(&self) -> Option<&Backtrace> {
        self.backtrace.as_ref()
    }

    pub(crate) fn of_payload(payload: Box<dyn Any + Send>) -> Self {
        let message = message(payload.as_ref());
        discard(payload);
        Self { message, location: None, backtrace: None }
    }
}

pub(crate) fn message(payload: &dyn Any) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or_default().to_owned()
}

/// Drops the payload of a panic, which may be of any type and may panic in `Drop`.
pub(crate) fn discard(payload: Box<dyn Any + Send>) {
    if let Err(again) = std::panic::catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        mem::forget(again);
    }
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("panicked")?;
        if let Some(location) = &self.location {
            write!(f, " at {location}")?;
        }
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

impl Error for Panic {}
