use std::error::Error;

/// Converts the output of a server or of a hook to its success or its error.
///
/// The trait is implemented for `()`, for `!`, the output of an accept loop, and for every `Result` whose error is an [`Error`],
/// a boxed one, or text.
pub trait Conclude {
    /// Returns whether the output is a success.
    ///
    /// # Errors
    ///
    /// With the text of the error and of its sources.
    fn conclude(self) -> Result<(), String>;
}

impl Conclude for () {
    fn conclude(self) -> Result<(), String> {
        Ok(())
    }
}

impl Conclude for Never {
    fn conclude(self) -> Result<(), String> {
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

impl<T, E> Conclude for Result<T, E>
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    fn conclude(self) -> Result<(), String> {
        self.map(drop).map_err(|error| text(&*error.into()))
    }
}

/// Returns the error and its sources, as `cannot serve: connection refused`.
fn text(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
