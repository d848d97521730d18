use std::fmt::Display;

use battlement_core::CheckState;

/// The work of a [`Check`](crate::Check).
///
/// Closures that return a future implement it. The future returns a [`CheckState`] or a `Result`, whose error is the
/// reason of the failure.
pub trait RunCheck: Send + Sync + 'static {
    /// Runs the check once. The future is dropped when the time for a run is over.
    fn run(&self) -> impl Future<Output = CheckState> + Send;
}

impl<F, Fut> RunCheck for F
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output: IntoCheckState> + Send,
{
    fn run(&self) -> impl Future<Output = CheckState> + Send {
        let future = self();
        async move { future.await.into_check_state() }
    }
}

/// A conversion of the output of a closure into the result of a check.
pub trait IntoCheckState {
    /// Converts the output.
    fn into_check_state(self) -> CheckState;
}

impl IntoCheckState for CheckState {
    fn into_check_state(self) -> CheckState {
        self
    }
}

impl<E: Display> IntoCheckState for Result<(), E> {
    fn into_check_state(self) -> CheckState {
        self.map(|()| CheckState::pass("ok")).into_check_state()
    }
}

impl<E: Display> IntoCheckState for Result<CheckState, E> {
    fn into_check_state(self) -> CheckState {
        self.unwrap_or_else(|error| CheckState::fail(error.to_string()))
    }
}
