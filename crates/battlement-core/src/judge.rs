use std::error::Error;

use crate::{ErrorChain, Verdict};

/// A boxed error, as tower's layers return it.
type BoxError = Box<dyn Error + Send + Sync>;

/// Judges the result of any call, such as a database query.
///
/// Circuit breaker, retry and limiter share it. Every `Fn(Result<&Res, &E>) -> Verdict` implements it;
/// [`judge_error`] and [`judge_boxed_error`] are the defaults.
///
/// # Example
///
/// ```
/// use std::io;
///
/// use battlement_core::{Failure, JudgeResult, Verdict, judge_error};
///
/// fn judge<J: JudgeResult<u32, io::Error>>(judge: &J, result: io::Result<u32>) -> Verdict {
///     judge.judge(result.as_ref())
/// }
///
/// assert_eq!(judge(&judge_error, Ok(1)), Verdict::Success);
/// let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
/// assert_eq!(judge(&judge_error, Err(refused)), Verdict::Failure(Failure::NotProcessed));
/// // An empty answer of this database means that it is overloaded.
/// let by_rows = |result: Result<&u32, &io::Error>| match result {
///     Ok(0) => Verdict::Failure(Failure::Overload { pushback: None }),
///     other => judge_error(other),
/// };
/// assert!(judge(&by_rows, Ok(0)).is_failure());
/// ```
pub trait JudgeResult<Res, E> {
    /// Returns the verdict on a call that returned `result`.
    fn judge(&self, result: Result<&Res, &E>) -> Verdict;
}

impl<F, Res, E> JudgeResult<Res, E> for F
where
    F: Fn(Result<&Res, &E>) -> Verdict,
{
    fn judge(&self, result: Result<&Res, &E>) -> Verdict {
        self(result)
    }
}

/// Judges `Ok` as a success and an error by the default [`ErrorChain`].
#[must_use]
pub fn judge_error<Res, E: Error + 'static>(result: Result<&Res, &E>) -> Verdict {
    result.err().map_or(Verdict::Success, |error| ErrorChain::default().verdict(error))
}

/// Judges `Ok` as a success and a boxed error by the default [`ErrorChain`].
#[must_use]
pub fn judge_boxed_error<Res>(result: Result<&Res, &BoxError>) -> Verdict {
    result.err().map_or(Verdict::Success, |error| ErrorChain::default().verdict(error.as_ref()))
}
