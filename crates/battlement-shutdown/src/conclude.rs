use std::error::Error;

/// Converts the output of a server or of a hook to its success or its error.
///
/// It is implemented for `()`, and for every `Result` whose error is an [`Error`], or a boxed one.
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
