use std::{any::Any, backtrace::Backtrace, error::Error, fmt, mem, panic::AssertUnwindSafe};

/// A panic that was caught: what it said, and where, if that is known.
///
/// Where it was is told to the process's panic hook alone, so it is known only after
/// [`keep_caught_panics_quiet`](crate::keep_caught_panics_quiet).
#[derive(Debug)]
pub struct Panic {
    pub(crate) message: String,
    pub(crate) location: Option<String>,
    pub(crate) backtrace: Option<Backtrace>,
}

impl Panic {
    /// What the panic said; empty if it was no text.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// File, line and column, if known.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// The way there, if known and `RUST_BACKTRACE` asks for it.
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

/// Drops a payload, which is anything and may itself panic when it is dropped.
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
