use std::{error::Error, fmt};

type BoxError = Box<dyn Error + Send + Sync>;

/// A description of each failed attempt; boxed, since most calls have none.
pub type History = Box<Vec<String>>;

/// The error of a call whose retries gave up, if the layer is set to return it.
///
/// Its sources name the attempts, the last one first, and then follow the sources of the last attempt's error. So the
/// error of the last attempt is found among the sources, and a log that prints them shows every attempt.
///
/// # Example
///
/// ```
/// use std::{convert::Infallible, error::Error, io};
///
/// use battlement_retry::{Attempt, Next, RetriesExhausted, RetryLayer, RetryPolicy};
/// use tower::{BoxError, Layer, ServiceExt, service_fn};
///
/// #[derive(Clone)]
/// struct Always;
///
/// impl RetryPolicy<(), (), BoxError> for Always {
///     fn clone_request(&self, (): &()) -> Option<()> {
///         Some(())
///     }
///
///     fn next(&self, _: &Attempt, _: Result<&(), &BoxError>) -> Next {
///         Next::Again
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// let down = service_fn(async |()| Err::<(), _>(io::Error::other("the disk is full")));
/// let layer = RetryLayer::new(Always).attempts(2).as_error().exhausted_error(true);
/// let error = layer.layer(down).oneshot(()).await.unwrap_err();
/// let exhausted = error.downcast_ref::<RetriesExhausted>().unwrap();
/// assert_eq!(exhausted.to_string(), "the call failed in each of 2 attempts");
/// let second = exhausted.source().unwrap();
/// assert_eq!(second.to_string(), "attempt 2: the disk is full");
/// # }
/// ```
#[derive(Debug)]
pub struct RetriesExhausted {
    attempts: usize,
    last: AttemptFailed,
}

/// The failure of one attempt, a source of [`RetriesExhausted`].
#[derive(Debug)]
struct AttemptFailed {
    number: usize,
    text: String,
    source: BoxError,
}

impl RetriesExhausted {
    /// Wraps the error of the last attempt. With fewer than two attempts, the error is returned as it is.
    pub(crate) fn boxed(error: BoxError, history: Option<History>) -> BoxError {
        let Some(mut history) = history else { return error };
        let attempts = history.len();
        let Some(text) = history.pop().filter(|_| attempts > 1) else { return error };
        let wrap = |source: BoxError, (index, text)| -> BoxError {
            Box::new(AttemptFailed { number: index + 1, text, source })
        };
        let source = history.into_iter().enumerate().fold(error, wrap);
        Box::new(Self { attempts, last: AttemptFailed { number: attempts, text, source } })
    }

    /// Returns the number of attempts.
    #[must_use]
    pub const fn attempts(&self) -> usize {
        self.attempts
    }
}

impl fmt::Display for RetriesExhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the call failed in each of {} attempts", self.attempts)
    }
}

impl fmt::Display for AttemptFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attempt {}: {}", self.number, self.text)
    }
}

impl Error for RetriesExhausted {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.last)
    }
}

impl Error for AttemptFailed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}
