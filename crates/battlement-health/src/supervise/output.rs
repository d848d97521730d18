use std::fmt::Display;

/// The output of a supervised task, which is expected not to end.
///
/// The trait is implemented for `()`, for `!`, the output of an endless loop, and for every `Result` whose error can be
/// displayed.
pub trait TaskOutput {
    /// Returns the text of the error, if the output is one.
    fn error(self) -> Option<String>;
}

impl TaskOutput for () {
    fn error(self) -> Option<String> {
        None
    }
}

impl TaskOutput for Never {
    fn error(self) -> Option<String> {
        self
    }
}

/// The type `!`, which stable Rust cannot name outside of a return type.
type Never = <fn() -> ! as Returns>::Output;

/// A function type with its output.
#[allow(unnameable_types, reason = "a private trait cannot name a type in a public impl")]
pub trait Returns {
    /// The output of the function.
    type Output;
}

impl<R> Returns for fn() -> R {
    type Output = R;
}

impl<T, E: Display> TaskOutput for Result<T, E> {
    fn error(self) -> Option<String> {
        // The alternate form of anyhow has the sources of the error.
        self.err().map(|error| format!("{error:#}"))
    }
}
